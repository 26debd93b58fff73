// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

var (
	errKnownID     = errors.New("the id is taken")
	errUnknownID   = errors.New("no such id")
	errUnknownUser = errors.New("no such user")
)

// table holds the rows of one kind, of all users. Its owner locks it.
type table[R any] struct {
	now    func() time.Time
	lag    lag
	byUser map[string][]*entry[R] // oldest first; of one time, first added first
	byID   map[string]*entry[R]   // without those that were deleted
}

// entry is a row and what the table has to know of it.
type entry[R any] struct {
	row       R
	id        string
	userID    string
	createdAt time.Time // what orders the rows
	addedAt   time.Time
	deletedAt time.Time // zero: it exists
}

// lag is by how much lists are behind.
type lag struct{ adds, deletes time.Duration }

// lists reports whether an entry is listed; deletedAt is zero for one that exists.
func (l lag) lists(addedAt, deletedAt, now time.Time) bool {
	if now.Before(addedAt.Add(l.adds)) {
		return false
	}
	return deletedAt.IsZero() || now.Before(deletedAt.Add(l.deletes))
}

func newTable[R any](o Options) table[R] {
	t := table[R]{
		now:    o.Now,
		lag:    lag{adds: o.ListAddsAfter, deletes: o.ListDeletesAfter},
		byUser: map[string][]*entry[R]{},
		byID:   map[string]*entry[R]{},
	}
	for _, user := range o.Users {
		t.byUser[user] = nil
	}
	return t
}

func (t *table[R]) hasUser(id string) bool {
	_, ok := t.byUser[id]
	return ok
}

// insert stores a row.
func (t *table[R]) insert(e entry[R]) error {
	if !t.hasUser(e.userID) {
		return errUnknownUser
	}
	if t.byID[e.id] != nil {
		return errKnownID
	}
	rows := t.byUser[e.userID]
	at := len(rows)
	for at > 0 && rows[at-1].createdAt.After(e.createdAt) {
		at--
	}
	t.byUser[e.userID] = slices.Insert(rows, at, &e)
	t.byID[e.id] = &e
	return nil
}

// change calls f with the row of an id, for f to change.
func (t *table[R]) change(id string, f func(*R)) error {
	e := t.byID[id]
	if e == nil {
		return errUnknownID
	}
	f(&e.row)
	return nil
}

// remove deletes a row; lists that are behind keep it.
func (t *table[R]) remove(id string) {
	e := t.byID[id]
	if e == nil {
		return
	}
	delete(t.byID, id)
	e.deletedAt = t.now()
	if t.lag.deletes == 0 {
		t.byUser[e.userID] = slices.DeleteFunc(t.byUser[e.userID], func(other *entry[R]) bool { return other == e })
	}
}

// existing returns a user's rows as they are, oldest first.
func (t *table[R]) existing(userID string) []R {
	rows := []R{}
	for _, e := range t.byUser[userID] {
		if e.deletedAt.IsZero() {
			rows = append(rows, e.row)
		}
	}
	return rows
}

// page returns the listed rows that were asked for, of those that keep keeps.
func (t *table[R]) page(userID string, p page, keep func(R) bool) []R {
	rows, now := t.byUser[userID], t.now()
	selected := []R{}
	for i, passed := 0, 0; i < len(rows) && (p.limit < 0 || len(selected) < p.limit); i++ {
		e := rows[i]
		if !p.oldestFirst {
			e = rows[len(rows)-1-i]
		}
		if !t.lag.lists(e.addedAt, e.deletedAt, now) || !keep(e.row) {
			continue
		}
		if passed++; passed > p.offset {
			selected = append(selected, e.row)
		}
	}
	return selected
}

// newID makes an id of the dialect's form.
func (s *Server) newID(prefix string) string {
	if s.options.Dialect == Published {
		return prefix + strings.ToLower(rand.Text()[:12])
	}
	return newUUID()
}

func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
