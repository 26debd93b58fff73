// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestList(t *testing.T) {
	// Seven numbers of one created_at, of which 2 and 5 are web chat channels.
	tests := map[string]struct {
		options sandbox.Options
		query   string
		want    string
	}{
		"newest first":                            {query: "", want: "7 6 5 4 3 2 1"},
		"newest first when asked":                 {query: "?orderBy=created_at&orderDirection=DESC", want: "7 6 5 4 3 2 1"},
		"oldest first when asked":                 {query: "?orderBy=created_at&orderDirection=ASC", want: "1 2 3 4 5 6 7"},
		"a page":                                  {query: "?limit=3", want: "7 6 5"},
		"the page behind it":                      {query: "?limit=3&offset=3", want: "4 3 2"},
		"a short last page":                       {query: "?limit=3&offset=6", want: "1"},
		"an offset without a limit":               {query: "?offset=5", want: "2 1"},
		"nothing behind the end":                  {query: "?offset=7", want: ""},
		"one platform":                            {query: "?platform=webchat", want: "5 2"},
		"one platform, oldest first":              {query: "?platform=whatsapp&orderDirection=ASC", want: "1 3 4 6 7"},
		"none of a platform":                      {query: "?platform=instagram", want: ""},
		"a page size of one's own":                {options: sandbox.Options{PageSize: 2}, want: "7 6"},
		"a limit over the page size":              {options: sandbox.Options{PageSize: 2}, query: "?limit=4", want: "7 6 5 4"},
		"a cap below the limit":                   {options: sandbox.Options{MaxPageSize: 2}, query: "?limit=4&offset=1", want: "6 5"},
		"a cap below the page size":               {options: sandbox.Options{MaxPageSize: 2}, want: "7 6"},
		"a cap on all rows":                       {options: sandbox.Options{PageSize: -1, MaxPageSize: 2}, want: "7 6"},
		"a limit below the cap":                   {options: sandbox.Options{MaxPageSize: 4}, query: "?limit=3", want: "7 6 5"},
		"paging ignored":                          {options: sandbox.Options{IgnorePaging: true, PageSize: 2}, query: "?limit=4&offset=3", want: "7 6"},
		"paging ignored, all rows":                {options: sandbox.Options{IgnorePaging: true, PageSize: -1}, query: "?limit=1&offset=3", want: "7 6 5 4 3 2 1"},
		"paging ignored, the order honoured":      {options: sandbox.Options{IgnorePaging: true}, query: "?limit=1&orderDirection=ASC", want: "1 2 3 4 5 6 7"},
		"the order ignored, paging honoured":      {options: sandbox.Options{IgnoreOrder: true}, query: "?limit=3&offset=1&orderDirection=ASC", want: "6 5 4"},
		"a server without a query, asked plainly": {options: sandbox.Options{RefuseQuery: true}, want: "7 6 5 4 3 2 1"},
	}
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				test.options.Dialect = dialect
				server, c := serve(t, test.options)
				for i := 1; i <= 7; i++ {
					n := sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: fmt.Sprint(i), AccessToken: token}
					if i == 2 || i == 5 {
						n.Platform = "webchat"
					}
					server.Add(user, n)
				}
				server.Add(other, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: "8", AccessToken: token})
				got := c.list(test.query)
				got.wantsStatus(http.StatusOK)
				if ids := got.metaIDs(); ids != test.want {
					t.Errorf("listed %q, want %q", ids, test.want)
				}
			})
		}
	})
}

// TestAPlatformOfMany has a deployed server ignore limit and offset.
func TestAPlatformOfMany(t *testing.T) {
	tests := map[string]struct {
		query               string
		published, deployed string
	}{
		"a limit":                {"?platform=whatsapp&limit=2", "5 4", "5 4 3 1"},
		"an offset":              {"?platform=whatsapp&offset=3", "1", "5 4 3 1"},
		"both, oldest first":     {"?platform=whatsapp&limit=2&offset=1&orderDirection=ASC", "3 4", "1 3 4 5"},
		"the default page size":  {"?platform=whatsapp", "5 4 3", "5 4 3 1"},
		"without it, all counts": {"?limit=2&offset=3", "2 1", "2 1"},
	}
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		server, c := serve(t, sandbox.Options{Dialect: dialect, PageSize: 3})
		for i, platform := range []string{"whatsapp", "webchat", "whatsapp", "whatsapp", "whatsapp"} {
			server.Add(user, sandbox.Number{Platform: platform, MetaPhoneNumberID: fmt.Sprint(i + 1), AccessToken: token})
		}
		for name, test := range tests {
			want := test.published
			if dialect == sandbox.Deployed {
				want = test.deployed
			}
			if got := c.list(test.query).metaIDs(); got != want {
				t.Errorf("%s: listed %q, want %q", name, got, want)
			}
		}
	})
}

func TestMaxLimit(t *testing.T) {
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		_, c := serve(t, sandbox.Options{Dialect: dialect, MaxLimit: 20})
		c.list("?limit=21").wants(400, "limit must be at most 20")
		c.do("GET", agents+"?limit=21", "").wants(400, "limit must be at most 20")
		for _, query := range []string{"?limit=20", "", "?offset=3"} {
			c.list(query).wantsStatus(http.StatusOK)
		}
	})
}

func TestListWithoutALimit(t *testing.T) {
	tests := map[sandbox.Dialect]int{sandbox.Published: 50, sandbox.Deployed: 100}
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		server, c := serve(t, sandbox.Options{Dialect: dialect})
		for i := range 120 {
			server.Add(user, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: fmt.Sprint(i), AccessToken: token})
		}
		if rows := len(strings.Fields(c.list("").metaIDs())); rows != tests[dialect] {
			t.Errorf("a page has %d rows, want %d", rows, tests[dialect])
		}
		if rows := len(strings.Fields(c.list("?limit=1000").metaIDs())); rows != 120 {
			t.Errorf("a page of limit 1000 has %d rows, want all 120", rows)
		}
	})
}

func TestListRefuses(t *testing.T) {
	tests := map[string]struct {
		query string
		want  string
	}{
		"a limit of none":             {"?limit=0", `Invalid query parameter "limit"`},
		"a limit that is no number":   {"?limit=many", `Invalid query parameter "limit"`},
		"an empty limit":              {"?limit=", `Invalid query parameter "limit"`},
		"a negative offset":           {"?offset=-1", `Invalid query parameter "offset"`},
		"an unknown platform":         {"?platform=telegram", `Invalid query parameter "platform"`},
		"an unknown order":            {"?orderBy=name", `Invalid query parameter "orderBy"`},
		"an unknown direction":        {"?orderDirection=up", `Invalid query parameter "orderDirection"`},
		"an unknown parameter":        {"?page=2", `Invalid query parameter "page"`},
		"a parameter in another case": {"?orderby=created_at", `Invalid query parameter "orderby"`},
		"a repeated parameter":        {"?limit=1&limit=2", `Invalid query parameter "limit"`},
		"a malformed query":           {"?limit=%zz", "Invalid query string"},
	}
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		_, c := serve(t, sandbox.Options{Dialect: dialect})
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				c := c.in(t)
				c.list(test.query).wants(http.StatusBadRequest, test.want)
			})
		}
		_, c = serve(t, sandbox.Options{Dialect: dialect, RefuseQuery: true})
		c.list("?limit=1").wants(http.StatusBadRequest, "Query parameters are not allowed")
	})
}
