// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Clock measures the client's waits.
type Clock interface {
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

// repeat makes attempts until one succeeds or fails for good, or the retries are used up.
func (c *Client) repeat(request *http.Request, call call) (answer, *Error) {
	var latest answer
	var failure *Error
	retries := 0
	client := retryablehttp.Client{
		HTTPClient: &http.Client{Transport: roundTripper(func(request *http.Request) (*http.Response, error) {
			if latest, failure = c.attempt(request, call); failure != nil {
				return nil, failure
			}
			return &http.Response{StatusCode: latest.status, Body: http.NoBody, Request: request}, nil
		})},
		RetryMax:   c.options.MaxRetries,
		CheckRetry: func(_ context.Context, _ *http.Response, err error) (bool, error) { return isTransient(err), nil },
		// The wait is PrepareRetry's, on the client's own clock.
		Backoff: func(time.Duration, time.Duration, int, *http.Response) time.Duration { return 0 },
		PrepareRetry: func(request *http.Request) error {
			retries++
			return c.options.Clock.Sleep(request.Context(), retryBackoff(retries-1))
		},
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	_, err := client.Do(&retryablehttp.Request{Request: request}) //nolint:bodyclose // it has none
	ctx, isRead := request.Context(), call.method == http.MethodGet
	switch {
	case err == nil:
		return latest, nil
	case failure == nil, ctx.Err() != nil && isRead && isTransient(failure):
		return answer{}, c.canceled(ctx, call, failure)
	}
	return answer{}, failure
}

// roundTripper is a transport that is a function.
type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

// retryBackoff is the wait before retry number n, from 0: half a second, doubled up to 8 s.
func retryBackoff(n int) time.Duration {
	return backoff(500*time.Millisecond, 8*time.Second, n)
}

// backoff doubles from first up to longest and takes up to a quarter off at random, so that the
// readers of one failing server do not return to it all at once.
func backoff(first, longest time.Duration, n int) time.Duration {
	wait := min(first<<min(n, 20), longest)
	return wait - rand.N(wait/4+1) //nolint:gosec // jitter needs no secrecy
}

// isTransient reports whether a call may succeed the next time: it is repeated, if that is safe.
func isTransient(err error) bool { return KindOf(err) == KindUnreachable || isAmbiguous(err) }

// isAmbiguous reports whether an error leaves open what the server did with the request.
func isAmbiguous(err error) bool {
	failure, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	isRead := failure.Method == http.MethodGet
	return failure.Kind == KindNoAnswer || failure.Kind == KindServer || failure.Kind == KindUnreadable && !isRead
}

// outliving returns a context that ends grace after ctx does. What became of a write that was sent is
// looked up under it when an apply is interrupted.
func outliving(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithoutCancel(ctx), context.CancelFunc(nil)
	if deadline, ok := ctx.Deadline(); ok {
		longer, cancel = context.WithDeadline(longer, deadline.Add(grace))
	} else {
		longer, cancel = context.WithCancel(longer)
	}
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return longer, func() { stop(); cancel() }
}
