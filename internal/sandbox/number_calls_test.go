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
