// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

// Package bizapi is a client of the business messaging API. It knows HTTP and nothing of Terraform.
//
// Every call goes through Client.do, which adds the key, keeps to the rate limit, repeats what is
// safe to repeat and turns whatever comes back into an answer or an Error. All reading goes through
// one shared listing a user (listing.go), and every add through one turn a number (writing.go).
package bizapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Defaults of Options.
const (
	DefaultRequestTimeout = 30 * time.Second
	DefaultMaxRetries     = 4
)

// maxResponse bounds a response, in bytes, so that a runaway server cannot exhaust memory. A page of
// 1,000 numbers has about 500 KiB.
const maxResponse = 32 << 20

// Options say how a Client reaches the API.
type Options struct {
	// BaseURL is the API's root with its version path; see ParseBaseURL. Required.
	BaseURL *url.URL
	// APIKey is sent as x-api-key. Required.
	APIKey string
	// UserAgent is sent as it is.
	UserAgent string
	// MaxRetries is how often a failed request is repeated; 0 is never. Waiting out a rate limit
	// does not count.
	MaxRetries int
	// RequestsPerMinute is the client's own ceiling; 0 is none.
	RequestsPerMinute int
	// RequestTimeout bounds one attempt, from dialling to the last byte of the body; a third of it bounds
	// all attempts to reach a server that cannot be reached, but for the first. 0 is DefaultRequestTimeout.
	// After an interrupt it also bounds the listing that decides what became of a write.
	RequestTimeout time.Duration
	// Logger gets a line for every attempt. It never gets a body or a secret. Nil logs nothing.
	Logger *slog.Logger
	// Secrets are cut out of everything that leaves the client; nil starts with none but the key.
	Secrets *Secrets
	// Clock is the time that waits are measured by; nil is the real one.
	Clock Clock
	// Transport is what requests go out on; nil is one of the client's own. Another one must report
	// its connections to net/http/httptrace: that is how the client knows whether a request that
	// failed was sent.
	Transport http.RoundTripper
}

// Client calls the API. It is safe for concurrent use.
type Client struct {
	baseURL        *url.URL
	apiKey         string
	userAgent      string
	maxRetries     int
	requestTimeout time.Duration
	maxResponse    int64 // bytes
	log            *slog.Logger
	secrets        *Secrets
	clock          Clock
	gate           *gate
	transport      http.RoundTripper
	turns          turns

	mu       sync.Mutex
	accounts map[string]*account // by user id
	closed   context.Context     // ends with Close, and every listing that is being fetched with it
	closing  context.CancelFunc
	fetches  sync.WaitGroup
}

// New returns a client. It makes no call.
func New(options Options) (*Client, error) {
	if options.BaseURL == nil || options.APIKey == "" {
		return nil, errors.New("a base URL and an API key are required")
	}
	c := &Client{
		baseURL:        options.BaseURL,
		apiKey:         options.APIKey,
		userAgent:      options.UserAgent,
		maxRetries:     options.MaxRetries,
		requestTimeout: options.RequestTimeout,
		maxResponse:    maxResponse,
		log:            options.Logger,
		secrets:        options.Secrets,
		clock:          options.Clock,
		transport:      options.Transport,
		accounts:       map[string]*account{},
	}
	if c.requestTimeout == 0 {
		c.requestTimeout = DefaultRequestTimeout
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.secrets == nil {
		c.secrets = &Secrets{}
	}
	if c.clock == nil {
		c.clock = realClock{}
	}
	if c.transport == nil {
		c.transport = newTransport()
	}
	c.secrets.Hold(c.apiKey)
	c.gate = newGate(c.clock, c.log, options.RequestsPerMinute)
	c.closed, c.closing = context.WithCancel(context.Background())
	return c, nil
}

// Close ends the listings that are being fetched, waits for them to end and gives the idle
// connections back. Reads that wait for a listing fail, and so does every later call; a write that
// has been sent goes on to its end.
func (c *Client) Close() {
	c.mu.Lock()
	c.closing()
	c.mu.Unlock()
	c.fetches.Wait()
	(&http.Client{Transport: c.transport}).CloseIdleConnections()
}

// BaseURL is the API root in the one spelling that two equal roots share.
func (c *Client) BaseURL() string { return c.baseURL.String() }

// newTransport is like Go's own, with TLS 1.2 or later. It honours HTTPS_PROXY and the system's
// roots, and keeps as many connections as Terraform has operations at a time.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          100,
		MaxIdleConnsPerHost:   10,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

// call is one request as the API's page writes it. Its path elements are escaped one by one.
type call struct {
	method   string
	elements []string
	query    url.Values
	body     any
	// onHold hears until when the call is held at the gate, before each wait; nil does not listen.
	onHold func(until time.Time)
}

func (c call) path() string {
	var path strings.Builder
	for _, element := range c.elements {
		path.WriteString("/" + url.PathEscape(element))
	}
	return path.String()
}

// checkPath refuses elements that would make it another path: "phone_numbers/" is the whole list,
// and servers resolve dots.
func (c call) checkPath() error {
	for _, element := range c.elements {
		if element == "" || element == "." || element == ".." {
			return fmt.Errorf("%q cannot be part of a path", element)
		}
	}
	return nil
}

// do makes the call and returns the answer of a 2xx; every error is an *Error. GET and DELETE are
// repeated after a failure, a POST never is: what became of it has to be looked up first.
func (c *Client) do(ctx context.Context, call call) (answer, error) {
	request, err := c.newRequest(ctx, call)
	if err != nil {
		return answer{}, c.redacted(&Error{Kind: KindOther, Method: call.method, Path: call.path(), Message: err.Error()})
	}
	exchange := &exchange{client: c, call: call}
	if call.method == http.MethodPost {
		_, err = exchange.RoundTrip(request) //nolint:bodyclose // the exchange has read and closed it
	} else {
		err = c.repeat(exchange, request)
	}
	if err != nil {
		failure, ok := errors.AsType[*Error](err)
		if !ok { // what go-retryablehttp says when ctx ends between two attempts
			failure = exchange.givenUp(ctx, err)
		}
		failure.PerhapsDone = exchange.perhapsDone
		return exchange.answer, failure
	}
	if exchange.answer.status < 200 || exchange.answer.status > 299 {
		failure := c.newRefusal(call, exchange.answer)
		failure.PerhapsDone = exchange.perhapsDone
		return exchange.answer, failure
	}
	return exchange.answer, nil
}

func (c *Client) newRequest(ctx context.Context, call call) (*http.Request, error) {
	if err := call.checkPath(); err != nil {
		return nil, err
	}
	target := c.baseURL.String() + call.path()
	if len(call.query) > 0 {
		target += "?" + call.query.Encode()
	}
	var body io.Reader
	if call.body != nil {
		encoded, err := json.Marshal(call.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, call.method, target, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("x-api-key", c.apiKey)
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.userAgent != "" {
		request.Header.Set("User-Agent", c.userAgent)
	}
	return request, nil
}
