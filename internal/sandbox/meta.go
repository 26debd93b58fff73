// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"
)

// MetaError is the answer of Meta's Graph API to a token that it refuses.
type MetaError struct {
	Status        int
	Code, Subcode int // without a subcode: 0
	Message       string
}

// The answers of Meta's that a check of a token has to tell apart.
var (
	MetaExpired      = MetaError{http.StatusUnauthorized, 190, 463, "Error validating access token: Session has expired."}
	MetaMalformed    = MetaError{http.StatusBadRequest, 190, 0, "Invalid OAuth access token - Cannot parse access token"}
	MetaWrongObject  = MetaError{http.StatusBadRequest, 100, 33, "Unsupported get request. Object with this ID does not exist, or cannot be loaded due to missing permissions."}
	MetaNoPermission = MetaError{http.StatusForbidden, 10, 0, "(#10) Application does not have permission for this action"}
	MetaLimited      = MetaError{http.StatusBadRequest, 4, 0, "(#4) Application request limit reached"}
	MetaFailure      = MetaError{http.StatusBadRequest, 2, 0, "(#2) Service temporarily unavailable"}
)

// MetaOptions are how the stand-in for Meta answers.
type MetaOptions struct {
	// Refuse returns the error for a token and object, and whether there is one.
	// nil: all tokens may see all objects.
	Refuse func(token, id string) (MetaError, bool)
	// Now is the clock of the Date header. Default: time.Now.
	Now func() time.Time
}

// Meta is a stand-in for Meta's Graph API: GET {base}/{id}?fields=id with a bearer
// token, under any base path. It is an http.Handler, safe for concurrent use, and
// separate from Server, as Meta is another host.
//
// Script has it misbehave, with Delay, Drop, Hang, Respond, RedirectTo, Torn,
// TornJSON and RateLimited (Meta's code 4); a fault's On is OpCheckToken or OpAny.
// Requests keeps what it was sent, tokens included; nothing is logged.
type Meta struct {
	script
	history

	mu      sync.Mutex // for what follows
	options MetaOptions
	refused map[string]MetaError // by token
	running int
	most    int
}

// NewMeta makes a stand-in for Meta.
func NewMeta(o MetaOptions) *Meta {
	if o.Refuse == nil {
		o.Refuse = func(string, string) (MetaError, bool) { return MetaError{}, false }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Meta{options: o, history: history{now: o.Now}, refused: map[string]MetaError{}}
}

// Refuse has a token refused from here on.
func (m *Meta) Refuse(token string, e MetaError) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refused[token] = e
}

// Accept ends a Refuse.
func (m *Meta) Accept(token string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.refused, token)
}

// MostAtOnce returns how many requests were being answered at one time, at most.
func (m *Meta) MostAtOnce() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.most
}

// ServeHTTP answers one check.
func (m *Meta) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.begin()
	defer m.end() // a behaviour that drops the connection panics
	check := &tokenCheck{meta: m, request: r, operation: OpCheckToken}
	if r.Method != http.MethodGet || r.URL.RawQuery != "fields=id" || check.objectID() == "" {
		check.operation = OpOther
	}
	m.play(m.record(w, r, check.operation, nil), r, check.operation, check)
}

func (m *Meta) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running++
	m.most = max(m.most, m.running)
}

func (m *Meta) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running--
}

func (m *Meta) decide(token, id string) (MetaError, bool) {
	m.mu.Lock()
	e, ok := m.refused[token]
	m.mu.Unlock()
	if ok {
		return e, true
	}
	return m.options.Refuse(token, id)
}

// tokenCheck is one request to Meta.
type tokenCheck struct {
	meta      *Meta
	request   *http.Request
	operation Operation
}

func (c *tokenCheck) objectID() string {
	path := c.request.URL.Path
	return path[strings.LastIndex(path, "/")+1:]
}

func (c *tokenCheck) ordinary() Answer {
	if c.operation == OpOther {
		return c.failure(MetaError{http.StatusBadRequest, 2500, 0, "Unknown path components or query"})
	}
	token, ok := strings.CutPrefix(c.request.Header.Get("Authorization"), "Bearer ")
	if !ok || token == "" || strings.ContainsAny(token, " \t") {
		return c.failure(MetaMalformed)
	}
	if e, ok := c.meta.decide(token, c.objectID()); ok {
		return c.failure(e)
	}
	return metaAnswer(http.StatusOK, map[string]string{"id": c.objectID()})
}

// refused has Meta's form of an error of the API's: the limit.
func (c *tokenCheck) refused(err error) Answer {
	answer := c.failure(MetaLimited)
	var r *refusal
	if errors.As(err, &r) {
		for name, values := range r.header {
			answer.Header[name] = values
		}
	}
	return answer
}

func (c *tokenCheck) databaseDown() Answer { return c.failure(MetaFailure) }

func (c *tokenCheck) failure(e MetaError) Answer {
	type body struct {
		Message   string `json:"message"`
		Type      string `json:"type"`
		Code      int    `json:"code"`
		Subcode   int    `json:"error_subcode,omitempty"`
		FBTraceID string `json:"fbtrace_id"`
	}
	return metaAnswer(e.Status, map[string]body{"error": {
		Message: e.Message, Type: "OAuthException", Code: e.Code, Subcode: e.Subcode, FBTraceID: "A" + newUUID()[:10],
	}})
}

func metaAnswer(status int, body any) Answer {
	encoded, err := json.Marshal(body)
	if err != nil {
		panic(err) // texts and integers always encode
	}
	return Answer{Status: status, Header: http.Header{"Content-Type": {"application/json; charset=UTF-8"}}, Body: encoded}
}
