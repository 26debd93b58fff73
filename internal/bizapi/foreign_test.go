// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Tokens that this client is never told, as a refresh is not told write-only ones.
var untoldTokens = []string{
	"EAAGm0PX4ZCpsBA1f8fakeTokenThatNobodyGave0123456789",
	`EAA/+"&=\<>'!~%42?ü€𝄞fake`,
	"EAA-fake-Token-0001",
	"fake.token:with/signs0002",
	"fake-words-that-open-doors",
	"fake_words_that_open_doors",
}

// writingsOf are the ways in which servers write a token into a text.
func writingsOf(token string) map[string]string {
	asJSON, _ := json.Marshal(token)
	return map[string]string{
		"plain":                  token,
		"behind a sign":          "token=" + token,
		"in brackets":            "(" + token + ").",
		"in quotes":              `"` + token + `"`,
		"in a path":              "/users/" + url.PathEscape(token),
		"in a host":              "https://" + token + ".example.com/",
		"in an address":          "https://example.com/tokens/" + token,
		"in a query":             "/debug?token=" + url.QueryEscape(token) + "&x=1",
		"JSON-escaped":           string(asJSON),
		"as JSON":                `{"sent":{"t":` + string(asJSON) + `}}`,
		"base64":                 base64.StdEncoding.EncodeToString([]byte(token)),
		"URL-safe base64":        base64.RawURLEncoding.EncodeToString([]byte(token)),
		"as a basic credential":  "Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+token)),
		"without its first half": token[len(token)/2:] + token[len(token)/2:],
	}
}

func TestATokenThatNobodyToldGoesNowhere(t *testing.T) {
	for _, token := range untoldTokens {
		for how, writing := range writingsOf(token) {
			message, _ := json.Marshal(writing)
			bodies := map[string]string{
				"message":    fmt.Sprintf(`{"error":"Refused","message":%s}`, message),
				"error":      fmt.Sprintf(`{"error":%s}`, message),
				"text":       "refused " + writing,
				"other JSON": fmt.Sprintf(`{"errors":[{"detail":%s}]}`, message),
				"ids":        fmt.Sprintf(`{"message":"no","correlationId":%[1]s,"correlation_id":%[1]s}`, message),
			}
			for where, body := range bodies {
				t.Run(how+", "+where, func(t *testing.T) {
					for _, status := range []int{200, 302, 401, 403, 404, 500} {
						var log bytes.Buffer
						client, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
							for _, name := range []string{"X-Correlation-Id", "Location", "Retry-After", "X-Echo"} {
								w.Header().Set(name, writing)
							}
							w.WriteHeader(status)
							_, _ = io.WriteString(w, body)
						}), func(o *Options) {
							o.MaxRetries = 0
							o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
						})
						_, listing := client.List(t.Context(), user)
						deleting := client.Delete(t.Context(), user, "pn_1")
						for _, err := range []error{listing, deleting} {
							if err == nil && status != 200 {
								t.Fatalf("status %d is no error", status)
							}
							for _, part := range []string{writing, token, token[:len(token)/2]} {
								if shown := fmt.Sprint(err, log.String()); strings.Contains(shown, part) {
									t.Fatalf("status %d shows %q: %v\n%s", status, part, err, &log)
								}
							}
						}
					}
				})
			}
		}
	}
}

func TestWhatIsNoTokenIsShown(t *testing.T) {
	call := call{
		method: http.MethodPost, elements: append(phoneNumbersOf("usr_longUser0123456789"), "3f069cdc-f414-4fa1-86b0-6c0aad56e49d"),
		body: NewPhoneNumber{MetaPhoneNumberID: "836990829491415"},
	}
	client, _ := newClient(t, nil)
	for _, text := range []string{
		"User with ID usr_longUser0123456789 not found",
		"Route GET /v1/users/usr_longUser0123456789/phone_numbers not found",
		"Meta phone number 836990829491415 is already registered for whatsapp",
		"Phone number with ID 3f069cdc-f414-4fa1-86b0-6c0aad56e49d not found", // of the call
		"Invalid meta_phone_number_id.",
		"Maintenance until 2026-11-25T14:40:54Z, see status.example.com",
		"Internal Server Error: unsupported Content-Type",
		"Größenbeschränkung überschritten",
		"RATE LIMIT EXCEEDED: ENHANCEYOURCALM",
		`{"errors":["odd"],"code":123456789}`,
		"See https://docs.example.com/v1/errors/rate-limit, or write to support@example.com.",
		"この電話番号はすでに登録されています。 서버에 연결할 수 없습니다",
	} {
		if got := client.excerpt(call, text, longestMessage); got != text {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
}

func TestNumbersAndUUIDsThatNobodySentAreNotShown(t *testing.T) {
	client, _ := newClient(t, nil)
	for _, text := range []string{"12345678901234567890", "7f069cdc-f414-4fa1-86b0-6c0aad56e49e", "463ac35c9f6413ad48485a3953bb6124"} {
		if got := client.excerpt(call{elements: phoneNumbersOf(user)}, "bad token "+text+".", longestMessage); strings.Contains(got, text) {
			t.Errorf("shown as %q", got)
		}
	}
}

func TestARedirectNamesNoHostThatMayBeAToken(t *testing.T) {
	client, _ := newClient(t, nil, func(o *Options) { o.BaseURL, _ = ParseBaseURL("https://api-of-2026.example.com/v1", false) })
	for location, want := range map[string]string{
		"https://" + untoldTokens[0] + ".example.com/":   "https://[redacted]/",
		"https://sign-in.example.com:8443/" + user:       "https://sign-in.example.com:8443/" + user,
		"http://api-of-2026.example.com/v1?token=secret": "http://api-of-2026.example.com/v1",
		"/v2": "/v2",
		"":    "an unnamed place",
	} {
		if got := client.redirectTarget(call{elements: phoneNumbersOf(user)}, http.Header{"Location": {location}}); got != want {
			t.Errorf("%s is shown as %s, not %s", location, got, want)
		}
	}
}

func TestCorrelationIDs(t *testing.T) {
	const sent = "SENTBYTHISPROCESS234567"
	for name, test := range map[string]struct {
		text    string
		isShown bool
	}{
		"the one that was sent":     {sent, true},
		"a UUID":                    {"3f069cdc-f414-4fa1-86b0-6c0aad56e49d", true},
		"a UUID in capitals":        {"3F069CDC-F414-4FA1-86B0-6C0AAD56E49D", true},
		"a UUID with a name before": {"req_3f069cdc-f414-4fa1-86b0-6c0aad56e49d", true},
		"a ULID":                    {"01ARZ3NDEKTSV4RRFFQ69G5FAV", true},
		"hexadecimal":               {"463ac35c9f6413ad48485a3953bb6124", true},
		"W3C's traceparent":         {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true},
		"of a load balancer":        {"Root=1-67891233-abcdef012345678912345678", true},
		"words and a number":        {"corr-list-0001", true},
		"a number behind a name":    {"CORR-12345678", true},
		"a key behind a name":       {"req_8fK2mQ9zXy12", true},
		"words behind a name":       {"corr-unknown-key", true},
		"of a place":                {"8a1b2c3d4e5f6071-FRA", true},
		"words":                     {"fake-words-that-open-doors", false},
		"a short one":               {"aZ09/x+=", true},
		"empty":                     {"", false},
		"a token of Meta's":         {untoldTokens[0], false},
		"the half of one":           {untoldTokens[0][:20], false},
		"base64":                    {base64.StdEncoding.EncodeToString([]byte(untoldTokens[0][:24])), false},
		"a sentence":                {"see the log", false},
		"a control character":       {"a\x1b[31m", false},
		"longer than any":           {strings.Repeat("a", longestCorrelationID+1), false},
	} {
		t.Run(name, func(t *testing.T) {
			want := ""
			if test.isShown {
				want = test.text
			}
			if got := correlationID(test.text, sent); got != want {
				t.Errorf("%q is taken for %q", test.text, got)
			}
		})
	}
}

// A token may have the form of a correlation id, so the log has the one that was sent. An error has the
// server's: it is what its operators are asked about.
func TestTheLogHasNoCorrelationIDOfAServers(t *testing.T) {
	const theirs = "3f069cdc-f414-4fa1-86b0-6c0aad56e49d"
	var log bytes.Buffer
	client, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Correlation-Id", theirs)
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `{"message":"no","correlationId":%q}`, theirs)
	}), func(o *Options) {
		o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	_, err := client.List(t.Context(), user)
	if failureOf(t, err, KindForbidden).CorrelationID != theirs {
		t.Errorf("got %v", err)
	}
	if strings.Contains(log.String(), theirs) || !strings.Contains(log.String(), "correlation_id=") {
		t.Errorf("logged:\n%s", &log)
	}
}

func TestAFieldOfARowHoldsNoToken(t *testing.T) {
	const ofRow, ofAnother = "tokenOfTheRow", "tokenOfAnotherRow"
	client, _ := newClient(t, nil)
	client.secrets.Hold("tokenThatIsKnown")
	for name, test := range map[string]struct{ name, want string }{
		"a name":                       {"+1 (234) 567-8900", "+1 (234) 567-8900"},
		"a token that is known":        {"my tokenThatIsKnown", "my [redacted]"},
		"the row's own token":          {"my " + ofRow, "my [redacted]"},
		"the token of another row":     {ofAnother + "!", "[redacted]!"},
		"the row's, in base64":         {base64.StdEncoding.EncodeToString([]byte(ofRow)), "[redacted]w=="},
		"a token of Meta's":            {"x" + untoldTokens[0] + ".", "x[redacted]."},
		"a token of Meta's, in base64": {base64.RawStdEncoding.EncodeToString([]byte(untoldTokens[0])), "[redacted]"},
		"letters that Meta's have":     {"EAA sports, IGAA", "EAA sports, IGAA"},
		"what the row's may be half":   {"tokenOf", "tokenOf"},
	} {
		t.Run(name, func(t *testing.T) {
			var tokens rowTokens
			tokens.add(ofRow)
			tokens.add(ofAnother)
			tokens.add("")
			if got := client.field(test.name, &tokens); got != test.want {
				t.Errorf("%q is shown as %q", test.name, got)
			}
		})
	}
}

func TestNoFieldOfAListingHoldsAToken(t *testing.T) {
	const ofRow = "tokenOfARow"
	for _, field := range []string{"platform", "meta_phone_number_id", "display_name"} {
		for _, secret := range []string{apiKey, ofRow, untoldTokens[0]} {
			row := map[string]any{"id": "pn_1", "platform": "whatsapp", "meta_phone_number_id": "1", "access_token": ofRow}
			row[field] = "x " + secret
			page, err := json.Marshal([]any{map[string]any{"id": "pn_0", "platform": "whatsapp", "meta_phone_number_id": "0"}, row})
			must(t, err)
			client, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("offset") == "2" {
					page = []byte("[]")
				}
				_, _ = w.Write(page)
			}))
			numbers, _ := client.List(t.Context(), user)
			if shown := fmt.Sprint(numbers); strings.Contains(shown, secret) {
				t.Errorf("%s shows %s: %s", field, secret, shown)
			}
		}
	}
	client, _ := newClient(t, nil)
	if client.problemWithID(untoldTokens[0]) == "" {
		t.Error("a token is taken for an id")
	}
}

// A row's token is no part of what a row must be: one of another type is passed over.
func TestATokenOfAnotherTypeLeavesTheRowReadable(t *testing.T) {
	for _, token := range []string{`null`, `7`, `{"value":"EAA"}`, `["EAA"]`} {
		client, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `[{"id":"pn_1","platform":"whatsapp","meta_phone_number_id":"1","access_token":%s}]`, token)
		}))
		if numbers, err := client.List(t.Context(), user); err != nil || len(numbers) != 1 {
			t.Errorf("%s: %v, %v", token, numbers, err)
		}
	}
}

// What Go's client says of an answer that it cannot read quotes it.
func TestAnAnswerThatIsNoHTTPIsNotQuoted(t *testing.T) {
	client, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(connection, untoldTokens[0]+" "+untoldTokens[0]+"\r\n\r\n")
		_ = connection.Close()
	}), func(o *Options) { o.MaxRetries = 0 })
	_, err := client.List(t.Context(), user)
	if KindOf(err) != KindNoAnswer || strings.Contains(err.Error(), untoldTokens[0][:20]) || !strings.Contains(err.Error(), "malformed HTTP") {
		t.Errorf("got %v", err)
	}
}
