// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox/contract"
)

const (
	key     = "sk_test_sandbox"
	token   = "EAAxxxxxxxxx"
	user    = "usr_abc123"
	other   = "usr_def456"
	numbers = "/v1/users/usr_abc123/phone_numbers"
	agents  = "/v1/users/usr_abc123/agents"
)

// began is where the tests' clocks start.
var began = time.Date(2025, 2, 10, 10, 0, 0, 123456789, time.UTC)

// loadContract parses the file once: under the race detector that is slow.
var loadContract = sync.OnceValues(contract.Load)

func inBothDialects(t *testing.T, test func(t *testing.T, dialect sandbox.Dialect)) {
	for _, dialect := range []sandbox.Dialect{sandbox.Published, sandbox.Deployed} {
		t.Run(string(dialect), func(t *testing.T) { test(t, dialect) })
	}
}

// client is plain HTTP, with the key, on a connection a request: Go repeats a
// GET by itself when a connection that it used before is dropped.
type client struct {
	t    *testing.T
	url  string
	http *http.Client
	// checks of each exchange; nil: none
	checkRequest  func(*http.Request) error
	checkResponse func(*http.Request, *http.Response) error
}

// serve starts a sandbox and a client that checks every answer against the
// contract.
func serve(t *testing.T, o sandbox.Options) (*sandbox.Server, *client) {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return began }
	}
	if o.Users == nil {
		o.Users = []string{user, other}
	}
	server := sandbox.New(o)
	listening := httptest.NewServer(server)
	t.Cleanup(listening.Close)
	api, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	return server, &client{
		t:   t,
		url: listening.URL,
		http: &http.Client{
			Transport:     &http.Transport{DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		checkResponse: api.CheckResponse,
	}
}

// serveUnchecked is for answers that are outside the contract.
func serveUnchecked(t *testing.T, o sandbox.Options) (*sandbox.Server, *client) {
	t.Helper()
	server, c := serve(t, o)
	return server, c.unchecked()
}

// unchecked is the same client for answers that are outside the contract.
func (c *client) unchecked() *client {
	sub := *c
	sub.checkResponse = nil
	return &sub
}

// in is the same client for a subtest.
func (c *client) in(t *testing.T) *client {
	sub := *c
	sub.t = t
	return &sub
}

// reply is an answer, read to its end or to the error that ended it.
type reply struct {
	t      *testing.T
	status int
	header http.Header
	body   string
	err    error
}

func (c *client) request(method, path, body string, header ...string) *http.Request {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("x-api-key", key)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	return r
}

// try sends a request that may get no answer.
func (c *client) try(r *http.Request) reply {
	c.t.Helper()
	if c.checkRequest != nil {
		if err := c.checkRequest(r); err != nil {
			c.t.Errorf("request outside the contract: %v", err)
		}
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return reply{t: c.t, err: err}
	}
	defer answer.Body.Close()
	if c.checkResponse != nil && strings.Contains(r.URL.Path, "/users/") {
		if err := c.checkResponse(r, answer); err != nil {
			c.t.Errorf("response outside the contract: %v", err)
		}
	}
	body, err := io.ReadAll(answer.Body)
	return reply{t: c.t, status: answer.StatusCode, header: answer.Header, body: string(body), err: err}
}

func (c *client) do(method, path, body string, header ...string) reply {
	c.t.Helper()
	got := c.try(c.request(method, path, body, header...))
	if got.err != nil {
		c.t.Fatalf("%s %s: %v", method, path, got.err)
	}
	return got
}

func (c *client) add(body string) reply      { c.t.Helper(); return c.do("POST", numbers, body) }
func (c *client) list(query string) reply    { c.t.Helper(); return c.do("GET", numbers+query, "") }
func (c *client) delete(id string) reply     { c.t.Helper(); return c.do("DELETE", numbers+"/"+id, "") }
func (c *client) whatsapp(meta string) reply { c.t.Helper(); return c.add(whatsapp(meta)) }

// whatsapp is the body that adds a number without a name.
func whatsapp(meta string) string {
	return fmt.Sprintf(`{"platform":"whatsapp","meta_phone_number_id":%q,"access_token":%q}`, meta, token)
}

// agent is the body that creates an agent; without an id where it is "".
func agent(id, numberID string) string {
	body := fmt.Sprintf(`"phone_number_id":%q,"prompt_id":"pmpt_1","name":"Front desk"}`, numberID)
	if id == "" {
		return "{" + body
	}
	return fmt.Sprintf(`{"agent_id":%q,`, id) + body
}

// row is a number as either dialect writes it.
type row struct {
	ID          string  `json:"id"`
	MetaID      string  `json:"meta_phone_number_id"`
	DisplayName *string `json:"display_name"`
	CreatedAt   string  `json:"created_at"`
	UpdatedAt   string  `json:"updated_at"`
}

// into decodes a success of either dialect.
func (r reply) into(v any) {
	r.t.Helper()
	var wrapped struct{ Data json.RawMessage }
	raw := []byte(r.body)
	if err := json.Unmarshal(raw, &wrapped); err == nil && wrapped.Data != nil {
		raw = wrapped.Data
	}
	if err := json.Unmarshal(raw, v); err != nil {
		r.t.Fatalf("status %d, body %s: %v", r.status, r.body, err)
	}
}

func (r reply) number() (number row) { r.t.Helper(); r.into(&number); return number }

func (r reply) metaIDs() string {
	r.t.Helper()
	var rows []row
	r.into(&rows)
	ids := make([]string, len(rows))
	for i, number := range rows {
		ids[i] = number.MetaID
	}
	return strings.Join(ids, " ")
}

// failure is what an error body says, in either dialect.
func (r reply) failure() (message, correlationID string) {
	r.t.Helper()
	var body struct {
		Message   string
		Published string `json:"correlation_id"`
		Deployed  string `json:"correlationId"`
	}
	if err := json.Unmarshal([]byte(r.body), &body); err != nil {
		r.t.Fatalf("status %d, body %s: %v", r.status, r.body, err)
	}
	return body.Message, body.Published + body.Deployed
}

func (r reply) wants(status int, message string) {
	r.t.Helper()
	got, _ := r.failure()
	if r.status != status || got != message {
		r.t.Errorf("answered %d %q, want %d %q", r.status, got, status, message)
	}
}

func (r reply) wantsStatus(status int) {
	r.t.Helper()
	if r.status != status {
		r.t.Errorf("answered %d %s, want %d", r.status, r.body, status)
	}
}
