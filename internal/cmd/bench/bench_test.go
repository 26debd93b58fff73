// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestQuickBenchmark(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := measure(t.Context(), &out, quickSizes()); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestLimitTime(t *testing.T) {
	t.Parallel()
	start := time.Now()
	record := func(arrived float64, status int, retryAfter string) request {
		moment := start.Add(time.Duration(arrived * float64(time.Second)))
		return request{method: http.MethodPost, arrived: moment, answered: moment, status: status, retryAfter: retryAfter}
	}
	served := func(arrived float64) request { return record(arrived, http.StatusCreated, "") }
	refused := func(arrived float64, retryAfter string) request {
		return record(arrived, http.StatusTooManyRequests, retryAfter)
	}
	tests := map[string]struct {
		asked []request
		want  float64
	}{
		"no limit was reached":                      {[]request{served(0), served(9)}, 0},
		"a window and its wait":                     {[]request{served(0), served(1), refused(2, "8"), served(10)}, 10},
		"several refused at once count once":        {[]request{served(0), refused(2, "8"), refused(2.1, "8"), served(10.2)}, 10},
		"one that was on its way opens none":        {[]request{served(0), refused(2, "8"), served(2.1), served(10)}, 10},
		"a client that sleeps in gets no more time": {[]request{served(0), refused(2, "8"), served(15), refused(16, "9"), served(25)}, 20},
		"in any order":                              {[]request{served(10), refused(2, "8"), served(0)}, 10},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := limitTime(test.asked).Seconds(); got != test.want {
				t.Errorf("got %v s, wanted %v", got, test.want)
			}
		})
	}
}

func TestAgreement(t *testing.T) {
	t.Parallel()
	numbers := []sandbox.Number{{ID: "a"}, {ID: "b"}}
	for name, test := range map[string]struct {
		state []string
		want  verdict
	}{
		"the same":              {[]string{"b", "a"}, reached},
		"one lost":              {[]string{"a"}, missed},
		"one that is not there": {[]string{"a", "b", "c"}, missed},
		"another":               {[]string{"a", "c"}, missed},
	} {
		t.Run(name, func(t *testing.T) {
			ids := map[string]bool{}
			for _, id := range test.state {
				ids[id] = true
			}
			if got := agree(ids, numbers).result("state and API"); got.verdict != test.want {
				t.Errorf("%+v", got)
			}
		})
	}
}
