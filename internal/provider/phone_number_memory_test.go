// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// privateState is private state in a map.
type privateState map[string][]byte

func (p privateState) GetKey(_ context.Context, key string) ([]byte, diag.Diagnostics) {
	return p[key], nil
}

func (p privateState) SetKey(_ context.Context, key string, value []byte) diag.Diagnostics {
	p[key] = value
	return nil
}

func TestMemorySurvivesPrivateState(t *testing.T) {
	want := memory{Token: fingerprintOf("EAAfakeToken"), Rename: &rename{From: "a", To: "b"}, BaseURL: "https://api.example.com/v1"}
	private := privateState{}
	if diags := want.store(t.Context(), private); diags.HasError() {
		t.Fatal(diags)
	}
	if diff := cmp.Diff(want, recall(t.Context(), private)); diff != "" {
		t.Error(diff)
	}
}

func TestRecallForgetsWhatItCannotRead(t *testing.T) {
	for name, stored := range map[string]string{
		"nothing stored":  "",
		"another form":    `[1, 2]`,
		"another version": `{"token": "text"}`,
	} {
		t.Run(name, func(t *testing.T) {
			private := privateState{}
			if stored != "" {
				private[memoryKey] = []byte(stored)
			}
			if diff := cmp.Diff(memory{}, recall(t.Context(), private)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRenamed(t *testing.T) {
	tests := map[string]struct {
		seen        *rename
		before, now string
		want        *rename
	}{
		"no rename is none":                         {nil, "a", "a", nil},
		"a rename is remembered":                    {nil, "a", "b", &rename{From: "a", To: "b"}},
		"a name given to a number without one":      {nil, "", "b", &rename{To: "b"}},
		"the first name is kept through the second": {&rename{From: "a", To: "b"}, "b", "c", &rename{From: "a", To: "c"}},
		"a rename that holds is kept":               {&rename{From: "a", To: "b"}, "b", "b", &rename{From: "a", To: "b"}},
		"a rename back is forgotten":                {&rename{From: "a", To: "b"}, "b", "a", nil},
		"an import stays one":                       {&rename{FromAny: true, To: "b"}, "b", "b", &rename{FromAny: true, To: "b"}},
		"an import renamed stays one":               {&rename{FromAny: true, To: "b"}, "b", "c", &rename{FromAny: true, To: "c"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, renamed(test.seen, test.before, test.now)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRenameExplains(t *testing.T) {
	if (*rename)(nil).explains("a") {
		t.Error("no rename explains a name")
	}
	if seen := (&rename{From: "a", To: "b"}); !seen.explains("a") || seen.explains("c") {
		t.Error("a rename must explain the name before it alone")
	}
	if !(&rename{FromAny: true}).explains("whatever") {
		t.Error("an import must explain every name")
	}
}

func TestRenameSettled(t *testing.T) {
	tests := map[string]struct {
		seen          *rename
		name, current string
		want          *rename
	}{
		"none stays none":                         {nil, "a", "b", nil},
		"an accepted name ends the rename":        {&rename{From: "a", To: "b"}, "b", "b", nil},
		"a name that still differs keeps it":      {&rename{From: "a", To: "b"}, "a", "b", &rename{From: "a", To: "b"}},
		"an import is pinned to what was applied": {&rename{FromAny: true, To: "b"}, "a", "b", &rename{From: "a", To: "b"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.seen.settled(test.name, test.current)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
