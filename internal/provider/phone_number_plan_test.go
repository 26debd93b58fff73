// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"cmp"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// Planning against the account: what an apply would run into, after it has deleted something perhaps.

func TestNewNumberThatTheAPIWouldRefuseIsAnErrorAtPlan(t *testing.T) {
	t.Parallel()
	type refused struct {
		provider, block string
		fault           sandbox.Behaviour // of the listing
		says            []string
	}
	api := newAPI(t, sandbox.Options{})
	shop := held(importedToken, "Shop")
	shop.ID = "pn_shop"
	api.Add(testUser, shop)
	steps := stepOfEach(t, map[string]refused{
		"a number that is there already": {says: []string{"Phone number already exists", "terraform import bizapi_phone_number.example " + testUser + "/pn_shop"}},
		"one with a token unknown yet":   {block: number(withUnknown(laterTheSame)), says: []string{"Phone number already exists", testUser + "/pn_shop"}},
		"an unknown user":                {block: number(withToken(testToken), withUser("usr_nobody")), says: []string{"Unknown user", "usr_nobody"}},
		"a refused key":                  {provider: withUser(testUser) + "\n  api_key = \"sk_of_nobody\"", says: []string{"API key refused", "401"}},
		"a forbidden user":               {fault: sandbox.Respond(403, "application/json", `{"message":"Forbidden"}`), says: []string{"Not allowed", "403"}},
		"a wrong base URL":               {fault: sandbox.Respond(404, "text/html", "<html>"), says: []string{"Wrong base URL", "BIZAPI_BASE_URL"}},
		"a sign-in page":                 {fault: sandbox.Respond(200, "text/html", "<html>sign in</html>"), says: []string{"Unexpected API response", "base_url"}},
	}, func(_ string, row refused) resource.TestStep {
		config := api.config()
		if row.provider != "" {
			config = strings.Replace(api.configWith(row.provider), "  api_key  = \""+testKey+"\"\n", "", 1)
		}
		return resource.TestStep{
			PreConfig: func() {
				api.ClearFaults()
				if row.fault != nil {
					api.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: row.fault})
				}
			},
			Config: config + cmp.Or(row.block, number(withToken(testToken))) + knownLater("same", testToken), PlanOnly: true, ExpectError: planError(row.says...),
		}
	})
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: steps})
}

func TestNewNumberIsPlannedWhileTheAPIIsAway(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	isAway := atomic.Bool{}
	api.transport = network(func(request *http.Request) (*http.Response, error) {
		if isAway.Load() {
			return refuses(request)
		}
		return http.DefaultTransport.RoundTrip(request)
	})
	steps := stepOfEach(t, map[string]sandbox.Behaviour{
		"nobody listens":     nil,
		"a failure":          sandbox.Respond(503, "text/plain", "upstream"),
		"a database is down": sandbox.DatabaseDown(),
		"a lost answer":      sandbox.Drop(),
		"a rate limit":       sandbox.RateLimited("3600"),
	}, func(_ string, fault sandbox.Behaviour) resource.TestStep {
		return resource.TestStep{
			PreConfig: func() {
				isAway.Store(fault == nil)
				api.ClearFaults()
				api.Script(sandbox.Fault{Times: sandbox.Always, Do: fault})
			},
			Config: api.config(number(withToken(testToken))), PlanOnly: true, ExpectNonEmptyPlan: true,
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: plans(plancheck.ResourceActionCreate).PreApply},
		}
	})
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: steps})
}

// A key that was rotated is no reason to keep what is gone.
func TestNumberThatIsGoneUnderAnotherKeyIsAddedAgain(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{AnyKey: true})
	config := api.config(number(withToken(testToken)))
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: config},
			{
				PreConfig:         func() { api.Remove(api.theNumber(t).ID) },
				Config:            strings.Replace(config, testKey, "sk_test_another_key", 1),
				ConfigPlanChecks:  plans(plancheck.ResourceActionCreate),
				ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(2, 0), api.checkStateMatchesAPI()},
			},
		},
	})
}
