// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

//go:build !unix

package tfcli

import "os/exec"

// startGroup does nothing: there are no process groups here.
func startGroup(*exec.Cmd) {}

// endGroup does nothing: there are no process groups here.
func endGroup(*exec.Cmd) {}
