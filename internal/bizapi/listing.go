// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// recentTime is how long a listing is a recent one from its last page, or twice the time it took to
	// read where that is longer: a listing of many pages must outlive the readers that waited for it.
	recentTime = 30 * time.Second
	// refreshTime is how long a listing serves a refresh for each of its rows, where that is longer.
	// Terraform goes through a state one number after another, and was seen to take 50 ms for one of
	// 10,000: listing these again every half minute would take most of the rate limit.
	refreshTime = 100 * time.Millisecond
	// settlingTime is how long a server may take until its listings show an add of this process.
	settlingTime = time.Minute
	// confirmAfter is how long after a listing another one may begin that is to confirm what it lacks: a
	// server that has a mishap still has it at once.
	confirmAfter = 2 * time.Second
)

// A number is believed gone when so many listings in a row lack it, and when these have no number at
// all: what empties an account is more likely a mishap of the server than a person.
const (
	goneListings  = 2
	emptyListings = 3
)

// account is what this process knows of one user's numbers. All readers share one listing; one fetch
// runs at a time, and at most one more waits for it to end.
type account struct {
	client *Client
	userID string

	mu sync.Mutex
	// moments counts what happens, so that "began after" does not depend on a clock's resolution.
	moments moment
	// latest are the listings that were read, the last one first: as many as it takes to believe that an
	// account is empty.
	latest [emptyListings]*listing
	// running is the fetch that goes on; next begins when it ends, for those who may not join it.
	running, next *fetch
	// journal is what this process added and deleted: a listing may lag behind that.
	journal []change
	// heldUntil is when the gate lets the running fetch go on, or some time that is over.
	heldUntil time.Time
	// held are the ids that an operation of this process found or added: no add may adopt one.
	held map[string]moment
}

// moment is a point in the order of what happens to an account.
type moment int

// change is an add or, with deleted, a delete of this process.
type change struct {
	number  PhoneNumber
	deleted bool
	at      time.Time
}

// fetch is a listing on its way.
type fetch struct {
	began moment // 0: not yet
	// notBefore is when it may begin; zero is at once.
	notBefore time.Time
	values    context.Context
	waiters   map[*waiter]struct{}
	cancel    context.CancelFunc
	done      chan struct{} // closed when listing or err is there
	listing   *listing
	err       error
}

// waiter is one who waits for a fetch.
type waiter struct {
	ctx context.Context
	// held gets the error of a waiter whose ctx ends before the gate lets the fetch go on.
	held chan error
}

func (c *Client) account(userID string) *account {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.accounts[userID]
	if a == nil {
		a = &account{client: c, userID: userID, held: map[string]moment{}}
		c.accounts[userID] = a
	}
	return a
}

// recent returns a recent listing, reading it where there is none.
func (a *account) recent(ctx context.Context) (*listing, error) {
	return a.shared(ctx, (*listing).isRecent)
}

// serving returns a listing that serves a refresh, reading it where there is none.
func (a *account) serving(ctx context.Context) (*listing, error) {
	return a.shared(ctx, (*listing).serves)
}

func (a *account) shared(ctx context.Context, isGood func(*listing, time.Time) bool) (*listing, error) {
	a.mu.Lock()
	if isGood(a.latest[0], a.client.clock.Now()) && ctx.Err() == nil {
		defer a.mu.Unlock()
		return a.latest[0], nil
	}
	return a.await(ctx, 0, time.Time{})
}

// fresh returns a listing that begins after now: it joins no fetch that began before.
func (a *account) fresh(ctx context.Context) (*listing, error) {
	a.mu.Lock()
	a.moments++
	return a.await(ctx, a.moments, time.Time{})
}

// after returns a listing that began a while after another ended; all who ask share one.
func (a *account) after(ctx context.Context, earlier *listing) (*listing, error) {
	a.mu.Lock()
	if current := a.latest[0]; current != nil && current.began > earlier.ended && current.serves(a.client.clock.Now()) {
		defer a.mu.Unlock()
		return current, nil
	}
	return a.await(ctx, earlier.ended, earlier.endedAt.Add(confirmAfter))
}

// find is Client.Find.
func (a *account) find(ctx context.Context, id string) (PhoneNumber, error) {
	seen, err := a.serving(ctx)
	for err == nil {
		number, isThere, isGone := a.look(seen, id)
		if isThere {
			return number, nil
		}
		if isGone {
			return PhoneNumber{}, ErrNotFound
		}
		seen, err = a.after(ctx, seen)
	}
	return PhoneNumber{}, err
}

// look says whether a listing has a number, and whether it is believed gone: the listings before it
// lack the number too, and all of them serve. A listing always began after the one before it ended.
func (a *account) look(l *listing, id string) (number PhoneNumber, isThere, isGone bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if number, isThere = l.find(id); isThere {
		a.hold(id)
		return number, true, false
	}
	return number, false, l == a.latest[0] && a.isGone(id)
}

// isGone tells whether the latest listings, which serve, all lack a number: two of them, or three that
// have none at all. The caller holds mu.
func (a *account) isGone(id string) bool {
	now, isEmpty := a.client.clock.Now(), true
	for at, l := range a.latest {
		if !l.serves(now) || l.has(id) {
			return false
		}
		isEmpty = isEmpty && l.wasEmpty
		if at+1 >= goneListings && !isEmpty {
			return true
		}
	}
	return true
}

// ghost returns the number of that id which this process deleted, if the latest listing has it all the same.
func (a *account) ghost(id string) (number PhoneNumber, isThere bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.latest[0] == nil {
		return number, false
	}
	at := slices.IndexFunc(a.latest[0].ghosts, func(ghost PhoneNumber) bool { return ghost.ID == id })
	if at < 0 {
		return number, false
	}
	return a.latest[0].ghosts[at], true
}

// lacks says whether a listing has no number of that id.
func (a *account) lacks(l *listing, id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !l.has(id)
}

// registered returns the numbers of a listing under one platform and Meta id: one, where the server
// keeps its own rule.
func (a *account) registered(l *listing, r registration) []PhoneNumber {
	a.mu.Lock()
	defer a.mu.Unlock()
	return l.registered(r)
}

// numbers returns all numbers of a listing. Nobody changes the slice.
func (a *account) numbers(l *listing) []PhoneNumber {
	a.mu.Lock()
	defer a.mu.Unlock()
	return l.numbers()
}

// noteAdded records a number that this process added.
func (a *account) noteAdded(number PhoneNumber) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hold(number.ID)
	a.note(change{number: number})
}

// noteDeleted records a number that this process deleted, or that it found gone when it wanted to.
func (a *account) noteDeleted(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.note(change{number: PhoneNumber{ID: id}, deleted: true})
}

// note applies a change to what was read, and keeps it for what will be: a fetch that began before it
// may not have seen it, and neither may one that begins after where a server's listings lag behind.
func (a *account) note(change change) {
	change.at = a.client.clock.Now()
	a.journal = append(a.journal, change)
	for _, l := range a.latest {
		if l != nil {
			l.apply(change)
		}
	}
}

// knownNow returns what tells later whether a number is there now, as far as this process has seen.
func (a *account) knownNow() (wasKnown func(id string) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	latest, moment := a.latest[0], a.moments
	return func(id string) bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		since, isHeld := a.held[id]
		return isHeld && since <= moment || latest != nil && latest.has(id)
	}
}

// hold notes when an operation of this process first found or added a number. The caller holds mu.
func (a *account) hold(id string) {
	if _, isHeld := a.held[id]; !isHeld {
		a.moments++
		a.held[id] = a.moments
	}
}

// isHeld says whether an operation of this process found or added that number.
func (a *account) isHeld(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, isHeld := a.held[id]
	return isHeld
}

// await waits for a fetch that began after a moment, and not before a time if it has to begin anew,
// with the caller's mu, which it releases. It ends
// with ctx, and at once when the gate will hold the fetch for longer than ctx lasts; the fetch ends
// when nobody waits for it any more.
func (a *account) await(ctx context.Context, since moment, notBefore time.Time) (*listing, error) {
	if ctx.Err() != nil {
		a.mu.Unlock()
		return nil, a.client.redacted(canceled(ctx, a.call()))
	}
	w := &waiter{ctx: ctx, held: make(chan error, 1)}
	f := a.join(w, since, notBefore)
	a.dismiss(f, w, a.heldUntil)
	a.mu.Unlock()
	select {
	case <-f.done:
		return f.listing, f.err
	case err := <-w.held:
		return nil, err
	case <-ctx.Done():
		a.mu.Lock()
		defer a.mu.Unlock()
		a.leave(f, w)
		return nil, a.client.redacted(canceled(ctx, a.call()))
	}
}

// join counts a waiter in for a fetch that began after a moment. One that others wait for already begins
// when it was to begin.
func (a *account) join(w *waiter, since moment, notBefore time.Time) *fetch {
	f := a.running
	if f == nil || f.began <= since {
		f = a.next
	}
	if f == nil {
		// The values are for the log: those of the operation that asked first.
		f = &fetch{notBefore: notBefore, values: context.WithoutCancel(w.ctx), waiters: map[*waiter]struct{}{}, done: make(chan struct{})}
		a.next = f
	}
	f.waiters[w] = struct{}{}
	a.startNext()
	return f
}

// leave counts a waiter out. A fetch that nobody waits for ends, and what it would find is dropped.
func (a *account) leave(f *fetch, w *waiter) {
	delete(f.waiters, w)
	if len(f.waiters) > 0 {
		return
	}
	switch f {
	case a.next:
		a.next = nil
	case a.running:
		f.cancel()
		a.running = nil
		a.startNext()
	}
}

// noteHold sends those away who cannot wait until the gate lets the running fetch go on.
func (a *account) noteHold(until time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.heldUntil = until
	for _, f := range []*fetch{a.next, a.running} {
		if f == nil {
			continue
		}
		for w := range f.waiters {
			a.dismiss(f, w, until)
		}
	}
}

func (a *account) dismiss(f *fetch, w *waiter, until time.Time) {
	if err := a.client.gate.outlasts(w.ctx, until); err != nil {
		w.held <- a.client.held(a.call(), err)
		a.leave(f, w)
	}
}

// startNext begins the fetch that waits, if no other is running.
func (a *account) startNext() {
	if a.running != nil || a.next == nil {
		return
	}
	f := a.next
	a.running, a.next = f, nil
	a.moments++
	f.began = a.moments
	ctx, cancel := context.WithCancel(f.values)
	f.cancel = cancel
	if !a.client.whileOpen(cancel, func() { a.run(ctx, f) }) {
		cancel()
		a.running = nil
		f.err = a.client.redacted(&Error{Kind: KindCanceled, Method: a.call().method, Path: a.call().path(), Message: "the client is closed", Err: context.Canceled})
		close(f.done)
	}
}

// whileOpen runs work, and calls cancel when the client closes meanwhile. It returns false when the
// client is closed already.
func (c *Client) whileOpen(cancel context.CancelFunc, work func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed.Err() != nil {
		return false
	}
	c.fetches.Go(func() {
		stop := context.AfterFunc(c.closed, cancel)
		defer stop()
		work()
	})
	return true
}

// run reads a listing and hands it to those who wait.
func (a *account) run(ctx context.Context, f *fetch) {
	defer f.cancel()
	if wait := f.notBefore.Sub(a.client.clock.Now()); wait > 0 {
		_ = a.client.clock.Sleep(ctx, wait) // the read that follows fails where ctx has ended
	}
	start := a.client.clock.Now()
	rows, correlationID, err := a.read(ctx)
	end := a.client.clock.Now()

	a.mu.Lock()
	defer a.mu.Unlock()
	defer close(f.done)
	f.err = err
	if a.running != f {
		return // nobody waits
	}
	if err == nil {
		f.listing = newListing(rows)
		f.listing.correlationID = correlationID
		f.listing.wasEmpty, f.listing.endedAt = len(rows) == 0, end
		for _, change := range a.journal {
			if ghost, isThere := f.listing.find(change.number.ID); isThere && change.deleted {
				f.listing.ghosts = append(f.listing.ghosts, ghost)
			}
			if change.deleted || start.Sub(change.at) < settlingTime {
				f.listing.apply(change)
			}
		}
		a.moments++
		f.listing.began, f.listing.ended = f.began, a.moments
		f.listing.recentUntil = end.Add(max(recentTime, 2*end.Sub(start)))
		// At least until two more have been read to confirm what it lacks.
		f.listing.servesUntil = end.Add(max(recentTime, 4*(end.Sub(start)+confirmAfter), time.Duration(len(rows))*refreshTime))
		copy(a.latest[1:], a.latest[:])
		a.latest[0] = f.listing
	}
	a.running = nil
	a.startNext()
}

// read fetches all pages. The correlation id is that of the last one.
func (a *account) read(ctx context.Context) (rows []PhoneNumber, correlationID string, err error) {
	rows, err = readPages(ctx, func(ctx context.Context, query url.Values) ([]PhoneNumber, error) {
		call := a.call()
		call.query, call.onHold = query, a.noteHold
		answer, err := a.client.do(ctx, call)
		correlationID = answer.correlationID
		if err != nil {
			return nil, err
		}
		return a.client.decodePage(call, answer, a.userID)
	})
	if _, isAnswered := errors.AsType[*Error](err); err != nil && !isAnswered {
		call := a.call()
		err = &Error{
			Kind: KindUnreadable, Method: call.method, Path: call.path(), Status: http.StatusOK,
			CorrelationID: correlationID, Message: err.Error(),
		}
	}
	return rows, correlationID, err
}

func (a *account) call() call {
	return call{method: http.MethodGet, elements: phoneNumbersOf(a.userID)}
}

func phoneNumbersOf(userID string) []string { return []string{"users", userID, "phone_numbers"} }

// registration is what may exist once over all users.
type registration struct{ platform, metaID string }

// registrationOf ignores the case of a platform: servers were seen to have their own spelling.
func registrationOf(platform, metaID string) registration {
	return registration{strings.ToLower(platform), metaID}
}

// listing is a user's numbers as one fetch found them, with the changes that this process made since.
// Its account locks it.
type listing struct {
	began, ended moment
	endedAt      time.Time
	recentUntil  time.Time
	servesUntil  time.Time
	wasEmpty     bool          // the server listed nothing
	ghosts       []PhoneNumber // rows that the server listed and this process had deleted
	// correlationID is that of the last page.
	correlationID string

	rows         []PhoneNumber // oldest first; one without an ID has been deleted
	byID         map[string]int
	registration map[registration][]int
	shown        []PhoneNumber // rows that are left, once somebody asked; nil after a change
}

// newListing takes rows oldest first.
func newListing(rows []PhoneNumber) *listing {
	l := &listing{
		rows:         make([]PhoneNumber, 0, len(rows)),
		byID:         make(map[string]int, len(rows)),
		registration: make(map[registration][]int, len(rows)),
	}
	for _, row := range rows {
		l.add(row)
	}
	return l
}

// isRecent and serves tell whether a listing is as young as some reader needs it; one that is not there
// is not.
func (l *listing) isRecent(now time.Time) bool { return l != nil && now.Before(l.recentUntil) }
func (l *listing) serves(now time.Time) bool   { return l != nil && now.Before(l.servesUntil) }

func (l *listing) apply(change change) {
	if change.deleted {
		l.remove(change.number.ID)
	} else {
		l.add(change.number)
	}
}

func (l *listing) add(number PhoneNumber) {
	if l.has(number.ID) {
		return
	}
	r := number.registration()
	l.byID[number.ID] = len(l.rows)
	l.registration[r] = append(l.registration[r], len(l.rows))
	l.rows = append(l.rows, number)
	l.shown = nil
}

func (l *listing) remove(id string) {
	at, isThere := l.byID[id]
	if !isThere {
		return
	}
	r := l.rows[at].registration()
	l.registration[r] = slices.DeleteFunc(l.registration[r], func(other int) bool { return other == at })
	delete(l.byID, id)
	l.rows[at] = PhoneNumber{}
	l.shown = nil
}

func (l *listing) has(id string) bool {
	_, isThere := l.byID[id]
	return isThere
}

func (l *listing) find(id string) (PhoneNumber, bool) {
	at, isThere := l.byID[id]
	if !isThere {
		return PhoneNumber{}, false
	}
	return l.rows[at], true
}

func (l *listing) registered(r registration) []PhoneNumber {
	var numbers []PhoneNumber
	for _, at := range l.registration[r] {
		numbers = append(numbers, l.rows[at])
	}
	return numbers
}

// numbers are made anew after a change: readers keep the slices that they got.
func (l *listing) numbers() []PhoneNumber {
	if l.shown == nil {
		l.shown = make([]PhoneNumber, 0, len(l.byID))
		for _, row := range l.rows {
			if row.ID != "" {
				l.shown = append(l.shown, row)
			}
		}
	}
	return l.shown
}
