// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Number is one registration as the sandbox holds it.
type Number struct {
	ID                string
	UserID            string
	Platform          string
	MetaPhoneNumberID string
	AccessToken       string
	DisplayName       *string // nil: not set
	CreatedAt         time.Time
	UpdatedAt         time.Time
}

// Add registers a number behind Terraform's back and returns it with what it
// filled in: the user, and the id and times that n leaves empty. It checks no
// field rules. It panics when the user is unknown or the number or its id is
// registered already: the test that asked is broken.
func (s *Server) Add(userID string, n Number) Number {
	s.mu.Lock()
	defer s.mu.Unlock()
	n.UserID = userID
	added, err := s.insert(n)
	if err != nil {
		panic(fmt.Sprintf("sandbox: add %s %s to %s: %v", n.Platform, n.MetaPhoneNumberID, userID, err))
	}
	return added
}

// Rename gives a number another display name, "" for none. It panics when there
// is no such number.
func (s *Server) Rename(id, displayName string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.numbers.byID[id]
	if n == nil {
		panic(fmt.Sprintf("sandbox: rename %s: no such number", id))
	}
	n.DisplayName = nameOrNone(displayName)
	n.UpdatedAt = s.dialectNow()
}

// Remove deletes a number of any user. It panics when there is no such number.
func (s *Server) Remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.numbers.byID[id] == nil {
		panic(fmt.Sprintf("sandbox: remove %s: no such number", id))
	}
	s.numbers.remove(id)
}

// Numbers returns a user's numbers, oldest first.
func (s *Server) Numbers(userID string) []Number {
	return s.page(userID, page{limit: -1, oldestFirst: true})
}

func (s *Server) hasUser(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.numbers.hasUser(id)
}

func (s *Server) page(userID string, p page) []Number {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.numbers.page(userID, p)
}

// register adds a number for a request.
func (s *Server) register(n Number) (Number, error) {
	if n.DisplayName != nil && s.options.NormalizeName != nil {
		name := s.options.NormalizeName(*n.DisplayName)
		n.DisplayName = &name
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	added, err := s.insert(n)
	if errors.Is(err, errRegistered) {
		return Number{}, s.alreadyRegistered(n)
	}
	return added, err
}

// insert fills in the id and times and stores the number. The caller holds mu.
func (s *Server) insert(n Number) (Number, error) {
	if n.ID == "" {
		n.ID = s.newID()
	}
	if n.DisplayName != nil {
		n.DisplayName = nameOrNone(*n.DisplayName)
	}
	n.CreatedAt = s.resolution(cmp.Or(n.CreatedAt, s.options.Now()))
	n.UpdatedAt = s.resolution(cmp.Or(n.UpdatedAt, n.CreatedAt))
	if err := s.numbers.insert(n); err != nil {
		return Number{}, err
	}
	return n, nil
}

// unregister removes a number for a request of the user given. Whether the user
// exists is not asked: the API knows a number by its id and compares owners.
func (s *Server) unregister(userID, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.numbers.byID[id]
	switch {
	case n == nil:
		return refuse(http.StatusNotFound, "Phone number with ID %s not found", id)
	case n.UserID != userID:
		return refuse(http.StatusForbidden, "Phone number with ID %s belongs to another user", id)
	}
	s.numbers.remove(id)
	return nil
}

// newID makes an id of the dialect's form.
func (s *Server) newID() string {
	if s.options.Dialect == Published {
		return "pn_" + strings.ToLower(rand.Text()[:12])
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

// nameOrNone has no empty display name: servers store one as not set.
func nameOrNone(name string) *string {
	if name == "" {
		return nil
	}
	return &name
}

var (
	errRegistered  = errors.New("is registered already")
	errKnownID     = errors.New("the id is taken")
	errUnknownUser = errors.New("no such user")
)

// registration is what may exist once over all users.
type registration struct{ platform, metaID string }

// store holds the numbers of all users. Its owner locks it.
type store struct {
	users         map[string][]*Number // oldest first; of one time, first added first
	byID          map[string]*Number
	registrations map[registration]bool
}

func newStore(users []string) *store {
	s := &store{users: map[string][]*Number{}, byID: map[string]*Number{}, registrations: map[registration]bool{}}
	for _, user := range users {
		s.users[user] = nil
	}
	return s
}

func (s *store) hasUser(id string) bool {
	_, ok := s.users[id]
	return ok
}

func (s *store) insert(n Number) error {
	key := registration{n.Platform, n.MetaPhoneNumberID}
	switch {
	case !s.hasUser(n.UserID):
		return errUnknownUser
	case s.registrations[key]:
		return errRegistered
	case s.byID[n.ID] != nil:
		return errKnownID
	}
	rows := s.users[n.UserID]
	at := len(rows)
	for at > 0 && rows[at-1].CreatedAt.After(n.CreatedAt) {
		at--
	}
	s.users[n.UserID] = slices.Insert(rows, at, &n)
	s.byID[n.ID] = &n
	s.registrations[key] = true
	return nil
}

func (s *store) remove(id string) {
	n := s.byID[id]
	s.users[n.UserID] = slices.DeleteFunc(s.users[n.UserID], func(row *Number) bool { return row == n })
	delete(s.byID, id)
	delete(s.registrations, registration{n.Platform, n.MetaPhoneNumberID})
}

// page copies out the rows that were asked for.
func (s *store) page(userID string, p page) []Number {
	rows := s.users[userID]
	selected := []Number{}
	for i, passed := 0, 0; i < len(rows) && (p.limit < 0 || len(selected) < p.limit); i++ {
		row := rows[i]
		if !p.oldestFirst {
			row = rows[len(rows)-1-i]
		}
		if p.platform != "" && row.Platform != p.platform {
			continue
		}
		if passed++; passed > p.offset {
			selected = append(selected, *row)
		}
	}
	return selected
}
