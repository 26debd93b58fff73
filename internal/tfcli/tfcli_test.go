// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package tfcli

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFind(t *testing.T) {
	path := func(names ...string) func(string) (string, error) {
		return func(name string) (string, error) {
			for _, n := range names {
				if n == name {
					return filepath.Abs(n)
				}
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
		"no CLI at all is an error":          {"", path(), ""},
		"another program is not taken as it": {"", path("go"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := find(test.named, test.lookPath)
			if (err != nil) != (test.want == "") {
				t.Fatalf("got the error %v", err)
			}
			if err == nil && filepath.Base(got) != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestFindSaysWhatToInstall(t *testing.T) {
	_, err := find("", func(string) (string, error) { return "", exec.ErrNotFound })
	if err == nil {
		t.Fatal("a CLI was found where there is none")
	}
	for _, want := range []string{"terraform", "tofu", "https://", Variable} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %s", err, want)
		}
	}
}

func TestEnvironLeavesTheCallersTerraformOut(t *testing.T) {
	caller := []string{"HOME=/home/a", "TF_LOG=TRACE", "TF_VAR_whatsapp_access_token=real", "BIZAPI_API_KEY=real", "TOFU_LOG=1", "TFX=kept"}
	got := environ(caller, map[string]string{"TF_INPUT": "0", "BIZAPI_API_KEY": "fake"})
	want := []string{"HOME=/home/a", "TFX=kept", "BIZAPI_API_KEY=fake", "TF_INPUT=0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
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
