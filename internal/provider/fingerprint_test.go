// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

func TestFingerprintHoldsNoSecret(t *testing.T) {
	const secret = "EAAfakeTokenForFingerprint"
	one, two := fingerprintOf(secret), fingerprintOf(secret)
	if !one.matches(secret) || one.matches(secret+"x") {
		t.Error("the fingerprint does not recognise its own secret alone")
	}
	if bytes.Equal(one.Sum, two.Sum) {
		t.Error("equal secrets have equal fingerprints: the salt is not random")
	}
	text, err := json.Marshal(one)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), secret) {
		t.Error("the secret stands in the fingerprint")
	}
}

func TestFingerprintsFindWhatTheyWatch(t *testing.T) {
	var tokens fingerprints
	const text = "refused: fake-token-of-a, fake-token-of-b"
	tokens.watch(nil)
	tokens.watch(fingerprintOf("fake-token-of-c"))
	if got := tokens.withoutTokens(text); got != text {
		t.Errorf("without a token of it, the text is shown as %q", got)
	}
	later := fingerprintOf("fake-token-of-b")
	tokens.watch(later)
	tokens.watch(later)
	for range 2 { // a text that was searched before is searched for what came since
		if got := tokens.withoutTokens(text); got != bizapi.Redacted {
			t.Errorf("the text is shown as %q", got)
		}
	}
	for range 2 * mostFingerprints {
		tokens.watch(fingerprintOf("fake-token-of-d"))
	}
	if len(tokens.all) != mostFingerprints {
		t.Errorf("%d fingerprints are watched", len(tokens.all))
	}
}

func TestFingerprintFindsItsSecretInAText(t *testing.T) {
	const secret = `EAA/b+c=d"e\f&g h`
	escaped, _ := json.Marshal(secret)
	for name, text := range map[string]string{
		"plain":                        "token:" + secret + "!",
		"the whole":                    secret,
		"URL-encoded":                  "t=" + url.QueryEscape(secret) + "&x",
		"URL-encoded in a path":        "/" + url.PathEscape(secret) + "/x",
		"JSON-escaped":                 string(escaped[1 : len(escaped)-1]),
		"base64":                       base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64 of more":               "Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+secret)),
		"URL-encoded behind a stray %": "100% sale " + url.QueryEscape(secret),
		"JSON-escaped behind a quote":  `say "hi" C:\shop ` + string(escaped[1:len(escaped)-1]) + "\t",
		"base64 behind its alphabet":   "path/" + base64.RawURLEncoding.EncodeToString([]byte(secret)),
	} {
		t.Run(name, func(t *testing.T) {
			if !fingerprintOf(secret).isIn(text) {
				t.Errorf("not found in %q", text)
			}
			if fingerprintOf("x" + secret).isIn(text) {
				t.Error("another secret is found")
			}
		})
	}
	for text, want := range map[string]bool{"the key is (pa55wd).": true, "pa55wd": true, "pa55wds": false, "xpa55wd": false} {
		if got := fingerprintOf("pa55wd").isIn(text); got != want {
			t.Errorf("a short secret is found in %q: %t", text, got)
		}
	}
	for name, found := range map[string]bool{
		"no fingerprint":              (*fingerprint)(nil).isIn(secret),
		"one without a length":        (&fingerprint{Salt: []byte("s"), Sum: sum([]byte("s"), secret)}).isIn(secret),
		"a text shorter than it":      fingerprintOf(secret).isIn(secret[:8]),
		"an empty text and no secret": fingerprintOf("").isIn(""),
	} {
		if found {
			t.Errorf("%s finds something", name)
		}
	}
}
