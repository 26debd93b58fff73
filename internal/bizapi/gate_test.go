// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestParseRetryAfter(t *testing.T) {
	now := time.Date(2025, 2, 10, 10, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"3":     3 * time.Second,
		"86400": 24 * time.Hour,
		now.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second,
		now.Add(time.Minute).Format(time.RFC850):          time.Minute,
		// What follows states no wait.
		"":                     0,
		"0":                    0,
		"-1":                   0,
		"1.5":                  0,
		"soon":                 0,
		"99999999999999999999": 0,
		now.Add(-time.Hour).Format(http.TimeFormat): 0,
		"Thu, 99 Feb 2025 10:00:00 GMT":             0,
	} {
		wait, isStated := parseRetryAfter(header, now)
		if wait != want || isStated != (want > 0) {
			t.Errorf("%q: %s, %t; want %s", header, wait, isStated, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, header := range []string{"3", "-1", "0", "soon", "86400", "1e9", "2147483648", "Mon, 10 Feb 2025 10:00:30 GMT", "Monday, 10-Feb-25 10:00:30 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", ""} {
		f.Add(header)
	}
	now := time.Date(2025, 2, 10, 10, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, header string) {
		wait, isStated := parseRetryAfter(header, now)
		if wait < 0 || isStated != (wait > 0) || now.Add(wait).Before(now) {
			t.Errorf("%q: %s, %t", header, wait, isStated)
		}
	})
}

// total is how long sleepers have slept.
func (c *fakeClock) total() (total time.Duration) {
	for _, d := range c.sleeps() {
		total += d
	}
	return total
}

func TestA429IsWaitedOut(t *testing.T) {
	date := newFakeClock().Now().Add(40 * time.Second).Format(http.TimeFormat)
	for _, test := range []struct {
		name     string
		headers  []string // of 429s in a row
		min, max time.Duration
	}{
		{name: "for the seconds it says", headers: []string{"7"}, min: 7 * time.Second, max: 7 * time.Second},
		{name: "until the date it says", headers: []string{date}, min: 40 * time.Second, max: 40 * time.Second},
		{name: "for a day if nobody is in a hurry", headers: []string{"86400"}, min: 24 * time.Hour, max: 24 * time.Hour},
		{name: "for about a second when it does not say", headers: []string{""}, min: 750 * time.Millisecond, max: time.Second},
		{name: "for longer each time it does not say", headers: []string{"", "", "", ""}, min: 15 * 750 * time.Millisecond, max: 15 * time.Second},
		{name: "with a pause when it says none", headers: []string{"0", "0", "0"}, min: 7 * 750 * time.Millisecond, max: 7 * time.Second},
		{name: "with a pause when it says less than none", headers: []string{"-5"}, min: 750 * time.Millisecond, max: time.Second},
		{name: "with a pause when it says what nobody can read", headers: []string{"in a while"}, min: 750 * time.Millisecond, max: time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
				api := newAPI(t, sandbox.Options{Dialect: dialect}, func(o *Options) { o.MaxRetries = 0 })
				api.fill(user, 5)
				for _, header := range test.headers {
					api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.RateLimited(header)})
				}
				_, err := api.List(t.Context(), user)
				must(t, err)
				if waited := api.clock.total(); waited < test.min || waited > test.max {
					t.Errorf("waited %s, want %s to %s", waited, test.min, test.max)
				}
			})
		})
	}
}

func TestA429StopsEveryRequest(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	ids := api.fill(otherUser, 5)
	sleepers := api.clock.stick()
	api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.RateLimited("60")})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var group sync.WaitGroup
	group.Go(func() { _, _ = api.List(ctx, user) })
	<-sleepers
	group.Go(func() { _, _ = api.Add(ctx, otherUser, number) })
	group.Go(func() { _ = api.Delete(ctx, otherUser, ids[0]) })
	for range 2 {
		if wait := <-sleepers; wait != time.Minute {
			t.Errorf("a request waits %s", wait)
		}
	}
	if requests := len(api.sandbox.Requests()); requests != 1 {
		t.Errorf("%d requests went out", requests)
	}
	cancel()
	group.Wait()
}

func TestAWaitThatOutlastsTheOperationFailsAtOnce(t *testing.T) {
	for _, test := range []struct {
		name string
		on   sandbox.Operation
		call func(ctx context.Context, api *api) error
	}{
		{"of a list", sandbox.OpList, func(ctx context.Context, api *api) error { _, err := api.List(ctx, user); return err }},
		{"of an add", sandbox.OpAdd, func(ctx context.Context, api *api) error { _, err := api.Add(ctx, user, number); return err }},
		{"of a delete", sandbox.OpDelete, func(ctx context.Context, api *api) error { return api.Delete(ctx, user, "pn_1") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			api := newAPI(t, sandbox.Options{})
			api.sandbox.Script(sandbox.Fault{On: test.on, Do: sandbox.RateLimited("86400")})
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			err := test.call(ctx, api)
			failure := failureOf(t, err, KindRateLimited)
			if !strings.Contains(failure.Message, "2025-02-11T10:00:00Z") || !strings.Contains(failure.Message, "apply again") {
				t.Errorf("it does not say when to come back: %v", err)
			}
			if waited := api.clock.total(); waited != 0 {
				t.Errorf("it waited %s", waited)
			}
		})
	}
}

func TestAReaderInAHurryLeavesTheOthersWaiting(t *testing.T) {
	for _, test := range []struct {
		name    string
		isFirst bool
	}{{"that asked first", true}, {"that came while the gate was shut", false}} {
		t.Run(test.name, func(t *testing.T) {
			api := newAPI(t, sandbox.Options{})
			api.fill(user, 3)
			sleepers := api.clock.stick()
			hurried, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			patient, end := context.WithCancel(t.Context())
			defer end()
			results := make(chan error, 2)
			read := func(ctx context.Context, results chan<- error) {
				_, err := api.List(ctx, user)
				results <- err
			}
			left := make(chan error)
			api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.RateLimited("3600"), Before: func() {
				go read(patient, left)
				eventually(t, "the patient one waits", func() bool { return api.waiters() >= 2 || !test.isFirst })
			}})
			if test.isFirst {
				go read(hurried, results)
				<-sleepers
			} else {
				go read(patient, left)
				<-sleepers
				go read(hurried, results)
			}
			mustFail(t, <-results, KindRateLimited)
			end()
			mustFail(t, <-left, KindCanceled)
		})
	}
}

func TestABurstOf429sIsOneRefusal(t *testing.T) {
	clock := newFakeClock()
	g := newGate(clock, slog.New(slog.DiscardHandler), 0)
	for range 10 { // requests that went out together
		g.close(t.Context(), 0, "")
	}
	if wait := g.shut.Sub(clock.Now()); wait > time.Second {
		t.Errorf("the gate is shut for %s", wait)
	}
	g.passed(0)
	if g.refusals != 1 {
		t.Error("an answer to a request from before the 429 made it forgotten")
	}
	g.passed(g.closings)
	if g.refusals != 0 {
		t.Error("an answer after the 429 did not end the row")
	}
}

func TestRequestsPerMinute(t *testing.T) {
	api := newAPI(t, sandbox.Options{}, func(o *Options) { o.RequestsPerMinute = 20 })
	var sent []time.Time
	api.sandbox.Script(sandbox.Fault{Times: sandbox.Always, Before: func() { sent = append(sent, api.clock.Now()) }})
	for n := range 99 {
		_, err := api.Add(t.Context(), user, numberNo(n))
		must(t, err)
		api.clock.pass(time.Millisecond)
	}
	for at := 20; at < len(sent); at++ {
		if window := sent[at].Sub(sent[at-20]); window < time.Minute-time.Millisecond {
			t.Fatalf("21 requests within %s", window)
		}
	}
	// The first tenth may go at once; the rest takes what the ceiling says and no more.
	if took := sent[len(sent)-1].Sub(sent[0]); took > time.Duration(len(sent))*time.Minute/19 {
		t.Errorf("%d requests took %s", len(sent), took)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := api.Add(ctx, user, numberNo(1000))
	mustFail(t, err, KindRateLimited)
}

func TestARateLimitedApplyAddsAll(t *testing.T) {
	api := newAPI(t, sandbox.Options{RequestsPerWindow: 100})
	start := api.clock.Now()
	var group sync.WaitGroup
	parallel := make(chan struct{}, 10)
	for n := range 250 {
		group.Go(func() {
			parallel <- struct{}{}
			defer func() { <-parallel }()
			if _, err := api.Add(t.Context(), user, numberNo(n)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if left := len(api.holds(user)); left != 250 {
		t.Errorf("the API holds %d numbers", left)
	}
	if adds := countStatus(api, http.StatusCreated); adds != 250 {
		t.Errorf("%d adds succeeded", adds)
	}
	if took := api.clock.Now().Sub(start); took < 2*time.Minute {
		t.Errorf("250 numbers took %s under 100 a minute", took)
	}
}

func countStatus(api *api, status int) (count int) {
	for _, request := range api.sandbox.Requests() {
		if request.Status == status {
			count++
		}
	}
	return count
}

func TestAWaitIsLoggedWithItsEnd(t *testing.T) {
	var log bytes.Buffer
	api := newAPI(t, sandbox.Options{}, func(o *Options) {
		o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelInfo}))
	})
	api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.RateLimited("30")})
	_, err := api.List(t.Context(), user)
	must(t, err)
	if line := log.String(); !strings.Contains(line, "level=INFO") || !strings.Contains(line, "until=2025-02-10T10:00:30") {
		t.Errorf("logged %q", line)
	}
}

func TestRetriesWaitLongerEachTime(t *testing.T) {
	api := newAPI(t, sandbox.Options{}, func(o *Options) { o.MaxRetries = 6 })
	api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: sandbox.Respond(500, "", "")})
	_, err := api.List(t.Context(), user)
	mustFail(t, err, KindServer)
	slept := api.clock.sleeps()
	if len(slept) != 6 || !slices.IsSorted(slept[:5]) || slept[0] > firstBackoff || slept[0] < firstBackoff*3/4 || slept[5] > longestBackoff {
		t.Errorf("waited %v", slept)
	}
}

func TestA503IsGivenTheTimeItAsksFor(t *testing.T) {
	for retryAfter, want := range map[string]time.Duration{"20": 20 * time.Second, "7200": longestUnavailable} {
		api := newAPI(t, sandbox.Options{})
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.Respond(503, "", "", "Retry-After: "+retryAfter)})
		_, err := api.List(t.Context(), user)
		must(t, err)
		if waited := api.clock.total(); waited != want {
			t.Errorf("Retry-After %s: waited %s, want %s", retryAfter, waited, want)
		}
	}
}
