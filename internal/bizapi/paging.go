// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

const (
	// pageLimit is the page size asked for. Servers cap it as they like.
	pageLimit = 1000
	// beyondAll is an offset that no account reaches: a page there comes from a server that ignores
	// offsets.
	beyondAll = 1_000_000_000
	// maxStarts is how often a listing that changes under the reader is begun again.
	maxStarts = 3
	// maxRows bounds a listing, so that a server which makes rows up cannot exhaust memory.
	maxRows = 1_000_000
)

// getPage asks for one page.
type getPage func(ctx context.Context, query url.Values) ([]PhoneNumber, error)

// readPages reads a whole listing, oldest first, each number once.
//
// Pages are cut by offset, and rows come and go between two of them. So each page begins at the last
// row of the page before: a page shows neighbours at one instant, and where it begins with a row that
// is known, nothing can have slipped through between. A number that exists all along is never missed.
func readPages(ctx context.Context, get getPage) ([]PhoneNumber, error) {
	p := &paging{get: get, known: map[string]struct{}{}}
	err := p.begin(ctx)
	for err == nil && !p.ended {
		err = p.step(ctx)
	}
	if err != nil {
		return nil, err
	}
	oldestFirst(p.rows)
	return p.rows, nil
}

// paging is a listing being read.
type paging struct {
	get   getPage
	rows  []PhoneNumber
	known map[string]struct{} // ids of rows

	first   string // the id that the latest page began with
	firstAt int    // its offset
	last    string // the id of the row to go on from
	at      int    // its offset
	longest int    // rows of the longest page
	plain   bool   // the server refused the query
	back    int    // rows to step back by if the next page does not join on
	starts  int    // how often it was begun again
	ended   bool
}

// begin reads the first page, without a query if the server refuses that.
func (p *paging) begin(ctx context.Context) error {
	page, err := p.page(ctx, 0)
	if isRefused(err) && !p.plain && len(p.rows) == 0 {
		p.plain = true
		page, err = p.page(ctx, 0)
	}
	if err != nil {
		return err
	}
	p.at, p.back = 0, 0
	if len(page) == 0 {
		p.ended = true
		return nil
	}
	p.take(page)
	// A server that takes no query cannot be asked for more, and need not be unless this page looks
	// like one that was cut.
	p.ended = p.plain && !looksCapped(len(page))
	return p.checkSize()
}

// step reads the next page.
func (p *paging) step(ctx context.Context) error {
	if p.longest == 1 {
		return p.stepByOne(ctx)
	}
	page, err := p.page(ctx, p.at)
	if isRefused(err) && p.plain {
		return mayBeCut(p.longest)
	}
	if err != nil {
		return err
	}
	return p.goOn(ctx, page)
}

// goOn takes a page that was asked for at the last known row.
func (p *paging) goOn(ctx context.Context, page []PhoneNumber) error {
	if len(page) == 0 || !p.isKnown(page[0].ID) {
		return p.stepBack(ctx) // rows before it went away
	}
	// The same row at two offsets: rows were added before it, or the server ignores offsets.
	if page[0].ID == p.first && p.at != p.firstAt {
		if ignores, err := p.ignoresOffset(ctx); err != nil || ignores {
			return p.endUnpaged(page, err)
		}
	}
	// Known rows behind the last one are no end: they come again after a step back.
	p.ended = len(page) == 1 && page[0].ID == p.last
	p.back = 0
	p.take(page)
	return p.checkSize()
}

// stepByOne reads on where every page so far had one row, which may be all there is or a server's
// cap. A page of one row shows no neighbours, so the row after is asked for first, and then the last
// one again: if that has not moved, they are neighbours.
func (p *paging) stepByOne(ctx context.Context) error {
	ahead, err := p.page(ctx, p.at+1)
	if isRefused(err) && p.plain {
		return mayBeCut(p.longest)
	}
	if err != nil {
		return err
	}
	page, err := p.page(ctx, p.at)
	switch {
	case err != nil:
		return err
	case len(ahead) > 1 || len(page) != 1 || page[0].ID != p.last:
		return p.goOn(ctx, page)
	case len(ahead) == 0:
		p.ended = true
	case ahead[0].ID == p.last:
		ignores, err := p.ignoresOffset(ctx)
		if err != nil || ignores {
			return p.endUnpaged(page, err)
		}
	default:
		p.at++
		p.take(ahead)
	}
	return p.checkSize()
}

// take adds a page's new rows and goes on from its last one.
func (p *paging) take(page []PhoneNumber) {
	for _, row := range page {
		if !p.isKnown(row.ID) {
			p.known[row.ID] = struct{}{}
			p.rows = append(p.rows, row)
		}
	}
	p.longest = max(p.longest, len(page))
	p.first, p.firstAt = page[0].ID, p.at
	p.last = page[len(page)-1].ID
	p.at += len(page) - 1
}

func (p *paging) isKnown(id string) bool {
	_, isKnown := p.known[id]
	return isKnown
}

// stepBack looks for a known row to go on from further up: first as far as Terraform deletes in
// parallel, then further, then from the beginning.
func (p *paging) stepBack(ctx context.Context) error {
	p.back = max(10, 10*p.back)
	if p.at > p.back {
		p.at -= p.back
		return nil
	}
	p.starts++
	if p.starts > maxStarts {
		return fmt.Errorf("rows went away each time the listing was read on; given up after it was begun %d times", maxStarts+1)
	}
	return p.begin(ctx)
}

// ignoresOffset asks for a page that cannot be there.
func (p *paging) ignoresOffset(ctx context.Context) (bool, error) {
	page, err := p.page(ctx, beyondAll)
	if isRefused(err) {
		return false, nil
	}
	return len(page) > 0, err
}

// endUnpaged ends a listing whose server answers one page whatever is asked for.
func (p *paging) endUnpaged(page []PhoneNumber, err error) error {
	if err != nil {
		return err
	}
	p.take(page)
	p.ended = true
	if looksCapped(len(page)) {
		return mayBeCut(len(page))
	}
	return nil
}

// looksCapped tells a page size that somebody chose, such as 50, 100 or 1000, from a number of rows
// that an account happens to have.
func looksCapped(rows int) bool { return rows%50 == 0 }

func mayBeCut(rows int) error {
	return fmt.Errorf("the server answers %d numbers whatever page is asked for. That looks like a limit of its own: the account may hold more, and a number missing from the listing would look deleted", rows)
}

func (p *paging) checkSize() error {
	if len(p.rows) > maxRows {
		return fmt.Errorf("the listing has more than %d numbers", maxRows)
	}
	return nil
}

// page asks for a page. A server that takes no query is asked for none where it can be helped.
func (p *paging) page(ctx context.Context, offset int) ([]PhoneNumber, error) {
	query := url.Values{}
	if !p.plain {
		query.Set("limit", strconv.Itoa(pageLimit))
		query.Set("orderBy", "created_at")
		query.Set("orderDirection", "ASC")
	}
	if offset > 0 {
		query.Set("offset", strconv.Itoa(offset))
	}
	return p.get(ctx, query)
}

func isRefused(err error) bool {
	failure, ok := errors.AsType[*Error](err)
	return ok && failure.Status == http.StatusBadRequest
}

// oldestFirst sorts rows of a server that ignores the order asked for. Rows of one time, or of none,
// stay in the order they came, which such a server turned round.
func oldestFirst(rows []PhoneNumber) {
	created := make(map[string]time.Time, len(rows))
	for _, row := range rows {
		created[row.ID], _ = time.Parse(time.RFC3339, row.CreatedAt)
	}
	byTime := func(a, b PhoneNumber) int { return created[a.ID].Compare(created[b.ID]) }
	if slices.IsSortedFunc(rows, byTime) {
		return
	}
	if byTime(rows[0], rows[len(rows)-1]) > 0 {
		slices.Reverse(rows)
	}
	slices.SortStableFunc(rows, byTime)
}
