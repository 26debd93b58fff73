// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Kind is what an Error means to the person who reads it. It is decided once, when the Error is
// made, so that nothing else has to look at statuses and messages.
type Kind int

// The kinds of Error.
const (
	// KindOther is a refusal that none of the other kinds describes.
	KindOther Kind = iota
	// KindUnauthorized is a missing or unknown API key.
	KindUnauthorized
	// KindForbidden is a key that may not do this, or a number of another user.
	KindForbidden
	// KindInvalidToken is a Meta access token that the API does not take.
	KindInvalidToken
	// KindInvalidMetaID is a meta_phone_number_id that the API does not take.
	KindInvalidMetaID
	// KindAlreadyExists is a platform and meta_phone_number_id that somebody has registered.
	KindAlreadyExists
	// KindUnknownUser is a user that the API does not know.
	KindUnknownUser
	// KindUnknownNumber is a phone number that the API does not know.
	KindUnknownNumber
	// KindUnknownRoute is a path that the server does not serve: a wrong base URL.
	KindUnknownRoute
	// KindRateLimited is a rate limit that outlasts the operation's time.
	KindRateLimited
	// KindServer is a failure of the server: a status of 500 and above.
	KindServer
	// KindRedirect is a redirect, which is never followed.
	KindRedirect
	// KindUnreadable is a success whose body is not what the API promises.
	KindUnreadable
	// KindCertificate is a server whose TLS certificate does not prove that it is the one asked.
	KindCertificate
	// KindUnreachable is a server that never got the request: its name does not resolve, nobody
	// listens, or a proxy or TLS handshake failed.
	KindUnreachable
	// KindNoAnswer is a request that was sent, or may have been, and not answered.
	KindNoAnswer
	// KindCanceled is a request given up because its operation ended: an interrupt or its timeout.
	KindCanceled
	// KindUnknownOutcome is an add of which nobody can say whether it happened: its answers were lost,
	// and the listing that would tell could not be read. The number may or may not be there.
	KindUnknownOutcome
)

// Error is a call that did not succeed. It never holds the API key or an access token.
type Error struct {
	// Kind is what the error means.
	Kind Kind
	// Method and Path say which call it was. The path starts behind the base URL.
	Method, Path string
	// Status is the HTTP status, 0 when there was no answer.
	Status int
	// Message is the API's own, at most 500 characters of it, or says what happened when there was
	// none.
	Message string
	// CorrelationID is what the API's operators find the call by: theirs, or the one that was sent.
	CorrelationID string
	// SentID is the correlation id that was sent, which is shown where a server's may be a token; empty when
	// nothing was sent.
	SentID string
	// Existing is, for KindAlreadyExists, the number of the same user that is in the way; nil when it
	// is another user's, or could not be looked up.
	Existing *PhoneNumber
	// Err is why the operation ended, context.Canceled or context.DeadlineExceeded, when that is what
	// ended the call; nil otherwise.
	Err error

	// PerhapsDone says that the server may have done what it was asked, in this attempt or one before.
	PerhapsDone bool
}

// Error is the call, its status, what was wrong and the correlation id, in one line.
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

// Unwrap returns Err, so that errors.Is finds a context's end.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the Error in err's chain, KindOther when there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return KindOther
}

// refusal is the body of an error in both dialects: they differ in the correlation id's name.
type refusal struct {
	Error              string `json:"error"`
	Message            string `json:"message"`
	CorrelationID      string `json:"correlation_id"`
	CorrelationIDCamel string `json:"correlationId"`
}

// newRefusal makes an Error of an answer that is not a success.
func (c *Client) newRefusal(call call, answer answer) *Error {
	e := &Error{Method: call.method, Path: call.path(), Status: answer.status, CorrelationID: answer.correlationID, SentID: answer.sentID}
	var body refusal
	_ = json.Unmarshal(answer.body, &body) // a field of another type leaves the rest readable
	if body.Error+body.Message == "" {
		e.Message = "the server answered " + c.describe(call, answer)
	} else {
		e.Message = c.excerpt(call, firstNonEmpty(body.Message, body.Error), longestMessage)
		e.CorrelationID = firstNonEmpty(correlationID(body.CorrelationID, answer.sentID), correlationID(body.CorrelationIDCamel, answer.sentID), e.CorrelationID)
	}
	e.Kind = refusalKind(answer.status, strings.ToLower(body.Error+" "+body.Message))
	if e.Kind == KindRedirect {
		e.Message = "the server redirects to " + c.redirectTarget(call, answer.header) + ", and redirects are not followed, since they would carry the API key along"
	}
	return c.redacted(e)
}

// refusalKind knows the published messages and those that deployed servers were seen to send. The
// text decides before the status does: a deployed server answers 400 where 409 is published.
func refusalKind(status int, text string) Kind {
	has := func(part string) bool { return strings.Contains(text, part) }
	switch {
	case status == http.StatusTooManyRequests:
		return KindRateLimited
	case status >= 500:
		return KindServer
	case status == http.StatusRequestTimeout:
		return KindNoAnswer
	case status >= 300 && status < 400:
		return KindRedirect
	case has("invalid access token"):
		return KindInvalidToken
	case status == http.StatusUnauthorized:
		return KindUnauthorized
	case status == http.StatusForbidden:
		return KindForbidden
	case has("invalid meta_phone_number_id"):
		return KindInvalidMetaID
	case status == http.StatusConflict, has("already exists"), has("already registered"):
		return KindAlreadyExists
	case has("not found") && has("user "):
		return KindUnknownUser
	case has("not found") && has("phone number "):
		return KindUnknownNumber
	case status == http.StatusNotFound:
		return KindUnknownRoute
	}
	return KindOther
}

// unreadable is the Error of a success whose body is not what the API promises. What it asked may
// have been done.
func (c *Client) unreadable(call call, answer answer, problem string) *Error {
	return c.redacted(&Error{
		Kind: KindUnreadable, Method: call.method, Path: call.path(), Status: answer.status,
		CorrelationID: answer.correlationID, SentID: answer.sentID, Message: problem, PerhapsDone: true,
	})
}

// canceled is the Error of a call whose operation ended before it could go out or be answered.
func canceled(ctx context.Context, call call) *Error {
	message := "given up, since the operation was interrupted"
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		message = "given up, since the operation's timeout is over"
	}
	return &Error{Kind: KindCanceled, Method: call.method, Path: call.path(), Message: message, Err: ctx.Err()}
}

// redacted cuts the secrets out of what an error shows.
func (c *Client) redacted(failure *Error) *Error {
	failure.Path = c.secrets.Redact(failure.Path)
	failure.Message = c.secrets.Redact(failure.Message)
	if id := failure.CorrelationID; c.secrets.Redact(id) != id || c.secrets.isShort(id) {
		failure.CorrelationID = failure.SentID
	}
	return failure
}

func withoutBOM(body []byte) []byte { return bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")) }

func firstNonEmpty(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
