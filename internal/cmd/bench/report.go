// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"
)

// verdict is what a line of the report comes to.
type verdict string

const (
	reached verdict = "ok"
	missed  verdict = "MISSED"
	// shown is a figure that nothing is asked of.
	shown verdict = ""
)

// result is one line of the report.
type result struct {
	measure string
	reached string
	bound   string
	verdict verdict
	isCount bool   // the same on every machine, so that a miss is the provider's
	note    string // what a person needs to understand it; may be empty
}

// count judges a number that is the same on every machine.
func count(measure string, got, least, most int) result {
	bound := "at most " + grouped(most)
	if least == most {
		bound = "exactly " + grouped(most)
	}
	return result{
		measure: measure, reached: grouped(got), bound: bound,
		verdict: judge(got >= least && got <= most), isCount: true,
	}
}

// atMost judges a number that may be lower.
func atMost(measure string, got, most int) result { return count(measure, got, 0, most) }

// exactly judges a number that may not differ.
func exactly(measure string, got, want int) result { return count(measure, got, want, want) }

// holds judges a statement; otherwise is what was seen in its place.
func holds(measure string, isTrue bool, otherwise string) result {
	r := result{measure: measure, reached: "yes", bound: "yes", verdict: judge(isTrue), isCount: true}
	if !isTrue {
		r.reached, r.note = "no", otherwise
	}
	return r
}

// ratio judges what something takes beside what it is held against. It depends on the machine.
func ratio(measure, unit string, got, against, most float64) result {
	quotient := got / against
	return result{
		measure: measure,
		reached: fmt.Sprintf("%.2f × (%.2f and %.2f %s)", quotient, got, against, unit),
		bound:   fmt.Sprintf("at most %.2f ×", most),
		verdict: judge(quotient <= most),
	}
}

func withNote(r result, note string) result {
	r.note = note
	return r
}

// beside shows two figures that nothing is asked of.
func beside(measure, figures string) result {
	return result{measure: measure, reached: figures, verdict: shown}
}

func judge(ok bool) verdict {
	if ok {
		return reached
	}
	return missed
}

// point is one size of the curve.
type point struct {
	numbers         int
	requests        int
	provider, floor figures
}

// figures are what a command of the CLI took with one provider or the other: of several runs, the
// median of each.
type figures struct {
	time      time.Duration // on the clock
	processor time.Duration // of the CLI and its providers; less shaken by what else the machine does
	memory    int           // peak of the provider, in KiB; 0 where it cannot be had
}

func medians(runs []figures) figures {
	return figures{
		time:      median(runs, func(f figures) time.Duration { return f.time }),
		processor: median(runs, func(f figures) time.Duration { return f.processor }),
		memory:    median(runs, func(f figures) int { return f.memory }),
	}
}

// median is the run in the middle; of an even number, the mean of the two. There is at least one.
func median[T any, N ~int | ~int64](runs []T, figure func(T) N) N {
	sorted := make([]N, len(runs))
	for at, run := range runs {
		sorted[at] = figure(run)
	}
	slices.Sort(sorted)
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// missedOf is how many of the bounds were missed that hold on every machine, and how many of the
// others.
func missedOf(results []result) (counts, others int) {
	for _, r := range results {
		switch {
		case r.verdict != missed:
		case r.isCount:
			counts++
		default:
			others++
		}
	}
	return counts, others
}

// report prints everything. It returns an error if the provider missed a bound, whatever the machine.
func report(out io.Writer, results []result, curve []point, isQuick bool) error {
	fmt.Fprintln(out)
	writeResults(out, results)
	fmt.Fprintln(out, "\nThe curve of a refresh and a plan that changes nothing:")
	fmt.Fprintln(out)
	writeCurve(out, curve)
	fmt.Fprintln(out)
	counts, others := missedOf(results)
	switch {
	case isQuick:
		fmt.Fprintln(out, "These are small sizes, each run once: times and memory mean nothing.")
	case others > 0:
		fmt.Fprintf(out, "%d of the bounds on time and memory were missed. They depend on the machine and on what else it does: "+
			"see the load above, and run again when it is low.\n", others)
	}
	if counts > 0 {
		return fmt.Errorf("%d of the bounds on requests and numbers were missed", counts)
	}
	fmt.Fprintln(out, "All bounds on requests and numbers were reached.")
	return nil
}

func writeResults(out io.Writer, results []result) {
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "Measure\tReached\tMust be\t")
	for _, r := range results {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", r.measure, r.reached, r.bound, r.verdict)
	}
	_ = table.Flush()
	for _, r := range results {
		if r.note != "" {
			fmt.Fprintf(out, "\n%s: %s.\n", r.measure, r.note)
		}
	}
}

func writeCurve(out io.Writer, curve []point) {
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "Numbers\tRequests\tSeconds\tFloor's\tRatio\tCPU seconds\tFloor's\tRatio\tMiB\tFloor's\tRatio\t")
	for _, p := range curve {
		provider, floor := p.provider, p.floor
		fmt.Fprintf(table, "%s\t%d\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%s\t%s\t%s\t\n", grouped(p.numbers), p.requests,
			provider.time.Seconds(), floor.time.Seconds(), provider.time.Seconds()/floor.time.Seconds(),
			provider.processor.Seconds(), floor.processor.Seconds(), provider.processor.Seconds()/floor.processor.Seconds(),
			mebibytes(provider.memory), mebibytes(floor.memory), quotient(provider.memory, floor.memory))
	}
	_ = table.Flush()
}

// mebibytes writes KiB as MiB.
func mebibytes(kibibytes int) string {
	if kibibytes == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f", float64(kibibytes)/1024)
}

func quotient(a, b int) string {
	if a == 0 || b == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", float64(a)/float64(b))
}

// grouped writes 10000 as 10,000.
func grouped(number int) string {
	text := strconv.Itoa(number)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// numbered writes "1 run" and "5 runs".
func numbered(count int, thing string) string {
	if count != 1 {
		thing += "s"
	}
	return grouped(count) + " " + thing
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
}
