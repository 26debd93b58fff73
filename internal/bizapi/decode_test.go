// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// rowOf is a number in JSON, with fields changed or added: "name": value.
func rowOf(changes ...string) string {
	fields := map[string]json.RawMessage{}
	for _, field := range append([]string{
		`"id":"pn_1"`, `"user_id":"usr_abc123"`, `"platform":"whatsapp"`, `"meta_phone_number_id":"836990829491415"`,
		`"display_name":"one"`, `"created_at":"2025-02-10T10:00:00Z"`, `"updated_at":"2025-02-10T10:00:00.120Z"`,
	}, changes...) {
		name, value, _ := strings.Cut(field, ":")
		fields[strings.Trim(name, `"`)] = json.RawMessage(value)
	}
	encoded, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return string(encoded)
}

func deployed(data string) string { return `{"success":true,"data":` + data + `,"count":1}` }

func TestAListIsReadOrItsErrorSaysWhatIsWrong(t *testing.T) {
	one := PhoneNumber{
		ID: "pn_1", UserID: user, Platform: "whatsapp", MetaPhoneNumberID: "836990829491415", DisplayName: "one",
		CreatedAt: "2025-02-10T10:00:00Z", UpdatedAt: "2025-02-10T10:00:00.12Z",
	}
	with := func(change func(*PhoneNumber)) *PhoneNumber { number := one; change(&number); return &number }
	for _, test := range []struct {
		name    string
		body    string
		want    *PhoneNumber // nil: an empty list
		problem string
	}{
		{name: "a bare array", body: "[" + rowOf() + "]", want: &one},
		{name: "an envelope", body: deployed("[" + rowOf() + "]"), want: &one},
		{name: "an envelope without success", body: `{"data":[` + rowOf() + `]}`, want: &one},
		{name: "unknown fields", body: deployed("[" + rowOf(`"tier":{"a":[1]}`, `"waba_id":null`, `"daily_message_limit":1e9`) + "]"), want: &one},
		{name: "white space", body: " \r\n[" + rowOf() + "]\n\n", want: &one},
		{name: "an empty array", body: "[]"},
		{name: "null data", body: `{"success":true,"data":null,"count":0}`},
		{name: "null data without success", body: `{"data":null}`},
		{name: "null", body: "null"},
		{name: "a null name", body: "[" + rowOf(`"display_name":null`) + "]", want: with(func(n *PhoneNumber) { n.DisplayName = "" })},
		{name: "null times", body: "[" + rowOf(`"created_at":null`, `"updated_at":null`) + "]", want: with(func(n *PhoneNumber) { n.CreatedAt, n.UpdatedAt = "", "" })},
		{name: "times that do not parse", body: "[" + rowOf(`"created_at":"2025-02-10"`, `"updated_at":"yesterday"`) + "]", want: with(func(n *PhoneNumber) { n.CreatedAt, n.UpdatedAt = "", "" })},
		{name: "times of another type", body: "[" + rowOf(`"created_at":1739181600`, `"updated_at":{}`) + "]", want: with(func(n *PhoneNumber) { n.CreatedAt, n.UpdatedAt = "", "" })},
		{name: "a year that UTC cannot write", body: "[" + rowOf(`"created_at":"9999-12-31T23:59:59-14:00"`) + "]", want: with(func(n *PhoneNumber) { n.CreatedAt = "" })},
		{name: "a time with an offset", body: "[" + rowOf(`"created_at":"2025-02-10T12:00:00+02:00"`) + "]", want: &one},
		{name: "an id with a slash", body: "[" + rowOf(`"id":"a/b"`) + "]", want: with(func(n *PhoneNumber) { n.ID = "a/b" })},
		{name: "half of a surrogate pair", body: "[" + rowOf(`"display_name":"\ud800"`) + "]", want: with(func(n *PhoneNumber) { n.DisplayName = "\ufffd" })},

		{name: "no body", body: "", problem: "the server answered without a body"},
		{name: "no data", body: `{"success":true}`, problem: "a list was expected"},
		{name: "success false", body: `{"success":false,"data":[]}`, problem: `"success": false`},
		{name: "an object for the array", body: deployed(rowOf()), problem: "a list was expected"},
		{name: "a text", body: `"hello"`, problem: "a list was expected"},
		{name: "HTML", body: htmlPage, problem: "application/json of 41 bytes"},
		{name: "torn JSON", body: "[" + rowOf()[:30], problem: "broke off or was damaged"},
		{name: "two documents", body: "[" + rowOf() + "][]", problem: "broke off or was damaged"},
		{name: "a null row", body: "[null]", problem: "row 1 of the page has no id"},
		{name: "a row of another type", body: "[" + rowOf() + ",7]", problem: "a list was expected"},
		{name: "a null id", body: "[" + rowOf() + "," + rowOf(`"id":null`) + "]", problem: "row 2 of the page has no id"},
		{name: "an id of another type", body: "[" + rowOf(`"id":7`) + "]", problem: "a list was expected"},
		{name: "no Meta id", body: "[" + rowOf(`"meta_phone_number_id":null`) + "]", problem: "row 1 of the page has no meta_phone_number_id"},
		{name: "no platform", body: "[" + rowOf(`"platform":""`) + "]", problem: "row 1 of the page has no platform"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body := test.body
				if test.want != nil && r.URL.Query().Get("offset") == "1" {
					body = "[]"
				}
				answering(http.StatusOK, jsonType, body).ServeHTTP(w, r)
			}), func(o *Options) { o.MaxRetries = 0 })
			numbers, err := client.ListPhoneNumbers(t.Context(), user)
			if test.problem != "" {
				if err == nil || !strings.Contains(err.Error(), test.problem) || !strings.HasPrefix(err.Error(), "GET /users/usr_abc123/phone_numbers: status 200: ") {
					t.Errorf("got %v, %v; want %q", numbers, err, test.problem)
				}
				return
			}
			must(t, err)
			if test.want == nil && len(numbers) > 0 || test.want != nil && (len(numbers) != 1 || numbers[0] != *test.want) {
				t.Errorf("got %+v, want %+v", numbers, test.want)
			}
		})
	}
}

// Once the id is known the number exists, whatever else the answer says.
func TestAnAddIsDoneOnceItsIDIsKnown(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       string // the id; "" is none
	}{
		{name: "a bare object", body: rowOf(), want: "pn_1"},
		{name: "an envelope", body: deployed(rowOf()), want: "pn_1"},
		{name: "everything but the id of another type", body: rowOf(`"platform":1`, `"display_name":[]`, `"created_at":7`, `"meta_phone_number_id":{}`), want: "pn_1"},
		{name: "a date that does not parse", body: rowOf(`"created_at":"yesterday"`), want: "pn_1"},
		{name: "another Meta id", body: rowOf(`"meta_phone_number_id":"1"`), want: "pn_1"},
		{name: "an id and nothing else", body: `{"id":"pn_1"}`, want: "pn_1"},
		{name: "no id", body: rowOf(`"id":null`)},
		{name: "an id of another type", body: rowOf(`"id":7`)},
		{name: "an array", body: "[" + rowOf() + "]"},
		{name: "null", body: "null"},
		{name: "null data", body: `{"success":true,"data":null}`},
		{name: "no success", body: `{"success":false,"data":` + rowOf() + `}`},
		{name: "nothing", body: ""},
		{name: "HTML", body: htmlPage},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, _ := newClient(t, nil)
			call := call{method: http.MethodPost, elements: numbersPath}
			added, err := client.decodeAddedNumber(call, answer{status: 201, body: []byte(test.body)}, user, number)
			if test.want == "" {
				if failure := failureOf(t, err, KindUnreadable); !isAmbiguous(failure) {
					t.Errorf("%v does not leave open whether the number was added", err)
				}
				return
			}
			must(t, err)
			if added.ID != test.want || added.Platform != number.Platform || added.MetaPhoneNumberID != number.MetaPhoneNumberID || added.UserID != user {
				t.Errorf("got %+v", added)
			}
		})
	}
}

func FuzzDecodePage(f *testing.F) {
	client, _ := newClient(f, nil)
	f.Fuzz(func(t *testing.T, body []byte) {
		call := call{method: http.MethodGet, elements: numbersPath}
		read := func(body phoneNumberBody) (PhoneNumber, error) { return client.readNumber(body, user) }
		numbers, err := decodeRows(client, call, answer{status: 200, body: body}, read)
		if err != nil {
			checkUnreadable(t, err)
			return
		}
		for _, number := range numbers {
			if number.ID == "" || number.Platform == "" || number.MetaPhoneNumberID == "" {
				t.Errorf("%q has the row %+v", body, number)
			}
			checkTimes(t, number)
		}
	})
}

func FuzzDecodeAdded(f *testing.F) {
	client, _ := newClient(f, nil)
	f.Fuzz(func(t *testing.T, body []byte) {
		call := call{method: http.MethodPost, elements: numbersPath}
		added, err := client.decodeAddedNumber(call, answer{status: 201, body: body}, user, number)
		if err != nil {
			checkUnreadable(t, err)
			return
		}
		if added.ID == "" {
			t.Errorf("%q has no id", body)
		}
		checkTimes(t, added)
	})
}

func checkUnreadable(t *testing.T, err error) {
	failure, ok := errors.AsType[*Error](err)
	if !ok || failure.Kind != KindUnreadable || !utf8.ValidString(err.Error()) || strings.ContainsAny(err.Error(), "\n\x1b") {
		t.Errorf("got the error %q", err)
	}
}

func checkTimes(t *testing.T, number PhoneNumber) {
	for _, text := range []string{number.CreatedAt, number.UpdatedAt} {
		if parsed, err := time.Parse(time.RFC3339Nano, text); text != "" && (err != nil || parsed.Location() != time.UTC) {
			t.Errorf("the time %q", text)
		}
	}
}
