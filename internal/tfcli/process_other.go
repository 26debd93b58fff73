// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

//go:build !unix

package tfcli

import (
	"context"
	"os"
	"os/exec"
)

// startGroup does nothing: there are no process groups here.
func startGroup(*exec.Cmd) {}

// endGroup does nothing: there are no process groups here.
func endGroup(*exec.Cmd) {}

// lock does nothing: two builds at a time do the same work twice.
func lock(context.Context, *os.File) error { return nil }
