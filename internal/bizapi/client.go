// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

// Package bizapi is a client of the business messaging API. It knows HTTP and nothing of Terraform.
//
// Every call goes through Client.do: transport.go makes one attempt, retry.go and rate_limit.go decide what is
// sent again, and errors.go what an answer means. Since the API cannot read a single number, the readers
// of a user share one listing (listing.go), whose pages paging.go joins. An add is sent once, and resolved
// by a listing when its answer is lost (add.go).
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
// a GET, a DELETE or a PATCH are repeated, those of a POST never: what became of it has to be looked up
// first.
func (c *Client) do(ctx context.Context, call call) (answer, error) {
	request, err := c.newRequest(ctx, call)
	if err != nil {
		return answer{}, c.newError(KindOther, call, answer{}, err.Error())
	}
	send := c.repeat
	if call.method == http.MethodPost {
		send = c.attempt
	}
	answer, failure := send(request, call)
	if failure != nil {
		return answer, failure
	}
	return answer, nil
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
