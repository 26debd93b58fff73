// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package tfcli

import (
	"os/exec"
	"syscall"
)

// startGroup puts a command into a process group of its own. Otherwise Ctrl-C
// reaches the CLI twice, from the terminal and from its caller, and at the second
// it gives up at once and leaves its provider running.
func startGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// endGroup ends what an interrupted command left running.
func endGroup(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // no such group: nothing is left
}
