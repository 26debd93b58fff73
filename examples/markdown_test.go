// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package examples_test

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// block is a fenced block of a Markdown file, or a whole file of an example.
type block struct {
	place    string // such as "README.md line 12"
	section  string // the nearest heading
	language string
	text     string
}

// filesUnder are the files with one of the endings, less what Terraform leaves.
func filesUnder(t *testing.T, dir string, endings ...string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == ".terraform":
			return fs.SkipDir
		case !entry.IsDir() && slices.ContainsFunc(endings, func(ending string) bool { return strings.HasSuffix(path, ending) }) &&
			entry.Name() != ".terraform.lock.hcl":
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// documents are the Markdown files that people copy from. docs/ is made of the templates and the
// schema; what it adds is checked too.
func documents(t *testing.T) []string {
	t.Helper()
	found := []string{filepath.Join(repository, "README.md"), filepath.Join(repository, "CONTRIBUTING.md")}
	for _, dir := range []string{"templates", "docs", "examples"} {
		found = append(found, filesUnder(t, filepath.Join(repository, dir), ".md", ".md.tmpl")...)
	}
	return found
}

func guide(name string) string { return filepath.Join(repository, "templates", "guides", name) }

// blocksOf are the fenced blocks of a Markdown file, in its order. A block in a list is indented.
func blocksOf(t *testing.T, path string) []block {
	t.Helper()
	var blocks []block
	var open *block
	var indent, section string
	for number, line := range strings.Split(read(t, path), "\n") {
		trimmed := strings.TrimLeft(line, " ")
		isFence := strings.HasPrefix(trimmed, "```")
		switch {
		case open != nil && isFence:
			blocks, open = append(blocks, *open), nil
		case open != nil:
			open.text += strings.TrimPrefix(line, indent) + "\n"
		case isFence:
			indent = line[:len(line)-len(trimmed)]
			open = &block{
				place:    fmt.Sprintf("%s line %d", strings.TrimPrefix(filepath.ToSlash(path), "../"), number+1),
				section:  section,
				language: strings.TrimPrefix(trimmed, "```"),
			}
		case strings.HasPrefix(line, "#"):
			section = strings.TrimLeft(line, "# ")
		}
	}
	if open != nil {
		t.Errorf("%s: the block does not end", open.place)
	}
	return blocks
}

// blocks are all blocks in the languages, each text once.
func blocks(t *testing.T, languages ...string) []block {
	t.Helper()
	var all []block
	seen := map[string]bool{}
	for _, path := range documents(t) {
		for _, found := range blocksOf(t, path) {
			if slices.Contains(languages, found.language) && !seen[found.text] {
				seen[found.text] = true
				all = append(all, found)
			}
		}
	}
	return all
}
