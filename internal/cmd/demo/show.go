// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// number is a phone number as the state and the API both have it.
type number struct{ id, platform, metaID, displayName string }

// String is how the demo shows a number.
func (n number) String() string {
	return fmt.Sprintf("%-9s  %-19s  %-17s  id %s", n.platform, n.metaID, n.displayName, n.id)
}

// readPlannedActions reads what `show -json` prints of a saved plan: the actions
// of each resource that the plan does something to, such as "delete, create",
// with "import" in front for one that is brought in.
func readPlannedActions(output []byte) (map[string]string, error) {
	var plan tfjson.Plan
	if err := json.Unmarshal(output, &plan); err != nil {
		return nil, fmt.Errorf("read the plan's JSON: %w", err)
	}
	actions := map[string]string{}
	for _, change := range plan.ResourceChanges {
		if does := describeChange(change.Change); does != "" {
			actions[change.Address] = does
		}
	}
	return actions, nil
}

// describeChange is empty for a resource that stays as it is.
func describeChange(change *tfjson.Change) string {
	var does []string
	if change.Importing != nil {
		does = append(does, "import")
	}
	for _, action := range change.Actions {
		if action != tfjson.ActionNoop {
			does = append(does, string(action))
		}
	}
	return strings.Join(does, ", ")
}

// numberOf reads the attributes that a number has in the state.
func numberOf(attributes map[string]any) number {
	text := func(name string) string {
		value, _ := attributes[name].(string) // null is as good as empty here
		return value
	}
	return number{
		id:          text("id"),
		platform:    text("platform"),
		metaID:      text("meta_phone_number_id"),
		displayName: text("display_name"),
	}
}

// compareNumbers reports the first number that only one of the state and the API
// has, or has otherwise.
func compareNumbers(state map[string]number, held []number) error {
	byID := map[string]number{}
	for _, n := range held {
		byID[n.id] = n
	}
	for address, n := range state {
		if byID[n.id] != n {
			return fmt.Errorf("%s is %v in the state and %v at the API", address, n, byID[n.id])
		}
		delete(byID, n.id)
	}
	for _, n := range byID {
		return fmt.Errorf("the API holds %v, which the state does not", n)
	}
	return nil
}

// resultLine finds the line in which plan, apply or destroy sums up what it did
// or would do: the last of them, since an apply repeats its plan's first.
func resultLine(output string) string {
	result := "(no summary)"
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		for _, start := range []string{"Plan: ", "No changes. ", "Apply complete! ", "Destroy complete! "} {
			if strings.HasPrefix(line, start) {
				result = line
			}
		}
	}
	return result
}

// checkSecrets returns an error, which does not repeat it, if the output shows a
// secret.
func checkSecrets(output string, secrets map[string]string) error {
	for name, secret := range secrets {
		if strings.Contains(output, secret) {
			return errors.New("the output shows the value of " + name)
		}
	}
	return nil
}
