// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox/contract"
)

const (
	user      = "usr_abc123"
	otherUser = "usr_def456"
	apiKey    = "sk_live_1234567890"
	token     = "EAAGm0PX4ZCpsBA"
)

// number is the one of the published page.
var number = NewPhoneNumber{
	Platform: "whatsapp", MetaPhoneNumberID: "836990829491415", AccessToken: token, DisplayName: "+1 (234) 567-8900",
}

// numberNo is one of many.
func numberNo(n int) NewPhoneNumber {
	return NewPhoneNumber{
		Platform: "whatsapp", MetaPhoneNumberID: strconv.Itoa(100000 + n),
		AccessToken: token, DisplayName: fmt.Sprintf("number %d", n),
	}
}

// fakeClock is a Clock whose sleepers wake at once, later.
type fakeClock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
	// stuck makes sleepers wait for the end of their context; it hears of each.
	stuck chan time.Duration
}

func newFakeClock() *fakeClock {
	return &fakeClock{now: time.Date(2025, 2, 10, 10, 0, 0, 0, time.UTC)}
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) Sleep(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.mu.Lock()
	stuck := c.stuck
	if stuck == nil {
		c.now = c.now.Add(d)
		c.slept = append(c.slept, d)
	}
	c.mu.Unlock()
	if stuck != nil {
		select {
		case stuck <- d:
		case <-ctx.Done():
		}
		<-ctx.Done()
	}
	return ctx.Err()
}

func (c *fakeClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// stick makes sleepers sleep until their context ends, from now on.
func (c *fakeClock) stick() (sleepers <-chan time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stuck = make(chan time.Duration, 100)
	return c.stuck
}

func (c *fakeClock) sleeps() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.slept)
}

// api is a client and the sandbox that it calls.
type api struct {
	*Client
	sandbox *sandbox.Server
	clock   *fakeClock
	url     string
}

// newAPI starts a sandbox with the options given and a client of it.
func newAPI(t testing.TB, options sandbox.Options, changes ...func(*Options)) *api {
	t.Helper()
	clock := newFakeClock()
	options.APIKey, options.Now = apiKey, clock.Now
	if options.Users == nil {
		options.Users = []string{user, otherUser}
	}
	server := sandbox.New(options)
	client, url := newClient(t, server, append([]func(*Options){func(o *Options) { o.Clock = clock }}, changes...)...)
	return &api{Client: client, sandbox: server, clock: clock, url: url}
}

// checked validates every exchange against the contract. It is for servers that keep to it.
func checked(t testing.TB) func(*Options) {
	return func(o *Options) { o.Transport = contract.NewTransport(t, o.Transport) }
}

// newClient makes a client of any server. It uses a connection a request, since Go repeats a GET by
// itself when a connection that it used before is dropped.
func newClient(t testing.TB, handler http.Handler, changes ...func(*Options)) (*Client, string) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	base, err := ParseBaseURL(server.URL+"/v1/", false)
	if err != nil {
		t.Fatal(err)
	}
	transport := newTransport()
	transport.DisableKeepAlives = true
	options := Options{
		BaseURL: base, APIKey: apiKey, UserAgent: "bizapi-test", MaxRetries: DefaultMaxRetries,
		Transport: transport, Clock: newFakeClock(),
	}
	for _, change := range changes {
		change(&options)
	}
	client, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client, server.URL
}

// fill adds n numbers behind the client's back, a second apart, and returns their ids, oldest first.
func (a *api) fill(userID string, n int) []string {
	start := a.clock.Now().Add(-time.Duration(n) * time.Second)
	ids := make([]string, n)
	for at := range n {
		number := numberNo(at)
		if userID != user {
			number.MetaPhoneNumberID += "9"
		}
		ids[at] = a.sandbox.Add(userID, sandbox.Number{
			Platform: number.Platform, MetaPhoneNumberID: number.MetaPhoneNumberID, AccessToken: token,
			DisplayName: &number.DisplayName, CreatedAt: start.Add(time.Duration(at) * time.Second),
		}).ID
	}
	return ids
}

// holds returns the ids that the sandbox has.
func (a *api) holds(userID string) []string {
	ids := []string{}
	for _, number := range a.sandbox.Numbers(userID) {
		ids = append(ids, number.ID)
	}
	return ids
}

func idsOf(numbers []PhoneNumber) []string {
	ids := []string{}
	for _, number := range numbers {
		ids = append(ids, number.ID)
	}
	return ids
}

// dialects runs a test in both.
func dialects(t *testing.T, test func(t *testing.T, dialect sandbox.Dialect)) {
	t.Helper()
	for _, dialect := range []sandbox.Dialect{sandbox.Published, sandbox.Deployed} {
		t.Run(string(dialect), func(t *testing.T) { test(t, dialect) })
	}
}

// eventually waits for what other goroutines are about to do.
func eventually(t testing.TB, what string, isSo func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !isSo(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("it did not come to pass that %s", what)
		}
	}
}

// failureOf is the *Error that a call must have failed with.
func failureOf(t testing.TB, err error, kind Kind) *Error {
	t.Helper()
	failure, ok := errors.AsType[*Error](err)
	if !ok || failure.Kind != kind {
		t.Fatalf("got the error %v of kind %d, want kind %d", err, KindOf(err), kind)
	}
	return failure
}

// mustFail is failureOf for those who want to know no more.
func mustFail(t testing.TB, err error, kind Kind) {
	t.Helper()
	_ = failureOf(t, err, kind)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
