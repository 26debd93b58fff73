// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

// Package bizapi is a client of the business messaging API. It knows HTTP and nothing of Terraform.
//
// Every call goes through Client.do. Reads of one user share one listing (listing.go), since the API
// cannot read a single number; adds are sent once and resolved by a listing when the answer is lost
// (add.go).
package bizapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Defaults of Options.
const (
	DefaultRequestTimeout = 30 * time.Second
	DefaultMaxRetries     = 4
)

// Options say how a Client reaches the API.
type Options struct {
	// BaseURL is the API's root; see ParseBaseURL. Required.
	BaseURL *url.URL
	// APIKey is sent as x-api-key. Required.
	APIKey string
	// UserAgent is sent as it is.
	UserAgent string
	// MaxRetries is how often a failed request is repeated; 0 is never. Waiting out a rate limit
	// does not count.
	MaxRetries int
	// RequestsPerMinute is the client's own limit; 0 is none.
	RequestsPerMinute int
	// RequestTimeout bounds one attempt, from dialling to the last byte of the body. 0 is
	// DefaultRequestTimeout.
	RequestTimeout time.Duration
	// Logger gets a line for every attempt, never a body or a secret. Nil logs nothing.
	Logger *slog.Logger
	// Secrets are cut out of errors and log lines. Nil starts with none but the key.
	Secrets *Secrets
	// Clock measures waits; nil is the real one.
	Clock Clock
	// Transport sends requests; nil is one of the client's own. It must report its connections to
	// net/http/httptrace, by which the client knows whether a failed request was sent.
	Transport http.RoundTripper
}

// Client calls the API. It is safe for concurrent use.
type Client struct {
	options Options
	limit   *rateLimit
	seed    maphash.Seed // of the hashes that stand for access tokens

	needsAgentID atomic.Bool // the server insists on agent_id in the request

	numbers *listings[PhoneNumber]
	agents  *listings[Agent]
}

// New returns a client. It makes no call.
func New(options Options) (*Client, error) {
	if options.BaseURL == nil || options.APIKey == "" {
		return nil, errors.New("a base URL and an API key are required")
	}
	options.RequestTimeout = cmp.Or(options.RequestTimeout, DefaultRequestTimeout)
	options.Logger = cmp.Or(options.Logger, slog.New(slog.DiscardHandler))
	options.Secrets = cmp.Or(options.Secrets, &Secrets{})
	options.Clock = cmp.Or[Clock](options.Clock, realClock{})
	if options.Transport == nil {
		options.Transport = newTransport()
	}
	options.Secrets.Add(options.APIKey)
	c := &Client{
		options: options,
		limit:   newRateLimit(options.Clock, options.Logger, options.RequestsPerMinute),
		seed:    maphash.MakeSeed(),
	}
	c.numbers = newListings(c, "phone_numbers", c.readNumber)
	c.agents = newListings(c, "agents", agentBody.read)
	return c, nil
}

// BaseURL returns the API's root, spelled the same for equal roots.
func (c *Client) BaseURL() string { return c.options.BaseURL.String() }

// call is one request in the terms of the API. Its path elements are escaped one by one.
type call struct {
	method   string
	elements []string
	query    url.Values
	body     any
}

func (c call) path() string {
	var path strings.Builder
	for _, element := range c.elements {
		path.WriteString("/" + url.PathEscape(element))
	}
	return path.String()
}

// checkPath refuses elements that would change which path is called: an empty id makes a delete the
// whole list, and servers resolve dots.
func (c call) checkPath() error {
	for _, element := range c.elements {
		if element == "" || element == "." || element == ".." {
			return fmt.Errorf("%q cannot be part of a path", element)
		}
	}
	return nil
}

// do makes the call and returns the answer of a 2xx. Every error is an *Error. Transient failures of
// a GET, a DELETE or a PATCH are repeated, those of a POST never: what became of it has to be looked
// up first.
func (c *Client) do(ctx context.Context, call call) (answer, error) {
	request, err := c.newRequest(ctx, call)
	if err != nil {
		return answer{}, &Error{Kind: KindOther, Method: call.method, Path: call.path(), Message: err.Error()}
	}
	exchange := &exchange{client: c, call: call}
	if call.method == http.MethodPost {
		_, err = exchange.RoundTrip(request) //nolint:bodyclose // it has none
	} else {
		err = c.repeat(exchange, request)
	}
	failure := exchange.failure
	isRead := call.method == http.MethodGet
	switch {
	case err == nil:
		return exchange.answer, nil
	case failure == nil, ctx.Err() != nil && isRead && isTransient(failure):
		return answer{}, c.canceled(ctx, call, failure)
	}
	return answer{}, failure
}

// exchange is a call on its way: the transport of go-retryablehttp, which keeps what the latest
// attempt came to.
type exchange struct {
	client  *Client
	call    call
	answer  answer
	failure *Error
}

// RoundTrip makes one attempt, and further ones while the API answers 429: waiting out the rate limit
// counts as no retry. The response has neither body nor headers.
func (e *exchange) RoundTrip(request *http.Request) (*http.Response, error) {
	e.answer, e.failure = e.client.attempt(request, e.call)
	if e.failure != nil {
		return nil, e.failure
	}
	return &http.Response{StatusCode: e.answer.status, Header: http.Header{}, Body: http.NoBody, Request: request}, nil
}

func (c *Client) attempt(request *http.Request, call call) (answer, *Error) {
	ctx := request.Context()
	for {
		if err := c.limit.wait(ctx); err != nil {
			return answer{}, c.notSent(ctx, call, err)
		}
		answer, failure := c.send(request, call)
		switch {
		case failure != nil:
			return answer, failure
		case answer.status != http.StatusTooManyRequests:
			c.limit.passed()
			return answer, c.judge(call, answer)
		}
		c.limit.refused(ctx, answer)
	}
}

// repeat sends a request until it succeeds, fails for good, or the retries are used up.
func (c *Client) repeat(exchange *exchange, request *http.Request) error {
	retries := 0
	client := retryablehttp.Client{
		HTTPClient: &http.Client{Transport: exchange},
		RetryMax:   c.options.MaxRetries,
		CheckRetry: func(_ context.Context, _ *http.Response, err error) (bool, error) { return isTransient(err), nil },
		// The wait is PrepareRetry's, on the client's own clock.
		Backoff: func(time.Duration, time.Duration, int, *http.Response) time.Duration { return 0 },
		PrepareRetry: func(request *http.Request) error {
			retries++
			return c.options.Clock.Sleep(request.Context(), retryBackoff(retries-1))
		},
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	retryable, err := retryablehttp.FromRequest(request)
	if err != nil {
		return err
	}
	_, err = client.Do(retryable) //nolint:bodyclose // it has none
	return err
}

func (c *Client) newRequest(ctx context.Context, call call) (*http.Request, error) {
	if err := call.checkPath(); err != nil {
		return nil, err
	}
	target := c.BaseURL() + call.path()
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
	request.Header.Set("x-api-key", c.options.APIKey)
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("User-Agent", c.options.UserAgent)
	return request, nil
}
