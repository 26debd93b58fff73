// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Agent answers on a number with a prompt. One number has one agent.
type Agent struct {
	// ID is the API's agent_id, unique over all users and free again after a delete.
	ID string
	// UserID is the user it was listed or created under.
	UserID string
	// PhoneNumberID is the API's id of the number that it answers on.
	PhoneNumberID string
	// PromptID is the id of a prompt in OpenAI's dashboard.
	PromptID string
	// Name is for people.
	Name string
	// CreatedAt and UpdatedAt are RFC 3339 in UTC, or empty when the API did not say.
	CreatedAt, UpdatedAt string
}

// NewAgent is what creating an agent takes.
type NewAgent struct {
	// ID is left out of the request when it is empty: the published page has no such field, and a strict
	// server refuses it. A deployed server insists on one, and then gets one that is made up.
	ID            string `json:"agent_id,omitempty"`
	PhoneNumberID string `json:"phone_number_id"`
	PromptID      string `json:"prompt_id"`
	Name          string `json:"name"`
}

// AgentChange is what an update changes; an empty field stays what it is.
type AgentChange struct {
	PromptID string `json:"prompt_id,omitempty"`
	Name     string `json:"name,omitempty"`
}

// ListAgents returns all agents of a user, in the API's order. Errors are *Errors. The API answers an
// unknown user with an empty list, so the user's numbers have to be listable then.
func (c *Client) ListAgents(ctx context.Context, userID string) ([]Agent, error) {
	agents, err := c.agentsOf(userID).all(ctx)
	if err == nil && len(agents) == 0 {
		_, err = c.numbersOf(userID).get(ctx, wanted[PhoneNumber]{})
	}
	return agents, err
}

// FindAgent is FindPhoneNumber for agents. An agent counts as deleted only if
// its user's numbers can be listed.
func (c *Client) FindAgent(ctx context.Context, userID, id, createdAt string) (Agent, error) {
	agent, err := c.agentsOf(userID).find(ctx, wanted[Agent]{}, idKey(id), createdAt)
	if errors.Is(err, ErrNotFound) {
		if _, listErr := c.numbersOf(userID).get(ctx, wanted[PhoneNumber]{}); listErr != nil {
			return agent, listErr
		}
	}
	return agent, err
}

// AgentOfNumber returns the agent that answers on a number if the user's listing shows one.
func (c *Client) AgentOfNumber(ctx context.Context, userID, phoneNumberID string) (agent Agent, found bool, err error) {
	return c.agentsOf(userID).peek(ctx, numberIDKey(phoneNumberID))
}

// CreateAgent creates an agent, once, as AddPhoneNumber adds a number. adopted says that it was found after
// a lost answer and cannot be told from another's. The number has to be one of the user's: a deployed
// server takes another user's too, whose agent it would block. KindNotFound says that it is not.
func (c *Client) CreateAgent(ctx context.Context, userID string, agent NewAgent) (created Agent, adopted bool, err error) {
	call := call{method: http.MethodPost, elements: agentsPath(userID)}
	if _, err := c.FindPhoneNumber(ctx, userID, agent.PhoneNumberID, ""); errors.Is(err, ErrNotFound) {
		return created, false, c.newError(KindNotFound, call, answer{}, fmt.Sprintf("user %s has no phone number %s, so nothing was sent", userID, agent.PhoneNumberID))
	} else if err != nil {
		return created, false, err
	}
	agents := c.agentsOf(userID)
	madeUpID := "agt_" + rand.Text()
	if agent.ID == "" && c.needsAgentID.Load() {
		agent.ID = madeUpID
	}
	adding := adding[Agent]{
		client: c, listing: agents, call: call, key: numberIDKey(agent.PhoneNumberID),
		isSent: func(row Agent) (isSent, isCertain bool) {
			return row.Name == agent.Name && row.PromptID == agent.PromptID, agent.ID != "" && row.ID == agent.ID
		},
		post: func(ctx context.Context) (Agent, error) {
			row, err := c.postAgent(ctx, call, userID, agent)
			if failure, ok := errors.AsType[*Error](err); ok && agent.ID == "" && insistsOnID(failure) {
				c.needsAgentID.Store(true)
				agent.ID = madeUpID
				row, err = c.postAgent(ctx, call, userID, agent)
			}
			return row, err
		},
	}
	return adding.run(ctx)
}

// insistsOnID reports whether a server refused a request because agent_id is missing.
func insistsOnID(failure *Error) bool {
	return failure.Status == http.StatusBadRequest && strings.Contains(failure.Message, "agent_id")
}

func (c *Client) postAgent(ctx context.Context, call call, userID string, agent NewAgent) (Agent, error) {
	call.body = agent
	if agent.ID != "" { // an id that this process deleted may be used again
		c.agentsOf(userID).note(c.agentsOf(userID).changes.allow, Agent{ID: agent.ID, PhoneNumberID: agent.PhoneNumberID})
	}
	answer, err := c.do(ctx, call)
	if err != nil {
		return Agent{}, err
	}
	body, err := decodeRow[agentBody](c, call, answer)
	if err != nil {
		return Agent{}, err
	}
	if body.AgentID == "" {
		return Agent{}, c.unreadable(call, answer, "the answer has no agent_id")
	}
	return Agent{
		ID: body.AgentID, UserID: userID, PhoneNumberID: agent.PhoneNumberID, PromptID: agent.PromptID, Name: agent.Name,
		CreatedAt: timeOf(body.CreatedAt), UpdatedAt: timeOf(body.UpdatedAt),
	}, nil
}

// UpdateAgent changes an agent in place and returns it as it is then. Errors are *Errors.
func (c *Client) UpdateAgent(ctx context.Context, agent Agent, change AgentChange) (Agent, error) {
	call := call{method: http.MethodPatch, elements: append(agentsPath(agent.UserID), agent.ID), body: change}
	answer, err := c.do(ctx, call)
	if err != nil {
		return agent, err
	}
	body, err := decodeRow[agentBody](c, call, answer)
	if err != nil {
		return agent, err
	}
	if change.PromptID != "" {
		agent.PromptID = change.PromptID
	}
	if change.Name != "" {
		agent.Name = change.Name
	}
	agent.UpdatedAt = timeOf(body.UpdatedAt)
	agents := c.agentsOf(agent.UserID)
	agents.note(agents.changes.put, agent)
	return agent, nil
}

// DeleteAgent removes an agent with its conversations. One that is gone already, with its number for
// instance, is a success. Errors are *Errors.
func (c *Client) DeleteAgent(ctx context.Context, agent Agent) error {
	call := call{method: http.MethodDelete, elements: append(agentsPath(agent.UserID), agent.ID)}
	return deleteRow(ctx, c.agentsOf(agent.UserID), call, agent, agent.CreatedAt)
}

func agentsPath(userID string) []string { return []string{"users", userID, "agents"} }

func (c *Client) agentsOf(userID string) *userListing[Agent] {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.agents[userID] == nil {
		c.agents[userID] = newUserListing(c, agentsPath(userID), func(body agentBody) (Agent, error) { return body.read(userID) })
	}
	return c.agents[userID]
}

func (a Agent) id() string { return a.ID }

func (a Agent) key() string { return numberIDKey(a.PhoneNumberID) }

func numberIDKey(phoneNumberID string) string { return "number " + phoneNumberID }

// agentBody is an agent in both dialects.
type agentBody struct {
	AgentID       string `json:"agent_id"`
	PhoneNumberID string `json:"phone_number_id"`
	PromptID      string `json:"prompt_id"`
	Name          string `json:"name"`
	CreatedAt     any    `json:"created_at"`
	UpdatedAt     any    `json:"updated_at"`
}

func (b agentBody) read(userID string) (Agent, error) {
	agent := Agent{
		ID: b.AgentID, UserID: userID, PhoneNumberID: b.PhoneNumberID, PromptID: b.PromptID, Name: b.Name,
		CreatedAt: timeOf(b.CreatedAt), UpdatedAt: timeOf(b.UpdatedAt),
	}
	switch {
	case agent.ID == "":
		return agent, errors.New("has no agent_id")
	case agent.PhoneNumberID == "":
		return agent, errors.New("has no phone_number_id")
	}
	return agent, nil
}
