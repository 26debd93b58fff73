// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

// Package metagraph asks Meta's Graph API whether it accepts an access token. It makes one call and knows
// nothing of Terraform or of the messaging API.
package metagraph

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// DefaultBaseURL is the version of the Graph API that the messaging API uses.
const DefaultBaseURL = "https://graph.facebook.com/v24.0"

// maxResponse bounds a response, in bytes. Meta's have a few hundred.
const maxResponse = 64 << 10

// Options say how a Client reaches Meta.
type Options struct {
	// BaseURL is the Graph API with its version. Required.
	BaseURL *url.URL
	// UserAgent is sent as it is.
	UserAgent string
	// RequestTimeout bounds one attempt. Required.
	RequestTimeout time.Duration
	// Logger gets a line for every attempt, never a token or a body. Required.
	Logger *slog.Logger
	// Transport sends requests; nil is one of the client's own, which honours HTTPS_PROXY.
	Transport http.RoundTripper
}

// Client calls the Graph API. It is safe for concurrent use.
type Client struct{ options Options }

// New returns a client. It makes no call.
func New(options Options) *Client {
	if options.Transport == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		options.Transport = transport
	}
	return &Client{options}
}

// Meaning is what an Error says of the token.
type Meaning int

// Meanings, by Meta's error codes; see CheckToken.
const (
	// Unchecked is a failure of Meta's, an answer that is not Meta's, or none: it says nothing.
	Unchecked Meaning = iota
	// Refused is a token that is expired, revoked or malformed.
	Refused
	// NoSuchObject is an id that is wrong, or that this token may not see.
	NoSuchObject
	// NoPermission is a token that lacks a permission for the check; it may do for messages.
	NoPermission
	// RateLimited is too many calls.
	RateLimited
)

// Error is a token that Meta did not confirm.
type Error struct {
	Meaning Meaning
	// Status is the HTTP status, 0 when there was no answer.
	Status int
	// Code, Subcode, Message and TraceID are Meta's own; zero when there was no answer of Meta's. The message
	// is as Meta wrote it.
	Code, Subcode int
	Message       string
	TraceID       string
}

// Error returns Meta's message behind its codes, in one line: messages are long, and may be cut off.
func (e *Error) Error() string {
	if e.Code == 0 {
		return e.Message
	}
	text := fmt.Sprintf("status %d, code %d", e.Status, e.Code)
	if e.Subcode != 0 {
		text += fmt.Sprintf(", subcode %d", e.Subcode)
	}
	if e.TraceID != "" {
		text += ", fbtrace_id " + e.TraceID
	}
	return text + ": " + e.Message
}

// CheckToken asks for the id of a WhatsApp number or Instagram account with its token, and returns nil where
// Meta answers. Every error is an *Error. A failure of Meta's is repeated once.
func (c *Client) CheckToken(ctx context.Context, id, token string) error {
	err := c.ask(ctx, id, token)
	if failure, ok := errors.AsType[*Error](err); ok && failure.Meaning == Unchecked && ctx.Err() == nil {
		err = c.ask(ctx, id, token)
	}
	return err
}

// ask sends one request. The token goes in the header alone, and since the transport is called itself, no
// redirect takes it to another host.
func (c *Client) ask(ctx context.Context, id, token string) error {
	ctx, cancel := context.WithTimeout(ctx, c.options.RequestTimeout)
	defer cancel()
	target := c.options.BaseURL.JoinPath(url.PathEscape(id))
	target.RawQuery = "fields=id"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return &Error{Message: err.Error()}
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", c.options.UserAgent)
	start := time.Now()
	response, err := c.options.Transport.RoundTrip(request)
	status := 0
	if err == nil {
		defer response.Body.Close()
		status = response.StatusCode
	}
	c.options.Logger.LogAttrs(ctx, slog.LevelDebug, "Meta Graph API request", slog.String("id", id),
		slog.Int("status", status), slog.Int64("duration_ms", time.Since(start).Milliseconds()))
	if err != nil {
		return &Error{Message: fmt.Sprintf("%s cannot be reached: %v", c.options.BaseURL.Host, err)}
	}
	return read(response)
}

// read returns nil for an answer that shows the object.
func read(response *http.Response) error {
	var body struct {
		ID    string `json:"id"`
		Error *struct {
			Message string `json:"message"`
			Code    int    `json:"code"`
			Subcode int    `json:"error_subcode"`
			TraceID string `json:"fbtrace_id"`
		} `json:"error"`
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	isJSON := err == nil && json.Unmarshal(text, &body) == nil
	switch {
	case isJSON && response.StatusCode == http.StatusOK && body.ID != "":
		return nil
	case isJSON && body.Error != nil:
		return &Error{
			Meaning: meaningOf(body.Error.Code), Status: response.StatusCode,
			Code: body.Error.Code, Subcode: body.Error.Subcode, Message: body.Error.Message, TraceID: body.Error.TraceID,
		}
	}
	return &Error{Status: response.StatusCode, Message: fmt.Sprintf("the answer, status %d with %d bytes of %q, is not Meta's", response.StatusCode, len(text), response.Header.Get("Content-Type"))}
}

// meaningOf knows the codes of Meta's error handling guide.
func meaningOf(code int) Meaning {
	switch {
	case code == 190:
		return Refused
	case code == 100:
		return NoSuchObject
	case code == 3, code == 10, code >= 200 && code <= 299:
		return NoPermission
	case code == 4, code == 17, code == 32, code == 613, code == 80008:
		return RateLimited
	}
	return Unchecked
}
