// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package examples_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// configuration is HCL to be validated, with what it leaves out.
type configuration struct {
	block
	files map[string]string
}

// header is the first line of a top-level block; examples are formatted, so it starts the line.
var header = regexp.MustCompile(`(?m)^(\w+)((?: "[^"]*")*) \{`)

// blocksOfType are the labels of a configuration's top-level blocks of a type.
func (b block) blocksOfType(name string) []string {
	var labels []string
	for _, found := range header.FindAllStringSubmatch(b.text, -1) {
		if found[1] == name {
			labels = append(labels, strings.TrimSpace(found[2]))
		}
	}
	return labels
}

func (b block) hasBlock(name string) bool { return len(b.blocksOfType(name)) > 0 }

// isTest tells a file of `terraform test`.
func (b block) isTest() bool { return b.hasBlock("run") || b.hasBlock("mock_provider") }

// isRoot tells what only a root module may have.
func (b block) isRoot() bool { return b.hasBlock("import") || b.hasBlock("list") }

var (
	variableUse   = regexp.MustCompile(`\bvar\.(\w+)`)
	numberUse     = regexp.MustCompile(`(?:^|[^.\w])bizapi_phone_number\.(\w+)`)
	agentUse      = regexp.MustCompile(`(?:^|[^.\w])bizapi_agent\.(\w+)`)
	removedBlock  = regexp.MustCompile(`(?ms)^removed \{.*?^\}`)
	providedBlock = regexp.MustCompile(`(?ms)^import \{[^}]*^  provider .*?^\}`)
)

const requiredProviders = `terraform {
  required_providers {
    bizapi = {
      source = "bizapi/bizapi"
    }
  }
}
`

// complete wraps a fragment in what it needs: the provider, and the variables and numbers that it
// refers to and does not declare. The rest of what it needs it has to have itself.
func complete(b block) configuration {
	var context strings.Builder
	if !strings.Contains(b.text, "required_providers") {
		context.WriteString(requiredProviders)
	}
	declared := func(kind, labels string) bool { return slices.Contains(b.blocksOfType(kind), labels) }
	uses := map[string]bool{}
	each := func(pattern *regexp.Regexp, text, kind, labels, body string) {
		for _, found := range pattern.FindAllStringSubmatch(text, -1) {
			label := fmt.Sprintf(labels, found[1])
			if !declared(kind, label) && !uses[label] {
				uses[label] = true
				fmt.Fprintf(&context, "\n%s %s {%s}\n", kind, label, body)
			}
		}
	}
	each(variableUse, b.text, "variable", "%q", "")
	// What a removed block names must not be there, nor what an import block with a provider has the
	// CLI write.
	text := providedBlock.ReplaceAllString(removedBlock.ReplaceAllString(b.text, ""), "")
	each(numberUse, text, "resource", `"bizapi_phone_number" %q`, "\n  platform             = \"webchat\"\n  meta_phone_number_id = \"support.example.com\"\n")
	each(agentUse, text, "resource", `"bizapi_agent" %q`, "\n  phone_number_id = \"pn_abc123\"\n  name            = \"Support\"\n  prompt_id       = \"pmpt_abc123\"\n")
	name := "snippet.tf"
	if b.hasBlock("list") {
		name = "snippet.tfquery.hcl"
	}
	return configuration{b, map[string]string{name: b.text, "context.tf": context.String()}}
}

// writeTo writes the configuration, with the module that it may use.
func (c configuration) writeTo(t *testing.T, dir string) {
	t.Helper()
	for name, text := range c.files {
		write(t, filepath.Join(dir, name), text)
	}
	if strings.Contains(c.text, "./modules/fleet") {
		copyDir(t, "fleet", filepath.Join(dir, "modules", "fleet"))
	}
}

// configurations are every block of HCL in the documents, every example of a single file, and every
// example of a directory. Those of `terraform test` are run elsewhere.
func configurations(t *testing.T) []configuration {
	t.Helper()
	var all []configuration
	seen := map[string]bool{}
	add := func(b block) {
		// tfplugindocs drops an example's last line end.
		key := strings.TrimSpace(b.text)
		if !seen[key] && !b.isTest() {
			seen[key] = true
			all = append(all, complete(b))
		}
	}
	for _, dir := range []string{"provider", "resources", "data-sources", "list-resources"} {
		for _, path := range filesUnder(t, dir, ".tf", ".hcl") {
			add(block{place: "examples/" + filepath.ToSlash(path), text: read(t, path)})
		}
	}
	for _, b := range blocks(t, "hcl", "terraform", "tf") {
		add(b)
	}
	for _, dir := range []string{"quickstart", "fleet"} {
		whole := configuration{block: block{place: "examples/" + dir}, files: map[string]string{}}
		for _, path := range filesUnder(t, dir, ".tf") {
			whole.files[filepath.Base(path)] = read(t, path)
			whole.text += read(t, path)
		}
		all = append(all, whole)
	}
	return all
}

var notInSlug = regexp.MustCompile(`[^a-z0-9]+`)

func (c configuration) slug() string {
	return strings.Trim(notInSlug.ReplaceAllString(strings.ToLower(c.place), "_"), "_")
}

// validate reports what the CLI finds wrong, with the place that it stands at.
func validate(t *testing.T, dir string, args ...string) {
	t.Helper()
	w := newWorkspace(t, dir, installed(t).overrides)
	terraform(t, w, "get")
	done, err := w.Run(t.Context(), append([]string{"validate", "-json"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	var found struct {
		Valid       bool `json:"valid"`
		Diagnostics []struct {
			Severity, Summary, Detail string
			Range                     struct {
				Filename string
				Start    struct{ Line int }
			}
		} `json:"diagnostics"`
	}
	if err := json.Unmarshal([]byte(done.Stdout), &found); err != nil {
		t.Fatalf("%v: %s%s", err, done.Stdout, done.Stderr)
	}
	for _, d := range found.Diagnostics {
		if d.Severity == "error" {
			t.Errorf("%s line %d: %s: %s", d.Range.Filename, d.Range.Start.Line, d.Summary, d.Detail)
		}
	}
}

func TestHCLIsValid(t *testing.T) {
	t.Parallel()
	// All that may be a child module takes one run of the CLI, as modules of one configuration.
	dir := t.TempDir()
	var root strings.Builder
	// Values of variables are unknown while validating.
	root.WriteString("variable \"any\" {}\n")
	for _, c := range configurations(t) {
		if c.isRoot() {
			continue
		}
		c.writeTo(t, filepath.Join(dir, c.slug()))
		fmt.Fprintf(&root, "module %q {\n  source = %q\n", c.slug(), "./"+c.slug())
		for _, text := range c.files {
			for _, label := range (block{text: text}).blocksOfType("variable") {
				fmt.Fprintf(&root, "  %s = var.any\n", strings.Trim(label, `"`))
			}
		}
		root.WriteString("}\n")
	}
	write(t, filepath.Join(dir, "main.tf"), root.String())
	validate(t, dir)
}

func TestHCLOfRootModulesIsValid(t *testing.T) {
	for _, c := range configurations(t) {
		if !c.isRoot() {
			continue
		}
		t.Run(c.slug(), func(t *testing.T) {
			t.Parallel()
			var args []string
			switch {
			case c.hasBlock("list"):
				needs(t, 14, 0)
				args = []string{"-query"}
			case strings.Contains(c.text, "identity = {"):
				needs(t, 12, 12)
			}
			dir := t.TempDir()
			c.writeTo(t, dir)
			validate(t, dir, args...)
		})
	}
}

func TestHCLIsFormatted(t *testing.T) {
	t.Parallel()
	terraform(t, newWorkspace(t, ".", installed(t).overrides), "fmt", "-check", "-diff", "-recursive", ".")
	dir := t.TempDir()
	for _, b := range blocks(t, "hcl", "terraform", "tf") {
		// The CLI formats these files alike.
		write(t, filepath.Join(dir, configuration{block: b}.slug()+".tf"), b.text)
	}
	terraform(t, newWorkspace(t, dir, installed(t).overrides), "fmt", "-check", "-diff", "-recursive", ".")
}

func TestFleet(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "fleet")
	copyDir(t, "fleet", dir)
	w := newWorkspace(t, dir, installed(t).mirror)
	terraform(t, w, "init")
	terraform(t, w, "test")
}

func TestTestsInDocumentsAreTheFleets(t *testing.T) {
	t.Parallel()
	var tests []string
	for _, path := range filesUnder(t, "fleet", ".tftest.hcl") {
		tests = append(tests, strings.TrimSpace(read(t, path)))
	}
	for _, b := range blocks(t, "hcl", "terraform", "tf") {
		if b.isTest() && !slices.Contains(tests, strings.TrimSpace(b.text)) {
			t.Errorf("%s is a test that nothing runs: include a file of examples/fleet/tests", b.place)
		}
	}
}
