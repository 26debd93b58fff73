// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"strings"

	"github.com/bizapi/terraform-provider-bizapi/internal/tfcli"
)

// cli runs the commands of Terraform or OpenTofu in the workspace.
type cli struct {
	tfcli.CLI
	directory   string
	environment map[string]string // set in addition to the caller's
	secrets     map[string]string // by variable; of these no command may print any
}

func newCLI(found tfcli.CLI, work *workspace, baseURL string) *cli {
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
	return &cli{CLI: found, directory: work.example, environment: environment, secrets: secrets}
}

// changeWhatsAppToken gives the variable a new value, and returns it.
func (c *cli) changeWhatsAppToken() string {
	const name, token = "TF_VAR_whatsapp_access_token", "EAAfakeWhatsAppToken2"
	c.environment[name] = token
	c.secrets["the new "+name] = token
	return token
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
	cmd := c.Command(ctx, c.directory, c.environment, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	tfcli.End(ctx, cmd)
	if err != nil {
		return stdout.Bytes(), stopped(ctx, fmt.Errorf("%s: %w\n%s%s", c.line(args), err, stdout.String(), stderr.String()))
	}
	return stdout.Bytes(), nil
}

// line is a command as a person would type it.
func (c *cli) line(args []string) string {
	return strings.Join(append([]string{filepath.Base(c.Path)}, args...), " ")
}
