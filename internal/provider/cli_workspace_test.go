// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
	"github.com/bizapi/terraform-provider-bizapi/internal/tfcli"
)

// The tests in cli_*_test.go drive the real CLI and the real provider program, because
// terraform-plugin-testing cannot see what they look at: warnings, signals, files and logs, the
// configuration that the CLI writes, proxies, several workspaces at once, and states of other providers.

// cliWorkspace is a workspace whose methods end the test where something is wrong.
type cliWorkspace struct {
	*tfcli.Workspace
	t *testing.T
}

// newCLIWorkspace returns one whose provider is configured by the environment, so that no secret
// stands in a file.
func newCLIWorkspace(t *testing.T, baseURL string) *cliWorkspace {
	t.Helper()
	w := &cliWorkspace{tfcli.NewWorkspace(cli(t), t.TempDir(), devOverride(t)), t}
	for name, value := range map[string]string{
		"BIZAPI_BASE_URL": baseURL, "BIZAPI_API_KEY": testKey, "BIZAPI_USER_ID": testUser, "GORACE": raceOptions,
	} {
		w.Setenv(name, value)
	}
	w.write("provider.tf", `
terraform {
  required_providers {
    bizapi = { source = "bizapi/bizapi" }
  }
}
`)
	return w
}

// cliNeeds skips a test of what the CLI learned in a later version; 0 is a CLI that lacks it.
func cliNeeds(t *testing.T, terraformMinor, tofuMinor int) {
	t.Helper()
	if found := cli(t); !found.Has(terraformMinor, tofuMinor) {
		t.Skipf("%s lacks it", found.Name)
	}
}

// builtDir has the provider program and a CLI configuration that names it; empty until a test needs them.
var builtDir string

var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "provider")
	if err != nil {
		return "", err
	}
	builtDir = dir
	var flags []string
	if raceEnabled {
		flags = append(flags, "-race")
	}
	if _, err := tfcli.Build(context.Background(), dir, ".", flags...); err != nil {
		return "", err
	}
	return dir, tfcli.WriteOverrides(filepath.Join(dir, "cli.tfrc"), map[string]string{"bizapi/bizapi": dir})
})

func devOverride(t *testing.T) string {
	t.Helper()
	dir, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "cli.tfrc")
}

func (w *cliWorkspace) write(name, text string) {
	w.t.Helper()
	if err := w.Write(name, text); err != nil {
		w.t.Fatal(err)
	}
}

func (w *cliWorkspace) read(name string) string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.Dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

func (w *cliWorkspace) remove(name string) {
	w.t.Helper()
	if err := os.Remove(filepath.Join(w.Dir, name)); err != nil {
		w.t.Fatal(err)
	}
}

// run runs a command to its end, whatever that is.
func (w *cliWorkspace) run(args ...string) tfcli.Output {
	w.t.Helper()
	done, err := w.Run(w.t.Context(), args...)
	if err != nil {
		w.t.Fatal(err)
	}
	return done
}

// succeeds runs a command that ends well.
func (w *cliWorkspace) succeeds(args ...string) {
	w.t.Helper()
	if done := w.run(args...); done.Code != 0 {
		w.t.Fatal(done.Stderr)
	}
}

// plan plans; the outcome may be errors.
func (w *cliWorkspace) plan(args ...string) cliOutcome {
	w.t.Helper()
	return parsed(w.t, w.run(append([]string{"plan", "-json"}, args...)...))
}

// apply plans and applies; the outcome may be errors.
func (w *cliWorkspace) apply(args ...string) cliOutcome {
	w.t.Helper()
	return parsed(w.t, w.run(append([]string{"apply", "-json", "-auto-approve"}, args...)...))
}

// attributes are those of a resource in the state, nil where it is not there.
func (w *cliWorkspace) attributes(address string) map[string]any {
	w.t.Helper()
	state, err := w.State(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return state[address]
}

// cliOutcome is one whose methods end the test where it is not as wanted.
type cliOutcome struct {
	tfcli.Outcome
	t *testing.T
}

func parsed(t *testing.T, done tfcli.Output) cliOutcome {
	t.Helper()
	outcome, err := done.Parse()
	if err != nil {
		t.Fatal(err)
	}
	return cliOutcome{outcome, t}
}

// succeeded wants no error.
func (o cliOutcome) succeeded() cliOutcome {
	o.t.Helper()
	if o.Code != 0 || len(o.Errors) > 0 {
		o.t.Fatalf("exit code %d: %+v\n%s", o.Code, o.Errors, o.Stderr)
	}
	return o
}

// failed wants an error with each of the parts in its summary or detail.
func (o cliOutcome) failed(parts ...string) cliOutcome {
	o.t.Helper()
	if o.Code == 0 {
		o.t.Fatalf("no error; wanted one with %q", parts)
	}
	oneSays(o.t, "error", o.Errors, parts)
	return o
}

// warned wants a warning with each of the parts in its summary or detail.
func (o cliOutcome) warned(parts ...string) cliOutcome {
	o.t.Helper()
	oneSays(o.t, "warning", o.Warnings, parts)
	return o
}

// warnedOnce wants that warning and no other.
func (o cliOutcome) warnedOnce(parts ...string) cliOutcome {
	o.t.Helper()
	if len(o.Warnings) != 1 {
		o.t.Fatalf("%d warnings: %+v", len(o.Warnings), o.Warnings)
	}
	return o.warned(parts...)
}

// silent wants no warning.
func (o cliOutcome) silent() cliOutcome {
	o.t.Helper()
	if len(o.Warnings) > 0 {
		o.t.Fatalf("warnings: %+v", o.Warnings)
	}
	return o
}

// does wants a plan of just that: pairs of address and action.
func (o cliOutcome) does(pairs ...string) cliOutcome {
	o.t.Helper()
	wanted := map[string]string{}
	for pair := range slices.Chunk(pairs, 2) {
		wanted[pair[0]] = pair[1]
	}
	if !maps.Equal(o.Actions, wanted) {
		o.t.Fatalf("the plan does %v, not %v\n%+v", o.Actions, wanted, o.Errors)
	}
	return o
}

// of is the part of the outcome that is about one resource.
func (o cliOutcome) of(address string) cliOutcome {
	isOfAnother := func(d tfcli.Diagnostic) bool { return d.Address != address }
	o.Errors = slices.DeleteFunc(slices.Clone(o.Errors), isOfAnother)
	o.Warnings = slices.DeleteFunc(slices.Clone(o.Warnings), isOfAnother)
	return o
}

func oneSays(t *testing.T, kind string, diagnostics []tfcli.Diagnostic, parts []string) {
	t.Helper()
	var texts []string
	for _, d := range diagnostics {
		text := oneLine(d.Summary + "\n" + d.Detail)
		if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(text, part) }) {
			return
		}
		texts = append(texts, text)
	}
	t.Fatalf("no %s with %q in:\n%s", kind, parts, strings.Join(texts, "\n---\n"))
}

// oneLine undoes the line ends and spaces that wrap a text.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// cliApplied is a workspace with one applied number.
func cliApplied(t *testing.T, options sandbox.Options, arguments ...string) (*cliWorkspace, *testAPI, sandbox.Number) {
	t.Helper()
	api := newAPI(t, options)
	w := newCLIWorkspace(t, api.baseURL)
	w.write("main.tf", number(arguments...))
	w.apply().succeeded().silent().does(address, "create")
	api.ForgetRequests()
	return w, api, api.theNumber(t)
}

// cliImportable is a workspace beside an account that holds one number, added by hand.
func cliImportable(t *testing.T, options sandbox.Options) (*cliWorkspace, *testAPI, sandbox.Number) {
	t.Helper()
	api := newAPI(t, options)
	return newCLIWorkspace(t, api.baseURL), api, api.added("Shop")
}

// cliWrites wants just so many adds and deletes to have reached the API.
func cliWrites(t *testing.T, api *testAPI, adds, deletes int) {
	t.Helper()
	if gotAdds, gotDeletes := api.Count(sandbox.OpAdd), api.Count(sandbox.OpDelete); gotAdds != adds || gotDeletes != deletes {
		t.Errorf("%d adds and %d deletes, not %d and %d", gotAdds, gotDeletes, adds, deletes)
	}
}

// arrival is closed when a request meets the fault.
func arrival(api *testAPI, fault sandbox.Fault) <-chan struct{} {
	arrived := make(chan struct{})
	fault.Before = func() { close(arrived) }
	api.Script(fault)
	return arrived
}

// logs makes the CLI write a log into the workspace.
func (w *cliWorkspace) logs() {
	w.Setenv("TF_LOG", "TRACE")
	w.Setenv("TF_LOG_PATH", filepath.Join(w.Dir, "trace.log"))
}

// start runs an apply in the background, and returns it with how it is waited for.
func (w *cliWorkspace) start(args ...string) (*exec.Cmd, func() tfcli.Output) {
	w.t.Helper()
	command := w.Command(w.t.Context(), append([]string{"apply", "-json", "-auto-approve"}, args...)...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Start(); err != nil {
		w.t.Fatal(err)
	}
	return command, func() tfcli.Output {
		_ = command.Wait() // the exit code says it
		return tfcli.Output{Stdout: stdout.String(), Stderr: stderr.String(), Code: command.ProcessState.ExitCode()}
	}
}

// cliListBlock is a list block with more arguments.
func cliListBlock(arguments string) string {
	return fmt.Sprintf("list \"bizapi_phone_number\" \"all\" {\n  provider = bizapi\n  %s\n}\n", arguments)
}

// closedPort is a loopback address that nobody listens on.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

const sensitiveToken = `
variable "token" {
  type      = string
  sensitive = true
}
`
