// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/bizapi/terraform-provider-bizapi/internal/tfcli"
)

// writeProfiles runs the provider's own benchmarks, which drive it by its protocol and without a CLI,
// and leaves their profiles, with the test program that the tool needs to read them, in a directory.
func writeProfiles(ctx context.Context, out io.Writer, directory string) error {
	source, err := tfcli.Root(ctx)
	if err != nil {
		return err
	}
	if directory, err = filepath.Abs(directory); err == nil {
		err = os.MkdirAll(directory, 0o750)
	}
	if err != nil {
		return fmt.Errorf("make the directory of the profiles: %w", err)
	}
	cpu, heap, program := filepath.Join(directory, "cpu.pprof"), filepath.Join(directory, "heap.pprof"), filepath.Join(directory, "provider.test")
	said, err := tfcli.Go(ctx, source, "test", "./internal/provider", "-run", "^$", "-bench", ".", "-benchmem",
		"-cpuprofile", cpu, "-memprofile", heap, "-o", program)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, said)
	for _, view := range [][]string{{"-top", "-cum", program, cpu}, {"-top", "-sample_index=alloc_space", program, heap}} {
		top, err := tfcli.Go(ctx, source, append([]string{"tool", "pprof", "-nodecount=30"}, view...)...)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\n%s\n", top)
	}
	fmt.Fprintf(out, "\nLook closer with: go tool pprof -http=localhost:0 %s %s\n", program, cpu)
	return nil
}
