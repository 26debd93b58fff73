// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// row is a number in JSON, with fields changed or added: "name": value.
func row(changes ...string) string {
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

func gzipped(text string) string {
	var body bytes.Buffer
	writer := gzip.NewWriter(&body)
	_, _ = writer.Write([]byte(text))
	_ = writer.Close()
	return body.String()
}

// answering is a server that answers each page with the same body, and the end after it.
func answering(status int, body string, header ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for _, line := range header {
			name, value, _ := strings.Cut(line, ": ")
			w.Header().Set(name, value)
		}
		page := body
		if r.URL.Query().Get("offset") == "1" {
			w.Header().Del("Content-Encoding")
			page = "[]"
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, page)
	})
}

func TestListReadsOddAnswersOrSaysWhatIsWrong(t *testing.T) {
	one := PhoneNumber{
		ID: "pn_1", UserID: user, Platform: "whatsapp", MetaPhoneNumberID: "836990829491415", DisplayName: "one",
		CreatedAt: "2025-02-10T10:00:00Z", UpdatedAt: "2025-02-10T10:00:00.12Z",
	}
	with := func(change func(*PhoneNumber)) *PhoneNumber { number := one; change(&number); return &number }
	big := strings.Repeat("x", 10_000_000)
	for _, test := range []struct {
		name    string
		body    string
		header  []string
		want    *PhoneNumber
		problem string
	}{
		{name: "a bare array", body: "[" + row() + "]", want: &one},
		{name: "an envelope", body: deployed("[" + row() + "]"), want: &one},
		{name: "an envelope without success", body: `{"data":[` + row() + `]}`, want: &one},
		{name: "unknown fields, and a token", body: deployed("[" + row(`"access_token":"EAAsecret"`, `"tier":{"a":[1]}`, `"waba_id":null`) + "]"), want: &one},
		{name: "a BOM", body: "\xef\xbb\xbf[" + row() + "]", want: &one},
		{name: "white space", body: " \r\n[" + row() + "]\n\n", want: &one},
		{name: "gzip", body: gzipped("[" + row() + "]"), header: []string{"Content-Encoding: gzip"}, want: &one},
		{name: "another content type", body: "[" + row() + "]", header: []string{"Content-Type: text/plain"}, want: &one},
		{name: "a 10 MB field", body: "[" + row(`"notes":"`+big+`"`) + "]", want: &one},
		{name: "a null name", body: "[" + row(`"display_name":null`) + "]", want: with(func(n *PhoneNumber) { n.DisplayName = "" })},
		{name: "null times", body: "[" + row(`"created_at":null`, `"updated_at":null`) + "]", want: with(func(n *PhoneNumber) { n.CreatedAt, n.UpdatedAt = "", "" })},
		{name: "a time with an offset", body: "[" + row(`"created_at":"2025-02-10T12:00:00+02:00"`) + "]", want: &one},
		{name: "an id with a slash", body: "[" + row(`"id":"a/b"`) + "]", want: with(func(n *PhoneNumber) { n.ID = "a/b" })},
		{name: "half of a surrogate pair", body: "[" + row(`"display_name":"\ud800"`) + "]", want: with(func(n *PhoneNumber) { n.DisplayName = "\ufffd" })},

		{name: "an empty body", body: "", problem: "an empty body"},
		{name: "null", body: "null", problem: "list of phone numbers was expected"},
		{name: "null data", body: `{"success":true,"data":null}`, problem: "list of phone numbers was expected"},
		{name: "no data", body: `{"success":true}`, problem: `JSON of another form: {"success":true}`},
		{name: "success false", body: `{"success":false,"data":[]}`, problem: `"success": false`},
		{name: "an object for the array", body: deployed(row()), problem: "list of phone numbers was expected"},
		{name: "a text", body: `"hello"`, problem: `JSON of another form: "hello"`},
		{name: "HTML", body: htmlPage, problem: "an HTML or XML page"},
		{name: "HTML that says so", body: "Welcome", header: []string{"Content-Type: text/html; charset=utf-8"}, problem: "an HTML or XML page"},
		{name: "no JSON", body: "hello\n\tworld\x1b[1m", problem: "text that is not JSON: hello world [1m"},
		{name: "torn JSON", body: "[" + row()[:30], problem: "cut off or damaged"},
		{name: "two documents", body: "[" + row() + "][]", problem: "cut off or damaged"},
		{name: "gzip that is none", body: "[" + row() + "]", header: []string{"Content-Encoding: gzip"}, problem: "broke off"},
		{name: "gzip that is torn", body: gzipped("[" + row() + "]")[:40], header: []string{"Content-Encoding: gzip"}, problem: "broke off"},
		{name: "gzip that does not say so", body: gzipped("[]"), problem: "not valid UTF-8"},
		{name: "invalid UTF-8", body: `[` + strings.Replace(row(), "one", "\xff", 1) + "]", problem: "not valid UTF-8"},
		{name: "a null row", body: "[null]", problem: "phone number 1 of the page: it has no id"},
		{name: "a number for a row", body: "[" + row() + ",7]", problem: "phone number 2 of the page: it is not a JSON object"},
		{name: "an array for a row", body: "[[]]", problem: "it is not a JSON object"},
		{name: "a number for an id", body: "[" + row(`"id":7`) + "]", problem: "id is a JSON number where text was expected"},
		{name: "a null id", body: "[" + row(`"id":null`) + "]", problem: "it has no id"},
		{name: "an id that is another path", body: "[" + row(`"id":".."`) + "]", problem: `its id is ".."`},
		{name: "an id that is a secret", body: "[" + row(`"id":"`+apiKey+`"`) + "]", problem: "its id holds a secret"},
		{name: "a number for a Meta id", body: "[" + row(`"meta_phone_number_id":836990829491415`) + "]", problem: "meta_phone_number_id is a JSON number"},
		{name: "no Meta id", body: "[" + row(`"meta_phone_number_id":null`) + "]", problem: "it has no meta_phone_number_id"},
		{name: "no platform", body: "[" + row(`"platform":""`) + "]", problem: "it has no platform"},
		{name: "an object for a name", body: "[" + row(`"display_name":{}`) + "]", problem: "display_name is a JSON object"},
		{name: "a date alone", body: "[" + row(`"created_at":"2025-02-10"`) + "]", problem: "created_at is not an RFC 3339 time"},
		{name: "no date", body: "[" + row(`"updated_at":"yesterday"`) + "]", problem: "updated_at is not an RFC 3339 time"},
		{name: "a year that UTC cannot write", body: "[" + row(`"created_at":"9999-12-31T23:59:59-14:00"`) + "]", problem: "created_at is not an RFC 3339 time"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, _ := newClient(t, answering(http.StatusOK, test.body, test.header...), func(o *Options) { o.MaxRetries = 0 })
			numbers, err := client.List(t.Context(), user)
			if test.problem != "" {
				if err == nil || !strings.Contains(err.Error(), test.problem) || !strings.HasPrefix(err.Error(), "GET /users/usr_abc123/phone_numbers: status 200: ") || len(err.Error()) > 500 {
					t.Errorf("got %v, %v; want %q", numbers, err, test.problem)
				}
				return
			}
			must(t, err)
			if len(numbers) != 1 || numbers[0] != *test.want {
				t.Errorf("got %+v, want %+v", numbers, test.want)
			}
		})
	}
}

func TestAnAnswerIsReadUpTo32MiB(t *testing.T) {
	const most = 32 << 20
	page := "[" + row() + "]"
	fill := strings.Repeat(" ", most-len(page))
	for _, test := range []struct {
		name   string
		body   string
		header string
		kind   Kind // -1: it succeeds
	}{
		{"and no less", page + fill, "X: x", -1},
		{"and no more", page + fill + " ", "X: x", KindUnreadable},
		{"after unpacking", gzipped(page + fill + " "), "Content-Encoding: gzip", KindUnreadable},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, _ := newClient(t, answering(http.StatusOK, test.body, test.header))
			_, err := client.List(t.Context(), user)
			if test.kind == -1 {
				must(t, err)
			} else if failure := failureOf(t, err, test.kind); failure.Message != "the answer is larger than 32 MiB" {
				t.Error(err)
			}
		})
	}
}

func TestAddReadsOddAnswers(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       string // the id; "" is none
	}{
		{name: "a bare object", body: row(), want: "pn_1"},
		{name: "an envelope", body: deployed(row()), want: "pn_1"},
		{name: "a bare object that says success", body: row(`"success":true`), want: "pn_1"},
		{name: "a BOM", body: "\xef\xbb\xbf" + row(), want: "pn_1"},
		{name: "everything but the id of another type", body: row(`"platform":1`, `"display_name":[]`, `"created_at":7`, `"meta_phone_number_id":{}`), want: "pn_1"},
		{name: "a date that does not parse", body: row(`"created_at":"yesterday"`), want: "pn_1"},
		{name: "an id and nothing else", body: `{"id":"pn_1"}`, want: "pn_1"},
		{name: "invalid UTF-8 in the name", body: strings.Replace(row(), "one", "\xff", 1), want: "pn_1"},
		{name: "no id", body: row(`"id":null`)},
		{name: "a number for an id", body: row(`"id":7`)},
		{name: "an array", body: "[" + row() + "]"},
		{name: "null", body: "null"},
		{name: "null data", body: `{"success":true,"data":null}`},
		{name: "no success", body: `{"success":false,"data":` + row() + `}`},
		{name: "nothing", body: ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, _ := newClient(t, nil)
			call := call{method: http.MethodPost, elements: phoneNumbersOf(user)}
			added, err := client.decodeAdded(call, answer{status: 201, body: withoutBOM([]byte(test.body))}, user, number)
			if test.want == "" {
				if failure := failureOf(t, err, KindUnreadable); !failure.PerhapsDone {
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

func fuzzClient(f *testing.F) *Client {
	client, _ := newClient(f, nil)
	client.secrets.Hold(token)
	return client
}

func FuzzDecodePage(f *testing.F) {
	for _, body := range []string{
		"[]", "[" + row() + "]", deployed("[" + row() + "," + row(`"id":"pn_2"`) + "]"), `{"success":false}`, "null", "[null]", "[[]]",
		"\xef\xbb\xbf[]", htmlPage, "[" + row()[:40], "[" + row(`"id":7`) + "]", "[" + row(`"display_name":"`+token+`"`) + "]",
	} {
		f.Add([]byte(body))
	}
	client := fuzzClient(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		call := call{method: http.MethodGet, elements: phoneNumbersOf(user)}
		numbers, err := client.decodePage(call, answer{status: 200, header: http.Header{}, body: withoutBOM(body)}, user)
		if err != nil {
			checkUnreadable(t, err)
			return
		}
		for _, number := range numbers {
			checkNumber(t, number)
			if number.Platform == "" || number.MetaPhoneNumberID == "" {
				t.Errorf("%+v is no number", number)
			}
		}
		oldestFirst(numbers)
	})
}

func FuzzDecodeAdded(f *testing.F) {
	for _, body := range []string{
		row(), deployed(row()), `{"id":"pn_1"}`, `{"id":"` + token + `"}`, `{"success":true,"data":null}`, `{"success":false}`, "null", "[]", row(`"id":7`), row()[:20],
	} {
		f.Add([]byte(body))
	}
	client := fuzzClient(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		call := call{method: http.MethodPost, elements: phoneNumbersOf(user)}
		added, err := client.decodeAdded(call, answer{status: 201, header: http.Header{}, body: withoutBOM(body)}, user, number)
		if err != nil {
			checkUnreadable(t, err)
			return
		}
		checkNumber(t, added)
	})
}

func checkUnreadable(t *testing.T, err error) {
	failure := failureOf(t, err, KindUnreadable)
	if text := failure.Error(); everywhere(text) || !utf8.ValidString(text) || strings.ContainsAny(text, "\n\r\x1b") {
		t.Errorf("%q is no message", text)
	}
}

func checkNumber(t *testing.T, number PhoneNumber) {
	if number.ID == "" || number.ID == "." || number.ID == ".." || everywhere(number.ID+" "+number.DisplayName) || number.UserID != user {
		t.Errorf("%+v is no number", number)
	}
	for _, text := range []string{number.ID, number.DisplayName, number.Platform, number.MetaPhoneNumberID} {
		if !utf8.ValidString(text) {
			t.Errorf("%q is not UTF-8", text)
		}
	}
	for _, when := range []string{number.CreatedAt, number.UpdatedAt} {
		if _, err := time.Parse(time.RFC3339, when); err != nil && when != "" {
			t.Errorf("%q is no time", when)
		}
	}
}
