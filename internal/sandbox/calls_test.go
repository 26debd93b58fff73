// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestAddRefuses(t *testing.T) {
	body := func(platform, meta, token, more string) string {
		return fmt.Sprintf(`{"platform":%q,"meta_phone_number_id":%q,"access_token":%q%s}`, platform, meta, token, more)
	}
	tests := map[string]struct {
		body    string
		headers []string
		status  int // 0: 400
		message string
		// breaksRule has a deployed server begin with "Validation failed: ".
		breaksRule bool
	}{
		"an unknown field":              {body: body("whatsapp", "1", token, `,"id":"x"`), breaksRule: true, message: `Unknown field "id"`},
		"a field in another case":       {body: body("whatsapp", "1", token, `,"Display_Name":"x"`), breaksRule: true, message: `Unknown field "Display_Name"`},
		"a null name":                   {body: body("whatsapp", "1", token, `,"display_name":null`), breaksRule: true, message: "display_name must be a string"},
		"a number for a string":         {body: body("whatsapp", "1", token, `,"display_name":1`), breaksRule: true, message: "display_name must be a string"},
		"an unknown platform":           {body: body("telegram", "1", token, ""), breaksRule: true, message: "Invalid platform: must be whatsapp, instagram or webchat"},
		"no platform":                   {body: `{"meta_phone_number_id":"1","access_token":"EAAxxxxxxxxx"}`, breaksRule: true, message: "Invalid platform: must be whatsapp, instagram or webchat"},
		"a formatted number":            {body: body("whatsapp", "+1 234", token, ""), message: "Invalid meta_phone_number_id"},
		"a handle":                      {body: body("instagram", "@you", token, ""), message: "Invalid meta_phone_number_id"},
		"digits and a newline":          {body: body("whatsapp", "1\n", token, ""), message: "Invalid meta_phone_number_id"},
		"a webchat id with a space":     {body: body("webchat", "a b", token, ""), message: "Invalid meta_phone_number_id"},
		"no meta id":                    {body: body("webchat", "", token, ""), message: "Invalid meta_phone_number_id"},
		"a meta id of 101 digits":       {body: body("whatsapp", strings.Repeat("1", 101), token, ""), message: "Invalid meta_phone_number_id"},
		"an empty token":                {body: body("whatsapp", "1", "", ""), message: "Invalid access token"},
		"no token":                      {body: `{"platform":"whatsapp","meta_phone_number_id":"1"}`, message: "Invalid access token"},
		"a name of 256 characters":      {body: body("whatsapp", "1", token, `,"display_name":"`+strings.Repeat("é", 256)+`"`), breaksRule: true, message: "display_name must be at most 255 characters"},
		"a name of 256 UTF-16 units":    {body: body("whatsapp", "1", token, `,"display_name":"`+strings.Repeat("😀", 128)+`"`), breaksRule: true, message: "display_name must be at most 255 characters"},
		"a NUL in the name":             {body: body("whatsapp", "1", token, `,"display_name":"a\u0000"`), message: "Failed to add phone number"},
		"a NUL in the token":            {body: strings.Replace(body("whatsapp", "1", "", ""), `""`, `"EAAxxxxxxxxx\u0000"`, 1), message: "Failed to add phone number"},
		"a NUL in the meta id":          {body: strings.Replace(body("webchat", "1", token, ""), `"1"`, `"a\u0000"`, 1), message: "Invalid meta_phone_number_id"},
		"an array":                      {body: `[]`, message: "Request body is not a JSON object"},
		"null":                          {body: `null`, message: "Request body is not a JSON object"},
		"torn JSON":                     {body: `{"platform":`, message: "Request body is not a JSON object"},
		"two objects":                   {body: `{} {}`, message: "Request body is not a JSON object"},
		"no body":                       {headers: []string{"Content-Type: application/json"}, message: "Request body is not a JSON object"},
		"bytes that are not UTF-8":      {body: body("whatsapp", "1", token, ",\"display_name\":\"\xff\""), message: "Request body is not UTF-8"},
		"a form":                        {body: body("whatsapp", "1", token, ""), headers: []string{"Content-Type: application/x-www-form-urlencoded"}, message: "Content-Type must be application/json"},
		"a body over 1 MiB":             {body: body("whatsapp", "1", token, `,"display_name":"`+strings.Repeat("x", 1<<20)+`"`), status: 413, message: "Request body is over 1048576 bytes"},
		"a wrong key":                   {body: body("whatsapp", "1", token, ""), headers: []string{"x-api-key: sk_wrong"}, status: 401, message: "Invalid API key"},
		"an empty key":                  {body: body("whatsapp", "1", token, ""), headers: []string{"x-api-key: "}, status: 401, message: "Invalid API key"},
		"a wrong key before a bad body": {body: `{`, headers: []string{"x-api-key: sk_wrong"}, status: 401, message: "Invalid API key"},
	}
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		server, c := serve(t, sandbox.Options{Dialect: dialect})
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				c, message := c.in(t), test.message
				if test.breaksRule && dialect == sandbox.Deployed {
					message = "Validation failed: " + message
				}
				c.do("POST", numbers, test.body, test.headers...).wants(cmp.Or(test.status, 400), message)
			})
		}
		if added := server.Numbers(user); len(added) != 0 {
			t.Errorf("refused requests added %v", added)
		}
	})
}

func TestAddTakes(t *testing.T) {
	tests := map[string]string{
		"a WhatsApp number":          `{"platform":"whatsapp","meta_phone_number_id":"836990829491415","access_token":"EAAxxxxxxxxx","display_name":"+1 (234) 567-8900"}`,
		"an Instagram account":       `{"platform":"instagram","meta_phone_number_id":"17841234567890123","access_token":"EAAxxxxxxxxx","display_name":"@yourbusiness"}`,
		"a web chat channel":         `{"platform":"webchat","meta_phone_number_id":"Shop.front_1+a@b-c","access_token":"EAAxxxxxxxxx"}`,
		"a meta id of 100 digits":    `{"platform":"whatsapp","meta_phone_number_id":"` + strings.Repeat("1", 100) + `","access_token":"EAAxxxxxxxxx"}`,
		"a name of 255 characters":   `{"platform":"whatsapp","meta_phone_number_id":"2","access_token":"EAAxxxxxxxxx","display_name":"` + strings.Repeat("é", 255) + `"}`,
		"a name of 254 UTF-16 units": `{"platform":"whatsapp","meta_phone_number_id":"5","access_token":"EAAxxxxxxxxx","display_name":"` + strings.Repeat("😀", 127) + `"}`,
		"a token of 10 characters":   `{"platform":"whatsapp","meta_phone_number_id":"3","access_token":"0123456789"}`,
		"a token of 1000 characters": `{"platform":"whatsapp","meta_phone_number_id":"4","access_token":"` + strings.Repeat("x", 1000) + `"}`,
	}
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		_, c := serve(t, sandbox.Options{Dialect: dialect})
		for name, body := range tests {
			t.Run(name, func(t *testing.T) {
				c := c.in(t)
				c.add(body).wantsStatus(http.StatusCreated)
			})
		}
	})
}

func TestTokenLength(t *testing.T) {
	tests := map[string]struct {
		options sandbox.Options
		length  int
		status  int
	}{
		"published takes one character":           {sandbox.Options{Dialect: sandbox.Published}, 1, 201},
		"published knows no upper bound":          {sandbox.Options{Dialect: sandbox.Published}, 1001, 201},
		"deployed refuses 9 characters":           {sandbox.Options{Dialect: sandbox.Deployed}, 9, 400},
		"deployed refuses 1001 characters":        {sandbox.Options{Dialect: sandbox.Deployed}, 1001, 400},
		"deployed takes 1000 characters":          {sandbox.Options{Dialect: sandbox.Deployed}, 1000, 201},
		"a minimum of 20 refuses 19":              {sandbox.Options{MinTokenLength: 20}, 19, 400},
		"a minimum of 20 takes 20":                {sandbox.Options{MinTokenLength: 20}, 20, 201},
		"a minimum below the default is honoured": {sandbox.Options{MinTokenLength: 3}, 3, 201},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, c := serve(t, test.options)
			// Characters of two bytes each: bytes are not what is counted.
			for _, platform := range []string{"whatsapp", "instagram", "webchat"} {
				got := c.add(`{"platform":"` + platform + `","meta_phone_number_id":"1","access_token":"` + strings.Repeat("é", test.length) + `"}`)
				got.wantsStatus(test.status)
				if test.status == http.StatusBadRequest {
					got.wants(test.status, "Invalid access token")
				}
			}
		})
	}
}

func TestOneNumberExistsOnceOverAllUsers(t *testing.T) {
	refusals := map[sandbox.Dialect]struct {
		status  int
		message string
	}{
		sandbox.Published: {409, "Phone number already exists"},
		sandbox.Deployed:  {400, "Meta phone number 836990829491415 is already registered for whatsapp"},
	}
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		server, c := serve(t, sandbox.Options{Dialect: dialect})
		want := refusals[dialect]
		added := c.whatsapp("836990829491415")
		added.wantsStatus(http.StatusCreated)

		c.whatsapp("836990829491415").wants(want.status, want.message)
		c.do("POST", "/v1/users/"+other+"/phone_numbers", whatsapp("836990829491415")).wants(want.status, want.message)
		instagram := strings.Replace(whatsapp("836990829491415"), "whatsapp", "instagram", 1)
		c.add(instagram).wantsStatus(http.StatusCreated)

		server.Remove(added.number().ID)
		again := c.whatsapp("836990829491415")
		again.wantsStatus(http.StatusCreated)
		if again.number().ID == added.number().ID {
			t.Error("the id of a deleted number was given out again")
		}
	})
}

func TestOfManyAddsOfOneNumberOneWins(t *testing.T) {
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		server, c := serve(t, sandbox.Options{Dialect: dialect})
		var added atomic.Int32
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if c.try(c.request("POST", numbers, whatsapp("1"))).status == http.StatusCreated {
					added.Add(1)
				}
				c.try(c.request("GET", numbers, ""))
			})
		}
		all.Wait()
		if added.Load() != 1 || len(server.Numbers(user)) != 1 {
			t.Errorf("%d adds succeeded and %d numbers exist, want 1 and 1", added.Load(), len(server.Numbers(user)))
		}
	})
}

func TestUnknownUsers(t *testing.T) {
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		_, c := serve(t, sandbox.Options{Dialect: dialect})
		c.do("POST", "/v1/users/usr_x/phone_numbers", whatsapp("1")).wants(400, "User with ID usr_x not found")
		c.do("GET", "/v1/users/usr_x/phone_numbers", "").wants(404, "User with ID usr_x not found")
		c.do("GET", "/v1/users/usr%2Fx/phone_numbers", "").wants(400, "Invalid user_id")
		c.do("GET", "/v1/users/"+strings.Repeat("x", 51)+"/phone_numbers", "").wants(400, "Invalid user_id")
	})
}

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

func TestLenience(t *testing.T) {
	bodies := map[string]string{
		"an unknown field":      `{"platform":"whatsapp","meta_phone_number_id":"1","access_token":"EAAxxxxxxxxx","id":{"a":[1]}}`,
		"a handle on Instagram": `{"platform":"instagram","meta_phone_number_id":"@you","access_token":"EAAxxxxxxxxx"}`,
		"a webchat form":        `{"platform":"whatsapp","meta_phone_number_id":"+1-234.a_b","access_token":"EAAxxxxxxxxx"}`,
	}
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		_, strict := serve(t, sandbox.Options{Dialect: dialect})
		_, lenient := serve(t, sandbox.Options{Dialect: dialect, Lenient: true})
		for name, body := range bodies {
			if got := strict.add(body); got.status != http.StatusBadRequest {
				t.Errorf("%s: a strict server answered %d %s", name, got.status, got.body)
			}
			if got := lenient.add(body); got.status != http.StatusCreated {
				t.Errorf("%s: a lenient server answered %d %s", name, got.status, got.body)
			}
		}
		lenient.add(`{"platform":"instagram","meta_phone_number_id":"you and me","access_token":"EAAxxxxxxxxx"}`).wants(400, "Invalid meta_phone_number_id")
	})
}

func TestAnyKeyAndDuplicates(t *testing.T) {
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		server, c := serve(t, sandbox.Options{Dialect: dialect, AnyKey: true, AllowDuplicates: true})
		for _, key := range []string{"", "sk_wrong", key} {
			c.do("POST", numbers, whatsapp("1"), "x-api-key: "+key).wantsStatus(http.StatusCreated)
		}
		if got := server.Numbers(user); len(got) != 3 {
			t.Errorf("%d numbers exist, want 3", len(got))
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

func TestDelete(t *testing.T) {
	statuses := map[sandbox.Dialect]int{sandbox.Published: 204, sandbox.Deployed: 200}
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		server, c := serve(t, sandbox.Options{Dialect: dialect})
		mine := server.Add(user, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: "1", AccessToken: token})
		kept := server.Add(user, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: "2", AccessToken: token})
		theirs := server.Add(other, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: "3", AccessToken: token})

		c.delete(mine.ID).wantsStatus(statuses[dialect])
		c.delete(mine.ID).wants(404, "Phone number with ID "+mine.ID+" not found")
		c.delete("never%2Fwas").wants(404, "Phone number with ID never/was not found")
		c.delete(theirs.ID).wants(403, "Phone number with ID "+theirs.ID+" belongs to another user")
		c.do("DELETE", numbers+"/"+kept.ID, "", "x-api-key: sk_wrong").wants(401, "Invalid API key")

		if left := server.Numbers(user); len(left) != 1 || left[0].ID != kept.ID {
			t.Errorf("%v are left, want %s alone", left, kept.ID)
		}
		if left := server.Numbers(other); len(left) != 1 {
			t.Errorf("another user has %d numbers left, want 1", len(left))
		}
	})
}

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

func TestNormalizeName(t *testing.T) {
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		_, c := serve(t, sandbox.Options{Dialect: dialect, NormalizeName: strings.TrimSpace})
		named := func(meta, name string) *string {
			body := strings.TrimSuffix(whatsapp(meta), "}") + `,"display_name":"` + name + `"}`
			return c.add(body).number().DisplayName
		}
		if got := named("1", "  Shop "); got == nil || *got != "Shop" {
			t.Errorf("the name is %v, want Shop", got)
		}
		if got := named("2", "  "); got != nil {
			t.Errorf("a name of which nothing is left is %q, want none", *got)
		}
		if got := c.whatsapp("3").number().DisplayName; got != nil {
			t.Errorf("a name that was not sent is %q, want none", *got)
		}
	})
}
