// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

// Package sandbox is a local stand-in for the business messaging API: an
// in-memory http.Handler that answers as the published page or as a deployed
// server does, that is stricter than either about what it is sent unless told,
// and that misbehaves on request (see Fault). Meta, beside it, is a stand-in for
// Meta's Graph API.
//
// What it promises is written down in openapi.yaml; package
// sandbox/contract checks exchanges against that file.
package sandbox

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
)

// maxBodyBytes bounds a request body; the longest valid one is below 8 KiB.
const maxBodyBytes = 1 << 20

// Server is the sandbox. It is an http.Handler, and safe for concurrent use.
type Server struct {
	options Options
	script
	history

	mu      sync.Mutex // for what follows
	numbers *numberStore
	agents  *agentStore
	window  rateWindow
}

// New makes a sandbox without numbers, agents, faults or a history of requests.
func New(o Options) *Server {
	o = o.withDefaults()
	return &Server{
		options: o,
		history: history{now: o.Now},
		numbers: newNumberStore(o),
		agents:  newAgentStore(o),
		window:  rateWindow{limit: o.RequestsPerWindow, length: o.Window},
	}
}

// ServeHTTP answers one request: with the fault that is scripted for it, else as
// the API does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, bodyErr := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	r.Body = io.NopCloser(bytes.NewReader(body))

	e := &exchange{server: s, request: r, route: findRoute(s.options.BasePath, r), body: body, bodyErr: bodyErr}
	e.correlationID = e.chooseCorrelationID()
	s.play(s.record(w, r, e.route.operation, body), r, e.route.operation, e)
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

// responder makes the answers that a Behaviour may want: a Behaviour finds it in
// its request's context.
type responder interface {
	// ordinary does what was asked and answers as the API does.
	ordinary() Answer
	// refused answers that a request failed.
	refused(err error) Answer
	// databaseDown answers that nothing can be looked up.
	databaseDown() Answer
}

// responderKey is where responderOf looks.
type responderKey struct{}

func responderOf(r *http.Request) responder { return r.Context().Value(responderKey{}).(responder) }

func withResponder(r *http.Request, answers responder) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), responderKey{}, answers))
}

func (e *exchange) ordinary() Answer {
	answer, err := e.admitted()
	if err != nil {
		return e.refused(err)
	}
	return answer
}

// admitted answers a request that has a route, the key and room in the limit.
func (e *exchange) admitted() (Answer, error) {
	o := e.server.options
	if e.route.operation == OpOther {
		return Answer{}, refuse(http.StatusNotFound, "Route %s %s not found", e.request.Method, e.request.URL.EscapedPath())
	}
	if !o.AnyKey && e.request.Header.Get("x-api-key") != o.APIKey {
		return Answer{}, refuse(http.StatusUnauthorized, "Invalid API key")
	}
	if err := e.server.countAgainstLimit(); err != nil {
		return Answer{}, err
	}
	return e.perform()
}
