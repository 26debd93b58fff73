// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestAgentLives(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		isTime := knownvalue.StringRegexp(regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`))
		sameID := statecheck.CompareValue(compare.ValuesSame())
		config := func(name, prompt string, arguments ...string) string {
			return api.config(number(withToken(testToken)), agentBlock("main", follows, name, prompt, arguments...))
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{
					Config:           config(agentName, promptID),
					ConfigPlanChecks: plansAgent(plancheck.ResourceActionCreate),
					ConfigStateChecks: []statecheck.StateCheck{
						statecheck.CompareValuePairs(agentAddress, tfjsonpath.New("phone_number_id"), address, tfjsonpath.New("id"), compare.ValuesSame()),
						statecheck.ExpectKnownValue(agentAddress, tfjsonpath.New("user_id"), knownvalue.StringExact(testUser)),
						statecheck.ExpectKnownValue(agentAddress, tfjsonpath.New("created_at"), isTime),
						statecheck.ExpectKnownValue(agentAddress, tfjsonpath.New("updated_at"), isTime),
						sameID.AddStateValue(agentAddress, tfjsonpath.New("agent_id")),
						api.checkWrites(sandbox.OpAdd, sandbox.OpCreateAgent), api.checkAgents("Reception/pmpt_1"),
					},
				},
				{Config: config(agentName, promptID), ConfigPlanChecks: plansAgent(plancheck.ResourceActionNoop)},
				{
					Config:           config("Front desk", nextPromptID),
					ConfigPlanChecks: plansAgent(plancheck.ResourceActionUpdate),
					ConfigStateChecks: []statecheck.StateCheck{
						statecheck.ExpectKnownValue(agentAddress, tfjsonpath.New("updated_at"), isTime),
						sameID.AddStateValue(agentAddress, tfjsonpath.New("agent_id")),
						api.checkWrites(sandbox.OpUpdateAgent), api.checkAgents("Front desk/pmpt_2"),
					},
				},
				{ // recorded, and nothing is sent
					Config:            config("Front desk", nextPromptID, "timeouts {\n    update = \"5m\"\n  }"),
					ConfigPlanChecks:  plansAgent(plancheck.ResourceActionUpdate),
					ConfigStateChecks: []statecheck.StateCheck{sameID.AddStateValue(agentAddress, tfjsonpath.New("agent_id")), api.checkWrites()},
				},
				{
					Config:            api.config(number(withToken(testToken))),
					ConfigPlanChecks:  plansAgent(plancheck.ResourceActionDestroy),
					ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpDeleteAgent), api.checkAgents()},
				},
				{Config: config(agentName, promptID)}, // and both are destroyed
			},
		})
		if err := api.checkWrites(sandbox.OpCreateAgent, sandbox.OpDeleteAgent, sandbox.OpDelete)(nil); err != nil {
			t.Error(err)
		}
	})
}

// One PATCH has what changed and nothing else.
func TestChangeOfAnAgentSendsWhatChanged(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		changed := func(name, prompt, sent string) resource.TestStep {
			return resource.TestStep{
				PreConfig:        api.ForgetRequests,
				Config:           api.config(number(withToken(testToken)), agentBlock("main", follows, name, prompt)),
				ConfigPlanChecks: plansAgent(plancheck.ResourceActionUpdate),
				ConfigStateChecks: []statecheck.StateCheck{
					api.checkAgents(name + "/" + prompt),
					check(func(*tfjson.State) error {
						return differ("the updates", []string{sent}, api.bodies(sandbox.OpUpdateAgent))
					}),
				},
			}
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: api.config(number(withToken(testToken)), agentOn(follows))},
				changed("Front desk", promptID, `{"name":"Front desk"}`),
				changed("Front desk", nextPromptID, `{"prompt_id":"pmpt_2"}`),
				changed(agentName, promptID, `{"prompt_id":"pmpt_1","name":"Reception"}`),
			},
		})
	})
}

// bodies are those that an operation was sent.
func (a *testAPI) bodies(operation sandbox.Operation) []string {
	bodies := []string{}
	for _, request := range a.Requests() {
		if request.Operation == operation {
			bodies = append(bodies, string(request.Body))
		}
	}
	return bodies
}

// The published page has no agent_id in the request, and a strict server refuses one. A deployed server insists
// on it.
func TestAgentIDIsSentWhereTheServerInsists(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		options sandbox.Options
		numbers int
		isSent  func(post int) bool
	}{
		"a strict server gets none":               {sandbox.Options{Dialect: sandbox.Published}, 2, func(int) bool { return false }},
		"a lenient server gets none":              {sandbox.Options{Dialect: sandbox.Published, Lenient: true}, 2, func(int) bool { return false }},
		"a deployed server gets one, on request":  {sandbox.Options{Dialect: sandbox.Deployed}, 2, func(post int) bool { return post > 0 }},
		"a lenient deployed server gets one, too": {sandbox.Options{Dialect: sandbox.Deployed, Lenient: true}, 2, func(post int) bool { return post > 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, row.options)
			numbers, _ := api.account()
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				Steps: []resource.TestStep{{
					Config: api.config(agentBlock("one", quoted(numbers[0].ID), agentName, promptID),
						agentBlock("two", quoted(numbers[1].ID), agentName, promptID, "depends_on = [bizapi_agent.one]")),
					ConfigStateChecks: []statecheck.StateCheck{api.checkAgents("Reception/pmpt_1", "Reception/pmpt_1")},
				}},
			})
			posts := api.bodies(sandbox.OpCreateAgent)
			for at, body := range posts {
				if strings.Contains(body, "agent_id") != row.isSent(at) {
					t.Errorf("post %d of %d: %s", at, len(posts), body)
				}
			}
		})
	}
}

func TestConfiguredAgentIDIsTheAgents(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{Dialect: sandbox.Deployed})
	config := func(id string) string {
		return api.config(number(withToken(testToken)), agentOn(follows, "agent_id = "+quoted(id)))
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{
				Config: config("agt_front_desk"),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(agentAddress, tfjsonpath.New("agent_id"), knownvalue.StringExact("agt_front_desk")),
					api.checkWrites(sandbox.OpAdd, sandbox.OpCreateAgent), api.checkAgents("Reception/pmpt_1"),
				},
			},
			{ // left out, it stays
				Config:            api.config(number(withToken(testToken)), agentOn(follows)),
				ConfigPlanChecks:  plansAgent(plancheck.ResourceActionNoop),
				ConfigStateChecks: []statecheck.StateCheck{api.checkWrites()},
			},
			{ // the same id again, by a taint
				Taint: []string{agentAddress}, Config: config("agt_front_desk"),
				ConfigPlanChecks:  plansAgent(plancheck.ResourceActionDestroyBeforeCreate),
				ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpDeleteAgent, sandbox.OpCreateAgent), api.checkAgents("Reception/pmpt_1")},
			},
		},
	})
}

func TestChangeReplacesTheAgent(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{Dialect: sandbox.Deployed})
	numbers, others := api.account()
	newID := statecheck.CompareValue(compare.ValuesDiffer())
	replaced := func(block string, taint ...string) resource.TestStep {
		return resource.TestStep{
			Taint: taint, Config: api.config(block), ConfigPlanChecks: plansAgent(plancheck.ResourceActionDestroyBeforeCreate),
			ConfigStateChecks: []statecheck.StateCheck{
				newID.AddStateValue(agentAddress, tfjsonpath.New("agent_id")),
				api.checkWrites(sandbox.OpDeleteAgent, sandbox.OpCreateAgent), api.checkAgents("Reception/pmpt_1"),
			},
		}
	}
	own := quoted(numbers[0].ID)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		Steps: []resource.TestStep{
			{
				Config: api.config(agentOn(quoted(numbers[1].ID), withUser(testUser))),
				ConfigStateChecks: []statecheck.StateCheck{
					newID.AddStateValue(agentAddress, tfjsonpath.New("agent_id")), api.checkWrites(sandbox.OpCreateAgent),
				},
			},
			// phone_number_id, nothing but a taint, agent_id, and user_id with the number that it takes
			replaced(agentOn(own, withUser(testUser))),
			replaced(agentOn(own, withUser(testUser)), agentAddress),
			replaced(agentOn(own, withUser(testUser), `agent_id = "agt_other"`)),
			replaced(agentOn(quoted(others.ID), withUser(otherUser))),
		},
	})
}

func TestIdentityIsTheAgentsUserAndID(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	numbers, others := api.account()
	identifies := func(userID string) []statecheck.StateCheck {
		return []statecheck.StateCheck{statecheck.ExpectIdentity(agentAddress, map[string]knownvalue.Check{
			"user_id": knownvalue.StringExact(userID), "agent_id": knownvalue.StringFunc(func(id string) error {
				return differ("ids", []string{api.theAgent(t).ID}, []string{id})
			}),
		})}
	}
	first := api.config(agentOn(quoted(numbers[0].ID)))
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)},
		ProtoV6ProviderFactories: api.factories(),
		Steps: []resource.TestStep{
			{Config: first, ConfigStateChecks: identifies(testUser)},
			{Config: api.config(agentBlock("main", quoted(numbers[0].ID), "Front desk", promptID)), ConfigStateChecks: identifies(testUser)},
			{RefreshState: true},
			{Config: api.config(agentOn(quoted(others.ID), withUser(otherUser))), ConfigStateChecks: identifies(otherUser)},
		},
	})
}

// One apply brings back what answers on the number.
func TestReplacingTheNumberReplacesItsAgent(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		newNumber, newAgent := statecheck.CompareValue(compare.ValuesDiffer()), statecheck.CompareValue(compare.ValuesDiffer())
		ids := func(checks ...statecheck.StateCheck) []statecheck.StateCheck {
			return append(checks, newNumber.AddStateValue(address, tfjsonpath.New("id")), newAgent.AddStateValue(agentAddress, tfjsonpath.New("agent_id")))
		}
		replaced := func(number string, taint ...string) resource.TestStep {
			return resource.TestStep{
				Taint: taint, Config: api.config(number, agentOn(follows)),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(address, plancheck.ResourceActionDestroyBeforeCreate),
					plancheck.ExpectResourceAction(agentAddress, plancheck.ResourceActionDestroyBeforeCreate),
					plancheck.ExpectUnknownValue(agentAddress, tfjsonpath.New("phone_number_id")),
					plancheck.ExpectUnknownValue(agentAddress, tfjsonpath.New("agent_id")),
				}},
				ConfigStateChecks: ids(
					api.checkWrites(sandbox.OpDeleteAgent, sandbox.OpDelete, sandbox.OpAdd, sandbox.OpCreateAgent),
					api.checkAgents("Reception/pmpt_1"), api.checkStateMatchesAPI()),
			}
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{
					Config:            api.config(number(withToken(testToken)), agentOn(follows)),
					ConfigStateChecks: ids(api.checkWrites(sandbox.OpAdd, sandbox.OpCreateAgent)),
				},
				replaced(number(withToken(nextToken))),
				replaced(number(withToken(nextToken)), address), // by a taint
				replaced(phoneNumber("main", "whatsapp", otherID, withToken(nextToken))),
			},
		})
	})
}

// A change of the number that replaces nothing leaves the agent alone.
func TestChangeOfTheNumberInPlaceLeavesItsAgentAlone(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: api.config(number(withToken(testToken)), agentOn(follows)), ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpAdd, sandbox.OpCreateAgent)}},
			{
				Config:            api.config(number(withWriteOnly(testToken, 1), protected), agentOn(follows)),
				ConfigPlanChecks:  plansAgent(plancheck.ResourceActionNoop),
				ConfigStateChecks: []statecheck.StateCheck{api.checkWrites()},
			},
			{Config: api.config(number(withToken(testToken)), agentOn(follows))},
		},
	})
}

// Terraform reads a data source in the apply when something that it depends on changes. Its number is the same then.
func TestNumberThatIsNotKnownYetLeavesItsAgentAlone(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	otherToken := testToken
	config := func(input, name string, arguments ...string) string {
		return api.config(number(append(arguments, withToken(testToken))...), knownLater("trigger", input),
			phoneNumber("other", "whatsapp", otherID, withToken(otherToken)),
			"data \"bizapi_phone_number\" \"main\" {\n  platform = \"whatsapp\"\n  meta_phone_number_id = "+quoted(whatsAppID)+"\n  depends_on = ["+address+", bizapi_phone_number.other, terraform_data.trigger]\n}\n",
			agentBlock("main", "data.bizapi_phone_number.main.id", name, promptID))
	}
	kept := func(config string) resource.TestStep {
		return resource.TestStep{
			Config: config, ConfigPlanChecks: plansAgent(plancheck.ResourceActionNoop),
			ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(), api.checkAgents("Reception/pmpt_1")},
		}
	}
	otherToken = nextToken
	otherReplaced := kept(config("two", agentName))
	otherReplaced.ConfigStateChecks = []statecheck.StateCheck{api.checkWrites(sandbox.OpDelete, sandbox.OpAdd), api.checkAgents("Reception/pmpt_1")}
	otherToken = testToken
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		Steps: []resource.TestStep{
			{Config: config("one", agentName), ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpAdd, sandbox.OpAdd, sandbox.OpCreateAgent)}},
			kept(config("two", agentName)),
			kept(config("two", agentName, protected)),
			{Config: config("three", "Front desk", protected), ExpectError: planError("cannot be planned", "phone_number_id")}, // beside a change in place
			kept(config("two", agentName)),
			otherReplaced,
		},
	})
}

// A number takes its agent along. Where the agent does not follow it, its own delete comes too late, or finds
// nothing.
func TestDeleteOfAnAgentThatWentWithItsNumberIsDone(t *testing.T) {
	t.Parallel()
	for name, noRefresh := range map[string]bool{"in the same apply": false, "before, unrefreshed": true} {
		t.Run(name, func(t *testing.T) {
			inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
				api := newAPI(t, sandbox.Options{Dialect: dialect})
				numbers, _ := api.account()
				n := numbers[0]
				remove := resource.TestStep{
					Config:            api.config(),
					ConfigPlanChecks:  plansAgent(plancheck.ResourceActionDestroy),
					ConfigStateChecks: []statecheck.StateCheck{api.checkAgents()},
				}
				if noRefresh {
					remove.PreConfig = func() { api.Remove(n.ID) }
				} else { // the number goes first
					api.Script(sandbox.Fault{On: sandbox.OpDeleteAgent, Before: func() { api.Remove(n.ID) }})
				}
				resource.UnitTest(t, resource.TestCase{
					ProtoV6ProviderFactories: api.factories(),
					AdditionalCLIOptions:     &resource.AdditionalCLIOptions{Plan: resource.PlanOptions{NoRefresh: noRefresh}},
					Steps: []resource.TestStep{
						{Config: api.config(agentOn(quoted(n.ID))), ConfigStateChecks: []statecheck.StateCheck{api.checkAgents("Reception/pmpt_1")}},
						remove,
					},
				})
			})
		})
	}
}

func TestAgentDeletedElsewhereIsCreatedAgain(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		config := api.config(number(withToken(testToken)), agentOn(follows))
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: config, ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpAdd, sandbox.OpCreateAgent)}},
				{
					PreConfig: func() { api.RemoveAgent(api.theAgent(t).ID) },
					Config:    config, ConfigPlanChecks: plansAgent(plancheck.ResourceActionCreate),
					ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpCreateAgent), api.checkAgents("Reception/pmpt_1")},
				},
				{ // with its number
					PreConfig: func() { api.Remove(api.theNumber(t).ID) },
					Config:    config, ConfigPlanChecks: plansAgent(plancheck.ResourceActionCreate),
					ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpAdd, sandbox.OpCreateAgent), api.checkAgents("Reception/pmpt_1")},
				},
			},
		})
	})
}

func TestAgentChangedElsewhereIsChangedBack(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		config := api.config(number(withToken(testToken)), agentOn(follows))
		sameTime := statecheck.CompareValue(compare.ValuesSame())
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: config, ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpAdd, sandbox.OpCreateAgent)}},
				{
					PreConfig: func() {
						api.RenameAgent(api.theAgent(t).ID, "Back office")
						api.PromptAgent(api.theAgent(t).ID, "pmpt_theirs")
					},
					Config: config, ConfigPlanChecks: plansAgent(plancheck.ResourceActionUpdate),
					ConfigStateChecks: []statecheck.StateCheck{
						api.checkWrites(sandbox.OpUpdateAgent), api.checkAgents("Reception/pmpt_1"), sameTime.AddStateValue(agentAddress, tfjsonpath.New("updated_at")),
					},
				},
				{ // a PATCH of the same values moves updated_at, which is no drift
					PreConfig:         func() { api.RenameAgent(api.theAgent(t).ID, agentName) },
					Config:            config,
					ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
					ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(), sameTime.AddStateValue(agentAddress, tfjsonpath.New("updated_at"))},
				},
			},
		})
	})
}

func TestLeftOutUserOfAnAgentKeepsItsValue(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	numbers, _ := api.account()
	block := agentOn(quoted(numbers[0].ID))
	kept := func(config string) resource.TestStep {
		return plansNothing(config, plancheck.ExpectKnownValue(agentAddress, tfjsonpath.New("user_id"), knownvalue.StringExact(testUser)), api.checkWrites())
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		Steps: []resource.TestStep{
			{Config: api.configWith("", block), ExpectError: planError("user_id", "BIZAPI_USER_ID")},
			{Config: api.config(block), ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpCreateAgent)}},
			kept(api.config(agentOn(quoted(numbers[0].ID), withUser(testUser)))),
			kept(api.configWith(withUser(otherUser), block)),
			kept(api.configWith("", block)),
			{
				Config:           api.configWith("user_id = terraform_data.user.output", block, knownLater("user", otherUser)),
				ConfigPlanChecks: plansAgent(plancheck.ResourceActionNoop), ConfigStateChecks: []statecheck.StateCheck{api.checkWrites()},
			},
			{ // a replacement would move it
				Config:      api.configWith(withUser(otherUser), agentOn(quoted(numbers[1].ID))),
				ExpectError: planError("user", testUser),
			},
			{
				Taint: []string{agentAddress}, Config: api.configWith(withUser(otherUser), block), ExpectError: planError("user", testUser),
			},
			{Config: api.configWith(withUser(testUser), block), ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpDeleteAgent, sandbox.OpCreateAgent)}},
		},
	})
}

func TestAgentTakesValuesThatAreNotKnownYet(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	numbers, _ := api.account()
	own := quoted(numbers[0].ID)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		Steps: []resource.TestStep{
			{
				Config: api.configWith("", `
resource "bizapi_agent" "main" {
  user_id         = terraform_data.user.output
  phone_number_id = terraform_data.number.output
  agent_id        = terraform_data.id.output
  name            = terraform_data.name.output
  prompt_id       = terraform_data.prompt.output
}`, knownLater("user", testUser), knownLater("number", numbers[0].ID), knownLater("id", "agt_1"), knownLater("name", agentName), knownLater("prompt", promptID)),
				ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpCreateAgent), api.checkAgents("Reception/pmpt_1")},
			},
			{ // a name and a prompt are sent when they are known
				Config: api.config(fmt.Sprintf("resource \"bizapi_agent\" \"main\" {\n  phone_number_id = %s\n  name = terraform_data.later_name.output\n  prompt_id = terraform_data.later_prompt.output\n}\n", own),
					knownLater("later_name", "Front desk"), knownLater("later_prompt", nextPromptID)),
				ConfigPlanChecks:  plansAgent(plancheck.ResourceActionUpdate),
				ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpUpdateAgent), api.checkAgents("Front desk/pmpt_2")},
			},
			{ // a user and an id replace nothing
				Config: api.config(agentBlock("main", own, "Front desk", nextPromptID, "user_id = terraform_data.again.output", "agent_id = terraform_data.id_again.output"),
					knownLater("again", testUser), knownLater("id_again", "agt_1")),
				ConfigPlanChecks:  plansAgent(plancheck.ResourceActionNoop),
				ConfigStateChecks: []statecheck.StateCheck{api.checkWrites()},
			},
			{ // nor beside a change in place
				Config:      api.config(agentBlock("main", own, agentName, nextPromptID, "user_id = terraform_data.user_once_more.output"), knownLater("user_once_more", testUser)),
				ExpectError: planError("cannot be planned", "user_id"),
			},
		},
	})
}

func TestTimeoutOfAnAgentEndsAWaitForTheRateLimit(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	numbers, _ := api.account()
	limited := func(on sandbox.Operation) func() {
		return func() { api.Script(sandbox.Fault{On: on, Times: sandbox.Always, Do: sandbox.RateLimited("3600")}) }
	}
	config := func(operation, prompt string) string {
		return api.config(agentBlock("main", quoted(numbers[0].ID), agentName, prompt, "timeouts {\n    "+operation+" = \"30s\"\n  }"))
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		Steps: []resource.TestStep{
			{PreConfig: limited(sandbox.OpCreateAgent), Config: config("create", promptID), ExpectError: applyError("Rate limit outlasts the operation", "429")},
			{PreConfig: api.ClearFaults, Config: config("read", promptID), ConfigPlanChecks: plansAgent(plancheck.ResourceActionCreate)},
			{PreConfig: limited(sandbox.OpListAgents), Config: config("read", promptID), PlanOnly: true, ExpectError: planError("Rate limit outlasts the operation", "429")},
			{PreConfig: api.ClearFaults, Config: config("update", promptID), ConfigPlanChecks: plansAgent(plancheck.ResourceActionUpdate)},
			{PreConfig: limited(sandbox.OpUpdateAgent), Config: config("update", nextPromptID), ExpectError: applyError("Rate limit outlasts the operation", "429")},
			{PreConfig: api.ClearFaults, Config: config("delete", promptID), ConfigPlanChecks: plansAgent(plancheck.ResourceActionUpdate)},
			{PreConfig: limited(sandbox.OpDeleteAgent), Config: api.config(), ExpectError: applyError("Rate limit outlasts the operation", "429")},
			{PreConfig: api.ClearFaults, Config: config("delete", promptID), ConfigPlanChecks: plansAgent(plancheck.ResourceActionNoop), ConfigStateChecks: []statecheck.StateCheck{api.checkAgents("Reception/pmpt_1")}},
		},
	})
}

func TestAgentThatIsNotValid(t *testing.T) {
	t.Parallel()
	valid := map[string]string{"phone_number_id": quoted("pn_1"), "name": quoted(agentName), "prompt_id": quoted(promptID)}
	type invalid struct {
		attribute, value string
		says             []string
	}
	api := newAPI(t, sandbox.Options{})
	steps := stepOfEach(t, map[string]invalid{
		"no number":                     {"phone_number_id", "", []string{"phone_number_id", "required"}},
		"no name":                       {"name", "", []string{"name", "required"}},
		"no prompt":                     {"prompt_id", "", []string{"prompt_id", "required"}},
		"an empty number":               {"phone_number_id", `""`, []string{"phone_number_id", "1 to 50"}},
		"a number of Meta's form":       {"phone_number_id", `"+1 234"`, []string{"phone_number_id", "1 to 50"}},
		"a number of 51 characters":     {"phone_number_id", quoted(strings.Repeat("a", 51)), []string{"phone_number_id", "1 to 50"}},
		"an id with a slash":            {"agent_id", `"a/b"`, []string{"agent_id", "1 to 50"}},
		"a user with a slash":           {"user_id", `"a/b"`, []string{"user_id", "1 to 50"}},
		"an empty name":                 {"name", `""`, []string{"name", "empty"}},
		"a name of 256 units":           {"name", quoted(strings.Repeat("é", 256)), []string{"name", "255", "256"}},
		"a name of 128 emoji":           {"name", quoted(strings.Repeat("😀", 128)), []string{"name", "255", "256"}},
		"a name of two lines":           {"name", `"a\nb"`, []string{"name", "control"}},
		"an empty prompt":               {"prompt_id", `""`, []string{"Invalid Attribute Value Length", "prompt_id"}},
		"a prompt of 101 characters":    {"prompt_id", quoted(strings.Repeat("p", 101)), []string{"prompt_id", "100"}},
		"a timeout of zero":             {"timeouts", "0s", []string{"greater than zero"}},
		"a timeout without a unit":      {"timeouts", "20", []string{"Invalid Attribute Value Time Duration", "create"}},
		"an argument that there is not": {"status", `"active"`, []string{"Unsupported argument", "status"}},
	}, func(_ string, row invalid) resource.TestStep {
		arguments := maps.Clone(valid)
		arguments[row.attribute] = row.value
		text := "resource \"bizapi_agent\" \"main\" {\n"
		for argument, value := range arguments {
			switch {
			case argument == "timeouts":
				text += fmt.Sprintf("  timeouts {\n    create = %q\n  }\n", value)
			case value != "":
				text += "  " + argument + " = " + value + "\n"
			}
		}
		return resource.TestStep{Config: api.config(text + "}\n"), PlanOnly: true, ExpectError: says(row.says...)}
	})
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: steps})
	if got := api.Count(sandbox.OpAny); got > 0 {
		t.Errorf("the API got %d requests", got)
	}
}

func TestLongestNameAndPromptOfAnAgentAreTaken(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		numbers, _ := api.account()
		name, prompt := strings.Repeat("😀", 127)+"a", strings.Repeat("p", 100)
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps: []resource.TestStep{{
				Config:            api.config(agentBlock("main", quoted(numbers[0].ID), name, prompt)),
				ConfigStateChecks: []statecheck.StateCheck{api.checkAgents(name + "/" + prompt)},
			}},
		})
	})
}

func TestNumberThatHasAnAgentIsRefusedAtPlan(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		numbers, _ := api.account()
		theirs := api.addAgent(numbers[0], "Theirs")
		refused := resource.TestStep{
			Config:      api.config(agentOn(quoted(numbers[0].ID))),
			ExpectError: planError("already has an agent", "terraform import bizapi_agent.example "+testUser+"/"+theirs.ID),
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps: []resource.TestStep{
				refused, // as a create
				{Config: api.config(agentOn(quoted(numbers[1].ID))), ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpCreateAgent)}},
				refused, // as a replacement
				plansNothing(api.config(agentOn(quoted(numbers[1].ID))), api.checkWrites()),
			},
		})
	})
}

// An agent that came between plan and apply: published servers say so, and deployed ones speak of a foreign key.
func TestNumberThatGotAnAgentMeanwhileIsRefusedInApply(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		numbers, _ := api.account()
		theirs := sandbox.Agent{ID: "agt_theirs", PhoneNumberID: numbers[0].ID, Name: "Theirs", PromptID: "p"}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps: []resource.TestStep{{
				PreConfig: func() {
					api.Script(sandbox.Fault{On: sandbox.OpCreateAgent, Before: func() { api.AddAgent(testUser, theirs) }})
				},
				Config: api.config(agentOn(quoted(numbers[0].ID))), ExpectError: applyError("already has an agent", "terraform import bizapi_agent.example "+testUser+"/agt_theirs"),
			}},
		})
	})
}

// A deployed server lists the agent of another user to nobody but that user.
func TestAnotherUsersAgentIsInTheWay(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{Dialect: sandbox.Deployed})
	numbers, _ := api.account()
	api.AddAgent(otherUser, sandbox.Agent{ID: "agt_theirs", PhoneNumberID: numbers[0].ID, Name: "Theirs", PromptID: "p"})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		Steps: []resource.TestStep{
			{Config: api.config(agentOn(quoted(numbers[0].ID))), ExpectError: applyError("Phone number already has an agent", numbers[0].ID, "another user")},
			{Config: api.config(agentOn(quoted(numbers[1].ID), `agent_id = "agt_theirs"`)), ExpectError: applyError("Agent already exists", "agt_theirs", "another agent_id")},
		},
	})
}

func TestSecondAgentOfANumberIsRefusedAtPlan(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		numbers, _ := api.account()
		first := agentOn(quoted(numbers[0].ID))
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps: []resource.TestStep{
				{Config: api.config(first)},
				{Config: api.config(first, agentBlock("second", quoted(numbers[0].ID), "Second", promptID)), ExpectError: planError("Agent would be deleted at another address", "Two resources of this plan have agent agt_")},
				{Config: api.config(first), ConfigStateChecks: []statecheck.StateCheck{api.checkAgents("Reception/pmpt_1")}},
			},
		})
	})
}

// An import to a second address leaves both in the state. Neither may delete the agent of the other.
func TestAgentAtTwoAddressesIsNotReplaced(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		agent, first := api.importableAgent()
		second := func(number string) string { return agentBlock("second", number, agentName, promptID) }
		imports := importAgentByID(testUser + "/" + agent.ID)
		both := first + second(quoted(agent.PhoneNumberID)) + imports + strings.Replace(imports, agentAddress, "bizapi_agent.second", 1)
		moves := first + second(quoted(api.Numbers(testUser)[1].ID))
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps: []resource.TestStep{
				{Config: api.config(both), ConfigStateChecks: []statecheck.StateCheck{api.checkWrites()}},
				{Config: api.config(moves), ExpectError: planError("Agent would be deleted at another address", agent.ID, "`terraform state rm`")},
				plansNothing(api.config(both), api.checkWrites()),
			},
		})
	})
}

func TestAgentThatIsCreatedBeforeTheOldOneIsDestroyed(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{Dialect: sandbox.Deployed})
	numbers, _ := api.account()
	const lifecycle = "lifecycle {\n    create_before_destroy = true\n  }"
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		Steps: []resource.TestStep{
			{Config: api.config(agentOn(quoted(numbers[0].ID), lifecycle))},
			{Config: api.config(agentOn(quoted(numbers[0].ID), lifecycle, `agent_id = "agt_2"`)), ExpectError: applyError("Phone number already has an agent", "create_before_destroy")},
			{ // the old one is there
				PreConfig: func() {
					if got := api.theAgent(t); got.ID == "agt_2" {
						t.Errorf("the API holds %+v", got)
					}
				},
				Config: api.config(), ConfigStateChecks: []statecheck.StateCheck{api.checkAgents()},
			},
		},
	})
}

// A deployed server would take another user's number, and the agent would block its owner's.
func TestAgentOfANumberThatIsNotTheUsers(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		others := api.Add(otherUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: "106540352242922", AccessToken: importedToken})
		refused := func(failure func(words ...string) *regexp.Regexp, blocks ...string) resource.TestStep {
			return resource.TestStep{Config: api.config(blocks...), ExpectError: failure("Unknown phone number", testUser)}
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps: []resource.TestStep{
				// another user's and an unknown one, known at plan and in the apply alone
				refused(planError, agentOn(quoted(others.ID))),
				refused(planError, agentOn(`"pn_missing"`)),
				refused(applyError, agentOn("terraform_data.number.output"), knownLater("number", others.ID)),
				refused(applyError, agentOn("terraform_data.missing.output"), knownLater("missing", "pn_missing")),
				// one that the apply adds for another user
				refused(applyError, number(withToken(testToken), withUser(otherUser)), agentOn(follows)),
			},
		})
		if got := api.Count(sandbox.OpCreateAgent); got > 0 {
			t.Errorf("%d agents were sent", got)
		}
	})
}

// The list of an unknown user is empty on a deployed server, and a database that is down answers 404.
func TestAgentIsGoneOnlyWithProof(t *testing.T) {
	t.Parallel()
	type proofless struct {
		fault sandbox.Fault
		says  string
	}
	api := newAPI(t, sandbox.Options{Dialect: sandbox.Deployed})
	numbers, _ := api.account()
	config := api.config(agentOn(quoted(numbers[0].ID)))
	steps := []resource.TestStep{{Config: config, ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpCreateAgent)}}}
	steps = append(steps, stepOfEach(t, map[string]proofless{
		"a database that is down":             {sandbox.Fault{On: sandbox.OpListAgents, Do: sandbox.DatabaseDown()}, "Failed to get agents"},
		"a sign-in page":                      {sandbox.Fault{On: sandbox.OpListAgents, Do: sandbox.Respond(200, "text/html", "<html>Sign in</html>")}, "text/html"},
		"no agents of a user that is unknown": {sandbox.Fault{Do: unknownUsersAgents}, "User with ID"},
	}, func(_ string, row proofless) resource.TestStep {
		row.fault.Times = sandbox.Always
		return resource.TestStep{ // a configuration without the agent asks for nothing but the read
			PreConfig: func() {
				api.ClearFaults()
				api.Script(row.fault)
			},
			Config: api.config(), ExpectError: planError(row.says),
		}
	})...)
	unchanged := plansNothing(config, api.checkWrites(), api.checkAgents("Reception/pmpt_1"))
	unchanged.PreConfig = api.ClearFaults
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: append(steps, unchanged)})
}

// unknownUsersAgents answers as a deployed server does of a user that it does not know.
func unknownUsersAgents(w http.ResponseWriter, r *http.Request, answer sandbox.Answer) {
	if strings.HasSuffix(r.URL.Path, "/agents") {
		sandbox.Respond(200, "application/json", `{"success":true,"data":[],"count":0}`)(w, r, answer)
		return
	}
	sandbox.Respond(404, "application/json", `{"error":"Not found","message":"User with ID usr_abc123 not found"}`)(w, r, answer)
}

// Lists may lag behind a create.
func TestYoungAgentThatIsNotListedYetStays(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect, ListAddsAfter: 25 * time.Second})
		config := api.config(number(withToken(testToken)), agentOn(follows))
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps: []resource.TestStep{{
				Config:            config,
				ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpAdd, sandbox.OpCreateAgent), api.checkAgents("Reception/pmpt_1")},
			}},
		})
	})
}

// A staging URL must not empty a state.
func TestAgentMissingUnderAnotherBaseURLStaysInTheState(t *testing.T) {
	t.Parallel()
	for name, noRefresh := range map[string]bool{"by a read": false, "by a delete": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, staging := newAPI(t, sandbox.Options{}), newAPI(t, sandbox.Options{})
			numbers, _ := api.account()
			block := agentOn(quoted(numbers[0].ID))
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				AdditionalCLIOptions:     &resource.AdditionalCLIOptions{Plan: resource.PlanOptions{NoRefresh: noRefresh}},
				Steps: []resource.TestStep{
					{Config: api.config(block)},
					{Config: staging.config(), ExpectError: says(api.baseURL, staging.baseURL)},
					plansNothing(api.config(block), api.checkAgents("Reception/pmpt_1")),
				},
			})
		})
	}
}

func TestAgentWhoseBlockIsRenamedIsNotDeleted(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	numbers, _ := api.account()
	renamed := agentBlock("renamed", quoted(numbers[0].ID), agentName, promptID)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		Steps: []resource.TestStep{
			{Config: api.config(agentOn(quoted(numbers[0].ID))), ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpCreateAgent)}},
			{Config: api.config(renamed), ExpectError: planError("Agent would be deleted at another address", "moved block")},
			{
				Config:            api.config(renamed, "moved {\n  from = "+agentAddress+"\n  to   = bizapi_agent.renamed\n}\n"),
				ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("bizapi_agent.renamed", plancheck.ResourceActionNoop)}},
				ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(), api.checkAgents("Reception/pmpt_1")},
			},
		},
	})
}

func TestSixtyNumbersWithAgentsAreFourRequests(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		config := api.config(`
resource "bizapi_phone_number" "many" {
  count                = 60
  platform             = "whatsapp"
  meta_phone_number_id = tostring(100000000000000 + count.index)
  access_token         = "EAAfakeTokenNumberOne"
}
resource "bizapi_agent" "many" {
  count           = 60
  phone_number_id = bizapi_phone_number.many[count.index].id
  name            = "Reception ${count.index}"
  prompt_id       = "pmpt_1"
}
`)
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: config},
				{PreConfig: api.ForgetRequests, Config: config, PlanOnly: true, ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPreRefresh: []plancheck.PlanCheck{
					plancheck.ExpectEmptyPlan(),
					check(func(*tfjson.State) error {
						if got := api.Count(sandbox.OpAny); got > 4 {
							return fmt.Errorf("the plan took %d requests", got)
						}
						return nil
					}),
				}}},
			},
		})
	})
}

// A strict server refuses the agent_id of an imported agent's configuration once the agent is created again.
func TestAgentIDThatTheServerRefusesIsToBeOmitted(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{Dialect: sandbox.Published})
	numbers, _ := api.account()
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		Steps: []resource.TestStep{
			{Config: api.config(agentOn(quoted(numbers[0].ID), `agent_id = "agt_1"`)), ExpectError: applyError("agent_id", "omit it")},
			{Config: api.config(agentOn(quoted(numbers[0].ID))), ConfigStateChecks: []statecheck.StateCheck{api.checkAgents("Reception/pmpt_1")}},
		},
	})
}

// What the API says of a refused agent is shown, and no agent is in the state.
func TestRefusedAgentIsAnErrorInTheAPIsWords(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	numbers, _ := api.account()
	refusal, _ := json.Marshal(map[string]string{"error": "Bad Request", "message": "Validation failed: prompt_id is unknown"})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		Steps: []resource.TestStep{
			{
				PreConfig: func() {
					api.Script(sandbox.Fault{On: sandbox.OpCreateAgent, Do: sandbox.Respond(400, "application/json", string(refusal))})
				},
				Config: api.config(agentOn(quoted(numbers[0].ID))), ExpectError: applyError("refused", "POST", "prompt_id is unknown"),
			},
			{Config: api.config(agentOn(quoted(numbers[0].ID))), ConfigPlanChecks: plansAgent(plancheck.ResourceActionCreate)},
		},
	})
}
