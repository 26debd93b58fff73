// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

const agentsAddress = "data.bizapi_agents.all"

// lookUpAgents is a block that looks agents up.
func lookUpAgents(arguments string) string { return lookUpSomeAgents("all", arguments) }

// lookUpSomeAgents is one of several.
func lookUpSomeAgents(name, arguments string) string {
	return "data \"bizapi_agents\" " + quoted(name) + " {\n  " + arguments + "\n}\n"
}

// listedAgents expects just those agents, in that order and by their numbers.
func listedAgents(userID string, agents ...sandbox.Agent) []statecheck.StateCheck {
	return listedAgentsIn(agentsAddress, userID, agents...)
}

func listedAgentsIn(address, userID string, agents ...sandbox.Agent) []statecheck.StateCheck {
	inOrder, byNumber := []knownvalue.Check{}, map[string]knownvalue.Check{}
	for _, agent := range agents {
		inOrder = append(inOrder, knownvalue.ObjectExact(showsAgent(agent)))
		byNumber[agent.PhoneNumberID] = knownvalue.ObjectExact(showsAgent(agent))
	}
	return []statecheck.StateCheck{
		statecheck.ExpectKnownValue(address, tfjsonpath.New("user_id"), knownvalue.StringExact(userID)),
		statecheck.ExpectKnownValue(address, tfjsonpath.New("agents"), knownvalue.ListExact(inOrder)),
		statecheck.ExpectKnownValue(address, tfjsonpath.New("by_phone_number_id"), knownvalue.MapExact(byNumber)),
	}
}

func TestAgentsAreLookedUp(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]sandbox.Options{
		"oldest first":                  {},
		"from a server without orders":  {IgnoreOrder: true},
		"from pages of two":             {MaxPageSize: 2},
		"from a server without a query": {RefuseQuery: true},
	} {
		t.Run(name, func(t *testing.T) {
			inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
				options.Dialect = dialect
				api := newAPI(t, options)
				agents, others := api.accountWithAgents()
				resource.UnitTest(t, resource.TestCase{
					ProtoV6ProviderFactories: api.factories(),
					Steps: []resource.TestStep{{ // another user's number has none of this one's
						Config: api.config(lookUpAgents(""), lookUpSomeAgents("one", "phone_number_id = "+quoted(agents[1].PhoneNumberID)), lookUpSomeAgents("others", withUser(otherUser)),
							lookUpSomeAgents("none", "phone_number_id = "+quoted(others.PhoneNumberID)+"\n  timeouts {\n    read = \"5m\"\n  }")),
						ConfigStateChecks: slices.Concat(listedAgents(testUser, agents...), listedAgentsIn("data.bizapi_agents.one", testUser, agents[1]),
							listedAgentsIn("data.bizapi_agents.others", otherUser, others), listedAgentsIn("data.bizapi_agents.none", testUser)),
					}},
				})
			})
		})
	}
}

func TestAgentsOfAnEmptyAccountAreNone(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps:                    []resource.TestStep{{Config: api.config(lookUpAgents("")), ConfigStateChecks: listedAgents(testUser)}},
		})
	})
}

func TestAgentsOfManyPagesAreAllLookedUp(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect, MaxPageSize: 100})
		for at := range 350 {
			n := api.Add(testUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: fmt.Sprint(100000000000000 + at), AccessToken: importedToken})
			api.addAgent(n, fmt.Sprint("Agent ", at))
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps: []resource.TestStep{{
				Config: api.config(lookUpAgents("")),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(agentsAddress, tfjsonpath.New("agents"), knownvalue.ListSizeExact(350)),
					statecheck.ExpectKnownValue(agentsAddress, tfjsonpath.New("by_phone_number_id"), knownvalue.MapSizeExact(350)),
				},
			}},
		})
	})
}

func TestAgentThatTheSameApplyCreatesIsLookedUp(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{{
				Config: api.config(number(withToken(testToken)), agentOn(follows), lookUpAgents("phone_number_id = "+agentAddress+".phone_number_id\n  depends_on = ["+agentAddress+"]")),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(agentsAddress, tfjsonpath.New("agents"), knownvalue.ListSizeExact(1)),
				},
			}},
		})
	})
}

// A deployed server answers an unknown user with an empty list.
func TestLookUpOfAgentsThatIsAnError(t *testing.T) {
	t.Parallel()
	type failing struct {
		provider, arguments string
		fault               sandbox.Behaviour
		says                *regexp.Regexp
	}
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		steps := stepOfEach(t, map[string]failing{
			"an unknown user":              {arguments: withUser("usr_nobody"), says: planError("Unknown user", "usr_nobody")},
			"no user":                      {provider: "user_id = null", says: planError("Missing user", "user_id", "BIZAPI_USER_ID")},
			"a user that is not known yet": {provider: "user_id = terraform_data.user.output", says: planError("User is not known yet", "-target")},
			"a user with a slash":          {arguments: withUser("a/b"), says: planError("user_id", "letters, digits")},
			"a number with a slash":        {arguments: `phone_number_id = "a/b"`, says: planError("phone_number_id", "letters, digits")},
			"a timeout without a unit":     {arguments: "timeouts {\n    read = \"20\"\n  }", says: planError("Invalid Attribute Value Time Duration", "read")},
			"an API that fails":            {fault: sandbox.Respond(503, "text/plain", ""), says: planError("API failure", "503")},
			"a database that is down":      {fault: sandbox.DatabaseDown(), says: planError("Failed to get agents")},
		}, func(_ string, row failing) resource.TestStep {
			return resource.TestStep{
				PreConfig: func() {
					api.ClearFaults()
					api.Script(sandbox.Fault{On: sandbox.OpListAgents, Times: sandbox.Always, Do: row.fault})
				},
				Config:   api.configWith(cmp.Or(row.provider, withUser(testUser)), lookUpAgents(row.arguments), knownLater("user", testUser)),
				PlanOnly: true, ExpectError: row.says,
			}
		})
		resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: steps})
	})
}
