// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// TestEveryExchangeIsWithinTheContract checks requests and answers against
// openapi.yaml, and that no answer which the file documents goes unseen.
func TestEveryExchangeIsWithinTheContract(t *testing.T) {
	document, err := openapi3.NewLoader().LoadFromData(sandbox.Contract)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		for _, e := range exchanges(dialect) {
			t.Run(e.name, func(t *testing.T) {
				e.options.Dialect = dialect
				server, c := serve(t, e.options)
				if !e.isRequestOutside {
					api, err := loadContract()
					if err != nil {
						t.Fatal(err)
					}
					c.checkRequest = api.CheckRequest
				}
				server.Add(user, sandbox.Number{ID: "mine", Platform: "whatsapp", MetaPhoneNumberID: "1", AccessToken: token})
				server.Add(user, sandbox.Number{ID: "silent", Platform: "webchat", MetaPhoneNumberID: "1", AccessToken: token})
				server.Add(other, sandbox.Number{ID: "theirs", Platform: "instagram", MetaPhoneNumberID: "1", AccessToken: token})
				server.AddAgent(user, sandbox.Agent{ID: "bot", PhoneNumberID: "mine", PromptID: "p", Name: "n"})
				server.AddAgent(other, sandbox.Agent{ID: "their-bot", PhoneNumberID: "theirs", PromptID: "p", Name: "n"})
				server.ForgetRequests()
				if e.isOverLimit {
					server.Script(sandbox.Fault{Do: sandbox.RateLimited("3")})
				}
				if e.isDown {
					server.Script(sandbox.Fault{Do: sandbox.DatabaseDown()})
				}
				got := c.do(e.method, e.path, e.body, e.headers...)
				got.wantsStatus(e.status)
				seen[fmt.Sprintf("%s %d", server.Requests()[0].Operation, got.status)] = true
			})
		}
	})
	for _, answer := range documented(document) {
		if !seen[answer] {
			t.Errorf("%s is documented and was not answered", answer)
		}
	}
}

// documented are the answers of the file, as "add 201".
func documented(document *openapi3.T) []string {
	operations := map[string]sandbox.Operation{
		"addPhoneNumber": sandbox.OpAdd, "listPhoneNumbers": sandbox.OpList, "deletePhoneNumber": sandbox.OpDelete,
		"createAgent": sandbox.OpCreateAgent, "listAgents": sandbox.OpListAgents, "readAgent": sandbox.OpReadAgent,
		"updateAgent": sandbox.OpUpdateAgent, "deleteAgent": sandbox.OpDeleteAgent,
	}
	var answers []string
	for _, item := range document.Paths.Map() {
		for _, operation := range item.Operations() {
			for status := range operation.Responses.Map() {
				answers = append(answers, string(operations[operation.OperationID])+" "+status)
			}
		}
	}
	slices.Sort(answers)
	return answers
}

// exchange is one request to a sandbox that has the user's number "mine" with agent
// "bot" and number "silent" without one, and another user's number "theirs" with
// agent "their-bot".
type exchange struct {
	name             string
	options          sandbox.Options
	method, path     string
	body             string
	headers          []string
	status           int
	isRequestOutside bool // the request breaks the contract on purpose
	isOverLimit      bool
	isDown           bool // its database
}

func exchanges(dialect sandbox.Dialect) []exchange {
	return append(numberExchanges(dialect), agentExchanges(dialect)...)
}

func numberExchanges(dialect sandbox.Dialect) []exchange {
	alreadyRegistered, deleted := 409, 204
	if dialect == sandbox.Deployed {
		alreadyRegistered, deleted = 400, 200
	}
	const unknownUser = "/v1/users/usr_x/phone_numbers"
	wrongKey := []string{"x-api-key: sk_wrong"}
	named := strings.Replace(whatsapp("2"), "{", `{"display_name":"+1 (234) 567-8900",`, 1)
	instagram := strings.Replace(named, "whatsapp", "instagram", 1)
	webchat := `{"platform":"webchat","meta_phone_number_id":"front@shop","access_token":"EAAxxxxxxxxx"}`
	return []exchange{
		{name: "add a WhatsApp number", method: "POST", path: numbers, body: named, status: 201},
		{name: "add an Instagram account", method: "POST", path: numbers, body: instagram, status: 201},
		{name: "add a web chat channel", method: "POST", path: numbers, body: webchat, status: 201},
		{name: "add without a version in the path", options: sandbox.Options{BasePath: "/"}, method: "POST", path: "/users/usr_abc123/phone_numbers", body: whatsapp("2"), status: 201},
		{name: "add with a correlation id", method: "POST", path: numbers, body: named, headers: []string{"x-correlation-id: apply-1"}, status: 201},
		{name: "list", method: "GET", path: numbers, status: 200},
		{name: "list with every parameter", method: "GET", path: numbers + "?platform=whatsapp&limit=1000&offset=0&orderBy=created_at&orderDirection=ASC", status: 200},
		{name: "list nothing", method: "GET", path: numbers + "?offset=10", status: 200},
		{name: "delete", method: "DELETE", path: numbers + "/mine", status: deleted},

		{name: "add what is registered", method: "POST", path: numbers, body: whatsapp("1"), status: alreadyRegistered},
		{name: "add to an unknown user", method: "POST", path: unknownUser, body: named, status: 400},
		{name: "add with a short token", options: sandbox.Options{MinTokenLength: 50}, method: "POST", path: numbers, body: named, status: 400},
		{name: "add with a wrong key", method: "POST", path: numbers, body: named, headers: wrongKey, status: 401},
		{name: "add over the limit", method: "POST", path: numbers, body: named, status: 429, isOverLimit: true},
		{name: "add while the database is down", method: "POST", path: numbers, body: named, status: 400, isDown: true},
		{name: "list while the database is down", method: "GET", path: numbers, status: 404, isDown: true},
		{name: "list over the largest limit", options: sandbox.Options{MaxLimit: 10}, method: "GET", path: numbers + "?limit=11", status: 400},
		{name: "delete while the database is down", method: "DELETE", path: numbers + "/mine", status: 404, isDown: true},
		{name: "list of an unknown user", method: "GET", path: unknownUser, status: 404},
		{name: "list where no query is taken", options: sandbox.Options{RefuseQuery: true}, method: "GET", path: numbers + "?limit=1", status: 400},
		{name: "list with a wrong key", method: "GET", path: numbers, headers: wrongKey, status: 401},
		{name: "list over the limit", method: "GET", path: numbers, status: 429, isOverLimit: true},
		{name: "delete what is not there", method: "DELETE", path: numbers + "/x", status: 404},
		{name: "delete another user's", method: "DELETE", path: numbers + "/theirs", status: 403},
		{name: "delete with a wrong key", method: "DELETE", path: numbers + "/mine", headers: wrongKey, status: 401},
		{name: "delete over the limit", method: "DELETE", path: numbers + "/mine", status: 429, isOverLimit: true},

		{name: "add an unknown field", method: "POST", path: numbers, body: `{"name":"x"}`, status: 400, isRequestOutside: true},
		{name: "add a handle", method: "POST", path: numbers, body: strings.Replace(whatsapp("2"), `"2"`, `"@you"`, 1), status: 400, isRequestOutside: true},
		{name: "add an empty token", method: "POST", path: numbers, body: strings.Replace(whatsapp("2"), token, "", 1), status: 400, isRequestOutside: true},
		{name: "add a huge body", method: "POST", path: numbers, body: strings.Repeat(" ", 1<<20+1), status: 413, isRequestOutside: true},
		{name: "list with a bad limit", method: "GET", path: numbers + "?limit=0", status: 400, isRequestOutside: true},
		{name: "list of a malformed user id", method: "GET", path: "/v1/users/a%20b/phone_numbers", status: 400, isRequestOutside: true},
		{name: "list without a key", method: "GET", path: numbers, headers: []string{"x-api-key: "}, status: 401, isRequestOutside: true},
	}
}

func agentExchanges(dialect sandbox.Dialect) []exchange {
	wrongKey := []string{"x-api-key: sk_wrong"}
	create := func(number string) string {
		if dialect == sandbox.Published {
			return agent("", number)
		}
		return agent("agt_1", number)
	}
	hasAgent, unknownUsersAgents, theirsIsTaken := 409, 404, 403
	if dialect == sandbox.Deployed {
		hasAgent, unknownUsersAgents, theirsIsTaken = 400, 200, 400
	}
	bot, theirBot := agents+"/bot", agents+"/their-bot"
	return []exchange{
		{name: "create an agent", method: "POST", path: agents, body: create("silent"), status: 201},
		{name: "create a second agent", method: "POST", path: agents, body: create("mine"), status: hasAgent},
		{name: "create another's agent", method: "POST", path: agents, body: create("theirs"), status: theirsIsTaken},
		{name: "create an agent of no number", method: "POST", path: agents, body: create("x"), status: 400},
		{name: "create an agent while the database is down", method: "POST", path: agents, body: create("silent"), status: 400, isDown: true},
		{name: "create an agent with a wrong key", method: "POST", path: agents, body: create("silent"), headers: wrongKey, status: 401},
		{name: "create an agent over the limit", method: "POST", path: agents, body: create("silent"), status: 429, isOverLimit: true},
		{name: "list agents", method: "GET", path: agents, status: 200},
		{name: "list agents with every parameter", method: "GET", path: agents + "?phone_number_id=mine&limit=1000&offset=0&orderBy=created_at&orderDirection=ASC", status: 200},
		{name: "list an unknown user's agents", method: "GET", path: "/v1/users/usr_x/agents", status: unknownUsersAgents},
		{name: "list agents over the largest limit", options: sandbox.Options{MaxLimit: 10}, method: "GET", path: agents + "?limit=11", status: 400},
		{name: "list agents while the database is down", method: "GET", path: agents, status: 404, isDown: true},
		{name: "list agents with a wrong key", method: "GET", path: agents, headers: wrongKey, status: 401},
		{name: "list agents over the limit", method: "GET", path: agents, status: 429, isOverLimit: true},
		{name: "read an agent", method: "GET", path: bot, status: 200},
		{name: "read an unknown agent", method: "GET", path: agents + "/x", status: 404},
		{name: "read while the database is down", method: "GET", path: bot, status: 404, isDown: true},
		{name: "read another's agent", method: "GET", path: theirBot, status: 403},
		{name: "read with a wrong key", method: "GET", path: bot, headers: wrongKey, status: 401},
		{name: "read over the limit", method: "GET", path: bot, status: 429, isOverLimit: true},
		{name: "update an agent", method: "PATCH", path: bot, body: `{"name":"m","prompt_id":"q"}`, status: 200},
		{name: "update an unknown agent", method: "PATCH", path: agents + "/x", body: `{"name":"m"}`, status: 404},
		{name: "update while the database is down", method: "PATCH", path: bot, body: `{"name":"m"}`, status: 404, isDown: true},
		{name: "update another's agent", method: "PATCH", path: theirBot, body: `{"name":"m"}`, status: 403},
		{name: "update with a wrong key", method: "PATCH", path: bot, body: `{"name":"m"}`, headers: wrongKey, status: 401},
		{name: "update over the limit", method: "PATCH", path: bot, body: `{"name":"m"}`, status: 429, isOverLimit: true},
		{name: "delete an agent", method: "DELETE", path: bot, status: 200},
		{name: "delete an unknown agent", method: "DELETE", path: agents + "/x", status: 404},
		{name: "delete an agent while the database is down", method: "DELETE", path: bot, status: 404, isDown: true},
		{name: "delete another's agent", method: "DELETE", path: theirBot, status: 403},
		{name: "delete an agent with a wrong key", method: "DELETE", path: bot, headers: wrongKey, status: 401},
		{name: "delete an agent over the limit", method: "DELETE", path: bot, status: 429, isOverLimit: true},

		{name: "create an agent without a prompt", method: "POST", path: agents, body: `{"agent_id":"a","phone_number_id":"silent","name":"n"}`, status: 400, isRequestOutside: true},
		{name: "create an agent with a huge body", method: "POST", path: agents, body: strings.Repeat(" ", 1<<20+1), status: 413, isRequestOutside: true},
		{name: "update with an empty name", method: "PATCH", path: bot, body: `{"name":""}`, status: 400, isRequestOutside: true},
		{name: "update with a huge body", method: "PATCH", path: bot, body: strings.Repeat(" ", 1<<20+1), status: 413, isRequestOutside: true},
		{name: "update nothing", method: "PATCH", path: bot, body: `{}`, status: 200, isRequestOutside: true},
	}
}

// TestTheContractHasAnUnknownRoutesBody is apart, since a path that no route
// serves is in no OpenAPI file.
func TestTheContractHasAnUnknownRoutesBody(t *testing.T) {
	document, err := openapi3.NewLoader().LoadFromData(sandbox.Contract)
	if err != nil {
		t.Fatal(err)
	}
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		_, c := serveUnchecked(t, sandbox.Options{Dialect: dialect})
		got := c.do("GET", "/v2/users/usr_abc123/phone_numbers", "")
		var body any
		if err := json.Unmarshal([]byte(got.body), &body); err != nil {
			t.Fatal(err)
		}
		if err := document.Components.Schemas["Error"].Value.VisitJSON(body); err != nil {
			t.Errorf("%s: %v", got.body, err)
		}
	})
}

func TestTheContractSpeaksOpenAPI30(t *testing.T) {
	document, err := openapi3.NewLoader().LoadFromData(sandbox.Contract)
	if err != nil {
		t.Fatal(err)
	}
	if err := document.Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
		t.Error(err)
	}
	if !strings.HasPrefix(document.OpenAPI, "3.0.") {
		t.Errorf("it is of version %s", document.OpenAPI)
	}
}
