// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
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

// endWithin is how long an interrupted command may take to end by itself.
const endWithin = 15 * time.Second

// findCLI returns the path of the CLI that TF_CLI names, or else of terraform or
// tofu, whichever the PATH has first in that order.
func findCLI(named string, lookPath func(string) (string, error)) (string, error) {
	if named != "" {
		path, err := lookPath(named)
		if err != nil {
			return "", fmt.Errorf("TF_CLI names no program: %w", err)
		}
		return filepath.Abs(path)
	}
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := lookPath(name); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", errors.New(`there is no terraform and no tofu on the PATH. Install one of them, 1.11 or newer:
  Terraform  https://developer.hashicorp.com/terraform/install
  OpenTofu   https://opentofu.org/docs/intro/install/
or name a program in TF_CLI`)
}

// cli runs the commands of Terraform or OpenTofu in the workspace.
type cli struct {
	path        string
	directory   string
	environment map[string]string // set in addition to the caller's, less what would interfere
	secrets     map[string]string // by variable; of these no command may print any
}

func newCLI(path string, work *workspace, baseURL string) *cli {
	secrets := map[string]string{
		"BIZAPI_API_KEY":                apiKey,
		"TF_VAR_whatsapp_access_token":  "EAAfakeWhatsAppToken1",
		"TF_VAR_instagram_access_token": "EAAfakeInstagramToken1",
	}
	environment := map[string]string{
		"BIZAPI_BASE_URL":    baseURL,
		"CHECKPOINT_DISABLE": "1", // asks a host on the Internet for newer versions
		"TF_CLI_ARGS":        "-no-color",
		"TF_CLI_CONFIG_FILE": work.cliConfig,
		"TF_INPUT":           "0",
	}
	maps.Copy(environment, secrets)
	return &cli{path: path, directory: work.example, environment: environment, secrets: secrets}
}

// changeWhatsAppToken gives the variable a new value, and returns it.
func (c *cli) changeWhatsAppToken() string {
	const name, token = "TF_VAR_whatsapp_access_token", "EAAfakeWhatsAppToken2"
	c.environment[name] = token
	c.secrets["the new "+name] = token
	return token
}

// version is the first line that the CLI says of itself.
func (c *cli) version(ctx context.Context) (string, error) {
	output, err := c.run(ctx, "version")
	first, _, _ := strings.Cut(output, "\n")
	return first, err
}

// plannedActions reads a saved plan; see readPlannedActions.
func (c *cli) plannedActions(ctx context.Context, plan string) (map[string]string, error) {
	output, err := c.output(ctx, "show", "-json", plan)
	if err != nil {
		return nil, err
	}
	return readPlannedActions(output)
}

// numbersInState reads the state; see readNumbersInState.
func (c *cli) numbersInState(ctx context.Context) (map[string]number, error) {
	output, err := c.output(ctx, "show", "-json")
	if err != nil {
		return nil, err
	}
	return readNumbersInState(output)
}

// run returns what a command prints for people, in which no secret may stand.
func (c *cli) run(ctx context.Context, args ...string) (string, error) {
	output, err := c.output(ctx, args...)
	if err := checkSecrets(string(output), c.secrets); err != nil {
		return "", fmt.Errorf("%s: %w", c.line(args), err)
	}
	return string(output), err
}

// output runs a command and returns its standard output. The error of one that
// fails holds all that it printed.
func (c *cli) output(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, c.path, args...) //nolint:gosec // the person who runs the demo names the program
	cmd.Dir = c.directory
	cmd.Env = environ(os.Environ(), c.environment)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// An interrupted CLI ends the provider it started before it ends.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = endWithin
	startGroup(cmd)
	err := cmd.Run()
	if ctx.Err() != nil {
		endGroup(cmd)
	}
	if err != nil {
		return stdout.Bytes(), stopped(ctx, fmt.Errorf("%s: %w\n%s%s", c.line(args), err, stdout.String(), stderr.String()))
	}
	return stdout.Bytes(), nil
}

// line is a command as a person would type it.
func (c *cli) line(args []string) string {
	return strings.Join(append([]string{filepath.Base(c.path)}, args...), " ")
}

// environ is the caller's environment with values set. Settings of the caller's
// own Terraform (logging, arguments, another configuration, another API) are left
// out: the demo must do the same everywhere.
func environ(caller []string, values map[string]string) []string {
	kept := slices.DeleteFunc(slices.Clone(caller), func(entry string) bool {
		return strings.HasPrefix(entry, "TF_") || strings.HasPrefix(entry, "BIZAPI_") || strings.HasPrefix(entry, "TOFU_")
	})
	for _, name := range slices.Sorted(maps.Keys(values)) {
		kept = append(kept, name+"="+values[name])
	}
	return kept
}
