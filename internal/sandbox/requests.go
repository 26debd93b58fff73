// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"bufio"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
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

// history is what was asked of a server.
type history struct {
	now      func() time.Time // the Date of answers
	mu       sync.Mutex
	requests []*Request
}

// Requests returns what was asked of the server, in the order of arrival.
func (h *history) Requests() []Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	requests := make([]Request, len(h.requests))
	for i, r := range h.requests {
		requests[i] = *r
		requests[i].Header = r.Header.Clone()
		requests[i].Body = slices.Clone(r.Body)
	}
	return requests
}

// Count returns how many requests asked for an operation.
func (h *history) Count(op Operation) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	count := 0
	for _, r := range h.requests {
		if op == OpAny || r.Operation == op {
			count++
		}
	}
	return count
}

// ForgetRequests empties the history, so that a test counts from here on.
func (h *history) ForgetRequests() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = nil
}

// record notes a request on arrival: one that hangs is there too. The writer that
// it returns notes the status, and dates the answer.
func (h *history) record(w http.ResponseWriter, r *http.Request, op Operation, body []byte) http.ResponseWriter {
	request := &Request{
		Operation: op,
		Method:    r.Method,
		Path:      r.URL.EscapedPath(),
		RawQuery:  r.URL.RawQuery,
		Header:    r.Header.Clone(),
		Body:      body,
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = append(h.requests, request)
	return &recordingWriter{ResponseWriter: w, history: h, request: request}
}

// recordingWriter notes the status before the client can see it.
type recordingWriter struct {
	http.ResponseWriter
	history *history
	request *Request
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
	if _, ok := w.Header()["Date"]; !ok {
		w.Header().Set("Date", w.history.now().UTC().Format(http.TimeFormat))
	}
	w.history.mu.Lock()
	defer w.history.mu.Unlock()
	if w.request.Status == 0 {
		w.request.Status = status
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
