// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestNumberIsAddedAndDeleted(t *testing.T) {
	t.Parallel()
	for platform, metaID := range map[string]string{
		"whatsapp": whatsAppID, "instagram": "17841234567890123", "webchat": "shop@example.com",
	} {
		t.Run(platform, func(t *testing.T) {
			dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
				api := newAPI(t, sandbox.Options{Dialect: dialect})
				name, isTime := "+1 (234) 567-8900", regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`)
				resource.UnitTest(t, resource.TestCase{
					ProtoV6ProviderFactories: api.factories(),
					CheckDestroy:             api.checkDestroy,
					Steps: []resource.TestStep{
						{
							Config:           api.config(phoneNumber("main", platform, metaID, withToken(testToken), named(name))),
							ConfigPlanChecks: plans(plancheck.ResourceActionCreate),
							ConfigStateChecks: []statecheck.StateCheck{
								statecheck.ExpectKnownValue(address, tfjsonpath.New("id"), knownvalue.StringFunc(api.isTheID)),
								statecheck.ExpectKnownValue(address, tfjsonpath.New("user_id"), knownvalue.StringExact(testUser)),
								statecheck.ExpectKnownValue(address, tfjsonpath.New("platform"), knownvalue.StringExact(platform)),
								statecheck.ExpectKnownValue(address, tfjsonpath.New("meta_phone_number_id"), knownvalue.StringExact(metaID)),
								statecheck.ExpectKnownValue(address, tfjsonpath.New("access_token"), knownvalue.StringExact(testToken)),
								statecheck.ExpectSensitiveValue(address, tfjsonpath.New("access_token")),
								statecheck.ExpectKnownValue(address, tfjsonpath.New("display_name"), knownvalue.StringExact(name)),
								statecheck.ExpectKnownValue(address, tfjsonpath.New("deletion_protection"), knownvalue.Bool(false)),
								statecheck.ExpectKnownValue(address, tfjsonpath.New("created_at"), knownvalue.StringRegexp(isTime)),
								statecheck.ExpectKnownValue(address, tfjsonpath.New("updated_at"), knownvalue.StringRegexp(isTime)),
								api.checkRequests(1, 0),
								api.checkAPIHolds(sandbox.Number{
									UserID: testUser, Platform: platform, MetaPhoneNumberID: metaID, AccessToken: testToken, DisplayName: &name,
								}),
							},
						},
						{
							Config:            api.config(),
							ConfigPlanChecks:  plans(plancheck.ResourceActionDestroy),
							ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(0, 1), api.checkAPIHolds()},
						},
					},
				})
			})
		})
	}
}

func TestIdentityIsTheNumbersUserAndID(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	identifies := func(userID string) []statecheck.StateCheck {
		return []statecheck.StateCheck{statecheck.ExpectIdentity(address, map[string]knownvalue.Check{
			"user_id": knownvalue.StringExact(userID), "id": knownvalue.StringFunc(api.isTheID),
		})}
	}
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)},
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: api.config(number(withToken(testToken))), ConfigStateChecks: identifies(testUser)},
			{ // an update
				Config:            api.config(number(withToken(testToken), withUser(testUser), protected)),
				ConfigStateChecks: identifies(testUser),
			},
			{Config: api.config(number(withToken(testToken))), ConfigStateChecks: identifies(testUser)},
			{ // a replacement
				Config:            api.config(number(withToken(nextToken), withUser(otherUser))),
				ConfigStateChecks: identifies(otherUser),
			},
			{RefreshState: true},
			{Config: api.config(number(withToken(nextToken), withUser(otherUser))), ConfigStateChecks: identifies(otherUser)},
		},
	})
}

func TestLeftOutArgumentsKeepTheirValues(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	sameID := statecheck.CompareValue(compare.ValuesSame())
	kept := func() []statecheck.StateCheck {
		return []statecheck.StateCheck{
			sameID.AddStateValue(address, tfjsonpath.New("id")),
			statecheck.ExpectKnownValue(address, tfjsonpath.New("user_id"), knownvalue.StringExact(testUser)),
			statecheck.ExpectKnownValue(address, tfjsonpath.New("display_name"), knownvalue.StringExact("Shop")),
		}
	}
	others := fmt.Sprintf("user_id = %q", otherUser)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: api.config(number(withToken(testToken), withUser(testUser), named("Shop"))), ConfigStateChecks: kept()},
			{ // the name and the user
				Config: api.config(number(withToken(testToken))), ConfigStateChecks: kept(),
				ConfigPlanChecks: plans(plancheck.ResourceActionNoop),
			},
			{ // of a provider with another default
				Config: api.configWith(others, number(withToken(testToken))), ConfigStateChecks: kept(),
				ConfigPlanChecks: plans(plancheck.ResourceActionNoop),
			},
			{ // of a provider with none
				Config: api.configWith("", number(withToken(testToken))), ConfigStateChecks: kept(),
				ConfigPlanChecks: plans(plancheck.ResourceActionNoop),
			},
			{ // of a provider whose default is not known yet
				Config:            api.configWith("user_id = terraform_data.user.output", number(withToken(testToken)), knownLater("user", otherUser)),
				ConfigStateChecks: kept(),
				ConfigPlanChecks:  plans(plancheck.ResourceActionNoop),
			},
			{
				Config:            api.config(number(withToken(testToken))),
				ConfigStateChecks: append(kept(), api.checkRequests(1, 0), api.checkAPIHolds(held(testToken, "Shop"))),
			},
		},
	})
}

func TestNameAndUserAreOptional(t *testing.T) {
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: api.configWith("", number(withToken(testToken))), ExpectError: planError("user_id", "BIZAPI_USER_ID")},
				{
					Config: api.config(number(withToken(testToken))),
					ConfigStateChecks: []statecheck.StateCheck{
						statecheck.ExpectKnownValue(address, tfjsonpath.New("user_id"), knownvalue.StringExact(testUser)),
						statecheck.ExpectKnownValue(address, tfjsonpath.New("display_name"), knownvalue.Null()),
						api.checkRequests(1, 0),
						api.checkAPIHolds(held(testToken, "")),
					},
				},
			},
		})
	})
}

func TestNewNumberTakesValuesThatAreNotKnownYet(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{{
			Config: api.configWith("", `
resource "bizapi_phone_number" "main" {
  user_id                 = terraform_data.user.output
  platform                = terraform_data.platform.output
  meta_phone_number_id    = terraform_data.meta_id.output
  access_token_wo         = terraform_data.token.output
  access_token_wo_version = length(terraform_data.token.output)
  display_name            = terraform_data.name.output
}`, knownLater("user", testUser), knownLater("platform", "whatsapp"), knownLater("meta_id", whatsAppID), knownLater("token", testToken), knownLater("name", "Shop")),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectUnknownValue(address, tfjsonpath.New("id")),
				plancheck.ExpectUnknownValue(address, tfjsonpath.New("user_id")),
				plancheck.ExpectUnknownValue(address, tfjsonpath.New("meta_phone_number_id")),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				api.checkRequests(1, 0),
				api.checkAPIHolds(held(testToken, "Shop")),
				api.checkStateMatchesAPI(),
			},
		}},
	})
}

func TestNumberDeletedElsewhereIsAddedAgain(t *testing.T) {
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		config := api.config(number(withToken(testToken), protected))
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: config, ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0)}},
				{
					PreConfig:         func() { api.Remove(api.theNumber(t).ID) },
					Config:            config,
					ConfigPlanChecks:  plans(plancheck.ResourceActionCreate),
					ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0), api.checkStateMatchesAPI()},
				},
				{Config: api.config(number(withToken(testToken)))},
			},
		})
	})
}

func TestDeleteOfANumberThatIsGoneIsDone(t *testing.T) {
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			AdditionalCLIOptions:     &resource.AdditionalCLIOptions{Plan: resource.PlanOptions{NoRefresh: true}},
			Steps: []resource.TestStep{
				{Config: api.config(number(withToken(testToken)))},
				{
					PreConfig:         func() { api.Remove(api.theNumber(t).ID) },
					Config:            api.config(),
					ConfigPlanChecks:  plans(plancheck.ResourceActionDestroy),
					ConfigStateChecks: []statecheck.StateCheck{api.checkStateMatchesAPI()},
				},
			},
		})
	})
}

// A staging URL must not empty a state.
func TestNumberMissingUnderAnotherBaseURLStaysInTheState(t *testing.T) {
	t.Parallel()
	for name, noRefresh := range map[string]bool{"by a read": false, "by a delete": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, staging := newAPI(t, sandbox.Options{}), newAPI(t, sandbox.Options{})
			config := number(withToken(testToken))
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				AdditionalCLIOptions:     &resource.AdditionalCLIOptions{Plan: resource.PlanOptions{NoRefresh: noRefresh}},
				CheckDestroy:             api.checkDestroy,
				Steps: []resource.TestStep{
					{Config: api.config(config)},
					{Config: staging.config(), ExpectError: regexp.MustCompile(`(?s)` + regexp.QuoteMeta(api.baseURL) + `.*` + regexp.QuoteMeta(staging.baseURL))},
					{
						Config:            api.config(config),
						ConfigPlanChecks:  plans(plancheck.ResourceActionNoop),
						ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0), api.checkStateMatchesAPI()},
					},
				},
			})
		})
	}
}

// A limit of 1,000 an hour may ask for most of one: writes have 2 hours, and reads 20 minutes.
func TestDefaultTimeouts(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		on             sandbox.Operation
		within, beyond string // seconds to wait
		isAdded        bool   // before
		after          string
		fails          *regexp.Regexp
	}{
		"create": {on: sandbox.OpAdd, within: "7100", beyond: "7300", after: number(withToken(testToken)), fails: applyError("Rate limit outlasts the operation", "429")},
		"delete": {on: sandbox.OpDelete, within: "7100", beyond: "7300", isAdded: true, fails: applyError("Rate limit outlasts the operation", "429")},
		"read":   {on: sandbox.OpList, within: "1100", beyond: "1300", isAdded: true, after: number(withToken(testToken)), fails: planError("Rate limit outlasts the operation", "429")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{})
			limited := func(retryAfter string) func() {
				return func() {
					api.ClearFaults()
					api.Script(sandbox.Fault{On: row.on, Do: sandbox.RateLimited(retryAfter)})
				}
			}
			steps := []resource.TestStep{
				{PreConfig: limited(row.beyond), Config: api.config(row.after), ExpectError: row.fails},
				{PreConfig: limited(row.within), Config: api.config(row.after), ConfigStateChecks: []statecheck.StateCheck{api.checkStateMatchesAPI()}},
			}
			if row.isAdded {
				steps = append([]resource.TestStep{{Config: api.config(number(withToken(testToken)))}}, steps...)
			}
			resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), CheckDestroy: api.checkDestroy, Steps: steps})
		})
	}
}

func TestTimeoutEndsAWaitForTheRateLimit(t *testing.T) {
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		limited := func(on sandbox.Operation) func() {
			return func() { api.Script(sandbox.Fault{On: on, Times: sandbox.Always, Do: sandbox.RateLimited("3600")}) }
		}
		timeouts := func(operation string) string { return "timeouts {\n    " + operation + " = \"30s\"\n  }" }
		config := api.config(number(withToken(testToken), timeouts("delete")))
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{
					PreConfig: limited(sandbox.OpAdd),
					Config:    api.config(number(withToken(testToken), timeouts("create"))), ExpectError: applyError("429"),
				},
				{
					PreConfig: api.ClearFaults,
					Config:    api.config(number(withToken(testToken), timeouts("read"))), ConfigPlanChecks: plans(plancheck.ResourceActionCreate),
					ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(2, 0), api.checkStateMatchesAPI()},
				},
				{
					PreConfig: limited(sandbox.OpList),
					Config:    api.config(number(withToken(testToken), timeouts("read"))), PlanOnly: true, ExpectError: planError("429"),
				},
				{ // another timeout is recorded, and nothing is sent
					PreConfig: api.ClearFaults,
					Config:    config, ConfigPlanChecks: plans(plancheck.ResourceActionUpdate),
					ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(0, 0), api.checkStateMatchesAPI()},
				},
				{PreConfig: limited(sandbox.OpDelete), Config: api.config(), ExpectError: applyError("429")},
				{
					PreConfig: api.ClearFaults,
					Config:    config, ConfigPlanChecks: plans(plancheck.ResourceActionNoop),
					ConfigStateChecks: []statecheck.StateCheck{api.checkStateMatchesAPI()},
				},
			},
		})
	})
}
