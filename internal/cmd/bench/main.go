// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

// Command bench measures the provider: the requests, time and memory that plans
// and applies of many numbers take, with a real Terraform or OpenTofu CLI on a
// sandbox of the API, beside a provider that does nothing (command floor).
// `make bench` runs it.
//
// It needs Go alone: tfcli.Find finds a CLI, or builds one. It ends with a non-zero status if a bound on requests or
// numbers is missed. A bound on time or memory that is missed is said so, and no
// more: it depends on the machine and on what else that does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"github.com/bizapi/terraform-provider-bizapi/internal/tfcli"
)

func main() {
	quick := flag.Bool("quick", false, "small sizes, for a look at whether everything works: the times mean nothing")
	profile := flag.String("profile", "", "write profiles of the provider, refreshing and planning, into this `directory` and measure nothing else")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, *quick, *profile)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, quick bool, profile string) error {
	switch {
	case profile != "":
		return writeProfiles(ctx, out, profile)
	case quick:
		return measure(ctx, out, quickSizes())
	default:
		return measure(ctx, out, fullSizes())
	}
}

// measure takes all measures, prints the report and cleans up, whatever happened.
func measure(ctx context.Context, out io.Writer, sizes sizes) (err error) {
	found, err := tfcli.Find(ctx, out)
	if err != nil {
		return err
	}
	api, err := startAPI(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, api.close()) }()
	b := &bench{api: api, cli: &cli{CLI: found, baseURL: api.url}, sizes: sizes, progress: func(format string, args ...any) {
		fmt.Fprintf(out, "… "+format+"\n", args...)
	}}
	b.progress("building the provider and the floor")
	if b.work, err = newWorkspace(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.work.remove()) }()
	before := load()
	for _, measure := range b.measures() {
		if err := measure(ctx); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "\n%s on %s/%s with %d CPUs. Load%s before, with the benchmark's own%s after.\n",
		found.Name, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), before, load())
	return report(out, b.results, b.curve, sizes.areQuick)
}

// load is how many processes the system wanted to run over the last minute, and 5 and 15.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return " not known"
	}
	return " " + strings.Join(strings.Fields(string(text))[:3], " ")
}
