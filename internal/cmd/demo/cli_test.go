// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFindCLI(t *testing.T) {
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
		"TF_CLI decides":                     {"tofu-1.12", path("terraform", "tofu-1.12"), "tofu-1.12"},
		"TF_CLI naming nothing is an error":  {"tofu-1.12", path("terraform"), ""},
		"no CLI at all is an error":          {"", path(), ""},
		"another program is not taken as it": {"", path("go"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := findCLI(test.named, test.lookPath)
			if (err != nil) != (test.want == "") {
				t.Fatalf("got the error %v", err)
			}
			if err == nil && filepath.Base(got) != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestFindCLISaysWhatToInstall(t *testing.T) {
	_, err := findCLI("", func(string) (string, error) { return "", exec.ErrNotFound })
	if err == nil {
		t.Fatal("a CLI was found where there is none")
	}
	for _, want := range []string{"terraform", "tofu", "https://", "TF_CLI"} {
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
