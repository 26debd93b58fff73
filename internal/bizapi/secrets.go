// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// Redacted stands for a secret that was cut out.
const Redacted = "[redacted]"

// Secrets are the secrets that this process was given: the API key, and access tokens of
// configuration and state. They are cut out of messages and log lines, never out of ids, names and
// other data. The zero value is ready to use and safe for concurrent use.
type Secrets struct {
	mu       sync.Mutex
	known    map[string]struct{} // in every form that is cut out
	replacer *strings.Replacer   // of all of them; nil after a change
}

// Add makes Redact cut a secret out; the empty one is none.
func (s *Secrets) Add(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, isKnown := s.known[secret]; isKnown || secret == "" {
		return
	}
	if s.known == nil {
		s.known = map[string]struct{}{}
	}
	inPath := url.PathEscape(secret)
	for _, form := range []string{
		secret, url.QueryEscape(secret), inPath, strings.ReplaceAll(inPath, "%2F", "/"),
		jsonEscaped(secret, true), jsonEscaped(secret, false),
	} {
		s.known[form] = struct{}{}
	}
	s.replacer = nil
}

// jsonEscaped returns a text as it stands in JSON, where servers may also escape what HTML takes for its own.
func jsonEscaped(text string, forHTML bool) string {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(forHTML)
	_ = encoder.Encode(text) // a text always encodes
	return strings.TrimSuffix(encoded.String()[1:], "\"\n")
}

// metaToken is the form of Meta's own tokens.
var metaToken = regexp.MustCompile(`(?:EAA|IGAA|IGQV)[A-Za-z0-9]{40,}`)

// Redact returns text without the secrets, in plain, URL-encoded and JSON-escaped form, and without
// anything that has the form of Meta's tokens.
func (s *Secrets) Redact(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isIn(text) {
		if s.replacer == nil { // making one takes milliseconds with 1,000 secrets, and most texts have none
			s.replacer = newReplacer(s.known)
		}
		text = s.replacer.Replace(text)
	}
	return metaToken.ReplaceAllString(text, Redacted)
}

func (s *Secrets) isIn(text string) bool {
	for form := range s.known {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

func newReplacer(known map[string]struct{}) *strings.Replacer {
	// The longest first: one secret may begin as another one does.
	forms := slices.SortedFunc(maps.Keys(known), func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var pairs []string
	for _, form := range forms {
		pairs = append(pairs, form, Redacted)
	}
	return strings.NewReplacer(pairs...)
}

// longestExcerpt bounds what is shown of a server's text, in characters.
const longestExcerpt = 300

// Excerpt returns a text of a server as it may be shown: without secrets, on one line, and at most 300
// characters of it. It is cut last, since half a secret is not recognised.
func (s *Secrets) Excerpt(text string) string {
	printable := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s.Redact(text), "?"))
	text = strings.Join(strings.Fields(printable), " ")
	if runes := []rune(text); len(runes) > longestExcerpt {
		return string(runes[:longestExcerpt]) + "…"
	}
	return text
}

// describe names a body that is no error of the API, by its type and size alone.
func describe(answer answer) string {
	if len(answer.body) == 0 {
		return "the server answered without a body"
	}
	mediaType, _, _ := strings.Cut(answer.header.Get("Content-Type"), ";")
	if mediaType == "" {
		mediaType = "an unnamed type"
	}
	return fmt.Sprintf("the server answered %s of %d bytes, which is no answer of the API", mediaType, len(answer.body))
}

// correlationForm is what a correlation id may look like to be shown.
var correlationForm = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)

// correlationID returns id where it can be shown, or else the fallback.
func (c *Client) correlationID(id, fallback string) string {
	if !correlationForm.MatchString(id) || c.options.Secrets.Redact(id) != id {
		return fallback
	}
	return id
}
