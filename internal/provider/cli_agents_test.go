// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// cliWithAgent is a workspace with one applied number and its agent.
func cliWithAgent(t *testing.T, dialect sandbox.Dialect) (*cliWorkspace, *testAPI, sandbox.Number, sandbox.Agent) {
	t.Helper()
	api := newAPI(t, sandbox.Options{Dialect: dialect})
	w := newCLIWorkspace(t, api.baseURL)
	w.write("main.tf", number(withToken(testToken))+agentOn(follows))
	w.apply().succeeded().silent().does(address, "create", agentAddress, "create")
	api.ForgetRequests()
	return w, api, api.Numbers(testUser)[0], api.Agents(testUser)[0]
}

// The warnings of what goes with a number name the agent, and say whether anything brings it back.
func TestCLIWarningOfANumberNamesItsAgent(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		w, api, shop, agent := cliWithAgent(t, dialect)
		named := fmt.Sprintf("Agent %q (%s) is deleted with it", agent.Name, agent.ID)
		replaced, deleted := "Phone number "+shop.ID+" will be replaced", "Phone number "+shop.ID+" will be deleted"
		const comesBack, isLost = "is created again in the same apply, without its conversations", "Unless this plan creates it on another number, nothing brings the agent back"

		w.write("main.tf", number(withToken(nextToken))+agentOn(follows))
		rotated := w.plan().succeeded().does(address, "replace", agentAddress, "replace")
		rotated.warned(replaced, named, "access_token changes", "conversations and messages", comesBack)
		rotated.warned("Agent "+agent.ID+" will be replaced", `"`+agentName+`"`, "phone_number_id is known only after apply", "conversations and messages are deleted for good")

		w.write("main.tf", number(withToken(testToken))+agentOn(follows))
		w.plan("-destroy").succeeded().does(address, "delete", agentAddress, "delete").warned(deleted, named, isLost)

		// An agent of nobody's configuration.
		w.write("main.tf", number(withToken(nextToken)))
		w.succeeds("state", "rm", agentAddress)
		w.plan().succeeded().does(address, "replace").warned(replaced, named, "otherwise nothing brings it back")

		// A server that tells nothing of agents.
		api.Script(sandbox.Fault{On: sandbox.OpListAgents, Times: sandbox.Always, Do: sandbox.Respond(http.StatusNotFound, "application/json", `{"message":"Route GET /agents not found"}`)})
		w.plan().succeeded().warned(replaced, "What is bound to "+shop.ID+" is deleted with it: the agent, its conversations", comesBack)
		w.write("main.tf", "")
		w.plan().succeeded().does(address, "delete").warned(deleted, "What is bound to "+shop.ID, isLost)

		// A number without an agent.
		api.ClearFaults()
		api.RemoveAgent(agent.ID)
		w.plan().succeeded().silent().does(address, "delete")
		w.write("main.tf", number(withToken(nextToken)))
		w.plan().succeeded().warnedOnce(replaced, "it has no agent of user "+testUser)
		cliWrites(t, api, 0, 0)
	})
}

// The agents are listed only where a plan deletes.
func TestCLIPlanThatDeletesNothingListsNoAgents(t *testing.T) {
	t.Parallel()
	w, api, _ := cliApplied(t, sandbox.Options{}, withToken(testToken))
	w.write("main.tf", number(withToken(testToken), protected)+phoneNumber("second", "whatsapp", otherID, withToken(testToken)))
	w.plan().succeeded().silent().does(address, "update", "bizapi_phone_number.second", "create")
	if got := api.Count(sandbox.OpListAgents); got != 0 {
		t.Errorf("%d lists of agents", got)
	}
}

// A taint changes no attribute. Of -replace the provider learns by the second half of the replacement alone, and
// Terraform shows no warnings of that.
func TestCLIReplacementOfAnAgentWarns(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		w, api, _, agent := cliWithAgent(t, dialect)
		words := []string{"Agent " + agent.ID + " will be replaced", `"` + agentName + `"`, "conversations and messages are deleted for good"}
		w.plan("-replace="+agentAddress).succeeded().does(agentAddress, "replace")
		w.write("main.tf", number(withToken(testToken))+agentOn(follows, withUser(otherUser)))
		w.plan().failed("Unknown phone number", otherUser)
		w.write("main.tf", number(withToken(testToken))+agentOn(follows))
		w.succeeds("taint", agentAddress)
		for _, refresh := range []string{"-refresh=true", "-refresh=false"} {
			w.plan(refresh).succeeded().does(agentAddress, "replace").warnedOnce(words...)
		}
		w.apply().succeeded().does(agentAddress, "replace")
		w.apply("-replace="+agentAddress).succeeded().does(agentAddress, "replace")
		if got := api.Agents(testUser); len(got) != 1 || got[0].ID == agent.ID || w.attributes(agentAddress)["agent_id"] != got[0].ID {
			t.Errorf("the API holds %+v", got)
		}
		w.plan().succeeded().silent().does()
	})
}

// A saved plan that is applied under another configuration deletes nothing.
func TestCLIReplacementOfAnAgentUnderAnotherConfigurationIsRefused(t *testing.T) {
	t.Parallel()
	w, api, _, agent := cliWithAgent(t, sandbox.Deployed)
	w.succeeds("plan", "-out=tfplan", "-replace="+agentAddress)
	w.Setenv("BIZAPI_USER_ID", otherUser)
	parsed(t, w.run("apply", "-json", "tfplan")).failed("Provider configuration changed since the plan", "agent "+agent.ID, otherUser)
	if got := api.Agents(testUser); len(got) != 1 || got[0].ID != agent.ID {
		t.Errorf("the API holds %+v", got)
	}
	w.Setenv("BIZAPI_USER_ID", testUser)
	w.plan().succeeded().silent().does()
}

func TestCLIGeneratedConfigurationOfAnAgentPlansNothing(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		shop := api.Add(testUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: whatsAppID, AccessToken: importedToken})
		agent := api.AddAgent(testUser, sandbox.Agent{PhoneNumberID: shop.ID, Name: `The "50% ${off}" %{desk}`, PromptID: promptID})
		w := newCLIWorkspace(t, api.baseURL)
		block := importAgentByID(testUser + "/" + agent.ID)
		w.write("import.tf", strings.Replace(block, "import {", "import {\n  provider = bizapi", 1))
		w.plan("-generate-config-out=generated.tf").succeeded().silent().does(agentAddress, "import")
		// Beside a written resource the CLI refuses the provider's line.
		w.write("import.tf", block)
		w.apply().succeeded().silent().does(agentAddress, "import")
		w.plan().succeeded().silent().does()
		for _, request := range api.Requests() {
			if request.Method != http.MethodGet {
				t.Errorf("the API got %s %s", request.Method, request.Path)
			}
		}
	})
}

// A whole account is imported by query, and planned empty.
func TestCLIQueryOfNumbersAndAgentsPlansNothing(t *testing.T) {
	t.Parallel()
	cliNeeds(t, 14, 0)
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		var imported []string
		for at := range 60 {
			shop := api.Add(testUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: fmt.Sprint(1000 + at), AccessToken: importedToken})
			api.AddAgent(testUser, sandbox.Agent{PhoneNumberID: shop.ID, Name: fmt.Sprintf(`Desk "%d" ${a} %%{b}`, at), PromptID: promptID})
			imported = append(imported, fmt.Sprintf("bizapi_phone_number.all_%d", at), "import", fmt.Sprintf("bizapi_agent.agents_%d", at), "import")
		}
		w := newCLIWorkspace(t, api.baseURL)
		w.write("all.tfquery.hcl", cliListBlock("limit = 100")+"list \"bizapi_agent\" \"agents\" {\n  provider = bizapi\n  limit = 100\n}\n")
		parsed(t, w.run("query", "-json", "-generate-config-out=all.tf")).succeeded().silent()
		w.apply().succeeded().silent().does(imported...)
		api.ForgetRequests()
		w.plan().succeeded().silent().does()
		if got := api.Count(sandbox.OpAny); got > 4 {
			t.Errorf("the plan took %d requests", got)
		}
		if got := api.Count(sandbox.OpCreateAgent) + api.Count(sandbox.OpUpdateAgent) + api.Count(sandbox.OpDeleteAgent); got > 0 {
			t.Errorf("%d writes", got)
		}
	})
}

func TestCLIQueryOfAgentsSaysWhatItLeavesOut(t *testing.T) {
	cliNeeds(t, 14, 0)
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	for at := range 3 {
		shop := api.Add(testUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: fmt.Sprint(1000 + at)})
		api.AddAgent(testUser, sandbox.Agent{PhoneNumberID: shop.ID, Name: agentName, PromptID: promptID})
	}
	w := newCLIWorkspace(t, api.baseURL)
	w.write("all.tfquery.hcl", "list \"bizapi_agent\" \"agents\" {\n  provider = bizapi\n  limit = 2\n}\n")
	parsed(t, w.run("query", "-json")).succeeded().warnedOnce("2 of 3 agents are listed", "limit = 3")
}

// A variable of a shell that is not set makes an empty id.
func TestCLIEmptyImportIDIsAnErrorThatSaysSo(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	w := newCLIWorkspace(t, api.baseURL)
	w.write("main.tf", number(withToken(testToken))+agentOn(follows))
	for _, to := range []string{address, agentAddress} {
		if done := w.run("import", to, ""); done.Code == 0 || !strings.Contains(done.Stderr, "no import id") {
			t.Errorf("%s: exit code %d: %s", to, done.Code, done.Stderr)
		}
	}
}
