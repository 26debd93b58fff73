// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// Terraform deletes first: what would keep the agent from being created again is an error before that.
func TestReplacementOfAnAgentThatWouldFailIsNotPlanned(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		numbers, others := api.account()
		api.AddAgent(otherUser, sandbox.Agent{ID: "agt_theirs", PhoneNumberID: others.ID, Name: "Theirs", PromptID: promptID})
		desk := agentBlock("desk", quoted(numbers[1].ID), "Front desk", promptID)
		started := api.config(agentOn(quoted(numbers[0].ID)), desk)
		type change struct {
			main string
			desk string // empty: unchanged
			down sandbox.Behaviour
			says []string
		}
		steps := []resource.TestStep{{Config: started}}
		steps = append(steps, stepOfEach(t, map[string]change{
			"a number that has an agent":       {main: agentOn(quoted(numbers[1].ID)), says: []string{"Phone number already has an agent"}},
			"agents that swap their numbers":   {main: agentOn(quoted(numbers[1].ID)), desk: agentBlock("desk", quoted(numbers[0].ID), "Front desk", promptID), says: []string{"Phone number already has an agent"}},
			"a number of another user":         {main: agentOn(quoted(others.ID)), says: []string{"Unknown phone number"}},
			"a number that is missing":         {main: agentOn(quoted("pn_missing")), says: []string{"Unknown phone number"}},
			"numbers that cannot be listed":    {main: agentOn(quoted(numbers[2].ID)), down: sandbox.DatabaseDown(), says: []string{"Replacement cannot be checked"}},
			"an agent_id that another one has": {main: agentOn(quoted(numbers[0].ID), `agent_id = bizapi_agent.desk.agent_id`), says: []string{"Agent already exists", "agent_id"}},
			"an agent_id of another user's":    {main: agentOn(quoted(numbers[0].ID), `agent_id = "agt_theirs"`), says: []string{"Agent already exists", "agt_theirs", "another user"}},
		}, func(_ string, row change) resource.TestStep {
			if row.desk == "" {
				row.desk = desk
			}
			return resource.TestStep{
				PreConfig: func() {
					api.ClearFaults()
					if row.down != nil {
						api.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: row.down})
					}
				},
				Config: api.config(row.main, row.desk), ExpectError: planError(row.says...),
			}
		})...)
		unchanged := plansNothing(started, api.checkWrites())
		unchanged.PreConfig = func() { api.ClearFaults(); api.ForgetRequests() }
		tainted := resource.TestStep{
			Taint: []string{agentAddress}, Config: api.config(agentOn(quoted(numbers[0].ID), `agent_id = "agt_theirs"`), desk),
			ExpectError: planError("Agent already exists", "agt_theirs"),
		}
		replaced := resource.TestStep{Config: started, ConfigPlanChecks: plansAgent(plancheck.ResourceActionDestroyBeforeCreate)}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(), Steps: append(steps, unchanged, tainted, replaced),
		})
	})
}

// A plan without a refresh has called nothing, so nothing says whether the agent could be created again.
func TestReplacementByAProviderThatIsNotKnownYetIsNotPlanned(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		numbers, _ := api.account()
		unknown := func(block string, taint ...string) resource.TestStep {
			return resource.TestStep{
				Taint:       taint,
				Config:      api.configWith(withUser(testUser)+"\n  max_retries = terraform_data.later.output", block, knownLater("later", "3")),
				ExpectError: planError("Provider configuration is not known yet", "max_retries"),
			}
		}
		config := api.config(agentOn(quoted(numbers[0].ID)))
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			AdditionalCLIOptions:     &resource.AdditionalCLIOptions{Plan: resource.PlanOptions{NoRefresh: true}},
			Steps: []resource.TestStep{
				{Config: config, ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpCreateAgent)}},
				unknown(agentOn(quoted(numbers[1].ID))),
				unknown(agentOn(quoted(numbers[0].ID), `agent_id = "agt_other"`)),
				plansNothing(config, api.checkWrites()),
				unknown(agentOn(quoted(numbers[0].ID)), agentAddress),
				{Config: config, ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpDeleteAgent, sandbox.OpCreateAgent)}},
			},
		})
	})
}

// The agent follows a number that is replaced, and its new agent_id is another agent's.
func TestTakenAgentIDIsFoundBeforeItsNumberIsReplaced(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		desk := agentBlock("desk", quoted(api.added("Desk").ID), "Front desk", promptID)
		config := func(token string, arguments ...string) string {
			return api.config(phoneNumber("main", "whatsapp", otherID, withToken(token)), agentOn(follows, arguments...), desk)
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps: []resource.TestStep{
				{Config: config(testToken)},
				{Config: config(nextToken, "agent_id = bizapi_agent.desk.agent_id"), ExpectError: planError("Agent already exists", "must be unique")},
				plansNothing(config(testToken)),
			},
		})
	})
}

// Its Create needs the numbers, so the Delete of a replacement asks for them first.
func TestAgentIsNotDeletedWhileItCouldNotBeCreatedAgain(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		numbers, _ := api.account()
		config := func(arguments ...string) string {
			return api.configWith(withUser(testUser)+"\n  max_retries = 0", agentOn(quoted(numbers[0].ID), arguments...))
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps: []resource.TestStep{
				{Config: config()},
				{
					PreConfig: func() { // one list of numbers is the plan's
						api.Script(sandbox.Fault{On: sandbox.OpList, Skip: 1, Times: sandbox.Always, Do: sandbox.DatabaseDown()})
					},
					Config: config(`agent_id = "agt_other"`), ExpectError: applyError("API failure", "Nothing was deleted"),
				},
				{
					PreConfig: func() {
						api.ClearFaults()
						if got := api.allAgents(); len(got) != 1 || got[0].ID == "agt_other" {
							t.Errorf("the API holds %+v", got)
						}
					},
					Config: config(`agent_id = "agt_other"`), ConfigPlanChecks: plansAgent(plancheck.ResourceActionDestroyBeforeCreate),
					ConfigStateChecks: []statecheck.StateCheck{api.checkAgents("Reception/pmpt_1")},
				},
			},
		})
	})
}

// The number was added by this very apply: no listing has to show it before its agent is created.
func TestListingThatFailsBehindTheAddKeepsNoAgentAway(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		config := func(token string, agents ...string) string {
			return api.configWith(withUser(testUser)+"\n  max_retries = 0", append(agents, number(withToken(token)))...)
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(), CheckDestroy: api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: config(testToken)},
				{
					PreConfig: func() {
						api.Script(sandbox.Fault{On: sandbox.OpDelete, Before: func() {
							api.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.Respond(500, "text/plain", "failed")})
						}})
					},
					Config:            config(nextToken, agentOn(follows)),
					ConfigPlanChecks:  plansAgent(plancheck.ResourceActionCreate),
					ConfigStateChecks: []statecheck.StateCheck{api.checkAPIHolds(held(nextToken, "")), api.checkAgents("Reception/pmpt_1")},
				},
			},
		})
	})
}
