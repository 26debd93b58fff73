// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"regexp"
	"strings"
	"testing"

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
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		isTime := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`)
		config, holds := "", map[string]string{}
		var created, deleted []plancheck.PlanCheck
		var added []statecheck.StateCheck
		for platform, metaID := range map[string]string{
			"whatsapp": whatsAppID, "instagram": "17841234567890123", "webchat": "shop@example.com",
		} {
			name, of := "+1 (234) 567-8900", addressOf(platform)
			config += phoneNumber(platform, platform, metaID, withToken(testToken), named(name))
			holds[metaID] = strings.Join([]string{testUser, platform, testToken, name}, ", ")
			created = append(created, plancheck.ExpectResourceAction(of, plancheck.ResourceActionCreate))
			deleted = append(deleted, plancheck.ExpectResourceAction(of, plancheck.ResourceActionDestroy))
			added = append(added,
				statecheck.ExpectKnownValue(of, tfjsonpath.New("user_id"), knownvalue.StringExact(testUser)),
				statecheck.ExpectKnownValue(of, tfjsonpath.New("platform"), knownvalue.StringExact(platform)),
				statecheck.ExpectKnownValue(of, tfjsonpath.New("meta_phone_number_id"), knownvalue.StringExact(metaID)),
				statecheck.ExpectKnownValue(of, tfjsonpath.New("access_token"), knownvalue.StringExact(testToken)),
				statecheck.ExpectSensitiveValue(of, tfjsonpath.New("access_token")),
				statecheck.ExpectKnownValue(of, tfjsonpath.New("display_name"), knownvalue.StringExact(name)),
				statecheck.ExpectKnownValue(of, tfjsonpath.New("deletion_protection"), knownvalue.Bool(false)),
				statecheck.ExpectKnownValue(of, tfjsonpath.New("created_at"), knownvalue.StringRegexp(isTime)),
				statecheck.ExpectKnownValue(of, tfjsonpath.New("updated_at"), knownvalue.StringRegexp(isTime)))
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{
					Config: api.config(config), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: created},
					ConfigStateChecks: append(added, api.checkRequests(3, 0), api.checkStateMatchesAPI(),
						api.checkOutcomes(holds, func(n sandbox.Number) string {
							return strings.Join([]string{n.UserID, n.Platform, n.AccessToken, nameOf(n)}, ", ")
						})),
				},
				{
					Config: api.config(), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: deleted},
					ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(0, 3), api.checkAPIHolds()},
				},
			},
		})
	})
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
	keeps := func(config string) resource.TestStep {
		return plansNothing(config,
			plancheck.ExpectKnownValue(address, tfjsonpath.New("id"), knownvalue.StringFunc(api.isTheID)),
			plancheck.ExpectKnownValue(address, tfjsonpath.New("user_id"), knownvalue.StringExact(testUser)),
			plancheck.ExpectKnownValue(address, tfjsonpath.New("display_name"), knownvalue.StringExact("Shop")))
	}
	block := number(withToken(testToken))
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: api.config(number(withToken(testToken), withUser(testUser), named("Shop")))},
			keeps(api.config(block)), // the name and the user
			keeps(api.configWith(withUser(otherUser), block)),
			keeps(api.configWith("", block)),
			{ // of a provider whose default is not known yet
				Config:           api.configWith("user_id = terraform_data.user.output", block, knownLater("user", otherUser)),
				ConfigPlanChecks: plans(plancheck.ResourceActionNoop),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(address, tfjsonpath.New("user_id"), knownvalue.StringExact(testUser)),
					api.checkRequests(1, 0), api.checkAPIHolds(held(testToken, "Shop")),
				},
			},
		},
	})
}

func TestNameAndUserAreOptional(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: api.configWith("", number(withToken(testToken))), ExpectError: planError("Missing user", "user_id", "BIZAPI_USER_ID")},
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
	t.Parallel()
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
	t.Parallel()
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
					{Config: staging.config(), ExpectError: says("Missing under another base URL", api.baseURL, staging.baseURL)},
					plansNothing(api.config(config), api.checkRequests(1, 0), api.checkStateMatchesAPI()),
				},
			})
		})
	}
}

// A limit of 1,000 an hour may ask for most of one: writes have 2 hours, and reads 20 minutes.
func TestDefaultTimeouts(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	limited := func(on sandbox.Operation, retryAfter string, step resource.TestStep) resource.TestStep {
		step.PreConfig = func() {
			api.ClearFaults()
			api.Script(sandbox.Fault{On: on, Do: sandbox.RateLimited(retryAfter)})
		}
		step.ConfigStateChecks = []statecheck.StateCheck{api.checkStateMatchesAPI()}
		return step
	}
	words, config := []string{"Rate limit outlasts the operation", "429"}, api.config(number(withToken(testToken)))
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			limited(sandbox.OpAdd, "7300", resource.TestStep{Config: config, ExpectError: applyError(words...)}),
			limited(sandbox.OpAdd, "7100", resource.TestStep{Config: config}),
			limited(sandbox.OpList, "1300", resource.TestStep{Config: config, ExpectError: planError(words...)}),
			limited(sandbox.OpList, "1100", resource.TestStep{Config: config}),
			limited(sandbox.OpDelete, "7300", resource.TestStep{Config: api.config(), ExpectError: applyError(words...)}),
			limited(sandbox.OpDelete, "7100", resource.TestStep{Config: api.config()}),
		},
	})
}

func TestTimeoutEndsAWaitForTheRateLimit(t *testing.T) {
	t.Parallel()
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
					Config:    api.config(number(withToken(testToken), timeouts("create"))), ExpectError: applyError("Rate limit outlasts the operation", "429"),
				},
				{
					PreConfig: api.ClearFaults,
					Config:    api.config(number(withToken(testToken), timeouts("read"))), ConfigPlanChecks: plans(plancheck.ResourceActionCreate),
					ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(2, 0), api.checkStateMatchesAPI()},
				},
				{
					PreConfig: limited(sandbox.OpList),
					Config:    api.config(number(withToken(testToken), timeouts("read"))), PlanOnly: true, ExpectError: planError("Rate limit outlasts the operation", "429"),
				},
				{ // another timeout is recorded, and nothing is sent
					PreConfig: api.ClearFaults,
					Config:    config, ConfigPlanChecks: plans(plancheck.ResourceActionUpdate),
					ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(0, 0), api.checkStateMatchesAPI()},
				},
				{PreConfig: limited(sandbox.OpDelete), Config: api.config(), ExpectError: applyError("Rate limit outlasts the operation", "429")},
				{
					PreConfig: api.ClearFaults,
					Config:    config, ConfigPlanChecks: plans(plancheck.ResourceActionNoop),
					ConfigStateChecks: []statecheck.StateCheck{api.checkStateMatchesAPI()},
				},
			},
		})
	})
}
