// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Answer is a whole response. The zero Answer is no answer.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

func (a Answer) write(w http.ResponseWriter) {
	a.writeHeader(w)
	_, _ = w.Write(a.Body) // a client that went away has no use for the rest
}

func (a Answer) writeHeader(w http.ResponseWriter) {
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	if a.Status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(a.Body)))
	}
	w.WriteHeader(a.Status)
}

// publishedNumber is a number as the API's page shows it.
type publishedNumber struct {
	ID                string  `json:"id"`
	UserID            string  `json:"user_id"`
	Platform          string  `json:"platform"`
	MetaPhoneNumberID string  `json:"meta_phone_number_id"`
	DisplayName       *string `json:"display_name,omitempty"`
	CreatedAt         string  `json:"created_at"`
	UpdatedAt         string  `json:"updated_at"`
	// With EchoSecrets alone.
	AccessToken string `json:"access_token,omitempty"`
	APIKey      string `json:"api_key,omitempty"`
}

// deployedNumber is a number as a deployed server answers it: with the token,
// and with fields that the page does not know.
type deployedNumber struct {
	ID                string  `json:"id"`
	UserID            string  `json:"user_id"`
	Platform          string  `json:"platform"`
	MetaPhoneNumberID string  `json:"meta_phone_number_id"`
	AccessToken       string  `json:"access_token"`
	DisplayName       *string `json:"display_name"`
	WABAID            *string `json:"waba_id"`
	Tier              *string `json:"tier"`
	DailyMessageLimit int     `json:"daily_message_limit"`
	DailyMessagesSent int     `json:"daily_messages_sent"`
	LimitResetAt      *string `json:"limit_reset_at"`
	CreatedAt         string  `json:"created_at"`
	UpdatedAt         string  `json:"updated_at"`
	// With EchoSecrets alone.
	APIKey string `json:"api_key,omitempty"`
}

// agentForm is an agent in both dialects.
type agentForm struct {
	ID            string `json:"agent_id"`
	UserID        string `json:"user_id"`
	PhoneNumberID string `json:"phone_number_id"`
	PromptID      string `json:"prompt_id"`
	Name          string `json:"name"`
	CreatedAt     string `json:"created_at"`
	UpdatedAt     string `json:"updated_at"`
}

// envelope is what a deployed server wraps a success in.
type envelope struct {
	Success       bool   `json:"success"`
	Data          any    `json:"data,omitempty"`
	Count         *int   `json:"count,omitempty"` // of this page, not the total
	Message       string `json:"message,omitempty"`
	Timestamp     string `json:"timestamp"`
	CorrelationID string `json:"correlationId"`
}

func (e *exchange) isPublished() bool { return e.server.options.Dialect == Published }

// success answers with one row.
func (e *exchange) success(status int, row any) Answer {
	if e.isPublished() {
		return e.answer(status, row)
	}
	return e.answer(status, e.envelope(envelope{Data: row}))
}

// listed answers with rows, each in the form given.
func listed[R any](e *exchange, rows []R, form func(R) any) Answer {
	formed := make([]any, len(rows))
	for i, row := range rows {
		formed[i] = form(row)
	}
	if e.isPublished() {
		return e.answer(http.StatusOK, formed)
	}
	count := len(formed)
	return e.answer(http.StatusOK, e.envelope(envelope{Data: formed, Count: &count}))
}

// message answers that something was done.
func (e *exchange) message(text string) Answer {
	if e.isPublished() {
		return e.answer(http.StatusOK, map[string]string{"message": e.echo(text)})
	}
	return e.answer(http.StatusOK, e.envelope(envelope{Message: e.echo(text)}))
}

// answer encodes a body; nil is none.
func (e *exchange) answer(status int, body any) Answer {
	a := Answer{Status: status, Header: http.Header{}}
	a.Header.Set("X-Correlation-Id", e.correlationID)
	if e.server.options.EchoSecrets {
		a.Header.Set("X-Echo", e.secrets())
	}
	if body == nil {
		return a
	}
	a.Header.Set("Content-Type", "application/json; charset=utf-8")
	encoded, err := json.Marshal(body)
	if err != nil {
		panic(err) // strings, booleans and integers always encode
	}
	a.Body = encoded
	return a
}

func (e *exchange) envelope(v envelope) envelope {
	v.Success, v.Timestamp, v.CorrelationID = true, e.server.timestamp(), e.correlationID
	return v
}

// number is a number in the dialect's form.
func (e *exchange) number(n Number) any {
	s := e.server
	if !e.isPublished() {
		tier := "TIER_1K"
		row := deployedNumber{
			ID: n.ID, UserID: n.UserID, Platform: n.Platform, MetaPhoneNumberID: n.MetaPhoneNumberID,
			AccessToken: n.AccessToken, DisplayName: n.DisplayName,
			Tier: &tier, DailyMessageLimit: 1000,
			CreatedAt: s.format(n.CreatedAt), UpdatedAt: s.format(n.UpdatedAt),
		}
		if s.options.EchoSecrets {
			row.APIKey = s.options.APIKey
		}
		return row
	}
	row := publishedNumber{
		ID: n.ID, UserID: n.UserID, Platform: n.Platform, MetaPhoneNumberID: n.MetaPhoneNumberID,
		DisplayName: n.DisplayName, CreatedAt: s.format(n.CreatedAt), UpdatedAt: s.format(n.UpdatedAt),
	}
	if s.options.EchoSecrets {
		row.AccessToken, row.APIKey = n.AccessToken, s.options.APIKey
	}
	return row
}

func (e *exchange) agent(a Agent) any {
	s := e.server
	return agentForm{
		ID: a.ID, UserID: a.UserID, PhoneNumberID: a.PhoneNumberID, PromptID: a.PromptID, Name: a.Name,
		CreatedAt: s.format(a.CreatedAt), UpdatedAt: s.format(a.UpdatedAt),
	}
}

// times fills in the times of a new row. One that was created in the past was
// added then.
func (s *Server) times(created, updated time.Time) (createdAt, updatedAt, addedAt time.Time) {
	now := s.options.Now()
	created = cmp.Or(created, now)
	addedAt = now
	if created.Before(now) {
		addedAt = created
	}
	return s.resolution(created), s.resolution(cmp.Or(updated, created)), addedAt
}

// resolution cuts a time to what the dialect shows, so that the order of rows
// never contradicts their created_at.
func (s *Server) resolution(t time.Time) time.Time {
	if s.options.Dialect == Published {
		return t.UTC().Truncate(time.Second)
	}
	return t.UTC().Truncate(time.Millisecond)
}

func (s *Server) format(t time.Time) string {
	if s.options.Dialect == Published {
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}

func (s *Server) dialectNow() time.Time { return s.resolution(s.options.Now()) }

func (s *Server) timestamp() string { return s.format(s.dialectNow()) }

var correlationIDPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)

// chooseCorrelationID takes the request's correlation id where it has a usable
// one.
func (e *exchange) chooseCorrelationID() string {
	id := e.request.Header.Get("x-correlation-id")
	if !correlationIDPattern.MatchString(id) {
		id = newUUID()
	}
	return e.echo(id)
}

// echo appends the secrets in play to a text, where EchoSecrets asks for that.
func (e *exchange) echo(text string) string {
	if !e.server.options.EchoSecrets {
		return text
	}
	return text + " " + e.secrets()
}

// secrets are the key sent and the tokens of the request and of the user's first
// numbers: few, since they go into headers.
func (e *exchange) secrets() string {
	secrets := []string{e.request.Header.Get("x-api-key")}
	var body struct {
		AccessToken string `json:"access_token"`
	}
	if json.Unmarshal(e.body, &body) == nil && body.AccessToken != "" {
		secrets = append(secrets, body.AccessToken)
	}
	for _, n := range e.server.numbersPage(e.route.userID, page{limit: 3, oldestFirst: true}) {
		secrets = append(secrets, n.AccessToken)
	}
	return strings.Join(secrets, " ")
}
