// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// lookEvery is how often the memory of a CLI's providers is looked at. The system keeps the peak, so
// that nothing is missed but what happens in a provider's last moments.
const lookEvery = 50 * time.Millisecond

// watchMemory looks after the providers that a CLI starts until stop is called, which returns the
// most memory that any of them had resident, in KiB: 0 where the system does not say. What the system
// says of a child that has ended is of no use: it includes the parent's own peak when it forked.
func watchMemory(cli int, p program) (stop func() (peak int)) {
	var watching sync.WaitGroup
	ended := make(chan struct{})
	peak := 0
	watching.Go(func() {
		ticker := time.NewTicker(lookEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ended:
				return
			case <-ticker.C:
				peak = max(peak, peakOfChildren(cli, p))
			}
		}
	})
	return func() int {
		close(ended)
		watching.Wait()
		return peak
	}
}

// peakOfChildren is the highest peak of the processes that run a program for a CLI now.
func peakOfChildren(cli int, p program) int {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", cli)) // of each thread; the pattern is well formed
	peak := 0
	for _, list := range lists {
		children, err := os.ReadFile(list) //nolint:gosec // of a process that the benchmark started
		if err != nil {
			continue // the thread has ended
		}
		for _, child := range strings.Fields(string(children)) {
			// A child that runs the CLI's own program is about to become the provider.
			if running, err := os.Readlink("/proc/" + child + "/exe"); err == nil && filepath.Base(running) == filepath.Base(p.path) {
				peak = max(peak, peakOf("/proc/"+child+"/status"))
			}
		}
	}
	return peak
}

// peakOf reads a peak from a process's status, in KiB; 0 where the process has ended.
func peakOf(status string) int {
	text, err := os.ReadFile(status) //nolint:gosec // of a process that the benchmark started
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line) // VmHWM: 12345 kB
		if len(fields) == 3 && fields[0] == "VmHWM:" {
			kibibytes, _ := strconv.Atoi(fields[1])
			return kibibytes
		}
	}
	return 0
}
