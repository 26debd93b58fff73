// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package tfcli

import (
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFind(t *testing.T) {
	path := func(names ...string) func(string) (string, error) {
		return func(name string) (string, error) {
			if slices.Contains(names, name) {
				return filepath.Abs(name)
			}
			return "", exec.ErrNotFound
		}
	}
	for name, test := range map[string]struct {
		named    string
		lookPath func(string) (string, error)
		want     string // "" for an error
	}{
		"terraform comes first":              {"", path("tofu", "terraform"), "terraform"},
		"tofu will do":                       {"", path("tofu"), "tofu"},
		"the variable decides":               {"tofu-1.12", path("terraform", "tofu-1.12"), "tofu-1.12"},
		"one that names nothing is an error": {"tofu-1.12", path("terraform"), ""},
		"without any, OpenTofu is built":     {"", path(), "built"},
		"another program is not taken as it": {"", path("go"), "built"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := find(test.named, test.lookPath, func() (string, error) { return "built", nil })
			if (err != nil) != (test.want == "") {
				t.Fatalf("got the error %v", err)
			}
			if err == nil && filepath.Base(got) != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestVersions(t *testing.T) {
	for said, want := range map[string]CLI{
		"Terraform v1.11.4\non linux_amd64\n":           {Name: "Terraform v1.11.4", Minor: 11},
		"Terraform v1.16.0-dev\non linux_amd64\n":       {Name: "Terraform v1.16.0-dev", Minor: 16},
		"OpenTofu v1.12.6\non linux_amd64\n":            {Name: "OpenTofu v1.12.6", IsTofu: true, Minor: 12},
		"\nWarning: no such file\n\nOpenTofu v1.12.6\n": {Name: "OpenTofu v1.12.6", IsTofu: true, Minor: 12},
	} {
		got, err := parse("", said)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", said, err, diff)
		}
	}
	for _, said := range []string{"", "Terraform v0.12.31", "Packer v1.11.0", "terraform"} {
		if got, err := parse("", said); err == nil {
			t.Errorf("%q is taken for %+v", said, got)
		}
	}
}

func TestHas(t *testing.T) {
	terraform, tofu := CLI{Minor: 12}, CLI{IsTofu: true, Minor: 11}
	for name, isRight := range map[string]bool{
		"Terraform since its version": terraform.Has(12, 0) && terraform.Has(11, 99),
		"not Terraform before":        !terraform.Has(13, 1),
		"OpenTofu since its own":      tofu.Has(0, 11) && tofu.Has(99, 10),
		"not OpenTofu before":         !tofu.Has(1, 12),
		"not a CLI that never had it": !tofu.Has(1, 0) && !terraform.Has(0, 1),
	} {
		if !isRight {
			t.Error(name)
		}
	}
}
