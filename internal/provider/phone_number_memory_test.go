// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
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
	want := memory{Token: fingerprintOf("EAAfakeToken"), Rename: &rename{Names: []string{"a"}, To: "b"}, BaseURL: "https://api.example.com/v1"}
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
	from := func(to string, names ...string) *rename { return &rename{Names: names, To: to} }
	tests := map[string]struct {
		seen        *rename
		before, now string
		want        *rename
	}{
		"no rename is none":                        {nil, "a", "a", nil},
		"a rename is remembered":                   {nil, "a", "b", from("b", "a")},
		"a name given to a number without one":     {nil, "", "b", from("b", "")},
		"every name since is kept":                 {from("b", "a"), "b", "c", from("c", "a", "b")},
		"each once":                                {from("b", "a"), "a", "c", from("c", "a")},
		"a rename that holds is kept":              {from("b", "a"), "b", "b", from("b", "a")},
		"a rename back may be one of a name taken": {from("b", "a"), "b", "a", from("a", "a", "b")},
		"an import stays one":                      {&rename{FromAny: true, To: "b"}, "b", "b", &rename{FromAny: true, To: "b"}},
		"an import renamed stays one":              {&rename{FromAny: true, To: "b"}, "b", "c", &rename{FromAny: true, Names: []string{"b"}, To: "c"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, renamed(test.seen, test.before, test.now)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRenamedWithoutEnd(t *testing.T) {
	var seen *rename
	before := "the first"
	for at := range 2 * mostNames {
		now := fmt.Sprintf("name %d", at)
		seen = renamed(seen, before, now)
		if !seen.explains("the first") || !seen.explains(before) {
			t.Fatalf("after %d renames a name that was there is taken for a wish", at+1)
		}
		before = now
	}
	if len(seen.Names) > mostNames {
		t.Errorf("%d names are kept", len(seen.Names))
	}
}

func TestRenameExplains(t *testing.T) {
	if (*rename)(nil).explains("a") {
		t.Error("no rename explains a name")
	}
	if seen := (&rename{Names: []string{"a"}, To: "b"}); !seen.explains("a") || seen.explains("c") {
		t.Error("a rename must explain the names before it alone")
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
		"an accepted name ends the rename":        {&rename{Names: []string{"a"}, To: "b"}, "b", "b", nil},
		"a name that still differs keeps it":      {&rename{Names: []string{"a"}, To: "b"}, "a", "b", &rename{Names: []string{"a"}, To: "b"}},
		"a recorded name stays one":               {&rename{Names: []string{"a"}}, "a", "a", &rename{Names: []string{"a"}}},
		"an import is pinned to what was applied": {&rename{FromAny: true, To: "b"}, "a", "b", &rename{Names: []string{"a"}, To: "b"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.seen.settled(test.name, test.current)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
