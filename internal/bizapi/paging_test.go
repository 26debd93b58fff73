// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"testing"
)

// someRow is a row that is nothing but its id.
type someRow string

func (r someRow) id() string  { return string(r) }
func (r someRow) key() string { return string(r) }

func (someRow) createdAt() string { return "" }

func someRows(n int) []someRow {
	rows := make([]someRow, n)
	for at := range rows {
		rows[at] = someRow("row " + strconv.Itoa(at))
	}
	return rows
}

// pagedServer lists rows by pages.
type pagedServer struct {
	rows          []someRow
	cap           int   // rows of a page, whatever was asked for
	ownLimit      int   // rows of a page when none was asked for
	most          int   // a larger limit is refused; 0: none is
	refusal       int   // with this status
	refusesQuery  bool  // any
	ignoresOffset bool  // gives the first page at any
	endsIn        error // of the page after the first

	requests int
}

func (s *pagedServer) get(_ context.Context, query url.Values) (page[someRow], error) {
	s.requests++
	if s.endsIn != nil && s.requests > 1 {
		return page[someRow]{}, s.endsIn
	}
	limit := s.ownLimit
	if query.Has("limit") {
		limit, _ = strconv.Atoi(query.Get("limit"))
		if s.refusesQuery || s.most > 0 && limit > s.most {
			return page[someRow]{}, &Error{Status: s.refusal}
		}
		if query.Get("orderBy") != "created_at" || query.Get("orderDirection") != "ASC" {
			return page[someRow]{}, &Error{Status: http.StatusTeapot}
		}
	}
	if s.cap > 0 {
		limit = min(limit, s.cap)
	}
	offset, _ := strconv.Atoi(query.Get("offset"))
	if s.ignoresOffset {
		offset = 0
	}
	rows := s.rows[min(offset, len(s.rows)):]
	return page[someRow]{rows: rows[:min(limit, len(rows))]}, nil
}

func TestAListingTakesFewRequests(t *testing.T) {
	for _, test := range []struct {
		name            string
		server          pagedServer
		quick, thorough int // requests
		inDoubt         bool
		cutShort        bool // to the first page
	}{
		{name: "no row", server: pagedServer{}, quick: 1, thorough: 1},
		{name: "1 row", server: pagedServer{rows: someRows(1)}, quick: 1, thorough: 2},
		{name: "2 rows", server: pagedServer{rows: someRows(2)}, quick: 1, thorough: 2},
		{name: "3 rows", server: pagedServer{rows: someRows(3)}, quick: 1, thorough: 2},
		{name: "5 rows, which may be a cap", server: pagedServer{rows: someRows(5)}, quick: 2, thorough: 2},
		{name: "10 rows, which may be a cap", server: pagedServer{rows: someRows(10)}, quick: 2, thorough: 2},
		{name: "11 rows", server: pagedServer{rows: someRows(11)}, quick: 1, thorough: 2},
		{name: "999 rows in one page", server: pagedServer{rows: someRows(999)}, quick: 1, thorough: 2},
		{name: "1,000 rows in one page", server: pagedServer{rows: someRows(1000)}, quick: 2, thorough: 2},
		{name: "1,001 rows in two pages", server: pagedServer{rows: someRows(1001)}, quick: 2, thorough: 2},
		{name: "100 rows in pages of 50", server: pagedServer{rows: someRows(100), cap: 50}, quick: 3, thorough: 3},
		{name: "10,790 rows in pages of 1,000, each with 20 of the last", server: pagedServer{rows: someRows(10_790)}, quick: 11, thorough: 11},
		{name: "10,000 rows in pages of 100", server: pagedServer{rows: someRows(10_000), cap: 100}, quick: 106, thorough: 106},
		{name: "25 rows in pages of 10", server: pagedServer{rows: someRows(25), cap: 10}, quick: 3, thorough: 3},
		{name: "a cap that nobody has ends a quick reading", server: pagedServer{rows: someRows(17), cap: 17}, quick: 1, thorough: 2},

		{name: "20 rows where offset is ignored", server: pagedServer{rows: someRows(20), ignoresOffset: true}, quick: 2, thorough: 2},
		{name: "25 rows where offset is ignored", server: pagedServer{rows: someRows(25), ignoresOffset: true}, quick: 2, thorough: 2},
		{name: "1 row where offset is ignored", server: pagedServer{rows: someRows(1), ignoresOffset: true}, quick: 1, thorough: 2},
		{name: "17 rows where offset is ignored", server: pagedServer{rows: someRows(17), ignoresOffset: true}, quick: 1, thorough: 2},
		{name: "50 rows where offset is ignored are in doubt", server: pagedServer{rows: someRows(120), cap: 50, ignoresOffset: true}, quick: 2, thorough: 2, inDoubt: true, cutShort: true},
		{name: "1,000 rows where offset is ignored are in doubt", server: pagedServer{rows: someRows(1000), ignoresOffset: true}, quick: 2, thorough: 2, inDoubt: true},

		{name: "a limit of 1,000 is refused with 400", server: pagedServer{rows: someRows(120), most: 100, refusal: 400}, quick: 3, thorough: 3},
		{name: "a limit of 1,000 is refused with 422", server: pagedServer{rows: someRows(120), most: 999, refusal: 422}, quick: 3, thorough: 3},
		{name: "3 rows where a limit of 1,000 is refused", server: pagedServer{rows: someRows(3), most: 100, refusal: 400}, quick: 2, thorough: 3},
		{name: "every query is refused", server: pagedServer{rows: someRows(7), ownLimit: 100, refusesQuery: true, refusal: 400}, quick: 3, thorough: 3},
		{name: "a full page where every query is refused is in doubt", server: pagedServer{rows: someRows(120), ownLimit: 100, refusesQuery: true, refusal: 422}, quick: 3, thorough: 3, inDoubt: true, cutShort: true},
	} {
		for _, isThorough := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, thorough %t", test.name, isThorough), func(t *testing.T) {
				server, want := test.server, test.quick
				if isThorough {
					want = test.thorough
				}
				p, err := readPages(t.Context(), server.get, isThorough)
				must(t, err)
				if isInDoubt := p.doubt != nil; isInDoubt != test.inDoubt {
					t.Errorf("in doubt: %t", isInDoubt)
				}
				if server.requests != want {
					t.Errorf("%d requests, want %d", server.requests, want)
				}
				if isAll := slices.Equal(p.rows, server.rows); isAll == test.cutShort {
					t.Errorf("read %d of %d rows", len(p.rows), len(server.rows))
				}
			})
		}
	}
}

func TestSingleRowsProveNothing(t *testing.T) {
	server := pagedServer{rows: someRows(3), cap: 1}
	p, err := readPages(t.Context(), server.get, true)
	must(t, err)
	if p.doubt == nil || server.requests != 2 {
		t.Errorf("doubt %v after %d requests", p.doubt, server.requests)
	}
}

func TestAListingEndsInTheErrorOfAPage(t *testing.T) {
	for _, status := range []int{400, 404, 422, 500} {
		server := pagedServer{rows: someRows(300), cap: 100, endsIn: &Error{Status: status}}
		if _, err := readPages(t.Context(), server.get, false); !errors.Is(err, server.endsIn) {
			t.Errorf("a second page of status %d: %v", status, err)
		}
	}
	server := pagedServer{most: 100, refusal: 500}
	if _, err := readPages(t.Context(), server.get, false); err == nil || server.requests != 1 {
		t.Errorf("a refusal of status 500: %v after %d requests", err, server.requests)
	}
	server = pagedServer{refusesQuery: true, refusal: 400, ownLimit: 10, most: 1}
	withoutEnd := func(ctx context.Context, _ url.Values) (page[someRow], error) {
		return server.get(ctx, url.Values{"limit": {"2"}})
	}
	if _, err := readPages(t.Context(), withoutEnd, false); err == nil || server.requests != 3 {
		t.Errorf("a server that refuses all: %v after %d requests", err, server.requests)
	}
}

// A server may answer an offset behind its rows with the last page.
func TestPagesThatDoNotMoveOnEndInAnError(t *testing.T) {
	rows := someRows(30)
	requests := 0
	get := func(_ context.Context, query url.Values) (page[someRow], error) {
		if requests++; requests > 100 {
			t.Fatal("the listing does not end")
		}
		offset, _ := strconv.Atoi(query.Get("offset"))
		offset = min(offset, 20)
		return page[someRow]{rows: rows[offset : offset+10]}, nil
	}
	if _, err := readPages(t.Context(), get, true); !errors.Is(err, errKeepsChanging) {
		t.Errorf("got %v after %d requests", err, requests)
	}
}

func TestRowsThatWentAwayAreLookedForFurtherUp(t *testing.T) {
	for _, test := range []struct {
		name     string
		deleted  int // rows before the second page
		requests int
	}{
		{"fewer than the pages have in common", 4, 3},
		{"as many as the pages have in common", 5, 5},
		{"half a page", 54, 4},
		{"more than half a page", 56, 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := pagedServer{rows: someRows(250), cap: 100}
			get := func(ctx context.Context, query url.Values) (page[someRow], error) {
				if server.requests == 1 {
					server.rows = server.rows[test.deleted:]
				}
				return server.get(ctx, query)
			}
			p, err := readPages(t.Context(), get, false)
			must(t, err)
			for _, row := range server.rows {
				if !p.known[row.id()] {
					t.Fatalf("%s was missed", row)
				}
			}
			if server.requests != test.requests {
				t.Errorf("%d requests, want %d", server.requests, test.requests)
			}
		})
	}
}

func TestAListingThatKeepsChangingIsAnError(t *testing.T) {
	server := pagedServer{cap: 100}
	next := 0
	get := func(ctx context.Context, query url.Values) (page[someRow], error) {
		server.rows = nil
		for range 300 {
			next++
			server.rows = append(server.rows, someRow(strconv.Itoa(next)))
		}
		return server.get(ctx, query)
	}
	if _, err := readPages(t.Context(), get, false); !errors.Is(err, errKeepsChanging) || server.requests != 3*5 {
		t.Errorf("got %v after %d requests", err, server.requests)
	}
}

// changingServer has rows in a total order that come and go between any two requests.
type changingServer struct {
	random        *rand.Rand
	rows          []someRow // in the order of the server
	cap           int
	isNewestFirst bool // whatever is asked for
	chance        float64
	made          int
	requests      int
	gone          map[someRow]bool // of those that were there at first
}

func (s *changingServer) add() {
	row := names[s.made%len(names)]
	s.made++
	at := len(s.rows)
	if s.random.IntN(4) == 0 { // of rows of one time, the youngest need not be the last
		at = max(0, at-s.random.IntN(4))
	}
	if s.isNewestFirst {
		at = len(s.rows) - at
	}
	s.rows = slices.Insert(s.rows, at, row)
}

func (s *changingServer) change() {
	if len(s.rows) == 0 || s.random.IntN(2) == 0 {
		s.add()
		return
	}
	at := s.random.IntN(len(s.rows))
	s.gone[s.rows[at]] = true
	s.rows = slices.Delete(s.rows, at, at+1)
}

func (s *changingServer) get(_ context.Context, query url.Values) (page[someRow], error) {
	if s.requests++; s.requests > 10_000 {
		panic("the listing does not end")
	}
	if s.requests > 1 {
		for chance := s.chance; s.random.Float64() < chance; chance-- {
			s.change()
		}
	}
	limit, _ := strconv.Atoi(query.Get("limit"))
	offset, _ := strconv.Atoi(query.Get("offset"))
	rows := s.rows[min(offset, len(s.rows)):]
	return page[someRow]{rows: slices.Clone(rows[:min(limit, s.cap, len(rows))])}, nil
}

// names of rows, made once.
var names = someRows(20_000)

func newChangingServer(seed uint64) (server *changingServer, isThorough bool) {
	random := rand.New(rand.NewPCG(seed, 0))
	s := &changingServer{
		random: random, isNewestFirst: random.IntN(2) == 0, gone: map[someRow]bool{},
		chance: []float64{0, 0.1, 1.0 / 3, 1, 3}[random.IntN(5)], cap: []int{10, 20, 25, 50, 100, 1000}[random.IntN(6)],
	}
	isThorough = random.IntN(2) == 0
	if isThorough { // a quick one takes pages of an odd length for the last
		s.cap = 10 + random.IntN(100)
	}
	rows := random.IntN(120)
	if random.IntN(150) == 0 {
		rows = random.IntN(5000)
	}
	for range rows {
		s.add()
	}
	return s, isThorough
}

// tries is how many listings the property is tried on. By hand it is a million, in a minute or two:
// BIZAPI_TEST_LISTINGS=1000000 go test -v -run TestNoRowIsMissed ./internal/bizapi
func tries() uint64 {
	if count, err := strconv.ParseUint(os.Getenv("BIZAPI_TEST_LISTINGS"), 10, 64); err == nil {
		return count
	}
	if raceEnabled || testing.Short() {
		return 10_000
	}
	return 100_000
}

func TestNoRowIsMissedThatWasThereAllAlong(t *testing.T) {
	var calm, failed [2]int // listings with at most one change in three requests, of few pages and of many
	for seed := range tries() {
		server, isThorough := newChangingServer(seed)
		atFirst := slices.Clone(server.rows)
		p, err := readPages(t.Context(), server.get, isThorough)
		if server.chance <= 1.0/3 {
			length := 0
			if len(atFirst) > 5*server.cap {
				length = 1
			}
			calm[length]++
			if err != nil || p.doubt != nil {
				failed[length]++
			}
		}
		if err != nil || p.doubt != nil {
			continue
		}
		if len(p.rows) != len(p.known) {
			t.Fatalf("seed %d: a row is listed twice", seed)
		}
		for _, row := range atFirst {
			if !server.gone[row] && !p.known[row.id()] {
				t.Fatalf("seed %d: %s was there all along and is not listed; cap %d, newest first %t, %.1f changes a request, thorough %t, %d rows",
					seed, row, server.cap, server.isNewestFirst, server.chance, isThorough, len(atFirst))
			}
		}
	}
	for length, name := range []string{"few", "many"} {
		t.Logf("%d of %d listings of %s pages failed", failed[length], calm[length], name)
		if failed[length]*100 >= calm[length] {
			t.Errorf("one in %d listings of %s pages failed, with at most one change in three requests", calm[length]/failed[length], name)
		}
	}
}

func TestAPageJoinsWhatIsKnown(t *testing.T) {
	for _, test := range []struct {
		name string
		page []someRow
		want bool
	}{
		{"known rows and then new ones", []someRow{"b", "c", "x", "y"}, true},
		{"known rows alone", []someRow{"c"}, true},
		{"a new row first: rows went away", []someRow{"x", "y"}, false},
		{"a known row behind a new one: the order is another", []someRow{"b", "x", "c"}, false},
		{"no row", nil, false},
	} {
		p := paging[someRow]{known: map[string]bool{"a": true, "b": true, "c": true}}
		if got := p.joins(test.page); got != test.want {
			t.Errorf("%s: %t", test.name, got)
		}
	}
}
