// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

const (
	apiKey      = "sk_test_bench"
	accessToken = "EAAfakeTokenOfTheBenchmark"
	platform    = "whatsapp"
)

// api is the address that the sandboxes of all measures answer at, one after the
// other: a state remembers where its numbers were last seen.
type api struct {
	url    string // the base URL, with the version path
	server *http.Server

	mu      sync.Mutex
	account *account
}

func startAPI(ctx context.Context) (*api, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the sandbox: %w", err)
	}
	a := &api{url: "http://" + listener.Addr().String() + "/v1"}
	a.server = &http.Server{Handler: a, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = a.server.Serve(listener) }() // returns only when closed
	return a, nil
}

func (a *api) close() error {
	if err := a.server.Close(); err != nil {
		return fmt.Errorf("stop the sandbox: %w", err)
	}
	return nil
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	account := a.account
	a.mu.Unlock()
	account.ServeHTTP(w, r)
}

// account is a sandbox that a measure runs on, and a note of each request with its time.
type account struct {
	sandbox *sandbox.Server
	users   []string

	mu       sync.Mutex
	requests []*request
	hold     *hold // nil: no user is held
}

// request is one that reached the sandbox.
type request struct {
	user       string
	method     string
	arrived    time.Time
	answered   time.Time // zero: not yet
	status     int
	retryAfter string
}

// newAccount puts a fresh sandbox at the address.
func (a *api) newAccount(users int, options sandbox.Options) *account {
	account := &account{users: userIDs(users)}
	options.APIKey, options.Users = apiKey, account.users
	account.sandbox = sandbox.New(options)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.account = account
	return account
}

func userIDs(users int) []string {
	ids := make([]string, users)
	for at := range ids {
		ids[at] = fmt.Sprintf("usr_%d", at)
	}
	return ids
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	record := &request{user: userOf(r), method: r.Method, arrived: time.Now()}
	a.mu.Lock()
	a.requests = append(a.requests, record)
	hold := a.hold
	a.mu.Unlock()
	if hold != nil && hold.user == record.user {
		hold.wait(r.Context())
	}
	noted := &notingWriter{ResponseWriter: w}
	a.sandbox.ServeHTTP(noted, r)
	a.mu.Lock()
	defer a.mu.Unlock()
	record.answered, record.status, record.retryAfter = time.Now(), noted.status, w.Header().Get("Retry-After")
	if hold != nil && hold.user != record.user {
		hold.count()
	}
}

// longestHold is how long a user is held who seems to hold up the others. It is
// below the provider's request timeout.
const longestHold = 20 * time.Second

// hold leaves one user's requests without an answer until all requests of the
// others have theirs. Its account locks it.
type hold struct {
	user     string
	others   int           // requests of other users that are still to be answered
	answered chan struct{} // closed when none is left
}

// holdUser begins to hold a user until so many requests of others are answered.
func (a *account) holdUser(user string, others int) *hold {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hold = &hold{user: user, others: others, answered: make(chan struct{})}
	return a.hold
}

func (h *hold) wait(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, longestHold)
	defer cancel()
	select {
	case <-h.answered:
	case <-ctx.Done():
	}
}

func (h *hold) count() {
	h.others--
	if h.others == 0 {
		close(h.answered)
	}
}

// notingWriter keeps the status.
type notingWriter struct {
	http.ResponseWriter
	status int
}

func (w *notingWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// userOf is the user that a path of the API names.
func userOf(r *http.Request) string {
	_, rest, _ := strings.Cut(r.URL.Path, "/users/")
	user, _, _ := strings.Cut(rest, "/")
	return user
}

// asked returns what was asked since the last forget.
func (a *account) asked() []request {
	a.mu.Lock()
	defer a.mu.Unlock()
	asked := make([]request, len(a.requests))
	for at, r := range a.requests {
		asked[at] = *r
	}
	return asked
}

// forget begins a new count. No request is on its way.
func (a *account) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests = nil
	a.sandbox.ForgetRequests()
}

// isOver says whether all requests of the others were answered.
func (h *hold) isOver() bool {
	select {
	case <-h.answered:
		return true
	default:
		return false
	}
}
