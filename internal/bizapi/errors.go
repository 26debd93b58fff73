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
	"net/url"
	"regexp"
	"strings"
	"unicode"
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
	// Existing is, for KindAlreadyExists, the number of the same user that is in the way; nil when it
	// is another user's, or could not be looked up.
	Existing *PhoneNumber
	// Err is why the operation ended, context.Canceled or context.DeadlineExceeded, when that is what
	// ended the call; nil otherwise.
	Err error

	// perhapsDone says that the server may have done what it was asked.
	perhapsDone bool
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
	e := &Error{Method: call.method, Path: call.path(), Status: answer.status, CorrelationID: answer.correlationID}
	var body refusal
	_ = json.Unmarshal(answer.body, &body) // a field of another type leaves the rest readable
	if body.Error+body.Message == "" {
		e.Message = "the server answered " + c.describe(answer)
	} else {
		e.Message = c.excerpt(firstNonEmpty(body.Message, body.Error), longestMessage)
		e.CorrelationID = firstNonEmpty(correlationID(body.CorrelationID), correlationID(body.CorrelationIDCamel), e.CorrelationID)
	}
	e.Kind = refusalKind(answer.status, strings.ToLower(body.Error+" "+body.Message))
	if e.Kind == KindRedirect {
		e.Message = "the server redirects to " + redirectTarget(answer.header) + ", and redirects are not followed, since they would carry the API key along"
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
		CorrelationID: answer.correlationID, Message: problem, perhapsDone: true,
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
	failure.CorrelationID = c.secrets.Redact(failure.CorrelationID)
	return failure
}

// damaged is what describe calls JSON that does not end, or is broken in the middle.
const damaged = "JSON that is cut off or damaged"

// describe names a body that is not the JSON expected, in a few words that fit a message.
func (c *Client) describe(answer answer) string {
	body := bytes.TrimSpace(answer.body)
	kind := answer.header.Get("Content-Type")
	switch {
	case len(body) == 0:
		return "an empty body"
	case strings.Contains(kind, "html"), body[0] == '<':
		return "an HTML or XML page, not JSON"
	case isDamaged(body):
		return damaged
	}
	start := c.excerpt(string(body[:min(len(body), longestExcerpt+1)]), shownExcerpt)
	if json.Valid(body) {
		return "JSON of another form: " + start
	}
	return "text that is not JSON: " + start
}

// Bounds of foreign text in a message, in characters: of a body, and of the API's own message.
const (
	shownExcerpt   = 120
	longestMessage = 500
)

// Bounds of what an excerpt is made from, in bytes. The end of a text that was cut is dropped, since
// it may be the half of a secret; no written form of a token is longer than that.
const (
	longestExcerpt = 16 << 10
	unsafeEnd      = 4 << 10
)

// excerpt is the start of a text, on one line. The secrets go first: half of one is still one.
func (c *Client) excerpt(text string, length int) string {
	if len(text) > longestExcerpt {
		text = c.secrets.Redact(text[:longestExcerpt])
		text = text[:max(0, len(text)-unsafeEnd)]
	}
	text = oneLine(secretField.ReplaceAllString(c.secrets.Redact(text), `${1}"`+Redacted+`"`))
	if short := []rune(text); len(short) > length {
		return string(short[:length]) + "…"
	}
	return text
}

// secretField is a JSON field whose value is nobody's business: a deployed server's rows have the
// access_token of numbers that nobody configured. The value may be cut off.
var secretField = regexp.MustCompile(`(?i)("[^"]*(?:token|key|secret|password)[^"]*"\s*:\s*)"(?:[^"\\]|\\.)*(?:"|\\?$)`)

// oneLine takes out what would break or repaint a terminal's line.
func oneLine(text string) string {
	printable := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	return strings.Join(strings.Fields(printable), " ")
}

// correlationForm is what an id looks like.
var correlationForm = regexp.MustCompile(`^[A-Za-z0-9._:/+=-]{1,64}$`)

// correlationID returns a server's correlation id, or nothing for what is none: a server that echoes
// secrets may put one there that this process never saw.
func correlationID(text string) string {
	if correlationForm.MatchString(text) {
		return text
	}
	return ""
}

// redirectTarget is where a redirect leads, less what may hold a secret.
func redirectTarget(header http.Header) string {
	target, err := url.Parse(header.Get("Location"))
	if err != nil || target.String() == "" {
		return "an unnamed place"
	}
	return (&url.URL{Scheme: target.Scheme, Host: target.Host, Path: target.Path}).String()
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
