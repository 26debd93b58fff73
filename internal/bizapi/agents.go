// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"cmp"
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

// ListAgents returns all agents of a user, oldest first. Errors are *Errors.
func (c *Client) ListAgents(ctx context.Context, userID string) ([]Agent, error) {
	agents, err := c.agents.of(userID).all(ctx)
	if err == nil && len(agents) == 0 {
		err = c.CheckUser(ctx, userID)
	}
	return agents, err
}

// FindAgent is FindPhoneNumber for agents.
func (c *Client) FindAgent(ctx context.Context, userID, id, createdAt string) (Agent, error) {
	agent, err := c.agents.of(userID).find(ctx, wanted{}, idKey(id), createdAt)
	if errors.Is(err, ErrNotFound) {
		err = cmp.Or(c.CheckUser(ctx, userID), err)
	}
	return agent, err
}

// CheckUser returns an error if the numbers of a user cannot be listed: the API answers with an empty
// list when it is asked for the agents of an unknown user.
func (c *Client) CheckUser(ctx context.Context, userID string) error {
	_, err := c.numbers.of(userID).get(ctx, wanted{})
	return err
}

// AgentOfNumber returns the agent that answers on a number if the user's listing has one. Errors are *Errors.
func (c *Client) AgentOfNumber(ctx context.Context, userID, phoneNumberID string) (agent Agent, found bool, err error) {
	return c.agents.of(userID).look(ctx, wanted{}, numberIDKey(phoneNumberID))
}

// CheckAgentID returns an error if an agent cannot get an id: of KindAlreadyExists where one has it. Ids are unique
// over all users, so no listing of this one shows it.
func (c *Client) CheckAgentID(ctx context.Context, userID, id string) error {
	call := c.agents.of(userID).call(http.MethodGet, id)
	_, err := c.do(ctx, call)
	switch KindOf(err) {
	case KindNotFound:
		return nil
	case KindForbidden: // another user's
		err = nil
	}
	if err == nil {
		return c.newError(KindAlreadyExists, call, answer{}, "an agent has this id")
	}
	return err
}

// CreateAgent creates an agent, once, as AddPhoneNumber adds a number. adopted reports that it was found
// after a lost answer, and may be another's. The number has to be one of the user's: a deployed
// server takes another user's too, whose agent it would block. KindNotFound says that it is not.
func (c *Client) CreateAgent(ctx context.Context, userID string, agent NewAgent) (created Agent, adopted bool, err error) {
	agents := c.agents.of(userID)
	_, err = c.FindPhoneNumber(ctx, userID, agent.PhoneNumberID, "")
	if errors.Is(err, ErrNotFound) {
		err = c.newError(KindNotFound, agents.call(http.MethodPost), answer{}, fmt.Sprintf("user %s has no phone number %s, so nothing was sent", userID, agent.PhoneNumberID))
	}
	if err != nil {
		return created, false, err
	}
	madeUpID := "agt_" + rand.Text()
	if agent.ID == "" && c.needsAgentID.Load() {
		agent.ID = madeUpID
	}
	return adding[Agent]{
		listing: agents, key: numberIDKey(agent.PhoneNumberID),
		isSent: func(row Agent) (isSent, isCertain bool) {
			return row.Name == agent.Name && row.PromptID == agent.PromptID, agent.ID != "" && row.ID == agent.ID
		},
		post: func(ctx context.Context) (Agent, error) {
			created, err := c.postAgent(ctx, userID, agent)
			if agent.ID == "" && insistsOnID(err) {
				c.needsAgentID.Store(true)
				agent.ID = madeUpID
				created, err = c.postAgent(ctx, userID, agent)
			}
			return created, err
		},
	}.run(ctx)
}

// insistsOnID reports whether a server refused a request because agent_id is missing.
func insistsOnID(err error) bool {
	failure, ok := errors.AsType[*Error](err)
	return ok && failure.Status == http.StatusBadRequest && strings.Contains(failure.Message, "agent_id")
}

func (c *Client) postAgent(ctx context.Context, userID string, agent NewAgent) (Agent, error) {
	agents := c.agents.of(userID)
	if agent.ID != "" { // an id that this process deleted may be used again
		agents.note(agents.changes.allow, Agent{ID: agent.ID})
	}
	call := agents.call(http.MethodPost)
	call.body = agent
	answer, err := c.do(ctx, call)
	if err != nil {
		return Agent{}, err
	}
	body, err := decodeRow[writtenAgent](c, call, answer)
	if err != nil {
		return Agent{}, err
	}
	if body.AgentID == "" {
		return Agent{}, c.unreadable(call, answer, "the answer has no agent_id")
	}
	return Agent{
		ID: body.AgentID, UserID: userID, PhoneNumberID: agent.PhoneNumberID, PromptID: agent.PromptID, Name: agent.Name,
		CreatedAt: normalTime(body.CreatedAt), UpdatedAt: normalTime(body.UpdatedAt),
	}, nil
}

// UpdateAgent changes an agent in place and returns it as it is then. Errors are *Errors.
func (c *Client) UpdateAgent(ctx context.Context, agent Agent, change AgentChange) (Agent, error) {
	agents := c.agents.of(agent.UserID)
	call := agents.call(http.MethodPatch, agent.ID)
	call.body = change
	answer, err := c.do(ctx, call)
	if err != nil {
		return agent, err
	}
	body, err := decodeRow[writtenAgent](c, call, answer)
	if err != nil {
		return agent, err
	}
	agent.PromptID = cmp.Or(change.PromptID, agent.PromptID)
	agent.Name = cmp.Or(change.Name, agent.Name)
	agent.UpdatedAt = normalTime(body.UpdatedAt)
	agents.note(agents.changes.put, agent)
	return agent, nil
}

// DeleteAgent removes an agent with its conversations. One that is gone already, with its number for
// instance, is a success. Errors are *Errors.
func (c *Client) DeleteAgent(ctx context.Context, agent Agent) error {
	return c.agents.of(agent.UserID).delete(ctx, agent, agent.CreatedAt)
}

func (a Agent) id() string { return a.ID }

func (a Agent) key() string { return numberIDKey(a.PhoneNumberID) }

func (a Agent) createdAt() string { return a.CreatedAt }

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

// writtenAgent is what is read of the answer to a create or an update: the rest is what was sent.
type writtenAgent struct {
	AgentID   string `json:"agent_id"`
	CreatedAt any    `json:"created_at"`
	UpdatedAt any    `json:"updated_at"`
}

func (b agentBody) read(userID string) (Agent, error) {
	agent := Agent{
		ID: b.AgentID, UserID: userID, PhoneNumberID: b.PhoneNumberID, PromptID: b.PromptID, Name: b.Name,
		CreatedAt: normalTime(b.CreatedAt), UpdatedAt: normalTime(b.UpdatedAt),
	}
	switch {
	case agent.ID == "":
		return agent, errors.New("has no agent_id")
	case agent.PhoneNumberID == "":
		return agent, errors.New("has no phone_number_id")
	}
	return agent, nil
}
