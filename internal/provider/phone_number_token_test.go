// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// Tokens that the first apply does not know yet; the second does.
const (
	laterTheSame = "terraform_data.same.output"
	laterAnother = "terraform_data.another.output"
)

func withUnknown(token string) string { return "access_token = " + token }

func withUnknownWriteOnly(token string, version int) string {
	return fmt.Sprintf("access_token_wo = %s\n  access_token_wo_version = %d", token, version)
}

const importedToken = "EAAtokenThatNobodyKnows"

// TestTokenChanges is the table "When a token changes" of the design: what a number is planned to become
// whose token was one and is another. The number was imported where there is none before.
func TestTokenChanges(t *testing.T) {
	t.Parallel()
	const (
		noop    = plancheck.ResourceActionNoop
		update  = plancheck.ResourceActionUpdate
		replace = plancheck.ResourceActionDestroyBeforeCreate
	)
	for name, row := range map[string]struct {
		before, after string
		plans, next   plancheck.ResourceActionType // next is the plan after the apply; empty is one of no change
	}{
		"the same token changes nothing":                         {before: withToken(testToken), after: withToken(testToken), plans: noop},
		"another token replaces":                                 {before: withToken(testToken), after: withToken(nextToken), plans: replace},
		"another write-only version replaces":                    {before: withWriteOnly(testToken, 1), after: withWriteOnly(nextToken, 2), plans: replace},
		"a write-only token alone changes nothing":               {before: withWriteOnly(testToken, 1), after: withWriteOnly(nextToken, 1), plans: noop},
		"a move to write-only is recorded and not sent":          {before: withToken(testToken), after: withWriteOnly(testToken, 9), plans: update},
		"a move from write-only is recorded and not sent":        {before: withWriteOnly(testToken, 1), after: withToken(testToken), plans: update},
		"another token that is write-only replaces":              {before: withToken(testToken), after: withWriteOnly(nextToken, 1), plans: replace},
		"another token than the write-only replaces":             {before: withWriteOnly(testToken, 1), after: withToken(nextToken), plans: replace},
		"imported, a token is recorded and not sent":             {after: withToken(testToken), plans: update},
		"imported, a write-only token is recorded and not sent":  {after: withWriteOnly(testToken, 1), plans: update},
		"imported, no token changes nothing":                     {plans: noop},
		"a token left out is forgotten":                          {before: withToken(testToken), plans: update},
		"a write-only token left out is forgotten":               {before: withWriteOnly(testToken, 1), plans: update},
		"unknown, the same changes nothing":                      {before: withToken(testToken), after: withUnknown(laterTheSame), plans: noop},
		"unknown, another replaces in the next plan":             {before: withToken(testToken), after: withUnknown(laterAnother), plans: noop, next: replace},
		"unknown, a write-only token is kept":                    {before: withWriteOnly(testToken, 1), after: withUnknownWriteOnly(laterAnother, 1), plans: noop},
		"unknown, an imported number's is recorded and not sent": {after: withUnknown(laterAnother), plans: update},
		"unknown, imported and write-only, recorded":             {after: withUnknownWriteOnly(laterAnother, 1), plans: update},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{})
			before, first, adds := number(row.before), held(testToken, ""), 1
			if row.before == "" {
				first.AccessToken, adds = importedToken, 0
				before += fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", address, testUser+"/"+api.Add(testUser, first).ID)
			}
			after, requests := first, api.checkRequests(0, 0)
			if row.plans == replace {
				after, requests = held(nextToken, ""), api.checkRequests(1, 1)
			}
			last := resource.TestStep{
				Config:           api.config(number(row.after), knownLater("same", testToken), knownLater("another", nextToken)),
				ConfigPlanChecks: plans(row.plans),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(address, tfjsonpath.New("access_token_wo"), knownvalue.Null()),
					requests, api.checkAPIHolds(after), api.checkStateMatchesAPI(),
				},
			}
			if row.next != "" {
				last.ExpectNonEmptyPlan = true
				last.ConfigPlanChecks.PostApplyPostRefresh = []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, row.next)}
			}
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				CheckDestroy:             api.checkDestroy,
				Steps: []resource.TestStep{
					{
						Config:            api.config(before),
						ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(adds, 0), api.checkAPIHolds(first)},
					},
					last,
				},
			})
		})
	}
}

// A replacement must be seen before it happens.
func TestTokenThatCannotBePlanned(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ before, after string }{
		"a move to write-only":   {withToken(testToken), withUnknownWriteOnly(laterTheSame, 1)},
		"a move from write-only": {withWriteOnly(testToken, 1), withUnknown(laterTheSame)},
		"a version":              {withWriteOnly(testToken, 1), fmt.Sprintf("access_token_wo = %q\n  access_token_wo_version = length(%s)", testToken, laterTheSame)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{})
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				CheckDestroy:             api.checkDestroy,
				Steps: []resource.TestStep{
					{Config: api.config(number(row.before))},
					{
						Config:      api.config(number(row.after), knownLater("same", testToken)),
						ExpectError: planError("access_token"),
					},
					{
						Config:            api.config(number(row.before)),
						ConfigPlanChecks:  plans(plancheck.ResourceActionNoop),
						ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0), api.checkStateMatchesAPI()},
					},
				},
			})
		})
	}
}

func TestEphemeralTokenIsSentWithItsVersion(t *testing.T) {
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		numberAt := func(version int) string {
			return api.config(`
variable "token" {
  type      = string
  ephemeral = true
}`, number(fmt.Sprintf("access_token_wo = var.token\n  access_token_wo_version = %d", version)))
		}
		variable := func(token string) config.Variables {
			return config.Variables{"token": config.StringVariable(token)}
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{
					Config: numberAt(1), ConfigVariables: variable(testToken),
					ConfigStateChecks: []statecheck.StateCheck{
						statecheck.ExpectKnownValue(address, tfjsonpath.New("access_token"), knownvalue.Null()),
						statecheck.ExpectKnownValue(address, tfjsonpath.New("access_token_wo"), knownvalue.Null()),
						statecheck.ExpectKnownValue(address, tfjsonpath.New("access_token_wo_version"), knownvalue.Int64Exact(1)),
						api.checkRequests(1, 0),
						api.checkAPIHolds(held(testToken, "")),
					},
				},
				{
					Config: numberAt(1), ConfigVariables: variable(nextToken),
					ConfigPlanChecks:  plans(plancheck.ResourceActionNoop),
					ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(0, 0), api.checkAPIHolds(held(testToken, ""))},
				},
				{
					Config: numberAt(2), ConfigVariables: variable(nextToken),
					ConfigPlanChecks:  plans(plancheck.ResourceActionDestroyBeforeCreate),
					ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 1), api.checkAPIHolds(held(nextToken, ""))},
				},
			},
		})
	})
}

// What the provider knows of the write-only token outlives a change of something else, and a renamed block.
func TestWriteOnlyTokenIsRemembered(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: api.config(phoneNumber("first", "whatsapp", whatsAppID, withWriteOnly(testToken, 1)))},
			{
				Config:           api.config(number(withWriteOnly(testToken, 1)), "moved {\n  from = bizapi_phone_number.first\n  to   = bizapi_phone_number.main\n}"),
				ConfigPlanChecks: plans(plancheck.ResourceActionNoop),
			},
			{
				Config:           api.config(number(withWriteOnly(nextToken, 1), protected)),
				ConfigPlanChecks: plans(plancheck.ResourceActionUpdate),
			},
			{ // the token that was sent, in the other attribute
				Config:            api.config(number(withToken(testToken))),
				ConfigPlanChecks:  plans(plancheck.ResourceActionUpdate),
				ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0), api.checkAPIHolds(held(testToken, ""))},
			},
		},
	})
}

// States of other versions may lack what this one keeps beside them.
func TestStateWithoutPrivateStateReplacesNothing(t *testing.T) {
	t.Parallel()
	api, dir := newAPI(t, sandbox.Options{}), t.TempDir()
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		WorkingDir:               dir,
		Steps: []resource.TestStep{
			{Config: api.config(number(withWriteOnly(testToken, 1), named("Shop")))},
			{
				PreConfig: func() {
					editState(t, dir, func(instance map[string]any) {
						if instance["private"] == nil {
							t.Error("the provider keeps no private state")
						}
						delete(instance, "private")
					})
				},
				Config:           api.config(number(withWriteOnly(nextToken, 1), named("Shop"))),
				ConfigPlanChecks: plans(plancheck.ResourceActionNoop),
			},
			{
				Config:            api.config(number(withToken(testToken), named("Shop"))),
				ConfigPlanChecks:  plans(plancheck.ResourceActionUpdate),
				ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0), api.checkStateMatchesAPI()},
			},
		},
	})
}

func TestTaintSendsTheConfiguredToken(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: api.config(number(withWriteOnly(testToken, 1)))},
			{
				Taint: []string{address}, Config: api.config(number(withWriteOnly(nextToken, 1))),
				ConfigPlanChecks: plans(plancheck.ResourceActionDestroyBeforeCreate),
				ConfigStateChecks: []statecheck.StateCheck{
					api.checkRequests(2, 1), api.checkAPIHolds(held(nextToken, "")), api.checkStateMatchesAPI(),
				},
			},
		},
	})
}

func TestTokenIsNeededToAddANumber(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: api.config(number()), ExpectError: planError("access_token_wo")},
			{Config: api.config(number(withToken(testToken))), ConfigStateChecks: []statecheck.StateCheck{api.checkAPIHolds(held(testToken, ""))}},
		},
	})
}
