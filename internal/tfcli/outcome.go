// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package tfcli

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Outcome is a plan, an apply or a query as its JSON output tells it.
type Outcome struct {
	Output
	// Actions are the planned ones by address: create, update, replace, delete, move; import where
	// it is no more than that.
	Actions map[string]string
	// Warnings are those of the provider: the CLI's own about how the tests use it are left out.
	Warnings []Diagnostic
	Errors   []Diagnostic
}

// Diagnostic is a warning or an error.
type Diagnostic struct {
	Severity string `json:"severity"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
	Address  string `json:"address"`
	// Snippet is nil where it points at no line of the configuration.
	Snippet *struct {
		Code string `json:"code"`
	} `json:"snippet"`
}

// message is a line of the JSON output.
type message struct {
	Type       string      `json:"type"`
	Diagnostic *Diagnostic `json:"diagnostic"`
	Change     *struct {
		Resource struct {
			Addr string `json:"addr"`
		} `json:"resource"`
		Action    string    `json:"action"`
		Importing *struct{} `json:"importing"`
	} `json:"change"`
}

// Parse reads the output of a command that ran with -json.
func (o Output) Parse() (Outcome, error) {
	result := Outcome{Output: o, Actions: map[string]string{}}
	for line := range strings.Lines(o.Stdout) {
		var m message
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			return Outcome{}, fmt.Errorf("not JSON: %s\n%s", line, o.Stderr)
		}
		switch {
		case m.Type == "planned_change" && m.Change.Action == "noop" && m.Change.Importing != nil:
			result.Actions[m.Change.Resource.Addr] = "import"
		case m.Type == "planned_change":
			result.Actions[m.Change.Resource.Addr] = m.Change.Action
		case m.Diagnostic == nil:
		case m.Diagnostic.Severity == "error":
			result.Errors = append(result.Errors, *m.Diagnostic)
		case !isOfTheCLI(m.Diagnostic.Summary):
			result.Warnings = append(result.Warnings, *m.Diagnostic)
		}
	}
	return result, nil
}

// isOfTheCLI reports whether the CLI itself warns, of how it is used here.
func isOfTheCLI(summary string) bool {
	return strings.Contains(summary, "development overrides") || summary == "Config generation is experimental"
}
