// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
)

// refusal is an error that the API answers with.
type refusal struct {
	status  int
	message string
	header  http.Header
}

func (r *refusal) Error() string { return r.message }

func refuse(status int, format string, args ...any) error {
	return &refusal{status: status, message: fmt.Sprintf(format, args...)}
}

// breaksRule refuses a field, in the dialect's words.
func (e *exchange) breaksRule(format string, args ...any) error {
	if !e.isPublished() {
		format = "Validation failed: " + format
	}
	return refuse(http.StatusBadRequest, format, args...)
}

// failed is the refusal of a database that cannot store what it is sent.
func (e *exchange) failed() error {
	return refuse(http.StatusBadRequest, "%s", wordings[e.route.operation].failed)
}

func (e *exchange) refused(err error) Answer {
	r := &refusal{status: http.StatusInternalServerError, message: err.Error()}
	errors.As(err, &r)
	answer := e.answer(r.status, e.errorBody(r.status, r.message))
	for name, values := range r.header {
		answer.Header[name] = values
	}
	return answer
}

// wording is how a deployed server words the failures of an operation.
type wording struct {
	failed   string // the error of a 400, and of a 404 without notFound
	notFound string // the error of a 404
	down     string // the message while its database is down; "" is failed
}

var wordings = map[Operation]wording{
	OpAdd:         {failed: "Failed to add phone number"},
	OpList:        {failed: "Failed to get phone numbers"},
	OpDelete:      {failed: "Failed to delete phone number", notFound: "Phone number not found", down: "Failed to get phone number"},
	OpCreateAgent: {failed: "Failed to create agent"},
	OpListAgents:  {failed: "Failed to get agents"},
	OpReadAgent:   {failed: "Failed to get agent", notFound: "Agent not found"},
	OpUpdateAgent: {failed: "Failed to update agent", notFound: "Agent not found", down: "Failed to get agent"},
	OpDeleteAgent: {failed: "Failed to delete agent", notFound: "Agent not found", down: "Failed to get agent"},
}

// databaseDown is 404 but to what would add a row.
func (e *exchange) databaseDown() Answer {
	w, ok := wordings[e.route.operation]
	if !ok {
		return e.ordinary() // no route serves it, database or not
	}
	status := http.StatusNotFound
	if e.route.operation == OpAdd || e.route.operation == OpCreateAgent {
		status = http.StatusBadRequest
	}
	return e.refused(refuse(status, "%s", cmp.Or(w.down, w.failed)))
}

// errorForm is an error in both dialects, which differ in the name of the
// correlation id.
type errorForm struct {
	Error       string `json:"error"`
	Message     string `json:"message"`
	PublishedID string `json:"correlation_id,omitempty"`
	DeployedID  string `json:"correlationId,omitempty"`
	Timestamp   string `json:"timestamp"`
}

func (e *exchange) errorBody(status int, message string) errorForm {
	body := errorForm{Error: http.StatusText(status), Message: e.echo(message), Timestamp: e.server.timestamp()}
	if e.isPublished() {
		body.PublishedID = e.correlationID
		return body
	}
	body.Error = cmp.Or(e.phrase(status), body.Error)
	body.DeployedID = e.correlationID
	return body
}

// phrase is what a deployed server calls a failure; "" where it has no phrase of
// its own.
func (e *exchange) phrase(status int) string {
	w := wordings[e.route.operation]
	switch status {
	case http.StatusNotFound:
		return cmp.Or(w.notFound, w.failed)
	case http.StatusBadRequest:
		return w.failed
	}
	return ""
}
