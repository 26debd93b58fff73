// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	// servingTime is how long a listing serves reads. A plan of 10,000 numbers takes the CLI minutes.
	servingTime = 30 * time.Minute
	// failureTime is how long reads share an error of the API.
	failureTime = 10 * time.Second
	// confirmAfter is how long after a listing another one begins that is to confirm what it lacks: a
	// failure of the server may show in two listings at once.
	confirmAfter = 2 * time.Second
	// listedWithin is how long lists may lag behind an add.
	listedWithin = 30 * time.Second
)

// row is a number or an agent.
type row interface {
	id() string
	// key returns what the API allows once: the Meta id of a number, the number of an agent.
	key() string
}

// listing is all rows of a user, as they were when it was read. It does not change.
type listing[R row] struct {
	fetch    fetch
	thorough bool
	doubt    error     // why a row that is missing may exist all the same
	date     time.Time // when it ended by the server's clock
	rows     []R
	index    map[string]int // of rows by their keys
	before   *listing[R]    // the one that it was to confirm
}

// fetch is when something was read from the API. Fetches of one user are numbered from 1.
type fetch struct {
	number       int
	began, ended time.Time
}

// userListing is what this process knows of one user's rows. All readers share its latest listing; one
// fetches and the others wait.
type userListing[R row] struct {
	source[R]
	fetching chan struct{} // holds a token while nobody fetches: a mutex that honours contexts

	mu      sync.Mutex
	begun   int // fetches so far
	latest  *listing[R]
	failed  failedFetch
	changes changes[R]
}

// source is where a listing comes from.
type source[R row] struct {
	client  *Client
	call    call
	getPage fetchPage[R]
}

// failedFetch is the latest fetch if it failed.
type failedFetch struct {
	fetch
	err error
}

func newUserListing[Body any, R row](c *Client, path []string, read func(Body) (R, error)) *userListing[R] {
	list := call{method: http.MethodGet, elements: path}
	u := &userListing[R]{
		source: source[R]{c, list, func(ctx context.Context, query url.Values) (page[R], error) {
			call := list
			call.query = query
			return getPage(ctx, c, call, read)
		}},
		fetching: make(chan struct{}, 1),
		changes:  changes[R]{added: map[string]R{}, deleted: map[string]bool{}},
	}
	u.fetching <- struct{}{}
	return u
}

// all returns every row of a thorough listing.
func (u *userListing[R]) all(ctx context.Context) ([]R, error) {
	l, err := u.get(ctx, wanted[R]{thorough: true})
	if err != nil {
		return nil, err
	}
	if l.doubt != nil {
		return nil, u.failure(l.doubt)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.changes.over(l), nil
}

// peek returns the row with a key if the latest listing has it.
func (u *userListing[R]) peek(ctx context.Context, key string) (found R, ok bool, err error) {
	l, err := u.get(ctx, wanted[R]{})
	if err != nil {
		return found, false, err
	}
	found, ok = u.lookUp(l, key)
	return found, ok, nil
}

// find returns the row with a key. What a listing has is believed at once. What it lacks is believed to
// be gone only when a thorough listing, begun a while after that one ended, lacks it too: then the error
// is ErrNotFound.
func (u *userListing[R]) find(ctx context.Context, want wanted[R], key, createdAt string) (R, error) {
	var none R
	first, err := u.get(ctx, want)
	if err != nil {
		return none, err
	}
	if row, ok := u.lookUp(first, key); ok {
		return row, nil
	}
	if first.before != nil && !first.before.has(key) {
		first = first.before // the latest listing may be the second look already
	}
	second, err := u.get(ctx, wanted[R]{thorough: true, notBefore: first.confirmAt(createdAt), before: first})
	if err != nil {
		return none, err
	}
	if row, ok := u.lookUp(second, key); ok {
		return row, nil
	}
	if second.doubt != nil {
		return none, u.failure(second.doubt)
	}
	return none, ErrNotFound
}

// fresh is a listing that begins after fresh was called.
func (u *userListing[R]) fresh() wanted[R] {
	u.mu.Lock()
	defer u.mu.Unlock()
	return wanted[R]{after: u.begun}
}

func (u *userListing[R]) note(change func(R), row R) {
	u.mu.Lock()
	defer u.mu.Unlock()
	change(row)
}

// lookUp returns the row with a key as a listing and this process's own changes have it.
func (u *userListing[R]) lookUp(l *listing[R], key string) (found R, ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if row, ok := u.changes.added[key]; ok {
		return row, true
	}
	at, ok := l.index[key]
	if !ok || u.changes.isDeleted(l.rows[at]) {
		return found, false
	}
	return l.rows[at], true
}

// confirmAt returns when a listing may begin that is to confirm that a row is missing from this one. A
// row that was added a moment ago may not be listed yet.
func (l *listing[R]) confirmAt(createdAt string) time.Time {
	wait := confirmAfter
	if created, err := time.Parse(time.RFC3339, createdAt); err == nil {
		if age := l.date.Sub(created.Truncate(time.Second)); age >= 0 { // a Date has no fractions
			wait = max(wait, listedWithin-age)
		}
	}
	return l.fetch.ended.Add(wait)
}

func (l *listing[R]) has(key string) bool { _, ok := l.index[key]; return ok }

// wanted is which listing a reader needs. The zero value is any.
type wanted[R row] struct {
	thorough  bool
	after     int         // the number of a fetch that it must come after
	notBefore time.Time   // when it may have begun
	before    *listing[R] // the listing that it is to confirm
}

func (w wanted[R]) isMetBy(f fetch) bool {
	return f.number > w.after && !f.began.Before(w.notBefore)
}

// get returns a listing that is wanted: the latest one, the one that is being fetched, or a new one.
func (u *userListing[R]) get(ctx context.Context, want wanted[R]) (*listing[R], error) {
	if l, err := u.known(want); l != nil || err != nil {
		return l, err
	}
	clock := u.client.options.Clock
	if wait := want.notBefore.Sub(clock.Now()); wait > 0 {
		if err := clock.Sleep(ctx, wait); err != nil {
			return nil, u.client.canceled(ctx, u.call, nil)
		}
	}
	select {
	case <-u.fetching:
	case <-ctx.Done():
		return nil, u.client.canceled(ctx, u.call, nil)
	}
	defer func() { u.fetching <- struct{}{} }()
	if l, err := u.known(want); l != nil || err != nil {
		return l, err
	}
	return u.read(ctx, want)
}

// known returns the latest listing, or the latest error of the API, if it is one that is wanted.
func (u *userListing[R]) known(want wanted[R]) (*listing[R], error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.client.options.Clock.Now()
	if l := u.latest; l != nil && want.isMetBy(l.fetch) && now.Sub(l.fetch.ended) < servingTime && (l.thorough || !want.thorough) {
		return l, nil
	}
	if u.failed.err != nil && want.isMetBy(u.failed.fetch) && now.Sub(u.failed.ended) < failureTime {
		return nil, u.failed.err
	}
	return nil, nil
}

// read fetches the listing. The caller holds the token.
func (u *userListing[R]) read(ctx context.Context, want wanted[R]) (*listing[R], error) {
	clock := u.client.options.Clock
	u.mu.Lock()
	u.begun++
	this := fetch{number: u.begun, began: clock.Now()}
	u.mu.Unlock()
	pages, err := readPages(ctx, u.getPage, want.thorough)
	this.ended = clock.Now()
	if _, isAPIs := errors.AsType[*Error](err); err != nil && !isAPIs {
		err = u.failure(err)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if err != nil {
		if isOwn := ctx.Err() != nil || KindOf(err) == KindRateLimited; !isOwn {
			u.failed = failedFetch{this, err}
		}
		return nil, err
	}
	u.latest, u.failed = newListing(this, want, pages), failedFetch{}
	return u.latest, nil
}

func newListing[R row](this fetch, want wanted[R], pages *paging[R]) *listing[R] {
	l := &listing[R]{
		fetch: this, thorough: want.thorough, doubt: pages.doubt, date: pages.date,
		rows: pages.rows, index: make(map[string]int, 2*len(pages.rows)),
	}
	if l.date.IsZero() {
		l.date = this.ended
	}
	if want.before != nil {
		before := *want.before
		before.before = nil // no chain of them
		l.before = &before
	}
	for at, row := range l.rows {
		l.index[idKey(row.id())], l.index[row.key()] = at, at
	}
	return l
}

// failure is a listing that cannot be used, as an Error.
func (u *userListing[R]) failure(cause error) *Error {
	return u.client.newError(KindUnreadable, u.call, answer{}, cause.Error())
}
