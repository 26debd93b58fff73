// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// with are the requests of one method.
func with(asked []request, method string) []request {
	return slices.DeleteFunc(slices.Clone(asked), func(r request) bool { return r.method != method })
}

// served are the requests that the rate limit let through.
func served(asked []request) []request {
	return slices.DeleteFunc(slices.Clone(asked), func(r request) bool { return r.status == http.StatusTooManyRequests })
}

// span is the time from the first request to the last answer.
func span(asked []request) time.Duration {
	var first, last time.Time
	for _, r := range asked {
		if first.IsZero() || r.arrived.Before(first) {
			first = r.arrived
		}
		if r.answered.After(last) {
			last = r.answered
		}
	}
	return last.Sub(first)
}

// limitTime is the least that a rate limit itself takes: of each window that was used up, the time
// from its first request to the end of the wait that the API stated when it first refused one. That
// is up to a second more than the window, since Retry-After has whole seconds. The requests of the
// last window take nothing.
func limitTime(asked []request) time.Duration {
	var total time.Duration
	var began, opens time.Time
	for _, r := range slices.SortedFunc(slices.Values(asked), func(a, b request) int { return a.arrived.Compare(b.arrived) }) {
		isRefused := r.status == http.StatusTooManyRequests
		switch {
		case !isRefused && !r.arrived.Before(opens) && (began.IsZero() || !opens.IsZero()):
			began, opens = r.arrived, time.Time{}
		case isRefused && opens.IsZero():
			seconds, _ := strconv.Atoi(r.retryAfter)
			opens = r.answered.Add(time.Duration(seconds) * time.Second)
			total += opens.Sub(began)
		}
	}
	return total
}

// agreement is what a state and an account have and the other has not.
type agreement struct{ inState, onAPI, both int }

// agree compares the ids in a state with the numbers on the API.
func agree(ids map[string]bool, numbers []sandbox.Number) agreement {
	a := agreement{inState: len(ids), onAPI: len(numbers)}
	for _, number := range numbers {
		if ids[number.ID] {
			a.both++
		}
	}
	return a
}

func (a agreement) result(measure string) result {
	return holds(measure, a.inState == a.both && a.onAPI == a.both,
		fmt.Sprintf("%d numbers stand in the state, %d are on the API, and %d of these are the same", a.inState, a.onAPI, a.both))
}
