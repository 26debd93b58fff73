// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

// Package tfcli finds and starts the Terraform or OpenTofu that the tests, the demo and the benchmark
// drive the provider with.
package tfcli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Variable is the environment variable that names the program. The plugin framework's own tests go by
// it too.
const Variable = "TF_ACC_TERRAFORM_PATH"

// CLI is a Terraform or an OpenTofu.
type CLI struct {
	// Path is absolute.
	Path string
	// Name is what the program calls itself, such as "Terraform v1.11.4".
	Name string
	// IsTofu says that it is OpenTofu.
	IsTofu bool
	// Minor is the minor version of 1.
	Minor int
}

// Find returns the CLI that Variable names, or else the terraform or the tofu on the PATH, the first of
// the two. An error says what to install.
func Find() (CLI, error) {
	path, err := find(os.Getenv(Variable), exec.LookPath)
	if err != nil {
		return CLI{}, err
	}
	cmd := exec.Command(path, "version") //nolint:gosec,noctx // the person who runs this names the program
	cmd.Env = environ(os.Environ(), nil)
	said, err := cmd.Output()
	if err != nil {
		return CLI{}, fmt.Errorf("%s version: %w", path, err)
	}
	return parse(path, string(said))
}

func find(named string, lookPath func(string) (string, error)) (string, error) {
	if named != "" {
		path, err := lookPath(named)
		if err != nil {
			return "", fmt.Errorf("%s names no program: %w", Variable, err)
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
or name a program in ` + Variable)
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

// Has tells whether the CLI has what Terraform got in one minor version of 1 and OpenTofu in another; 0
// is one that lacks it.
func (c CLI) Has(terraformMinor, tofuMinor int) bool {
	since := terraformMinor
	if c.IsTofu {
		since = tofuMinor
	}
	return since != 0 && c.Minor >= since
}

// endWithin is how long an interrupted command may take to end by itself.
const endWithin = 15 * time.Second

// Command is a command that ends with ctx, and with it the provider that it started: run it, and call
// End after. Its environment is the caller's with values set, less the settings of the caller's own
// Terraform (logging, arguments, another configuration, another API), since it must do the same
// everywhere.
func (c CLI) Command(ctx context.Context, directory string, values map[string]string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.Path, args...) //nolint:gosec // the person who runs this names the program
	cmd.Dir = directory
	cmd.Env = environ(os.Environ(), values)
	// An interrupted CLI ends the provider it started before it ends.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = endWithin
	startGroup(cmd)
	return cmd
}

// End ends what a command left running whose ctx is over.
func End(ctx context.Context, cmd *exec.Cmd) {
	if ctx.Err() != nil && cmd.Process != nil {
		endGroup(cmd)
	}
}

func environ(caller []string, values map[string]string) []string {
	kept := slices.DeleteFunc(slices.Clone(caller), func(entry string) bool {
		return strings.HasPrefix(entry, "TF_") || strings.HasPrefix(entry, "BIZAPI_") || strings.HasPrefix(entry, "TOFU_")
	})
	for _, name := range slices.Sorted(maps.Keys(values)) {
		kept = append(kept, name+"="+values[name])
	}
	return kept
}
