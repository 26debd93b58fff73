// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// page is one page of a list.
type page[R row] struct {
	rows []R
	date time.Time // by the server's clock
}

// fetchPage asks for one page. A nil query asks for the server's own.
type fetchPage[R row] func(ctx context.Context, query url.Values) (page[R], error)

const (
	// pageLimit is the page size asked for. Servers cap it as they like.
	pageLimit = 1000
	// fallbackLimit is asked for where a server refuses pageLimit.
	fallbackLimit = 100
	// maxPasses is how often a listing is begun that changes while it is read.
	maxPasses = 5
)

var (
	errKeepsChanging = errors.New("the listing changed each of the five times it was read, so its pages could not be joined")
	errCutShort      = errors.New("the server ignores offsets or gives single rows, so its listing may be cut short")
)

// paging is a listing being read.
//
// Pages are cut by offset, and rows come and go between two of them, so each page begins a few rows
// before the end of the last one. A page shows its rows as they were at one time: where its first row
// is known, no row that existed all along can have slipped through between two pages. That takes a
// server whose rows have a total order, in either direction, and whose full pages are of one length.
type paging[R row] struct {
	fetch fetchPage[R]
	limit int // rows to ask for; 0 asks without a query

	rows  []R
	known map[string]bool
	first int // rows of the first page, which every page has but the last
	next  int // the offset to go on from
	date  time.Time
	doubt error // why a row that is missing may exist anyway; nil: it does not
}

// readPages reads a whole listing, each row once. A quick reading is ended by a first page of a length that
// no server caps pages at; a thorough one looks behind every page.
func readPages[R row](ctx context.Context, fetch fetchPage[R], thorough bool) (*paging[R], error) {
	p := &paging[R]{fetch: fetch}
	for range maxPasses {
		done, err := p.pass(ctx, thorough)
		if done || err != nil {
			return p, err
		}
	}
	return p, errKeepsChanging
}

// pass reads the listing from its beginning. It is not done where the pages did not join.
func (p *paging[R]) pass(ctx context.Context, thorough bool) (done bool, err error) {
	page, err := p.firstPage(ctx)
	if err != nil {
		return false, err
	}
	p.rows, p.known, p.first = nil, make(map[string]bool, len(page)), len(page)
	p.add(page, 0)
	mayBeFull := p.first%5 == 0 // nobody caps pages at 17 rows
	switch {
	case p.first == 0:
		return true, nil
	case p.limit == 0:
		p.endAtFirstPage()
		return true, nil
	case !mayBeFull && !thorough:
		return true, nil
	case p.first == 1:
		return p.endSingle(ctx)
	}
	for {
		page, ok, err := p.nextPage(ctx)
		if err != nil || !ok {
			return false, err
		}
		added := p.add(page, p.next)
		switch {
		case len(page) < p.first:
			return true, nil
		case added == 0 && page[0].id() == p.rows[0].id():
			p.endAtFirstPage()
			return true, nil
		case added == 0: // a server that gives its last page at any offset behind it
			return false, nil
		}
	}
}

// firstPage asks for fewer rows, and then without a query, where the server refuses what it is asked.
func (p *paging[R]) firstPage(ctx context.Context) ([]R, error) {
	var page []R
	var err error
	for _, p.limit = range []int{pageLimit, fallbackLimit, 0} {
		page, err = p.ask(ctx, 0)
		failure, _ := errors.AsType[*Error](err)
		if failure == nil || failure.Status != http.StatusBadRequest && failure.Status != http.StatusUnprocessableEntity {
			break
		}
	}
	return page, err
}

// nextPage returns the page at the next offset, or the one half a page further up where rows before it
// went away. It is not ok where neither joins what is known.
func (p *paging[R]) nextPage(ctx context.Context) (page []R, ok bool, err error) {
	page, err = p.ask(ctx, p.next)
	if err != nil || p.joins(page) {
		return page, err == nil, err
	}
	p.next = max(0, p.next-p.first/2)
	page, err = p.ask(ctx, p.next)
	return page, err == nil && p.joins(page), err
}

// joins reports whether a page begins with a known row and has no known row behind a new one.
func (p *paging[R]) joins(page []R) bool {
	isLastKnown := true
	for _, row := range page {
		isKnown := p.known[row.id()]
		if isKnown && !isLastKnown {
			return false
		}
		isLastKnown = isKnown
	}
	return len(page) > 0 && p.known[page[0].id()]
}

// add adds the new rows of the page at an offset and returns how many they are. The next page begins a
// twentieth of a page before its end.
func (p *paging[R]) add(page []R, offset int) (added int) {
	for _, row := range page {
		if !p.known[row.id()] {
			p.known[row.id()] = true
			p.rows = append(p.rows, row)
			added++
		}
	}
	overlap := min(max(p.first/20, 1), 20)
	p.next = max(0, offset+len(page)-overlap)
	return added
}

// endSingle looks behind a first page of one row, before which no page can begin.
func (p *paging[R]) endSingle(ctx context.Context) (done bool, err error) {
	page, err := p.ask(ctx, 1)
	if len(page) > 0 && !p.joins(page) {
		p.add(page, 1)
		p.doubt = errCutShort
	}
	return err == nil, err
}

// endAtFirstPage ends the listing of a server that gives the same rows at any offset. They are all there
// is, unless their number is one that somebody chose.
func (p *paging[R]) endAtFirstPage() {
	if p.first%50 == 0 {
		p.doubt = errCutShort
	}
}

func (p *paging[R]) ask(ctx context.Context, offset int) ([]R, error) {
	var query url.Values
	if p.limit > 0 {
		query = url.Values{"limit": {strconv.Itoa(p.limit)}, "orderBy": {"created_at"}, "orderDirection": {"ASC"}}
		if offset > 0 {
			query.Set("offset", strconv.Itoa(offset))
		}
	}
	page, err := p.fetch(ctx, query)
	p.date = page.date
	return page.rows, err
}
