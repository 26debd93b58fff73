// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Kind is what an Error means.
type Kind int

// Kinds of errors. classify says which answer is of which kind.
const (
	// KindOther is a refusal that has no kind of its own.
	KindOther Kind = iota
	// KindUnauthorized is an API key that is missing, unknown or expired.
	KindUnauthorized
	// KindForbidden is a call that this key may not make, or a row of another user.
	KindForbidden
	// KindUnknownUser is a user that the API does not know.
	KindUnknownUser
	// KindNotFound is a number or an agent that the API does not know, in its own words.
	KindNotFound
	// KindWrongBaseURL is a server that does not serve this path.
	KindWrongBaseURL
	// KindAlreadyExists is a number or an agent that is registered already.
	KindAlreadyExists
	// KindInvalidToken is an access token that the API does not take.
	KindInvalidToken
	// KindInvalidMetaID is a meta_phone_number_id that the API does not take.
	KindInvalidMetaID
	// KindRateLimited is a rate limit that lasts longer than the operation may.
	KindRateLimited
	// KindServer is a failure of the server, which may have done what it was asked.
	KindServer
	// KindRedirect is a redirect, which is never followed.
	KindRedirect
	// KindUnreadable is a success that is not what the API promises.
	KindUnreadable
	// KindWrongScheme is a base URL that says https where the server speaks plain http, or the reverse.
	KindWrongScheme
	// KindCertificate is a server that does not prove to be the one in base_url.
	KindCertificate
	// KindUnreachable is a request that was never sent.
	KindUnreachable
	// KindNoAnswer is a request that was sent and got no whole answer.
	KindNoAnswer
	// KindCanceled is an operation that was interrupted or ran out of time.
	KindCanceled
	// KindUnknownOutcome is an add of which nothing says whether it succeeded.
	KindUnknownOutcome
)

// ErrNotFound is a number or an agent that its user does not have, as two listings prove.
var ErrNotFound = errors.New("not listed")

// Error is a call that did not succeed. It holds no secret that the client was given.
type Error struct {
	// Kind is what the error means.
	Kind Kind
	// Method and Path are the call's. The path starts behind the base URL.
	Method, Path string
	// Status is the HTTP status, 0 when there was no answer.
	Status int
	// Message is the API's own, or says what happened when there was none; at most 300 characters
	// of the server's.
	Message string
	// CorrelationID is the server's, or else the one that was sent; empty when nothing was sent.
	CorrelationID string
	// ExistingID is, for KindAlreadyExists, the id of the row that is in the way; empty when the user's
	// listing does not show it.
	ExistingID string
	// Err is context.Canceled or context.DeadlineExceeded when that ended the call; nil otherwise.
	Err error
}

// Error returns the call, its status, what was wrong and the correlation id, in one line.
func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s: ", e.Method, e.Path)
	if e.Status != 0 {
		fmt.Fprintf(&text, "status %d: ", e.Status)
	}
	text.WriteString(e.Message)
	if e.CorrelationID != "" {
		fmt.Fprintf(&text, " (correlation id %s)", e.CorrelationID)
	}
	return text.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the Error in err's chain, KindOther when there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return KindOther
}

// errorBody is an error in both dialects, which differ in the name of the correlation id.
type errorBody struct {
	Error         string `json:"error"`
	Message       string `json:"message"`
	CorrelationID string `json:"correlation_id"`
	CamelID       string `json:"correlationId"`
}

// judge returns the Error that an answer means, nil for a success.
func (c *Client) judge(call call, answer answer) *Error {
	if answer.status >= 200 && answer.status <= 299 {
		if call.method == http.MethodDelete {
			return c.checkDeleted(call, answer)
		}
		return nil
	}
	var body errorBody
	_ = json.Unmarshal(answer.body, &body) // a field of another type leaves the rest readable
	failure := c.newError(classify(call, answer.status, body), call, answer, describe(answer))
	if body.Error+body.Message != "" {
		failure.Message = c.options.Secrets.Excerpt(body.text(answer.status))
		failure.CorrelationID = c.correlationID(cmp.Or(body.CorrelationID, body.CamelID), failure.CorrelationID)
	}
	if c.isPlainHTTPRefused(answer) {
		failure.Kind, failure.Message = KindWrongScheme, plainHTTPToTLS
	}
	if failure.Kind == KindRedirect {
		failure.Message = "the server redirects to " + redirectTarget(c.options.Secrets.Excerpt(answer.header.Get("Location"))) + ", and redirects are not followed, since they would take the API key along"
	}
	return failure
}

// plainHTTPToTLS is the message where base_url says http and the port speaks TLS.
const plainHTTPToTLS = "the server speaks TLS on this port, and base_url says http; write https"

// isPlainHTTPRefused reports whether a TLS port answered plain http: Go, nginx and Apache send a 400 that
// names HTTPS.
func (c *Client) isPlainHTTPRefused(answer answer) bool {
	return c.options.BaseURL.Scheme == "http" && answer.status == http.StatusBadRequest &&
		!json.Valid(answer.body) && bytes.Contains(answer.body, []byte("HTTPS"))
}

// text is the message, behind the error where that says more than the status does.
func (b errorBody) text(status int) string {
	switch {
	case b.Message == "":
		return b.Error
	case b.Error == "", b.Error == b.Message, strings.EqualFold(b.Error, http.StatusText(status)):
		return b.Message
	}
	return b.Error + ": " + b.Message
}

// classify decides what an answer that is no success means, by its status and the API's own words
// together: a deployed server answers 404 and 400 while its database is down, and 400 where 409 is
// published.
func classify(call call, status int, body errorBody) Kind {
	message := strings.ToLower(body.Message)
	if message == "" {
		message = strings.ToLower(body.Error)
	}
	says := func(words string) bool { return strings.Contains(message, words) }
	isAdd := call.method == http.MethodPost
	isMissing := says("with id ") && strings.HasSuffix(message, " not found")
	switch {
	case status >= 500:
		return KindServer
	case status == http.StatusRequestTimeout: // of a proxy
		return KindNoAnswer
	case status < 400:
		return KindRedirect
	case isAdd && says("invalid access token"):
		return KindInvalidToken
	case status == http.StatusUnauthorized:
		return KindUnauthorized
	case status == http.StatusForbidden:
		return KindForbidden
	case isAdd && says("invalid meta_phone_number_id"):
		return KindInvalidMetaID
	case isAdd && (says("failed to add ") || says("failed to create ")):
		return KindServer
	case isAdd && (status == http.StatusConflict || says("already exists") || says("already registered") || says("failed to archive existing ")):
		return KindAlreadyExists
	case isMissing && strings.HasPrefix(message, "user "):
		return KindUnknownUser
	case isMissing:
		return KindNotFound
	case status == http.StatusNotFound && (message == "" || strings.HasPrefix(message, "route ")):
		return KindWrongBaseURL
	case status == http.StatusNotFound:
		return KindServer
	}
	return KindOther
}

// redirectTarget is a location without its query. It is cut after the secrets are, since half a secret is
// not recognised.
func redirectTarget(location string) string {
	target, _, _ := strings.Cut(location, "?")
	if target == "" {
		return "an unnamed place"
	}
	return target
}

// newError returns an Error whose message is an excerpt: without secrets, on one line, at most 300 characters.
func (c *Client) newError(kind Kind, call call, answer answer, message string) *Error {
	return &Error{
		Kind: kind, Method: call.method, Path: c.options.Secrets.Redact(call.path()), Status: answer.status,
		Message: c.options.Secrets.Excerpt(message), CorrelationID: answer.correlationID,
	}
}

// unreadable is the Error of a success whose body is not what the API promises.
func (c *Client) unreadable(call call, answer answer, problem string) *Error {
	return c.newError(KindUnreadable, call, answer, problem)
}

// canceled is the Error of a call that ended with its operation. before is the failure that it would
// have been repeated for, or nil.
func (c *Client) canceled(ctx context.Context, call call, before *Error) *Error {
	ended := c.newError(KindCanceled, call, answer{}, "the operation was interrupted")
	ended.Err = ctx.Err()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		ended.Message = "the operation's timeout is over"
	}
	if before != nil {
		ended.Message += "; the last attempt failed: " + before.Message
		ended.Status, ended.CorrelationID = before.Status, before.CorrelationID
	}
	return ended
}

// notSent is the Error of a call whose wait at the rate limit failed.
func (c *Client) notSent(ctx context.Context, call call, cause error) *Error {
	limit, ok := errors.AsType[*rateLimitError](cause)
	if !ok {
		return c.canceled(ctx, call, nil)
	}
	answer := answer{correlationID: limit.correlationID}
	if limit.correlationID != "" {
		answer.status = http.StatusTooManyRequests
	}
	return c.newError(KindRateLimited, call, answer, limit.Error())
}
