// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2025, 2, 10, 10, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"3":     3 * time.Second,
		"3600":  time.Hour,
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
		if wait := retryAfter(header, now); wait != want {
			t.Errorf("%q: %s, want %s", header, wait, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, header := range []string{"3", "-1", "0", "soon", "86400", "1e9", "2147483648", "Mon, 10 Feb 2025 10:00:30 GMT", "Monday, 10-Feb-25 10:00:30 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", ""} {
		f.Add(header)
	}
	now := time.Date(2025, 2, 10, 10, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, header string) {
		if wait := retryAfter(header, now); wait < 0 || now.Add(wait).Before(now) {
			t.Errorf("%q: %s", header, wait)
		}
	})
}

func TestA429IsWaitedOut(t *testing.T) {
	type headers []string // of 429s in a row; a duration stands for a date
	for _, test := range []struct {
		name        string
		headers     headers
		least, most time.Duration
	}{
		{"for the seconds it says", headers{"7"}, 7 * time.Second, 7 * time.Second},
		{"until the date it says", headers{"date"}, 40 * time.Second, 40 * time.Second},
		{"for a day if nobody is in a hurry", headers{"86400"}, 24 * time.Hour, 24 * time.Hour},
		{"for about a second where it says nothing", headers{""}, 750 * time.Millisecond, time.Second},
		{"for longer each time where it says nothing", headers{"", "", "", ""}, 15 * 750 * time.Millisecond, 15 * time.Second},
		{"for at most a minute where it says nothing", headers{"", "", "", "", "", "", "", ""}, 183 * 750 * time.Millisecond, 183 * time.Second},
		{"with a pause where it says none", headers{"0", "0", "0"}, 7 * 750 * time.Millisecond, 7 * time.Second},
		{"with a pause where it says less than none", headers{"-5"}, 750 * time.Millisecond, time.Second},
		{"with a pause where nobody can read it", headers{"in a while"}, 750 * time.Millisecond, time.Second},
	} {
		inDialects(t, test.name, func(t *testing.T, dialect sandbox.Dialect) {
			api := newAPI(t, sandbox.Options{Dialect: dialect}, func(o *Options) { o.MaxRetries = 0 })
			api.fill(user, 3)
			began := time.Now()
			for _, header := range test.headers {
				if header == "date" {
					header = began.Add(40 * time.Second).UTC().Format(http.TimeFormat)
				}
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.RateLimited(header)})
			}
			_, err := api.ListPhoneNumbers(t.Context(), user)
			must(t, err)
			took(t, began, test.least, test.most)
		})
	}
}

func TestAnAnswerEndsTheRowOf429s(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Times: 5, Do: sandbox.RateLimited("")})
		_, err := api.ListPhoneNumbers(t.Context(), user)
		must(t, err)
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Do: sandbox.RateLimited("")})
		began := time.Now()
		_, _, err = api.AddPhoneNumber(t.Context(), user, number)
		must(t, err)
		took(t, began, 750*time.Millisecond, time.Second)
	})
}

func TestA429StopsEveryRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		ids := api.fill(otherUser, 3)
		api.sandbox.Script(sandbox.Fault{Do: sandbox.RateLimited("60")})
		began := time.Now()
		var group sync.WaitGroup
		group.Go(func() { _, err := api.ListPhoneNumbers(t.Context(), user); must(t, err) })
		synctest.Wait()
		group.Go(func() { _, _, err := api.AddPhoneNumber(t.Context(), otherUser, number); must(t, err) })
		group.Go(func() { must(t, api.DeletePhoneNumber(t.Context(), PhoneNumber{ID: ids[0], UserID: otherUser})) })
		pass(time.Minute - 1)
		if requests := len(api.sandbox.Requests()); requests != 1 {
			t.Errorf("%d requests went out", requests)
		}
		group.Wait()
		took(t, began, time.Minute, time.Minute)
	})
}

// Requests that were under way together are refused together.
func TestABurstOf429sIsOneRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := newRateLimit(realClock{}, slog.New(slog.DiscardHandler), 0)
		for range 10 {
			limit.refused(t.Context(), answer{})
		}
		began := time.Now()
		must(t, limit.wait(t.Context()))
		took(t, began, 750*time.Millisecond, time.Second)
		limit.refused(t.Context(), answer{header: http.Header{"Retry-After": {"60"}}})
		limit.refused(t.Context(), answer{header: http.Header{"Retry-After": {"5"}}})
		began = time.Now()
		must(t, limit.wait(t.Context()))
		took(t, began, time.Minute, time.Minute) // the longest
	})
}

func TestAWaitThatOutlastsTheOperationFailsAtOnce(t *testing.T) {
	for on, call := range map[sandbox.Operation]func(ctx context.Context, api *api) error{
		sandbox.OpList: func(ctx context.Context, api *api) error { _, err := api.ListPhoneNumbers(ctx, user); return err },
		sandbox.OpAdd: func(ctx context.Context, api *api) error {
			_, _, err := api.AddPhoneNumber(ctx, user, number)
			return err
		},
		sandbox.OpDelete: func(ctx context.Context, api *api) error {
			return api.DeletePhoneNumber(ctx, PhoneNumber{ID: "pn_1", UserID: user})
		},
	} {
		run(t, string(on), func(t *testing.T) {
			api := newAPI(t, sandbox.Options{})
			api.sandbox.Script(sandbox.Fault{On: on, Do: sandbox.RateLimited("3600")})
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour-time.Second)
			defer cancel()
			began := time.Now()
			failure := failureOf(t, call(ctx, api), KindRateLimited)
			took(t, began, 0, 0)
			back := began.Add(time.Hour).UTC().Format(time.RFC3339)
			if !strings.Contains(failure.Message, back) || failure.Status != 429 || failure.CorrelationID == "" {
				t.Errorf("%v, want that it says to come back at %s", failure, back)
			}
			ctx, cancel = context.WithTimeout(t.Context(), time.Hour+time.Second)
			defer cancel()
			if err := call(ctx, api); KindOf(err) == KindRateLimited {
				t.Error(err)
			}
			took(t, began, time.Hour, time.Hour)
		})
	}
}

// A wait for the client's own limit is no 429, also after one.
func TestOwnLimitIsNotTheAPIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{}, func(o *Options) { o.RequestsPerMinute = 2 })
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.RateLimited("1")})
		_, err := api.ListPhoneNumbers(t.Context(), user)
		must(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = api.ListPhoneNumbers(ctx, "usr_other")
		if failure := failureOf(t, err, KindRateLimited); failure.Status != 0 || failure.CorrelationID != "" {
			t.Errorf("%v, and nothing was sent", failure)
		}
	})
}

func TestOwnLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{}, func(o *Options) { o.RequestsPerMinute = 20 })
		var sent []time.Time
		api.sandbox.Script(sandbox.Fault{Times: sandbox.Always, Before: func() { sent = append(sent, time.Now()) }})
		for n := range 99 {
			_, _, err := api.AddPhoneNumber(t.Context(), user, numberNo(n))
			must(t, err)
			pass(time.Millisecond)
		}
		for at := 20; at < len(sent); at++ {
			if window := sent[at].Sub(sent[at-20]); window < time.Minute-time.Millisecond {
				t.Fatalf("21 requests within %s", window)
			}
		}
		// The first tenth may go at once; the rest takes what the limit says and no more.
		took(t, sent[0], 4*time.Minute, time.Duration(len(sent))*time.Minute/19)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for range 10 {
			_, _, err := api.AddPhoneNumber(ctx, user, numberNo(1000))
			if failure := failureOf(t, err, KindRateLimited); failure.Status != 0 {
				t.Errorf("%v, and nothing was sent", failure)
			}
		}
		began := time.Now()
		_, _, err := api.AddPhoneNumber(t.Context(), user, numberNo(1000))
		must(t, err)
		took(t, began, time.Second, 4*time.Second) // what was not sent is not counted
	})
}

func TestARateLimitedApplyAddsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{RequestsPerWindow: 100})
		began := time.Now()
		errs := make(chan error)
		parallel := make(chan struct{}, 10)
		for n := range 250 {
			go func() {
				parallel <- struct{}{}
				defer func() { <-parallel }()
				_, _, err := api.AddPhoneNumber(t.Context(), user, numberNo(n))
				errs <- err
			}()
		}
		for range 250 {
			must(t, <-errs)
		}
		if held := len(api.holds(user)); held != 250 {
			t.Errorf("the API holds %d numbers", held)
		}
		took(t, began, 2*time.Minute, 2*time.Minute+2*time.Second)
	})
}

func TestAWaitIsLoggedWithItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		api := newAPI(t, sandbox.Options{}, func(o *Options) {
			o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelInfo}))
		})
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.RateLimited("30")})
		_, err := api.ListPhoneNumbers(t.Context(), user)
		must(t, err)
		if end := "until=" + time.Now().Format("2006-01-02T15:04:05"); !strings.Contains(log.String(), "level=INFO") || !strings.Contains(log.String(), end) {
			t.Errorf("logged %q, want %s", log.String(), end)
		}
	})
}
