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
func cliWithAgent(t *testing.T, dialect sandbox.Dialect) (*cliWorkspace, *sandbox.Server, sandbox.Number, sandbox.Agent) {
	t.Helper()
	server, url := newCLIServer(t, sandbox.Options{Dialect: dialect})
	w := newCLIWorkspace(t, url)
	w.write("main.tf", cliNumber(cliPlain(cliToken))+agentOn(follows))
	w.apply().succeeded().silent().does(cliAddress, "create", agentAddress, "create")
	server.ForgetRequests()
	return w, server, server.Numbers(cliUser)[0], server.Agents(cliUser)[0]
}

// The warnings of what goes with a number name the agent, and say whether anything brings it back.
func TestCLIWarningOfANumberNamesItsAgent(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		w, server, number, agent := cliWithAgent(t, dialect)
		named := fmt.Sprintf("Agent %q (%s) is deleted with it", agent.Name, agent.ID)
		replaced, deleted := "Phone number "+number.ID+" will be replaced", "Phone number "+number.ID+" will be deleted"
		const comesBack, isLost = "is created again in the same apply, without its conversations", "Nothing brings the agent back"

		w.write("main.tf", cliNumber(cliPlain(cliNextToken))+agentOn(follows))
		rotated := w.plan().succeeded().does(cliAddress, "replace", agentAddress, "replace")
		rotated.warned(replaced, named, "access_token changes", "conversations and messages", comesBack)
		rotated.warned("Agent "+agent.ID+" will be replaced", `"`+agentName+`"`, "phone_number_id changes", "conversations and messages are deleted for good")

		w.write("main.tf", cliNumber(cliPlain(cliToken))+agentOn(follows))
		w.plan("-destroy").succeeded().does(cliAddress, "delete", agentAddress, "delete").warned(deleted, named, isLost)

		// An agent of nobody's configuration.
		w.write("main.tf", cliNumber(cliPlain(cliNextToken)))
		if removed := w.run("state", "rm", agentAddress); removed.Code != 0 {
			t.Fatal(removed.Stderr)
		}
		w.plan().succeeded().does(cliAddress, "replace").warned(replaced, named, "otherwise nothing brings it back")

		// A server that tells nothing of agents.
		server.Script(sandbox.Fault{On: sandbox.OpListAgents, Times: sandbox.Always, Do: sandbox.Respond(http.StatusNotFound, "application/json", `{"message":"Route GET /agents not found"}`)})
		w.plan().succeeded().warned(replaced, "What is bound to "+number.ID+" is deleted with it: the agent, its conversations", comesBack)
		w.write("main.tf", "")
		w.plan().succeeded().does(cliAddress, "delete").warned(deleted, "What is bound to "+number.ID, isLost)

		// A number without an agent.
		server.ClearFaults()
		server.RemoveAgent(agent.ID)
		w.plan().succeeded().silent().does(cliAddress, "delete")
		w.write("main.tf", cliNumber(cliPlain(cliNextToken)))
		w.plan().succeeded().warnedOnce(replaced, "it has no agent of user "+cliUser)
		cliWrites(t, server, 0, 0)
	})
}

// The agents are listed only where a plan deletes.
func TestCLIPlanThatDeletesNothingListsNoAgents(t *testing.T) {
	t.Parallel()
	w, server, _ := cliApplied(t, sandbox.Options{}, cliPlain(cliToken))
	w.write("main.tf", cliNumber(cliPlain(cliToken), "deletion_protection = true")+cliNumberNamed("second", cliOtherID, cliPlain(cliToken)))
	w.plan().succeeded().silent().does(cliAddress, "update", "bizapi_phone_number.second", "create")
	if got := server.Count(sandbox.OpListAgents); got != 0 {
		t.Errorf("%d lists of agents", got)
	}
}

// A taint changes no attribute. Of -replace the provider learns by the second half of the replacement alone, and
// Terraform shows no warnings of that.
func TestCLIReplacementOfAnAgentWarns(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		w, server, _, agent := cliWithAgent(t, dialect)
		words := []string{"Agent " + agent.ID + " will be replaced", `"` + agentName + `"`, "conversations and messages are deleted for good"}
		w.plan("-replace="+agentAddress).succeeded().does(agentAddress, "replace")
		w.write("main.tf", cliNumber(cliPlain(cliToken))+agentOn(follows, `user_id = "usr_other"`))
		w.plan().failed("Unknown phone number", "usr_other")
		w.write("main.tf", cliNumber(cliPlain(cliToken))+agentOn(follows))
		if tainted := w.run("taint", agentAddress); tainted.Code != 0 {
			t.Fatal(tainted.Stderr)
		}
		for _, refresh := range []string{"-refresh=true", "-refresh=false"} {
			w.plan(refresh).succeeded().does(agentAddress, "replace").warnedOnce(words...)
		}
		w.apply().succeeded().does(agentAddress, "replace")
		w.apply("-replace="+agentAddress).succeeded().does(agentAddress, "replace")
		if got := server.Agents(cliUser); len(got) != 1 || got[0].ID == agent.ID || w.attributes(agentAddress)["agent_id"] != got[0].ID {
			t.Errorf("the API holds %+v", got)
		}
		w.plan().succeeded().silent().does()
	})
}

// A saved plan that is applied under another configuration deletes nothing.
func TestCLIReplacementOfAnAgentUnderAnotherConfigurationIsRefused(t *testing.T) {
	t.Parallel()
	w, server, _, agent := cliWithAgent(t, sandbox.Deployed)
	if planned := w.run("plan", "-out=tfplan", "-replace="+agentAddress); planned.Code != 0 {
		t.Fatal(planned.Stderr)
	}
	w.Setenv("BIZAPI_USER_ID", "usr_other")
	parsed(t, w.run("apply", "-json", "tfplan")).failed("Provider configuration changed since the plan", "agent "+agent.ID, "usr_other")
	if got := server.Agents(cliUser); len(got) != 1 || got[0].ID != agent.ID {
		t.Errorf("the API holds %+v", got)
	}
	w.Setenv("BIZAPI_USER_ID", cliUser)
	w.plan().succeeded().silent().does()
}

func TestCLIGeneratedConfigurationOfAnAgentPlansNothing(t *testing.T) {
	t.Parallel()
	cliDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		server, url := newCLIServer(t, sandbox.Options{Dialect: dialect})
		number := server.Add(cliUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: cliMetaID, AccessToken: "EAAnobodyKnows"})
		agent := server.AddAgent(cliUser, sandbox.Agent{PhoneNumberID: number.ID, Name: `The "50% ${off}" %{desk}`, PromptID: promptID})
		w := newCLIWorkspace(t, url)
		block := importAgentByID(cliUser + "/" + agent.ID)
		w.write("import.tf", strings.Replace(block, "import {", "import {\n  provider = bizapi", 1))
		w.plan("-generate-config-out=generated.tf").succeeded().silent().does(agentAddress, "import")
		// Beside a written resource the CLI refuses the provider's line.
		w.write("import.tf", block)
		w.apply().succeeded().silent().does(agentAddress, "import")
		w.plan().succeeded().silent().does()
		for _, request := range server.Requests() {
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
	cliDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		server, url := newCLIServer(t, sandbox.Options{Dialect: dialect})
		var imported []string
		for at := range 60 {
			number := server.Add(cliUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: fmt.Sprint(1000 + at), AccessToken: "EAAnobodyKnows"})
			server.AddAgent(cliUser, sandbox.Agent{PhoneNumberID: number.ID, Name: fmt.Sprintf(`Desk "%d" ${a} %%{b}`, at), PromptID: promptID})
			imported = append(imported, fmt.Sprintf("bizapi_phone_number.all_%d", at), "import", fmt.Sprintf("bizapi_agent.agents_%d", at), "import")
		}
		w := newCLIWorkspace(t, url)
		w.write("all.tfquery.hcl", cliListBlock("limit = 100")+"list \"bizapi_agent\" \"agents\" {\n  provider = bizapi\n  limit = 100\n}\n")
		parsed(t, w.run("query", "-json", "-generate-config-out=all.tf")).succeeded().silent()
		w.apply().succeeded().silent().does(imported...)
		server.ForgetRequests()
		w.plan().succeeded().silent().does()
		if got := server.Count(sandbox.OpAny); got > 4 {
			t.Errorf("the plan took %d requests", got)
		}
		if got := server.Count(sandbox.OpCreateAgent) + server.Count(sandbox.OpUpdateAgent) + server.Count(sandbox.OpDeleteAgent); got > 0 {
			t.Errorf("%d writes", got)
		}
	})
}

func TestCLIQueryOfAgentsSaysWhatItLeavesOut(t *testing.T) {
	cliNeeds(t, 14, 0)
	t.Parallel()
	server, url := newCLIServer(t, sandbox.Options{})
	for at := range 3 {
		number := server.Add(cliUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: fmt.Sprint(1000 + at)})
		server.AddAgent(cliUser, sandbox.Agent{PhoneNumberID: number.ID, Name: agentName, PromptID: promptID})
	}
	w := newCLIWorkspace(t, url)
	w.write("all.tfquery.hcl", "list \"bizapi_agent\" \"agents\" {\n  provider = bizapi\n  limit = 2\n}\n")
	parsed(t, w.run("query", "-json")).succeeded().warnedOnce("2 of 3 agents are listed", "limit = 3")
}
