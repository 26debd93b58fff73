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
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

const noBinding = `Failed to archive existing conversations: update or delete on table "agents" violates foreign key constraint "conversations_agent_id_fkey" on table "conversations"`

// agentRow is an agent as both dialects write it.
type agentRow struct {
	ID            string `json:"agent_id"`
	UserID        string `json:"user_id"`
	PhoneNumberID string `json:"phone_number_id"`
	PromptID      string `json:"prompt_id"`
	Name          string `json:"name"`
	CreatedAt     string `json:"created_at"`
	UpdatedAt     string `json:"updated_at"`
}

func (r reply) agent() (a agentRow) { r.t.Helper(); r.into(&a); return a }

func (r reply) agentIDs() string {
	r.t.Helper()
	var rows []agentRow
	r.into(&rows)
	ids := make([]string, len(rows))
	for i, a := range rows {
		ids[i] = a.ID
	}
	return strings.Join(ids, " ")
}

// create creates an agent in the dialect's way.
func (c *client) create(dialect sandbox.Dialect, id, numberID string) reply {
	c.t.Helper()
	if dialect == sandbox.Published {
		id = ""
	}
	return c.do("POST", agents, agent(id, numberID))
}

// serveAccount is a sandbox with the user's numbers "one" to "three" and number
// "theirs" of another user.
func serveAccount(t *testing.T, o sandbox.Options) (*sandbox.Server, *client) {
	t.Helper()
	server, c := serve(t, o)
	for i, id := range []string{"one", "two", "three"} {
		server.Add(user, sandbox.Number{ID: id, Platform: "whatsapp", MetaPhoneNumberID: fmt.Sprint(i), AccessToken: token})
	}
	server.Add(other, sandbox.Number{ID: "theirs", Platform: "whatsapp", MetaPhoneNumberID: "9", AccessToken: token})
	return server, c
}

// TestAgentsToTheLetter has one conversation about an agent with each dialect.
func TestAgentsToTheLetter(t *testing.T) {
	type answer struct {
		status int
		body   string
	}
	const (
		bare    = `{"agent_id":"ID","user_id":"usr_abc123","phone_number_id":"one","prompt_id":"pmpt_1","name":"Front desk","created_at":"2025-02-10T10:00:00Z","updated_at":"2025-02-10T10:00:00Z"}`
		renamed = `{"agent_id":"ID","user_id":"usr_abc123","phone_number_id":"one","prompt_id":"pmpt_1","name":"Shop","created_at":"2025-02-10T10:00:00Z","updated_at":"2025-02-10T11:00:00Z"}`
		stamp   = `"timestamp":"2025-02-10T1x:00:00.123Z","correlationId":"cid-1"}`
	)
	fine := func(s string) string { return strings.ReplaceAll(s, "00Z", "00.123Z") }
	want := map[sandbox.Dialect][]answer{
		sandbox.Published: {
			{201, bare}, {200, bare}, {200, renamed}, {200, "[" + renamed + "]"},
			{200, `{"message":"Agent deleted successfully"}`},
			{404, `{"error":"Not Found","message":"Agent with ID ID not found","correlation_id":"cid-1","timestamp":"2025-02-10T1x:00:00Z"}`},
		},
		sandbox.Deployed: {
			{201, `{"success":true,"data":` + fine(bare) + `,` + stamp},
			{200, `{"success":true,"data":` + fine(bare) + `,` + stamp},
			{200, `{"success":true,"data":` + fine(renamed) + `,` + stamp},
			{200, `{"success":true,"data":[` + fine(renamed) + `],"count":1,` + stamp},
			{200, `{"success":true,"message":"Agent deleted successfully",` + stamp},
			{404, `{"error":"Agent not found","message":"Agent with ID ID not found","correlationId":"cid-1","timestamp":"2025-02-10T1x:00:00.123Z"}`},
		},
	}
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		now := began
		server, c := serveAccount(t, sandbox.Options{Dialect: dialect, Now: func() time.Time { return now }})
		body := agent(map[sandbox.Dialect]string{sandbox.Deployed: "agt_chosen"}[dialect], "one")
		const cid = "x-correlation-id: cid-1"
		created := c.do("POST", agents, body, cid)
		id := created.agent().ID
		read := c.do("GET", agents+"/"+id, "", cid)
		now = now.Add(time.Hour)
		conversation := []reply{
			created, read,
			c.do("PATCH", agents+"/"+id, `{"name":"Shop","phone_number_id":"two","user_id":"x","unheard":1}`, cid),
			c.do("GET", agents, "", cid),
			c.do("DELETE", agents+"/"+id, "", cid),
			c.do("DELETE", agents+"/"+id, "", cid),
		}
		for i, said := range conversation {
			text := strings.ReplaceAll(said.body, id, "ID")
			for _, hour := range []string{"10", "11"} {
				text = strings.ReplaceAll(text, `"timestamp":"2025-02-10T`+hour, `"timestamp":"2025-02-10T1x`)
			}
			if diff := gocmp.Diff(want[dialect][i], answer{said.status, text}, gocmp.AllowUnexported(answer{})); diff != "" {
				t.Errorf("answer %d (-want +got):\n%s", i+1, diff)
			}
		}
		if dialect == sandbox.Deployed && id != "agt_chosen" || dialect == sandbox.Published && !strings.HasPrefix(id, "agt_") {
			t.Errorf("the id is %s", id)
		}
		if left := server.Agents(user); len(left) != 0 {
			t.Errorf("%v is left", left)
		}
	})
}

func TestCreateAgentRefuses(t *testing.T) {
	const required = "agent_id, phone_number_id, prompt_id, and name are required"
	body := func(id, number, prompt, name string) string {
		return fmt.Sprintf(`{"agent_id":%q,"phone_number_id":%q,"prompt_id":%q,"name":%q}`, id, number, prompt, name)
	}
	type refused struct {
		status  int
		message string
	}
	bad := func(message string) refused { return refused{400, message} }
	// The published form of a body is without the id.
	tests := map[string]struct {
		body                string
		published, deployed refused
	}{
		"no number":       {body("a", "", "p", "n"), bad("phone_number_id is required"), bad(required)},
		"no prompt":       {`{"agent_id":"a","phone_number_id":"two","name":"n"}`, bad("prompt_id is required"), bad(required)},
		"no name":         {body("a", "two", "p", ""), bad("name is required"), bad(required)},
		"a null name":     {`{"agent_id":"a","phone_number_id":"two","prompt_id":"p","name":null}`, bad("name must be a string"), bad("Validation failed: name must be a string")},
		"an odd number":   {body("a", "a b", "p", "n"), bad("Invalid phone_number_id"), bad("Validation failed: Invalid phone_number_id")},
		"a long prompt":   {body("a", "two", strings.Repeat("p", 101), "n"), bad("prompt_id must be 1 to 100 characters"), bad("Validation failed: prompt_id must be 1 to 100 characters")},
		"a long name":     {body("a", "two", "p", strings.Repeat("😀", 128)), bad("name must be 1 to 255 characters"), bad("Validation failed: name must be 1 to 255 characters")},
		"a NUL":           {`{"agent_id":"a","phone_number_id":"two","prompt_id":"p","name":"n\u0000"}`, bad("Failed to create agent"), bad("Failed to create agent")},
		"an unknown one":  {body("a", "x", "p", "n"), bad("Failed to create agent"), bad("Failed to create agent")},
		"a second agent":  {body("a", "one", "p", "n"), refused{409, "Phone number already has an active agent"}, bad(noBinding)},
		"another field":   {strings.Replace(body("a", "two", "p", "n"), "{", `{"role":"x",`, 1), bad(`Unknown field "role"`), bad(`Validation failed: Unknown field "role"`)},
		"an array":        {`[]`, bad("Request body is not a JSON object"), bad("Request body is not a JSON object")},
		"a taken id":      {body("bot", "two", "p", "n"), refused{201, ""}, bad("Agent with ID bot already exists")},
		"a taken id, too": {body("bot", "one", "p", "n"), refused{409, "Phone number already has an active agent"}, bad("Agent with ID bot already exists")},
		"another's number": {body("a", "theirs", "p", "n"),
			refused{403, "Phone number with ID theirs belongs to another user"}, refused{201, ""}},
	}
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				server, c := serveAccount(t, sandbox.Options{Dialect: dialect})
				server.AddAgent(user, sandbox.Agent{ID: "bot", PhoneNumberID: "one", PromptID: "p", Name: "n"})
				body, want := test.body, test.deployed
				if dialect == sandbox.Published {
					want = test.published
					body = strings.NewReplacer(`"agent_id":"a",`, "", `"agent_id":"bot",`, "").Replace(body)
				}
				got := c.do("POST", agents, body)
				if want.status == http.StatusCreated {
					got.wantsStatus(http.StatusCreated)
					return
				}
				got.wants(want.status, want.message)
				if left := server.Agents(user); len(left) != 1 || left[0].ID != "bot" {
					t.Errorf("the agents are %v, want the old one alone", left)
				}
			})
		}
	})
}

func TestWhoNamesAnAgent(t *testing.T) {
	tests := map[string]struct {
		options sandbox.Options
		id      string
		status  int
		message string
	}{
		"the page has no agent_id in a request": {sandbox.Options{Dialect: sandbox.Published}, "agt_1", 400, `Unknown field "agent_id"`},
		"a lenient server passes over it":       {sandbox.Options{Dialect: sandbox.Published, Lenient: true}, "agt_1", 201, ""},
		"a deployed server insists on it":       {sandbox.Options{}, "", 400, "agent_id, phone_number_id, prompt_id, and name are required"},
		"and on its form":                       {sandbox.Options{}, "a b", 400, "Validation failed: Invalid agent_id"},
		"and on its length":                     {sandbox.Options{}, strings.Repeat("a", 51), 400, "Validation failed: Invalid agent_id"},
		"and takes it":                          {sandbox.Options{}, strings.Repeat("a", 50), 201, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, c := serveAccount(t, test.options)
			got := c.do("POST", agents, agent(test.id, "one"))
			got.wantsStatus(test.status)
			if test.message != "" {
				got.wants(test.status, test.message)
			} else if isKept := got.agent().ID == test.id; isKept != (test.options.Dialect != sandbox.Published) {
				t.Errorf("the id is %s", got.agent().ID)
			}
		})
	}
}

func TestAnAgentsIDAndItsNumberAreFreeAfterItsDelete(t *testing.T) {
	server, c := serveAccount(t, sandbox.Options{})
	server.AddAgent(other, sandbox.Agent{ID: "bot", PhoneNumberID: "theirs"})
	c.create(sandbox.Deployed, "bot", "one").wants(400, "Agent with ID bot already exists")
	server.RemoveAgent("bot")
	c.create(sandbox.Deployed, "bot", "one").wantsStatus(http.StatusCreated)
	c.do("DELETE", agents+"/bot", "").wantsStatus(http.StatusOK)
	c.create(sandbox.Deployed, "next", "one").wantsStatus(http.StatusCreated)
}

func TestOfManyCreatesOfOneAgentOneWins(t *testing.T) {
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		server, c := serveAccount(t, sandbox.Options{Dialect: dialect})
		var created atomic.Int32
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				if c.create(dialect, fmt.Sprintf("agt_%d", i), "one").status == http.StatusCreated {
					created.Add(1)
				}
			})
		}
		all.Wait()
		if created.Load() != 1 || len(server.Agents(user)) != 1 {
			t.Errorf("%d creates succeeded and %d agents exist, want 1 and 1", created.Load(), len(server.Agents(user)))
		}
	})
}

func TestAnotherUsersNumber(t *testing.T) {
	server, c := serveAccount(t, sandbox.Options{})
	c.create(sandbox.Deployed, "intruder", "theirs").wantsStatus(http.StatusCreated)
	theirs := strings.Replace(agents, user, other, 1)
	if got := c.do("GET", theirs, "").agentIDs(); got != "" {
		t.Errorf("the number's owner sees %s", got)
	}
	c.do("POST", theirs, agent("mine", "theirs")).wants(400, noBinding)
	server.Remove("theirs")
	if left := server.Agents(user); len(left) != 0 {
		t.Errorf("%v outlived its number", left)
	}
}

func TestAgentsOfUnknownUsers(t *testing.T) {
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		_, c := serveAccount(t, sandbox.Options{Dialect: dialect})
		unknown := strings.Replace(agents, user, "usr_x", 1)
		id := map[sandbox.Dialect]string{sandbox.Deployed: "agt_1"}[dialect]
		c.do("POST", unknown, agent(id, "one")).wants(map[sandbox.Dialect]int{sandbox.Published: 403, sandbox.Deployed: 400}[dialect],
			map[sandbox.Dialect]string{sandbox.Published: "Phone number with ID one belongs to another user", sandbox.Deployed: "Failed to create agent"}[dialect])
		c.do("GET", strings.Replace(agents, user, "a%20b", 1), "").wants(400, "Invalid user_id")
		list := c.do("GET", unknown, "")
		if dialect == sandbox.Published {
			list.wants(404, "User with ID usr_x not found")
			return
		}
		list.wantsStatus(http.StatusOK)
		if got := list.agentIDs(); got != "" {
			t.Errorf("listed %s", got)
		}
	})
}

func TestListAgents(t *testing.T) {
	tests := map[string]struct {
		options sandbox.Options
		query   string
		want    string
	}{
		"newest first":                {query: "", want: "c b a"},
		"oldest first when asked":     {query: "?orderBy=created_at&orderDirection=ASC", want: "a b c"},
		"a page":                      {query: "?limit=1&offset=1", want: "b"},
		"a number's, which it is not": {query: "?phone_number_id=one", want: "c b a"},
		"a cap":                       {options: sandbox.Options{MaxPageSize: 2}, want: "c b"},
		"paging ignored":              {options: sandbox.Options{IgnorePaging: true, PageSize: 2}, query: "?limit=3&offset=1", want: "c b"},
	}
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				test.options.Dialect = dialect
				server, c := serveAccount(t, test.options)
				for id, number := range map[string]string{"a": "one", "b": "two", "c": "three"} {
					at := began.Add(time.Duration(id[0]) * time.Second)
					server.AddAgent(user, sandbox.Agent{ID: id, PhoneNumberID: number, CreatedAt: at})
				}
				if got := c.do("GET", agents+test.query, "").agentIDs(); got != test.want {
					t.Errorf("listed %q, want %q", got, test.want)
				}
			})
		}
		_, c := serve(t, sandbox.Options{Dialect: dialect})
		c.do("GET", agents+"?platform=whatsapp", "").wants(400, `Invalid query parameter "platform"`)
	})
}

func TestAPageOfAgentsIsAHundred(t *testing.T) {
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		server, c := serve(t, sandbox.Options{Dialect: dialect})
		for i := range 120 {
			n := server.Add(user, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: fmt.Sprint(i)})
			server.AddAgent(user, sandbox.Agent{PhoneNumberID: n.ID})
		}
		for query, want := range map[string]int{"": 100, "?limit=1000": 120} {
			if rows := len(strings.Fields(c.do("GET", agents+query, "").agentIDs())); rows != want {
				t.Errorf("a page of %q has %d rows, want %d", query, rows, want)
			}
		}
	})
}

func TestUpdateAgent(t *testing.T) {
	tests := map[string]struct {
		body         string
		status       int // 0: 200
		message      string
		breaksRule   bool
		name, prompt string // "": as before
	}{
		"a name":              {body: `{"name":"m"}`, name: "m"},
		"a prompt":            {body: `{"prompt_id":"q"}`, prompt: "q"},
		"both":                {body: `{"name":"m","prompt_id":"q"}`, name: "m", prompt: "q"},
		"nothing":             {body: `{}`},
		"anything else":       {body: `{"agent_id":"x","phone_number_id":"two","unheard":null}`},
		"a name of 255 units": {body: `{"name":"` + strings.Repeat("é", 255) + `"}`, name: strings.Repeat("é", 255)},

		"an empty name":     {body: `{"name":""}`, status: 400, message: "name must be 1 to 255 characters", breaksRule: true},
		"an empty prompt":   {body: `{"prompt_id":""}`, status: 400, message: "prompt_id must be 1 to 100 characters", breaksRule: true},
		"a long name":       {body: `{"name":"` + strings.Repeat("é", 256) + `"}`, status: 400, message: "name must be 1 to 255 characters", breaksRule: true},
		"a number for text": {body: `{"name":1}`, status: 400, message: "name must be a string", breaksRule: true},
		"a NUL":             {body: `{"name":"\u0000"}`, status: 400, message: "Failed to update agent"},
		"what is not JSON":  {body: `name`, status: 400, message: "Request body is not a JSON object"},
	}
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				now := began
				server, c := serveAccount(t, sandbox.Options{Dialect: dialect, Now: func() time.Time { return now }})
				want := server.AddAgent(user, sandbox.Agent{ID: "bot", PhoneNumberID: "one", PromptID: "p", Name: "n"})
				now = now.Add(time.Hour)
				got := c.do("PATCH", agents+"/bot", test.body)
				if test.status != 0 {
					message := test.message
					if test.breaksRule && dialect == sandbox.Deployed {
						message = "Validation failed: " + message
					}
					got.wants(test.status, message)
				} else {
					got.wantsStatus(http.StatusOK)
					want.Name, want.PromptID = cmp.Or(test.name, "n"), cmp.Or(test.prompt, "p")
					want.UpdatedAt = want.CreatedAt.Add(time.Hour) // in any case
					if a := got.agent(); a.Name != want.Name || a.PromptID != want.PromptID || a.UpdatedAt == a.CreatedAt {
						t.Errorf("answered %+v", a)
					}
				}
				if diff := gocmp.Diff([]sandbox.Agent{want}, server.Agents(user)); diff != "" {
					t.Errorf("agents (-want +got):\n%s", diff)
				}
			})
		}
	})
}

func TestAgentsThatAreNotTheUsers(t *testing.T) {
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		server, c := serveAccount(t, sandbox.Options{Dialect: dialect})
		server.AddAgent(other, sandbox.Agent{ID: "their-bot", PhoneNumberID: "theirs", PromptID: "p", Name: "n"})
		for _, method := range []string{"GET", "PATCH", "DELETE"} {
			c.do(method, agents+"/x", `{"name":"m"}`).wants(404, "Agent with ID x not found")
			c.do(method, agents+"/their-bot", `{"name":"m"}`).wants(403, "Agent does not belong to this user")
		}
		if left := server.Agents(other); len(left) != 1 || left[0].Name != "n" {
			t.Errorf("the other user's agents are %v", left)
		}
	})
}

func TestADeletedNumberTakesItsAgentAlong(t *testing.T) {
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		server, c := serveAccount(t, sandbox.Options{Dialect: dialect})
		server.AddAgent(user, sandbox.Agent{ID: "bot", PhoneNumberID: "one"})
		server.AddAgent(user, sandbox.Agent{ID: "kept", PhoneNumberID: "two"})
		c.delete("one")
		c.do("GET", agents+"/bot", "").wants(404, "Agent with ID bot not found")
		if got := c.do("GET", agents, "").agentIDs(); got != "kept" {
			t.Errorf("listed %q, want kept", got)
		}
		server.RemoveAgent("kept")
		c.delete("two") // and takes nothing along
		c.create(dialect, "new", "three").wantsStatus(http.StatusCreated)
	})
}

func TestAgentsBehindTheBack(t *testing.T) {
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		now := began
		server, c := serveAccount(t, sandbox.Options{Dialect: dialect, Now: func() time.Time { return now }})
		a := server.AddAgent(user, sandbox.Agent{PhoneNumberID: "one", PromptID: "p", Name: "n"})
		if a.ID == "" || a.UserID != user || a.CreatedAt.IsZero() || a.UpdatedAt != a.CreatedAt {
			t.Errorf("AddAgent filled in %+v", a)
		}
		now = now.Add(time.Hour)
		server.RenameAgent(a.ID, "m")
		server.PromptAgent(a.ID, "q")
		got := c.do("GET", agents+"/"+a.ID, "").agent()
		if got.Name != "m" || got.PromptID != "q" || !strings.HasPrefix(got.UpdatedAt, "2025-02-10T11:") {
			t.Errorf("read %+v after changes", got)
		}
		server.RemoveAgent(a.ID)
		c.do("GET", agents+"/"+a.ID, "").wantsStatus(http.StatusNotFound)
	})
}

func TestRequestsForAgentsAreCounted(t *testing.T) {
	server, c := serveAccount(t, sandbox.Options{})
	server.Script(sandbox.Fault{On: sandbox.OpReadAgent, Do: sandbox.Respond(404, "application/json", `{"error":"x","message":"m","correlationId":"c","timestamp":"2025-02-10T10:00:00.123Z"}`, "X-Correlation-Id: c")})
	c.create(sandbox.Deployed, "bot", "one").wantsStatus(http.StatusCreated)
	c.do("GET", agents, "").wantsStatus(http.StatusOK)
	c.do("GET", agents+"/bot", "").wants(http.StatusNotFound, "m")
	c.do("PATCH", agents+"/bot", `{"name":"m"}`).wantsStatus(http.StatusOK)
	c.do("DELETE", agents+"/bot", "").wantsStatus(http.StatusOK)
	for _, op := range []sandbox.Operation{
		sandbox.OpCreateAgent, sandbox.OpListAgents, sandbox.OpReadAgent, sandbox.OpUpdateAgent, sandbox.OpDeleteAgent,
	} {
		if got := server.Count(op); got != 1 {
			t.Errorf("%d requests of operation %q, want 1", got, op)
		}
	}
}
