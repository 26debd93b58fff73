// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

// Package sandbox is a local stand-in for the business messaging API: an
// in-memory http.Handler that answers as the published page or as a deployed
// server does, that is stricter than either about what it is sent, and that
// misbehaves on request (see Fault).
//
// What it promises is written down in openapi.yaml; package
// sandbox/contract checks exchanges against that file.
package sandbox

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Dialect is one of the two forms in which servers of the API answer.
type Dialect string

const (
	// Published answers as the API's page shows: bare objects and arrays,
	// pn_ ids, times to the second, 204 without a body to a delete.
	Published Dialect = "published"
	// Deployed answers as a deployed server was seen to: {"success", "data", …}
	// envelopes, UUIDs, times to the millisecond, and the access token echoed.
	Deployed Dialect = "deployed"
)

// maxBodyBytes bounds a request body; the longest valid one is below 8 KiB.
const maxBodyBytes = 1 << 20

// Options says which server the sandbox stands in for. The zero value is a
// deployed server with one user and no limits.
type Options struct {
	// Dialect of the answers. Default: Deployed.
	Dialect Dialect
	// APIKey is the one valid x-api-key. Default: "sk_test_sandbox".
	APIKey string
	// Users that exist. Default: "usr_abc123" alone.
	Users []string
	// PageSize is the rows of a list that names no limit. Default: 50 published,
	// 100 deployed. Below zero: all rows.
	PageSize int
	// MaxPageSize caps the rows of any page, in silence. 0: no cap.
	MaxPageSize int
	// IgnorePaging makes every list answer the first PageSize rows, whatever
	// limit and offset ask for.
	IgnorePaging bool
	// IgnoreOrder makes every list answer newest first, whatever was asked.
	IgnoreOrder bool
	// RefuseQuery answers 400 to a list with any query string.
	RefuseQuery bool
	// NormalizeName is what the server makes of a display name it is sent. nil: as
	// sent. Names given to Server.Add and Server.Rename do not pass through it.
	NormalizeName func(string) string
	// RequestsPerWindow is how many requests with the valid key are served in a
	// Window; those beyond it are answered 429. 0: no limit.
	RequestsPerWindow int
	// Window begins with the first request after the last window ended. Default:
	// one minute.
	Window time.Duration
	// RetryAfter makes the Retry-After value of a 429 from the wait that is left.
	// nil: whole seconds, rounded up. "" leaves the header out.
	RetryAfter func(wait time.Duration) string
	// Now is the clock of numbers, timestamps and Window. Default: time.Now.
	Now func() time.Time
	// MinTokenLength is the fewest characters of an access token. Default: 10
	// deployed, 1 published.
	MinTokenLength int
	// EchoSecrets writes the API key and access tokens into error messages,
	// response headers (the correlation id among them) and success bodies. Such
	// answers are outside the contract.
	EchoSecrets bool
}

func (o Options) withDefaults() Options {
	pageSize, minTokenLength := 100, 10
	if o.Dialect == Published {
		pageSize, minTokenLength = 50, 1
	} else {
		o.Dialect = Deployed
	}
	if o.PageSize == 0 {
		o.PageSize = pageSize
	}
	if o.MinTokenLength == 0 {
		o.MinTokenLength = minTokenLength
	}
	if o.APIKey == "" {
		o.APIKey = "sk_test_sandbox"
	}
	if len(o.Users) == 0 {
		o.Users = []string{"usr_abc123"}
	}
	if o.Window == 0 {
		o.Window = time.Minute
	}
	if o.RetryAfter == nil {
		o.RetryAfter = wholeSeconds
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Server is the sandbox. It is an http.Handler, and safe for concurrent use.
type Server struct {
	options Options

	mu       sync.Mutex
	numbers  *store
	window   rateWindow
	faults   []*scriptedFault
	requests []*Request
}

// New makes a sandbox without numbers, faults or a history of requests.
func New(o Options) *Server {
	o = o.withDefaults()
	return &Server{
		options: o,
		numbers: newStore(o.Users),
		window:  rateWindow{limit: o.RequestsPerWindow, length: o.Window},
	}
}

// ServeHTTP answers one request under /v1/users or /users: with the fault that
// is scripted for it, else as the API does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, bodyErr := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	r.Body = io.NopCloser(bytes.NewReader(body))

	e := &exchange{server: s, request: r, route: findRoute(r), body: body, bodyErr: bodyErr}
	e.correlationID = e.chooseCorrelationID()
	w = &recordingWriter{ResponseWriter: w, server: s, record: s.record(e)}

	fault, isScripted := s.nextFault(e.route.operation)
	if isScripted && fault.Before != nil {
		fault.Before()
	}
	if !isScripted || fault.Do == nil {
		e.ordinary().write(w)
		return
	}
	var answer Answer
	if fault.Commit {
		answer = e.ordinary()
	}
	fault.Do(w, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, e)), answer)
}

// exchange is one request and what is needed to answer it.
type exchange struct {
	server        *Server
	request       *http.Request
	route         route
	body          []byte
	bodyErr       error
	correlationID string
}

// exchangeKey is where a Behaviour finds the exchange in its request's context.
type exchangeKey struct{}

// ordinary does what was asked and answers as the API does.
func (e *exchange) ordinary() Answer {
	var answer Answer
	var err error
	switch {
	case e.route.operation == OpOther:
		err = refuse(http.StatusNotFound, "Route %s %s not found", e.request.Method, e.request.URL.EscapedPath())
	case e.request.Header.Get("x-api-key") != e.server.options.APIKey:
		err = refuse(http.StatusUnauthorized, "Invalid API key")
	default:
		answer, err = e.admitted()
	}
	if err != nil {
		return e.refused(err)
	}
	return answer
}

// admitted answers a request that has a route and the key.
func (e *exchange) admitted() (Answer, error) {
	if err := e.server.countAgainstLimit(); err != nil {
		return Answer{}, err
	}
	switch e.route.operation {
	case OpAdd:
		return e.add()
	case OpList:
		return e.list()
	default:
		return e.delete()
	}
}

// route is what a method and path ask for.
type route struct {
	operation Operation
	userID    string
	numberID  string
}

// findRoute knows the three calls with and without the version in the base
// path. It splits the escaped path, so that an escaped slash stays in its id.
func findRoute(r *http.Request) route {
	elements := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	if elements[0] == "v1" {
		elements = elements[1:]
	}
	for i, element := range elements {
		plain, err := url.PathUnescape(element)
		if err != nil || plain == "" {
			return route{operation: OpOther}
		}
		elements[i] = plain
	}
	if len(elements) < 3 || elements[0] != "users" || elements[2] != "phone_numbers" {
		return route{operation: OpOther}
	}
	switch {
	case len(elements) == 3 && r.Method == http.MethodPost:
		return route{operation: OpAdd, userID: elements[1]}
	case len(elements) == 3 && r.Method == http.MethodGet:
		return route{operation: OpList, userID: elements[1]}
	case len(elements) == 4 && r.Method == http.MethodDelete:
		return route{operation: OpDelete, userID: elements[1], numberID: elements[3]}
	}
	return route{operation: OpOther}
}
