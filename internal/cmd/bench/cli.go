// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/tfcli"
)

// cli runs the commands of Terraform or OpenTofu.
type cli struct {
	tfcli.CLI
	baseURL string
}

// run runs a command in a directory with a program for the provider, and returns what it took.
func (c *cli) run(ctx context.Context, directory string, p program, args ...string) (figures, error) {
	w := tfcli.NewWorkspace(c.CLI, directory, p.cliConfig)
	w.Setenv("BIZAPI_BASE_URL", c.baseURL)
	w.Setenv("BIZAPI_API_KEY", apiKey)
	w.Setenv("TF_VAR_access_token", accessToken)
	cmd := w.Command(ctx, args...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return figures{}, fmt.Errorf("start %s: %w", c.Path, err)
	}
	peakMemory := watchMemory(cmd.Process.Pid, p)
	err := cmd.Wait()
	took := figures{time: time.Since(began), memory: peakMemory()}
	tfcli.End(ctx, cmd)
	if ctx.Err() != nil {
		return took, fmt.Errorf("stopped: %w", context.Cause(ctx))
	}
	if err != nil {
		return took, fmt.Errorf("%s: %w\n%s", w.Line(args), err, lastLines(output.String()))
	}
	took.processor = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return took, nil
}

// plan refreshes and plans. A plan that would change anything is an error.
func (c *cli) plan(ctx context.Context, directory string, p program, args ...string) (figures, error) {
	return c.run(ctx, directory, p, append([]string{"plan", "-detailed-exitcode"}, args...)...)
}

// apply adds what the configuration has.
func (c *cli) apply(ctx context.Context, directory string, p program) (figures, error) {
	return c.run(ctx, directory, p, "apply", "-auto-approve")
}

// lastLines is the end of an output, where errors stand.
func lastLines(output string) string {
	const most = 40
	lines := strings.Split(strings.TrimRight(output, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}
