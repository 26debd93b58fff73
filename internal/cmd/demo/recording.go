// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"html"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// A recording is an SVG of what the demo printed, as a terminal shows it. Its colours follow the reader's
// light or dark mode, and its lines appear one by one where animations are wanted.
const (
	recordedSteps = 4 // the rest would make the picture too tall to take in
	lineHeight    = 19
	charWidth     = 7.8
	margin        = 16
	barHeight     = 30
)

const recordingStyle = `
  .screen { fill: #ffffff; stroke: #d0d7de }
  .bar { fill: #f6f8fa; stroke: #d0d7de }
  text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #57606a; white-space: pre }
  .title { fill: #1f2328; font-weight: 600 }
  .command { fill: #0969da }
  .result { fill: #1a7f37 }
  .warning { fill: #9a6700 }
  .error { fill: #cf222e; font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .screen { fill: #0d1117; stroke: #30363d }
    .bar { fill: #161b22; stroke: #30363d }
    text { fill: #9198a1 }
    .title { fill: #f0f6fc }
    .command { fill: #79c0ff }
    .result { fill: #7ee787 }
    .warning { fill: #e3b341 }
    .error { fill: #ff7b72 }
  }
  @keyframes appear { from { opacity: 0.6 } to { opacity: 1 } }
  @media (prefers-reduced-motion: no-preference) { .line { animation: appear 0.2s both } }
`

// record runs the demo and writes its recording.
func record(file string, run func(io.Writer) error, out io.Writer) error {
	var printed strings.Builder
	if err := run(io.MultiWriter(out, &printed)); err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(drawRecording(recordedLines(printed.String()))), 0o644); err != nil { //nolint:gosec // it is for everybody
		return fmt.Errorf("write the recording: %w", err)
	}
	return nil
}

// recordedLines are the first steps, and the line that sums all up.
func recordedLines(printed string) []string {
	lines := []string{"$ make demo", ""}
	_, steps, _ := strings.Cut(printed, "\n1. ")
	steps, _, _ = strings.Cut(steps, fmt.Sprintf("\n%d. ", recordedSteps+1))
	_, end, _ := strings.Cut(printed, "\nAll ")
	end, _, _ = strings.Cut(end, ":")
	lines = append(lines, strings.Split(strings.TrimSpace("1. "+steps), "\n")...)
	return append(lines, "", "…", "All "+end+".")
}

// drawRecording draws lines.
func drawRecording(lines []string) string {
	longest, at := 0, 0.3 // seconds
	var drawn strings.Builder
	for number, line := range lines {
		longest = max(longest, utf8.RuneCountInString(line))
		class, pause := classOf(line)
		at += pause
		if line != "" {
			fmt.Fprintf(&drawn, "  <text class=%q x=\"%d\" y=\"%d\" style=\"animation-delay: %.2fs\">%s</text>\n",
				strings.TrimSpace("line "+class), margin, barHeight+margin+lineHeight*number+10, at, html.EscapeString(line))
		}
	}
	width, height := int(float64(longest)*charWidth)+2*margin, barHeight+lineHeight*len(lines)+2*margin
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" role="img" aria-label="make demo in a terminal">
  <style>%[3]s  </style>
  <rect class="screen" x="0.5" y="0.5" width="%[4]d" height="%[5]d" rx="8"/>
  <path class="bar" d="M0.5 %[6]dV8.5a8 8 0 0 1 8-8H%[7]da8 8 0 0 1 8 8V%[6]dz"/>
  <circle cx="18" cy="15" r="5" fill="#ff5f57"/><circle cx="36" cy="15" r="5" fill="#febc2e"/><circle cx="54" cy="15" r="5" fill="#28c840"/>
%[8]s</svg>
`, width, height, recordingStyle, width-1, height-1, barHeight, width-9, drawn.String())
}

// classOf is how a line looks, and how many seconds after the one before it appears.
func classOf(line string) (class string, pause float64) {
	text := strings.TrimSpace(line)
	starts := func(beginnings ...string) bool {
		for _, beginning := range beginnings {
			if strings.HasPrefix(text, beginning) {
				return true
			}
		}
		return false
	}
	switch {
	case text == "":
		return "", 0
	case text == line && !starts("$", "…"):
		return "title", 0.5
	case starts("$"):
		return "command", 0.3
	case starts("Warning:"):
		return "warning", 0.2
	case starts("Error:"):
		return "error", 0.4
	case starts("Plan:", "Apply complete!", "No changes."):
		return "result", 0.3
	}
	return "", 0.05
}
