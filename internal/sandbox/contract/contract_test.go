// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package contract_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox/contract"
)

const (
	newNumber = `{"platform":"whatsapp","meta_phone_number_id":"1","access_token":"EAAxxxxxxxxx"}`

	published = `{"id":"pn_1","user_id":"usr_abc123","platform":"whatsapp","meta_phone_number_id":"1",` +
		`"created_at":"2025-02-10T10:00:00Z","updated_at":"2025-02-10T10:00:00Z"}`
	deployed = `{"id":"pn_1","user_id":"usr_abc123","platform":"whatsapp","meta_phone_number_id":"1","access_token":"t",` +
		`"display_name":null,"waba_id":null,"tier":"T","daily_message_limit":1000,"daily_messages_sent":0,"limit_reset_at":null,` +
		`"created_at":"2025-02-10T10:00:00.123Z","updated_at":"2025-02-10T10:00:00.123Z"}`
	agent = `{"agent_id":"agt_1","user_id":"usr_abc123","phone_number_id":"pn_1","prompt_id":"p","name":"n",` +
		`"created_at":"2025-02-10T10:00:00Z","updated_at":"2025-02-10T10:00:00Z"}`
	stamp = `"timestamp":"2025-02-10T10:00:00.123Z","correlationId":"c"`
)

// recorder is a testing.TB that keeps what is reported.
type recorder struct {
	testing.TB
	reports []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.reports = append(r.reports, fmt.Sprintf(format, args...))
}

// canned answers every request in the same way.
type canned struct {
	status int
	body   string
	header http.Header // nil: JSON with a correlation id
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	if c.header == nil {
		c.header = http.Header{"Content-Type": {"application/json"}, "X-Correlation-Id": {"c"}}
	}
	return &http.Response{
		StatusCode: c.status, Header: c.header, Body: io.NopCloser(strings.NewReader(c.body)), Request: r,
	}, nil
}

func TestTransportReports(t *testing.T) {
	type sent struct{ method, path, body string }
	add := func(body string) sent { return sent{"POST", "/v1/users/usr_abc123/phone_numbers", body} }
	list := sent{"GET", "/v1/users/usr_abc123/phone_numbers", ""}
	remove := sent{"DELETE", "/v1/users/usr_abc123/phone_numbers/pn_1", ""}
	readAgent := sent{"GET", "/v1/users/usr_abc123/agents/agt_1", ""}
	change := func(body string) sent { return sent{"PATCH", readAgent.path, body} }
	deployedAgent := strings.ReplaceAll(agent, "00Z", "00.123Z")
	addedEnvelope := canned{status: 201, body: `{"success":true,"data":` + deployed + `,` + stamp + `}`}
	with := func(object, more string) string { return strings.TrimSuffix(object, "}") + "," + more + "}" }

	const isFine = ""
	tests := map[string]struct {
		sent   sent
		answer canned
		want   string // in the one report
	}{
		"a published add":             {add(newNumber), canned{status: 201, body: published}, isFine},
		"a deployed add":              {add(newNumber), addedEnvelope, isFine},
		"a published list":            {list, canned{status: 200, body: "[" + published + "]"}, isFine},
		"a deployed list":             {list, canned{status: 200, body: `{"success":true,"data":[` + deployed + `],"count":1,` + stamp + `}`}, isFine},
		"a published delete":          {remove, canned{status: 204}, isFine},
		"a deployed delete":           {remove, canned{status: 200, body: `{"success":true,"message":"gone",` + stamp + `}`}, isFine},
		"a refusal":                   {list, canned{status: 404, body: `{"error":"Not Found","message":"m",` + stamp + `}`}, isFine},
		"another base path":           {sent{"GET", "/api/v3/users/usr_abc123/phone_numbers", ""}, canned{status: 200, body: "[]"}, isFine},
		"a path that is longer":       {sent{"DELETE", "/v1/users/agents/phone_numbers/agents", ""}, canned{status: 204}, isFine},
		"a published agent":           {readAgent, canned{status: 200, body: agent}, isFine},
		"a deployed agent":            {readAgent, canned{status: 200, body: `{"success":true,"data":` + deployedAgent + `,` + stamp + `}`}, isFine},
		"a change of an agent":        {change(`{"name":"n"}`), canned{status: 200, body: agent}, isFine},
		"a user called users":         {sent{"GET", "/users/users/phone_numbers", ""}, canned{status: 200, body: "[]"}, isFine},
		"a deployed field unheard of": {add(newNumber), canned{status: 201, body: `{"success":true,"data":` + with(deployed, `"more":1`) + `,` + stamp + `}`}, isFine},

		"an unknown request field":    {add(with(newNumber, `"verified":true`)), addedEnvelope, "verified"},
		"a handle for a Meta id":      {add(strings.Replace(newNumber, `"1"`, `"@you"`, 1)), addedEnvelope, "meta_phone_number_id"},
		"a token of 1001 characters":  {add(strings.Replace(newNumber, "EAAxxxxxxxxx", strings.Repeat("x", 1001), 1)), addedEnvelope, "access_token"},
		"an empty display name":       {add(with(newNumber, `"display_name":""`)), addedEnvelope, "display_name"},
		"a null display name":         {add(with(newNumber, `"display_name":null`)), addedEnvelope, "display_name"},
		"an add without a body":       {add(""), addedEnvelope, "request body"},
		"a delete with a body":        {sent{"DELETE", remove.path, "{}"}, canned{status: 204}, "request body not allowed"},
		"an unknown query parameter":  {sent{"GET", list.path + "?page=2", ""}, canned{status: 200, body: "[]"}, `query parameter "page" is not documented`},
		"a repeated query parameter":  {sent{"GET", list.path + "?limit=1&limit=2", ""}, canned{status: 200, body: "[]"}, `query parameter "limit" is given 2 times`},
		"a query that does not parse": {sent{"GET", list.path + "?limit=%zz", ""}, canned{status: 200, body: "[]"}, "invalid URL escape"},
		"a limit of none":             {sent{"GET", list.path + "?limit=0", ""}, canned{status: 200, body: "[]"}, "limit"},
		"a user id with a space":      {sent{"GET", "/users/a%20b/phone_numbers", ""}, canned{status: 200, body: "[]"}, "user_id"},
		"an id of 51 characters":      {sent{"DELETE", list.path + "/" + strings.Repeat("x", 51), ""}, canned{status: 204}, "maximum string length is 50"},

		"a change of nothing":       {change(`{}`), canned{status: 200, body: agent}, "at least 1 properties"},
		"a change of a number":      {change(`{"phone_number_id":"pn_1"}`), canned{status: 200, body: agent}, "phone_number_id"},
		"an agent without a prompt": {sent{"POST", "/v1/users/usr_abc123/agents", `{"phone_number_id":"pn_1","name":"n"}`}, canned{status: 201, body: agent}, "prompt_id"},
		"a platform of agents":      {sent{"GET", "/v1/users/usr_abc123/agents?platform=whatsapp", ""}, canned{status: 200, body: "[]"}, `query parameter "platform" is not documented`},

		"an agent without a number":       {readAgent, canned{status: 200, body: strings.Replace(agent, `"phone_number_id":"pn_1",`, "", 1)}, "answered 200"},
		"an undocumented status":          {list, canned{status: 502, body: "{}"}, "answered 502: the status is not documented"},
		"a redirect":                      {list, canned{status: 307}, "answered 307: the status is not documented"},
		"a published list with a token":   {list, canned{status: 200, body: "[" + with(published, `"access_token":"t"`) + "]"}, "answered 200"},
		"a published time with fractions": {list, canned{status: 200, body: "[" + strings.Replace(published, "00Z", "00.5Z", 1) + "]"}, "answered 200"},
		"a row without an id":             {list, canned{status: 200, body: "[" + strings.Replace(published, `"id":"pn_1",`, "", 1) + "]"}, "answered 200"},
		"an envelope without data":        {list, canned{status: 200, body: `{"success":true,"count":0,` + stamp + `}`}, "answered 200"},
		"an error of neither form":        {list, canned{status: 404, body: `{"message":"m"}`}, "answered 404"},
		"HTML":                            {list, canned{status: 200, body: "<html>", header: http.Header{"Content-Type": {"text/html"}, "X-Correlation-Id": {"c"}}}, "Content-Type"},
		"half of the JSON":                {list, canned{status: 200, body: "["}, "failed to decode"},
		"no correlation id":               {list, canned{status: 200, body: "[]", header: http.Header{"Content-Type": {"application/json"}}}, `"X-Correlation-Id" missing`},
		"a body where none is due":        {remove, canned{status: 204, body: "gone"}, "a body where none is due"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			reports := send(t, test.answer, test.sent.method, test.sent.path, test.sent.body)
			if test.want == isFine {
				if len(reports) > 0 {
					t.Errorf("reported %q", reports)
				}
				return
			}
			if len(reports) != 1 || !strings.Contains(reports[0], test.want) {
				t.Errorf("reported %q, want one report with %q", reports, test.want)
			}
		})
	}
}

// send passes one request with a key through a transport and returns its
// reports.
func send(t *testing.T, next http.RoundTripper, method, path, body string) []string {
	t.Helper()
	r := request(t, method, "http://127.0.0.1"+path, body)
	watched := &recorder{TB: t}
	answer, err := contract.NewTransport(watched, next).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	return watched.reports
}

func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, url, reader)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("x-api-key", "k")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func TestTransportReportsPathsAndKeys(t *testing.T) {
	// Neither the request nor the answer can be placed, so both are reported.
	for _, path := range []string{"/v1/users/usr_abc123", "/v1/users/usr_abc123/templates", "/"} {
		reports := send(t, canned{status: 200, body: "[]"}, "GET", path, "")
		if len(reports) != 2 || !strings.Contains(reports[0], "the path is not documented") {
			t.Errorf("%s: reported %q", path, reports)
		}
	}
	reports := send(t, canned{status: 200, body: "[]"}, "PATCH", "/users/usr_abc123/phone_numbers/pn_1", "")
	if len(reports) != 2 || !strings.Contains(reports[0], "the method is not documented") {
		t.Errorf("an update: reported %q", reports)
	}

	watched := &recorder{TB: t}
	r := request(t, "GET", "http://127.0.0.1/users/usr_abc123/phone_numbers", "")
	r.Header.Del("x-api-key")
	answer, err := contract.NewTransport(watched, canned{status: 200, body: "[]"}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	if len(watched.reports) != 1 || !strings.Contains(watched.reports[0], "no x-api-key header") {
		t.Errorf("without a key: reported %q", watched.reports)
	}
}

// TestTransportPassesEverythingOn speaks to a real sandbox.
func TestTransportPassesEverythingOn(t *testing.T) {
	server := sandbox.New(sandbox.Options{APIKey: "k"})
	listening := httptest.NewServer(server)
	defer listening.Close()

	r := request(t, "POST", listening.URL+"/v1/users/usr_abc123/phone_numbers", newNumber)
	given := r.Body
	answer, err := contract.NewTransport(t, nil).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusCreated || !bytes.Contains(body, []byte(`"success":true`)) {
		t.Errorf("answered %d %s, error %v", answer.StatusCode, body, err)
	}
	if answer.Request != r {
		t.Error("the answer belongs to another request")
	}
	if r.Body != given {
		t.Error("the request was changed, which a transport may not do")
	}
	if asked := server.Requests()[0]; string(asked.Body) != newNumber {
		t.Errorf("the server got %s, want %s", asked.Body, newNumber)
	}
}

func TestTransportPassesFailuresOn(t *testing.T) {
	watched := &recorder{TB: t}
	failure := errors.New("no route to host")
	r := request(t, "GET", "http://127.0.0.1/users/usr_abc123/phone_numbers", "")
	if _, err := contract.NewTransport(watched, failing{failure}).RoundTrip(r); !errors.Is(err, failure) {
		t.Errorf("got %v, want %v", err, failure)
	}
	if len(watched.reports) > 0 {
		t.Errorf("reported %q", watched.reports)
	}

	server := sandbox.New(sandbox.Options{APIKey: "k"})
	server.Script(sandbox.Fault{Do: sandbox.Torn()})
	listening := httptest.NewServer(server)
	defer listening.Close()
	r = request(t, "GET", listening.URL+"/v1/users/usr_abc123/phone_numbers", "")
	answer, err := contract.NewTransport(watched, nil).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if !errors.Is(err, io.ErrUnexpectedEOF) || len(body) == 0 {
		t.Errorf("a torn answer arrives as %q, error %v", body, err)
	}
	if len(watched.reports) > 0 {
		t.Errorf("a torn answer: reported %q", watched.reports)
	}
}

type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }
