// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// The acceptance tests drive the real CLI and the real provider program against the sandbox: one
// process of the provider for each walk of the CLI, as it is for everybody. TF_ACC_TERRAFORM_PATH
// names the CLI; without it, the terraform or the tofu on the PATH is taken.

// workspace is a directory with a configuration and a state.
type workspace struct {
	t   *testing.T
	dir string
	env []string
}

// newServer starts a sandbox that the test's user has an account on.
func newServer(t *testing.T, options sandbox.Options) (*sandbox.Server, string) {
	t.Helper()
	options.APIKey = testKey
	if options.Users == nil {
		options.Users = []string{testUser, "usr_other"}
	}
	server := sandbox.New(options)
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	return server, listener.URL + "/v1"
}

// newWorkspace makes an empty workspace whose provider is configured by the environment, so that no
// secret stands in a file.
func newWorkspace(t *testing.T, baseURL string) *workspace {
	t.Helper()
	w := &workspace{t: t, dir: t.TempDir()}
	w.env = []string{
		"TF_CLI_CONFIG_FILE=" + devOverride(t), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1",
		"BIZAPI_BASE_URL=" + baseURL, "BIZAPI_API_KEY=" + testKey, "BIZAPI_USER_ID=" + testUser,
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "TMPDIR=" + os.TempDir(),
		"GORACE=" + raceOptions,
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

func (w *workspace) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *workspace) remove(name string) {
	w.t.Helper()
	if err := os.Remove(filepath.Join(w.dir, name)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *workspace) read(name string) string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

func (w *workspace) setenv(name, value string) {
	w.env = append(w.env, name+"="+value)
}

// output is what a command of the CLI left behind.
type output struct {
	t      *testing.T
	stdout string
	stderr string
	code   int
}

func (w *workspace) command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, cli(w.t).Path, args...)
	command.Dir, command.Env = w.dir, w.env
	return command
}

// run runs the CLI to its end, whatever that is.
func (w *workspace) run(args ...string) output {
	w.t.Helper()
	command := w.command(w.t.Context(), args...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	if _, isExit := errors.AsType[*exec.ExitError](err); err != nil && !isExit {
		w.t.Fatal(err)
	}
	return output{w.t, stdout.String(), stderr.String(), command.ProcessState.ExitCode()}
}

// message is a line of the CLI's JSON output.
type message struct {
	Level      string      `json:"@level"`
	Type       string      `json:"type"`
	Diagnostic *diagnostic `json:"diagnostic"`
	Change     *struct {
		Resource struct {
			Addr string `json:"addr"`
		} `json:"resource"`
		Action    string `json:"action"`
		Importing *struct {
			ID string `json:"id"`
		} `json:"importing"`
	} `json:"change"`
}

type diagnostic struct {
	Severity string `json:"severity"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
	Address  string `json:"address"`
	Snippet  *struct {
		Code string `json:"code"`
	} `json:"snippet"`
}

// outcome is a plan or an apply as its JSON output tells it.
type outcome struct {
	output
	actions  map[string]string // by address: create, update, replace, delete; import where it is no more
	warnings []diagnostic
	errors   []diagnostic
}

func (o output) parse() outcome {
	o.t.Helper()
	result := outcome{output: o, actions: map[string]string{}}
	for line := range strings.Lines(o.stdout) {
		var m message
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			o.t.Fatalf("not JSON: %s\n%s", line, o.stderr)
		}
		switch {
		case m.Type == "planned_change" && m.Change.Action == "noop" && m.Change.Importing != nil:
			result.actions[m.Change.Resource.Addr] = "import"
		case m.Type == "planned_change":
			result.actions[m.Change.Resource.Addr] = m.Change.Action
		case m.Diagnostic == nil:
		case m.Diagnostic.Severity == "error":
			result.errors = append(result.errors, *m.Diagnostic)
		case !isTheCLIs(m.Diagnostic.Summary):
			result.warnings = append(result.warnings, *m.Diagnostic)
		}
	}
	return result
}

// isTheCLIs tells the CLI's own warnings about how the tests use it from the provider's.
func isTheCLIs(summary string) bool {
	return strings.Contains(summary, "development overrides") || summary == "Config generation is experimental"
}

// plan plans; the outcome may be errors.
func (w *workspace) plan(args ...string) outcome {
	w.t.Helper()
	return w.run(append([]string{"plan", "-json", "-input=false"}, args...)...).parse()
}

// apply plans and applies; the outcome may be errors.
func (w *workspace) apply(args ...string) outcome {
	w.t.Helper()
	return w.run(append([]string{"apply", "-json", "-input=false", "-auto-approve"}, args...)...).parse()
}

func (w *workspace) destroy() outcome {
	w.t.Helper()
	return w.apply("-destroy")
}

// succeeded fails the test on any error.
func (o outcome) succeeded() outcome {
	o.t.Helper()
	if o.code != 0 || len(o.errors) > 0 {
		o.t.Fatalf("exit code %d: %+v\n%s", o.code, o.errors, o.stderr)
	}
	return o
}

// failed fails the test unless there is an error with each of the parts, in its summary or detail.
func (o outcome) failed(parts ...string) outcome {
	o.t.Helper()
	if o.code == 0 || len(o.errors) == 0 {
		o.t.Fatalf("no error; wanted one with %q", parts)
	}
	contains(o.t, "errors", o.errors, parts)
	return o
}

// warned fails the test unless there is a warning with each of the parts.
func (o outcome) warned(parts ...string) outcome {
	o.t.Helper()
	contains(o.t, "warnings", o.warnings, parts)
	return o
}

// silent fails the test on any warning.
func (o outcome) silent() outcome {
	o.t.Helper()
	if len(o.warnings) > 0 {
		o.t.Fatalf("unexpected warnings: %+v", o.warnings)
	}
	return o
}

func contains(t *testing.T, kind string, diagnostics []diagnostic, parts []string) {
	t.Helper()
	var texts []string
	for _, d := range diagnostics {
		text := folded(d.Summary + "\n" + d.Detail)
		missing := false
		for _, part := range parts {
			missing = missing || !strings.Contains(text, folded(part))
		}
		if !missing {
			return
		}
		texts = append(texts, text)
	}
	t.Fatalf("no %s with %q in:\n%s", kind, parts, strings.Join(texts, "\n---\n"))
}

func folded(text string) string { return strings.Join(strings.Fields(text), " ") }

// does fails the test unless the plan does just that: pairs of address and action.
func (o outcome) does(pairs ...string) outcome {
	o.t.Helper()
	wanted := map[string]string{}
	for at := 0; at < len(pairs); at += 2 {
		wanted[pairs[at]] = pairs[at+1]
	}
	if fmt.Sprint(o.actions) != fmt.Sprint(wanted) {
		o.t.Fatalf("the plan does %v, wanted %v\n%+v", o.actions, wanted, o.errors)
	}
	return o
}

// attributes are those of a resource in the state, nil when it is not there.
func (w *workspace) attributes(address string) map[string]any {
	w.t.Helper()
	return w.attributesOf()[address]
}

// attributesOf is every resource in the state by its address.
func (w *workspace) attributesOf() map[string]map[string]any {
	w.t.Helper()
	shown := w.run("show", "-json")
	var state struct {
		Values struct {
			RootModule struct {
				Resources []struct {
					Address string         `json:"address"`
					Values  map[string]any `json:"values"`
				} `json:"resources"`
			} `json:"root_module"`
		} `json:"values"`
	}
	if err := json.Unmarshal([]byte(shown.stdout), &state); err != nil {
		w.t.Fatalf("%v: %s%s", err, shown.stdout, shown.stderr)
	}
	all := map[string]map[string]any{}
	for _, resource := range state.Values.RootModule.Resources {
		all[resource.Address] = resource.Values
	}
	return all
}

// needs skips a test of what the CLI learned in a later version; a zero is a CLI that lacks it.
func needs(t *testing.T, terraformMinor, tofuMinor int) {
	t.Helper()
	if found := cli(t); !found.Has(terraformMinor, tofuMinor) {
		t.Skipf("%s has no support for it", found.Name)
	}
}

// built is the provider program, built once.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "provider")
	if err != nil {
		return "", err
	}
	builtDir = dir
	args := []string{"build", "-o", filepath.Join(dir, "terraform-provider-bizapi")}
	if raceEnabled {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "../..")...)
	if text, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, text)
	}
	config := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"registry.terraform.io/bizapi/bizapi\" = %[1]q\n    \"registry.opentofu.org/bizapi/bizapi\" = %[1]q\n  }\n  direct {}\n}\n", dir)
	return dir, os.WriteFile(filepath.Join(dir, "cli.tfrc"), []byte(config), 0o600)
})

// builtDir is removed by TestMain; empty when no test needed the program.
var builtDir string

func devOverride(t *testing.T) string {
	t.Helper()
	dir, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "cli.tfrc")
}

// applied is a workspace with one applied number.
func applied(t *testing.T, options sandbox.Options, arguments ...string) (*workspace, *sandbox.Server, sandbox.Number) {
	t.Helper()
	server, url := newServer(t, options)
	w := newWorkspace(t, url)
	w.write("main.tf", number(arguments...))
	w.apply().succeeded().does(address, "create")
	numbers := server.Numbers(testUser)
	if len(numbers) != 1 {
		t.Fatalf("the account holds %d numbers, not one", len(numbers))
	}
	server.ForgetRequests()
	return w, server, numbers[0]
}

// writes fails the test unless the API was asked to add and delete just that often.
func writes(t *testing.T, server *sandbox.Server, adds, deletes int) {
	t.Helper()
	if got := server.Count(sandbox.OpAdd); got != adds {
		t.Errorf("%d adds, wanted %d", got, adds)
	}
	if got := server.Count(sandbox.OpDelete); got != deletes {
		t.Errorf("%d deletes, wanted %d", got, deletes)
	}
}

func numberOf(name string, at int, arguments string) string {
	return fmt.Sprintf("resource \"bizapi_phone_number\" %q {\n  platform = \"whatsapp\"\n  meta_phone_number_id = \"%d\"\n  %s\n}\n", name, 1000+at, arguments)
}
