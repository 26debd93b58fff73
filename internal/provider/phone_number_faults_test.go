// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// TestFaultLeavesStateAndAPIAgreed has each fault meet the add and the delete of a number.
func TestFaultLeavesStateAndAPIAgreed(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		provider := withUser(testUser) + "\n  request_timeout = \"300ms\""
		blocks, added, ids := "", map[string]string{}, map[string]string{}
		var deleted []plancheck.PlanCheck
		for row := range passingFaults {
			blocks += numberOf(row, withToken(testToken), named("Shop"))
			added[row] = testToken
			deleted = append(deleted, plancheck.ExpectResourceAction(addressOf(row), plancheck.ResourceActionDestroy))
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{
					PreConfig: func() { api.hitEach(t, sandbox.OpAdd, passingFaults, metaIDOf) },
					Config:    api.configWith(provider, blocks),
					ConfigStateChecks: []statecheck.StateCheck{
						api.checkOutcomes(added, func(n sandbox.Number) string { return n.AccessToken }), api.checkStateMatchesAPI(),
					},
				},
				{
					PreConfig: func() {
						for _, n := range api.all() {
							ids[n.MetaPhoneNumberID] = n.ID
						}
						api.hitEach(t, sandbox.OpDelete, passingFaults, func(row string) string { return ids[metaIDOf(row)] })
					},
					Config:            api.configWith(provider),
					ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: deleted},
					ConfigStateChecks: []statecheck.StateCheck{api.checkAPIHolds(), api.checkStateMatchesAPI()},
				},
			},
		})
	})
}

func TestFaultThatLastsIsMadeUpForByTheNextApply(t *testing.T) {
	t.Parallel()
	type lasting struct {
		do   sandbox.Behaviour
		says string
	}
	faults := map[string]lasting{
		"a failure":      {sandbox.Respond(500, "application/json", `{"error":"Internal","message":"failed"}`), "API failure"},
		"a lost request": {sandbox.Drop(), "API does not answer"},
		"a time-out":     {sandbox.Hang(), "API does not answer"},
	}
	api := newAPI(t, sandbox.Options{})
	meets := func(on sandbox.Operation, do sandbox.Behaviour) func() {
		return func() {
			api.ClearFaults()
			api.Script(sandbox.Fault{On: on, Times: sandbox.Always, Do: do})
		}
	}
	provider := withUser(testUser) + "\n  request_timeout = \"300ms\""
	config := api.configWith(provider, number(withToken(testToken)))
	agreed := []statecheck.StateCheck{api.checkAPIHolds(held(testToken, "")), api.checkStateMatchesAPI()}
	steps := stepOfEach(t, faults, func(_ string, row lasting) resource.TestStep {
		return resource.TestStep{PreConfig: meets(sandbox.OpAdd, row.do), Config: config, ExpectError: applyError(row.says, "POST")}
	})
	steps = append(steps, resource.TestStep{PreConfig: api.ClearFaults, Config: config, ConfigPlanChecks: plans(plancheck.ResourceActionCreate), ConfigStateChecks: agreed})
	steps = append(steps, stepOfEach(t, faults, func(_ string, row lasting) resource.TestStep {
		return resource.TestStep{PreConfig: meets(sandbox.OpDelete, row.do), Config: api.configWith(provider), ExpectError: applyError(row.says, "DELETE")}
	})...)
	unchanged := plansNothing(config, api.checkAPIHolds(held(testToken, "")), api.checkStateMatchesAPI())
	unchanged.PreConfig = api.ClearFaults
	steps = append(steps, unchanged)
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), CheckDestroy: api.checkDestroy, Steps: steps})
}

// Nothing tells the first apply whether the number is there: the second leads to it.
func TestNumberWhoseAnswerWasLostForGoodIsImported(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		config := api.config(number(withToken(testToken)))
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{
					PreConfig: func() {
						api.Script(sandbox.Fault{On: sandbox.OpAdd, Commit: true, Do: sandbox.Drop(), Before: func() {
							api.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: sandbox.Respond(500, "text/plain", "failed")})
						}})
					},
					Config: config, ExpectError: applyError("Phone number may or may not exist", testUser+"/whatsapp/"+whatsAppID),
				},
				{PreConfig: api.ClearFaults, Config: config, ExpectError: planError("Phone number already exists", "import")},
				{
					Config: config + "import {\n  to = " + address + "\n  id = \"" + testUser + "/whatsapp/" + whatsAppID + "\"\n}\n",
					ConfigStateChecks: []statecheck.StateCheck{
						api.checkRequests(1, 0), api.checkAPIHolds(held(testToken, "")), api.checkStateMatchesAPI(),
					},
				},
			},
		})
	})
}

// The answers are scripted, and the same in both dialects.
// The client's tests have the other ways in which a listing fails.
func TestDeadListingRemovesNothing(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	config := api.config(number(withToken(testToken)))
	type dead struct {
		do   sandbox.Behaviour
		says string
	}
	steps := []resource.TestStep{{Config: config}}
	steps = append(steps, stepOfEach(t, map[string]dead{
		"a route that nothing serves": {sandbox.Respond(404, "application/json", `{"error":"Not Found","message":"Route GET /v1/users not found"}`), "Wrong base URL"},
		"a database that is down":     {sandbox.Respond(404, "application/json", `{"error":"Not Found","message":"Failed to get phone numbers"}`), "API failure"},
		"a refused key":               {sandbox.Respond(401, "application/json", `{"error":"Unauthorized","message":"Invalid API key"}`), "API key refused"},
		"a sign-in page":              {sandbox.Respond(200, "text/html", "<html>sign in</html>"), "Unexpected API response"},
		"a lost answer":               {sandbox.Drop(), "API does not answer"},
	}, func(_ string, row dead) resource.TestStep {
		return resource.TestStep{
			PreConfig: func() {
				api.ClearFaults()
				api.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: row.do})
			},
			RefreshState: true, ExpectError: says(row.says, testUser),
		}
	})...)
	unchanged := plansNothing(config, api.checkRequests(1, 0), api.checkStateMatchesAPI())
	unchanged.PreConfig = api.ClearFaults
	steps = append(steps, unchanged)
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), CheckDestroy: api.checkDestroy, Steps: steps})
}

func TestListingThatLacksTheNumberOnceRemovesNothing(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		config, empty := api.config(number(withToken(testToken))), "[]"
		if dialect == sandbox.Deployed {
			empty = `{"success":true,"data":[],"count":0}`
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: config},
				{
					PreConfig: func() {
						api.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.Respond(200, "application/json", empty)})
					},
					Config: config, ConfigPlanChecks: plans(plancheck.ResourceActionNoop),
					ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0), api.checkStateMatchesAPI()},
				},
			},
		})
	})
}

func TestRefusedAddLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		config := api.config(number(withWriteOnly(testToken, 1)))
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{
					PreConfig: func() {
						api.Script(sandbox.Fault{On: sandbox.OpAdd, Do: sandbox.Respond(400, "application/json", `{"error":"Bad Request","message":"Invalid access token"}`)})
					},
					Config: config, ExpectError: applyError("Invalid access token"),
				},
				{
					PreConfig: func() {
						if err := errors.Join(api.checkRequests(1, 0)(nil), api.checkAPIHolds()(nil)); err != nil {
							t.Error(err)
						}
					},
					Config: config, ConfigPlanChecks: plans(plancheck.ResourceActionCreate),
					ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0), api.checkStateMatchesAPI()},
				},
			},
		})
	})
}

// What somebody else added meanwhile is not adopted: the error leads to it.
func TestNumberThatSomebodyElseAddedIsNotAdopted(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		others := held(nextToken, "Somebody else's")
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps: []resource.TestStep{
				{
					PreConfig: func() {
						api.Script(sandbox.Fault{On: sandbox.OpAdd, Do: sandbox.Drop(), Before: func() { api.Add(testUser, others) }})
					},
					Config:      api.config(number(withToken(testToken), named("Shop"))),
					ExpectError: applyError("Phone number already exists", "import"),
				},
				{
					Config:            api.config(),
					ConfigStateChecks: []statecheck.StateCheck{api.checkAPIHolds(others)},
				},
			},
		})
	})
}

// refusing is a network that does not connect at first.
type refusing struct{ times atomic.Int64 }

func (r *refusing) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method != http.MethodGet && r.times.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	return http.DefaultTransport.RoundTrip(request)
}

func TestRequestThatWasNeverSentIsSentAgain(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api, network := newAPI(t, sandbox.Options{Dialect: dialect}), &refusing{}
		api.transport = network
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{
					PreConfig:         func() { network.times.Store(1) },
					Config:            api.config(number(withToken(testToken))),
					ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0), api.checkStateMatchesAPI()},
				},
				{
					PreConfig:         func() { network.times.Store(1) },
					Config:            api.config(),
					ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(0, 1)},
				},
			},
		})
	})
}
