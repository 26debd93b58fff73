// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// workspace is the temporary directory of one run.
type workspace struct {
	directory string
	cliConfig string // the CLI's configuration file, with the development override
	example   string // the copy of examples/quickstart
}

// newWorkspace makes the directory, with the provider built in it.
func newWorkspace(ctx context.Context) (*workspace, error) {
	source, err := moduleRoot(ctx)
	if err != nil {
		return nil, err
	}
	directory, err := os.MkdirTemp("", "bizapi-demo-")
	if err != nil {
		return nil, fmt.Errorf("make a temporary directory: %w", err)
	}
	w := &workspace{
		directory: directory,
		cliConfig: filepath.Join(directory, "cli.tfrc"),
		example:   filepath.Join(directory, "quickstart"),
	}
	if err := w.fill(ctx, source); err != nil {
		return nil, errors.Join(err, w.remove())
	}
	return w, nil
}

func (w *workspace) fill(ctx context.Context, source string) error {
	plugins := filepath.Join(w.directory, "plugins")
	if err := buildProvider(ctx, source, plugins); err != nil {
		return err
	}
	if err := os.WriteFile(w.cliConfig, []byte(cliConfig(plugins)), 0o600); err != nil {
		return fmt.Errorf("write the CLI configuration: %w", err)
	}
	if err := os.CopyFS(w.example, os.DirFS(filepath.Join(source, "examples", "quickstart"))); err != nil {
		return fmt.Errorf("copy examples/quickstart: %w", err)
	}
	return nil
}

func (w *workspace) remove() error {
	if err := os.RemoveAll(w.directory); err != nil {
		return fmt.Errorf("remove the temporary directory: %w", err)
	}
	return nil
}

// uncommentImport makes the example's commented import block real, for the
// number with the id given.
func (w *workspace) uncommentImport(id string) error {
	path := filepath.Join(w.example, "imports.tf")
	commented, err := os.ReadFile(path) //nolint:gosec // the workspace's own copy
	if err != nil {
		return fmt.Errorf("read the example: %w", err)
	}
	code, err := uncomment(string(commented))
	if err != nil {
		return fmt.Errorf("imports.tf of the example: %w", err)
	}
	code = strings.ReplaceAll(code, "pn_abc123", id)
	if err := os.WriteFile(path, []byte(code), 0o600); err != nil {
		return fmt.Errorf("write imports.tf: %w", err)
	}
	return nil
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

// cliConfig overrides the provider's address with what is in a directory. It
// stands for two hosts, since OpenTofu gives an address without a host its own.
// There is no installation method beside it: nothing can be downloaded.
func cliConfig(plugins string) string {
	return fmt.Sprintf(`provider_installation {
  dev_overrides {
    "registry.terraform.io/bizapi/bizapi" = %[1]q
    "registry.opentofu.org/bizapi/bizapi" = %[1]q
  }
}
`, plugins)
}

func buildProvider(ctx context.Context, source, plugins string) error {
	program := filepath.Join(plugins, "terraform-provider-bizapi")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	_, err := goCommand(ctx, source, "build", "-o", program, ".")
	return err
}

// moduleRoot is the directory that the provider is built from.
func moduleRoot(ctx context.Context) (string, error) {
	goMod, err := goCommand(ctx, "", "env", "GOMOD")
	if err != nil {
		return "", err
	}
	if goMod == "" || goMod == os.DevNull {
		return "", errors.New("run the demo inside the provider's repository")
	}
	return filepath.Dir(goMod), nil
}

func goCommand(ctx context.Context, directory string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // the arguments are the demo's own
	cmd.Dir = directory
	output, err := cmd.CombinedOutput()
	if err != nil {
		return "", stopped(ctx, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, output))
	}
	return strings.TrimSpace(string(output)), nil
}
