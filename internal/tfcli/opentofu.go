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
	return buildOnce(ctx, progress, filepath.Join(caches, "terraform-provider-bizapi"), name, func(program string) error {
		_, err := Go(ctx, root, "build", "-trimpath", "-modfile", filepath.Join(module, "go.mod"), "-o", program, openTofuModule+"/cmd/tofu")
		return err
	})
}

var openTofuVersion = regexp.MustCompile(regexp.QuoteMeta(openTofuModule) + ` v(\S+)`)

// openTofuName is the file name of what the module at a directory builds: another one for whatever
// makes it another program.
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
	hash := sha256.Sum256(slices.Concat(goMod, goSum, []byte(runtime.GOOS+"/"+runtime.GOARCH)))
	return fmt.Sprintf("tofu-%s-%x%s", version[1], hash[:4], exe()), nil
}

// buildOnce returns the program of that name in a directory, which build writes if it is not there.
// Nobody sees one that is half written, and of several processes one builds and the others wait.
func buildOnce(ctx context.Context, progress io.Writer, dir, name string, build func(program string) error) (string, error) {
	program := filepath.Join(dir, name)
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	fmt.Fprintln(progress, `There is no terraform and no tofu on the PATH: building OpenTofu from Go modules into
`+dir+`, once for this user. It takes 5 to 15 minutes. To save them, install one, 1.11 or newer:
  Terraform  https://developer.hashicorp.com/terraform/install
  OpenTofu   https://opentofu.org/docs/intro/install/
or name a program: make TF_CLI=/path/to/it ...`)
	err := SignsOfLife(progress, "building OpenTofu", func() error {
		return buildLocked(ctx, program, build)
	})
	if err != nil {
		return "", fmt.Errorf("build OpenTofu: %w", err)
	}
	return program, nil
}

// buildLocked builds a program while no other process does, unless one has.
func buildLocked(ctx context.Context, program string, build func(program string) error) (err error) {
	dir := filepath.Dir(program)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	locked, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // in the user's cache
	if err != nil {
		return err
	}
	defer locked.Close()
	if err := lock(ctx, locked); err != nil {
		return fmt.Errorf("lock %s: %w", locked.Name(), err)
	}
	if _, err := os.Stat(program); err == nil {
		return nil // by the process that had the lock
	}
	// Of a process that was killed, the same directory is left.
	unfinished := filepath.Join(dir, ".unfinished")
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(unfinished)) }()
	built := filepath.Join(unfinished, filepath.Base(program))
	if err := build(built); err != nil {
		return err
	}
	return os.Rename(built, program)
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
