// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"strings"
	"testing"
	"time"
)

func TestJudgements(t *testing.T) {
	tests := map[string]struct {
		got  result
		want verdict
	}{
		"a count at its bound is fine":     {atMost("requests", 3, 3), reached},
		"a count over its bound is not":    {atMost("requests", 4, 3), missed},
		"one too few is not exact":         {exactly("adds", 249, 250), missed},
		"one too many is not exact":        {exactly("adds", 251, 250), missed},
		"the count itself is exact":        {exactly("adds", 250, 250), reached},
		"a ratio at its bound is fine":     {ratio("time", "s", 1.1, 1, 1.1), reached},
		"a ratio over its bound is not":    {ratio("time", "s", 1.2, 1, 1.1), missed},
		"a statement that is not true":     {holds("agree", false, "two are missing"), missed},
		"figures that nothing is asked of": {beside("start", "55 ms"), shown},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if test.got.verdict != test.want {
				t.Errorf("%+v is judged %q", test.got, test.got.verdict)
			}
		})
	}
}

func TestReportFailsForCountsAlone(t *testing.T) {
	var out strings.Builder
	if err := report(&out, []result{ratio("time", "s", 2, 1, 1.1)}, nil, false); err != nil {
		t.Errorf("a slow machine fails the report: %v", err)
	}
	if !strings.Contains(out.String(), string(missed)) {
		t.Errorf("a missed ratio is hidden:\n%s", out.String())
	}
	if err := report(&out, []result{atMost("requests", 4, 3)}, nil, false); err == nil {
		t.Error("too many requests pass")
	}
}

func TestMedian(t *testing.T) {
	identity := func(d time.Duration) time.Duration { return d }
	if got := median([]time.Duration{9, 1, 5}, identity); got != 5 {
		t.Errorf("the median of three is %d", got)
	}
	if got := median([]time.Duration{4, 1, 2, 9}, identity); got != 3 {
		t.Errorf("the median of four is %d", got)
	}
}

// One request for every 99 rows that are begun, and two more.
func TestMostPages(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ numbers, page, want int }{{10_000, 100, 107}, {120, 50, 4}, {1000, 1000, 2}} {
		if got := mostPages(test.numbers, test.page); got != test.want {
			t.Errorf("%d in pages of %d: got %d, wanted %d", test.numbers, test.page, got, test.want)
		}
	}
}
