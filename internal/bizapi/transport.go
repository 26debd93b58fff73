// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
)

// maxResponse bounds a response, in bytes, so that a runaway server cannot exhaust memory. A page of
// 1,000 numbers has about 500 KiB.
const maxResponse = 32 << 20

// newTransport is Go's own, which honours HTTPS_PROXY and the system's roots, with TLS 1.2 or later. It
// keeps as many connections as Terraform has operations at a time.
func newTransport() *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	transport.MaxIdleConnsPerHost = 10
	return transport
}

// answer is a response that was read to its end.
type answer struct {
	status        int
	header        http.Header
	body          []byte
	correlationID string // the server's where it can be shown, or else the one that was sent
}

// send makes one attempt, bounded by the request timeout. It calls the transport itself, so that no
// redirect is followed: Go would send x-api-key, and the body with its token, on to the new host.
func (c *Client) send(request *http.Request, call call) (answer, *Error) {
	sentID, start := rand.Text(), c.options.Clock.Now()
	ctx := request.Context()
	attemptCtx, wasSent, done := c.attemptContext(ctx, call.method != http.MethodGet)
	defer done()
	// A clone: after a time-out the transport may still be reading the request of the last attempt.
	request = request.Clone(attemptCtx)
	if request.GetBody != nil {
		request.Body, _ = request.GetBody() // of a bytes.Reader: never fails
	}
	request.Header.Set("x-correlation-id", sentID)
	answer, err := c.roundTrip(request)
	c.options.Logger.LogAttrs(ctx, slog.LevelDebug, "API request",
		slog.String("method", call.method), slog.String("path", c.options.Secrets.Redact(call.path())),
		slog.Int("status", answer.status), slog.Int64("duration_ms", c.options.Clock.Now().Sub(start).Milliseconds()),
		slog.String("correlation_id", sentID))
	answer.correlationID = c.correlationID(answer.header.Get("x-correlation-id"), sentID)
	if err == nil {
		return answer, nil
	}
	return answer, c.sendFailed(ctx, call, answer, wasSent.Load(), err)
}

// attemptContext bounds an attempt and notes whether it got a connection, after which the server may
// have seen it. An interrupt ends a read at once, but a write only before it has a connection: its
// answer is what says whether there is a number.
func (c *Client) attemptContext(ctx context.Context, isWrite bool) (context.Context, *atomic.Bool, func()) {
	parent := ctx
	if isWrite {
		parent = context.WithoutCancel(ctx)
	}
	limited, cancel := context.WithTimeout(parent, c.options.RequestTimeout)
	stop := context.AfterFunc(ctx, cancel) // a read ends with its parent in any case
	wasSent := &atomic.Bool{}
	traced := httptrace.WithClientTrace(limited, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		wasSent.Store(true)
		stop()
	}})
	return traced, wasSent, func() { stop(); cancel() }
}

// roundTrip sends the request and reads its response to the end.
func (c *Client) roundTrip(request *http.Request) (answer, error) {
	response, err := c.options.Transport.RoundTrip(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	read := answer{status: response.StatusCode, header: response.Header}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponse+1))
	switch {
	case err != nil:
		return read, fmt.Errorf("the answer broke off after %d bytes: %w", len(body), err)
	case len(body) > maxResponse:
		return read, errors.New("the answer is larger than 32 MiB")
	}
	read.body = bytes.TrimSpace(body)
	if response.StatusCode < 300 && isTorn(read.body) {
		return read, fmt.Errorf("the answer is JSON that broke off or was damaged, %d bytes", len(body))
	}
	return read, nil
}

// isTorn reports whether a body begins as JSON and is none as a whole.
func isTorn(body []byte) bool {
	return len(body) > 0 && (body[0] == '{' || body[0] == '[') && !json.Valid(body)
}

// tlsAlert is how Go reports that a TLS port answered plain http with an alert of TLS, as OpenSSL's do.
const tlsAlert = `malformed HTTP response "\x15\x03`

// sendFailed returns the Error of an attempt that got no whole answer. ctx is the operation's.
func (c *Client) sendFailed(ctx context.Context, call call, answer answer, wasSent bool, cause error) *Error {
	failure := c.newError(KindNoAnswer, call, answer, cause.Error())
	_, badCertificate := errors.AsType[*tls.CertificateVerificationError](cause)
	_, notTLS := errors.AsType[tls.RecordHeaderError](cause)
	isTimeout := errors.Is(cause, context.DeadlineExceeded)
	switch {
	case badCertificate:
		failure.Kind = KindCertificate
	case ctx.Err() != nil && (!wasSent || call.method == http.MethodGet):
		return c.canceled(ctx, call, nil)
	case notTLS:
		failure.Kind, failure.Message = KindWrongScheme, "the server does not speak TLS on this port, and base_url says https"
	case strings.Contains(cause.Error(), tlsAlert):
		failure.Kind, failure.Message = KindWrongScheme, plainHTTPToTLS
	case !wasSent && isTimeout:
		failure.Kind, failure.Message = KindUnreachable, fmt.Sprintf("no connection within %s", c.options.RequestTimeout)
	case !wasSent:
		failure.Kind = KindUnreachable
	case isTimeout:
		failure.Message = fmt.Sprintf("no answer within %s", c.options.RequestTimeout)
	}
	return failure
}
