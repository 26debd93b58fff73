// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

// Package tfcli finds Terraform or OpenTofu, and runs it in workspaces: for the tests, the demo and the
// benchmark, which drive the real provider program with it.
package tfcli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// Variable is the environment variable that names the program. terraform-plugin-testing goes by it too.
const Variable = "TF_ACC_TERRAFORM_PATH"

// CLI is a Terraform or an OpenTofu.
type CLI struct {
	// Path is absolute.
	Path string
	// Name is what the program calls itself, such as "Terraform v1.11.4".
	Name string
	// IsTofu reports whether it is OpenTofu.
	IsTofu bool
	// Minor is the minor version of 1.
	Minor int
}

// Find returns the CLI that Variable names, or else the terraform or the tofu on the PATH, the first of
// the two, or else an OpenTofu built from Go modules. The first such build takes minutes, which progress
// is told; it stays in the user's cache.
func Find(ctx context.Context, progress io.Writer) (CLI, error) {
	path, err := find(os.Getenv(Variable), exec.LookPath, func() (string, error) { return openTofu(ctx, progress) })
	if err != nil {
		return CLI{}, err
	}
	cmd := exec.CommandContext(ctx, path, "version") //nolint:gosec // the person who runs this names the program
	cmd.Env = entries(environ(os.Getenv))
	said, err := cmd.Output()
	if err != nil {
		return CLI{}, fmt.Errorf("%s version: %w", path, err)
	}
	return parse(path, string(said))
}

func find(named string, lookPath func(string) (string, error), build func() (string, error)) (string, error) {
	if named != "" {
		path, err := lookPath(named)
		if err != nil {
			return "", fmt.Errorf("%s, which make sets to TF_CLI, names no program: %w", Variable, err)
		}
		return filepath.Abs(path)
	}
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := lookPath(name); err == nil {
			return filepath.Abs(path)
		}
	}
	return build()
}

var versionForm = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v1\.(\d+)\.\S+`)

// parse reads what a CLI says of its version.
func parse(path, said string) (CLI, error) {
	parts := versionForm.FindStringSubmatch(said)
	if parts == nil {
		return CLI{}, fmt.Errorf("%s is no Terraform and no OpenTofu of version 1: it says %q", path, said)
	}
	minor, err := strconv.Atoi(parts[2])
	return CLI{Path: path, Name: parts[0], IsTofu: parts[1] == "OpenTofu", Minor: minor}, err
}

// Has reports whether the CLI has what Terraform got in one minor version of 1 and OpenTofu in another; 0
// is one that lacks it.
func (c CLI) Has(terraformMinor, tofuMinor int) bool {
	since := terraformMinor
	if c.IsTofu {
		since = tofuMinor
	}
	return since != 0 && c.Minor >= since
}
