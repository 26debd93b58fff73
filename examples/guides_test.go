// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package examples_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// isShell reports lines that the shell cannot read.
func isShell(t *testing.T, place, text string) {
	t.Helper()
	if output, err := run(t, ".", os.Environ(), "bash", "-n", "-c", text); err != nil {
		t.Errorf("%s: %v: %s", place, err, output)
	}
}

func TestShellLinesCanBeRead(t *testing.T) {
	t.Parallel()
	for _, b := range blocks(t, "shell", "sh", "bash") {
		isShell(t, b.place, b.text)
	}
	for _, path := range filesUnder(t, "resources", ".sh") {
		isShell(t, path, read(t, path))
	}
}

// walk goes through sections of a guide as a reader does: it writes the files that blocks of HCL
// name in their first line, and runs the blocks of shell between them.
type walk struct {
	guide    string
	sections []string
	// first runs before the first block of shell.
	first string
	// terraformMinor is the version that the sections need, 0 for any CLI.
	terraformMinor int
	// prints are parts of what comes out.
	prints []string
	// adds and deletes are how many of them the API gets.
	adds, deletes int
}

var walks = []walk{
	{guide: "importing.md", sections: []string{"One number"}, prints: []string{"1 imported, 0 added, 0 changed, 0 destroyed", "Import successful"}},
	{guide: "importing.md", sections: []string{"One number with its resource written for you"}, prints: []string{"1 imported, 0 added, 0 changed, 0 destroyed"}},
	{guide: "importing.md", sections: []string{"A whole account with terraform query"}, terraformMinor: 14,
		prints: []string{"Support chat (webchat support.example.com)", "Support (", "4 imported, 0 added, 0 changed, 0 destroyed"}},
	{guide: "importing.md", sections: []string{"A whole account as a map"}, prints: []string{"4 imported, 0 added, 0 changed, 0 destroyed"}},
	{guide: "rotating-tokens.md", sections: []string{"Use the write-only attribute", "Rotate", "An imported number"}, first: "terraform apply -auto-approve",
		prints: []string{"New token of number", "2 to add, 0 to change, 2 to destroy", "will be replaced"}, adds: 2, deletes: 1},
	{guide: "pipelines.md.tmpl", sections: []string{"Exit codes", "Drift"}, prints: []string{"exit code 2", "\ntrue\n"}, adds: 1},
	{guide: "live-numbers.md", sections: []string{"Two locks", "See what a plan replaces", "Stop managing a number without deleting it"},
		prints: []string{"is protected from deletion", "refused", "delete then create\treplace_because_cannot_update",
			"bizapi_phone_number.sales: access_token_wo_version", "will be replaced"}, adds: 2, deletes: 1},
}

// firstLine is how a block of HCL names its file.
var firstLine = regexp.MustCompile(`^# ([\w./-]+\.(?:tf|hcl))\n`)

// script is what a reader types, for bash.
func (w walk) script(t *testing.T, files string) string {
	t.Helper()
	var script strings.Builder
	fmt.Fprintf(&script, "set -euo pipefail\nterraform init\n")
	hasShell := false
	for number, b := range blocksOf(t, guide(w.guide)) {
		if !slices.Contains(w.sections, b.section) {
			continue
		}
		name := firstLine.FindStringSubmatch(b.text)
		switch {
		case name != nil:
			file := filepath.Join(files, fmt.Sprint(number))
			write(t, file, b.text)
			fmt.Fprintf(&script, "mkdir -p %q && cp %q %q\n", filepath.Dir(name[1]), file, name[1])
		case b.language == "shell":
			if !hasShell {
				fmt.Fprintln(&script, w.first)
			}
			hasShell = true
			fmt.Fprintf(&script, ": %s\n%s", b.place, b.text)
		}
	}
	if !hasShell {
		t.Errorf("%s has no shell in %q", w.guide, w.sections)
	}
	return script.String()
}

func TestGuidesDoWhatTheySay(t *testing.T) {
	for _, w := range walks {
		t.Run(w.guide+" "+w.sections[0], func(t *testing.T) {
			t.Parallel()
			if w.terraformMinor > 0 {
				needs(t, w.terraformMinor, 0)
			}
			dir := t.TempDir()
			server, env := account(t, w, dir)
			write(t, filepath.Join(dir, "provider.tf"), requiredProviders)
			output, err := run(t, dir, env, "bash", "-x", "-c", w.script(t, t.TempDir()))
			if err != nil {
				t.Fatalf("%v: %s", err, output)
			}
			for _, part := range w.prints {
				if !strings.Contains(output, part) {
					t.Errorf("%q is not in: %s", part, output)
				}
			}
			if adds, deletes := server.Count(sandbox.OpAdd), server.Count(sandbox.OpDelete); adds != w.adds || deletes != w.deletes {
				t.Errorf("%d adds and %d deletes, not %d and %d: %s", adds, deletes, w.adds, w.deletes, output)
			}
		})
	}
}

// account is a sandbox, and the environment that points at it. It holds the guides' numbers where a
// guide imports, and none where it adds.
func account(t *testing.T, w walk, dir string) (*sandbox.Server, []string) {
	t.Helper()
	const key = "sk_test_not_a_real_key"
	server := sandbox.New(sandbox.Options{APIKey: key, Users: []string{"usr_abc123"}})
	if w.guide == "importing.md" {
		for id, name := range map[string]string{
			"whatsapp/836990829491415": "+1 (234) 567-8900", "instagram/17841234567890123": "", "webchat/support.example.com": "Support chat",
		} {
			platform, metaID, _ := strings.Cut(id, "/")
			number := sandbox.Number{Platform: platform, MetaPhoneNumberID: metaID, AccessToken: "EAAnobodyKnows"}
			if name != "" {
				number.DisplayName = &name
			}
			added := server.Add("usr_abc123", number)
			if platform == "webchat" {
				server.AddAgent("usr_abc123", sandbox.Agent{PhoneNumberID: added.ID, Name: "Support", PromptID: "pmpt_abc123"})
			}
		}
	}
	meta := sandbox.NewMeta(sandbox.MetaOptions{})
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/graph/") {
			meta.ServeHTTP(w, r)
			return
		}
		server.ServeHTTP(w, r)
	}))
	t.Cleanup(listener.Close)
	work := newWorkspace(t, dir, installed(t).mirror)
	for name, value := range map[string]string{
		"BIZAPI_BASE_URL": listener.URL + "/v1", "BIZAPI_API_KEY": key, "BIZAPI_USER_ID": "usr_abc123",
		"BIZAPI_VERIFY_ACCESS_TOKENS": "true", "BIZAPI_META_GRAPH_URL": listener.URL + "/graph/v24.0",
		"TF_VAR_whatsapp_access_token": "EAAfakeTokenNumberOne",
	} {
		work.Setenv(name, value)
	}
	return server, work.Environ()
}

var (
	link       = regexp.MustCompile(`\]\(([^):]*)\)`) // no address of the web
	notInTitle = regexp.MustCompile(`[^\w\- ]`)
)

// anchorOf is what GitHub and the registry make of a heading.
func anchorOf(title string) string {
	return strings.ReplaceAll(notInTitle.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), ""), " ", "-")
}

// GitHub follows links to files alone; the registry takes the ending off.
func TestLinksOfPagesLead(t *testing.T) {
	t.Parallel()
	pages := filesUnder(t, filepath.Join(repository, "docs"), ".md")
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"} {
		pages = append(pages, filepath.Join(repository, name))
	}
	anchors := map[string]bool{} // by path and heading
	for _, path := range pages {
		for line := range strings.Lines(read(t, path)) {
			if title, isTitle := strings.CutPrefix(line, "## "); isTitle {
				anchors[path+"#"+anchorOf(title)] = true
			}
		}
	}
	for _, path := range pages {
		for _, found := range link.FindAllStringSubmatch(read(t, path), -1) {
			file, anchor, hasAnchor := strings.Cut(found[1], "#")
			target := path
			if file != "" {
				target = filepath.Join(filepath.Dir(path), file)
			}
			_, err := os.Stat(target)
			isGenerated := strings.HasPrefix(anchor, "nested") // an anchor of HTML
			if err != nil || hasAnchor && !isGenerated && !anchors[target+"#"+anchor] {
				t.Errorf("%s: nothing is at %s", path, found[1])
			}
		}
	}
}
