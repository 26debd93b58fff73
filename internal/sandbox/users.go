// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"net/http"
	"regexp"
)

// idPattern is the form of user ids, agent ids and the ids of numbers in a body.
var idPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,50}$`)

// knownUser refuses a malformed user id with 400 and an unknown one with the
// status given.
func (e *exchange) knownUser(unknown int) error {
	id := e.route.userID
	if e.server.hasUser(id) {
		return nil
	}
	if !idPattern.MatchString(id) {
		return refuse(http.StatusBadRequest, "Invalid user_id")
	}
	return refuse(unknown, "User with ID %s not found", id)
}

func (s *Server) hasUser(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.numbers.hasUser(id)
}
