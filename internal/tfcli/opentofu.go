// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package tfcli

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"time"
)

const openTofuModule = "github.com/opentofu/opentofu"

// openTofu returns the OpenTofu that tools/opentofu requires. It is built once for all clones.
func openTofu(ctx context.Context, progress io.Writer) (string, error) {
	root, err := Root(ctx)
	if err != nil {
		return "", err
	}
	caches, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("OpenTofu cannot be kept anywhere: %w", err)
	}
	module := filepath.Join(root, "tools", "opentofu")
	name, err := openTofuName(module)
	if err != nil {
		return "", err
	}
	return buildOnce(ctx, progress, filepath.Join(caches, "terraform-provider-bizapi"), name, func(dir string) error {
		_, err := Go(ctx, root, slices.Concat(openTofuBuild, []string{"-modfile", filepath.Join(module, "go.mod"), "-o", dir, openTofuModule + "/cmd/tofu"})...)
		return err
	})
}

// openTofuBuild makes it what a release is, and not a development version.
var openTofuBuild = []string{"build", "-trimpath", "-ldflags", "-s -w -X " + openTofuModule + "/version.dev=no"}

var openTofuVersion = regexp.MustCompile(regexp.QuoteMeta(openTofuModule) + ` v(\S+)`)

// openTofuName names what the module at a directory builds: otherwise for whatever makes it another
// program.
func openTofuName(module string) (string, error) {
	goMod, err := os.ReadFile(filepath.Join(module, "go.mod")) //nolint:gosec // of this repository
	if err != nil {
		return "", err
	}
	goSum, err := os.ReadFile(filepath.Join(module, "go.sum")) //nolint:gosec // of this repository
	if err != nil {
		return "", err
	}
	version := openTofuVersion.FindSubmatch(goMod)
	if version == nil {
		return "", fmt.Errorf("%s requires no %s", module, openTofuModule)
	}
	hash := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s/%s %q", goMod, goSum, runtime.GOOS, runtime.GOARCH, openTofuBuild))
	return fmt.Sprintf("opentofu-%s-%x", version[1], hash[:4]), nil
}

// buildOnce returns the tofu in the directory of that name among caches. If it is not there, build builds
// it into a directory. Nobody sees one that is half written, and of several processes one builds and
// the others wait.
func buildOnce(ctx context.Context, progress io.Writer, caches, name string, build func(dir string) error) (string, error) {
	dir := filepath.Join(caches, name)
	program := filepath.Join(dir, "tofu"+exe())
	if exists(dir) {
		return program, nil
	}
	fmt.Fprintln(progress, `Neither terraform nor tofu is on the PATH: building OpenTofu from Go modules, once for this user, into
`+dir+`. On two cores it takes about 5 minutes. To skip that, install one of the
two, version 1.11 or later:
  Terraform  https://developer.hashicorp.com/terraform/install
  OpenTofu   https://opentofu.org/docs/intro/install/
or name one: make TF_CLI=/path/to/it ...`)
	err := SignsOfLife(progress, "building OpenTofu", func() error { return buildLocked(ctx, dir, build) })
	if err != nil {
		return "", fmt.Errorf("build OpenTofu: %w", err)
	}
	return program, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// buildLocked builds into a directory while no other process does, unless one has.
func buildLocked(ctx context.Context, dir string, build func(dir string) error) (err error) {
	caches := filepath.Dir(dir)
	if err := os.MkdirAll(caches, 0o700); err != nil {
		return err
	}
	locked, err := os.OpenFile(filepath.Join(caches, "lock"), os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // in the user's cache
	if err != nil {
		return err
	}
	if err := lock(ctx, locked); err != nil {
		return fmt.Errorf("lock %s: %w", locked.Name(), err) // it may still be waited for: not closed
	}
	defer locked.Close()
	if exists(dir) {
		return nil // by the process that had the lock
	}
	unfinished := filepath.Join(caches, "unfinished")
	// A process that was killed leaves it behind.
	if err := errors.Join(os.RemoveAll(unfinished), os.Mkdir(unfinished, 0o700)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(unfinished)) }()
	if err := build(unfinished); err != nil {
		return err
	}
	return os.Rename(unfinished, dir)
}

// signsEvery is the time between two signs of life.
const signsEvery = 20 * time.Second

// SignsOfLife does work that takes long, and tells progress that it goes on, three times a minute.
func SignsOfLife(progress io.Writer, what string, work func() error) error {
	ticker := time.NewTicker(signsEvery)
	defer ticker.Stop()
	return signsOfLife(progress, what, ticker.C, work)
}

func signsOfLife(progress io.Writer, what string, ticks <-chan time.Time, work func() error) error {
	began := time.Now()
	done := make(chan error, 1)
	go func() { done <- work() }()
	for {
		select {
		case err := <-done:
			return err
		case <-ticks:
			fmt.Fprintf(progress, "… still %s, after %s\n", what, time.Since(began).Round(time.Second))
		}
	}
}
