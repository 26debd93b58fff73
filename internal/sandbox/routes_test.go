// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"net/http"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestRoutes(t *testing.T) {
	unserved := map[string]struct{ method, path string }{
		"a wrong base URL":         {"GET", "/v2/users/usr_abc123/phone_numbers"},
		"the root":                 {"GET", "/"},
		"a base URL of no path":    {"GET", "/v1"},
		"a version run into users": {"GET", "/v1users/usr_abc123/phone_numbers"},
		"a trailing slash":         {"GET", numbers + "/"},
		"a doubled slash":          {"GET", "/v1//users/usr_abc123/phone_numbers"},
		"one number":               {"GET", numbers + "/pn_abc123"},
		"an update":                {"PUT", numbers + "/pn_abc123"},
		"a patch":                  {"PATCH", numbers + "/pn_abc123"},
		"a delete of all":          {"DELETE", numbers},
		"an add to an id":          {"POST", numbers + "/pn_abc123"},
		"something of a number":    {"DELETE", numbers + "/pn_abc123/agent"},
		"no user":                  {"GET", "/v1/users//phone_numbers"},
		"another resource":         {"GET", "/v1/users/usr_abc123/templates"},
		"outside the base path":    {"GET", "/users/usr_abc123/phone_numbers"},
		"an agent put":             {"PUT", agents + "/agt_1"},
		"an update of all agents":  {"PATCH", agents},
	}
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		server, c := serveUnchecked(t, sandbox.Options{Dialect: dialect})
		for name, test := range unserved {
			t.Run("not served: "+name, func(t *testing.T) {
				c := c.in(t)
				got := c.do(test.method, test.path, "", "x-api-key: sk_wrong")
				got.wants(http.StatusNotFound, "Route "+test.method+" "+test.path+" not found")
			})
		}
		if asked := server.Count(sandbox.OpOther); asked != len(unserved) {
			t.Errorf("%d requests counted as other, want %d", asked, len(unserved))
		}
		n := server.Add(user, sandbox.Number{ID: "odd/id", Platform: "whatsapp", MetaPhoneNumberID: "1", AccessToken: token})
		c.delete("odd%2Fid")
		if left := server.Numbers(user); len(left) != 0 {
			t.Errorf("%s is left after a delete of its escaped id", n.ID)
		}
	})
}

func TestBasePath(t *testing.T) {
	tests := map[string]struct {
		base      string
		served    string
		notServed []string
	}{
		"/v1 unless told": {"", "/v1", []string{"", "/v2", "/api/v1", "/v1/v1"}},
		"the root":        {"/", "", []string{"/v1", "/users"}},
		"a slash behind":  {"/v1/", "/v1", []string{""}},
		"a longer path":   {"/api/v3", "/api/v3", []string{"", "/v1", "/v3", "/api"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, c := serve(t, sandbox.Options{BasePath: test.base})
			for _, resource := range []string{"phone_numbers", "agents"} {
				path := "/users/" + user + "/" + resource
				c.do("GET", test.served+path, "").wantsStatus(http.StatusOK)
				for _, base := range test.notServed {
					got := c.unchecked().do("GET", base+path, "")
					got.wants(http.StatusNotFound, "Route GET "+base+path+" not found")
				}
			}
		})
	}
}
