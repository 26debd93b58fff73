// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package tfcli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// hosts are those of an address without a host: OpenTofu has its own.
var hosts = []string{"registry.terraform.io", "registry.opentofu.org"}

// Build builds a package of this module, such as ".", into a directory, as a program that a CLI takes
// for the provider under WriteOverrides, and returns its path.
func Build(ctx context.Context, dir, pkg string, flags ...string) (string, error) {
	root, err := Root(ctx)
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "terraform-provider-bizapi"+exe())
	_, err = Go(ctx, root, slices.Concat([]string{"build", "-o", program}, flags, []string{pkg})...)
	return program, err
}

func exe() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// WriteOverrides writes a CLI configuration under which providers, by their address without a host, are
// the programs in directories. Nothing has to be initialised, and nothing can be downloaded.
func WriteOverrides(file string, dirs map[string]string) error {
	var overrides strings.Builder
	for _, provider := range slices.Sorted(maps.Keys(dirs)) {
		for _, host := range hosts {
			fmt.Fprintf(&overrides, "    %q = %q\n", host+"/"+provider, dirs[provider])
		}
	}
	return writeConfig(file, "dev_overrides {\n"+overrides.String()+"  }")
}

// WriteMirror writes a CLI configuration under which `init` finds providers in a directory alone.
func WriteMirror(file, dir string) error {
	return writeConfig(file, fmt.Sprintf("filesystem_mirror {\n    path = %q\n  }", dir))
}

func writeConfig(file, method string) error {
	if err := os.WriteFile(file, []byte("provider_installation {\n  "+method+"\n}\n"), 0o600); err != nil {
		return fmt.Errorf("write the CLI configuration: %w", err)
	}
	return nil
}

// Root returns the directory of this module.
func Root(ctx context.Context) (string, error) {
	goMod, err := Go(ctx, "", "env", "GOMOD")
	if err != nil {
		return "", err
	}
	if goMod == "" || goMod == os.DevNull {
		return "", errors.New("run this inside the provider's repository")
	}
	return filepath.Dir(goMod), nil
}

// Go runs the go command and returns what it printed.
func Go(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // the arguments are the callers' own
	cmd.Dir = dir
	output, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return "", fmt.Errorf("stopped: %w", context.Cause(ctx))
	}
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, output)
	}
	return strings.TrimSpace(string(output)), nil
}
