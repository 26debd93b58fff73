// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import "testing"

func TestUncomment(t *testing.T) {
	got, err := uncomment(`# Prose that is no HCL.
#
# import {
#   to = a.b
# }
#
# resource "a" "b" {
# }
`)
	if err != nil {
		t.Fatal(err)
	}
	want := `import {
  to = a.b
}

resource "a" "b" {
}
`
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUncommentNeedsAnImportBlock(t *testing.T) {
	if got, err := uncomment("# resource \"a\" \"b\" {\n# }\n"); err == nil {
		t.Errorf("got %q and no error", got)
	}
}
