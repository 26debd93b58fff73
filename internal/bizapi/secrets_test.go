// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// metaLike has the form of Meta's tokens, and nobody gave it to this process.
var metaLike = "EAAJ" + strings.Repeat("m0PX4ZCpsBA", 4)

func TestRedactCutsSecretsOut(t *testing.T) {
	const odd = `EAA/b+c=d"e\f&g h<i>`
	var secrets Secrets
	for _, secret := range []string{apiKey, token, token + "longer", odd, ""} {
		secrets.Add(secret)
	}
	escaped, err := json.Marshal(odd)
	must(t, err)
	for name, test := range map[string]struct{ text, want string }{
		"nothing":                    {"no secret here", "no secret here"},
		"the empty text":             {"", ""},
		"plain":                      {"key " + apiKey + " is bad", "key [redacted] is bad"},
		"the whole text":             {token, "[redacted]"},
		"twice":                      {token + "," + token, "[redacted],[redacted]"},
		"side by side":               {token + apiKey, "[redacted][redacted]"},
		"within a word":              {"x" + apiKey + "y", "x[redacted]y"},
		"one that begins as another": {token + "longer", "[redacted]"},
		"with odd characters":        {"<" + odd + ">", "<[redacted]>"},
		"URL-encoded in a query":     {"?t=" + url.QueryEscape(odd) + "&x", "?t=[redacted]&x"},
		"URL-encoded in a path":      {"/" + url.PathEscape(odd) + "/x", "/[redacted]/x"},
		"JSON-escaped":               {string(escaped), `"[redacted]"`},
		"percent-encoded but for /":  {"/EAA/b+c=d%22e%5Cf&g%20h%3Ci%3E/x", "/[redacted]/x"},
		"JSON-escaped but for HTML":  {`"EAA/b+c=d\"e\\f&g h<i>"`, `"[redacted]"`},
		"the start of a secret":      {apiKey[:10], apiKey[:10]},
		"Meta's EAA":                 {"token " + metaLike + ".", "token [redacted]."},
		"Meta's IGAA":                {"IGAA" + strings.Repeat("x", 40), "[redacted]"},
		"Meta's IGQV":                {"IGQV" + strings.Repeat("x", 200), "[redacted]"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := secrets.Redact(test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestRedactLeavesWhatIsNoSecret(t *testing.T) {
	var secrets Secrets
	secrets.Add(apiKey)
	secrets.Add(token)
	for _, text := range []string{
		"Phone number with ID AAEAA123-4F0B-4D3A-8C1B-5E0A4B7A0001 not found",
		"EAABC123-4F0B-4D3A-8C1B-5E0A4B7A0001",
		"Requires instagram_business_manage_messages permission",
		"Requires whatsapp_business_management and whatsapp_business_messaging",
		"Route GET /v1/users/usr_EAAabcdefghijklmnop/phone_numbers not found",
		"see https://developers.facebook.com/docs/whatsapp/business-management-api/get-started#system-user-access-tokens",
		"Agent with ID agt_01JKXV5PZ3Q8N7M6R4T2Y1W0AB already exists",
		"Meta phone number 17841234567890123 is already registered for instagram",
		"EAA" + strings.Repeat("x", 39), // one short of the form
		"a webchat of AAEAA123.example+shop@example.com",
		"SGVsbG8gd29ybGQsIHRoaXMgaXMgYmFzZTY0IG9mIGEgbG9uZyB0ZXh0IHdpdGhvdXQgc2VjcmV0cw==",
		strings.Repeat("0123456789abcdef", 8),
	} {
		if got := secrets.Redact(text); got != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
}

func TestRowsAreNeverAltered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		name := "EAA " + metaLike + " " + apiKey + " " + token
		id := "AAEAA123-4F0B-4D3A-8C1B-5E0A4B7A0001"
		api.sandbox.Add(user, sandbox.Number{ID: id, Platform: "webchat", MetaPhoneNumberID: metaLike, AccessToken: token, DisplayName: &name})
		found, err := api.FindPhoneNumber(t.Context(), user, id, "")
		must(t, err)
		if found.ID != id || found.DisplayName != name || found.MetaPhoneNumberID != metaLike {
			t.Errorf("found %+v", found)
		}
		must(t, api.DeletePhoneNumber(t.Context(), found))
		added, _, err := api.AddPhoneNumber(t.Context(), user, NewPhoneNumber{Platform: "webchat", MetaPhoneNumberID: metaLike, AccessToken: token, DisplayName: name})
		must(t, err)
		if added.DisplayName != name || added.MetaPhoneNumberID != metaLike {
			t.Errorf("added %+v", added)
		}
	})
}

func TestSecretsAreAddedFromManyGoroutines(t *testing.T) {
	var secrets Secrets
	var group sync.WaitGroup
	for n := range 20 {
		group.Go(func() {
			secret := fmt.Sprintf("secret number %d!", n)
			secrets.Add(secret)
			secrets.Add(secret)
			if got := secrets.Redact("a " + secret); got != "a [redacted]" {
				t.Errorf("got %q", got)
			}
		})
	}
	group.Wait()
}

func TestASecretIsCutOutFromTheTimeItIsAdded(t *testing.T) {
	var secrets Secrets
	for _, secret := range []string{"first secret", "first secret and more"} {
		secrets.Add(secret)
		if got := secrets.Redact("a " + secret); got != "a [redacted]" {
			t.Errorf("got %q", got)
		}
	}
}

// hasSecret reports whether a text has one in any form that is cut out.
func hasSecret(text string) bool {
	for _, secret := range []string{apiKey, token, metaLike} {
		if strings.Contains(text, secret) {
			return true
		}
	}
	return false
}

func TestSecretsThatAServerEchoesGoNowhere(t *testing.T) {
	inDialects(t, "", func(t *testing.T, dialect sandbox.Dialect) {
		var log bytes.Buffer
		api := newAPI(t, sandbox.Options{Dialect: dialect, EchoSecrets: true}, func(o *Options) {
			o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		added, _, err := api.AddPhoneNumber(t.Context(), user, number)
		must(t, err)
		numbers, err := api.ListPhoneNumbers(t.Context(), user)
		must(t, err)
		_, _, taken := api.AddPhoneNumber(t.Context(), otherUser, number)
		_, unknown := api.ListPhoneNumbers(t.Context(), "usr_of_"+token)
		forbidden := api.DeletePhoneNumber(t.Context(), PhoneNumber{ID: added.ID, UserID: otherUser})
		for _, err := range []error{taken, unknown, forbidden} {
			if err == nil {
				t.Fatal("no error")
			}
			text := fmt.Sprintf("%v %+v %#v", err, err, err)
			for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
				text += fmt.Sprintf(" %v %#v", cause, cause)
			}
			if hasSecret(text) {
				t.Errorf("a secret is in %s", text)
			}
		}
		if shown := fmt.Sprintf("%+v %#v", added, numbers); hasSecret(shown) {
			t.Errorf("a secret is in %s", shown)
		}
		if hasSecret(log.String()) || !strings.Contains(log.String(), "status=201") {
			t.Errorf("a secret is in the log:\n%s", &log)
		}
	})
}

func TestSecretsInAnswersThatAreShownGoNowhere(t *testing.T) {
	for name, body := range map[string]string{
		"text":                         "you sent " + token,
		"JSON of another form":         `{"sent":"` + token + `"}`,
		"the message":                  `{"message":"the token ` + token + ` is bad"}`,
		"the error":                    `{"error":"the token ` + metaLike + ` is bad"}`,
		"the message where it is cut":  `{"message":"` + strings.Repeat("x", longestExcerpt-10) + token + `"}`,
		"the message, JSON-escaped":    `{"message":"{\"sent\":\"` + token + `\"}"}`,
		"the correlation id":           `{"message":"no","correlationId":"` + token + `"}`,
		"the correlation id of a page": `{"message":"no","correlation_id":"` + apiKey + `"}`,
	} {
		for _, status := range []int{200, 302, 400, 404, 500} {
			t.Run(fmt.Sprintf("%s, status %d", name, status), func(t *testing.T) {
				client, _ := newClient(t, answering(status, "text/"+token, body, "X-Correlation-Id: "+token, "Location: /"+token), func(o *Options) { o.MaxRetries = 0 })
				client.options.Secrets.Add(token)
				_, err := client.ListPhoneNumbers(t.Context(), user)
				if err == nil || hasSecret(err.Error()) || strings.Contains(err.Error(), token[:8]) {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

func TestACorrelationIDIsShownWhereItIsOne(t *testing.T) {
	for id, isShown := range map[string]bool{
		"8b0ffb5e-4a3b-4c70-93c8-5f2c21a8b2d1": true,
		"req_1.2:3":                            true,
		strings.Repeat("x", 64):                true,
		strings.Repeat("x", 65):                false,
		"":                                     false,
		"with space":                           false,
		"<script>":                             false,
		apiKey:                                 false,
		"a-" + apiKey + "-b":                   false,
		metaLike:                               false,
	} {
		client, _ := newClient(t, answering(401, jsonType, `{"message":"no"}`, "X-Correlation-Id: "+id))
		_, err := client.ListPhoneNumbers(t.Context(), user)
		failure := failureOf(t, err, KindUnauthorized)
		if (failure.CorrelationID == id) != isShown || failure.CorrelationID == "" {
			t.Errorf("%q: shown as %q", id, failure.CorrelationID)
		}
	}
}

func BenchmarkRedact(b *testing.B) {
	var secrets Secrets
	for n := range 10_000 {
		secrets.Add(fmt.Sprintf("EAAGm0PX4ZCpsBA%0*d", 150+n%50, n))
	}
	message := strings.Repeat("no secret in this message ", 20)
	for b.Loop() {
		secrets.Redact(message)
	}
}
