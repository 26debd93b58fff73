// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
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

const otherID = "17841234567890123"

func TestChangeReplacesTheNumber(t *testing.T) {
	t.Parallel()
	shop := func(n sandbox.Number) sandbox.Number { n.DisplayName = held("", "Shop").DisplayName; return n }
	for attribute, changed := range map[string]struct {
		config string
		holds  sandbox.Number
	}{
		"user_id": {
			number(withUser(otherUser), withToken(testToken), named("Shop")),
			shop(sandbox.Number{UserID: otherUser, Platform: "whatsapp", MetaPhoneNumberID: whatsAppID, AccessToken: testToken}),
		},
		"platform": {
			phoneNumber("main", "webchat", whatsAppID, withUser(testUser), withToken(testToken), named("Shop")),
			shop(sandbox.Number{UserID: testUser, Platform: "webchat", MetaPhoneNumberID: whatsAppID, AccessToken: testToken}),
		},
		"meta_phone_number_id": {
			phoneNumber("main", "whatsapp", otherID, withUser(testUser), withToken(testToken), named("Shop")),
			shop(sandbox.Number{UserID: testUser, Platform: "whatsapp", MetaPhoneNumberID: otherID, AccessToken: testToken}),
		},
		"access_token": {number(withUser(testUser), withToken(nextToken), named("Shop")), held(nextToken, "Shop")},
		"display_name": {number(withUser(testUser), withToken(testToken), named("Store")), held(testToken, "Store")},
	} {
		t.Run(attribute, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{})
			newID := statecheck.CompareValue(compare.ValuesDiffer())
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				CheckDestroy:             api.checkDestroy,
				Steps: []resource.TestStep{
					{
						Config: api.config(number(withUser(testUser), withToken(testToken), named("Shop"))),
						ConfigStateChecks: []statecheck.StateCheck{
							newID.AddStateValue(address, tfjsonpath.New("id")), api.checkRequests(1, 0),
						},
					},
					{
						Config: api.config(changed.config),
						ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
							plancheck.ExpectResourceAction(address, plancheck.ResourceActionDestroyBeforeCreate),
							plancheck.ExpectUnknownValue(address, tfjsonpath.New("id")),
						}},
						ConfigStateChecks: []statecheck.StateCheck{
							newID.AddStateValue(address, tfjsonpath.New("id")),
							api.checkRequests(1, 1), api.checkAPIHolds(changed.holds), api.checkStateMatchesAPI(),
						},
					},
				},
			})
		})
	}
}

// triggered is a number that is replaced when the input changes.
func triggered(input string, arguments ...string) string {
	return number(append(arguments, "lifecycle {\n    replace_triggered_by = [terraform_data.trigger]\n  }")...) +
		fmt.Sprintf("resource \"terraform_data\" \"trigger\" {\n  input = %q\n}\n", input)
}

func TestReplacementWithoutAChange(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		taint  []string
		config string
	}{
		"by a taint":             {taint: []string{address}, config: triggered("one", withToken(testToken))},
		"by what it is bound to": {config: triggered("two", withToken(testToken))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{})
			newID := statecheck.CompareValue(compare.ValuesDiffer())
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				CheckDestroy:             api.checkDestroy,
				Steps: []resource.TestStep{
					{Config: api.config(triggered("one", withToken(testToken))), ConfigStateChecks: []statecheck.StateCheck{newID.AddStateValue(address, tfjsonpath.New("id"))}},
					{
						Taint: row.taint, Config: api.config(row.config),
						ConfigPlanChecks: plans(plancheck.ResourceActionDestroyBeforeCreate),
						ConfigStateChecks: []statecheck.StateCheck{
							newID.AddStateValue(address, tfjsonpath.New("id")),
							api.checkRequests(2, 1), api.checkAPIHolds(held(testToken, "")), api.checkStateMatchesAPI(),
						},
					},
				},
			})
		})
	}
}

// Terraform deletes first: what would keep the number from being added again is an error before that.
func TestReplacementThatWouldFailIsNotPlanned(t *testing.T) {
	t.Parallel()
	ofOther := withUser(otherUser)                          // of the provider
	unlisted := func(do sandbox.Behaviour) func(*testAPI) { // otherUser's numbers
		return func(api *testAPI) {
			api.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: func(w http.ResponseWriter, r *http.Request, answer sandbox.Answer) {
				if strings.Contains(r.URL.Path, otherUser) {
					do(w, r, answer)
					return
				}
				sandbox.Delay(0)(w, r, answer) // the ordinary answer
			}})
		}
	}
	for name, row := range map[string]struct {
		provider  string // its arguments; empty is one of testUser
		taint     []string
		noRefresh bool
		after     string
		prepare   func(api *testAPI)
		want      string
	}{
		"no token":                            {after: number(named("Store")), want: "access_token"},
		"a token that is too short":           {after: number(withToken("EAAshort9")), want: "access token"},
		"an unknown user":                     {after: number(withToken(testToken), withUser("usr_nobody")), want: "usr_nobody"},
		"a number that is there":              {after: phoneNumber("main", "whatsapp", otherID, withToken(testToken)), prepare: addOther, want: otherID},
		"a user that may not be listed":       {after: number(withToken(testToken), withUser(otherUser)), prepare: unlisted(sandbox.Respond(403, "application/json", `{"message":"Forbidden"}`)), want: otherUser},
		"a listing that fails":                {after: phoneNumber("main", "whatsapp", otherID, withToken(testToken), withUser(otherUser)), prepare: unlisted(sandbox.Drop()), want: otherUser},
		"a move to the provider's user":       {provider: ofOther, after: number(withToken(testToken), named("Store")), want: "user_id"},
		"a move with another Meta id":         {provider: ofOther, after: phoneNumber("main", "whatsapp", otherID, withToken(testToken)), want: "user_id"},
		"a move, and the provider has none":   {provider: " ", after: number(withToken(testToken), named("Store")), want: "user_id"},
		"tainted, a move":                     {provider: ofOther, taint: []string{address}, after: number(withToken(testToken)), want: "user_id"},
		"tainted, a short token":              {taint: []string{address}, after: number(withToken("EAAshort9")), want: "access token"},
		"tainted, unrefreshed, a move":        {noRefresh: true, provider: ofOther, taint: []string{address}, after: number(withToken(testToken)), want: "user_id"},
		"tainted, unrefreshed, a short token": {noRefresh: true, taint: []string{address}, after: number(withToken("EAAshort9")), want: "access token"},
		"triggered, a move":                   {provider: ofOther, after: triggered("two", withToken(testToken)), want: "user_id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{})
			if row.provider == "" {
				row.provider = withUser(testUser)
			}
			if row.prepare == nil {
				row.prepare = func(*testAPI) {}
			}
			var before sandbox.Number
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				AdditionalCLIOptions:     &resource.AdditionalCLIOptions{Plan: resource.PlanOptions{NoRefresh: row.noRefresh}},
				Steps: []resource.TestStep{
					{
						Config:            api.config(triggered("one", withToken(testToken))),
						ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0)},
					},
					{
						PreConfig: func() { before = api.theNumber(t); row.prepare(api) },
						Taint:     row.taint, Config: api.configWith(row.provider, row.after), ExpectError: planError(row.want),
					},
					{ // a taint stays
						PreConfig: func() {
							api.ClearFaults()
							if got := api.Numbers(testUser); len(got) == 0 || got[0].ID != before.ID {
								t.Error("the number was deleted")
							}
						},
						Config: api.config(number(withToken(testToken))),
						ConfigStateChecks: []statecheck.StateCheck{
							api.checkRequests(len(row.taint), len(row.taint)),
							statecheck.ExpectKnownValue(address, tfjsonpath.New("meta_phone_number_id"), knownvalue.StringExact(whatsAppID)),
						},
					},
				},
			})
		})
	}
}

// Of two numbers that come to one Meta id, one add would fail, perhaps after its delete.
func TestNumberThatBecomesAnotherOfTheStateIsNotReplaced(t *testing.T) {
	t.Parallel()
	a := func(metaID string) string { return phoneNumber("a", "whatsapp", metaID, withToken(testToken)) }
	b := func(metaID, user string) string {
		return phoneNumber("b", "whatsapp", metaID, withToken(testToken), withUser(user))
	}
	for name, row := range map[string]struct{ before, after string }{
		"two swap":                   {a(whatsAppID) + b(otherID, testUser), a(otherID) + b(whatsAppID, testUser)},
		"one becomes another user's": {a(whatsAppID) + b(otherID, otherUser), a(otherID) + b(otherID, otherUser)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{})
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				CheckDestroy:             api.checkDestroy,
				Steps: []resource.TestStep{
					{Config: api.config(row.before)},
					{Config: api.config(row.after), ExpectError: planError(otherID)},
					{
						Config:            api.config(row.before),
						ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(2, 0), api.checkStateMatchesAPI()},
					},
				},
			})
		})
	}
}

func addOther(api *testAPI) {
	api.Add(testUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: otherID, AccessToken: nextToken})
}

func TestAddThatFailsAfterTheDeleteIsMadeUpForByTheNextApply(t *testing.T) {
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
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
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
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

// Without a refresh, the state may have a number under an id that is gone, and the API under another.
func TestReplacementOfANumberThatTheAPIHasUnderAnotherIDIsRefused(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		taint []string
		token string
	}{
		"tainted":       {taint: []string{address}, token: testToken},
		"another token": {token: nextToken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{})
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				AdditionalCLIOptions:     &resource.AdditionalCLIOptions{Plan: resource.PlanOptions{NoRefresh: true}},
				Steps: []resource.TestStep{
					{Config: api.config(number(withToken(testToken)))},
					{
						PreConfig: func() {
							api.Remove(api.theNumber(t).ID)
							api.added("Shop")
						},
						Taint: row.taint, Config: api.config(number(withToken(row.token))),
						ExpectError: planError("Phone number already exists", "Remove the old one from the state first", "terraform apply -refresh-only", "terraform state rm"),
					},
					{
						Config:            api.config(forgotten),
						ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0), api.checkAPIHolds(held(importedToken, "Shop"))},
					},
				},
			})
		})
	}
}

// What passes by itself loses no number between its delete and its add.
func TestReplacementWaitsForWhatPasses(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sandbox.Fault{
		"a database that is down":             {Times: 2, Do: sandbox.DatabaseDown()},
		"a database that went down behind it": {Commit: true, Do: sandbox.DatabaseDown()},
		"a rate limit of an hour":             {Do: sandbox.RateLimited("3600")},
	} {
		t.Run(name, func(t *testing.T) {
			dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
				api := newAPI(t, sandbox.Options{Dialect: dialect})
				resource.UnitTest(t, resource.TestCase{
					ProtoV6ProviderFactories: api.factories(),
					CheckDestroy:             api.checkDestroy,
					Steps: []resource.TestStep{
						{Config: api.config(number(withToken(testToken)))},
						{
							PreConfig: func() {
								fault := fault // the dialects run at once
								fault.On = sandbox.OpAdd
								api.Script(fault)
							},
							Config:            api.config(number(withToken(nextToken))),
							ConfigPlanChecks:  plans(plancheck.ResourceActionDestroyBeforeCreate),
							ConfigStateChecks: []statecheck.StateCheck{api.checkAPIHolds(held(nextToken, "")), api.checkStateMatchesAPI()},
						},
					},
				})
			})
		})
	}
}

// The API takes each number once, so the add meets the old one. The apply's plan says so, and Terraform keeps
// the old one as a deposed object: nothing is lost, and it is imported.
func TestCreateBeforeDestroyKeepsTheOldNumber(t *testing.T) {
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		lifecycle := "lifecycle {\n    create_before_destroy = true\n  }"
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: api.config(number(withToken(testToken), lifecycle))},
				{Config: api.config(number(withToken(nextToken), lifecycle)), ExpectError: applyError("Phone number already exists", "create_before_destroy")},
				{
					Config:      api.config(number(withToken(testToken))),
					ExpectError: planError("would be deleted at another address"),
				},
				{
					Config:            api.config(forgotten),
					ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0), api.checkAPIHolds(held(testToken, ""))},
				},
				{
					Config:            api.config(number(withToken(testToken)), importByID("whatsapp/"+whatsAppID)),
					ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(0, 0), api.checkAPIHolds(held(testToken, "")), api.checkStateMatchesAPI()},
				},
			},
		})
	})
}
