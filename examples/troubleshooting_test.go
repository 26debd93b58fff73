// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package examples_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// summaryAt is which argument of a call is a diagnostic's summary.
var summaryAt = map[string]int{
	"AddError": 0, "AddWarning": 0, "AddAttributeError": 1, "AddAttributeWarning": 1,
	"NewErrorDiagnostic": 0, "NewWarningDiagnostic": 0, "NewAttributeErrorDiagnostic": 1, "NewAttributeWarningDiagnostic": 1,
}

// summaries are those of every diagnostic in the provider's code, with … for what they fill in.
func summaries(t *testing.T) []string {
	t.Helper()
	var found []string
	add := func(expression ast.Expr) {
		if text := summaryOf(expression); text != "" && !slices.Contains(found, text) {
			found = append(found, text)
		}
	}
	paths, err := filepath.Glob(filepath.Join(repository, "internal", "provider", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.CallExpr:
				if function, ok := node.Fun.(*ast.SelectorExpr); ok {
					if at, isDiagnostic := summaryAt[function.Sel.Name]; isDiagnostic && at < len(node.Args) {
						add(node.Args[at])
					}
				}
			case *ast.CompositeLit: // what to do about an error of the API: summary, detail and attribute
				if name, ok := node.Type.(*ast.Ident); ok && name.Name == "advice" && len(node.Elts) == 3 {
					add(node.Elts[0])
				}
			}
			return true
		})
	}
	return found
}

var filledIn = regexp.MustCompile(`%[sqdv]`)

// summaryOf is the text of a literal, a Sprintf or a sum that starts with one; empty for others.
func summaryOf(expression ast.Expr) string {
	switch expression := expression.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(expression.Value)
		return filledIn.ReplaceAllString(text, "…")
	case *ast.BinaryExpr:
		if start := summaryOf(expression.X); start != "" {
			return start + "…"
		}
	case *ast.CallExpr:
		if function, ok := expression.Fun.(*ast.SelectorExpr); ok && function.Sel.Name == "Sprintf" {
			return summaryOf(expression.Args[0])
		}
	}
	return ""
}

var title = regexp.MustCompile(`\*\*([^*]+)\*\*`)

func TestTroubleshootingHasEveryMessage(t *testing.T) {
	t.Parallel()
	var titles []string
	for _, found := range title.FindAllStringSubmatch(read(t, guide("troubleshooting.md")), -1) {
		titles = append(titles, found[1])
	}
	messages := summaries(t)
	if len(messages) < 40 {
		t.Fatalf("only %d messages were found in the code: %q", len(messages), messages)
	}
	fits := func(message, title string) bool {
		pattern := strings.ReplaceAll(regexp.QuoteMeta(message), "…", ".+")
		return regexp.MustCompile("^" + pattern + "$").MatchString(title)
	}
	for _, message := range messages {
		if !slices.ContainsFunc(titles, func(title string) bool { return fits(message, title) }) {
			t.Errorf("the guide lacks %q", message)
		}
	}
	for _, title := range titles {
		if !slices.ContainsFunc(messages, func(message string) bool { return fits(message, title) }) {
			t.Errorf("the guide has %q, which no code says", title)
		}
	}
}
