// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Clock is the time that waits are measured by.
type Clock interface {
	// Now is the time.
	Now() time.Time
	// Sleep waits for d, or for ctx to end, whose error it then returns.
	Sleep(ctx context.Context, d time.Duration) error
}

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Waits between the attempts of a call.
const (
	firstBackoff   = 500 * time.Millisecond
	longestBackoff = 8 * time.Second
	// longestUnavailable bounds what a 503's Retry-After is obeyed for: it is a guess of when a
	// server will be well, not a limit.
	longestUnavailable = time.Minute
)

// backoff doubles from first up to longest, each with up to a quarter of jitter taken off, so that
// the readers of one failing server do not return to it all at once.
func backoff(first, longest time.Duration, attempt int) time.Duration {
	wait := doubled(first, longest, attempt)
	return wait - rand.N(wait/4+1) //nolint:gosec // jitter needs no secrecy
}

func doubled(first, longest time.Duration, attempt int) time.Duration {
	return min(first<<min(attempt, 20), longest)
}

// pause waits before the attempt that follows failed attempt number attempt, from 0.
func (c *Client) pause(ctx context.Context, attempt int, last answer) error {
	wait := backoff(firstBackoff, longestBackoff, attempt)
	if last.status == http.StatusServiceUnavailable {
		stated, _ := parseRetryAfter(last.header.Get("Retry-After"), c.clock.Now())
		wait = max(wait, min(stated, longestUnavailable))
	}
	return c.clock.Sleep(ctx, wait)
}

// repeat sends what changes nothing when it is sent again, a GET or a DELETE, until it is answered
// or the retries are used up.
func (c *Client) repeat(exchange *exchange, request *http.Request) error {
	retries, outage := 0, outage{}
	client := retryablehttp.Client{
		HTTPClient: &http.Client{Transport: exchange},
		RetryMax:   c.maxRetries,
		CheckRetry: func(_ context.Context, response *http.Response, err error) (bool, error) {
			if err != nil {
				kind := KindOf(err)
				return isWorthRetrying(kind) && c.mayRetry(&outage, kind, exchange.answer, retries), nil
			}
			return isWorthRetrying(refusalKind(response.StatusCode, "")), nil
		},
		// The wait is PrepareRetry's, on the client's own clock.
		Backoff: func(time.Duration, time.Duration, int, *http.Response) time.Duration { return 0 },
		PrepareRetry: func(request *http.Request) error {
			retries++
			return c.pause(request.Context(), retries-1, exchange.answer)
		},
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	retryable, err := retryablehttp.FromRequest(request)
	if err != nil {
		return err
	}
	_, err = client.Do(retryable) //nolint:bodyclose // the exchange has read and closed it
	return err
}

// outage is a server that cannot be reached, from the first attempt that did not get to it. Such a server
// is more often a wrong address than one that comes back, so it is given up within a third of the request
// timeout: an apply of a new number looks for it three times, when it is planned, when it is planned again,
// and when it is added. One retry there is, unless the first attempt took as long. What the gate held back
// before does not count. The zero value is none.
type outage struct {
	since    time.Time
	attempts int
}

// mayRetry notes the end of an attempt, and tells whether there is time for the wait after that.
func (c *Client) mayRetry(outage *outage, kind Kind, last answer, attempt int) bool {
	if kind != KindUnreachable {
		outage.attempts = 0
		return true
	}
	if outage.attempts++; outage.attempts == 1 {
		outage.since = last.startedAt
	}
	spent, patience := c.clock.Now().Sub(outage.since), c.requestTimeout/3
	return outage.attempts == 1 && spent < patience || spent+doubled(firstBackoff, longestBackoff, attempt) < patience
}

func isWorthRetrying(kind Kind) bool {
	return kind == KindUnreachable || kind == KindNoAnswer || kind == KindServer
}
