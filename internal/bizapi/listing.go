// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
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
	// clockSkew is how far the clock of created_at may be ahead of that of Date: a database's and a proxy's.
	clockSkew = time.Minute
)

// row is a number or an agent.
type row interface {
	id() string
	// key returns what the API allows once: the Meta id of a number, the number of an agent.
	key() string
	createdAt() string
}

// listings are the listings of all users, of numbers or of agents.
type listings[R row] struct {
	mu     sync.Mutex
	byUser map[string]*userListing[R]
	open   func(userID string) *userListing[R]
}

// newListings returns the listings of a resource of the API, whose rows read makes from their JSON.
func newListings[Body any, R row](c *Client, resource string, read func(body Body, userID string) (R, error)) *listings[R] {
	open := func(userID string) *userListing[R] {
		decode := func(call call, answer answer) ([]R, error) {
			return decodeRows(c, call, answer, func(body Body) (R, error) { return read(body, userID) })
		}
		u := &userListing[R]{
			source:   source[R]{client: c, path: []string{"users", userID, resource}, decode: decode},
			fetching: make(chan struct{}, 1), latest: &listing[R]{},
			changes: changes[R]{added: map[string]R{}, deleted: map[string]bool{}},
		}
		u.fetching <- struct{}{}
		return u
	}
	return &listings[R]{byUser: map[string]*userListing[R]{}, open: open}
}

// of returns the listing of a user.
func (l *listings[R]) of(userID string) *userListing[R] {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byUser[userID] == nil {
		l.byUser[userID] = l.open(userID)
	}
	return l.byUser[userID]
}

// userListing is what this process knows of one user's rows. All readers share its latest listing; one
// fetches and the others wait.
type userListing[R row] struct {
	source[R]
	fetching chan struct{} // holds a token while nobody fetches: a mutex that honours contexts

	mu      sync.Mutex // for what follows
	begun   int        // fetches so far
	latest  *listing[R]
	failed  fetch // the latest one, if it failed
	changes changes[R]
}

// source is where the rows of a user come from.
type source[R row] struct {
	client *Client
	path   []string // its elements
	decode func(call, answer) ([]R, error)
}

// call returns a call on the rows, or on the one with an id.
func (s source[R]) call(method string, id ...string) call {
	return call{method: method, elements: slices.Concat(s.path, id)}
}

// getPage asks for one page of the rows.
func (s source[R]) getPage(ctx context.Context, query url.Values) (page[R], error) {
	list := s.call(http.MethodGet)
	list.query = query
	answer, err := s.client.do(ctx, list)
	if err != nil {
		return page[R]{}, err
	}
	date, err := http.ParseTime(answer.header.Get("Date"))
	if err != nil {
		date = s.client.options.Clock.Now()
	}
	rows, err := s.decode(list, answer)
	return page[R]{rows, date}, err
}

// fetch is one reading from the API. The fetches of a user are numbered from 1.
type fetch struct {
	number       int
	began, ended time.Time
	err          error
}

// listing is all rows of a user, as they were when it was read. It does not change.
type listing[R row] struct {
	fetch
	thorough bool
	doubt    error     // why a row that is missing may exist anyway
	date     time.Time // when it ended by the server's clock
	rows     []R
	index    map[string]int // of rows by their keys
	before   *listing[R]    // the one that it was to confirm; nil: none
}

func (l *listing[R]) has(key string) bool { _, ok := l.index[key]; return ok }

// all returns every row of a thorough listing, oldest first and those of one instant by id, so that equal
// accounts come out in equal order from every server.
func (u *userListing[R]) all(ctx context.Context) ([]R, error) {
	l, err := u.get(ctx, wanted{thorough: true})
	if err != nil {
		return nil, err
	}
	if l.doubt != nil {
		return nil, u.unusable(l.doubt)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	rows := u.changes.over(l)
	slices.SortFunc(rows, func(one, other R) int {
		return cmp.Or(timeOf(one.createdAt()).Compare(timeOf(other.createdAt())), cmp.Compare(one.id(), other.id()))
	})
	return rows, nil
}

// timeOf is the zero time for a row that has none.
func timeOf(createdAt string) time.Time {
	at, _ := time.Parse(time.RFC3339, createdAt)
	return at
}

// look returns the row with a key if a listing that is wanted has it.
func (u *userListing[R]) look(ctx context.Context, want wanted, key string) (found R, ok bool, err error) {
	l, err := u.get(ctx, want)
	if err == nil {
		found, ok = u.lookIn(l, key)
	}
	return found, ok, err
}

// find returns the row with a key. What a listing has is believed at once. What it lacks is believed to
// be gone only when a thorough listing, begun a while after that one ended, lacks it too: then the error
// is ErrNotFound.
func (u *userListing[R]) find(ctx context.Context, want wanted, key, createdAt string) (R, error) {
	var none R
	if row, ok := u.lookIn(&listing[R]{}, key); ok { // this process added it: no listing has to show it
		return row, nil
	}
	first, err := u.get(ctx, want)
	if err != nil {
		return none, err
	}
	if row, ok := u.lookIn(first, key); ok {
		return row, nil
	}
	if first.before != nil && !first.before.has(key) {
		first = first.before // the latest listing is the second look already
	}
	second, err := u.get(ctx, wanted{thorough: true, notBefore: first.confirmAt(createdAt)})
	if err != nil {
		return none, err
	}
	if row, ok := u.lookIn(second, key); ok {
		return row, nil
	}
	if second.doubt != nil {
		return none, u.unusable(second.doubt)
	}
	return none, ErrNotFound
}

// confirmAt returns when a listing may begin that is to confirm that a row is missing from this one. A
// young row may not be listed yet.
func (l *listing[R]) confirmAt(createdAt string) time.Time {
	wait := confirmAfter
	if created, err := time.Parse(time.RFC3339, createdAt); err == nil {
		age := l.date.Sub(created.Truncate(time.Second)) // a Date has no fractions
		if age > -clockSkew {
			wait = max(wait, listedWithin-max(age, 0))
		}
	}
	return l.ended.Add(wait)
}

// lastListed returns the row with a key if the latest listing has it. It makes no call.
func (u *userListing[R]) lastListed(key string) (found R, ok bool) {
	u.mu.Lock()
	latest := u.latest
	u.mu.Unlock()
	return u.lookIn(latest, key)
}

// lookIn returns the row with a key as a listing and this process's own changes have it.
func (u *userListing[R]) lookIn(l *listing[R], key string) (found R, ok bool) {
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

// note records a change of this process's own.
func (u *userListing[R]) note(change func(R), row R) {
	u.mu.Lock()
	defer u.mu.Unlock()
	change(row)
}

// wanted is which listing a reader needs. The zero value is any.
type wanted struct {
	thorough  bool
	after     int       // the number of a fetch that it must come after
	notBefore time.Time // when it may have begun, of one that is to confirm the latest
}

// fresh is a listing that begins after fresh was called.
func (u *userListing[R]) fresh() wanted {
	u.mu.Lock()
	defer u.mu.Unlock()
	return wanted{after: u.begun}
}

func (w wanted) isMetBy(f fetch) bool {
	return f.number > w.after && !f.began.Before(w.notBefore)
}

// get returns a listing that is wanted: the latest one, the one that is being fetched, or a new one.
func (u *userListing[R]) get(ctx context.Context, want wanted) (*listing[R], error) {
	if l, err := u.known(want); l != nil || err != nil {
		return l, err
	}
	clock := u.client.options.Clock
	if wait := want.notBefore.Sub(clock.Now()); wait > 0 {
		if err := clock.Sleep(ctx, wait); err != nil {
			return nil, u.client.canceled(ctx, u.call(http.MethodGet), nil)
		}
	}
	select {
	case <-u.fetching:
	case <-ctx.Done():
		return nil, u.client.canceled(ctx, u.call(http.MethodGet), nil)
	}
	defer func() { u.fetching <- struct{}{} }()
	if l, err := u.known(want); l != nil || err != nil {
		return l, err
	}
	return u.read(ctx, want)
}

// known returns the latest listing, or the latest error of the API, if it is one that is wanted.
func (u *userListing[R]) known(want wanted) (*listing[R], error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now, l := u.client.options.Clock.Now(), u.latest
	if want.isMetBy(l.fetch) && now.Sub(l.ended) < servingTime && (l.thorough || !want.thorough) {
		return l, nil
	}
	if want.isMetBy(u.failed) && now.Sub(u.failed.ended) < failureTime {
		return nil, u.failed.err
	}
	return nil, nil
}

// read fetches the listing. The caller holds the token.
func (u *userListing[R]) read(ctx context.Context, want wanted) (*listing[R], error) {
	clock := u.client.options.Clock
	u.mu.Lock()
	u.begun++
	this := fetch{number: u.begun, began: clock.Now()}
	u.mu.Unlock()
	pages, err := readPages(ctx, u.getPage, want.thorough)
	if errors.Is(err, errKeepsChanging) {
		err = u.unusable(err)
	}
	this.ended, this.err = clock.Now(), err
	u.mu.Lock()
	defer u.mu.Unlock()
	if err != nil {
		if ctx.Err() == nil && KindOf(err) != KindRateLimited { // that this reader has no time left is nobody else's error
			u.failed = this
		}
		return nil, err
	}
	l := &listing[R]{
		fetch: this, thorough: want.thorough, doubt: pages.doubt, date: pages.date,
		rows: pages.rows, index: make(map[string]int, 2*len(pages.rows)),
	}
	for at, row := range l.rows {
		l.index[idKey(row.id())], l.index[row.key()] = at, at
	}
	if isSecond := !want.notBefore.IsZero(); isSecond {
		before := *u.latest
		before.before = nil // no chain of them
		l.before = &before
	}
	u.latest, u.failed = l, fetch{}
	return l, nil
}

// unusable is the Error of a listing that was read and cannot be used.
func (u *userListing[R]) unusable(cause error) *Error {
	return u.client.newError(KindUnreadable, u.call(http.MethodGet), answer{}, cause.Error())
}
