// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck/queryfilter"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

const listAddress = "bizapi_agent.agents"

// listAgents is a list block with more arguments, and the arguments of its configuration.
func listAgents(arguments, config string) string {
	return fmt.Sprintf("list \"bizapi_agent\" \"agents\" {\n  provider = bizapi\n  %s\n  config {\n    %s\n  }\n}\n", arguments, config)
}

func TestAgentsAreListed(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		arguments, config string
		want              func(agents []sandbox.Agent, others sandbox.Agent) []sandbox.Agent
	}{
		"all of the provider's user": {want: func(agents []sandbox.Agent, _ sandbox.Agent) []sandbox.Agent { return agents }},
		"the oldest, up to a limit":  {arguments: "limit = 1", want: func(agents []sandbox.Agent, _ sandbox.Agent) []sandbox.Agent { return agents[:1] }},
		"those of another user":      {config: withUser(otherUser), want: func(_ []sandbox.Agent, others sandbox.Agent) []sandbox.Agent { return []sandbox.Agent{others} }},
	} {
		t.Run(name, func(t *testing.T) {
			inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
				api := newAPI(t, sandbox.Options{Dialect: dialect, IgnoreOrder: true})
				agents := row.want(api.accountWithAgents())
				checks := []querycheck.QueryResultCheck{querycheck.ExpectLength(listAddress, len(agents))}
				for _, agent := range agents {
					checks = append(checks, querycheck.ExpectIdentity(listAddress, identityOfAgent(agent)))
				}
				resource.UnitTest(t, api.queryCase(withUser(testUser), resource.TestStep{Config: listAgents(row.arguments, row.config), QueryResultChecks: checks}))
			})
		})
	}
}

func TestListOfNoAgentsIsEmpty(t *testing.T) {
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		resource.UnitTest(t, api.queryCase(withUser(testUser), resource.TestStep{
			Config:            listAgents("", ""),
			QueryResultChecks: []querycheck.QueryResultCheck{querycheck.ExpectTotalLengthForMatching(regexp.MustCompile("agents"), 0)},
		}))
	})
}

// A listed resource is what an import would make of it.
func TestListedAgentIsTheImportedOne(t *testing.T) {
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		agents, _ := api.accountWithAgents()
		var checks []querycheck.QueryResultCheck
		for _, agent := range agents {
			values := []querycheck.KnownValueCheck{{Path: tfjsonpath.New("timeouts"), KnownValue: knownvalue.Null()}}
			for attribute, value := range showsAgent(agent) {
				values = append(values, querycheck.KnownValueCheck{Path: tfjsonpath.New(attribute), KnownValue: value})
			}
			filter := queryfilter.ByResourceIdentity(identityOfAgent(agent))
			checks = append(checks,
				querycheck.ExpectResourceKnownValues(listAddress, filter, values),
				querycheck.ExpectResourceDisplayName(listAddress, filter, knownvalue.StringExact(fmt.Sprintf("%s (%s on %s)", agent.Name, agent.ID, agent.PhoneNumberID))))
		}
		resource.UnitTest(t, api.queryCase(withUser(testUser), resource.TestStep{Config: listAgents("include_resource = true", ""), QueryResultChecks: checks}))
	})
}

func TestListOfAgentsThatIsAnError(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		provider, config string
		says             []string
	}{
		"an unknown user":     {withUser(testUser), withUser("usr_nobody"), []string{"Unknown user", "usr_nobody"}},
		"no user":             {"", "", []string{"user_id", "BIZAPI_USER_ID"}},
		"a user with a slash": {withUser(testUser), withUser("a/b"), []string{"user_id", "letters, digits"}},
	} {
		t.Run(name, func(t *testing.T) {
			inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
				api := newAPI(t, sandbox.Options{Dialect: dialect})
				resource.UnitTest(t, api.queryCase(row.provider, resource.TestStep{Config: listAgents("", row.config), ExpectError: says(row.says...)}))
			})
		})
	}
}
