// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// Redacted stands where a secret was.
const Redacted = "[redacted]"

// shortestSecret is the length, in bytes, below which a text is too common to be cut out of
// messages. Meta's tokens have 10 characters and more, API keys too.
const shortestSecret = 8

// Secrets are the API key and the access tokens in play. Its zero value holds none and is ready to
// use, from many goroutines at once.
//
// It keeps hashes of the secrets' written forms, sorted by length: a text is searched for all forms
// of one length in a single pass, so that the cost grows with the few lengths that tokens have and
// not with the number of tokens. Two texts of one hash are so rare that a match is not compared; it
// would cut out too much, never too little.
type Secrets struct {
	mu     sync.RWMutex
	base   uint64
	hashes map[int]*hashesOfLength
	short  map[string]struct{} // what is too short for hashes
}

// hashesOfLength are the forms of one length. Their hash is that of Rabin and Karp, which moves along
// a text in steps of constant cost: a number whose digits are the bytes, to an odd base, modulo 2^64.
type hashesOfLength struct {
	leading uint64 // base to the power of length-1: what the first byte counts
	known   map[uint64]struct{}
}

// Hold makes Redact cut secret out from now on, with and without the white space around it, which
// headers lose. Of texts under 8 bytes, only whole words of a server's messages are cut out.
func (s *Secrets) Hold(secret string) {
	s.hold(secret)
	s.hold(strings.TrimSpace(secret))
}

func (s *Secrets) hold(secret string) {
	if len(secret) < shortestSecret {
		s.holdShort(secret)
		return
	}
	if s.holds(secret) {
		return
	}
	forms := writtenForms(secret)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hashes == nil {
		s.base, s.hashes = rand.Uint64()|1, map[int]*hashesOfLength{} //nolint:gosec // spreads a hash; not secret
	}
	for _, form := range forms {
		ofLength := s.hashes[len(form)]
		if ofLength == nil {
			ofLength = &hashesOfLength{leading: s.power(len(form) - 1), known: map[uint64]struct{}{}}
			s.hashes[len(form)] = ofLength
		}
		ofLength.known[s.hash(form)] = struct{}{}
	}
}

func (s *Secrets) holdShort(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.short == nil {
		s.short = map[string]struct{}{}
	}
	s.short[secret] = struct{}{}
}

// withoutShort returns text without the words that are a short secret. The white space between words
// becomes a blank.
func (s *Secrets) withoutShort(text string) string {
	words := strings.Fields(text)
	for at, word := range words {
		if s.isShort(word) || s.isShort(strings.Trim(word, punctuation)) {
			words[at] = Redacted
		}
	}
	return strings.Join(words, " ")
}

func (s *Secrets) isShort(word string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, isShort := s.short[word]
	return isShort && word != ""
}

func (s *Secrets) holds(secret string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.hashes[len(secret)] == nil {
		return false
	}
	_, isHeld := s.hashes[len(secret)].known[s.hash(secret)]
	return isHeld
}

func (s *Secrets) hash(text string) uint64 {
	var sum uint64
	for at := range len(text) {
		sum = sum*s.base + uint64(text[at])
	}
	return sum
}

func (s *Secrets) power(exponent int) uint64 {
	power := uint64(1)
	for range exponent {
		power *= s.base
	}
	return power
}

// Redact returns text with every secret cut out: in plain, URL-encoded, base64 and JSON-escaped
// form.
func (s *Secrets) Redact(text string) string {
	found := s.find(text)
	if len(found) == 0 {
		return text
	}
	var clean strings.Builder
	rest := 0
	for at := 0; at < len(found); {
		start, end := found[at].start, found[at].end
		for at++; at < len(found) && found[at].start < end; at++ {
			end = max(end, found[at].end)
		}
		clean.WriteString(text[rest:start] + Redacted)
		rest = end
	}
	return clean.String() + text[rest:]
}

// span is a part of a text, in bytes.
type span struct{ start, end int }

// find returns where text holds a form of a secret, in order of the start; spans may overlap.
func (s *Secrets) find(text string) []span {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var found []span
	for length, ofLength := range s.hashes {
		if length > len(text) {
			continue
		}
		sum := s.hash(text[:length])
		for start := 0; ; start++ {
			if _, isSecret := ofLength.known[sum]; isSecret {
				found = append(found, span{start, start + length})
			}
			if start+length == len(text) {
				break
			}
			sum = (sum-uint64(text[start])*ofLength.leading)*s.base + uint64(text[start+length])
		}
	}
	slices.SortFunc(found, func(a, b span) int { return a.start - b.start })
	return found
}

// writtenForms are the ways in which servers and logs were seen to write a secret, each once.
func writtenForms(secret string) []string {
	escaped, _ := json.Marshal(secret) // a string always marshals
	var plain strings.Builder
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(secret)
	unquoted := plain.String()[1 : plain.Len()-2] // less quotes and newline
	forms := []string{
		secret, string(escaped[1 : len(escaped)-1]), unquoted, strings.ReplaceAll(unquoted, "/", `\/`), asciiAlone(unquoted),
	}
	query := url.QueryEscape(secret)
	forms = append(forms, query, lowerEscapes(query))
	for _, kept := range keptInURLs {
		form := percentEncoded(secret, kept)
		forms = append(forms, form, lowerEscapes(form))
	}
	// Inside a longer text that is encoded as a whole ("user:secret"), the secret starts at any of
	// three positions of a group, and its outermost characters depend on its neighbours.
	for before := range 3 {
		padded := make([]byte, before, before+len(secret))
		padded = append(padded, secret...)
		skip, whole := (before*8+5)/6, len(padded)*8/6
		forms = append(forms,
			base64.RawStdEncoding.EncodeToString(padded)[skip:whole],
			base64.RawURLEncoding.EncodeToString(padded)[skip:whole])
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

// keptInURLs are the characters that common tools leave as they are, beside letters, digits and -._~:
// none, Python's quote, JavaScript's encodeURIComponent and encodeURI, Go's path elements and paths.
var keptInURLs = []string{"", "/", "!*'()", "!*'();/?:@&=+$,#", "$&+=:@", "$&+=:@/;,"}

// percentEncoded is URL-encoded text, in which the characters of kept stay as they are.
func percentEncoded(text, kept string) string {
	var encoded strings.Builder
	for _, b := range []byte(text) {
		if strings.IndexByte("-._~"+kept, b) >= 0 || '0' <= b && b <= '9' || 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z' {
			encoded.WriteByte(b)
		} else {
			fmt.Fprintf(&encoded, "%%%02X", b)
		}
	}
	return encoded.String()
}

// asciiAlone writes what is beyond ASCII as JSON's \u escapes, as Python does.
func asciiAlone(text string) string {
	var escaped strings.Builder
	for _, r := range text {
		switch {
		case r < utf8.RuneSelf:
			escaped.WriteRune(r)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&escaped, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&escaped, `\u%04x`, r)
		}
	}
	return escaped.String()
}

// lowerEscapes writes the hexadecimal digits of URL escapes in lower case, as some servers do.
func lowerEscapes(text string) string {
	lower := []byte(text)
	for at := 0; at+2 < len(lower); at++ {
		if lower[at] == '%' {
			copy(lower[at+1:], strings.ToLower(text[at+1:at+3]))
			at += 2
		}
	}
	return string(lower)
}
