// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

//go:build release

package release_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
	"github.com/bizapi/terraform-provider-bizapi/internal/tfcli"
)

// workspace is a directory where the CLI finds the released zip in a mirror and no provider elsewhere.
type workspace struct {
	*tfcli.Workspace
	t *testing.T
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
	lock := string(read(t, filepath.Join(w.Dir, ".terraform.lock.hcl")))
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
	cli, err := tfcli.Find(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	w := &workspace{tfcli.NewWorkspace(cli, dir, filepath.Join(dir, "cli.tfrc")), t}
	zip := asset(t, runtime.GOOS+"_"+runtime.GOARCH+".zip")
	w.write("mirror/registry.terraform.io/bizapi/bizapi/"+filepath.Base(zip), string(read(t, zip)))
	if err := tfcli.WriteMirror(filepath.Join(dir, "cli.tfrc"), filepath.Join(dir, "mirror")); err != nil {
		t.Fatal(err)
	}
	w.Setenv("BIZAPI_BASE_URL", baseURL)
	w.Setenv("BIZAPI_API_KEY", "sk_test_not_a_real_key")
	w.Setenv("BIZAPI_USER_ID", "usr_abc123")
	return w
}

func (w *workspace) write(name, text string) {
	w.t.Helper()
	if err := w.Write(name, text); err != nil {
		w.t.Fatal(err)
	}
}

// run runs the CLI, which has to succeed.
func (w *workspace) run(args ...string) {
	w.t.Helper()
	if done, err := w.Run(w.t.Context(), args...); err != nil || done.Code != 0 {
		w.t.Fatalf("%s: exit code %d, %v\n%s%s", w.Line(args), done.Code, err, done.Stdout, done.Stderr)
	}
}
