// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

// fingerprint recognises a secret without holding it: HMAC-SHA-256 under a salt of its own, so that
// equal tokens of two numbers cannot be told to be equal.
type fingerprint struct {
	Salt []byte `json:"salt"`
	Sum  []byte `json:"sum"`
	// Length is the secret's, in bytes: what it takes to find it inside a text.
	Length int `json:"length"`
}

func fingerprintOf(secret string) *fingerprint {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	return &fingerprint{Salt: salt, Sum: sum(salt, secret), Length: len(secret)}
}

func sum(salt []byte, secret string) []byte {
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(secret))
	return mac.Sum(nil)
}

// matches tells whether secret is the one that the fingerprint was taken of.
func (f *fingerprint) matches(secret string) bool {
	return hmac.Equal(f.Sum, sum(f.Salt, secret))
}

// shortestHidden is the length, in bytes, below which a secret is looked for as a word of its own alone:
// it may be a part of any other.
const shortestHidden = 8

// isIn tells whether a text holds the secret, in plain, URL-encoded, base64 or JSON-escaped. It costs a
// hash for each character: it is for messages and names, not for bodies.
func (f *fingerprint) isIn(text string) bool {
	if f == nil || f.Length == 0 || len(text) < f.Length {
		return false
	}
	for _, reading := range readings(text) {
		if f.Length < shortestHidden {
			if slices.ContainsFunc(wordsOf(reading), f.matches) {
				return true
			}
			continue
		}
		for at := 0; at+f.Length <= len(reading); at++ {
			if f.matches(reading[at : at+f.Length]) {
				return true
			}
		}
	}
	return false
}

// wordsOf are the words of a text, with and without the punctuation around them.
func wordsOf(text string) []string {
	words := strings.Fields(text)
	for _, word := range words {
		words = append(words, strings.Trim(word, "\"'`()[]{}<>,.:;!?"))
	}
	return words
}

// fingerprints are those of write-only tokens that this process came across: what the API says of one
// number may hold the token of another. The zero value is ready to use.
type fingerprints struct {
	mu       sync.Mutex
	all      []*fingerprint
	known    map[string]struct{}  // by salt
	searched map[string]*findings // by text: what many readers share is searched once
}

// findings are what a text was searched for.
type findings struct {
	fingerprints int // the first of all
	isFound      bool
}

// Bounds of a search: of the tokens that a message is searched for, and of the messages that are
// remembered to be without one.
const (
	mostFingerprints = 200
	mostSearched     = 1000
)

// watch makes withoutTokens look for a token. Nil and more than mostFingerprints are passed over.
func (f *fingerprints) watch(token *fingerprint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if token == nil || len(f.all) == mostFingerprints {
		return
	}
	if f.known == nil {
		f.known = map[string]struct{}{}
	}
	if _, isKnown := f.known[string(token.Salt)]; !isKnown {
		f.known[string(token.Salt)] = struct{}{}
		f.all = append(f.all, token)
	}
}

// withoutTokens returns a text, or nothing of it where it holds a token that is watched.
func (f *fingerprints) withoutTokens(text string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	so := f.searched[text]
	if so == nil {
		so = &findings{}
		if f.searched == nil || len(f.searched) == mostSearched {
			f.searched = map[string]*findings{}
		}
		f.searched[text] = so
	}
	for !so.isFound && so.fingerprints < len(f.all) {
		so.isFound = f.all[so.fingerprints].isIn(text)
		so.fingerprints++
	}
	if so.isFound {
		return bizapi.Redacted
	}
	return text
}

// readings are a text as it stands, and what is in it where parts of it are encoded.
func readings(text string) []string {
	unescaped := percentEscapes.ReplaceAllStringFunc(text, decodePercent)
	all := []string{
		text, unescaped, percentEscapes.ReplaceAllStringFunc(strings.ReplaceAll(text, "+", " "), decodePercent),
		jsonEscapes.ReplaceAllStringFunc(text, decodeJSON),
	}
	isOutside := func(r rune) bool {
		return r != '+' && r != '/' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}
	for _, run := range strings.FieldsFunc(strings.NewReplacer("-", "+", "_", "/").Replace(unescaped), isOutside) {
		// What stands before it may belong to the alphabet too.
		for skip := range min(4, len(run)) {
			whole := run[skip:]
			if len(whole)%4 == 1 {
				whole = whole[:len(whole)-1]
			}
			if decoded, err := base64.RawStdEncoding.DecodeString(whole); err == nil {
				all = append(all, string(decoded))
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Escapes are undone one by one: a text that has a stray % or \ is no encoding as a whole.
var (
	percentEscapes = regexp.MustCompile(`(?:%[0-9A-Fa-f]{2})+`)
	jsonEscapes    = regexp.MustCompile(`(?:\\u[0-9A-Fa-f]{4})+|\\["\\/bfnrt]`)
)

func decodePercent(escapes string) string {
	decoded, _ := hex.DecodeString(strings.ReplaceAll(escapes, "%", "")) // of that form: never fails
	return string(decoded)
}

func decodeJSON(escapes string) string {
	var decoded string
	_ = json.Unmarshal([]byte(`"`+escapes+`"`), &decoded) // of that form: never fails
	return decoded
}
