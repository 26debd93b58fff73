// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"cmp"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
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
		"a number that is there already": {says: []string{"Phone number already exists", `id = "` + testUser + `/pn_shop"`}},
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

// network answers requests in place of one.
type network func(*http.Request) (*http.Response, error)

func (n network) RoundTrip(request *http.Request) (*http.Response, error) { return n(request) }

func refuses(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
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

func TestPlanWarnsOnceAUserThatTheAPIIsAway(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	api.transport = network(refuses)
	c := api.command(t)
	for _, step := range []struct {
		metaID, user string
		warns        bool
	}{
		{"1000", testUser, true}, {"1001", testUser, false}, {"1002", otherUser, true}, {"1003", otherUser, false},
	} {
		_, plan := c.plan(nil, nil, map[string]any{
			"platform": "whatsapp", "meta_phone_number_id": step.metaID, "user_id": step.user, "access_token": testToken,
		})
		text := said(plan.Diagnostics)
		if isWarning := strings.HasPrefix(text, "WARNING: Plan could not be checked against the API"); isWarning != step.warns || !step.warns && text != "" {
			t.Errorf("the plan of %s says %q", step.metaID, text)
		}
	}
}

// The create that ends a replacement is planned once more in the apply: an error then would lose the number.
func TestPlanAfterADeleteAsksNobody(t *testing.T) {
	t.Parallel()
	token := map[string]any{"access_token": testToken}
	for name, row := range map[string]struct {
		config map[string]any
		says   string
	}{
		"a new number":                    {config: arguments(token)},
		"a number that is there":          {config: map[string]any{"platform": "whatsapp", "meta_phone_number_id": otherID, "access_token": testToken}},
		"a number of an unknown user":     {config: map[string]any{"platform": "whatsapp", "meta_phone_number_id": "1", "access_token": testToken, "user_id": "usr_nobody"}},
		"but refuses one without a token": {config: arguments(nil), says: "Missing access token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{})
			addOther(api)
			state := api.adds(t, arguments(token))
			c := api.command(t)
			planned, _ := c.plan(state, state.private, nil)
			if _, diags := c.apply(state, planned, nil); len(diags) > 0 {
				t.Fatal(said(diags))
			}
			api.ForgetRequests()
			_, plan := c.plan(nil, nil, row.config)
			if text := said(plan.Diagnostics); !strings.Contains(text, row.says) || row.says == "" && text != "" {
				t.Errorf("it says %q", text)
			}
			if asked := api.Requests(); len(asked) > 0 {
				t.Errorf("the API was asked %d times: %s %s", len(asked), asked[0].Method, asked[0].Path)
			}
		})
	}
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

// A saved plan is applied by another process, whose environment may be another.
func TestReplacementIsAppliedUnderItsPlansConfigurationAlone(t *testing.T) {
	t.Parallel()
	staging := newAPI(t, sandbox.Options{})
	byDefault, written := arguments(map[string]any{"access_token": nextToken}), arguments(map[string]any{"access_token": nextToken, "user_id": testUser})
	for name, row := range map[string]struct {
		config   map[string]any
		applying map[string]any // other arguments of the provider
		says     []string       // nil: the number is deleted
	}{
		"the same":                              {config: byDefault},
		"another key":                           {config: byDefault, applying: map[string]any{"max_retries": 1}},
		"another default user":                  {config: byDefault, applying: map[string]any{"user_id": otherUser}, says: []string{"user_id", testUser, otherUser}},
		"no default user":                       {config: byDefault, applying: map[string]any{"user_id": nil}, says: []string{"user_id", testUser, "none"}},
		"another default of one that names it":  {config: written, applying: map[string]any{"user_id": otherUser}},
		"no default of one that names it":       {config: written, applying: map[string]any{"user_id": nil}},
		"another base URL":                      {config: byDefault, applying: map[string]any{"base_url": staging.baseURL}, says: []string{"base_url", staging.baseURL}},
		"another base URL of one that names it": {config: written, applying: map[string]any{"base_url": staging.baseURL}, says: []string{"base_url", staging.baseURL}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{})
			state := api.adds(t, arguments(map[string]any{"access_token": testToken}))
			planning := api.command(t)
			change, first := planning.plan(state, state.private, row.config)
			if len(first.RequiresReplace) == 0 {
				t.Fatalf("no replacement is planned: %s", said(first.Diagnostics))
			}
			planned, second := planning.plan(nil, change.private, row.config)
			if text := said(second.Diagnostics); strings.Contains(text, "ERROR") {
				t.Fatal(text)
			}
			_, diags := api.command(t, row.applying).apply(state, planned, nil)
			text := said(diags)
			if (row.says == nil) != (api.Count(sandbox.OpDelete) == 1) || (row.says == nil) != (text == "") {
				t.Errorf("%d DELETE, and it says %q", api.Count(sandbox.OpDelete), text)
			}
			for _, part := range row.says {
				if !strings.HasPrefix(text, "ERROR: Provider configuration changed since the plan") || !strings.Contains(text, part) {
					t.Errorf("no %q in %q", part, text)
				}
			}
		})
	}
}

// What a create's plan left behind for a delete that failed concerns no later delete.
func TestReadForgetsAReplacementThatFailed(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	changed := arguments(map[string]any{"access_token": nextToken})
	state := api.adds(t, arguments(map[string]any{"access_token": testToken}))
	replacing := api.command(t)
	change, _ := replacing.plan(state, state.private, changed)
	planned, _ := replacing.plan(nil, change.private, changed)
	api.Script(sandbox.Fault{On: sandbox.OpDelete, Do: sandbox.Respond(403, "application/json", `{"message":"no"}`)})
	kept, diags := replacing.apply(state, planned, nil)
	if text := said(diags); !strings.HasPrefix(text, "ERROR: ") {
		t.Fatalf("it says %q", text)
	}
	destroying := api.command(t, map[string]any{"user_id": otherUser})
	kept, diags = destroying.read(kept)
	if len(diags) > 0 {
		t.Fatal(said(diags))
	}
	planned, _ = destroying.plan(kept, kept.private, nil)
	gone, diags := destroying.apply(kept, planned, nil)
	if value, err := gone.value.Unmarshal(destroying.object()); len(diags) > 0 || err != nil || !value.Equal(tftypes.NewValue(destroying.object(), nil)) {
		t.Errorf("it says %q, and leaves %s", said(diags), value)
	}
}
