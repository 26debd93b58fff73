// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

// Command demo runs the provider's main job on a sandbox of the API and checks
// every step of it: it builds the provider, drives a real Terraform or OpenTofu
// CLI through examples/quickstart in a temporary directory, and compares what the
// CLI says with what reached the API. `make demo` runs it.
//
// It needs Go alone: tfcli.Find finds a CLI, or builds one. It exits with a non-zero status if a step
// fails, and leaves nothing behind either way. With -svg it writes a recording, and with
// -figures it measures what README.md compares.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/tfcli"
)

// timeLimit is for a machine that builds OpenTofu and the provider from nothing;
// once built, the demo takes seconds.
const timeLimit = time.Hour

func main() {
	svg := flag.String("svg", "", "also write a recording of the demo to this `file`")
	wantsFigures := flag.Bool("figures", false, "instead of the demo, measure the figures that README.md compares")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	var err error
	switch {
	case *wantsFigures:
		err = figures(ctx, os.Stdout)
	case *svg != "":
		err = record(*svg, func(out io.Writer) error { return run(ctx, out) }, os.Stdout)
	default:
		err = run(ctx, os.Stdout)
	}
	cancel()
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "\ndemo: %v\n", err)
		os.Exit(1)
	}
}

// run does the demo and sums it up.
func run(ctx context.Context, out io.Writer) error {
	done, err := withWorkspace(ctx, out, func(d *demo) (outcome, error) {
		d.introduce()
		return d.runSteps(ctx)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nAll %d steps passed in %.1f s: %s.\n", len(steps()), done.took.Seconds(), done.asked)
	fmt.Fprintln(out, "No command printed a token or the API key, and no state contains one. The sandbox and the copy are removed.")
	return nil
}

// outcome is what all steps together took.
type outcome struct {
	asked requestCounts
	took  time.Duration
}

// withWorkspace runs a function on a sandbox and a workspace, and cleans up after it, whatever happened.
func withWorkspace(ctx context.Context, out io.Writer, run func(*demo) (outcome, error)) (done outcome, err error) {
	found, err := tfcli.Find(ctx, out)
	if err != nil {
		return outcome{}, err
	}
	api, err := startAPI(ctx)
	if err != nil {
		return outcome{}, err
	}
	defer func() { err = errors.Join(err, api.close()) }()
	work, err := newWorkspace(ctx, out, found, api)
	if err != nil {
		return outcome{}, err
	}
	defer func() { err = errors.Join(err, work.remove()) }()

	return run(&demo{out: out, api: api, work: work})
}

// demo is what the steps work on.
type demo struct {
	out  io.Writer
	api  *api
	work *workspace
}

func (d *demo) introduce() {
	fmt.Fprintf(d.out, "%s runs the provider, built from this clone, in a copy of examples/quickstart.\n", d.work.CLI.Name)
	fmt.Fprintf(d.out, "A sandbox at %s stands in for the API, and for Meta, which checks the tokens.\n", d.api.url)
}

// runSteps ends at the first step that fails.
func (d *demo) runSteps(ctx context.Context) (outcome, error) {
	started := time.Now()
	total := requestCounts{}
	for i, s := range steps() {
		fmt.Fprintf(d.out, "\n%d. %s\n", i+1, s.title)
		d.api.forgetRequests()
		if err := s.run(ctx, d); err != nil {
			return outcome{}, fmt.Errorf("step %d (%s): %w", i+1, s.title, err)
		}
		asked := d.api.requests()
		d.say("requests to the API: %s", asked)
		total = total.plus(asked)
	}
	return outcome{asked: total, took: time.Since(started)}, nil
}

// say prints one line of the step that is running.
func (d *demo) say(format string, args ...any) {
	fmt.Fprintf(d.out, "   "+format+"\n", args...)
}
