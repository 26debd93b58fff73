// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
)

func TestRedact(t *testing.T) {
	const odd = `EAA/b+c=d"e\f&g h`
	var secrets Secrets
	secrets.Hold(apiKey)
	secrets.Hold(token)
	secrets.Hold(odd)
	secrets.Hold("short")
	escaped, _ := json.Marshal(odd)
	for name, test := range map[string]struct{ text, want string }{
		"nothing":                       {"no secret here", "no secret here"},
		"the empty text":                {"", ""},
		"plain":                         {"key " + apiKey + " is bad", "key [redacted] is bad"},
		"the whole text":                {token, "[redacted]"},
		"twice":                         {token + "," + token, "[redacted],[redacted]"},
		"side by side":                  {token + apiKey, "[redacted][redacted]"},
		"with odd characters":           {"<" + odd + ">", "<[redacted]>"},
		"URL-encoded in a query":        {"?t=" + url.QueryEscape(odd) + "&x", "?t=[redacted]&x"},
		"URL-encoded in a path":         {"/" + url.PathEscape(odd) + "/x", "/[redacted]/x"},
		"URL-encoded in lower case":     {strings.ReplaceAll(strings.ToLower(url.QueryEscape("/+=\"")), "x", "") + lowerEscapes(url.QueryEscape(odd)), "%2f%2b%3d%22[redacted]"},
		"JSON-escaped":                  {string(escaped), `"[redacted]"`},
		"JSON-escaped by PHP":           {strings.ReplaceAll(strings.ReplaceAll(string(escaped), `\u0026`, "&"), "/", `\/`), `"[redacted]"`},
		"a text too short to be secret": {"short", "short"},
		"the start of a secret":         {apiKey[:10], apiKey[:10]},
	} {
		t.Run(name, func(t *testing.T) {
			if got := secrets.Redact(test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding} {
		for before := range 5 {
			text := encoding.EncodeToString([]byte("user:"[:before] + odd + "-tail"))
			got := secrets.Redact(text)
			// At most the character on each side that it shares with its neighbours is left.
			if !strings.Contains(got, Redacted) || len(got)-len(Redacted) > len(text)-len(odd)*8/6+2 {
				t.Errorf("base64 after %d characters: %q of %q", before, got, text)
			}
		}
	}
}

// TestRedactIsCheapWithManyTokens compares work, not time: Meta's tokens of one app begin alike, and
// a lookup by their first characters would try them all.
func TestRedactIsCheapWithManyTokens(t *testing.T) {
	var secrets Secrets
	for n := range 10_000 {
		secrets.Hold(fmt.Sprintf("EAAGm0PX4ZCpsBA-the-same-for-all-of-them-%05d-and-after", n))
	}
	if lengths := len(secrets.hashes); lengths > 10 {
		t.Errorf("%d lengths are searched for", lengths)
	}
	allocations := testing.AllocsPerRun(100, func() { secrets.Redact("a display name EAAGm0PX4ZCpsBA-the-same-for-all-of-them") })
	if allocations > 0 {
		t.Errorf("%f allocations for a text without a secret", allocations)
	}
	if got := secrets.Redact("x EAAGm0PX4ZCpsBA-the-same-for-all-of-them-07777-and-after y"); got != "x [redacted] y" {
		t.Errorf("got %q", got)
	}
}

func TestSecretsAreHeldFromManyGoroutines(t *testing.T) {
	var secrets Secrets
	var group sync.WaitGroup
	for n := range 20 {
		group.Go(func() {
			secret := fmt.Sprintf("secret number %d", n)
			secrets.Hold(secret)
			secrets.Hold(secret)
			if got := secrets.Redact("a " + secret); got != "a [redacted]" {
				t.Errorf("got %q", got)
			}
		})
	}
	group.Wait()
}

func BenchmarkRedact(b *testing.B) {
	var secrets Secrets
	for n := range 10_000 {
		secrets.Hold(fmt.Sprintf("EAAGm0PX4ZCpsBA%0*d", 150+n%50, n))
	}
	message := strings.Repeat("no secret in this message ", 20)
	for b.Loop() {
		secrets.Redact(message)
	}
}
