// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// endWithin is how long an interrupted command may take to end by itself.
const endWithin = 15 * time.Second

// findCLI returns the path of the CLI that TF_ACC_TERRAFORM_PATH names, or else
// of terraform or tofu, whichever the PATH has first in that order.
func findCLI(named string, lookPath func(string) (string, error)) (string, error) {
	if named != "" {
		path, err := lookPath(named)
		if err != nil {
			return "", fmt.Errorf("TF_ACC_TERRAFORM_PATH names no program: %w", err)
		}
		return filepath.Abs(path)
	}
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := lookPath(name); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", errors.New("there is no terraform and no tofu on the PATH: install one of them, 1.11 or newer, or name a program in TF_ACC_TERRAFORM_PATH")
}

// cli runs the commands of Terraform or OpenTofu.
type cli struct {
	path    string
	baseURL string
}

// run runs a command in a directory with a program for the provider, without the
// settings of the caller's own Terraform, and returns what it took.
func (c *cli) run(ctx context.Context, directory string, p program, args ...string) (figures, error) {
	cmd := exec.CommandContext(ctx, c.path, args...) //nolint:gosec // the person who runs the benchmark names the program
	cmd.Dir = directory
	cmd.Env = append(ownEnvironment(os.Environ()),
		"BIZAPI_BASE_URL="+c.baseURL, "BIZAPI_API_KEY="+apiKey,
		"CHECKPOINT_DISABLE=1", // asks a host on the Internet for newer versions
		"TF_CLI_CONFIG_FILE="+p.cliConfig, "TF_INPUT=0", "TF_VAR_access_token="+accessToken)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	// An interrupted CLI ends the provider it started before it ends.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = endWithin
	startGroup(cmd)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return figures{}, fmt.Errorf("start %s: %w", c.path, err)
	}
	peakMemory := watchMemory(cmd.Process.Pid, p)
	err := cmd.Wait()
	took := figures{time: time.Since(began), memory: peakMemory()}
	if ctx.Err() != nil {
		endGroup(cmd)
		return took, fmt.Errorf("stopped: %w", context.Cause(ctx))
	}
	if err != nil {
		return took, fmt.Errorf("%s %s: %w\n%s", filepath.Base(c.path), strings.Join(args, " "), err, lastLines(output.String()))
	}
	took.processor = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return took, nil
}

// plan refreshes and plans. A plan that would change anything is an error.
func (c *cli) plan(ctx context.Context, directory string, p program, args ...string) (figures, error) {
	return c.run(ctx, directory, p, append([]string{"plan", "-no-color", "-detailed-exitcode"}, args...)...)
}

// apply adds what the configuration has.
func (c *cli) apply(ctx context.Context, directory string, p program) (figures, error) {
	return c.run(ctx, directory, p, "apply", "-no-color", "-auto-approve")
}

// version is the first line that the CLI says of itself.
func (c *cli) version(ctx context.Context) (string, error) {
	output, err := exec.CommandContext(ctx, c.path, "version").Output() //nolint:gosec // as in run
	first, _, _ := strings.Cut(string(output), "\n")
	return first, err
}

// ownEnvironment leaves out what would change how a CLI or the provider works.
func ownEnvironment(caller []string) []string {
	return slices.DeleteFunc(slices.Clone(caller), func(entry string) bool {
		return strings.HasPrefix(entry, "TF_") || strings.HasPrefix(entry, "BIZAPI_") || strings.HasPrefix(entry, "TOFU_")
	})
}

// lastLines is the end of an output, where errors stand.
func lastLines(output string) string {
	const most = 40
	lines := strings.Split(strings.TrimRight(output, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}
