// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

//go:build release

package release_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
	"github.com/bizapi/terraform-provider-bizapi/internal/tfcli"
)

// workspace is a directory where the CLI finds the released zip in a mirror and no provider elsewhere.
type workspace struct {
	t   *testing.T
	cli string
	dir string
	env []string
}

func TestZipInAMirrorIsInstalledAndApplied(t *testing.T) {
	t.Parallel()
	server := sandbox.New(sandbox.Options{APIKey: "sk_test_not_a_real_key"})
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	version := releaseVersion(t)
	w := newWorkspace(t, listener.URL+"/v1")
	w.write("main.tf", fmt.Sprintf(`
terraform {
  required_providers {
    bizapi = {
      # Without its host, OpenTofu would look for it under its own.
      source = "registry.terraform.io/bizapi/bizapi"
      # Nothing less exact selects a snapshot.
      version = %q
    }
  }
}

resource "bizapi_phone_number" "support" {
  platform             = "webchat"
  meta_phone_number_id = "support.example.com"
  access_token         = "EAAfakeToken1"
  display_name         = "Support chat"
}
`, version))

	w.run("init")
	lock := string(read(t, filepath.Join(w.dir, ".terraform.lock.hcl")))
	for _, want := range []string{`provider "registry.terraform.io/bizapi/bizapi"`, fmt.Sprintf("%q", version), `"h1:`} {
		if !strings.Contains(lock, want) {
			t.Errorf("no %s in the lock file:\n%s", want, lock)
		}
	}

	w.run("apply", "-auto-approve")
	numbers := server.Numbers("usr_abc123")
	if len(numbers) != 1 || numbers[0].MetaPhoneNumberID != "support.example.com" || numbers[0].AccessToken != "EAAfakeToken1" {
		t.Errorf("the API has %+v", numbers)
	}
	for _, request := range server.Requests() {
		if agent := request.Header.Get("User-Agent"); !strings.HasPrefix(agent, project+"/"+version+" ") {
			t.Errorf("%s %s came from %q", request.Method, request.Path, agent)
		}
	}

	w.run("plan", "-detailed-exitcode") // a change would be a failure
	w.run("destroy", "-auto-approve")
	if left := server.Numbers("usr_abc123"); len(left) != 0 {
		t.Errorf("the API still has %+v", left)
	}
}

func newWorkspace(t *testing.T, baseURL string) *workspace {
	t.Helper()
	cli, err := tfcli.Find()
	if err != nil {
		t.Fatal(err)
	}
	w := &workspace{t: t, cli: cli.Path, dir: t.TempDir()}
	platform := runtime.GOOS + "_" + runtime.GOARCH
	zip := asset(t, platform+".zip")
	w.write("mirror/registry.terraform.io/bizapi/bizapi/"+filepath.Base(zip), string(read(t, zip)))
	w.write("cli.tfrc", fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.Join(w.dir, "mirror")))
	w.env = []string{
		"TF_CLI_CONFIG_FILE=" + filepath.Join(w.dir, "cli.tfrc"), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_INPUT=0",
		"BIZAPI_BASE_URL=" + baseURL, "BIZAPI_API_KEY=sk_test_not_a_real_key", "BIZAPI_USER_ID=usr_abc123",
		"HOME=" + w.dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(),
	}
	return w
}

func (w *workspace) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		w.t.Fatal(err)
	}
}

// run runs the CLI, which has to succeed.
func (w *workspace) run(args ...string) {
	w.t.Helper()
	command := exec.CommandContext(w.t.Context(), w.cli, append(args, "-no-color")...)
	command.Dir, command.Env = w.dir, w.env
	if text, err := command.CombinedOutput(); err != nil {
		w.t.Fatalf("%s %s: %v\n%s", filepath.Base(w.cli), strings.Join(args, " "), err, text)
	}
}
