// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// TestBehaviours has each behaviour hit an add, with and without a commit before
// it, through a real connection.
func TestBehaviours(t *testing.T) {
	noAnswer := func(t *testing.T, got reply) {
		if got.err == nil || got.status != 0 {
			t.Errorf("answered %d %s, want no answer", got.status, got.body)
		}
	}
	tests := map[string]struct {
		do        sandbox.Behaviour
		effective bool // takes effect whether the fault commits or not
		wants     func(t *testing.T, got reply)
	}{
		"Drop closes the connection without an answer": {do: sandbox.Drop(), wants: noAnswer},
		"Respond answers what it is told": {
			do: sandbox.Respond(502, "text/html", "<h1>Bad gateway</h1>", "Retry-After: 3", "X-A: b: c"),
			wants: func(t *testing.T, got reply) {
				if got.status != 502 || got.body != "<h1>Bad gateway</h1>" || got.err != nil {
					t.Errorf("answered %d %s %v", got.status, got.body, got.err)
				}
				for name, want := range map[string]string{"Content-Type": "text/html", "Retry-After": "3", "X-A": "b: c"} {
					if got.header.Get(name) != want {
						t.Errorf("%s is %q, want %q", name, got.header.Get(name), want)
					}
				}
			},
		},
		"Respond names no content type where none is given": {
			do: sandbox.Respond(201, "", "<h1>"),
			wants: func(t *testing.T, got reply) {
				if values, ok := got.header["Content-Type"]; got.status != 201 || ok {
					t.Errorf("answered %d, Content-Type %v", got.status, values)
				}
			},
		},
		"Torn ends early": {
			do: sandbox.Torn(), effective: true,
			wants: func(t *testing.T, got reply) {
				if got.status != 201 || !errors.Is(got.err, io.ErrUnexpectedEOF) || got.body == "" {
					t.Errorf("answered %d %q, error %v", got.status, got.body, got.err)
				}
				length, _ := strconv.Atoi(got.header.Get("Content-Length"))
				if length/2 != len(got.body) {
					t.Errorf("a Content-Length of %s to %d bytes", got.header.Get("Content-Length"), len(got.body))
				}
			},
		},
		"TornJSON is whole to HTTP and half to JSON": {
			do: sandbox.TornJSON(), effective: true,
			wants: func(t *testing.T, got reply) {
				if got.status != 201 || got.err != nil || !strings.HasPrefix(got.body, "{") || strings.HasSuffix(got.body, "}") {
					t.Errorf("answered %d %q, error %v", got.status, got.body, got.err)
				}
			},
		},
		"RedirectTo sends elsewhere": {
			do: sandbox.RedirectTo(307, "http://127.0.0.1:1/x"),
			wants: func(t *testing.T, got reply) {
				if got.status != 307 || got.header.Get("Location") != "http://127.0.0.1:1/x" {
					t.Errorf("answered %d, Location %q", got.status, got.header.Get("Location"))
				}
			},
		},
		"Delay answers in the end": {
			do: sandbox.Delay(time.Millisecond), effective: true,
			wants: func(_ *testing.T, got reply) { got.wantsStatus(201) },
		},
		"RateLimited answers 429 with the header": {
			do: sandbox.RateLimited("17"),
			wants: func(t *testing.T, got reply) {
				got.wants(429, "Rate limit exceeded")
				if got.header.Get("Retry-After") != "17" {
					t.Errorf("Retry-After is %q", got.header.Get("Retry-After"))
				}
			},
		},
		"RateLimited leaves the header out": {
			do: sandbox.RateLimited(""),
			wants: func(t *testing.T, got reply) {
				got.wants(429, "Rate limit exceeded")
				if values, ok := got.header["Retry-After"]; ok {
					t.Errorf("Retry-After is %q", values)
				}
			},
		},
		"no behaviour is the ordinary answer": {
			effective: true,
			wants:     func(_ *testing.T, got reply) { got.wantsStatus(201) },
		},
		"one's own behaviour": {
			do: func(w http.ResponseWriter, r *http.Request, answer sandbox.Answer) {
				body, _ := io.ReadAll(r.Body)
				fmt.Fprintf(w, "%s %d", body, answer.Status/100)
			},
			wants: func(t *testing.T, got reply) {
				if got.status != 200 || !strings.HasPrefix(got.body, whatsapp("1")+" ") {
					t.Errorf("answered %d %s", got.status, got.body)
				}
			},
		},
	}
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		for name, test := range tests {
			for _, commit := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, commit %v", name, commit), func(t *testing.T) {
					server, c := serveUnchecked(t, sandbox.Options{Dialect: dialect})
					server.Script(sandbox.Fault{On: sandbox.OpAdd, Commit: commit, Do: test.do})
					test.wants(t, c.try(c.request("POST", numbers, whatsapp("1"))))
					if got, want := len(server.Numbers(user)) == 1, commit || test.effective; got != want {
						t.Errorf("the add took effect: %v, want %v", got, want)
					}
					// It is over after one request.
					c.whatsapp("2").wantsStatus(http.StatusCreated)
				})
			}
		}
	})
}

func TestHang(t *testing.T) {
	for _, commit := range []bool{false, true} {
		t.Run(fmt.Sprintf("answers nothing until the client goes away, commit %v", commit), func(t *testing.T) {
			server, c := serveUnchecked(t, sandbox.Options{})
			hit := make(chan struct{})
			server.Script(sandbox.Fault{On: sandbox.OpAdd, Commit: commit, Do: func(w http.ResponseWriter, r *http.Request, a sandbox.Answer) {
				close(hit)
				defer func() {
					if r.Context().Err() == nil {
						t.Error("it ended while the client was there")
					}
				}()
				sandbox.Hang()(w, r, a)
			}})
			ctx, goAway := context.WithCancel(t.Context())
			answered := make(chan reply, 1)
			go func() {
				answered <- c.try(c.request("POST", numbers, whatsapp("1")).WithContext(ctx))
			}()
			<-hit
			goAway()
			if got := <-answered; !errors.Is(got.err, context.Canceled) {
				t.Errorf("answered %d, error %v", got.status, got.err)
			}
			if got := len(server.Numbers(user)) == 1; got != commit {
				t.Errorf("the add took effect: %v, want %v", got, commit)
			}
			if status := server.Requests()[0].Status; status != 0 {
				t.Errorf("status %d, want none", status)
			}
		})
	}
}

func TestADelayThatOutlastsTheClient(t *testing.T) {
	for _, commit := range []bool{false, true} {
		t.Run(fmt.Sprintf("takes effect only if it committed before: %v", commit), func(t *testing.T) {
			server, c := serveUnchecked(t, sandbox.Options{})
			ended := make(chan struct{})
			server.Script(sandbox.Fault{On: sandbox.OpAdd, Commit: commit, Do: func(w http.ResponseWriter, r *http.Request, a sandbox.Answer) {
				defer close(ended)
				sandbox.Delay(time.Hour)(w, r, a)
			}})
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if got := c.try(c.request("POST", numbers, whatsapp("1")).WithContext(ctx)); got.err == nil {
				t.Errorf("answered %d", got.status)
			}
			<-ended
			if got := len(server.Numbers(user)) == 1; got != commit {
				t.Errorf("the add took effect: %v, want %v", got, commit)
			}
		})
	}
}

func TestAnAnswerWithoutABodyIsTorn(t *testing.T) {
	server, c := serveUnchecked(t, sandbox.Options{Dialect: sandbox.Published})
	n := server.Add(user, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: "1"})
	server.Script(sandbox.Fault{On: sandbox.OpDelete, Do: sandbox.Torn()}, sandbox.Fault{On: sandbox.OpDelete, Commit: true, Do: sandbox.TornJSON()})
	if got := c.try(c.request("DELETE", numbers+"/"+n.ID, "")); got.err == nil {
		t.Errorf("Torn answered %d, want no answer", got.status)
	}
	n = server.Add(user, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: "1"})
	c.delete(n.ID).wantsStatus(http.StatusNoContent)
}

// TestDatabaseDown wants what a deployed server was seen to answer, and nothing done.
func TestDatabaseDown(t *testing.T) {
	tests := map[sandbox.Operation]struct {
		method, path, body string
		status             int
		failure, message   string
	}{
		sandbox.OpAdd:         {"POST", numbers, whatsapp("5"), 400, "Failed to add phone number", "Failed to add phone number"},
		sandbox.OpList:        {"GET", numbers, "", 404, "Failed to get phone numbers", "Failed to get phone numbers"},
		sandbox.OpDelete:      {"DELETE", numbers + "/one", "", 404, "Phone number not found", "Failed to get phone number"},
		sandbox.OpCreateAgent: {"POST", agents, agent("agt_1", "two"), 400, "Failed to create agent", "Failed to create agent"},
		sandbox.OpListAgents:  {"GET", agents, "", 404, "Failed to get agents", "Failed to get agents"},
		sandbox.OpReadAgent:   {"GET", agents + "/bot", "", 404, "Agent not found", "Failed to get agent"},
		sandbox.OpUpdateAgent: {"PATCH", agents + "/bot", `{"name":"m"}`, 404, "Agent not found", "Failed to get agent"},
		sandbox.OpDeleteAgent: {"DELETE", agents + "/bot", "", 404, "Agent not found", "Failed to get agent"},
	}
	for op, test := range tests {
		t.Run(string(op), func(t *testing.T) {
			server, c := serveAccount(t, sandbox.Options{})
			server.AddAgent(user, sandbox.Agent{ID: "bot", PhoneNumberID: "one", PromptID: "p", Name: "n"})
			server.Script(sandbox.Fault{On: op, Do: sandbox.DatabaseDown()})
			got := c.do(test.method, test.path, test.body)
			got.wants(test.status, test.message)
			var body struct{ Error string }
			got.into(&body)
			if body.Error != test.failure {
				t.Errorf("the error is %q, want %q", body.Error, test.failure)
			}
			if left := server.Agents(user); len(server.Numbers(user)) != 3 || len(left) != 1 || left[0].Name != "n" {
				t.Errorf("%d numbers and the agents %v are there, want all as before", len(server.Numbers(user)), left)
			}
			if again := c.do(test.method, test.path, test.body); again.status >= 400 {
				t.Errorf("once it is up it answers %d %s", again.status, again.body)
			}
		})
	}
	server, c := serve(t, sandbox.Options{})
	server.Script(sandbox.Fault{Commit: true, Times: 2, Do: sandbox.DatabaseDown()})
	c.whatsapp("1").wants(400, "Failed to add phone number")
	if added := server.Numbers(user); len(added) != 1 {
		t.Errorf("%d numbers exist after a failure behind the commit, want 1", len(added))
	}
	c.unchecked().do("GET", "/v2/users", "").wants(404, "Route GET /v2/users not found")
}

// TestErrorPhrases wants a deployed server's phrases in error, where it has some.
func TestErrorPhrases(t *testing.T) {
	_, c := serveAccount(t, sandbox.Options{})
	tests := map[string]struct {
		got  reply
		want string
	}{
		"an add":                 {c.add("{}"), "Failed to add phone number"},
		"a list of no user":      {c.do("GET", "/v1/users/usr_x/phone_numbers", ""), "Failed to get phone numbers"},
		"a list of a bad limit":  {c.list("?limit=0"), "Failed to get phone numbers"},
		"a delete":               {c.delete("x"), "Phone number not found"},
		"a delete of another's":  {c.delete("theirs"), "Forbidden"},
		"a create":               {c.do("POST", agents, "{}"), "Failed to create agent"},
		"a read":                 {c.do("GET", agents+"/x", ""), "Agent not found"},
		"an update":              {c.do("PATCH", agents+"/x", `{"name":""}`), "Failed to update agent"},
		"a wrong key":            {c.do("GET", numbers, "", "x-api-key: sk_wrong"), "Unauthorized"},
		"a path without a route": {c.unchecked().do("GET", "/v2/users", ""), "Not Found"},
	}
	for name, test := range tests {
		var body struct{ Error string }
		test.got.into(&body)
		if body.Error != test.want {
			t.Errorf("the error of %s is %q, want %q", name, body.Error, test.want)
		}
	}
}

// TestScript scripts faults that answer 501, 502 and 503, and lists and adds.
func TestScript(t *testing.T) {
	answering := func(status int, f sandbox.Fault) sandbox.Fault {
		f.Do = sandbox.Respond(status, "text/plain", "")
		return f
	}
	list, add := "list", "add"
	tests := map[string]struct {
		faults []sandbox.Fault
		ask    []string
		want   []int
	}{
		"a fault hits once unless told": {
			[]sandbox.Fault{answering(501, sandbox.Fault{On: sandbox.OpList})},
			[]string{list, list}, []int{501, 200},
		},
		"it hits its own operation alone": {
			[]sandbox.Fault{answering(501, sandbox.Fault{On: sandbox.OpList})},
			[]string{add, list}, []int{201, 501},
		},
		"OpAny hits all": {
			[]sandbox.Fault{answering(501, sandbox.Fault{On: sandbox.OpAny, Times: 2})},
			[]string{add, list, list}, []int{501, 501, 200},
		},
		"it hits so many times": {
			[]sandbox.Fault{answering(501, sandbox.Fault{Times: 3})},
			[]string{list, list, list, list}, []int{501, 501, 501, 200},
		},
		"it hits always": {
			[]sandbox.Fault{answering(501, sandbox.Fault{Times: sandbox.Always})},
			[]string{list, list, list, list}, []int{501, 501, 501, 501},
		},
		"so many pass first": {
			[]sandbox.Fault{answering(501, sandbox.Fault{On: sandbox.OpList, Skip: 2})},
			[]string{list, add, list, list, list}, []int{200, 201, 200, 501, 200},
		},
		"the first that matches wins, the next follows it": {
			[]sandbox.Fault{answering(501, sandbox.Fault{}), answering(502, sandbox.Fault{On: sandbox.OpAdd}), answering(503, sandbox.Fault{})},
			[]string{list, list, add, list}, []int{501, 503, 502, 200},
		},
		"a request that one lets pass can be hit by the next": {
			[]sandbox.Fault{answering(501, sandbox.Fault{Skip: 1}), answering(502, sandbox.Fault{})},
			[]string{list, list, list}, []int{502, 501, 200},
		},
		"a request that is hit does not count for those behind": {
			[]sandbox.Fault{answering(501, sandbox.Fault{}), answering(502, sandbox.Fault{Skip: 1})},
			[]string{list, list, list}, []int{501, 200, 502},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server, c := serveUnchecked(t, sandbox.Options{})
			server.Script(test.faults...)
			var got []int
			for i, ask := range test.ask {
				if ask == list {
					got = append(got, c.list("").status)
				} else {
					got = append(got, c.whatsapp(fmt.Sprint(i)).status)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("answered %v, want %v", got, test.want)
			}
		})
	}
}

func TestClearFaults(t *testing.T) {
	server, c := serve(t, sandbox.Options{})
	server.Script(sandbox.Fault{Times: sandbox.Always, Do: sandbox.Drop()})
	server.ClearFaults()
	c.list("").wantsStatus(http.StatusOK)
}

func TestBefore(t *testing.T) {
	server, c := serve(t, sandbox.Options{})
	server.Add(user, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: "1", AccessToken: token})
	server.Script(sandbox.Fault{On: sandbox.OpList, Skip: 1, Before: func() {
		server.Add(user, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: "2", AccessToken: token})
		if asked := server.Count(sandbox.OpList); asked != 2 {
			t.Errorf("Before saw %d lists, want the one that is hit among them: 2", asked)
		}
	}})
	for i, want := range []string{"1", "2 1", "2 1"} {
		if got := c.list("").metaIDs(); got != want {
			t.Errorf("list %d has %q, want %q", i+1, got, want)
		}
	}
	// It comes before the commit too.
	server.Script(sandbox.Fault{On: sandbox.OpAdd, Commit: true, Before: func() {
		server.Add(user, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: "3", AccessToken: token})
	}})
	c.whatsapp("3").wants(400, "Meta phone number 3 is already registered for whatsapp")
}

func TestAFaultThatCommitsShowsWhatTheAPIAnswered(t *testing.T) {
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		server, c := serve(t, sandbox.Options{Dialect: dialect})
		n := server.Add(user, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: "1", AccessToken: token})
		var seen []int
		note := func(w http.ResponseWriter, _ *http.Request, a sandbox.Answer) {
			seen = append(seen, a.Status)
			for name, values := range a.Header {
				w.Header()[name] = values
			}
			w.WriteHeader(a.Status)
			_, _ = w.Write(a.Body)
		}
		server.Script(sandbox.Fault{Times: sandbox.Always, Commit: true, Do: note})
		c.list("")
		c.delete(n.ID)
		c.delete(n.ID)
		c.do("GET", numbers, "", "x-api-key: sk_wrong")
		deleted := map[sandbox.Dialect]int{sandbox.Published: 204, sandbox.Deployed: 200}[dialect]
		if want := []int{200, deleted, 404, 401}; !slices.Equal(seen, want) {
			t.Errorf("behaviours saw %v, want %v", seen, want)
		}
	})
}

func TestABehaviourCanFlushAndHijack(t *testing.T) {
	server, c := serveUnchecked(t, sandbox.Options{})
	server.Script(sandbox.Fault{Do: func(w http.ResponseWriter, _ *http.Request, _ sandbox.Answer) {
		w.(http.Flusher).Flush()
		_, _ = io.WriteString(w, "flushed")
	}}, sandbox.Fault{Do: func(w http.ResponseWriter, _ *http.Request, _ sandbox.Answer) {
		connection, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer connection.Close()
		writeRaw(buffered, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhijacked")
	}})
	for _, want := range []string{"flushed", "hijacked"} {
		if got := c.list("").body; got != want {
			t.Errorf("answered %q, want %q", got, want)
		}
	}
}

func writeRaw(w *bufio.ReadWriter, text string) {
	_, _ = w.WriteString(text)
	_ = w.Flush()
}
