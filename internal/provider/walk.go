// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"sync"
)

// walk is what one plan or apply has seen so far. Terraform shows a provider one resource at a time and
// never its address, so this is how two plans of one number are recognised. The zero value is ready to use.
type walk struct {
	numbers, agents walkedRows

	mu         sync.Mutex
	unlisted   map[string]bool // users whose listing failed, as a warning has said
	hasDeleted bool
}

// warnUnlisted reports whether a user's listing failed for the first time.
func (w *walk) warnUnlisted(userID string) (isFirst bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	isFirst = !w.unlisted[userID]
	set(&w.unlisted, userID, true)
	return isFirst
}

// noteDeleted notes that this walk is an apply that has deleted something.
func (w *walk) noteDeleted() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hasDeleted = true
}

// isDeleting reports whether this walk has deleted something: what it adds now may be the second half of a
// replacement, and an error would lose it.
func (w *walk) isDeleting() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hasDeleted
}

// noteState notes a resource as the state has it. It is called for each one, also where a plan shows no
// more of it.
func (w *walk) noteState(typeName string, state []byte) {
	var row struct {
		ID                 string `json:"id"`
		AgentID            string `json:"agent_id"`
		UserID             string `json:"user_id"`
		PhoneNumberID      string `json:"phone_number_id"`
		Platform           string `json:"platform"`
		MetaPhoneNumberID  string `json:"meta_phone_number_id"`
		DeletionProtection bool   `json:"deletion_protection"`
	}
	if json.Unmarshal(state, &row) != nil {
		return // of another version
	}
	switch {
	case typeName == "bizapi_phone_number" && row.ID != "":
		key := numberKey{row.Platform, row.MetaPhoneNumberID}
		w.numbers.noteState(key.String(), stateRow{id: row.ID, userID: row.UserID, isProtected: row.DeletionProtection})
	case typeName == "bizapi_agent" && row.AgentID != "":
		w.agents.noteState(row.PhoneNumberID, stateRow{id: row.AgentID, userID: row.UserID})
	}
}

// stateRow is a number or an agent in the state.
type stateRow struct {
	id, userID  string
	isProtected bool
	isGone      bool // from the API, as a refresh of this walk found
}

// walkedRows are the numbers or agents of a walk, by what the API allows once: a number's platform and Meta
// id, an agent's number.
type walkedRows struct {
	mu        sync.Mutex
	inState   map[string]stateRow
	destroyed map[string]string // ids that are planned to be destroyed
	created   map[string]bool   // planned to be added
	isNew     map[string]bool   // planned to be added by a resource that has no prior state
	planned   map[string]bool   // by id: planned with a prior state; true for a replacement
}

// unknownKey is the key of a row that is known after apply only. It may be any.
const unknownKey = ""

func (w *walkedRows) noteState(key string, row stateRow) {
	w.mu.Lock()
	defer w.mu.Unlock()
	set(&w.inState, key, row)
}

// forget notes that a row has left the state.
func (w *walkedRows) forget(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.inState, key)
}

// markGone notes that the API no longer has a row of the state.
func (w *walkedRows) markGone(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	row := w.inState[key]
	row.isGone = true
	set(&w.inState, key, row)
}

// find returns the row of the state with a key.
func (w *walkedRows) find(key string) (stateRow, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	row, ok := w.inState[key]
	return row, ok
}

// conflict is whether another resource of the plan has the same row, and one of the two deletes or adds it.
type conflict int

const (
	noConflict conflict = iota
	sameRow
	// mayBeSameRow is a row that is planned to be destroyed beside one that is known after apply only.
	mayBeSameRow
)

// planDestroy notes a planned destroy.
func (w *walkedRows) planDestroy(key, id string) conflict {
	w.mu.Lock()
	defer w.mu.Unlock()
	set(&w.destroyed, key, id)
	_, isPlanned := w.planned[id]
	switch {
	case isPlanned, w.created[key]:
		return sameRow
	case w.created[unknownKey]:
		return mayBeSameRow
	}
	return noConflict
}

// planCreate notes a planned add. isNew says that it is not the second half of a replacement: Terraform plans
// a new resource and a tainted one like that. It returns the id of the row in conflict.
func (w *walkedRows) planCreate(key string, isNew bool) (id string, with conflict) {
	w.mu.Lock()
	defer w.mu.Unlock()
	set(&w.created, key, true)
	if key == unknownKey {
		for _, id := range w.destroyed {
			return id, mayBeSameRow
		}
		return "", noConflict
	}
	if id := w.destroyed[key]; id != "" {
		return id, sameRow
	}
	if isNew {
		set(&w.isNew, key, true)
		row := w.inState[key]
		if _, isPlanned := w.planned[row.id]; isPlanned {
			return row.id, sameRow
		}
	}
	return "", noConflict
}

// adds reports whether the plan adds a row that the state lacks, or replaces the one with an id.
func (w *walkedRows) adds(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for key := range w.created {
		if row := w.inState[key]; row.id == "" || row.isGone || row.id == id {
			return true
		}
	}
	return w.planned[id]
}

// planChange notes a resource that is planned with a prior state.
func (w *walkedRows) planChange(key, id string, isReplaced bool) conflict {
	w.mu.Lock()
	defer w.mu.Unlock()
	wasReplaced, isTwice := w.planned[id]
	set(&w.planned, id, isReplaced || wasReplaced)
	if w.destroyed[key] == id || w.isNew[key] || isTwice && (isReplaced || wasReplaced) {
		return sameRow
	}
	return noConflict
}

func set[V any](m *map[string]V, key string, value V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[key] = value
}
