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

// row is a phone number or an agent as the state and the API both have it.
type row struct {
	id   string
	kind string // the platform, or agent
	key  string // Meta's id, or the API's id of the agent's number
	name string
}

// String is how the demo shows a row.
func (r row) String() string {
	key := r.key
	if r.kind == "agent" {
		key = "on " + r.key
	}
	return fmt.Sprintf("%-9s  %-19s  %-17s  id %s", r.kind, key, r.name, r.id)
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
func numberOf(attributes map[string]any) row {
	return row{
		id: text(attributes, "id"), kind: text(attributes, "platform"),
		key: text(attributes, "meta_phone_number_id"), name: text(attributes, "display_name"),
	}
}

// agentOf reads those of an agent.
func agentOf(attributes map[string]any) row {
	return row{id: text(attributes, "agent_id"), kind: "agent", key: text(attributes, "phone_number_id"), name: text(attributes, "name")}
}

func text(attributes map[string]any, name string) string {
	value, _ := attributes[name].(string) // null is as good as empty here
	return value
}

// compareRows reports the first row that only one of the state and the API
// has, or has otherwise.
func compareRows(state map[string]row, held []row) error {
	byID := map[string]row{}
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

// titles are those of the warnings or errors of an output, less the CLI's own about how the demo uses it.
func titles(output, start string) []string {
	var found []string
	for line := range strings.Lines(output) {
		title, ok := strings.CutPrefix(strings.TrimSpace(strings.TrimLeft(line, "│╷ ")), start)
		if ok && !strings.Contains(title, "development overrides") {
			found = append(found, title)
		}
	}
	return found
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
