// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestListReadsEveryServersPages(t *testing.T) {
	for _, test := range []struct {
		name     string
		options  sandbox.Options
		rows     int
		requests int
		problem  string // part of the error, where the listing cannot be trusted
	}{
		{name: "no numbers", rows: 0, requests: 1},
		// A page of one row may be cut short: what is behind it is asked for twice.
		{name: "one number", rows: 1, requests: 4},
		// The rows, what is behind the last one, and that one again.
		{name: "two numbers", rows: 2, requests: 3},
		{name: "a thousand numbers", rows: 1000, requests: 3},
		{name: "as many as a server may cap pages at", rows: 100, requests: 4},
		{name: "a thousand and one", rows: 1001, requests: 5},
		{name: "pages capped at 100", options: sandbox.Options{MaxPageSize: 100}, rows: 1000, requests: 1 + 10 + 2},
		{name: "ten thousand numbers in pages of 100", options: sandbox.Options{MaxPageSize: 100}, rows: 10_000, requests: 10_000/99 + 2},
		{name: "pages capped at two rows", options: sandbox.Options{MaxPageSize: 2}, rows: 9, requests: 8 + 1 + 1 + 2},
		{name: "pages capped at one row", options: sandbox.Options{MaxPageSize: 1}, rows: 9, requests: 1 + 2*9 + 1},
		{name: "order ignored", options: sandbox.Options{IgnoreOrder: true, MaxPageSize: 10}, rows: 35, requests: 7},
		{name: "order ignored, pages of one row", options: sandbox.Options{IgnoreOrder: true, MaxPageSize: 1}, rows: 5, requests: 12},
		{name: "paging ignored, all rows", options: sandbox.Options{IgnorePaging: true, PageSize: -1}, rows: 120, requests: 3},
		{name: "paging ignored, one row", options: sandbox.Options{IgnorePaging: true, PageSize: -1}, rows: 1, requests: 3},
		{name: "paging and order ignored", options: sandbox.Options{IgnorePaging: true, IgnoreOrder: true, PageSize: -1}, rows: 7, requests: 3},
		{name: "paging ignored, a page that may be cut", options: sandbox.Options{IgnorePaging: true, PageSize: 100}, rows: 230, requests: 3, problem: "may hold more"},
		{name: "paging ignored, a round number of rows", options: sandbox.Options{IgnorePaging: true, PageSize: -1}, rows: 50, requests: 3, problem: "may hold more"},
		{name: "query refused", options: sandbox.Options{RefuseQuery: true, PageSize: -1}, rows: 49, requests: 3},
		{name: "query refused, a page that may be cut", options: sandbox.Options{RefuseQuery: true}, rows: 230, requests: 3, problem: "may hold more"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
				test.options.Dialect = dialect
				api := newAPI(t, test.options, checked(t))
				ids := api.fill(user, test.rows)
				numbers, err := api.List(t.Context(), user)
				if requests := api.sandbox.Count(sandbox.OpAny); requests != test.requests {
					t.Errorf("%d requests, want %d", requests, test.requests)
				}
				if test.problem != "" {
					if failure := failureOf(t, err, KindUnreadable); !strings.Contains(failure.Message, test.problem) || failure.Path != "/users/usr_abc123/phone_numbers" {
						t.Errorf("got %v", err)
					}
					return
				}
				must(t, err)
				if got := idsOf(numbers); !slices.Equal(got, ids) {
					t.Errorf("listed %d numbers, want %d, oldest first:\n%v\n%v", len(got), len(ids), got, ids)
				}
			})
		})
	}
}

func TestListTakesAServerThatRefusesTheLimitAlone(t *testing.T) {
	for _, test := range []struct{ status, pageSize, rows int }{{400, 0, 230}, {422, 0, 230}, {400, 20, 30}, {400, 25, 30}} {
		api := newAPI(t, sandbox.Options{IgnoreOrder: true, PageSize: test.pageSize})
		ids := api.fill(user, test.rows)
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.Respond(test.status, "application/json", `{"message":"limit must be at most 100"}`)})
		numbers, err := api.List(t.Context(), user)
		must(t, err)
		if got := idsOf(numbers); !slices.Equal(got, ids) {
			t.Errorf("%+v: listed %d of %d numbers", test, len(got), len(ids))
		}
	}
}

// oddServer answers pages as some server may, and counts them.
type oddServer struct {
	rows     []PhoneNumber
	page     func(rows []PhoneNumber, offset, limit, request int) []PhoneNumber
	requests int
}

func (s *oddServer) get(_ context.Context, query url.Values) ([]PhoneNumber, error) {
	if s.requests++; s.requests > 2_000 {
		return nil, errors.New("the listing does not end")
	}
	offset, _ := strconv.Atoi(query.Get("offset"))
	limit, _ := strconv.Atoi(query.Get("limit"))
	return s.page(slices.Clone(s.rows), offset, limit, s.requests), nil
}

func cut(rows []PhoneNumber, offset, limit int) []PhoneNumber {
	rows = rows[min(offset, len(rows)):]
	return rows[:min(limit, len(rows))]
}

// byInstant orders rows by their time alone, and those of one time as a seed will have it.
func byInstant(rows []PhoneNumber, seed int) {
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	random.Shuffle(len(rows), func(a, b int) { rows[a], rows[b] = rows[b], rows[a] })
	slices.SortStableFunc(rows, func(a, b PhoneNumber) int { return strings.Compare(a.CreatedAt, b.CreatedAt) })
}

func TestListOfOddServers(t *testing.T) {
	for name, test := range map[string]struct {
		rows      int
		ofInstant int // rows that were added at one time
		page      func(rows []PhoneNumber, offset, limit, request int) []PhoneNumber
		requests  int    // at most
		problem   string // of the error; empty: all rows are listed
	}{
		"no order among rows of one instant": {rows: 200, ofInstant: 10, requests: 20, page: func(rows []PhoneNumber, offset, _, _ int) []PhoneNumber {
			byInstant(rows, offset)
			return cut(rows, offset, 50)
		}},
		"no order among rows of one instant, of a thousand": {rows: 1000, ofInstant: 10, requests: 40, page: func(rows []PhoneNumber, offset, _, _ int) []PhoneNumber {
			byInstant(rows, offset)
			return cut(rows, offset, 100)
		}},
		"no order, and more of an instant than a page": {rows: 60, ofInstant: 60, requests: 200, problem: "in another order each time", page: func(rows []PhoneNumber, offset, _, _ int) []PhoneNumber {
			byInstant(rows, offset)
			return cut(rows, offset, 50)
		}},
		"all of one instant, in order": {rows: 200, ofInstant: 200, requests: 8, page: func(rows []PhoneNumber, offset, _, _ int) []PhoneNumber {
			return cut(rows, offset, 50)
		}},
		"paging ignored, in two orders by turns": {rows: 5, ofInstant: 1, requests: 4, page: func(rows []PhoneNumber, _, _, request int) []PhoneNumber {
			if request%2 == 0 {
				slices.Reverse(rows)
			}
			return rows
		}},
		"paging and order ignored at random": {rows: 997, ofInstant: 1, requests: 3, page: func(rows []PhoneNumber, _, _, request int) []PhoneNumber {
			byInstant(rows, request)
			rand.New(rand.NewPCG(uint64(request), 1)).Shuffle(len(rows), func(a, b int) { rows[a], rows[b] = rows[b], rows[a] })
			return rows
		}},
		"offsets that begin anew at the end": {rows: 30, ofInstant: 1, requests: 100, problem: "again and again", page: func(rows []PhoneNumber, offset, _, _ int) []PhoneNumber {
			return cut(append(rows, rows...), offset%30, 10)
		}},
		"offsets that stop at the last row": {rows: 30, ofInstant: 1, requests: 200, problem: "again and again", page: func(rows []PhoneNumber, offset, _, _ int) []PhoneNumber {
			if offset == beyondAll {
				return nil
			}
			return cut(rows, min(offset, len(rows)-1), 10)
		}},
		"offsets 0 and 1 alike, of one row": {rows: 1, ofInstant: 1, requests: 200, problem: "again and again", page: func(rows []PhoneNumber, offset, _, _ int) []PhoneNumber {
			return cut(rows, max(0, offset-1), 10)
		}},
		"an empty page once": {rows: 30, ofInstant: 1, requests: 12, page: func(rows []PhoneNumber, offset, _, request int) []PhoneNumber {
			if request == 3 {
				return nil
			}
			return cut(rows, offset, 10)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			server := &oddServer{page: test.page}
			for n := range test.rows {
				server.rows = append(server.rows, PhoneNumber{
					ID: strconv.Itoa(n), CreatedAt: time.Unix(int64(n/test.ofInstant), 0).UTC().Format(time.RFC3339),
				})
			}
			rows, err := readPages(t.Context(), server.get)
			if server.requests > test.requests {
				t.Errorf("%d requests, more than %d", server.requests, test.requests)
			}
			if test.problem != "" {
				if err == nil || !strings.Contains(err.Error(), test.problem) {
					t.Errorf("listed %d of %d, %v", len(rows), test.rows, err)
				}
				return
			}
			if err != nil || len(rows) != test.rows {
				t.Errorf("listed %d of %d, %v", len(rows), test.rows, err)
			}
		})
	}
}

// TestListSeesNumbersThatMoveBetweenTwoPages changes the account before the second page, and looks
// for the numbers that were there all along.
func TestListSeesNumbersThatMoveBetweenTwoPages(t *testing.T) {
	for _, test := range []struct {
		name   string
		limit  int
		remove []int // before the second page
		add    int
		gone   []int // not listed
	}{
		{name: "a row of the first page goes", limit: 10, remove: []int{3}},
		{name: "the row that the second page begins with goes", limit: 10, remove: []int{9}},
		{name: "the whole first page goes", limit: 10, remove: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{name: "a row of the second page goes", limit: 10, remove: []int{12}, gone: []int{12}},
		{name: "rows are added at the end", limit: 10, add: 3},
		{name: "rows come and go", limit: 10, remove: []int{2, 5}, add: 2},
		{name: "the next row moves up under a server of single rows", limit: 1, remove: []int{0}},
	} {
		for _, isNewestFirst := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/newest first %t", test.name, isNewestFirst), func(t *testing.T) {
				api := newAPI(t, sandbox.Options{MaxPageSize: test.limit, IgnoreOrder: isNewestFirst})
				ids := api.fill(user, 25)
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Skip: 1, Before: func() {
					for _, at := range test.remove {
						api.sandbox.Remove(ids[at])
					}
					for n := range test.add {
						api.sandbox.Add(user, sandbox.Number{Platform: "webchat", MetaPhoneNumberID: strconv.Itoa(n)})
					}
				}})
				numbers, err := api.List(t.Context(), user)
				must(t, err)
				got := idsOf(numbers)
				for at, id := range ids {
					if !slices.Contains(test.remove, at) && !slices.Contains(got, id) {
						t.Errorf("row %d was there all along and is not listed", at)
					}
				}
				if !slices.IsSortedFunc(numbers, func(a, b PhoneNumber) int { return strings.Compare(a.CreatedAt, b.CreatedAt) }) {
					t.Error("the listing is not oldest first")
				}
			})
		}
	}
}

func TestListGivesUpOnAServerThatNeverShowsTheSameRowsTwice(t *testing.T) {
	rows := 0
	_, err := readPages(t.Context(), func(context.Context, url.Values) ([]PhoneNumber, error) {
		page := make([]PhoneNumber, 5)
		for at := range page {
			rows++
			page[at].ID = strconv.Itoa(rows)
		}
		return page, nil
	})
	if err == nil || !strings.Contains(err.Error(), "begun 4 times") {
		t.Errorf("got %v", err)
	}
}

func TestListReadsOnThroughTheDeletesOfAWholeApply(t *testing.T) {
	api := newAPI(t, sandbox.Options{MaxPageSize: 50})
	ids := api.fill(user, 1000)
	deleted := 0
	api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Skip: 1, Times: sandbox.Always, Before: func() {
		for range 5 {
			api.sandbox.Remove(ids[deleted])
			deleted++
		}
	}})
	numbers, err := api.List(t.Context(), user)
	must(t, err)
	// 20 pages, many of them looked for further up, and at the end one of the newest rows.
	if requests := api.sandbox.Count(sandbox.OpAny); requests > 50 {
		t.Errorf("%d requests", requests)
	}
	got := idsOf(numbers)
	for _, id := range ids[deleted:] {
		if !slices.Contains(got, id) {
			t.Errorf("%s was there all along and is not listed", id)
		}
	}
}

// A listing of rows that have no order is whole or an error, never short.
func TestListOfRowsWithoutAnOrderIsNeverShort(t *testing.T) {
	for seed := range 500 {
		server := &oddServer{page: func(rows []PhoneNumber, offset, _, request int) []PhoneNumber {
			byInstant(rows, 1000*seed+request)
			return cut(rows, offset, 20)
		}}
		for n := range 74 {
			server.rows = append(server.rows, PhoneNumber{ID: strconv.Itoa(n), CreatedAt: time.Unix(int64(n/8), 0).UTC().Format(time.RFC3339)})
		}
		if rows, err := readPages(t.Context(), server.get); err == nil && len(rows) != 74 {
			t.Fatalf("seed %d: %d of 74 are listed, and no error", seed, len(rows))
		}
	}
}

// Nothing says what a server answers behind its last row.
func TestListOfAServerThatRefusesOffsetsBehindItsRows(t *testing.T) {
	for _, status := range []int{400, 404, 416, 422} {
		for _, rows := range []int{1, 3, 60} {
			all := make([]PhoneNumber, rows)
			for at := range all {
				all[at].ID = strconv.Itoa(at)
			}
			got, err := readPages(t.Context(), func(_ context.Context, query url.Values) ([]PhoneNumber, error) {
				offset, _ := strconv.Atoi(query.Get("offset"))
				if offset >= rows {
					return nil, &Error{Status: status}
				}
				return cut(all, offset, 50), nil
			})
			if err != nil || len(got) != rows {
				t.Errorf("status %d: listed %d of %d, %v", status, len(got), rows, err)
			}
		}
	}
}

// A page that is refused or empty, once or from some offset on, is not the end of what is behind it.
func TestNoMishapInTheMiddleEndsAListing(t *testing.T) {
	all := make([]PhoneNumber, 20)
	for at := range all {
		all[at] = PhoneNumber{ID: strconv.Itoa(at), CreatedAt: time.Unix(int64(at), 0).UTC().Format(time.RFC3339)}
	}
	caps := map[string][]int{"single rows": {1}, "pages of 7": {7}, "pages of any length": {7, 7, 3, 7, 1, 7, 5}, "pages of 1 and 5 by turns": {1, 5}}
	type mishap func(offset, request int) (page []PhoneNumber, err error, isOne bool)
	once := func(at, status int) mishap {
		return func(_, request int) ([]PhoneNumber, error, bool) { return nil, refusedBy(status), request == at }
	}
	from := func(at, status int) mishap {
		return func(offset, _ int) ([]PhoneNumber, error, bool) { return nil, refusedBy(status), offset >= at }
	}
	refusesQuery := func(then mishap) mishap {
		return func(offset, request int) ([]PhoneNumber, error, bool) {
			if request == 1 {
				return nil, refusedBy(400), true
			}
			return then(offset, request)
		}
	}
	mishaps := map[string]mishap{}
	for request := 2; request <= 40; request++ {
		for _, status := range []int{0, 400, 404, 416, 422} {
			mishaps[fmt.Sprintf("%d once at request %d", status, request)] = once(request, status)
		}
	}
	for _, status := range []int{400, 404, 416, 422} {
		mishaps[fmt.Sprintf("%d from offset 9 on", status)] = from(9, status)
		mishaps[fmt.Sprintf("no query, and %d from offset 9 on", status)] = refusesQuery(from(9, status))
	}
	for size, caps := range caps {
		for name, mishap := range mishaps {
			requests := 0
			rows, err := readPages(t.Context(), func(_ context.Context, query url.Values) ([]PhoneNumber, error) {
				requests++
				offset, _ := strconv.Atoi(query.Get("offset"))
				if page, err, isOne := mishap(offset, requests); isOne {
					return page, err
				}
				return cut(all, offset, caps[requests%len(caps)]), nil
			})
			if err == nil && len(rows) != len(all) {
				t.Errorf("%s, %s: listed %d of %d, and no error", size, name, len(rows), len(all))
			}
			if strings.HasPrefix(name, "0 once") && err != nil {
				t.Errorf("%s, %s: %v", size, name, err)
			}
		}
	}
}

// Nothing says what a server answers behind its last row, or behind a window of its own. The first is the
// end, for pages of any length; the second is none.
func TestAListingEndsWhereAServerRefusesWhatIsBehindItsRows(t *testing.T) {
	for _, caps := range [][]int{{1}, {1, 2, 3}, {20}, {7, 3, 10, 1}} {
		for _, window := range []int{1, 9, 40, 50, 1000} {
			for rows := 1; rows <= 60; rows++ {
				all := make([]PhoneNumber, rows)
				for at := range all {
					all[at] = PhoneNumber{ID: strconv.Itoa(at), CreatedAt: time.Unix(int64(at), 0).UTC().Format(time.RFC3339)}
				}
				requests := 0
				got, err := readPages(t.Context(), func(_ context.Context, query url.Values) ([]PhoneNumber, error) {
					requests++
					offset, _ := strconv.Atoi(query.Get("offset"))
					if offset >= min(rows, window) {
						return nil, &Error{Status: 404}
					}
					page := slices.Clone(all)
					if query.Get("orderDirection") == "DESC" {
						slices.Reverse(page)
					}
					return cut(page, offset, min(caps[requests%len(caps)], window-offset)), nil
				})
				switch {
				case rows <= window && (err != nil || len(got) != rows):
					t.Errorf("pages of %v: listed %d of %d, %v", caps, len(got), rows, err)
				case rows > window && err == nil:
					t.Errorf("pages of %v: listed %d of %d behind a window of %d, and no error", caps, len(got), rows, window)
				}
			}
		}
	}
}

// Rows of one instant in another order for each offset, an order that is coarser than the times, and rows
// without a time, while rows go away. Ties have the exception that readPages names.
func TestNoNumberIsMissedInAnOddOrder(t *testing.T) {
	type order func(rows []PhoneNumber, offset int)
	byKey := func(key func(PhoneNumber) int) order {
		return func(rows []PhoneNumber, _ int) {
			slices.SortStableFunc(rows, func(a, b PhoneNumber) int { return key(a) - key(b) })
		}
	}
	second := func(row PhoneNumber) int { return int(parsedTime(row.CreatedAt).Unix()) }
	tests := map[string]struct {
		ofInstant int // rows that were added at one time
		untimed   int // percent of the rows
		caps      int // pages have so many rows, or up to so many
		isFixed   bool
		deletes   int // requests of a hundred before which a row goes
		missed    int // listings of a thousand that may miss a number
		order     order
	}{
		"ties in any order, pages of 50": {ofInstant: 10, caps: 50, isFixed: true, deletes: 20, order: func(rows []PhoneNumber, offset int) { byInstant(rows, offset) }},
		"ties in any order, pages of 20": {ofInstant: 2, caps: 20, isFixed: true, deletes: 5, missed: 2, order: func(rows []PhoneNumber, offset int) { byInstant(rows, offset) }},
		"coarser than the times":         {ofInstant: 5, caps: 3, deletes: 30, order: byKey(func(row PhoneNumber) int { return second(row) / 10 })},
		"untimed rows first":             {ofInstant: 1, untimed: 20, caps: 10, deletes: 30, order: byKey(second)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			listed, missed := 0, 0
			for seed := range uint64(1000) {
				random := rand.New(rand.NewPCG(seed, 2))
				allAlong := map[string]bool{}
				var rows []PhoneNumber
				for at := range 10 + random.IntN(max(60, 6*test.caps)) {
					row := PhoneNumber{ID: strconv.Itoa(at)}
					if random.IntN(100) >= test.untimed {
						row.CreatedAt = time.Unix(int64(at/test.ofInstant), 0).UTC().Format(time.RFC3339)
					}
					rows, allAlong[row.ID] = append(rows, row), true
				}
				got, err := readPages(t.Context(), func(_ context.Context, query url.Values) ([]PhoneNumber, error) {
					if random.IntN(100) < test.deletes && len(rows) > 0 {
						at := random.IntN(len(rows))
						delete(allAlong, rows[at].ID)
						rows = slices.Delete(rows, at, at+1)
					}
					offset, _ := strconv.Atoi(query.Get("offset"))
					page := slices.Clone(rows)
					test.order(page, offset)
					if query.Get("orderDirection") == "DESC" {
						slices.Reverse(page)
					}
					limit := test.caps
					if !test.isFixed {
						limit = 1 + random.IntN(test.caps)
					}
					return cut(page, offset, limit), nil
				})
				if err != nil {
					continue
				}
				listed++
				for _, row := range got {
					delete(allAlong, row.ID)
				}
				if len(allAlong) > 0 {
					missed++
					t.Logf("seed %d: %v were there all along and are not listed", seed, allAlong)
				}
			}
			if missed > test.missed {
				t.Errorf("%d listings miss a number that was there all along", missed)
			}
			if listed < 250 {
				t.Errorf("%d of 1000 listings were read to their end", listed)
			}
		})
	}
}

// Of the newest rows, only a page that can leave nothing out is a proof.
func TestWhatTheNewestRowsProve(t *testing.T) {
	at := func(second int) PhoneNumber {
		return PhoneNumber{ID: strconv.Itoa(second), CreatedAt: time.Unix(int64(second), 0).UTC().Format(time.RFC3339)}
	}
	for name, test := range map[string]struct {
		newest []PhoneNumber // of rows 1 to 6, of which 1 to 4 are known
		isEnd  bool
	}{
		"all that is newer, down to a known row":  {[]PhoneNumber{at(6), at(5), at(4), at(3)}, true},
		"the last row went away":                  {[]PhoneNumber{at(6), at(5), at(3)}, false},
		"nothing known":                           {[]PhoneNumber{at(6), at(5)}, false},
		"the last row alone is known":             {[]PhoneNumber{at(6), at(5), at(4)}, false},
		"a known row between is not there":        {[]PhoneNumber{at(6), at(4), at(2)}, false},
		"oldest first":                            {[]PhoneNumber{at(1), at(2), at(3), at(4)}, false},
		"in no order":                             {[]PhoneNumber{at(4), at(5), at(3)}, false},
		"the oldest alone":                        {[]PhoneNumber{at(1)}, false},
		"a row without a time":                    {[]PhoneNumber{at(6), {ID: "untimed"}, at(5), at(4), at(3)}, false},
		"nothing newer than the last row is left": {[]PhoneNumber{at(4), at(3)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := &paging{ascends: true, known: map[string]struct{}{}, get: func(_ context.Context, query url.Values) ([]PhoneNumber, error) {
				if query.Get("orderDirection") != "DESC" || query.Get("offset") != "" {
					t.Errorf("asked for %v", query)
				}
				return test.newest, nil
			}}
			p.take([]PhoneNumber{at(1), at(2), at(3), at(4)}, 0)
			isEnd, err := p.endsNewest(t.Context())
			must(t, err)
			if isEnd != test.isEnd || p.ended != test.isEnd {
				t.Errorf("taken for the end: %t", isEnd)
			}
			for _, row := range test.newest {
				if isEnd && !p.isKnown(row.ID) {
					t.Errorf("%s is left out", row.ID)
				}
			}
		})
	}
}

// refusedBy is a refusal, and none for the status 0: an empty page.
func refusedBy(status int) error {
	if status == 0 {
		return nil
	}
	return &Error{Status: status}
}

func TestListDropsRowsThatComeTwice(t *testing.T) {
	rows := []PhoneNumber{{ID: "1"}, {ID: "2"}, {ID: "2"}, {ID: "3"}, {ID: "3"}}
	numbers, err := readPages(t.Context(), func(_ context.Context, query url.Values) ([]PhoneNumber, error) {
		offset, _ := strconv.Atoi(query.Get("offset"))
		return rows[min(offset, len(rows)):], nil
	})
	must(t, err)
	if got := idsOf(numbers); !slices.Equal(got, []string{"1", "2", "3"}) {
		t.Errorf("listed %v", got)
	}
}

func TestOldestFirst(t *testing.T) {
	at := func(second int, id string) PhoneNumber {
		return PhoneNumber{ID: id, CreatedAt: time.Unix(int64(second), 0).UTC().Format(time.RFC3339)}
	}
	for name, rows := range map[string][]PhoneNumber{
		"oldest first":           {at(1, "1"), at(1, "2"), at(2, "3"), at(3, "4")},
		"newest first":           {at(3, "4"), at(2, "3"), at(1, "2"), at(1, "1")},
		"in no order":            {at(2, "3"), at(1, "1"), at(1, "2"), at(3, "4")},
		"with part of a second":  {at(1, "1"), {ID: "2", CreatedAt: "1970-01-01T00:00:01.5Z"}, at(2, "3"), {ID: "4", CreatedAt: "1970-01-01T00:00:02.25Z"}},
		"without times":          {{ID: "1"}, {ID: "2"}, {ID: "3"}, {ID: "4"}},
		"some of them untimed":   {{ID: "1"}, {ID: "2"}, at(1, "3"), at(2, "4")},
		"untimed ones come last": {at(2, "4"), at(1, "3"), {ID: "2"}, {ID: "1"}},
	} {
		oldestFirst(rows)
		if got := idsOf(rows); !slices.Equal(got, []string{"1", "2", "3", "4"}) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// shiftingServer answers pages of rows that come and go between any two requests.
type shiftingServer struct {
	random        *rand.Rand
	rows          []PhoneNumber // oldest first
	limits        []int         // of which one is drawn for each page
	isNewestFirst bool
	ignoresOrder  bool // shows its own order whatever is asked for
	ignoresOffset bool
	made          int
	requests      int
	calm          int // requests out of ten before which nothing changes
	calmFrom      int // the request from which on nothing does
	adds          int // changes out of ten that add
	allAlong      map[string]bool
}

func (s *shiftingServer) add() {
	s.made++
	s.rows = append(s.rows, PhoneNumber{
		ID: strconv.Itoa(s.made), CreatedAt: time.Unix(int64(s.made/3), 0).UTC().Format(time.RFC3339), // up to three at a time
	})
}

func (s *shiftingServer) change() {
	for range s.random.IntN(3) {
		if s.random.IntN(10) < s.adds {
			s.add()
		} else if len(s.rows) > 0 {
			at := s.random.IntN(len(s.rows))
			delete(s.allAlong, s.rows[at].ID)
			s.rows = slices.Delete(s.rows, at, at+1)
		}
	}
}

func (s *shiftingServer) page(_ context.Context, query url.Values) ([]PhoneNumber, error) {
	if s.requests++; s.requests > 10_000 {
		panic("the listing does not end")
	}
	if s.requests > 1 && s.requests < s.calmFrom && s.random.IntN(10) >= s.calm {
		s.change()
	}
	offset, _ := strconv.Atoi(query.Get("offset"))
	limit := s.limits[s.random.IntN(len(s.limits))]
	rows := slices.Clone(s.rows)
	if s.ignoresOrder && s.isNewestFirst || !s.ignoresOrder && query.Get("orderDirection") == "DESC" {
		slices.Reverse(rows)
	}
	if s.ignoresOffset {
		return rows, nil
	}
	rows = rows[min(offset, len(rows)):]
	return rows[:min(limit, len(rows))], nil
}

// TestANumberThatExistsAllAlongIsNeverMissed is a property of readPages, over servers of all kinds
// and over random adds and deletes between any two pages. The listing may end in an error; it may not
// end without a number that was there from its first request to its last.
func TestANumberThatExistsAllAlongIsNeverMissed(t *testing.T) {
	const rounds = 20_000
	// Servers that cut all pages alike, and some that cut each as they like.
	caps := [][]int{{1}, {2}, {3}, {7}, {50}, {2, 3, 4, 5, 6, 7, 8, 9, 10}, {1, 2, 3}, {50, 1}, {10, 3, 1, 7}, {1, 2, 3, 5, 20}}
	listed := 0
	for seed := range uint64(rounds) {
		random := rand.New(rand.NewPCG(seed, 0))
		server := &shiftingServer{
			random: random, ignoresOrder: random.IntN(2) == 0, isNewestFirst: random.IntN(2) == 0,
			ignoresOffset: random.IntN(8) == 0, limits: caps[random.IntN(len(caps))], allAlong: map[string]bool{},
			// A server of single rows is read more slowly than this one changes: it calms down in the end.
			calm: []int{10, 7, 3, 0}[seed%4], calmFrom: 100, adds: []int{5, 5, 1, 0}[random.IntN(4)],
		}
		if slices.Contains(server.limits, 1) {
			// Pages of one row show no neighbours: an add before them can hide a delete.
			server.isNewestFirst = false
		}
		for range random.IntN(40) {
			server.add()
		}
		for _, row := range server.rows {
			server.allAlong[row.ID] = true
		}
		rows, err := readPages(t.Context(), server.page)
		if err != nil {
			if server.calm == 10 && !server.ignoresOffset {
				t.Fatalf("seed %d: a server that stood still: %v", seed, err)
			}
			continue
		}
		listed++
		ids := map[string]bool{}
		for _, row := range rows {
			if ids[row.ID] {
				t.Fatalf("seed %d: %s is listed twice", seed, row.ID)
			}
			ids[row.ID] = true
		}
		for id := range server.allAlong {
			if !ids[id] {
				t.Fatalf("seed %d: %s was there all along and is not listed: %+v", seed, id, server)
			}
		}
	}
	if listed < rounds*8/10 {
		t.Errorf("%d of %d listings were read to their end", listed, rounds)
	}
}
