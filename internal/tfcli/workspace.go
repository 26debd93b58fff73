// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package tfcli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Workspace is a directory that a CLI runs in. Of the caller's environment its commands get the PATH
// and the place for temporary files alone, so that they do the same everywhere: no logging, arguments,
// configuration, credentials or proxy of the caller's, and no other API.
type Workspace struct {
	// CLI is what runs.
	CLI CLI
	// Dir is the directory, and the home of the commands.
	Dir string

	env map[string]string
}

// NewWorkspace returns the workspace in a directory. config is a CLI configuration file, such as one
// that WriteOverrides or WriteMirror wrote: it says where providers come from.
func NewWorkspace(cli CLI, dir, config string) *Workspace {
	w := &Workspace{CLI: cli, Dir: dir, env: environ(os.Getenv)}
	maps.Copy(w.env, map[string]string{
		"HOME":               dir,
		"CHECKPOINT_DISABLE": "1", // asks a host on the Internet for newer versions
		"TF_CLI_ARGS":        "-no-color",
		"TF_CLI_CONFIG_FILE": config,
		"TF_IN_AUTOMATION":   "1",
		"TF_INPUT":           "0",
	})
	return w
}

// environ is what commands get of the caller's environment.
func environ(getenv func(string) string) map[string]string {
	kept := map[string]string{}
	for _, name := range []string{"PATH", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT"} {
		if value := getenv(name); value != "" {
			kept[name] = value
		}
	}
	return kept
}

// Setenv sets a variable for the commands that follow.
func (w *Workspace) Setenv(name, value string) { w.env[name] = value }

// Environ returns all variables of the commands, for a program beside the CLI.
func (w *Workspace) Environ() []string { return entries(w.env) }

func entries(env map[string]string) []string {
	var entries []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		entries = append(entries, name+"="+env[name])
	}
	return entries
}

// Write writes a file of the workspace, and the directories that it stands in.
func (w *Workspace) Write(name, text string) error {
	path := filepath.Join(w.Dir, name)
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600))
}

// interruptedFor is how long an interrupted command may take to end by itself.
const interruptedFor = 15 * time.Second

// Command returns a command of the CLI that nobody has started yet, for a caller that signals it or
// watches it. It is interrupted when ctx ends; call End after it.
func (w *Workspace) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, w.CLI.Path, args...) //nolint:gosec // the person who runs this names the program
	cmd.Dir, cmd.Env = w.Dir, w.Environ()
	// An interrupted CLI ends the provider it started before it ends.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = interruptedFor
	startGroup(cmd)
	return cmd
}

// End ends what a command left running whose ctx is over.
func End(ctx context.Context, cmd *exec.Cmd) {
	if ctx.Err() != nil && cmd.Process != nil {
		endGroup(cmd)
	}
}

// Output is what a command left behind.
type Output struct {
	Stdout, Stderr string
	Code           int
}

// Run runs a command to its end. An exit code other than 0 is no error.
func (w *Workspace) Run(ctx context.Context, args ...string) (Output, error) {
	cmd := w.Command(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	End(ctx, cmd)
	_, isExit := errors.AsType[*exec.ExitError](err)
	switch {
	case ctx.Err() != nil:
		return Output{}, fmt.Errorf("%s: stopped: %w", w.Line(args), context.Cause(ctx))
	case err != nil && !isExit:
		return Output{}, fmt.Errorf("%s: %w", w.Line(args), err)
	}
	return Output{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}, nil
}

// Line returns a command as a person would type it.
func (w *Workspace) Line(args []string) string {
	return strings.Join(append([]string{filepath.Base(w.CLI.Path)}, args...), " ")
}

// RunJSON runs a command with -json, such as a plan, and returns what that says.
func (w *Workspace) RunJSON(ctx context.Context, command string, args ...string) (Outcome, error) {
	done, err := w.Run(ctx, append([]string{command, "-json"}, args...)...)
	if err != nil {
		return Outcome{}, err
	}
	return done.Parse()
}

// State returns the attributes of each resource of the root module in the state, by address.
func (w *Workspace) State(ctx context.Context) (map[string]map[string]any, error) {
	shown, err := w.Run(ctx, "show", "-json")
	if err != nil {
		return nil, err
	}
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
	if err := json.Unmarshal([]byte(shown.Stdout), &state); err != nil {
		return nil, fmt.Errorf("read the state: %w: %s%s", err, shown.Stdout, shown.Stderr)
	}
	attributes := map[string]map[string]any{}
	for _, resource := range state.Values.RootModule.Resources {
		attributes[resource.Address] = resource.Values
	}
	return attributes, nil
}
