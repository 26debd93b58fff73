// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestNumbersBehindTheBack(t *testing.T) {
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		now := began
		server, c := serve(t, sandbox.Options{Dialect: dialect, Now: func() time.Time { return now }})
		name := "Shop"
		n := server.Add(user, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: "1", AccessToken: token, DisplayName: &name})
		if n.ID == "" || n.UserID != user || n.CreatedAt.IsZero() || n.UpdatedAt != n.CreatedAt {
			t.Errorf("Add filled in %+v", n)
		}
		if got := server.Numbers(user); len(got) != 1 || !cmp.Equal(got[0], n) {
			t.Errorf("Numbers has %+v, want %+v", got, n)
		}
		c.whatsapp("1").wantsStatus(map[sandbox.Dialect]int{sandbox.Published: 409, sandbox.Deployed: 400}[dialect])

		now = now.Add(time.Hour)
		server.Rename(n.ID, "Front desk")
		renamed := listedOne(t, c)
		if renamed.DisplayName == nil || *renamed.DisplayName != "Front desk" {
			t.Errorf("the name is %v after a rename", renamed.DisplayName)
		}
		if !strings.HasPrefix(renamed.CreatedAt, "2025-02-10T10:") || !strings.HasPrefix(renamed.UpdatedAt, "2025-02-10T11:") {
			t.Errorf("created %s and updated %s after a rename an hour later", renamed.CreatedAt, renamed.UpdatedAt)
		}
		server.Rename(n.ID, "")
		if got := listedOne(t, c).DisplayName; got != nil {
			t.Errorf("the name is %q after it was taken away", *got)
		}

		server.Rotate(n.ID, token+"2")
		if got := server.Numbers(user)[0]; got.AccessToken != token+"2" || !got.UpdatedAt.Equal(got.CreatedAt.Add(time.Hour)) {
			t.Errorf("Rotate left the token %s, updated %s", got.AccessToken, got.UpdatedAt)
		}

		server.Remove(n.ID)
		if got := c.list("").metaIDs(); got != "" {
			t.Errorf("%s is listed after its removal", got)
		}
	})
}

func listedOne(t *testing.T, c *client) row {
	t.Helper()
	var rows []row
	c.list("").into(&rows)
	if len(rows) != 1 {
		t.Fatalf("%d rows, want 1", len(rows))
	}
	return rows[0]
}

func TestAddKeepsWhatItIsGiven(t *testing.T) {
	server, _ := serve(t, sandbox.Options{})
	created := time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	want := sandbox.Number{
		ID: "fixed", UserID: other, Platform: "webchat", MetaPhoneNumberID: "front", AccessToken: token,
		CreatedAt: created, UpdatedAt: created.Add(time.Hour),
	}
	if diff := cmp.Diff(want, server.Add(other, want)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestMistakesInAScriptPanic(t *testing.T) {
	tests := map[string]func(*sandbox.Server){
		"another token for an unknown number": func(s *sandbox.Server) { s.Rotate("unknown", token) },
		"adding a number twice": func(s *sandbox.Server) {
			s.Add(other, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: "1"})
		},
		"adding an id twice": func(s *sandbox.Server) {
			s.Add(user, sandbox.Number{ID: "known", Platform: "whatsapp", MetaPhoneNumberID: "2"})
		},
		"adding to an unknown user": func(s *sandbox.Server) {
			s.Add("usr_x", sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: "2"})
		},
		"renaming what is not there":           func(s *sandbox.Server) { s.Rename("x", "y") },
		"removing what is not there":           func(s *sandbox.Server) { s.Remove("x") },
		"adding an agent of an unknown number": func(s *sandbox.Server) { s.AddAgent(user, sandbox.Agent{PhoneNumberID: "x"}) },
		"adding an agent of an unknown user":   func(s *sandbox.Server) { s.AddAgent("usr_x", sandbox.Agent{PhoneNumberID: "known"}) },
		"adding a second agent": func(s *sandbox.Server) {
			s.AddAgent(user, sandbox.Agent{PhoneNumberID: "known"})
			s.AddAgent(user, sandbox.Agent{PhoneNumberID: "known"})
		},
		"renaming an agent that is not there":  func(s *sandbox.Server) { s.RenameAgent("x", "y") },
		"prompting an agent that is not there": func(s *sandbox.Server) { s.PromptAgent("x", "y") },
		"removing an agent that is not there":  func(s *sandbox.Server) { s.RemoveAgent("x") },
	}
	for name, mistake := range tests {
		t.Run(name, func(t *testing.T) {
			server, c := serve(t, sandbox.Options{})
			server.Add(user, sandbox.Number{ID: "known", Platform: "whatsapp", MetaPhoneNumberID: "1"})
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
				if got := c.list("").metaIDs(); got != "1" { // and it still serves
					t.Errorf("listed %q afterwards, want 1", got)
				}
			}()
			mistake(server)
		})
	}
}

func TestOrder(t *testing.T) {
	at := func(meta string, seconds float64) sandbox.Number {
		return sandbox.Number{
			Platform: "whatsapp", MetaPhoneNumberID: meta, AccessToken: token,
			CreatedAt: began.Add(time.Duration(seconds * float64(time.Second))),
		}
	}
	tests := map[string]struct {
		added []sandbox.Number
		want  map[sandbox.Dialect]string // oldest first
	}{
		"created_at comes before the order of adding": {
			added: []sandbox.Number{at("1", 20), at("2", 0), at("3", 10)},
			want:  map[sandbox.Dialect]string{sandbox.Published: "2 3 1", sandbox.Deployed: "2 3 1"},
		},
		"of one time, the first added is the oldest": {
			added: []sandbox.Number{at("1", 5), at("2", 0), at("3", 0), at("4", 0)},
			want:  map[sandbox.Dialect]string{sandbox.Published: "2 3 4 1", sandbox.Deployed: "2 3 4 1"},
		},
		"a difference that is not shown does not order": {
			added: []sandbox.Number{at("1", 0.0002), at("2", 0.0001), at("3", 0.2), at("4", 0.1)},
			want:  map[sandbox.Dialect]string{sandbox.Published: "1 2 3 4", sandbox.Deployed: "1 2 4 3"},
		},
	}
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				server, c := serve(t, sandbox.Options{Dialect: dialect})
				for _, n := range test.added {
					server.Add(user, n)
				}
				ids := strings.Fields(c.list("?orderBy=created_at&orderDirection=ASC").metaIDs())
				if got := strings.Join(ids, " "); got != test.want[dialect] {
					t.Errorf("oldest first is %q, want %q", got, test.want[dialect])
				}
				newest := strings.Fields(c.list("").metaIDs())
				for i := range newest {
					if newest[i] != ids[len(ids)-1-i] {
						t.Fatalf("newest first is %v, not the reverse of %v", newest, ids)
					}
				}
				for i, n := range server.Numbers(user) {
					if n.MetaPhoneNumberID != ids[i] {
						t.Errorf("Numbers has %s at %d, the list %s", n.MetaPhoneNumberID, i, ids[i])
					}
				}
			})
		}
	})
}

func TestManyRowsOfOneTime(t *testing.T) {
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		server, c := serve(t, sandbox.Options{Dialect: dialect})
		for i := range 30 {
			server.Add(user, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: fmt.Sprint(i), AccessToken: token, CreatedAt: began})
		}
		var paged []string
		for offset := 0; offset < 30; offset += 10 {
			paged = append(paged, c.list(fmt.Sprintf("?orderDirection=ASC&limit=10&offset=%d", offset)).metaIDs())
		}
		if whole := c.list("?orderDirection=ASC&limit=30").metaIDs(); strings.Join(paged, " ") != whole {
			t.Errorf("pages have %q, a whole list %q", paged, whole)
		}
	})
}

func TestADeleteShiftsThePagesBehindIt(t *testing.T) {
	server, c := serve(t, sandbox.Options{})
	var added []sandbox.Number
	for i := range 6 {
		added = append(added, server.Add(user, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: fmt.Sprint(i), AccessToken: token}))
	}
	const page = "?orderDirection=ASC&limit=2&offset="
	first := c.list(page + "0").metaIDs()
	server.Remove(added[1].ID)
	if second := c.list(page + "2").metaIDs(); first != "0 1" || second != "3 4" {
		t.Errorf("pages %q and %q, want 0 1 and, with 2 skipped, 3 4", first, second)
	}
}
