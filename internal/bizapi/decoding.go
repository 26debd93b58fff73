// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"
)

// phoneNumberBody is a number in both dialects. What a deployed server sends beside is dropped while
// decoding, and so is AccessToken, which a name is searched for.
type phoneNumberBody struct {
	ID                string      `json:"id"`
	Platform          string      `json:"platform"`
	MetaPhoneNumberID string      `json:"meta_phone_number_id"`
	DisplayName       *string     `json:"display_name"`
	AccessToken       listedToken `json:"access_token"`
	CreatedAt         string      `json:"created_at"`
	UpdatedAt         string      `json:"updated_at"`
}

// listedToken is the token of a row, empty where it is no text: nothing depends on it but what a name
// is searched for.
type listedToken string

// UnmarshalJSON takes any value.
func (t *listedToken) UnmarshalJSON(value []byte) error {
	var text string
	if json.Unmarshal(value, &text) == nil {
		*t = listedToken(text)
	}
	return nil
}

// envelope is the deployed dialect's wrapping.
type envelope struct {
	Success json.RawMessage `json:"success"`
	Data    json.RawMessage `json:"data"`
	Error   json.RawMessage `json:"error"`
	Message json.RawMessage `json:"message"`
	Count   json.RawMessage `json:"count"` // of the rows in data
}

// isSet tells whether a field is there and says something.
func isSet(value json.RawMessage) bool {
	return len(value) > 0 && !slices.Contains([]string{"null", "false", "0", `""`}, string(value))
}

// unwrap returns what a body of either dialect is about.
func unwrap(body []byte) (json.RawMessage, error) {
	var wrapped envelope
	if err := json.Unmarshal(body, &wrapped); err != nil {
		return body, nil //nolint:nilerr // a bare array, or what the caller will find unreadable
	}
	switch {
	case wrapped.Success != nil && string(wrapped.Success) != "true":
		return nil, fmt.Errorf(`the answer says "success": %.10s`, wrapped.Success)
	case isSet(wrapped.Error):
		return nil, errors.New("the answer is a success with an error in it")
	case wrapped.Data == nil:
		return body, nil
	case isSet(wrapped.Count) && string(wrapped.Data) == "[]":
		return nil, fmt.Errorf("the answer counts %.10s rows and has none", wrapped.Count)
	}
	return wrapped.Data, nil
}

// decodeAdded reads the answer of an add. Nothing but the id is insisted on: with it the number
// exists, and an error would make Terraform replace it.
func (c *Client) decodeAdded(call call, answer answer, userID string, sent NewPhoneNumber) (PhoneNumber, error) {
	data, err := unwrap(answer.body)
	if err != nil {
		return PhoneNumber{}, c.unreadable(call, answer, err.Error())
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		return PhoneNumber{}, c.unreadable(call, answer, "the server answered "+c.describe(call, answer))
	}
	text := func(name string) string { value, _ := fields[name].(string); return value }
	added := PhoneNumber{
		ID: text("id"), UserID: userID, Platform: sent.Platform, MetaPhoneNumberID: sent.MetaPhoneNumberID,
		DisplayName: c.field(text("display_name"), &rowTokens{}),
	}
	if problem := c.problemWithID(added.ID); problem != "" {
		return PhoneNumber{}, c.unreadable(call, answer, "the answer names no usable number: "+problem)
	}
	added.CreatedAt, _ = normalTime(text("created_at"))
	added.UpdatedAt, _ = normalTime(text("updated_at"))
	return added, nil
}

// checkDeleted tells the two dialects' successes, a 204 and a JSON message, from whatever else a server
// may answer: of that, a listing has to tell whether the number is gone.
func (c *Client) checkDeleted(call call, answer answer) error {
	var said envelope
	switch isOK := answer.status == http.StatusOK || answer.status == http.StatusNoContent; {
	case !isOK:
		return c.unreadable(call, answer, fmt.Sprintf("the server answered status %d, which does not say that it is done", answer.status))
	case len(answer.body) == 0:
		return nil
	case json.Unmarshal(answer.body, &said) != nil:
		return c.unreadable(call, answer, "the server answered "+c.describe(call, answer))
	}
	_, err := unwrap(answer.body)
	switch {
	case err != nil:
		return c.unreadable(call, answer, err.Error())
	case said.Success == nil && !isSet(said.Message):
		return c.unreadable(call, answer, "the server answered "+c.describe(call, answer))
	}
	return nil
}

// decodePage reads one page of a listing. It fails on the first row that is not a number: a row
// passed over in silence would look like a number that is gone.
func (c *Client) decodePage(call call, answer answer, userID string) ([]PhoneNumber, error) {
	fail := func(problem string) ([]PhoneNumber, error) {
		return nil, c.unreadable(call, answer, problem)
	}
	if answer.status != http.StatusOK {
		return fail(fmt.Sprintf("a list is answered with status 200, and this is %d", answer.status))
	}
	if !utf8.Valid(answer.body) {
		return fail("the answer is not valid UTF-8")
	}
	data, err := unwrap(answer.body)
	if err != nil {
		return fail(err.Error())
	}
	var rows []json.RawMessage
	if err := json.Unmarshal(data, &rows); err != nil || rows == nil {
		return fail("a list of phone numbers was expected, and the server answered " + c.describe(call, answer))
	}
	numbers := make([]PhoneNumber, 0, len(rows))
	var tokens rowTokens
	for at, row := range rows {
		number, problem := c.decodeRow(row, userID, &tokens)
		if problem != "" {
			return fail(fmt.Sprintf("phone number %d of the page: %s", at+1, problem))
		}
		numbers = append(numbers, number)
	}
	for at := range numbers {
		if id := numbers[at].ID; tokens.redact(id) != id {
			return fail(fmt.Sprintf("phone number %d of the page: its id holds a secret", at+1))
		}
		listed := numbers[at].registration()
		for _, text := range []*string{&numbers[at].Platform, &numbers[at].MetaPhoneNumberID, &numbers[at].DisplayName} {
			*text = c.field(*text, &tokens)
		}
		if numbers[at].registration() != listed {
			numbers[at].listedAs = &listed
		}
	}
	return numbers, nil
}

// decodeRow reads a number of a listing, or says what is wrong with it. Its texts are as the server has
// them.
func (c *Client) decodeRow(row []byte, userID string, tokens *rowTokens) (number PhoneNumber, problem string) {
	var body phoneNumberBody
	if err := json.Unmarshal(row, &body); err != nil {
		if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrongType.Field != "" {
			return number, fmt.Sprintf("%s is a JSON %s where text was expected", wrongType.Field, wrongType.Value)
		}
		return number, "it is not a JSON object"
	}
	number = PhoneNumber{ID: body.ID, UserID: userID, Platform: body.Platform, MetaPhoneNumberID: body.MetaPhoneNumberID}
	if body.DisplayName != nil {
		number.DisplayName = *body.DisplayName
	}
	tokens.add(string(body.AccessToken))
	created, createdOK := normalTime(body.CreatedAt)
	updated, updatedOK := normalTime(body.UpdatedAt)
	number.CreatedAt, number.UpdatedAt = created, updated
	switch problem := c.problemWithID(body.ID); {
	case problem != "":
		return number, problem
	case body.Platform == "":
		return number, "it has no platform"
	case body.MetaPhoneNumberID == "":
		return number, "it has no meta_phone_number_id"
	case !createdOK:
		return number, "created_at is not an RFC 3339 time"
	case !updatedOK:
		return number, "updated_at is not an RFC 3339 time"
	}
	return number, ""
}

// problemWithID says why an id cannot be used in a path or kept in state.
func (c *Client) problemWithID(id string) string {
	switch {
	case id == "":
		return "it has no id"
	case id == "." || id == "..":
		// Servers and proxies resolve these in a path: the delete would go elsewhere.
		return fmt.Sprintf("its id is %q", id)
	case c.field(id, &rowTokens{}) != id:
		return "its id holds a secret"
	}
	return ""
}

// normalTime writes a time the one way that makes equal times equal text: a deployed server has
// milliseconds where the published page has none. An absent time is fine. A year that RFC 3339
// cannot write in UTC is not.
func normalTime(text string) (string, bool) {
	if text == "" {
		return "", true
	}
	parsed, err := time.Parse(time.RFC3339, text)
	if err != nil || parsed.UTC().Year() < 0 || parsed.UTC().Year() > 9999 {
		return "", false
	}
	return parsed.UTC().Format(time.RFC3339Nano), true
}
