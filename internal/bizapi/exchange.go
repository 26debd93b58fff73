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
	"sync/atomic"
	"time"
)

// answer is a response read to its end.
type answer struct {
	status        int
	header        http.Header
	body          []byte
	correlationID string // the server's, or else the one that was sent
	sentID        string // the correlation id of the request
	startedAt     time.Time
}

// exchange sends the attempts of one call: each waits at the gate, is bounded by the request
// timeout and is read to its end. A 429 is waited out here, so that no retry counts it.
type exchange struct {
	client   *Client
	call     call
	attempts int
	// connected says that the latest attempt got a connection, so that the server may have seen it.
	connected atomic.Bool
	// perhapsDone says that some attempt may have done what it asked, though nothing confirms it.
	perhapsDone bool
	// answer is the latest attempt's, as far as it came.
	answer answer
}

// RoundTrip sends one attempt, and further ones while the API answers 429. The response it returns
// has a status alone: exchange.answer holds what was read, and without a Location no client can
// follow a redirect. Go would send x-api-key, and the body with its token, on to the new host.
func (e *exchange) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	for {
		admission, err := e.client.gate.wait(ctx, e.call.onHold)
		if held, ok := errors.AsType[*heldError](err); ok {
			return nil, e.client.held(e.call, held)
		}
		if err != nil {
			return nil, e.givenUp(ctx, err)
		}
		if err := e.attempt(ctx, request); err != nil {
			return nil, err
		}
		if e.answer.status != http.StatusTooManyRequests {
			e.client.gate.passed(admission)
			return &http.Response{StatusCode: e.answer.status, Header: http.Header{}, Body: http.NoBody, Request: request}, nil
		}
		e.client.gate.noteRefusal(e.answer.correlationID)
		e.client.gate.close(ctx, admission, e.answer.header.Get("Retry-After"))
	}
}

// attempt fills exchange.answer, or returns an *Error when there was no whole answer.
func (e *exchange) attempt(ctx context.Context, request *http.Request) error {
	attemptCtx, done := e.bounded(ctx)
	defer done()
	// A clone: after a time-out the transport may still be reading the request before this one.
	request = request.Clone(attemptCtx)
	if request.GetBody != nil {
		request.Body, _ = request.GetBody() // of a bytes.Reader: never fails
	}
	e.attempts++
	sentID := rand.Text()
	start := e.client.clock.Now()
	e.answer = answer{correlationID: sentID, sentID: sentID, startedAt: start}
	request.Header.Set("x-correlation-id", sentID)

	var failure error
	if cause := e.read(request); cause != nil {
		failure = e.noAnswer(ctx, cause)
	}
	e.perhapsDone = e.perhapsDone || e.isInconclusive(failure)
	e.client.log.LogAttrs(ctx, slog.LevelDebug, "API request",
		slog.String("method", e.call.method), slog.String("path", e.client.secrets.Redact(e.call.path())),
		slog.Int("status", e.answer.status), slog.Int64("duration_ms", e.client.clock.Now().Sub(start).Milliseconds()),
		slog.Int("attempt", e.attempts), slog.String("correlation_id", sentID)) // a server's own may be a token
	return failure
}

// isInconclusive tells answers that leave open whether the server did what it was asked. A 4xx does
// not, but for a 408, which a proxy may send; a redirect may follow the deed.
func (e *exchange) isInconclusive(failure error) bool {
	switch status := e.answer.status; {
	case !e.connected.Load():
		return false
	case failure != nil || status == http.StatusRequestTimeout:
		return true
	default:
		return status < 200 || status >= 300 && status < 400 || status >= 500
	}
}

// bounded bounds an attempt by the request timeout. An interrupt ends it at once only while it
// changes nothing: a write that has a connection goes on to its end, since its answer is what says
// whether there is a number.
func (e *exchange) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	e.connected.Store(false)
	isWrite := e.call.method != http.MethodGet
	parent := ctx
	if isWrite {
		parent = context.WithoutCancel(ctx)
	}
	limited, cancel := context.WithTimeout(parent, e.client.requestTimeout)
	stop := func() bool { return true }
	if isWrite {
		stop = context.AfterFunc(ctx, cancel)
	}
	traced := httptrace.WithClientTrace(limited, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { e.connected.Store(true); stop() },
	})
	return traced, func() { stop(); cancel() }
}

// errTooLarge and errDamaged are successes that cannot be used.
var (
	errTooLarge = errors.New("the answer is larger than 32 MiB")
	errDamaged  = errors.New("the server answered " + damaged)
)

// read sends the request and reads its response to the end.
func (e *exchange) read(request *http.Request) error {
	response, err := e.client.transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	e.connected.Store(true)
	e.answer.status, e.answer.header = response.StatusCode, response.Header
	e.answer.correlationID = firstNonEmpty(correlationID(response.Header.Get("x-correlation-id"), e.answer.sentID), e.answer.sentID)
	body, err := io.ReadAll(io.LimitReader(response.Body, e.client.maxResponse+1))
	switch {
	case int64(len(body)) > e.client.maxResponse:
		return errTooLarge
	case err != nil:
		return fmt.Errorf("the answer broke off after %d bytes: %w", len(body), err)
	}
	e.answer.body = withoutBOM(body)
	if response.StatusCode < 300 && isDamaged(e.answer.body) {
		return errDamaged
	}
	return nil
}

// isDamaged tells JSON that was cut off on its way, which may be whole the next time, from text that
// never was JSON.
func isDamaged(body []byte) bool {
	body = bytes.TrimSpace(body)
	return len(body) > 0 && (body[0] == '{' || body[0] == '[') && !json.Valid(body)
}

// noAnswer makes the *Error of an attempt that got no whole answer. ctx is the operation's.
func (e *exchange) noAnswer(ctx context.Context, cause error) *Error {
	_, badCertificate := errors.AsType[*tls.CertificateVerificationError](cause)
	failure := &Error{
		Kind: KindNoAnswer, Method: e.call.method, Path: e.call.path(), Status: e.answer.status,
		CorrelationID: e.answer.correlationID, SentID: e.answer.sentID, Message: cause.Error(),
	}
	timedOut := errors.Is(cause, context.DeadlineExceeded)
	switch connected := e.connected.Load(); {
	case errors.Is(cause, errTooLarge):
		failure.Kind = KindUnreadable
	case badCertificate:
		failure.Kind = KindCertificate
	case ctx.Err() != nil && (!connected || e.call.method == http.MethodGet):
		return e.givenUp(ctx, cause)
	case !connected && timedOut:
		failure.Kind, failure.Message = KindUnreachable, fmt.Sprintf("no connection within %s", e.client.requestTimeout)
	case !connected:
		failure.Kind = KindUnreachable
	case timedOut:
		failure.Message = fmt.Sprintf("no answer within %s", e.client.requestTimeout)
	default:
		failure.Message = e.client.brokenOff(e.call, cause)
	}
	return e.client.redacted(failure)
}

// givenUp makes the *Error of a call that ended with its operation, in a wait or on the way.
func (e *exchange) givenUp(ctx context.Context, cause error) *Error {
	failure := canceled(ctx, e.call)
	if ctx.Err() == nil {
		failure.Kind, failure.Message = KindOther, cause.Error()
	}
	if e.answer.status != 0 {
		failure.Message += fmt.Sprintf("; the last of %d attempts was answered with status %d", e.attempts, e.answer.status)
		failure.CorrelationID, failure.SentID = e.answer.correlationID, e.answer.sentID
	}
	return e.client.redacted(failure)
}

// held makes the *Error of a call that the gate holds back for longer than its operation may take.
func (c *Client) held(call call, held *heldError) *Error {
	failure := &Error{Kind: KindRateLimited, Method: call.method, Path: call.path(), Message: held.Error()}
	if refused := c.gate.refusal(); refused != "" { // not by the client's own ceiling alone
		failure.Status, failure.CorrelationID = http.StatusTooManyRequests, refused
	}
	return c.redacted(failure)
}
