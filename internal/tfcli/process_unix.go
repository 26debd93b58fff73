// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package tfcli

import (
	"context"
	"os"
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

// lock waits until no other process has the file locked. The system unlocks it when it is closed, and
// when its process dies.
func lock(ctx context.Context, file *os.File) error {
	locked := make(chan error, 1)
	go func() { locked <- syscall.Flock(int(file.Fd()), syscall.LOCK_EX) }()
	select {
	case err := <-locked:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
