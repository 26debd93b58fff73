// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadPlannedActions(t *testing.T) {
	for name, test := range map[string]struct {
		changes string
		want    map[string]string
	}{
		"a create": {
			`{"address": "a", "change": {"actions": ["create"]}}`,
			map[string]string{"a": "create"},
		},
		"a replacement names its order": {
			`{"address": "a", "change": {"actions": ["delete", "create"]}}`,
			map[string]string{"a": "delete, create"},
		},
		"a resource that stays as it is does not count": {
			`{"address": "a", "change": {"actions": ["no-op"]}},
			 {"address": "b", "change": {"actions": ["delete"]}}`,
			map[string]string{"b": "delete"},
		},
		"an import that changes nothing counts": {
			`{"address": "a", "change": {"actions": ["no-op"], "importing": {"id": "usr_abc123/pn_abc123"}}}`,
			map[string]string{"a": "import"},
		},
		"an import that replaces shows it": {
			`{"address": "a", "change": {"actions": ["delete", "create"], "importing": {"id": "usr_abc123/pn_abc123"}}}`,
			map[string]string{"a": "import, delete, create"},
		},
		"an empty plan": {``, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readPlannedActions([]byte(`{"format_version": "1.2", "resource_changes": [` + test.changes + `]}`))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadPlannedActionsRefusesWhatIsNoPlan(t *testing.T) {
	for _, output := range []string{``, `{}`, `<html>`} {
		if got, err := readPlannedActions([]byte(output)); err == nil {
			t.Errorf("%q was read as the plan %v", output, got)
		}
	}
}

func TestCompareRows(t *testing.T) {
	a, b := row{id: "1", key: "83"}, row{id: "2", key: "17"}
	renamed := row{id: "1", key: "83", name: "A"}
	for name, test := range map[string]struct {
		state map[string]row
		held  []row
		same  bool
	}{
		"the same numbers in any order":    {map[string]row{"x": a, "y": b}, []row{b, a}, true},
		"nothing on both sides":            {nil, nil, true},
		"a number that the API lacks":      {map[string]row{"x": a}, nil, false},
		"a number that the state lacks":    {nil, []row{a}, false},
		"a number under two addresses":     {map[string]row{"x": a, "y": a}, []row{a}, false},
		"one number with other attributes": {map[string]row{"x": a}, []row{renamed}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := compareRows(test.state, test.held); (err == nil) != test.same {
				t.Errorf("got the error %v, want the same: %t", err, test.same)
			}
		})
	}
}

func TestResultLine(t *testing.T) {
	for name, test := range map[string]struct{ output, want string }{
		"a plan":            {"  # a will be created\n\nPlan: 1 to add, 0 to change, 0 to destroy.\n\nNote: …\n", "Plan: 1 to add, 0 to change, 0 to destroy."},
		"a plan of nothing": {"a: Refreshing state...\n\nNo changes. Your infrastructure matches the configuration.\n", "No changes. Your infrastructure matches the configuration."},
		"an apply, which prints its plan too": {
			"Plan: 1 to add, 0 to change, 0 to destroy.\na: Creating...\n\nApply complete! Resources: 1 added, 0 changed, 0 destroyed.\n",
			"Apply complete! Resources: 1 added, 0 changed, 0 destroyed.",
		},
		"anything else": {"Terraform v1.11.4\n", "(no summary)"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := resultLine(test.output); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestTitles(t *testing.T) {
	const output = "\nWarning: Provider development overrides are in effect\n\n\nWarning: Phone number pn_1 will be replaced\n\n│ Error: No\nAn Error: in a text\n"
	if got := titles(output, "Warning: "); !cmp.Equal(got, []string{"Phone number pn_1 will be replaced"}) {
		t.Errorf("warnings: %q", got)
	}
	if got := titles(output, "Error: "); !cmp.Equal(got, []string{"No"}) {
		t.Errorf("errors: %q", got)
	}
}

func TestCheckSecretsNamesTheVariableAndNotItsValue(t *testing.T) {
	secrets := map[string]string{"TF_VAR_token": "EAAfake1"}
	if err := checkSecrets("nothing to see", secrets); err != nil {
		t.Error(err)
	}
	err := checkSecrets(`access_token = "EAAfake1"`, secrets)
	if err == nil {
		t.Fatal("a shown token passed")
	}
	if got, want := err.Error(), "the output shows the value of TF_VAR_token"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
