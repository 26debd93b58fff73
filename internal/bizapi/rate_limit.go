// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// rateLimit delays every request of the process after one 429, since the limit is the key's, and keeps to
// the client's own limit.
type rateLimit struct {
	clock Clock
	log   *slog.Logger
	own   *rate.Limiter // nil: none

	mu            sync.Mutex
	until         time.Time // no request goes out before
	inARow        int       // waits since an answer that was no 429
	correlationID string    // of the latest 429
}

// newRateLimit spreads perMinute requests so that no minute has more: a tenth may go at once, and the
// rest follows evenly. 0 is no limit of the client's own.
func newRateLimit(clock Clock, log *slog.Logger, perMinute int) *rateLimit {
	l := &rateLimit{clock: clock, log: log}
	if perMinute > 0 {
		burst := max(1, perMinute/10)
		l.own = rate.NewLimiter(rate.Limit(float64(perMinute-burst+1)/60), burst)
	}
	return l
}

// attempt makes one attempt, and further ones while the API answers 429: waiting out the rate limit counts
// as no retry.
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

// wait returns when a request may go out. It fails when ctx ends first and, at once, with a
// *rateLimitError when ctx ends before the wait would.
func (l *rateLimit) wait(ctx context.Context) error {
	if l.own != nil {
		now := l.clock.Now()
		reservation := l.own.ReserveN(now, 1)
		if err := l.sleepUntil(ctx, now.Add(reservation.DelayFrom(now)), ""); err != nil {
			reservation.CancelAt(l.clock.Now())
			return err
		}
	}
	for {
		l.mu.Lock()
		until, correlationID := l.until, l.correlationID
		l.mu.Unlock()
		if !until.After(l.clock.Now()) {
			return ctx.Err()
		}
		if err := l.sleepUntil(ctx, until, correlationID); err != nil {
			return err
		}
	}
}

func (l *rateLimit) sleepUntil(ctx context.Context, until time.Time, correlationID string) error {
	wait := until.Sub(l.clock.Now())
	if wait <= 0 {
		return nil
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
		return &rateLimitError{until: until, correlationID: correlationID}
	}
	return l.clock.Sleep(ctx, wait)
}

// rateLimitError is a wait that outlasts the operation.
type rateLimitError struct {
	until         time.Time
	correlationID string // of the 429, empty when the wait is for the client's own limit
}

func (e *rateLimitError) Error() string {
	return fmt.Sprintf("the next request may be sent at %s, which is after this operation's timeout", e.until.UTC().Format(time.RFC3339))
}

// refused delays all requests for as long as a 429 asks, or else for a second, doubled with each
// wait in a row up to a minute. 429s to requests that were under way together count as one.
func (l *rateLimit) refused(ctx context.Context, answer answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock.Now()
	l.correlationID = answer.correlationID
	wait := retryAfter(answer.header.Get("Retry-After"), now)
	if wait == 0 {
		if l.until.After(now) {
			return
		}
		wait = backoff(time.Second, time.Minute, l.inARow)
		l.inARow++
	}
	if until := now.Add(wait); until.After(l.until) {
		l.until = until
		l.log.LogAttrs(ctx, slog.LevelInfo, "waiting for the API's rate limit",
			slog.Time("until", until), slog.Duration("wait", wait))
	}
}

// passed notes an answer that was no 429.
func (l *rateLimit) passed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inARow = 0
}

// retryAfter reads a Retry-After header: whole seconds or an HTTP date. 0 is none, or one that is
// over: a server that refuses and says to come back at once would be asked without a pause.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(header, 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if date, err := http.ParseTime(header); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}
