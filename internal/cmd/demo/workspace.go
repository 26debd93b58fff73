// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/bizapi/terraform-provider-bizapi/internal/tfcli"
)

// workspace is a copy of examples/quickstart in a temporary directory, with the provider beside it.
type workspace struct {
	*tfcli.Workspace
	directory string
	secrets   map[string]string // by variable; of these no command may print any
}

// newWorkspace makes the directory and builds the provider in it.
func newWorkspace(ctx context.Context, out io.Writer, cli tfcli.CLI, api *api) (*workspace, error) {
	directory, err := os.MkdirTemp("", "bizapi-demo-")
	if err != nil {
		return nil, fmt.Errorf("make a temporary directory: %w", err)
	}
	config := filepath.Join(directory, "cli.tfrc")
	w := &workspace{
		Workspace: tfcli.NewWorkspace(cli, filepath.Join(directory, "quickstart"), config),
		directory: directory,
		secrets: map[string]string{
			"BIZAPI_API_KEY":                apiKey,
			"TF_VAR_whatsapp_access_token":  "EAAfakeWhatsAppToken1",
			"TF_VAR_instagram_access_token": "EAAfakeInstagramToken1",
		},
	}
	w.Setenv("BIZAPI_BASE_URL", api.url)
	w.Setenv("BIZAPI_VERIFY_ACCESS_TOKENS", "true")
	w.Setenv("BIZAPI_META_GRAPH_URL", api.meta)
	for name, value := range w.secrets {
		w.Setenv(name, value)
	}
	if err := w.fill(ctx, out, config); err != nil {
		return nil, errors.Join(err, w.remove())
	}
	return w, nil
}

func (w *workspace) fill(ctx context.Context, out io.Writer, config string) error {
	source, err := tfcli.Root(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "Building the provider; the first time takes Go some minutes.")
	err = tfcli.SignsOfLife(out, "building the provider", func() error {
		_, err := tfcli.Build(ctx, filepath.Join(w.directory, "plugins"), ".")
		return err
	})
	if err != nil {
		return err
	}
	if err := os.CopyFS(w.Dir, os.DirFS(filepath.Join(source, "examples", "quickstart"))); err != nil {
		return fmt.Errorf("copy examples/quickstart: %w", err)
	}
	return tfcli.WriteOverrides(config, map[string]string{"bizapi/bizapi": filepath.Join(w.directory, "plugins")})
}

func (w *workspace) remove() error {
	if err := os.RemoveAll(w.directory); err != nil {
		return fmt.Errorf("remove the temporary directory: %w", err)
	}
	return nil
}

// setWhatsAppToken gives the variable a new value.
func (w *workspace) setWhatsAppToken(token string) {
	const name = "TF_VAR_whatsapp_access_token"
	w.Setenv(name, token)
	w.secrets[fmt.Sprintf("%s, number %d", name, len(w.secrets))] = token
}

// incrementVersion increments the version of the WhatsApp number's token, the first in main.tf.
func (w *workspace) incrementVersion() error {
	code, err := os.ReadFile(filepath.Join(w.Dir, "main.tf"))
	if err != nil {
		return fmt.Errorf("read the example: %w", err)
	}
	return w.Write("main.tf", strings.Replace(string(code), "access_token_wo_version = 1", "access_token_wo_version = 2", 1))
}

// checkState returns an error if the state's file holds a secret.
func (w *workspace) checkState() error {
	state, err := os.ReadFile(filepath.Join(w.Dir, "terraform.tfstate"))
	if err != nil {
		return fmt.Errorf("read the state: %w", err)
	}
	return checkSecrets(string(state), w.secrets)
}

// refusal runs a command that must fail, and returns the title of its one error.
func (w *workspace) refusal(ctx context.Context, args ...string) (string, error) {
	done, err := w.Run(ctx, args...)
	if err != nil {
		return "", err
	}
	output := done.Stdout + done.Stderr
	if err := checkSecrets(output, w.secrets); err != nil {
		return "", fmt.Errorf("%s: %w", w.Line(args), err)
	}
	found := titles(output, "Error: ")
	if done.Code != 1 || len(found) != 1 {
		return "", fmt.Errorf("%s: exit code %d and %d errors\n%s", w.Line(args), done.Code, len(found), output)
	}
	return found[0], nil
}

// output runs a command, which must succeed, and returns its standard output. The error of one that
// fails holds all that it printed.
func (w *workspace) output(ctx context.Context, args ...string) (string, error) {
	done, err := w.Run(ctx, args...)
	if err == nil && done.Code != 0 {
		err = fmt.Errorf("%s: exit code %d\n%s%s", w.Line(args), done.Code, done.Stdout, done.Stderr)
	}
	return done.Stdout, err
}

// shown is what a command prints for people, in which no secret may stand.
func (w *workspace) shown(ctx context.Context, args ...string) (string, error) {
	output, err := w.output(ctx, args...)
	if err := checkSecrets(output, w.secrets); err != nil {
		return "", fmt.Errorf("%s: %w", w.Line(args), err)
	}
	return output, err
}

// plannedActions reads a saved plan; see readPlannedActions.
func (w *workspace) plannedActions(ctx context.Context, plan string) (map[string]string, error) {
	output, err := w.output(ctx, "show", "-json", plan)
	if err != nil {
		return nil, err
	}
	return readPlannedActions([]byte(output))
}

// rowsInState are the numbers and agents in the state, by address.
func (w *workspace) rowsInState(ctx context.Context) (map[string]row, error) {
	state, err := w.State(ctx)
	if err != nil {
		return nil, err
	}
	rows := map[string]row{}
	for address, attributes := range state {
		switch {
		case strings.HasPrefix(address, "bizapi_phone_number."):
			rows[address] = numberOf(attributes)
		case strings.HasPrefix(address, "bizapi_agent."):
			rows[address] = agentOf(attributes)
		}
	}
	return rows, nil
}

// uncommentImport makes the example's commented import block real, for the
// number with the id given.
func (w *workspace) uncommentImport(id string) error {
	commented, err := os.ReadFile(filepath.Join(w.Dir, "imports.tf"))
	if err != nil {
		return fmt.Errorf("read the example: %w", err)
	}
	code, err := uncomment(string(commented))
	if err != nil {
		return fmt.Errorf("imports.tf of the example: %w", err)
	}
	return w.Write("imports.tf", strings.ReplaceAll(code, "pn_abc123", id))
}

// uncomment takes the comment signs off from the import block on; the prose
// before it goes.
func uncomment(file string) (string, error) {
	const start = "# import {\n"
	_, rest, found := strings.Cut(file, start)
	if !found {
		return "", errors.New("it has no commented import block")
	}
	var code strings.Builder
	for line := range strings.Lines(start + rest) {
		code.WriteString(strings.TrimPrefix(strings.TrimPrefix(line, "#"), " "))
	}
	return code.String(), nil
}
