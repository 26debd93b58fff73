// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// TestFaultLeavesStateAndAPIAgreedOnTheAgent has each fault meet the create, the update and the delete of an agent.
// One agent is made on each number, and none twice.
func TestFaultLeavesStateAndAPIAgreedOnTheAgent(t *testing.T) {
	t.Parallel()
	faults := maps.Clone(passingFaults)
	faults["a 201 without an id"] = sandbox.Fault{Commit: true, Do: sandbox.Respond(201, "application/json", `{"name":"Reception"}`)}
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		numbers, agents := map[string]string{}, map[string]string{} // ids
		first, second := "", ""
		var created, updated []string
		var updates, deletes []plancheck.PlanCheck
		for row := range faults {
			n := held(importedToken, "")
			n.MetaPhoneNumberID = metaIDOf(row)
			numbers[row] = api.Add(testUser, n).ID
			first += agentBlock(labelOf(row), quoted(numbers[row]), agentName, promptID)
			second += agentBlock(labelOf(row), quoted(numbers[row]), "Front desk", nextPromptID)
			created, updated = append(created, "Reception/pmpt_1"), append(updated, "Front desk/pmpt_2")
			updates = append(updates, plancheck.ExpectResourceAction("bizapi_agent."+labelOf(row), plancheck.ResourceActionUpdate))
			deletes = append(deletes, plancheck.ExpectResourceAction("bizapi_agent."+labelOf(row), plancheck.ResourceActionDestroy))
		}
		config := func(blocks ...string) string {
			return api.configWith(withUser(testUser)+"\n  request_timeout = \"300ms\"", blocks...)
		}
		ofAgent := func(row string) string { return agents[numbers[row]] }
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps: []resource.TestStep{
				{
					PreConfig: func() {
						api.hitEach(t, sandbox.OpCreateAgent, faults, func(row string) string { return quoted(numbers[row]) })
					},
					Config:            config(first),
					ConfigStateChecks: []statecheck.StateCheck{api.checkAgents(created...)},
				},
				{
					PreConfig: func() {
						for _, agent := range api.allAgents() {
							agents[agent.PhoneNumberID] = agent.ID
						}
						api.hitEach(t, sandbox.OpUpdateAgent, faults, ofAgent)
					},
					Config:            config(second),
					ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: updates},
					ConfigStateChecks: []statecheck.StateCheck{api.checkAgents(updated...)},
				},
				{
					PreConfig:         func() { api.hitEach(t, sandbox.OpDeleteAgent, faults, ofAgent) },
					Config:            config(),
					ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: deletes},
					ConfigStateChecks: []statecheck.StateCheck{api.checkAgents()},
				},
			},
		})
	})
}

func TestLastingFaultOfAnAgentIsMadeUpForByTheNextApply(t *testing.T) {
	t.Parallel()
	type lasting struct {
		do   sandbox.Behaviour
		says string
	}
	faults := map[string]lasting{
		"a failure":               {sandbox.Respond(500, "application/json", `{"error":"Internal","message":"failed"}`), "API failure"},
		"a database that is down": {sandbox.DatabaseDown(), "API failure"},
		"a lost request":          {sandbox.Drop(), "API does not answer"},
	}
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		numbers, _ := api.account()
		// failing steps meet each of the faults.
		failing := func(on sandbox.Operation, config, method string) []resource.TestStep {
			return stepOfEach(t, faults, func(_ string, row lasting) resource.TestStep {
				return resource.TestStep{
					PreConfig: func() {
						api.ClearFaults()
						api.Script(sandbox.Fault{On: on, Times: sandbox.Always, Do: row.do})
					},
					Config: config, ExpectError: applyError(row.says, method),
				}
			})
		}
		next := func(config string, action plancheck.ResourceActionType, agent string) resource.TestStep {
			return resource.TestStep{
				PreConfig: api.ClearFaults, Config: config,
				ConfigPlanChecks: plansAgent(action), ConfigStateChecks: []statecheck.StateCheck{api.checkAgents(agent)},
			}
		}
		config, changed := api.config(agentOn(quoted(numbers[0].ID))), api.config(agentBlock("main", quoted(numbers[0].ID), "Front desk", promptID))
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps: slices.Concat(
				failing(sandbox.OpCreateAgent, config, "POST"),
				[]resource.TestStep{next(config, plancheck.ResourceActionCreate, "Reception/pmpt_1")},
				failing(sandbox.OpUpdateAgent, changed, "PATCH"),
				[]resource.TestStep{next(changed, plancheck.ResourceActionUpdate, "Front desk/pmpt_1")},
				failing(sandbox.OpDeleteAgent, api.config(), "DELETE"),
				[]resource.TestStep{next(changed, plancheck.ResourceActionNoop, "Front desk/pmpt_1")},
			),
		})
	})
}

// Nothing tells the first apply whether the agent is there: the second leads to it.
func TestAgentWhoseAnswerWasLostForGoodIsImported(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		numbers, _ := api.account()
		config := agentOn(quoted(numbers[0].ID), `agent_id = "agt_desk"`)
		if dialect == sandbox.Published {
			config = agentOn(quoted(numbers[0].ID))
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps: []resource.TestStep{
				{
					PreConfig: func() {
						api.Script(sandbox.Fault{On: sandbox.OpCreateAgent, Commit: true, Do: sandbox.Drop(), Before: func() {
							api.Script(sandbox.Fault{On: sandbox.OpListAgents, Times: sandbox.Always, Do: sandbox.Respond(500, "text/plain", "failed")})
						}})
					},
					Config: api.config(config), ExpectError: applyError("may or may not exist", "import"),
				},
				{PreConfig: api.ClearFaults, Config: api.config(config), ExpectError: planError("already has an agent", "import")},
			},
		})
		agent := api.theAgent(t)
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps: []resource.TestStep{{
				Config:            api.config(config, importAgentByID(testUser+"/"+agent.ID)),
				ConfigPlanChecks:  plansAgent(plancheck.ResourceActionNoop),
				ConfigStateChecks: []statecheck.StateCheck{api.checkAgents("Reception/pmpt_1")},
			}},
		})
	})
}

// The create of a replacement that fails leaves no agent, and the next apply creates it.
func TestCreateThatFailsBehindTheDeleteIsMadeUpForByTheNextApply(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		before, after := api.config(number(withToken(testToken)), agentOn(follows)), api.config(number(withToken(nextToken)), agentOn(follows))
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: before},
				{
					PreConfig: func() {
						api.Script(sandbox.Fault{On: sandbox.OpCreateAgent, Do: sandbox.Respond(400, "application/json", `{"error":"Bad Request","message":"Validation failed"}`)})
					},
					Config: after, ExpectError: applyError("Validation failed"),
				},
				{
					Config: after, ConfigPlanChecks: plansAgent(plancheck.ResourceActionCreate),
					ConfigStateChecks: []statecheck.StateCheck{api.checkAgents("Reception/pmpt_1"), api.checkStateMatchesAPI()},
				},
			},
		})
	})
}

func TestCLIAgentThatIsAdoptedIsAWarning(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		w := newCLIWorkspace(t, api.baseURL)
		skip := 0
		if dialect == sandbox.Deployed {
			skip = 1
		}
		api.Script(sandbox.Fault{On: sandbox.OpCreateAgent, Skip: skip, Commit: true, Do: sandbox.Drop()})
		w.write("main.tf", number(withToken(testToken))+agentOn(follows))
		done := w.apply().succeeded()
		if dialect == sandbox.Published {
			done.warnedOnce("Agent "+api.Agents(testUser)[0].ID+" was found", "not created twice")
		} else { // the id that the provider made up is nobody else's
			done.silent()
		}
		w.plan().succeeded().silent().does()
		if got := api.Agents(testUser); len(got) != 1 {
			t.Errorf("the API holds %+v", got)
		}
	})
}

// An apply that is interrupted during the create is finished by the next one.
func TestCLIInterruptedCreateOfAnAgentIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		w := newCLIWorkspace(t, api.baseURL)
		w.write("main.tf", number(withToken(testToken))+agentOn(follows))
		arrived := arrival(api, sandbox.Fault{On: sandbox.OpCreateAgent, Do: sandbox.RateLimited("600")})
		command, wait := w.start()
		<-arrived
		if err := command.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if done := wait(); done.Code == 0 || w.attributes(agentAddress) != nil || !strings.Contains(done.Stdout, "canceled") {
			t.Errorf("exit code %d: %s", done.Code, done.Stdout)
		}
		api.ClearFaults()
		w.apply().succeeded().does(agentAddress, "create")
		w.plan().succeeded().silent().does()
		if got := api.Agents(testUser); len(got) != 1 {
			t.Errorf("the API holds %+v", got)
		}
	})
}
