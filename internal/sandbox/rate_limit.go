// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"net/http"
	"strconv"
	"time"
)

// rateWindow counts requests in windows of a fixed length, each of which begins
// with the first request after the last one ended. Its owner locks it.
type rateWindow struct {
	limit  int // 0: none
	length time.Duration
	began  time.Time
	served int
}

// count counts a request, or refuses it and returns how long until the next window.
func (w *rateWindow) count(now time.Time) (wait time.Duration, refused bool) {
	if w.limit <= 0 {
		return 0, false
	}
	ends := w.began.Add(w.length)
	if w.served == 0 || !now.Before(ends) {
		w.began, w.served = now, 1
		return 0, false
	}
	if w.served >= w.limit {
		return ends.Sub(now), true
	}
	w.served++
	return 0, false
}

// countAgainstLimit counts a request, or refuses it with the time to come back.
func (s *Server) countAgainstLimit() error {
	s.mu.Lock()
	wait, refused := s.window.count(s.options.Now())
	s.mu.Unlock()
	if !refused {
		return nil
	}
	return rateLimited(wholeSeconds(wait))
}

// rateLimited is the API's 429; "" leaves Retry-After out.
func rateLimited(retryAfter string) error {
	r := &refusal{status: http.StatusTooManyRequests, message: "Rate limit exceeded", header: http.Header{}}
	if retryAfter != "" {
		r.header.Set("Retry-After", retryAfter)
	}
	return r
}

// wholeSeconds rounds up: a client that comes back too early is refused again.
func wholeSeconds(wait time.Duration) string {
	return strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10)
}
