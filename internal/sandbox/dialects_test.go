// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

var (
	publishedID = regexp.MustCompile(`pn_[a-z0-9]{12}`)
	uuid        = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)
)

// TestAnswersToTheLetter has one conversation with each dialect. The ids that a
// server makes stand as ID; the correlation id is the one that was sent.
func TestAnswersToTheLetter(t *testing.T) {
	type answer struct {
		status int
		body   string
	}
	const named = `{"platform":"whatsapp","meta_phone_number_id":"1","access_token":"EAAxxxxxxxxx","display_name":"Shop"}`
	const emptyName = `{"platform":"webchat","meta_phone_number_id":"2","access_token":"EAAxxxxxxxxx","display_name":""}`
	want := map[sandbox.Dialect][]answer{
		sandbox.Published: {
			{201, `{"id":"ID","user_id":"usr_abc123","platform":"whatsapp","meta_phone_number_id":"1","display_name":"Shop","created_at":"2025-02-10T10:00:00Z","updated_at":"2025-02-10T10:00:00Z"}`},
			{201, `{"id":"ID","user_id":"usr_abc123","platform":"webchat","meta_phone_number_id":"2","created_at":"2025-02-10T10:00:00Z","updated_at":"2025-02-10T10:00:00Z"}`},
			{200, `[{"id":"ID","user_id":"usr_abc123","platform":"webchat","meta_phone_number_id":"2","created_at":"2025-02-10T10:00:00Z","updated_at":"2025-02-10T10:00:00Z"}]`},
			{204, ``},
			{200, `[]`},
			{404, `{"error":"Not Found","message":"Phone number with ID x not found","correlation_id":"cid-1","timestamp":"2025-02-10T10:00:00Z"}`},
		},
		sandbox.Deployed: {
			{201, `{"success":true,"data":{"id":"ID","user_id":"usr_abc123","platform":"whatsapp","meta_phone_number_id":"1","access_token":"EAAxxxxxxxxx","display_name":"Shop","waba_id":null,"tier":"TIER_1K","daily_message_limit":1000,"daily_messages_sent":0,"limit_reset_at":null,"created_at":"2025-02-10T10:00:00.123Z","updated_at":"2025-02-10T10:00:00.123Z"},"timestamp":"2025-02-10T10:00:00.123Z","correlationId":"cid-1"}`},
			{201, `{"success":true,"data":{"id":"ID","user_id":"usr_abc123","platform":"webchat","meta_phone_number_id":"2","access_token":"EAAxxxxxxxxx","display_name":null,"waba_id":null,"tier":"TIER_1K","daily_message_limit":1000,"daily_messages_sent":0,"limit_reset_at":null,"created_at":"2025-02-10T10:00:00.123Z","updated_at":"2025-02-10T10:00:00.123Z"},"timestamp":"2025-02-10T10:00:00.123Z","correlationId":"cid-1"}`},
			{200, `{"success":true,"data":[{"id":"ID","user_id":"usr_abc123","platform":"webchat","meta_phone_number_id":"2","access_token":"EAAxxxxxxxxx","display_name":null,"waba_id":null,"tier":"TIER_1K","daily_message_limit":1000,"daily_messages_sent":0,"limit_reset_at":null,"created_at":"2025-02-10T10:00:00.123Z","updated_at":"2025-02-10T10:00:00.123Z"}],"count":1,"timestamp":"2025-02-10T10:00:00.123Z","correlationId":"cid-1"}`},
			{200, `{"success":true,"message":"Phone number deleted successfully","timestamp":"2025-02-10T10:00:00.123Z","correlationId":"cid-1"}`},
			{200, `{"success":true,"data":[],"count":0,"timestamp":"2025-02-10T10:00:00.123Z","correlationId":"cid-1"}`},
			{404, `{"error":"Phone number not found","message":"Phone number with ID x not found","correlationId":"cid-1","timestamp":"2025-02-10T10:00:00.123Z"}`},
		},
	}
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		_, c := serve(t, sandbox.Options{Dialect: dialect})
		const cid = "x-correlation-id: cid-1"
		added := c.do("POST", numbers, named, cid)
		conversation := []reply{
			added,
			c.do("POST", numbers, emptyName, cid),
			c.do("GET", numbers+"?limit=1", "", cid),
			c.do("DELETE", numbers+"/"+added.number().ID, "", cid),
			c.do("GET", numbers+"?offset=1", "", cid),
			c.do("DELETE", numbers+"/x", "", cid),
		}
		ids := publishedID
		if dialect == sandbox.Deployed {
			ids = uuid
		}
		for i, said := range conversation {
			got := answer{said.status, ids.ReplaceAllString(said.body, "ID")}
			if diff := cmp.Diff(want[dialect][i], got, cmp.AllowUnexported(answer{})); diff != "" {
				t.Errorf("answer %d (-want +got):\n%s", i+1, diff)
			}
		}
	})
}

func TestCorrelationIDs(t *testing.T) {
	tests := map[string]struct {
		sent   string
		isKept bool
	}{
		"one that was sent is kept":                 {"plan-42.a_B", true},
		"one is made where none was sent":           {"", false},
		"one of 101 characters is replaced":         {strings.Repeat("x", 101), false},
		"one with a space is replaced":              {"a b", false},
		"one that would end its header is replaced": {"a\tb", false},
	}
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		_, c := serve(t, sandbox.Options{Dialect: dialect})
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				got := c.in(t).do("GET", "/v1/users/usr_x/phone_numbers", "", "x-correlation-id: "+test.sent)
				inHeader := got.header.Get("x-correlation-id")
				if _, inBody := got.failure(); inBody != inHeader {
					t.Errorf("the body has %q, the header %q", inBody, inHeader)
				}
				if test.isKept && inHeader != test.sent {
					t.Errorf("got %q, want %q", inHeader, test.sent)
				}
				if !test.isKept && !uuid.MatchString(inHeader) {
					t.Errorf("got %q, want one made by the server", inHeader)
				}
			})
		}
	})
}

// TestEchoSecrets wants the secrets where a client may not let them through.
func TestEchoSecrets(t *testing.T) {
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		_, c := serveUnchecked(t, sandbox.Options{Dialect: dialect, EchoSecrets: true})
		added := c.whatsapp("1")
		answers := map[string]reply{
			"an add":               added,
			"a list":               c.list(""),
			"a refused add":        c.add(strings.Replace(whatsapp("1"), "whatsapp", "telegram", 1)),
			"an add that is there": c.whatsapp("1"),
			"a refused list":       c.list("?limit=x"),
			"a refused delete":     c.delete("x"),
		}
		for name, got := range answers {
			for _, secret := range []string{key, token} {
				if !strings.Contains(got.body, secret) {
					t.Errorf("the body of %s lacks %s: %s", name, secret, got.body)
				}
				for _, header := range []string{"x-correlation-id", "X-Echo"} {
					if !strings.Contains(got.header.Get(header), secret) {
						t.Errorf("header %s of %s lacks %s", header, name, secret)
					}
				}
			}
			if got.status >= 400 {
				if message, _ := got.failure(); !strings.Contains(message, key) || !strings.Contains(message, token) {
					t.Errorf("the message of %s lacks a secret: %s", name, message)
				}
			}
		}
		wrongKey := c.do("GET", numbers, "", "x-api-key: sk_wrong_key")
		if message, _ := wrongKey.failure(); !strings.Contains(message, "sk_wrong_key") || strings.Contains(message, key) {
			t.Errorf("a refused key is answered with %q, want the key that was sent", message)
		}
	})
}

func TestPublishedNeverEchoesUnasked(t *testing.T) {
	_, c := serve(t, sandbox.Options{Dialect: sandbox.Published})
	for _, got := range []reply{c.whatsapp("1"), c.list(""), c.whatsapp("1")} {
		if strings.Contains(got.body, token) || strings.Contains(got.body, key) {
			t.Errorf("a secret in %s", got.body)
		}
	}
}

func TestRateLimit(t *testing.T) {
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		now := began
		server, c := serve(t, sandbox.Options{
			Dialect:           dialect,
			RequestsPerWindow: 2,
			Window:            10 * time.Second,
			Now:               func() time.Time { return now },
		})
		steps := []struct {
			name       string
			pass       time.Duration
			key        string
			status     int
			retryAfter string
		}{
			{"the first opens a window", 0, key, 200, ""},
			{"a request without the key does not count", 0, "sk_wrong", 401, ""},
			{"the second is served", 3 * time.Second, key, 200, ""},
			{"the third is refused", 500 * time.Millisecond, key, 429, "7"}, // of 6.5 s
			{"a refusal does not move the window's end", 6 * time.Second, key, 429, "1"},
			{"the window's end opens the next", 500 * time.Millisecond, key, 200, ""},
			{"which has room for a second", 9 * time.Second, key, 200, ""},
			{"and not for a third", 0, key, 429, "1"},
			{"a window begins with a request", 100 * time.Second, key, 200, ""},
		}
		for _, step := range steps {
			now = now.Add(step.pass)
			got := c.do("GET", numbers, "", "x-api-key: "+step.key)
			if got.status != step.status || got.header.Get("Retry-After") != step.retryAfter {
				t.Errorf("%s: answered %d with Retry-After %q, want %d with %q",
					step.name, got.status, got.header.Get("Retry-After"), step.status, step.retryAfter)
			}
		}
		c.whatsapp("1").wantsStatus(http.StatusCreated)
		c.whatsapp("2").wants(http.StatusTooManyRequests, "Rate limit exceeded")
		if added := server.Numbers(user); len(added) != 1 {
			t.Errorf("%d numbers exist, want the one that was not refused", len(added))
		}
	})
}
