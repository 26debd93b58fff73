// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
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
	added, err := s.insertNumber(n)
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
	now := s.dialectNow()
	err := s.numbers.change(id, func(n *Number) { n.DisplayName, n.UpdatedAt = nameOrNone(displayName), now })
	if err != nil {
		panic(fmt.Sprintf("sandbox: rename %s: %v", id, err))
	}
}

// Rotate gives a number another access token. It panics when there is no such
// number.
func (s *Server) Rotate(id, accessToken string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.dialectNow()
	err := s.numbers.change(id, func(n *Number) { n.AccessToken, n.UpdatedAt = accessToken, now })
	if err != nil {
		panic(fmt.Sprintf("sandbox: rotate %s: %v", id, err))
	}
}

// Remove deletes a number of any user, with its agent. It panics when there is no
// such number.
func (s *Server) Remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.numbers.byID[id] == nil {
		panic(fmt.Sprintf("sandbox: remove %s: %v", id, errUnknownID))
	}
	s.dropNumber(id)
}

// Numbers returns a user's numbers, oldest first, whatever lists show.
func (s *Server) Numbers(userID string) []Number {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.numbers.existing(userID)
}

// insertNumber fills in the id and times and stores the number. The caller holds
// mu.
func (s *Server) insertNumber(n Number) (Number, error) {
	if n.ID == "" {
		n.ID = s.newID("pn_")
	}
	if n.DisplayName != nil {
		n.DisplayName = nameOrNone(*n.DisplayName)
	}
	var addedAt time.Time
	n.CreatedAt, n.UpdatedAt, addedAt = s.times(n.CreatedAt, n.UpdatedAt)
	return n, s.numbers.insert(entry[Number]{
		row: n, id: n.ID, userID: n.UserID, createdAt: n.CreatedAt, addedAt: addedAt,
	})
}

// dropNumber removes a number with its agent, whoever's that is. The caller holds
// mu.
func (s *Server) dropNumber(id string) {
	s.numbers.remove(id)
	if agentID, ok := s.agents.ofNumber[id]; ok {
		s.agents.remove(agentID)
	}
}

// nameOrNone has no empty display name: servers store one as not set.
func nameOrNone(name string) *string {
	if name == "" {
		return nil
	}
	return &name
}

// Bounds of a number's fields, as a deployed server was seen to have them.
const (
	maxMetaIDLength      = 100
	maxTokenLength       = 1000
	maxDisplayNameLength = 255
)

var (
	platforms = []string{"whatsapp", "instagram", "webchat"}
	digits    = regexp.MustCompile(`^[0-9]+$`)
	webchatID = regexp.MustCompile(`^[A-Za-z0-9@._+-]+$`)
)

// addNumber registers the number of the request's body.
func (e *exchange) addNumber() (Answer, error) {
	unknown := unknownFields(e.server.options.Lenient)
	fields, err := e.fields(unknown, "platform", "meta_phone_number_id", "access_token", "display_name")
	if err != nil {
		return Answer{}, err
	}
	asked := Number{
		UserID:            e.route.userID,
		Platform:          fields["platform"],
		MetaPhoneNumberID: fields["meta_phone_number_id"],
		AccessToken:       fields["access_token"],
		DisplayName:       nameOrNone(fields["display_name"]),
	}
	if err := e.validateNumber(asked); err != nil {
		return Answer{}, err
	}
	added, err := e.server.register(asked)
	if err != nil {
		return Answer{}, err
	}
	return e.success(http.StatusCreated, e.number(added)), nil
}

// validateNumber checks the fields before it looks for the user, so that the
// answer to a bad field does not depend on what the account has.
func (e *exchange) validateNumber(n Number) error {
	name := ""
	if n.DisplayName != nil {
		name = *n.DisplayName
	}
	switch {
	case !slices.Contains(platforms, n.Platform):
		return e.breaksRule("Invalid platform: must be whatsapp, instagram or webchat")
	case !e.isMetaID(n.Platform, n.MetaPhoneNumberID):
		return refuse(http.StatusBadRequest, "Invalid meta_phone_number_id")
	case !e.isToken(n.AccessToken):
		return refuse(http.StatusBadRequest, "Invalid access token")
	case length(name) > maxDisplayNameLength:
		return e.breaksRule("display_name must be at most %d characters", maxDisplayNameLength)
	}
	if err := e.knownUser(http.StatusBadRequest); err != nil {
		return err
	}
	if !isStorable(n.AccessToken, name) {
		return e.failed()
	}
	return nil
}

func (e *exchange) isMetaID(platform, id string) bool {
	if len(id) > maxMetaIDLength {
		return false
	}
	if platform == "webchat" || e.server.options.Lenient {
		return webchatID.MatchString(id)
	}
	return digits.MatchString(id)
}

// isToken knows an upper bound for a deployed server alone: the published page
// gives none.
func (e *exchange) isToken(token string) bool {
	n := length(token)
	return n >= e.server.options.MinTokenLength && (e.isPublished() || n <= maxTokenLength)
}

// register adds a number for a request.
func (s *Server) register(n Number) (Number, error) {
	if n.DisplayName != nil && s.options.NormalizeName != nil {
		name := s.options.NormalizeName(*n.DisplayName)
		n.DisplayName = &name
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	added, err := s.insertNumber(n)
	switch {
	case !errors.Is(err, errRegistered):
		return added, err
	case s.options.Dialect == Published:
		return Number{}, refuse(http.StatusConflict, "Phone number already exists")
	}
	return Number{}, refuse(http.StatusBadRequest, "Meta phone number %s is already registered for %s", n.MetaPhoneNumberID, n.Platform)
}

// listNumbers answers one page.
func (e *exchange) listNumbers() (Answer, error) {
	if err := e.knownUser(http.StatusNotFound); err != nil {
		return Answer{}, err
	}
	defaultSize := 100
	if e.isPublished() {
		defaultSize = 50
	}
	p, err := e.parsePage(defaultSize, "platform")
	if err != nil {
		return Answer{}, err
	}
	return listed(e, e.server.numbersPage(e.route.userID, p), e.number), nil
}

func (s *Server) numbersPage(userID string, p page) []Number {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.numbers.page(userID, p, func(n Number) bool { return p.platform == "" || p.platform == n.Platform })
}

// deleteNumber removes one number of the user.
func (e *exchange) deleteNumber() (Answer, error) {
	if err := e.server.unregister(e.route.userID, e.route.id); err != nil {
		return Answer{}, err
	}
	if e.isPublished() {
		return e.answer(http.StatusNoContent, nil), nil
	}
	return e.message("Phone number deleted successfully"), nil
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
	case n.userID != userID:
		return refuse(http.StatusForbidden, "Phone number with ID %s belongs to another user", id)
	}
	s.dropNumber(id)
	return nil
}

var errRegistered = errors.New("is registered already")

// numberStore is the table of numbers, each of which exists once over all users.
type numberStore struct {
	table[Number]
	isOnce        bool
	releaseAfter  time.Duration
	registrations map[registration]*hold
}

// registration is what may exist once.
type registration struct{ platform, metaID string }

// hold is what keeps a registration from being made.
type hold struct {
	numbers    int       // that have it
	releasedAt time.Time // after the last of them was deleted
}

func newNumberStore(o Options) *numberStore {
	return &numberStore{
		table:         newTable[Number](o),
		isOnce:        !o.AllowDuplicates,
		releaseAfter:  o.ReleaseAfter,
		registrations: map[registration]*hold{},
	}
}

func (s *numberStore) insert(e entry[Number]) error {
	key := registration{e.row.Platform, e.row.MetaPhoneNumberID}
	held := s.registrations[key]
	if held == nil {
		held = &hold{}
	}
	if s.hasUser(e.userID) && s.isOnce && (held.numbers > 0 || s.now().Before(held.releasedAt)) {
		return errRegistered
	}
	if err := s.table.insert(e); err != nil {
		return err
	}
	held.numbers++
	s.registrations[key] = held
	return nil
}

func (s *numberStore) remove(id string) {
	n := s.byID[id].row
	s.table.remove(id)
	held := s.registrations[registration{n.Platform, n.MetaPhoneNumberID}]
	held.numbers--
	held.releasedAt = s.now().Add(s.releaseAfter)
}
