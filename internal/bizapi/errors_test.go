// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		status  int
		body    string
		kind    Kind
		message string
		id      string
	}{
		{401, `{"error":"Unauthorized","message":"Invalid API key","correlation_id":"c1"}`, KindUnauthorized, "Invalid API key", "c1"},
		{401, `{"error":"Unauthorized","message":"Invalid API key","correlationId":"c2"}`, KindUnauthorized, "Invalid API key", "c2"},
		{401, ``, KindUnauthorized, "the server answered an empty body", "sent"},
		{403, `{"error":"Forbidden"}`, KindForbidden, "Forbidden", "sent"},
		{400, `{"message":"Invalid access token"}`, KindInvalidToken, "Invalid access token", "sent"},
		{401, `{"message":"Invalid access token"}`, KindInvalidToken, "Invalid access token", "sent"},
		{400, `{"message":"Invalid meta_phone_number_id"}`, KindInvalidMetaID, "Invalid meta_phone_number_id", "sent"},
		{409, `{"message":"Phone number already exists"}`, KindAlreadyExists, "Phone number already exists", "sent"},
		{409, `conflict`, KindAlreadyExists, "the server answered text that is not JSON: conflict", "sent"},
		{400, `{"message":"Meta phone number 1 is already registered for whatsapp"}`, KindAlreadyExists, "Meta phone number 1 is already registered for whatsapp", "sent"},
		{400, `{"message":"User with ID usr_1 not found"}`, KindUnknownUser, "User with ID usr_1 not found", "sent"},
		{404, `{"message":"User with ID usr_1 not found"}`, KindUnknownUser, "User with ID usr_1 not found", "sent"},
		{404, `{"message":"Phone number with ID pn_1 not found"}`, KindUnknownNumber, "Phone number with ID pn_1 not found", "sent"},
		{404, `{"message":"Route GET /v2/users/usr_1/phone_numbers not found"}`, KindUnknownRoute, "Route GET /v2/users/usr_1/phone_numbers not found", "sent"},
		{404, htmlPage, KindUnknownRoute, "the server answered an HTML or XML page, not JSON", "sent"},
		{408, ``, KindNoAnswer, "the server answered an empty body", "sent"},
		{422, `{"error":{"code":7},"message":"odd"}`, KindOther, "odd", "sent"},
		{422, `{"errors":["odd"]}`, KindOther, `the server answered JSON of another form: {"errors":["odd"]}`, "sent"},
		{500, `{"message":"Phone number already exists"}`, KindServer, "Phone number already exists", "sent"},
		{502, htmlPage, KindServer, "the server answered an HTML or XML page, not JSON", "sent"},
		{400, `{"message":"two\nlines \u001b[31m"}`, KindOther, "two lines [31m", "sent"},
		{400, `{"message":"` + strings.Repeat("é", 10_000) + `"}`, KindOther, strings.Repeat("é", longestMessage) + "…", "sent"},
	} {
		t.Run(fmt.Sprintf("%d %.40s", test.status, test.body), func(t *testing.T) {
			client, _ := newClient(t, nil)
			failure := client.newRefusal(call{method: http.MethodGet, elements: phoneNumbersOf(user)},
				answer{status: test.status, header: http.Header{}, body: []byte(test.body), correlationID: "sent"})
			if failure.Kind != test.kind || failure.Message != test.message || failure.CorrelationID != test.id || failure.Status != test.status {
				t.Errorf("got %+v", failure)
			}
			if text := failure.Error(); text != fmt.Sprintf("GET /users/usr_abc123/phone_numbers: status %d: %s (correlation id %s)", test.status, test.message, test.id) {
				t.Errorf("got %s", text)
			}
		})
	}
}

func TestKindOf(t *testing.T) {
	failure := &Error{Kind: KindForbidden}
	for kind, err := range map[Kind]error{KindForbidden: fmt.Errorf("list: %w", failure), KindOther: errors.New("else")} {
		if got := KindOf(err); got != kind {
			t.Errorf("%v is of kind %d, want %d", err, got, kind)
		}
	}
	if KindOf(nil) != KindOther {
		t.Error("no error has a kind")
	}
}
