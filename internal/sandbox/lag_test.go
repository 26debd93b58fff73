// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// TestLateListing follows one clock through adds and deletes of numbers "1" to "3".
func TestLateListing(t *testing.T) {
	now := began
	server, c := serve(t, sandbox.Options{
		ListAddsAfter:    20 * time.Second,
		ListDeletesAfter: 10 * time.Second,
		Now:              func() time.Time { return now },
	})
	server.Add(user, sandbox.Number{ID: "old", Platform: "whatsapp", MetaPhoneNumberID: "1", AccessToken: token, CreatedAt: began.Add(-time.Hour)})
	steps := []struct {
		name string
		pass time.Duration
		do   func()
		want string
	}{
		{"a number of an hour ago is listed", 0, func() {}, "1"},
		{"a new one is not", 0, func() { c.whatsapp("2").wantsStatus(http.StatusCreated) }, "1"},
		{"nor is it 19 s later", 19 * time.Second, func() {}, "1"},
		{"but it is after 20", time.Second, func() {}, "2 1"},
		{"one added elsewhere is as late", 0, func() {
			server.Add(user, sandbox.Number{ID: "new", Platform: "whatsapp", MetaPhoneNumberID: "3", AccessToken: token})
		}, "2 1"},
		{"a deleted one is still listed", 0, func() { c.delete("old").wantsStatus(http.StatusOK) }, "2 1"},
		{"and its second delete is refused", 0, func() {
			c.delete("old").wants(http.StatusNotFound, "Phone number with ID old not found")
		}, "2 1"},
		{"it is listed for 10 s", 9 * time.Second, func() {}, "2 1"},
		{"and then no more", time.Second, func() {}, "2"},
		{"one deleted before it was listed", 0, func() { c.delete("new").wantsStatus(http.StatusOK) }, "2"},
		{"never is", 10 * time.Second, func() {}, "2"},
	}
	for _, step := range steps {
		now = now.Add(step.pass)
		step.do()
		if got := c.list("").metaIDs(); got != step.want {
			t.Errorf("%s: listed %q, want %q", step.name, got, step.want)
		}
	}
	if left := server.Numbers(user); len(left) != 1 || left[0].MetaPhoneNumberID != "2" {
		t.Errorf("Numbers has %v, want what there is, listed or not", left)
	}
}

func TestLateNumbersShiftNoPage(t *testing.T) {
	server, c := serve(t, sandbox.Options{ListAddsAfter: time.Second})
	for i, meta := range []string{"1", "2", "3"} {
		at := began.Add(-time.Duration(5-i) * time.Second)
		if meta == "2" {
			at = time.Time{}
		}
		server.Add(user, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: meta, AccessToken: token, CreatedAt: at})
	}
	if got := c.list("?orderDirection=ASC&limit=1&offset=1").metaIDs(); got != "3" {
		t.Errorf("the second page of one row has %q, want 3", got)
	}
}

func TestLateAgents(t *testing.T) {
	now := began
	_, c := serveAccount(t, sandbox.Options{
		ListAddsAfter:    20 * time.Second,
		ListDeletesAfter: 10 * time.Second,
		Now:              func() time.Time { return now },
	})
	listed := func() string { t.Helper(); return c.do("GET", agents, "").agentIDs() }
	c.create(sandbox.Deployed, "bot", "one").wantsStatus(http.StatusCreated)
	c.do("GET", agents+"/bot", "").wantsStatus(http.StatusOK) // a read is not late
	if got := listed(); got != "" {
		t.Errorf("listed %q at once", got)
	}
	now = now.Add(20 * time.Second)
	if got := listed(); got != "bot" {
		t.Errorf("listed %q after 20 s", got)
	}
	c.delete("one").wantsStatus(http.StatusOK)
	if got := listed(); got != "bot" {
		t.Errorf("listed %q right after its number was deleted", got)
	}
	now = now.Add(10 * time.Second)
	if got := listed(); got != "" {
		t.Errorf("listed %q 10 s after its number was deleted", got)
	}
}

func TestReleaseAfter(t *testing.T) {
	refusals := map[sandbox.Dialect]struct {
		status  int
		message string
	}{
		sandbox.Published: {409, "Phone number already exists"},
		sandbox.Deployed:  {400, "Meta phone number 1 is already registered for whatsapp"},
	}
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		now, want := began, refusals[dialect]
		server, c := serve(t, sandbox.Options{Dialect: dialect, ReleaseAfter: 30 * time.Second, Now: func() time.Time { return now }})
		c.delete(c.whatsapp("1").number().ID)
		c.whatsapp("1").wants(want.status, want.message)
		if got := c.list("").metaIDs(); got != "" {
			t.Errorf("listed %q while it is registered", got)
		}
		now = now.Add(29 * time.Second)
		c.whatsapp("1").wants(want.status, want.message)
		now = now.Add(time.Second)
		c.whatsapp("1").wantsStatus(http.StatusCreated)
		if left := server.Numbers(user); len(left) != 1 {
			t.Errorf("%v exist, want one", left)
		}
	})
}

func TestAnswersAreDatedByTheServersClock(t *testing.T) {
	now := began
	server, c := serveUnchecked(t, sandbox.Options{Now: func() time.Time { return now }})
	server.Script(
		sandbox.Fault{On: sandbox.OpDelete, Do: sandbox.Respond(502, "", "")},
		sandbox.Fault{On: sandbox.OpDelete, Do: sandbox.Respond(200, "", "", "Date: Thu, 01 Jan 1970 00:00:00 GMT")},
		sandbox.Fault{On: sandbox.OpList, Before: func() { now = now.Add(time.Hour) }},
	)
	steps := []struct{ method, path, want string }{
		{"GET", numbers, "Mon, 10 Feb 2025 11:00:00 GMT"},
		{"GET", "/elsewhere", "Mon, 10 Feb 2025 11:00:00 GMT"},
		{"DELETE", numbers + "/x", "Mon, 10 Feb 2025 11:00:00 GMT"},
		{"DELETE", numbers + "/x", "Thu, 01 Jan 1970 00:00:00 GMT"},
	}
	for i, step := range steps {
		if got := c.do(step.method, step.path, "").header["Date"]; len(got) != 1 || got[0] != step.want {
			t.Errorf("answer %d is dated %q, want %q", i+1, got, step.want)
		}
	}
}
