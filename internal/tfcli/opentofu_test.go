// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package tfcli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writing is a build that writes a program.
func writing(text string) func(string) error {
	return func(dir string) error { return os.WriteFile(filepath.Join(dir, "tofu"), []byte(text), 0o700) }
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return strings.Join(names, " ")
}

func TestOpenTofuIsBuiltOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	var progress strings.Builder
	for range 2 {
		program, err := buildOnce(t.Context(), &progress, dir, "opentofu-1", writing("first"))
		if err != nil || program != filepath.Join(dir, "opentofu-1", "tofu") {
			t.Fatalf("%q: %v", program, err)
		}
	}
	for _, want := range []string{"Terraform  https://", "OpenTofu   https://", "TF_CLI=", "minutes", dir} {
		if strings.Count(progress.String(), want) != 1 {
			t.Errorf("%q is not said once: %s", want, &progress)
		}
	}
	if got := names(t, dir); got != "lock opentofu-1" {
		t.Errorf("the cache holds %s", got)
	}
}

func TestOpenTofuOfAnotherVersionIsBuiltAnew(t *testing.T) {
	module := t.TempDir()
	name := func(goMod, goSum string) string {
		t.Helper()
		err := errors.Join(
			os.WriteFile(filepath.Join(module, "go.mod"), []byte(goMod), 0o600),
			os.WriteFile(filepath.Join(module, "go.sum"), []byte(goSum), 0o600))
		if err != nil {
			t.Fatal(err)
		}
		name, err := openTofuName(module)
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	first := name("require github.com/opentofu/opentofu v1.12.6 // indirect\n", "a")
	if !strings.HasPrefix(first, "opentofu-1.12.6-") || first != name("require github.com/opentofu/opentofu v1.12.6 // indirect\n", "a") {
		t.Errorf("the name is %s", first)
	}
	if first == name("require github.com/opentofu/opentofu v1.12.7 // indirect\n", "a") || first == name("require github.com/opentofu/opentofu v1.12.6 // indirect\n", "b") {
		t.Error("another module has the same name")
	}
}

func TestInterruptedBuildOfOpenTofuLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	interrupted := errors.New("interrupted")
	_, err := buildOnce(t.Context(), io.Discard, dir, "opentofu-1", func(dir string) error {
		return errors.Join(writing("half")(dir), interrupted)
	})
	if !errors.Is(err, interrupted) {
		t.Errorf("got %v", err)
	}
	if got := names(t, dir); got != "lock" {
		t.Errorf("the cache holds %s", got)
	}
	// A process that was killed could clean nothing up.
	unfinished := filepath.Join(dir, "unfinished")
	if err := errors.Join(os.Mkdir(unfinished, 0o700), writing("half")(unfinished)); err != nil {
		t.Fatal(err)
	}
	program, err := buildOnce(t.Context(), io.Discard, dir, "opentofu-1", func(dir string) error {
		if exists(filepath.Join(dir, "tofu")) {
			t.Error("what the killed process left is built upon")
		}
		return writing("whole")(dir)
	})
	if text, _ := os.ReadFile(program); string(text) != "whole" || err != nil {
		t.Errorf("%q: %v", text, err)
	}
	if got := names(t, dir); got != "lock opentofu-1" {
		t.Errorf("the cache holds %s", got)
	}
}

// lockedBy is a cache that another process is building in; it ends that.
func lockedBy(t *testing.T) (dir string, end func() error) {
	t.Helper()
	dir = t.TempDir()
	other, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	if err := lock(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	return dir, other.Close
}

func TestOpenTofuIsNotBuiltWhileAnotherProcessDoes(t *testing.T) {
	dir, _ := lockedBy(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := buildOnce(ctx, io.Discard, dir, "opentofu-1", func(string) error {
		t.Error("it is built twice at a time")
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestOpenTofuOfAnotherProcessIsTaken(t *testing.T) {
	dir, end := lockedBy(t)
	waiting, write := io.Pipe()
	ended := make(chan error)
	go func() {
		_, err := buildOnce(t.Context(), write, dir, "opentofu-1", func(string) error { return errors.New("it is built again") })
		ended <- err
	}()
	if _, err := waiting.Read(make([]byte, 1000)); err != nil { // that it waits or builds
		t.Fatal(err)
	}
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "opentofu-1"), 0o700), end()); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestSignsOfLife(t *testing.T) {
	ticks := make(chan time.Time)
	read, write := io.Pipe()
	failure := errors.New("it failed")
	ended := make(chan error, 1)
	go func() {
		ended <- signsOfLife(write, "building", ticks, func() error {
			for range 2 {
				ticks <- time.Now()
				line := make([]byte, 100)
				n, err := read.Read(line)
				if err != nil || !bytes.HasPrefix(line[:n], []byte("… still building, after ")) {
					t.Errorf("the sign is %q: %v", line[:n], err)
				}
			}
			return failure
		})
	}()
	if err := <-ended; !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
	if signsEvery > 30*time.Second {
		t.Errorf("a sign each %s: nobody waits that long", signsEvery)
	}
}
