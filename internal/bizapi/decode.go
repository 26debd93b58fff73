// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// envelope is what a deployed server wraps its successes in.
type envelope struct {
	Success *bool           `json:"success"`
	Data    json.RawMessage `json:"data"`
	Message *string         `json:"message"`
}

// errFailed is a status of success around a failure.
var errFailed = errors.New(`the answer says "success": false`)

func (e envelope) failed() bool { return e.Success != nil && !*e.Success }

// unwrap returns what a success of either dialect holds.
func unwrap(body []byte) (json.RawMessage, error) {
	if len(body) == 0 || body[0] != '{' {
		return body, nil
	}
	var wrapped envelope
	switch err := json.Unmarshal(body, &wrapped); {
	case err != nil:
		return nil, errors.New("the answer is no JSON of the API")
	case wrapped.failed():
		return nil, errFailed
	case wrapped.Success == nil && wrapped.Data == nil:
		return body, nil
	}
	return wrapped.Data, nil
}

// decodeRow reads the answer of a call that returns one row.
func decodeRow[Body any](c *Client, call call, answer answer) (Body, error) {
	var row Body
	data, err := unwrap(answer.body)
	if err == nil && json.Unmarshal(data, &row) != nil {
		err = errors.New(describe(answer))
	}
	if err != nil {
		return row, c.unreadable(call, answer, err.Error())
	}
	return row, nil
}

// decodeRows reads one page of a list. A row that cannot be used is an error: passed over in silence,
// it would look like one that is gone.
func decodeRows[Body, Row any](c *Client, call call, answer answer, read func(Body) (Row, error)) ([]Row, error) {
	data, err := unwrap(answer.body)
	if err != nil {
		return nil, c.unreadable(call, answer, err.Error())
	}
	var bodies []Body // none of "data": null, which is an empty list
	if json.Unmarshal(data, &bodies) != nil || answer.status != http.StatusOK {
		return nil, c.unreadable(call, answer, "a list was expected, and "+describe(answer))
	}
	rows := make([]Row, len(bodies))
	for at, body := range bodies {
		if rows[at], err = read(body); err != nil {
			return nil, c.unreadable(call, answer, fmt.Sprintf("row %d of the page %v", at+1, err))
		}
	}
	return rows, nil
}

// checkDeleted returns an error for a success that is not the API's: a delete is answered with 204 or
// with its JSON, and anything else may be a proxy's.
func (c *Client) checkDeleted(call call, answer answer) *Error {
	if answer.status == http.StatusNoContent {
		return nil
	}
	var body envelope
	isAPIs := json.Unmarshal(answer.body, &body) == nil && (body.Success != nil || body.Message != nil)
	switch {
	case answer.status != http.StatusOK || !isAPIs:
		return c.unreadable(call, answer, describe(answer))
	case body.failed():
		return c.unreadable(call, answer, errFailed.Error())
	}
	return nil
}

// normalTime writes the time of a field the one way that makes equal times equal text: a deployed server
// has milliseconds where the published page has none. What is no RFC 3339 time counts as absent.
func normalTime(field any) string {
	text, _ := field.(string)
	parsed, err := time.Parse(time.RFC3339, text)
	if err != nil || parsed.UTC().Year() < 0 || parsed.UTC().Year() > 9999 { // RFC 3339 writes four digits
		return ""
	}
	return parsed.UTC().Format(time.RFC3339Nano)
}
