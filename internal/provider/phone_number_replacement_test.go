// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"cmp"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestChangeReplacesTheNumber(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	block := func(attribute string, n sandbox.Number) string {
		return phoneNumber(attribute, n.Platform, n.MetaPhoneNumberID, withUser(n.UserID), withToken(n.AccessToken), named(*n.DisplayName))
	}
	describe := func(n sandbox.Number) string {
		return strings.Join([]string{n.UserID, n.Platform, n.AccessToken, nameOf(n)}, ", ")
	}
	before, after, holds := "", "", map[string]string{}
	var planned []plancheck.PlanCheck
	var first, second []statecheck.StateCheck
	for attribute, change := range map[string]func(n *sandbox.Number){
		"user_id":              func(n *sandbox.Number) { n.UserID = otherUser },
		"platform":             func(n *sandbox.Number) { n.Platform = "webchat" },
		"meta_phone_number_id": func(n *sandbox.Number) { n.MetaPhoneNumberID = otherID },
		"access_token":         func(n *sandbox.Number) { n.AccessToken = nextToken },
		"display_name":         func(n *sandbox.Number) { *n.DisplayName = "Store" },
	} {
		n := held(testToken, "Shop")
		n.MetaPhoneNumberID = metaIDOf(attribute)
		before += block(attribute, n)
		change(&n)
		after += block(attribute, n)
		holds[n.MetaPhoneNumberID] = describe(n)
		planned = append(planned,
			plancheck.ExpectResourceAction(addressOf(attribute), plancheck.ResourceActionDestroyBeforeCreate),
			plancheck.ExpectUnknownValue(addressOf(attribute), tfjsonpath.New("id")))
		newID := statecheck.CompareValue(compare.ValuesDiffer())
		first = append(first, newID.AddStateValue(addressOf(attribute), tfjsonpath.New("id")))
		second = append(second, newID.AddStateValue(addressOf(attribute), tfjsonpath.New("id")))
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: api.config(before), ConfigStateChecks: append(first, api.checkRequests(len(holds), 0))},
			{
				Config: api.config(after), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned},
				ConfigStateChecks: append(second, api.checkRequests(len(holds), len(holds)), api.checkOutcomes(holds, describe), api.checkStateMatchesAPI()),
			},
		},
	})
}

func TestReplacementWithoutAChange(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	newID := statecheck.CompareValue(compare.ValuesDiffer())
	replaced := func(input string, taint ...string) resource.TestStep {
		return resource.TestStep{
			Taint: taint, Config: api.config(triggered(input, withToken(testToken))),
			ConfigPlanChecks: plans(plancheck.ResourceActionDestroyBeforeCreate),
			ConfigStateChecks: []statecheck.StateCheck{
				newID.AddStateValue(address, tfjsonpath.New("id")),
				api.checkRequests(1, 1), api.checkAPIHolds(held(testToken, "")), api.checkStateMatchesAPI(),
			},
		}
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: api.config(triggered("one", withToken(testToken))), ConfigStateChecks: []statecheck.StateCheck{newID.AddStateValue(address, tfjsonpath.New("id")), api.checkRequests(1, 0)}},
			replaced("one", address),
			replaced("two"), // by what it is bound to
		},
	})
}

// Terraform deletes first: what would keep the number from being added again is an error before that.
func TestReplacementThatWouldFailIsNotPlanned(t *testing.T) {
	t.Parallel()
	type failure struct {
		provider string // its arguments; empty is one of testUser
		taint    []string
		after    string
		unlisted sandbox.Behaviour // of otherUser's numbers
		want     []string
	}
	ofOther := withUser(otherUser) // of the provider
	for refresh, rows := range map[string]map[string]failure{
		"refreshed": { // a taint stays, so the tainted ones come last
			"no token":                          {after: number(named("Store")), want: []string{"Missing access token", "access_token"}},
			"a token that is too short":         {after: number(withToken("EAAshort9")), want: []string{"Invalid access token"}},
			"an unknown user":                   {after: number(withToken(testToken), withUser("usr_nobody")), want: []string{"Replacement cannot be checked", "Unknown user", "usr_nobody"}},
			"a number that is there":            {after: phoneNumber("main", "whatsapp", otherID, withToken(testToken)), want: []string{"Phone number already exists", otherID}},
			"a user that may not be listed":     {after: number(withToken(testToken), withUser(otherUser)), unlisted: sandbox.Respond(403, "application/json", `{"message":"Forbidden"}`), want: []string{"Replacement cannot be checked", otherUser}},
			"a listing that fails":              {after: phoneNumber("main", "whatsapp", otherID, withToken(testToken), withUser(otherUser)), unlisted: sandbox.Drop(), want: []string{"Replacement cannot be checked", otherUser}},
			"a move to the provider's user":     {provider: ofOther, after: number(withToken(testToken), named("Store")), want: []string{"Replacement would change the user", "user_id"}},
			"a move with another Meta id":       {provider: ofOther, after: phoneNumber("main", "whatsapp", otherID, withToken(testToken)), want: []string{"Replacement would change the user", "user_id"}},
			"a move, and the provider has none": {provider: " ", after: number(withToken(testToken), named("Store")), want: []string{"Replacement would change the user", "user_id"}},
			"a Meta id that is not known yet":   {after: strings.Replace(number(withToken(nextToken)), `"`+whatsAppID+`"`, "terraform_data.later.output", 1) + knownLater("later", whatsAppID), want: []string{"Replacement of phone number", "cannot be planned", "meta_phone_number_id"}},
			"a user that is not known yet":      {after: number(withToken(nextToken), "user_id = terraform_data.later.output") + knownLater("later", testUser), want: []string{"cannot be planned", "user_id"}},
			"tainted, a move":                   {provider: ofOther, taint: []string{address}, after: number(withToken(testToken)), want: []string{"Replacement would change the user", "user_id"}},
			"tainted, a short token":            {taint: []string{address}, after: number(withToken("EAAshort9")), want: []string{"Invalid access token"}},
			"a trigger, and a move":             {provider: ofOther, after: triggered("two", withToken(testToken)), want: []string{"Replacement would change the user", "user_id"}},
		},
		"unrefreshed": {
			"a provider that is not known yet": {provider: withUser(testUser) + "\n  max_retries = terraform_data.later.output", after: phoneNumber("main", "whatsapp", otherID, withToken(nextToken)) + knownLater("later", "3"), want: []string{"Provider configuration is not known yet", "max_retries"}},
			"tainted, a move":                  {provider: ofOther, taint: []string{address}, after: number(withToken(testToken)), want: []string{"Replacement would change the user", "user_id"}},
			"tainted, a short token":           {taint: []string{address}, after: number(withToken("EAAshort9")), want: []string{"Invalid access token"}},
		},
	} {
		t.Run(refresh, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{})
			addOther(api)
			steps := []resource.TestStep{{
				Config:            api.config(triggered("one", withToken(testToken))),
				ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0)},
			}}
			steps = append(steps, stepOfEach(t, rows, func(_ string, row failure) resource.TestStep {
				return resource.TestStep{
					PreConfig: func() { api.unlist(otherUser, row.unlisted) },
					Taint:     row.taint, Config: api.configWith(cmp.Or(row.provider, withUser(testUser)), row.after), ExpectError: planError(row.want...),
				}
			})...)
			steps = append(steps, resource.TestStep{ // nothing was deleted, and the taint is still there
				PreConfig: func() {
					api.ClearFaults()
					if err := api.checkRequests(0, 0)(nil); err != nil {
						t.Error(err)
					}
				},
				Config: api.config(number(withToken(testToken))), ConfigPlanChecks: plans(plancheck.ResourceActionDestroyBeforeCreate),
				ConfigStateChecks: []statecheck.StateCheck{
					api.checkRequests(1, 1),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("meta_phone_number_id"), knownvalue.StringExact(whatsAppID)),
				},
			})
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				AdditionalCLIOptions:     &resource.AdditionalCLIOptions{Plan: resource.PlanOptions{NoRefresh: refresh == "unrefreshed"}},
				Steps:                    steps,
			})
		})
	}
}

// unlist has the API answer lists of a user in another way from now on; nil is the ordinary one.
func (a *testAPI) unlist(userID string, do sandbox.Behaviour) {
	a.ClearFaults()
	a.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: func(w http.ResponseWriter, r *http.Request, answer sandbox.Answer) {
		if do == nil || !strings.Contains(r.URL.Path, userID) {
			sandbox.Delay(0)(w, r, answer)
			return
		}
		do(w, r, answer)
	}})
}

// Of two numbers that come to one Meta id, one add would fail, perhaps after its delete.
func TestNumberThatBecomesAnotherOfTheStateIsNotReplaced(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	const thirdID = "106540352242922"
	numbers := func(a, b, ofOther string) string {
		return api.config(phoneNumber("a", "whatsapp", a, withToken(testToken)), phoneNumber("b", "whatsapp", b, withToken(testToken)),
			phoneNumber("others", "whatsapp", ofOther, withToken(testToken), withUser(otherUser)))
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: numbers(whatsAppID, otherID, thirdID)},
			{ // two swap
				Config: numbers(otherID, whatsAppID, thirdID), ExpectError: planError("Phone number already exists", otherID),
			},
			{ // one becomes another user's
				Config: numbers(thirdID, otherID, thirdID), ExpectError: planError("Phone number already exists", thirdID),
			},
			plansNothing(numbers(whatsAppID, otherID, thirdID), api.checkRequests(3, 0), api.checkStateMatchesAPI()),
		},
	})
}

func TestAddThatFailsAfterTheDeleteIsMadeUpForByTheNextApply(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: api.config(number(withToken(testToken)))},
				{
					PreConfig: func() {
						api.Script(sandbox.Fault{On: sandbox.OpAdd, Do: sandbox.Respond(400, "application/json", `{"error":"Bad Request","message":"Invalid access token"}`)})
					},
					Config:      api.config(number(withToken(nextToken))),
					ExpectError: applyError("Invalid access token"),
				},
				{
					Config:           api.config(number(withToken(nextToken))),
					ConfigPlanChecks: plans(plancheck.ResourceActionCreate),
					ConfigStateChecks: []statecheck.StateCheck{
						api.checkRequests(3, 1), api.checkAPIHolds(held(nextToken, "")), api.checkStateMatchesAPI(),
					},
				},
			},
		})
	})
}

// Terraform plans the add once more after the delete: a listing that fails then keeps no number away.
func TestListingThatFailsAfterTheDeleteKeepsNoNumberAway(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		config := func(token string) string {
			return api.configWith(withUser(testUser)+"\n  max_retries = 0", number(withToken(token)))
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: config(testToken)},
				{
					PreConfig: func() {
						api.Script(sandbox.Fault{On: sandbox.OpDelete, Before: func() {
							api.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.Respond(500, "text/plain", "failed")})
						}})
					},
					Config:            config(nextToken),
					ConfigPlanChecks:  plans(plancheck.ResourceActionDestroyBeforeCreate),
					ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(2, 1), api.checkAPIHolds(held(nextToken, ""))},
				},
			},
		})
	})
}

// The plan warns of a token that is known only after the apply.
func TestReplacementWithoutATokenIsMadeUpForByTheNextApply(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: api.config(number(withWriteOnly(testToken, 1)))},
			{
				Config:      api.config(knownLater("same", testToken), phoneNumber("main", "whatsapp", otherID, `access_token = terraform_data.same.output == "" ? "never" : null`)),
				ExpectError: applyError("Missing access token"),
			},
			{
				Config: api.config(number(withToken(nextToken))), ConfigPlanChecks: plans(plancheck.ResourceActionCreate),
				ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(2, 1), api.checkAPIHolds(held(nextToken, "")), api.checkStateMatchesAPI()},
			},
		},
	})
}

// Without a refresh, the state may have a number under an id that is gone, and the API under another.
func TestReplacementOfANumberThatTheAPIHasUnderAnotherIDIsRefused(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	refused := func(token string, taint ...string) resource.TestStep {
		return resource.TestStep{
			Taint: taint, Config: api.config(number(withToken(token))),
			ExpectError: planError("Phone number already exists", "Remove the old one from the state first", "terraform apply -refresh-only", "terraform state rm"),
		}
	}
	another := refused(nextToken)
	another.PreConfig = func() {
		api.Remove(api.theNumber(t).ID)
		api.added("Shop")
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		AdditionalCLIOptions:     &resource.AdditionalCLIOptions{Plan: resource.PlanOptions{NoRefresh: true}},
		Steps: []resource.TestStep{
			{Config: api.config(number(withToken(testToken)))},
			another,
			refused(testToken, address), // tainted
			{
				Config:            api.config(forgotten),
				ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0), api.checkAPIHolds(held(importedToken, "Shop"))},
			},
		},
	})
}

// What passes by itself loses no number between its delete and its add.
func TestReplacementWaitsForWhatPasses(t *testing.T) {
	t.Parallel()
	faults := map[string]sandbox.Fault{
		"a database that is down":             {Times: 2, Do: sandbox.DatabaseDown()},
		"a database that went down behind it": {Commit: true, Do: sandbox.DatabaseDown()},
		"a rate limit of an hour":             {Do: sandbox.RateLimited("3600")},
	}
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		before, after, holds := "", "", map[string]string{}
		var replaced []plancheck.PlanCheck
		for row := range faults {
			before += numberOf(row, withToken(testToken))
			after += numberOf(row, withToken(nextToken))
			holds[row] = nextToken
			replaced = append(replaced, plancheck.ExpectResourceAction(addressOf(row), plancheck.ResourceActionDestroyBeforeCreate))
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: api.config(before)},
				{
					PreConfig:        func() { api.hitEach(t, sandbox.OpAdd, faults, metaIDOf) },
					Config:           api.config(after),
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: replaced},
					ConfigStateChecks: []statecheck.StateCheck{
						api.checkOutcomes(holds, func(n sandbox.Number) string { return n.AccessToken }), api.checkStateMatchesAPI(),
					},
				},
			},
		})
	})
}
