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

// Waits at the gate when a 429 does not say how long: doubled with each 429 in a row.
const (
	firstGateWait   = time.Second
	longestGateWait = time.Minute
)

// gate holds every request of the client back after one 429, since the limit is the key's, and
// keeps to the client's own ceiling.
type gate struct {
	clock   Clock
	log     *slog.Logger
	ceiling *rate.Limiter // nil: none

	mu       sync.Mutex
	shut     time.Time // requests wait until then
	closings int       // how often it was closed
	refusals int       // closings in a row that no other answer came between
	refused  string    // correlation id of the latest 429; empty when there was none
}

// newGate spreads perMinute so that no window of a minute has more: a tenth may go at once, and
// the rest follows evenly.
func newGate(clock Clock, log *slog.Logger, perMinute int) *gate {
	g := &gate{clock: clock, log: log}
	if perMinute > 0 {
		burst := max(1, perMinute/10)
		g.ceiling = rate.NewLimiter(rate.Limit(float64(perMinute-burst+1)/60), burst)
	}
	return g
}

// wait returns when a request may go out, with an admission that the answer's close or passed takes
// back. It fails when ctx ends first, and at once, with a *heldError, when the wait is longer than
// ctx has left. onHold hears of each wait before it begins; nil does not listen.
func (g *gate) wait(ctx context.Context, onHold func(until time.Time)) (admission int, err error) {
	if _, err := g.waitOpen(ctx, onHold); err != nil {
		return 0, err
	}
	if g.ceiling != nil {
		now := g.clock.Now()
		turn := g.ceiling.ReserveN(now, 1)
		if err := g.hold(ctx, now.Add(turn.DelayFrom(now)), onHold); err != nil {
			turn.CancelAt(g.clock.Now())
			return 0, err
		}
	}
	return g.waitOpen(ctx, onHold)
}

// waitOpen waits out the rate limit, however often it is prolonged meanwhile.
func (g *gate) waitOpen(ctx context.Context, onHold func(until time.Time)) (admission int, err error) {
	for {
		g.mu.Lock()
		until, closings := g.shut, g.closings
		g.mu.Unlock()
		if !until.After(g.clock.Now()) {
			return closings, ctx.Err()
		}
		if err := g.hold(ctx, until, onHold); err != nil {
			return 0, err
		}
	}
}

func (g *gate) hold(ctx context.Context, until time.Time, onHold func(until time.Time)) error {
	wait := until.Sub(g.clock.Now())
	if wait <= 0 {
		return nil
	}
	if err := g.outlasts(ctx, until); err != nil {
		return err
	}
	if onHold != nil {
		onHold(until)
	}
	return g.clock.Sleep(ctx, wait)
}

// outlasts returns an error when ctx ends before until, a time of the gate's clock; nil otherwise.
func (g *gate) outlasts(ctx context.Context, until time.Time) *heldError {
	deadline, ok := ctx.Deadline()
	if ok && time.Until(deadline) < until.Sub(g.clock.Now()) {
		return &heldError{until}
	}
	return nil
}

// heldError is a rate limit that outlasts the operation.
type heldError struct{ until time.Time }

// Error says when to come back.
func (e *heldError) Error() string {
	return fmt.Sprintf("the rate limit lets the next request out at %s, which is later than this operation may take; apply again then, or raise the operation's timeout",
		e.until.UTC().Format(time.RFC3339))
}

// close holds requests back for as long as a 429 asks. Of several 429s to requests that went out
// together one counts: they are no sign that the last wait was too short.
func (g *gate) close(ctx context.Context, admission int, retryAfter string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.clock.Now()
	wait, isStated := parseRetryAfter(retryAfter, now)
	isFirst := admission == g.closings
	switch {
	case !isStated && !isFirst:
		return
	case !isStated:
		wait = backoff(firstGateWait, longestGateWait, g.refusals)
	}
	if isFirst {
		g.closings++
		g.refusals++
	}
	if until := now.Add(wait); until.After(g.shut) {
		g.shut = until
		g.log.LogAttrs(ctx, slog.LevelInfo, "the API's rate limit is reached; waiting",
			slog.Time("until", until), slog.Duration("wait", wait))
	}
}

// noteRefusal keeps the correlation id of a 429, for the errors of calls that are held back by it.
func (g *gate) noteRefusal(correlationID string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refused = correlationID
}

// refusal is the correlation id of the 429 that shuts the gate now, empty when none does.
func (g *gate) refusal() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.shut.After(g.clock.Now()) {
		return ""
	}
	return g.refused
}

// passed forgets the 429s in a row: the API has answered something else since the last one.
func (g *gate) passed(admission int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if admission == g.closings {
		g.refusals = 0
	}
}

// parseRetryAfter reads a Retry-After header: whole seconds or an HTTP date. What it cannot read
// states no wait, and neither do zero and a time that is over: a server that refuses and says to
// come back at once would be asked without a pause.
func parseRetryAfter(header string, now time.Time) (wait time.Duration, isStated bool) {
	if seconds, err := strconv.ParseInt(header, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(header); err == nil {
		wait = date.Sub(now)
	}
	return max(0, wait), wait > 0
}
