// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"bufio"
	"net"
	"net/http"
	"slices"
)

// Operation is what a request asked for.
type Operation string

// The operations of the API. OpAny, the zero value, matches all of them and is
// never the operation of a Request.
const (
	OpAny    Operation = ""
	OpAdd    Operation = "add"
	OpList   Operation = "list"
	OpDelete Operation = "delete"
	OpOther  Operation = "other" // no route serves it
)

// Request is one request that reached the sandbox, whatever it answered.
type Request struct {
	Operation Operation
	Method    string
	Path      string // as sent, escaped
	RawQuery  string
	Header    http.Header // with the API key
	Body      []byte      // with the access token; cut off at 1 MiB
	Status    int         // 0: no answer was begun, or not yet
}

// Requests returns what was asked of the server, in the order of arrival.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests := make([]Request, len(s.requests))
	for i, r := range s.requests {
		requests[i] = *r
		requests[i].Header = r.Header.Clone()
		requests[i].Body = slices.Clone(r.Body)
	}
	return requests
}

// Count returns how many requests asked for an operation.
func (s *Server) Count(op Operation) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := 0
	for _, r := range s.requests {
		if op == OpAny || r.Operation == op {
			count++
		}
	}
	return count
}

// ForgetRequests empties the history, so that a test counts from here on.
func (s *Server) ForgetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// record notes a request on arrival: one that hangs is there too.
func (s *Server) record(e *exchange) *Request {
	r := &Request{
		Operation: e.route.operation,
		Method:    e.request.Method,
		Path:      e.request.URL.EscapedPath(),
		RawQuery:  e.request.URL.RawQuery,
		Header:    e.request.Header.Clone(),
		Body:      e.body,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
	return r
}

// recordingWriter notes the status before the client can see it.
type recordingWriter struct {
	http.ResponseWriter
	server *Server
	record *Request
}

func (w *recordingWriter) WriteHeader(status int) {
	w.note(status)
	w.ResponseWriter.WriteHeader(status)
}

func (w *recordingWriter) Write(b []byte) (int, error) {
	w.note(http.StatusOK)
	return w.ResponseWriter.Write(b)
}

func (w *recordingWriter) note(status int) {
	w.server.mu.Lock()
	defer w.server.mu.Unlock()
	if w.record.Status == 0 {
		w.record.Status = status
	}
}

// Unwrap is for http.ResponseController.
func (w *recordingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush lets a Behaviour see an http.Flusher.
func (w *recordingWriter) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// Hijack lets a Behaviour see an http.Hijacker.
func (w *recordingWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}
