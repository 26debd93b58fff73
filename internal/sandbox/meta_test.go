// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// serveMeta starts a stand-in for Meta, and a client whose key it has no use for.
func serveMeta(t *testing.T, o sandbox.MetaOptions) (*sandbox.Meta, *client) {
	t.Helper()
	meta := sandbox.NewMeta(o)
	listening := httptest.NewServer(meta)
	t.Cleanup(listening.Close)
	return meta, &client{
		t:   t,
		url: listening.URL,
		http: &http.Client{
			Transport:     &http.Transport{DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// check asks about a token.
func (c *client) check(token, id string) reply {
	c.t.Helper()
	return c.try(c.request("GET", "/v24.0/"+id+"?fields=id", "", "Authorization: Bearer "+token))
}

// metaError is the error of an answer of Meta's.
func (r reply) metaError() (code, subcode int, message string) {
	r.t.Helper()
	var body struct {
		Error struct {
			Message, Type string
			Code          int
			Subcode       int    `json:"error_subcode"`
			FBTraceID     string `json:"fbtrace_id"`
		}
	}
	if err := json.Unmarshal([]byte(r.body), &body); err != nil {
		r.t.Fatalf("status %d, body %s: %v", r.status, r.body, err)
	}
	if body.Error.Type != "OAuthException" || body.Error.FBTraceID == "" {
		r.t.Errorf("the error is %s", r.body)
	}
	return body.Error.Code, body.Error.Subcode, body.Error.Message
}

func TestMetaAnswers(t *testing.T) {
	tests := map[string]sandbox.MetaError{
		"expired":       sandbox.MetaExpired,
		"malformed":     sandbox.MetaMalformed,
		"wrong object":  sandbox.MetaWrongObject,
		"no permission": sandbox.MetaNoPermission,
		"limited":       sandbox.MetaLimited,
		"failing":       sandbox.MetaFailure,
		"one's own":     {Status: 400, Code: 190, Subcode: 460, Message: "The password was changed."},
	}
	meta, c := serveMeta(t, sandbox.MetaOptions{})
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			c := c.in(t)
			meta.Refuse(token, want)
			got := c.check(token, "836990829491415")
			code, subcode, message := got.metaError()
			if diff := cmp.Diff(want, sandbox.MetaError{Status: got.status, Code: code, Subcode: subcode, Message: message}); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if strings.Contains(got.body, token) {
				t.Error("the answer has the token in it")
			}
			meta.Accept(token)
			got = c.check(token, "836990829491415")
			if got.status != http.StatusOK || got.body != `{"id":"836990829491415"}` {
				t.Errorf("a token that is taken is answered %d %s", got.status, got.body)
			}
		})
	}
}

func TestMetaDecidesByTokenAndObject(t *testing.T) {
	_, c := serveMeta(t, sandbox.MetaOptions{Refuse: func(token, id string) (sandbox.MetaError, bool) {
		return sandbox.MetaWrongObject, token == "theirs" && id == "1"
	}})
	for _, test := range []struct {
		token, id string
		status    int
	}{{"mine", "1", 200}, {"theirs", "1", 400}, {"theirs", "2", 200}} {
		if got := c.check(test.token, test.id); got.status != test.status {
			t.Errorf("%s for %s is answered with %d, want %d", test.token, test.id, got.status, test.status)
		}
	}
}

func TestMetaRefusesAnotherForm(t *testing.T) {
	tests := map[string]struct {
		method, path, authorization string
		code                        int
	}{
		"no token":               {"GET", "/v24.0/1?fields=id", "", 190},
		"another scheme":         {"GET", "/v24.0/1?fields=id", "Basic EAAxxxxxxxxx", 190},
		"a token with a space":   {"GET", "/v24.0/1?fields=id", "Bearer Bearer EAAxxxxxxxxx", 190},
		"the token in a query":   {"GET", "/v24.0/1?fields=id&access_token=EAAxxxxxxxxx", "", 2500},
		"no fields":              {"GET", "/v24.0/1", "Bearer EAAxxxxxxxxx", 2500},
		"no object":              {"GET", "/v24.0/?fields=id", "Bearer EAAxxxxxxxxx", 2500},
		"a post":                 {"POST", "/v24.0/1?fields=id", "Bearer EAAxxxxxxxxx", 2500},
		"more fields than an id": {"GET", "/v24.0/1?fields=id,name", "Bearer EAAxxxxxxxxx", 2500},
	}
	meta, c := serveMeta(t, sandbox.MetaOptions{})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := c.in(t)
			got := c.do(test.method, test.path, "", "Authorization: "+test.authorization)
			if code, _, _ := got.metaError(); got.status != http.StatusBadRequest || code != test.code {
				t.Errorf("answered %d with code %d, want 400 with %d", got.status, code, test.code)
			}
		})
	}
	if checks, all := meta.Count(sandbox.OpCheckToken), meta.Count(sandbox.OpAny); checks != 3 || all != len(tests) {
		t.Errorf("%d of %d requests count as checks, want 3 of %d", checks, all, len(tests))
	}
}

func TestMetaMisbehaves(t *testing.T) {
	tests := map[string]struct {
		do     sandbox.Behaviour
		status int // 0: no answer
		says   string
		header [2]string
	}{
		"slow":                       {do: sandbox.Delay(time.Millisecond), status: 200, says: `"id"`},
		"HTML":                       {do: sandbox.Respond(502, "text/html", "<h1>"), status: 502, says: "<h1>", header: [2]string{"Content-Type", "text/html"}},
		"a redirect to another host": {do: sandbox.RedirectTo(302, "https://other.invalid/"), status: 302, header: [2]string{"Location", "https://other.invalid/"}},
		"half of the JSON":           {do: sandbox.TornJSON(), status: 200, says: `{"id"`},
		"too many calls":             {do: sandbox.RateLimited("7"), status: 400, says: `"code":4`, header: [2]string{"Retry-After", "7"}},
		"a failure":                  {do: sandbox.DatabaseDown(), status: 400, says: `"code":2`},
		"no answer":                  {do: sandbox.Drop()},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			meta, c := serveMeta(t, sandbox.MetaOptions{})
			meta.Script(sandbox.Fault{On: sandbox.OpCheckToken, Do: test.do})
			got := c.check(token, "1")
			if got.status != test.status || !strings.Contains(got.body, test.says) {
				t.Errorf("answered %d %s %v, want %d with %s", got.status, got.body, got.err, test.status, test.says)
			}
			if name, want := test.header[0], test.header[1]; got.header.Get(name) != want {
				t.Errorf("%s is %q, want %q", name, got.header.Get(name), want)
			}
			if again := c.check(token, "1"); again.status != http.StatusOK {
				t.Errorf("the next check is answered with %d", again.status)
			}
		})
	}
}

// TestMetaCountsWhatRunsAtOnce holds three checks until all three are there.
func TestMetaCountsWhatRunsAtOnce(t *testing.T) {
	meta, c := serveMeta(t, sandbox.MetaOptions{})
	var arrived, answered sync.WaitGroup
	arrived.Add(3)
	meta.Script(sandbox.Fault{Times: 3, Commit: true, Do: func(w http.ResponseWriter, _ *http.Request, _ sandbox.Answer) {
		arrived.Done()
		arrived.Wait()
		w.WriteHeader(http.StatusOK)
	}})
	for range 3 {
		answered.Go(func() { c.check(token, "1") })
	}
	answered.Wait()
	c.check(token, "1")
	if most, all := meta.MostAtOnce(), meta.Count(sandbox.OpAny); most != 3 || all != 4 {
		t.Errorf("%d at once of %d, want 3 of 4", most, all)
	}
}

func TestMetaKeepsWhatItWasSent(t *testing.T) {
	meta, c := serveMeta(t, sandbox.MetaOptions{Now: func() time.Time { return began }})
	got := c.check(token, "836990829491415")
	if date := got.header.Get("Date"); date != "Mon, 10 Feb 2025 10:00:00 GMT" {
		t.Errorf("the answer is of %s", date)
	}
	r := meta.Requests()[0]
	if r.Path != "/v24.0/836990829491415" || r.Header.Get("Authorization") != "Bearer "+token || r.Status != http.StatusOK {
		t.Errorf("it has %+v", r)
	}
	meta.ForgetRequests()
	if left := meta.Count(sandbox.OpAny); left != 0 {
		t.Errorf("%d requests are left", left)
	}
}
