// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestKindsOfErrors has every error that the API is known to answer, in both dialects where they differ.
func TestKindsOfErrors(t *testing.T) {
	const get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete
	for _, test := range []struct {
		name    string
		method  string
		status  int
		error   string
		message string
		want    Kind
	}{
		{"add: exists, published", post, 409, "Conflict", "Phone number already exists", KindAlreadyExists},
		{"add: exists, with a status that nobody published", post, 400, "Bad Request", "Phone number already exists", KindAlreadyExists},
		{"add: exists, deployed", post, 400, "Failed to add phone number", "Meta phone number 1 is already registered for whatsapp", KindAlreadyExists},
		{"add: exists, without words", post, 409, "", "", KindAlreadyExists},
		{"add: unknown user", post, 400, "Failed to add phone number", "User with ID U not found", KindUnknownUser},
		{"add: database is down", post, 400, "Failed to add phone number", "Failed to add phone number", KindServer},
		{"add: database is down, in the error alone", post, 400, "Failed to add phone number", "", KindServer},
		{"add: bad token", post, 400, "Bad Request", "Invalid access token", KindInvalidToken},
		{"add: bad token, with another status", post, 401, "Unauthorized", "Invalid access token", KindInvalidToken},
		{"add: bad Meta id", post, 400, "Bad Request", "Invalid meta_phone_number_id", KindInvalidMetaID},
		{"add: a field breaks a rule", post, 400, "Failed to add phone number", "Validation failed: display_name must be at most 255 characters", KindOther},
		{"add: unknown field", post, 400, "Bad Request", "Unknown field tier", KindOther},
		{"add: refused key", post, 401, "Unauthorized", "Invalid API key", KindUnauthorized},
		{"add: wrong base URL", post, 404, "Not Found", "Route POST /v2/users/U/phone_numbers not found", KindWrongBaseURL},

		{"list: unknown user", get, 404, "Failed to get phone numbers", "User with ID U not found", KindUnknownUser},
		{"list: database is down", get, 404, "Failed to get phone numbers", "Failed to get phone numbers", KindServer},
		{"list: database is down, in the error alone", get, 404, "Failed to get phone numbers", "", KindServer},
		{"list: refused key", get, 401, "Unauthorized", "Invalid API key", KindUnauthorized},
		{"list: refused key, in words of a token", get, 401, "Unauthorized", "Invalid access token", KindUnauthorized},
		{"list: forbidden", get, 403, "Forbidden", "", KindForbidden},
		{"list: wrong base URL", get, 404, "Not Found", "Route GET /users/U/phone_numbers not found", KindWrongBaseURL},
		{"list: wrong base URL, a host that is no API", get, 404, "", "", KindWrongBaseURL},
		{"list: refused limit", get, 400, "Bad Request", "limit must be at most 100", KindOther},

		{"delete: unknown id", del, 404, "Phone number not found", "Phone number with ID I not found", KindNotFound},
		{"delete: database is down", del, 404, "Phone number not found", "Failed to get phone number", KindServer},
		{"delete: another user's", del, 403, "Forbidden", "Phone number does not belong to this user", KindForbidden},
		{"delete: wrong base URL", del, 404, "Not Found", "Route DELETE /x not found", KindWrongBaseURL},

		{"agent, create: field missing, published", post, 400, "Bad Request", "prompt_id is required", KindOther},
		{"agent, create: field missing, deployed", post, 400, "Failed to create agent", "agent_id, phone_number_id, prompt_id, and name are required", KindOther},
		{"agent, create: id is taken", post, 400, "Failed to create agent", "Agent with ID X already exists", KindAlreadyExists},
		{"agent, create: a second one, published", post, 409, "Conflict", "Phone number already has an active agent", KindAlreadyExists},
		{"agent, create: a second one, deployed", post, 400, "Failed to create agent", "Failed to archive existing conversations: duplicate key", KindAlreadyExists},
		{"agent, create: unknown number, or database is down", post, 400, "Failed to create agent", "Failed to create agent", KindServer},
		{"agent, read: unknown id", get, 404, "Agent not found", "Agent with ID X not found", KindNotFound},
		{"agent, update: unknown id", patch, 404, "Agent not found", "Agent with ID X not found", KindNotFound},
		{"agent, delete: unknown id", del, 404, "Agent not found", "Agent with ID X not found", KindNotFound},
		{"agent, read: another user's", get, 403, "Forbidden", "Agent does not belong to this user", KindForbidden},
		{"agent, read: database is down", get, 404, "Agent not found", "Failed to get agent", KindServer},
		{"agent, update: database is down", patch, 404, "Agent not found", "Failed to get agent", KindServer},
		{"agent, list: database is down", get, 404, "Failed to get agents", "Failed to get agents", KindServer},

		{"a failure that says exists", post, 500, "Internal Server Error", "Phone number already exists", KindServer},
		{"a gateway without its server", get, 502, "", "", KindServer},
		{"a time-out of a proxy", post, 408, "", "", KindNoAnswer},
		{"a redirect", get, 302, "", "", KindRedirect},
		{"a refusal in words of its own", get, 422, "", "no", KindOther},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := errorBody{Error: test.error, Message: test.message}
			if got := classify(call{method: test.method}, test.status, body); got != test.want {
				t.Errorf("got kind %d, want %d", got, test.want)
			}
		})
	}
}

func TestErrorsSayWhatTheAPISaid(t *testing.T) {
	for _, test := range []struct {
		name, contentType, body string
		status                  int
		message, id             string
	}{
		{"published", jsonType, `{"error":"Unauthorized","message":"Invalid API key","correlation_id":"c1","timestamp":"t"}`, 401, "Invalid API key", "c1"},
		{"deployed", jsonType, `{"error":"Unauthorized","message":"Invalid API key","correlationId":"c2"}`, 401, "Invalid API key", "c2"},
		{"a phrase that says more than the status", jsonType, `{"error":"Failed to get phone numbers","message":"User with ID u not found"}`, 404, "Failed to get phone numbers: User with ID u not found", "sent"},
		{"an error and a message that are one", jsonType, `{"error":"no","message":"no"}`, 400, "no", "sent"},
		{"an error alone", jsonType, `{"error":"Forbidden"}`, 403, "Forbidden", "sent"},
		{"an error of another form beside a message", jsonType, `{"error":{"code":7},"message":"odd"}`, 422, "odd", "sent"},
		{"an id that cannot be shown", jsonType, `{"message":"no","correlationId":"a b"}`, 400, "no", "sent"},
		{"control characters and lines", jsonType, `{"message":"two\nlines \u001b[31m"}`, 400, "two lines [31m", "sent"},
		{"what is too long", jsonType, `{"message":"` + strings.Repeat("é", 10_000) + `"}`, 400, strings.Repeat("é", 300) + "…", "sent"},
		{"no body", "", "", 401, "the server answered without a body", "sent"},
		{"JSON of another form", jsonType, `{"detail":["secret text"]}`, 422, "the server answered application/json of 26 bytes, which is no answer of the API", "sent"},
		{"a page of HTML", "text/html; charset=utf-8", htmlPage, 502, "the server answered text/html of 41 bytes, which is no answer of the API", "sent"},
		{"a page of no type", "", "x", 400, "the server answered an unnamed type of 1 bytes, which is no answer of the API", "sent"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, _ := newClient(t, nil)
			failure := client.judge(call{method: http.MethodGet, elements: numbersPath}, answer{
				status: test.status, header: http.Header{"Content-Type": {test.contentType}}, body: []byte(test.body), correlationID: "sent",
			})
			if failure.Message != test.message || failure.CorrelationID != test.id || failure.Status != test.status {
				t.Errorf("got %+v", failure)
			}
			if text, want := failure.Error(), fmt.Sprintf("GET /users/usr_abc123/phone_numbers: status %d: %s (correlation id %s)", test.status, test.message, test.id); text != want {
				t.Errorf("got %s\nwant %s", text, want)
			}
		})
	}
}

func TestARedirectNamesItsTarget(t *testing.T) {
	client, _ := newClient(t, nil)
	client.options.Secrets.Add(token)
	for location, want := range map[string]string{
		"https://other.example/v2/users?a=" + token: "redirects to https://other.example/v2/users,",
		"https://other.example/" + token:            "redirects to https://other.example/[redacted],",
		"":                                          "redirects to an unnamed place,",
	} {
		failure := client.judge(call{method: http.MethodGet}, answer{status: 302, header: http.Header{"Location": {location}}})
		if failure.Kind != KindRedirect || !strings.Contains(failure.Message, want) {
			t.Errorf("%s: %v", location, failure)
		}
	}
}

func TestKindOf(t *testing.T) {
	failure := &Error{Kind: KindForbidden, Err: context.Canceled}
	if got := KindOf(fmt.Errorf("list: %w", failure)); got != KindForbidden {
		t.Errorf("wrapped: %d", got)
	}
	if KindOf(errors.New("else")) != KindOther || KindOf(nil) != KindOther {
		t.Error("what is no Error has a kind")
	}
	if !errors.Is(failure, context.Canceled) {
		t.Error("it does not unwrap")
	}
}
