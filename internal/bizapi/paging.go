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
	// maxIdle is how many pages in a row may bring nothing new, beside those that go over known rows.
	maxIdle = 20
	// maxRows bounds a listing, so that a server which makes rows up cannot exhaust memory.
	maxRows = 1_000_000
)

// getPage asks for one page.
type getPage func(ctx context.Context, query url.Values) ([]PhoneNumber, error)

// readPages reads a whole listing, oldest first, each number once.
//
// Pages are cut by offset, and rows come and go between two of them. So each page begins at the last
// row of the page before: a page shows neighbours at one instant, and where it begins with a row that
// is known, nothing can have slipped through between. The end is where nothing is behind the last row
// and that row has not moved: a short page is none, since servers cap pages as they like, and not all
// alike. Where it moves again and again, the newest rows tell (see endsNewest). What is left is a delete
// and an add before it that cancel out between the two requests of such a look, a delete among rows of one
// instant that a server shows in another order each time, and the exception of longListing. A number that
// exists all along may be missed then; none is believed gone before another listing lacks it too.
func readPages(ctx context.Context, get getPage) ([]PhoneNumber, error) {
	p := &paging{get: get, known: map[string]struct{}{}, ascends: true}
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
	twice int                 // rows that stood in a page for a second time

	page    []PhoneNumber // the latest
	firstAt int           // the offset that it began at
	last    string        // the id of its last row
	at      int           // its offset
	from    int           // the offset to go on from
	instant string        // where wide: the time of its last rows, of which more may be behind them
	length  int           // rows of the latest page that was taken
	longest int           // rows of the longest one

	plain    bool // the server refused the query
	paged    bool // the server answered a page at an offset
	mayEnd   bool // nothing may be behind the latest page
	isCalm   bool // no row was seen to move
	varies   bool // pages were cut to different lengths
	tied     bool // neighbours were added at one instant
	untimed  bool // some row has no time
	wide     bool // pages overlap by all rows of an instant and one before them
	ascends  bool // all pages were oldest first, and each one to the next
	restless int  // how often the last row had moved when it was looked at again
	back     int  // rows to step back by if the next page does not join on
	starts   int  // how often it was begun again
	requests int
	idle     int // pages in a row that brought nothing new
	ended    bool
}

// begin reads the first page, without a query if the server refuses that.
func (p *paging) begin(ctx context.Context) error {
	page, err := p.ask(ctx, 0)
	if isRefused(err) && !p.plain && len(p.rows) == 0 {
		p.plain = true
		page, err = p.ask(ctx, 0)
	}
	if err != nil {
		return err
	}
	p.at, p.back, p.isCalm, p.page, p.instant, p.twice, p.restless = 0, 0, p.starts == 0, nil, "", 0, 0
	if len(page) == 0 {
		p.ended = true
		return nil
	}
	p.take(page, 0)
	// A page of a size that somebody chose is probably not all there is, but for the size asked for.
	p.mayEnd = len(page) == pageLimit || !looksCapped(len(page))
	return p.checkBounds()
}

// step reads the next page.
func (p *paging) step(ctx context.Context) error {
	if p.mayEnd {
		return p.lookBehind(ctx)
	}
	page, err := p.ask(ctx, p.from)
	if isRefused(err) && p.plain && !p.paged {
		return p.endPlain()
	}
	if err != nil {
		return err
	}
	p.paged = p.paged || p.from > 0
	return p.goOn(ctx, page)
}

// goOn takes a page that was asked for at a row that is known.
func (p *paging) goOn(ctx context.Context, page []PhoneNumber) error {
	if len(page) == 0 || !p.joins(page[0]) {
		return p.stepBack(ctx) // rows before it went away
	}
	expected := p.page[p.from-p.firstAt].ID
	p.isCalm = p.isCalm && page[0].ID == expected
	// The same page at two offsets: rows were added before it, or the server ignores offsets.
	if page[0].ID == p.page[0].ID && p.from != p.firstAt || p.isAll(page) {
		if ignores, err := p.ignoresOffset(ctx); err != nil || ignores {
			return p.endUnpaged(page, err)
		}
	}
	p.back = 0
	p.take(page, p.from)
	p.mayEnd = len(page) < p.longest || p.longest == 1
	return p.checkBounds()
}

// isAll tells whether a page has all rows that are known and none that is new.
func (p *paging) isAll(page []PhoneNumber) bool {
	return len(page) > 1 && len(page) >= len(p.rows) && !p.hasNews(page)
}

// joins tells whether a page may begin with a row: one that is known and, where the server may have no
// order among the rows of one instant, stands before all of the last one.
func (p *paging) joins(row PhoneNumber) bool {
	isBefore := row.CreatedAt != p.instant && (older(row.CreatedAt, p.instant) || !p.ascends)
	return p.isKnown(row.ID) && (p.instant == "" || isBefore)
}

// showsSingles tells whether a page of one row may be cut short.
func (p *paging) showsSingles() bool { return p.longest == 1 || p.varies }

// lookBehind asks for what is behind the last row, and then for that row once more: if it has not moved,
// they are neighbours, or it is the end.
func (p *paging) lookBehind(ctx context.Context) error {
	behind, refusal := p.ask(ctx, p.at+1)
	switch {
	case isRefused(refusal) && p.plain && !p.paged:
		return p.endPlain()
	case isBeyond(refusal): // the row before it answers next, and tells whether the server takes offsets
		behind = nil
	case refusal != nil:
		return refusal
	}
	switch {
	case len(behind) == 0 && refusal == nil && p.isCalm && p.requests > longListing && !p.showsSingles():
		return p.end(ctx)
	case len(behind) > 0 && behind[0].ID == p.last || p.isAll(behind):
		if ignores, err := p.ignoresOffset(ctx); err != nil || ignores {
			return p.endUnpaged(behind, err)
		}
	}
	page, err := p.ask(ctx, p.from)
	if err != nil {
		return err
	}
	p.paged = p.paged || p.from > 0
	rest := p.at - p.from + 1 // rows up to the last one
	p.longest = max(p.longest, len(behind))
	p.varies = p.varies || len(behind) > 0 && (len(page) < min(p.longest, rest+len(behind)) || len(behind) < len(page)-rest)
	switch hasMoved := len(page) == 0 || p.instant == "" && page[0].ID != p.last || !p.joins(page[0]); {
	case hasMoved:
		if isEnd, err := p.endsRestless(ctx); err != nil || isEnd {
			return err
		}
		return p.goOn(ctx, page)
	case len(page) > rest || p.hasNews(page):
		return p.goOn(ctx, page)
	case len(page) < rest: // of a server that cuts pages as it likes
		p.idle++
	case len(behind) == 0:
		return p.endHere(ctx, refusal)
	case behind[0].ID == p.last: // it has moved to and fro
		p.isCalm = false
		p.idle++
	default:
		p.goOnBehind(behind)
	}
	return p.checkBounds()
}

// goOnBehind takes rows that stand behind the last one.
func (p *paging) goOnBehind(rows []PhoneNumber) {
	p.back = 0
	p.take(rows, p.at+1)
	p.mayEnd = len(rows) < p.longest || p.longest == 1
}

// endHere ends the listing where nothing was behind the last row and that has not moved. A server that
// shows single rows may have cut this page short, and have had a mishap before: it is asked again.
func (p *paging) endHere(ctx context.Context, refusal error) error {
	switch {
	case refusal != nil:
		return p.endRefused(ctx, refusal)
	case !p.showsSingles():
		return p.end(ctx)
	}
	behind, err := p.ask(ctx, p.at+1)
	switch {
	case err != nil:
		return err
	case len(behind) == 0:
		return p.end(ctx)
	case behind[0].ID != p.last:
		p.goOnBehind(behind)
	}
	p.idle++
	return p.checkBounds()
}

// endRefused ends the listing where the server refused what is behind the last row: some do at their end,
// some behind a window of theirs, and some once. The newest row tells, where the server takes the order
// asked for. Where it does not, a page that is shorter than all others is believed.
func (p *paging) endRefused(ctx context.Context, refusal error) error {
	newest, err := p.askFor(ctx, 0, "DESC")
	if err != nil || len(newest) == 0 {
		return refusal
	}
	last := p.page[len(p.page)-1]
	isOfInstant := newest[0].CreatedAt == last.CreatedAt && last.CreatedAt != "" && !p.showsSingles()
	isLast := newest[0].ID == last.ID || isOfInstant
	ignoresOrder := newest[0].ID == p.rows[0].ID
	switch {
	case len(p.rows) == 1 && isLast: // or a server of single rows that ignores the order
		if behind, _ := p.ask(ctx, p.at+1); len(behind) > 0 && behind[0].ID != p.last {
			p.goOnBehind(behind)
			return p.checkBounds()
		}
		return p.end(ctx)
	case isLast || ignoresOrder && !p.showsSingles():
		return p.end(ctx)
	}
	return refusal
}

// mostRestless is how often the last row may have moved when it was looked at again.
const mostRestless = 20

// endsRestless looks for another proof of the end once the last row has moved more than once.
func (p *paging) endsRestless(ctx context.Context) (bool, error) {
	p.restless++
	switch {
	case p.restless > mostRestless:
		return false, fmt.Errorf("the last of %d numbers had moved each time it was looked at again: numbers go away all the time, or the server lists those that were added at the same time in another order each time", len(p.rows))
	case p.restless > 1:
		return p.endsNewest(ctx)
	}
	return false, nil
}

// endsNewest asks for the newest rows, and ends the listing if one request shows that nothing is missing:
// they come in the order asked for, and reach back to a row that is known and older than the last one of
// the pages that were read oldest first. What is not newer than that row stood before the last one, and
// is known; what is newer stands in this page, and so does every newer one that is known: a server that
// orders by something else shows others between them.
func (p *paging) endsNewest(ctx context.Context) (bool, error) {
	if p.plain || !p.ascends {
		return false, nil
	}
	last := p.page[len(p.page)-1].CreatedAt
	page, err := p.askFor(ctx, 0, "DESC")
	if isRefused(err) {
		return false, nil
	}
	isAnchor := func(row PhoneNumber) bool { return p.isKnown(row.ID) && newer(last, row.CreatedAt) }
	anchor := slices.IndexFunc(page, isAnchor)
	if err != nil || anchor < 1 || !inOrder(page, newer) || p.untimed {
		return false, err
	}
	isMissing := func(row PhoneNumber) bool {
		isThere := func(other PhoneNumber) bool { return other.ID == row.ID }
		return newer(row.CreatedAt, page[anchor].CreatedAt) && !slices.ContainsFunc(page[:anchor], isThere)
	}
	if slices.ContainsFunc(p.rows, isMissing) {
		return false, nil
	}
	if err := p.end(ctx); err != nil || !p.ended {
		return true, err
	}
	p.add(page)
	return true, nil
}

// longListing is how many requests a listing has taken that need not look at its last row again when
// nothing is behind that and nothing has moved so far.
const longListing = 50

// take adds the new rows of a page that begins at an offset, and goes on from its last one.
func (p *paging) take(page []PhoneNumber, at int) {
	inPage := make(map[string]struct{}, len(page))
	before := len(p.rows)
	for _, row := range page {
		if _, isTwice := inPage[row.ID]; isTwice {
			p.twice++
		}
		inPage[row.ID] = struct{}{}
	}
	p.add(page)
	p.ascends = p.ascends && inOrder(slices.Concat(p.page[max(0, len(p.page)-1):], page), older)
	p.idle++
	if len(p.rows) > before {
		p.idle = 0
	}
	p.varies = p.varies || len(p.rows) > before && before > 0 && (len(page) > p.longest || p.length < p.longest)
	p.tied = p.tied || hasTies(page)
	p.length = len(page)
	p.longest = max(p.longest, len(page))
	p.page, p.firstAt = page, at
	p.last, p.at = page[len(page)-1].ID, at+len(page)-1
	p.from, p.instant = p.at, ""
	if rows := p.rowsOfLastInstant(); p.wide && rows+1 < len(page) {
		p.from, p.instant = p.at-rows, page[len(page)-1].CreatedAt
	}
}

// add adds the rows that are new.
func (p *paging) add(page []PhoneNumber) {
	for _, row := range page {
		if !p.isKnown(row.ID) {
			p.known[row.ID] = struct{}{}
			p.rows = append(p.rows, row)
		}
	}
}

// rowsOfLastInstant is how many rows at the end of the page are of one instant.
func (p *paging) rowsOfLastInstant() int {
	rows := 1
	for rows < len(p.page) && p.page[len(p.page)-rows-1].CreatedAt == p.page[len(p.page)-1].CreatedAt {
		rows++
	}
	return rows
}

func hasTies(page []PhoneNumber) bool {
	for at := 1; at < len(page); at++ {
		if page[at].CreatedAt == page[at-1].CreatedAt {
			return true
		}
	}
	return false
}

// end ends the listing if it has as many rows as the offset of the last one says. Fewer are seen where
// rows were added before those that were read, or where the server has no order among rows of one
// instant: it may show one of them twice and another never. Rows that went away hide that. It is read
// again then, with pages that overlap by all rows of an instant.
func (p *paging) end(ctx context.Context) error {
	isShort, mayBeShort := len(p.rows)+p.twice <= p.at, p.tied && !p.isCalm && !p.wide
	if mayBeShort {
		p.wide = true
		return p.begin(ctx)
	}
	if isShort {
		p.wide = true
		if p.starts++; p.starts <= maxStarts {
			return p.begin(ctx)
		}
		return fmt.Errorf("%d numbers were listed where there are %d: the server lists numbers that were added at the same time in another order each time", len(p.rows), p.at+1)
	}
	p.ended = true
	return nil
}

// endPlain ends the listing of a server that takes neither query nor offset.
func (p *paging) endPlain() error {
	if looksCapped(p.longest) {
		return mayBeCut(p.longest)
	}
	p.ended = true
	return nil
}

func (p *paging) isKnown(id string) bool {
	_, isKnown := p.known[id]
	return isKnown
}

func (p *paging) hasNews(page []PhoneNumber) bool {
	return slices.ContainsFunc(page, func(row PhoneNumber) bool { return !p.isKnown(row.ID) })
}

// stepBack looks for a known row to go on from further up: first as far as Terraform deletes in
// parallel, then further, then from the beginning.
func (p *paging) stepBack(ctx context.Context) error {
	p.isCalm, p.mayEnd = false, false
	p.back = max(10, 10*p.back)
	if p.from > p.back {
		// What was there is not known any more: any row that is known will do.
		p.from -= p.back
		p.page, p.firstAt = []PhoneNumber{{}}, p.from
		return p.checkBounds()
	}
	p.starts++
	if p.starts > maxStarts {
		return fmt.Errorf("rows went away each time the listing was read on; given up after it was begun %d times", maxStarts+1)
	}
	return p.begin(ctx)
}

// ignoresOffset asks for a page that cannot be there.
func (p *paging) ignoresOffset(ctx context.Context) (bool, error) {
	page, err := p.ask(ctx, beyondAll)
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
	p.take(page, 0)
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

// checkBounds ends a listing that would not end by itself.
func (p *paging) checkBounds() error {
	switch {
	case len(p.rows) > maxRows:
		return fmt.Errorf("the listing has more than %d numbers", maxRows)
	case p.idle > maxIdle+2*p.back+(p.starts+1)*len(p.rows):
		return fmt.Errorf("the server shows the same %d numbers again and again, whatever page is asked for", len(p.rows))
	}
	return nil
}

// ask asks for a page. A server that takes no query is asked for none where it can be helped.
func (p *paging) ask(ctx context.Context, offset int) ([]PhoneNumber, error) {
	return p.askFor(ctx, offset, "ASC")
}

func (p *paging) askFor(ctx context.Context, offset int, direction string) ([]PhoneNumber, error) {
	p.requests++
	query := url.Values{}
	if !p.plain {
		query.Set("limit", strconv.Itoa(pageLimit))
		query.Set("orderBy", "created_at")
		query.Set("orderDirection", direction)
	}
	if offset > 0 {
		query.Set("offset", strconv.Itoa(offset))
	}
	page, err := p.get(ctx, query)
	p.untimed = p.untimed || slices.ContainsFunc(page, func(row PhoneNumber) bool { return row.CreatedAt == "" })
	return page, err
}

// isBeyond tells the answers of servers that refuse an offset behind the last row.
func isBeyond(err error) bool {
	failure, ok := errors.AsType[*Error](err)
	return ok && failure.Kind != KindUnknownUser && (isRefused(err) || failure.Status == http.StatusNotFound || failure.Status == http.StatusRequestedRangeNotSatisfiable)
}

func isRefused(err error) bool {
	failure, ok := errors.AsType[*Error](err)
	return ok && (failure.Status == http.StatusBadRequest || failure.Status == http.StatusUnprocessableEntity)
}

// older and newer tell whether one time that a row may have comes before or after another; what has no
// time does neither.
func older(one, other string) bool {
	return one != "" && other != "" && parsedTime(one).Before(parsedTime(other))
}
func newer(one, other string) bool { return older(other, one) }

func parsedTime(text string) time.Time {
	parsed, _ := time.Parse(time.RFC3339, text) // as normalTime wrote it
	return parsed
}

// inOrder tells whether no row contradicts an order of their times.
func inOrder(page []PhoneNumber, precedes func(one, other string) bool) bool {
	for at := 1; at < len(page); at++ {
		if precedes(page[at].CreatedAt, page[at-1].CreatedAt) {
			return false
		}
	}
	return true
}

// oldestFirst sorts rows of a server that ignores the order asked for. Rows of one time, or of none,
// stay in the order they came, which such a server turned round.
func oldestFirst(rows []PhoneNumber) {
	created := make(map[string]time.Time, len(rows))
	for _, row := range rows {
		created[row.ID] = parsedTime(row.CreatedAt)
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
