// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func importAgentByIdentity(userID, id string) string {
	return fmt.Sprintf("import {\n  to = %s\n  identity = {\n    user_id  = %q\n    agent_id = %q\n  }\n}\n", agentAddress, userID, id)
}

// importableAgent is one that Terraform did not create, and its configuration.
func (a *testAPI) importableAgent() (agent sandbox.Agent, block string) {
	numbers, _ := a.account()
	return a.addAgent(numbers[0], agentName), agentOn(quoted(numbers[0].ID))
}

// importedAgent expects the state of an agent that was imported, with its identity on a CLI that has them.
func (a *testAPI) importedAgent(t *testing.T, agent sandbox.Agent) []statecheck.StateCheck {
	checks := []statecheck.StateCheck{a.checkWrites(), a.checkAgents(agent.Name + "/" + agent.PromptID)}
	for attribute, value := range showsAgent(agent) {
		checks = append(checks, statecheck.ExpectKnownValue(agentAddress, tfjsonpath.New(attribute), value))
	}
	if cli(t).Has(12, 12) {
		checks = append(checks, statecheck.ExpectIdentity(agentAddress, identityOfAgent(agent)))
	}
	return checks
}

// importAgentForms are the ids that name an agent.
var importAgentForms = map[string]func(sandbox.Agent) string{
	"user and id": func(agent sandbox.Agent) string { return agent.UserID + "/" + agent.ID },
	"id alone":    func(agent sandbox.Agent) string { return agent.ID },
}

func TestImportOfAnAgentByCommand(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		agent, block := api.importableAgent()
		var steps []resource.TestStep
		for _, form := range slices.Sorted(maps.Keys(importAgentForms)) {
			steps = append(steps,
				resource.TestStep{
					PreConfig: func() { t.Log(form) },
					Config:    api.config(block), ResourceName: agentAddress,
					ImportState: true, ImportStateId: importAgentForms[form](agent), ImportStatePersist: true,
				},
				resource.TestStep{
					Config:            api.config(block),
					ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
					ConfigStateChecks: api.importedAgent(t, agent),
				},
				resource.TestStep{Config: api.config(forgottenAgent)})
		}
		resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: steps})
	})
}

func TestImportOfAnAgentByBlock(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		agent, block := api.importableAgent()
		var steps []resource.TestStep
		for _, form := range slices.Sorted(maps.Keys(importAgentForms)) {
			id := importAgentForms[form](agent)
			steps = append(steps,
				resource.TestStep{ // the plan alone, which is one of no change
					PreConfig: func() { t.Log(form) },
					Config:    api.config(block), ResourceName: agentAddress,
					ImportState: true, ImportStateKind: resource.ImportBlockWithID, ImportStateId: id,
				},
				resource.TestStep{Config: api.config(forgottenAgent)},
				resource.TestStep{Config: api.config(block, importAgentByID(id)), ConfigStateChecks: api.importedAgent(t, agent)},
				plansNothing(api.config(block)))
		}
		resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: steps})
	})
}

// forgottenAgent is a block that takes the agent out of the state and leaves it alone.
var forgottenAgent = strings.Replace(forgotten, address, agentAddress, 1)

// The identity names the user, whatever the provider's is.
func TestImportOfAnAgentByIdentity(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		agent, _ := api.importableAgent()
		config := api.configWith(withUser(otherUser), agentOn(quoted(agent.PhoneNumberID), withUser(testUser)))
		resource.UnitTest(t, resource.TestCase{
			TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)},
			ProtoV6ProviderFactories: api.factories(),
			Steps: []resource.TestStep{
				{Config: config + importAgentByIdentity(testUser, agent.ID), ConfigStateChecks: api.importedAgent(t, agent)},
				{ // by the identity in the state
					Config: config, ResourceName: agentAddress,
					ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity,
				},
				{
					Config:            config,
					ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
					ConfigStateChecks: api.importedAgent(t, agent),
				},
			},
		})
	})
}

// A configuration that asks for another name and prompt than the imported agent's changes it in place.
func TestImportOfAnAgentWithOtherValuesIsAnUpdate(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	agent, _ := api.importableAgent()
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		Steps: []resource.TestStep{{
			Config:            api.config(agentBlock("main", quoted(agent.PhoneNumberID), "Front desk", nextPromptID), importAgentByID(agent.ID)),
			ConfigPlanChecks:  plansAgent(plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpUpdateAgent), api.checkAgents("Front desk/pmpt_2")},
		}},
	})
}

func TestImportIDOfAnAgentThatIsRefused(t *testing.T) {
	t.Parallel()
	const forms = "<user_id>/<agent_id>"
	type refused struct {
		provider, id string
		says         []string
	}
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		numbers, _ := api.account()
		api.AddAgent(testUser, sandbox.Agent{ID: "agt_1", PhoneNumberID: numbers[0].ID, Name: agentName, PromptID: promptID})
		steps := stepOfEach(t, map[string]refused{
			"an id that is not there":  {id: testUser + "/agt_missing", says: []string{"Agent not found", "agt_missing", "import block"}},
			"an agent of another user": {id: otherUser + "/agt_1", says: []string{"Agent not found", "agt_1"}},
			"an unknown user":          {id: "usr_nobody/agt_1", says: []string{"Unknown user", "usr_nobody"}},
			"a user with a space":      {id: "bad user/agt_1", says: []string{"bad user", forms}},
			"no user":                  {id: "/agt_1", says: []string{"Invalid import id", forms}},
			"no id":                    {id: testUser + "/", says: []string{"Invalid import id", forms}},
			"a space behind the id":    {id: testUser + "/agt_1 ", says: []string{"Invalid import id", forms}},
			"a number's form":          {id: testUser + "/whatsapp/" + whatsAppID, says: []string{"Invalid import id", forms}},
			"an id alone, and no user": {provider: " ", id: "agt_1", says: []string{"user_id", "BIZAPI_USER_ID"}},
		}, func(_ string, row refused) resource.TestStep {
			return resource.TestStep{
				Config: api.configWith(cmp.Or(row.provider, withUser(testUser)), agentOn(quoted(numbers[0].ID))), ResourceName: agentAddress,
				ImportState: true, ImportStateId: row.id, ImportStatePersist: true, ExpectError: says(row.says...),
			}
		})
		resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: steps})
	})
}

func TestImportIdentityOfAnAgentThatIsRefused(t *testing.T) {
	t.Parallel()
	type refused struct {
		userID, id string
		says       []string
	}
	api := newAPI(t, sandbox.Options{})
	_, block := api.importableAgent()
	steps := stepOfEach(t, map[string]refused{
		"an id that is not there": {testUser, "agt_missing", []string{"Agent not found", "agt_missing"}},
		"an empty user":           {"", "agt_1", []string{"Invalid import identity", "user_id"}},
		"an empty id":             {testUser, "", []string{"Invalid import identity", "agent_id"}},
	}, func(_ string, row refused) resource.TestStep {
		return resource.TestStep{Config: api.config(block, importAgentByIdentity(row.userID, row.id)), ExpectError: says(row.says...)}
	})
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)},
		ProtoV6ProviderFactories: api.factories(),
		Steps:                    steps,
	})
}
