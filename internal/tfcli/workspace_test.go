// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package tfcli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMain makes this program a CLI where a test starts it as one.
func TestMain(m *testing.M) {
	switch os.Getenv("TFCLI_TEST_ACTS_AS") {
	case "":
		os.Exit(m.Run())
	case "a failure":
		_, _ = os.Stdout.WriteString("plain\n")
		_, _ = os.Stderr.WriteString(strings.Join(os.Args[1:], " "))
		os.Exit(2)
	case "one that hangs":
		select {}
	}
}

func actingAs(t *testing.T, role string) *Workspace {
	t.Helper()
	itself, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := NewWorkspace(CLI{Path: itself}, t.TempDir(), "cli.tfrc")
	w.Setenv("TFCLI_TEST_ACTS_AS", role)
	return w
}

func TestWorkspaceLeavesTheCallersSettingsOut(t *testing.T) {
	for name, value := range map[string]string{
		"TF_LOG": "TRACE", "TF_VAR_whatsapp_access_token": "real", "TF_CLI_ARGS_plan": "-destroy", "BIZAPI_API_KEY": "real",
		"TOFU_LOG": "1", "HTTPS_PROXY": "http://proxy.test", "AWS_PROFILE": "production", "PATH": "/bin",
	} {
		t.Setenv(name, value)
	}
	w := NewWorkspace(CLI{}, "/work", "cli.tfrc")
	w.Setenv("BIZAPI_API_KEY", "fake")
	var names []string
	for _, entry := range w.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		if value == "real" {
			t.Errorf("%s is the caller's", name)
		}
		if !slices.Contains([]string{"TMPDIR", "TEMP", "TMP", "SYSTEMROOT"}, name) {
			names = append(names, name)
		}
	}
	want := []string{"BIZAPI_API_KEY", "CHECKPOINT_DISABLE", "HOME", "PATH", "TF_CLI_ARGS", "TF_CLI_CONFIG_FILE", "TF_INPUT", "TF_IN_AUTOMATION"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

func TestRunOfACommandThatFails(t *testing.T) {
	done, err := actingAs(t, "a failure").Run(t.Context(), "plan", "-out=x")
	if diff := cmp.Diff(Output{"plain\n", "plan -out=x", 2}, done); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if _, err := actingAs(t, "a failure").RunJSON(t.Context(), "plan"); err == nil || !strings.Contains(err.Error(), "plan -json") {
		t.Errorf("what is no JSON is read as an outcome, or its errors are kept back: %v", err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	w := actingAs(t, "one that hangs")
	reason := errors.New("the test says so")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	if _, err := w.Run(ctx, "plan"); !errors.Is(err, reason) {
		t.Errorf("got %v", err)
	}
}

func TestRunOfWhatIsNoProgram(t *testing.T) {
	w := NewWorkspace(CLI{Path: filepath.Join(t.TempDir(), "nothing")}, t.TempDir(), "")
	if _, err := w.Run(t.Context(), "plan"); err == nil {
		t.Error("no error")
	}
}

func TestParse(t *testing.T) {
	lines := []string{
		`{"type":"version"}`,
		`{"type":"planned_change","change":{"resource":{"addr":"a.new"},"action":"create"}}`,
		`{"type":"planned_change","change":{"resource":{"addr":"a.imported"},"action":"noop","importing":{"id":"1"}}}`,
		`{"type":"planned_change","change":{"resource":{"addr":"a.changed"},"action":"update","importing":{"id":"2"}}}`,
		`{"type":"diagnostic","diagnostic":{"severity":"warning","summary":"Provider development overrides are in effect"}}`,
		`{"type":"diagnostic","diagnostic":{"severity":"warning","summary":"Watch out","address":"a.new"}}`,
		`{"type":"diagnostic","diagnostic":{"severity":"error","summary":"No","detail":"Because.","snippet":{"code":"a = 1"}}}`,
	}
	got, err := Output{Stdout: strings.Join(lines, "\n")}.Parse()
	if err != nil {
		t.Fatal(err)
	}
	got.Output = Output{}
	want := Outcome{
		Actions:  map[string]string{"a.new": "create", "a.imported": "import", "a.changed": "update"},
		Warnings: []Diagnostic{{Severity: "warning", Summary: "Watch out", Address: "a.new"}},
		Errors: []Diagnostic{{Severity: "error", Summary: "No", Detail: "Because.", Snippet: &struct {
			Code string `json:"code"`
		}{"a = 1"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBuildAndState(t *testing.T) {
	found, err := Find(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program, err := Build(t.Context(), filepath.Join(dir, "plugins"), ".")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath(program); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "cli.tfrc")
	if err := WriteOverrides(config, map[string]string{"bizapi/bizapi": filepath.Dir(program)}); err != nil {
		t.Fatal(err)
	}
	w := NewWorkspace(found, dir, config)
	if state, err := w.State(t.Context()); len(state) != 0 || err != nil {
		t.Errorf("an empty state has %v: %v", state, err)
	}
	const text = "terraform {\n  required_providers {\n    bizapi = { source = \"bizapi/bizapi\" }\n  }\n}\n" +
		"provider \"bizapi\" {}\nresource \"terraform_data\" \"it\" {\n  input = \"kept\"\n}\n"
	if err := w.Write("main.tf", text); err != nil {
		t.Fatal(err)
	}
	done, err := w.RunJSON(t.Context(), "apply", "-auto-approve")
	if err != nil || done.Code != 0 || done.Actions["terraform_data.it"] != "create" {
		t.Fatalf("%v %+v", err, done)
	}
	if state, err := w.State(t.Context()); err != nil || state["terraform_data.it"]["output"] != "kept" {
		t.Errorf("the state has %v: %v", state, err)
	}
}
