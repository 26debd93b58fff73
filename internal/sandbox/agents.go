// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Agent is what answers on a number, as the sandbox holds it.
type Agent struct {
	ID            string
	UserID        string
	PhoneNumberID string // the API's id of a number, which may be another user's
	PromptID      string
	Name          string
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// AddAgent creates an agent behind Terraform's back and returns it with what it
// filled in: the user, and the id and times that a leaves empty. It checks no
// field rules. It panics when the user or the number is unknown, the number has
// an agent or the id is taken: the test that asked is broken.
func (s *Server) AddAgent(userID string, a Agent) Agent {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.UserID = userID
	added, err := s.insertAgent(a)
	if err != nil {
		panic(fmt.Sprintf("sandbox: add agent %s to %s: %v", a.ID, userID, err))
	}
	return added
}

// RenameAgent gives an agent another name. It panics when there is no such agent.
func (s *Server) RenameAgent(id, name string) { s.mustChangeAgent(id, name, "") }

// PromptAgent gives an agent another prompt. It panics when there is no such
// agent.
func (s *Server) PromptAgent(id, promptID string) { s.mustChangeAgent(id, "", promptID) }

func (s *Server) mustChangeAgent(id, name, promptID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.changeAgent(id, name, promptID); err != nil {
		panic(fmt.Sprintf("sandbox: change agent %s: %v", id, err))
	}
}

// RemoveAgent deletes an agent of any user. It panics when there is no such agent.
func (s *Server) RemoveAgent(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.agents.byID[id] == nil {
		panic(fmt.Sprintf("sandbox: remove agent %s: %v", id, errUnknownID))
	}
	s.agents.remove(id)
}

// Agents returns a user's agents, oldest first, whatever lists show.
func (s *Server) Agents(userID string) []Agent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.agents.existing(userID)
}

// insertAgent fills in the id and times and stores the agent. The caller holds
// mu.
func (s *Server) insertAgent(a Agent) (Agent, error) {
	if s.numbers.byID[a.PhoneNumberID] == nil {
		return Agent{}, errUnknownNumber
	}
	if a.ID == "" {
		a.ID = s.newID("agt_")
	}
	var addedAt time.Time
	a.CreatedAt, a.UpdatedAt, addedAt = s.times(a.CreatedAt, a.UpdatedAt)
	return a, s.agents.insert(entry[Agent]{
		row: a, id: a.ID, userID: a.UserID, createdAt: a.CreatedAt, addedAt: addedAt,
	})
}

// changeAgent sets what is not empty, and the time of the change in any case. The
// caller holds mu.
func (s *Server) changeAgent(id, name, promptID string) error {
	now := s.dialectNow()
	return s.agents.change(id, func(a *Agent) {
		a.Name, a.PromptID = cmp.Or(name, a.Name), cmp.Or(promptID, a.PromptID)
		a.UpdatedAt = now
	})
}

// Bounds of an agent's fields.
const (
	maxPromptIDLength = 100
	maxNameLength     = 255
)

// createAgent makes the agent of the request's body.
func (e *exchange) createAgent() (Answer, error) {
	asked, err := e.decodeAgent()
	if err != nil {
		return Answer{}, err
	}
	if err := e.validateAgent(asked); err != nil {
		return Answer{}, err
	}
	if !isStorable(asked.Name, asked.PromptID) {
		return Answer{}, e.failed()
	}
	created, err := e.server.bindAgent(asked)
	if errors.Is(err, errUnknownNumber) || errors.Is(err, errUnknownUser) {
		err = e.failed()
	}
	if err != nil {
		return Answer{}, err
	}
	return e.success(http.StatusCreated, e.agent(created)), nil
}

// decodeAgent insists on an id of the client's on a deployed server; the
// published page has none in the request.
func (e *exchange) decodeAgent() (Agent, error) {
	known := []string{"phone_number_id", "prompt_id", "name"}
	if !e.isPublished() {
		known = slices.Insert(known, 0, "agent_id")
	}
	fields, err := e.fields(unknownFields(e.server.options.Lenient), known...)
	if err != nil {
		return Agent{}, err
	}
	for _, name := range known {
		switch {
		case fields[name] != "":
		case e.isPublished():
			return Agent{}, refuse(http.StatusBadRequest, "%s is required", name)
		default:
			return Agent{}, refuse(http.StatusBadRequest, "agent_id, phone_number_id, prompt_id, and name are required")
		}
	}
	return Agent{
		ID: fields["agent_id"], UserID: e.route.userID, PhoneNumberID: fields["phone_number_id"],
		PromptID: fields["prompt_id"], Name: fields["name"],
	}, nil
}

func (e *exchange) validateAgent(a Agent) error {
	switch {
	case a.ID != "" && !idPattern.MatchString(a.ID):
		return e.breaksRule("Invalid agent_id")
	case !idPattern.MatchString(a.PhoneNumberID):
		return e.breaksRule("Invalid phone_number_id")
	case length(a.PromptID) > maxPromptIDLength:
		return e.breaksRule("prompt_id must be 1 to %d characters", maxPromptIDLength)
	case length(a.Name) > maxNameLength:
		return e.breaksRule("name must be 1 to %d characters", maxNameLength)
	case !idPattern.MatchString(a.UserID):
		return refuse(http.StatusBadRequest, "Invalid user_id")
	}
	return nil
}

// bindAgent creates an agent for a request.
func (s *Server) bindAgent(a Agent) (Agent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	isPublished := s.options.Dialect == Published
	if n := s.numbers.byID[a.PhoneNumberID]; isPublished && n != nil && n.userID != a.UserID {
		return Agent{}, refuse(http.StatusForbidden, "Phone number with ID %s belongs to another user", a.PhoneNumberID)
	}
	created, err := s.insertAgent(a)
	switch {
	case errors.Is(err, errKnownID):
		return Agent{}, refuse(http.StatusBadRequest, "Agent with ID %s already exists", a.ID)
	case errors.Is(err, errHasAgent) && isPublished:
		return Agent{}, refuse(http.StatusConflict, "Phone number already has an active agent")
	case errors.Is(err, errHasAgent):
		return Agent{}, refuse(http.StatusBadRequest, "Failed to archive existing conversations: %s",
			`update or delete on table "agents" violates foreign key constraint "conversations_agent_id_fkey" on table "conversations"`)
	}
	return created, err
}

// listAgents answers one page. A deployed server does not look for the user.
func (e *exchange) listAgents() (Answer, error) {
	err := e.knownUser(http.StatusNotFound)
	isUnknown := err != nil && idPattern.MatchString(e.route.userID)
	if err != nil && (e.isPublished() || !isUnknown) {
		return Answer{}, err
	}
	p, err := e.parsePage(100, "phone_number_id")
	if err != nil {
		return Answer{}, err
	}
	return listed(e, e.server.agentsPage(e.route.userID, p), e.agent), nil
}

func (s *Server) agentsPage(userID string, p page) []Agent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.agents.page(userID, p, func(Agent) bool { return true })
}

func (e *exchange) readAgent() (Answer, error) {
	return e.withAgent(func(*Server) error { return nil })
}

// updateAgent changes name and prompt, and passes over all other fields, as a
// deployed server does.
func (e *exchange) updateAgent() (Answer, error) {
	fields, err := e.fields(ignoreUnknown, "name", "prompt_id")
	if err != nil {
		return Answer{}, err
	}
	bounds := map[string]int{"name": maxNameLength, "prompt_id": maxPromptIDLength}
	for field, value := range fields {
		if value == "" || length(value) > bounds[field] {
			return Answer{}, e.breaksRule("%s must be 1 to %d characters", field, bounds[field])
		}
	}
	return e.withAgent(func(s *Server) error {
		if !isStorable(fields["name"], fields["prompt_id"]) {
			return e.failed()
		}
		return s.changeAgent(e.route.id, fields["name"], fields["prompt_id"])
	})
}

func (e *exchange) deleteAgent() (Answer, error) {
	_, err := e.withAgent(func(s *Server) error {
		s.agents.remove(e.route.id)
		return nil
	})
	if err != nil {
		return Answer{}, err
	}
	return e.message("Agent deleted successfully"), nil
}

// withAgent does something to the path's agent, if it is the user's, and answers
// with what it is then.
func (e *exchange) withAgent(do func(*Server) error) (Answer, error) {
	a, err := e.server.doWithAgent(e.route.userID, e.route.id, do)
	if err != nil {
		return Answer{}, err
	}
	return e.success(http.StatusOK, e.agent(a)), nil
}

// doWithAgent calls do with mu held.
func (s *Server) doWithAgent(userID, id string, do func(*Server) error) (Agent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.agents.byID[id]
	switch {
	case a == nil:
		return Agent{}, refuse(http.StatusNotFound, "Agent with ID %s not found", id)
	case a.userID != userID:
		return Agent{}, refuse(http.StatusForbidden, "Agent does not belong to this user")
	}
	err := do(s)
	return a.row, err
}

var (
	errUnknownNumber = errors.New("no such number")
	errHasAgent      = errors.New("the number has an agent")
)

// agentStore is the table of agents, one a number.
type agentStore struct {
	table[Agent]
	ofNumber map[string]string // the id of its agent
}

func newAgentStore(o Options) *agentStore {
	return &agentStore{table: newTable[Agent](o), ofNumber: map[string]string{}}
}

func (s *agentStore) insert(e entry[Agent]) error {
	if _, ok := s.ofNumber[e.row.PhoneNumberID]; ok && s.byID[e.id] == nil {
		return errHasAgent
	}
	if err := s.table.insert(e); err != nil {
		return err
	}
	s.ofNumber[e.row.PhoneNumberID] = e.id
	return nil
}

func (s *agentStore) remove(id string) {
	delete(s.ofNumber, s.byID[id].row.PhoneNumberID)
	s.table.remove(id)
}
