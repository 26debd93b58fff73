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
	type query struct {
		arguments, config string
		want              []sandbox.Agent
	}
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect, IgnoreOrder: true})
		agents, others := api.accountWithAgents()
		queries := stepOfEach(t, map[string]query{
			"all of the provider's user": {want: agents},
			"the oldest, up to a limit":  {arguments: "limit = 1", want: agents[:1]},
			"those of another user":      {config: withUser(otherUser), want: []sandbox.Agent{others}},
		}, func(_ string, row query) resource.TestStep {
			checks := []querycheck.QueryResultCheck{querycheck.ExpectLength(listAddress, len(row.want))}
			for _, agent := range row.want {
				checks = append(checks, querycheck.ExpectIdentity(listAddress, identityOfAgent(agent)))
			}
			return resource.TestStep{Config: listAgents(row.arguments, row.config), QueryResultChecks: checks}
		})
		resource.UnitTest(t, api.queryCase(withUser(testUser), queries...))
	})
}

func TestListOfNoAgentsIsEmpty(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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
	type failing struct {
		config string
		says   []string
	}
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		test := api.queryCase(withUser(testUser), stepOfEach(t, map[string]failing{
			"an unknown user":     {withUser("usr_nobody"), []string{"Unknown user", "usr_nobody"}},
			"a user with a slash": {withUser("a/b"), []string{"user_id", "letters, digits"}},
		}, func(_ string, row failing) resource.TestStep {
			return resource.TestStep{Config: listAgents("", row.config), ExpectError: says(row.says...)}
		})...)
		noUser := api.queryCase("", resource.TestStep{Config: listAgents("", ""), ExpectError: says("user_id", "BIZAPI_USER_ID")})
		test.Steps = append(test.Steps, noUser.Steps...)
		resource.UnitTest(t, test)
	})
}
