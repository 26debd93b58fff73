// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"errors"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestProtectionIsSwitchedInPlace(t *testing.T) {
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		switched := func(on bool) []statecheck.StateCheck {
			return []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, tfjsonpath.New("deletion_protection"), knownvalue.Bool(on)),
				api.checkRequests(0, 0), api.checkAPIHolds(held(testToken, "")), api.checkStateMatchesAPI(),
			}
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: api.config(number(withToken(testToken))), ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0)}},
				{
					Config:           api.config(number(withToken(testToken), protected)),
					ConfigPlanChecks: plans(plancheck.ResourceActionUpdate), ConfigStateChecks: switched(true),
				},
				{ // left out
					Config:           api.config(number(withToken(testToken))),
					ConfigPlanChecks: plans(plancheck.ResourceActionUpdate), ConfigStateChecks: switched(false),
				},
				{
					Config:           api.config(),
					ConfigPlanChecks: plans(plancheck.ResourceActionDestroy), ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(0, 1)},
				},
			},
		})
	})
}

// The plan refuses by itself: it must not take an apply, that may delete something else first, to learn of it.
func TestPlanThatDeletesAProtectedNumberIsRefused(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]struct {
		noRefresh bool
		resource.TestStep
		config string
	}{
		"a removed block":                  {},
		"a removed block, unrefreshed":     {noRefresh: true},
		"a destroy":                        {config: number(withToken(testToken), protected), TestStep: resource.TestStep{Destroy: true}},
		"another token":                    {config: number(withToken(nextToken), protected)},
		"another Meta id":                  {config: phoneNumber("main", "whatsapp", otherID, withToken(testToken), protected)},
		"another user":                     {config: number(withToken(testToken), withUser(otherUser), protected)},
		"a replacement that unprotects it": {config: number(withToken(nextToken))},
		"a renamed block":                  {config: phoneNumber("renamed", "whatsapp", whatsAppID, withToken(testToken), protected)},
		"a second block of it":             {config: number(withToken(testToken), protected) + phoneNumber("second", "whatsapp", whatsAppID, withToken(testToken))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{})
			step.Config, step.PlanOnly, step.ExpectError = api.config(step.config), true, planError("deletion_protection")
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				CheckDestroy:             api.checkDestroy,
				AdditionalCLIOptions:     &resource.AdditionalCLIOptions{Plan: resource.PlanOptions{NoRefresh: step.noRefresh}},
				Steps: []resource.TestStep{
					{Config: api.config(number(withToken(testToken), protected))},
					step.TestStep,
					{
						Config:            api.config(number(withToken(testToken))),
						ConfigPlanChecks:  plans(plancheck.ResourceActionUpdate),
						ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0), api.checkStateMatchesAPI()},
					},
				},
			})
		})
	}
}

// The error says what would replace the number: a plan may have changed more than the reader remembers.
func TestErrorOfAProtectedNumberNamesTheAttributesThatReplaceIt(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		Steps: []resource.TestStep{
			{Config: api.config(number(withToken(testToken), protected))},
			{
				Config: api.config(phoneNumber("main", "whatsapp", otherID, withToken(nextToken), protected)), PlanOnly: true,
				ExpectError: planError("a change of meta_phone_number_id and access_token would delete it"),
			},
			{Config: api.config(number(withToken(testToken)))},
		},
	})
}

// Of a tainted number the plan sees a create alone, and knows the number by its Meta id.
func TestPlanThatReplacesAProtectedNumberWithoutAChangeIsRefused(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		noRefresh bool
		taint     []string
		input     string
	}{
		"tainted":              {taint: []string{address}, input: "one"},
		"tainted, unrefreshed": {noRefresh: true, taint: []string{address}, input: "one"},
		"triggered":            {input: "two"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{})
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				AdditionalCLIOptions:     &resource.AdditionalCLIOptions{Plan: resource.PlanOptions{NoRefresh: row.noRefresh}},
				Steps: []resource.TestStep{
					{Config: api.config(triggered("one", withToken(testToken), protected))},
					{
						Taint: row.taint, Config: api.config(triggered(row.input, withToken(testToken), protected)),
						ExpectError: planError("deletion_protection"),
					},
					forgets(t, api),
				},
			})
		})
	}
}

// Delete's own check: a tainted number that gets another Meta id too is nothing that a plan can know.
func TestDeleteOfATaintedProtectedNumberThatBecomesAnotherIsRefused(t *testing.T) {
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps: []resource.TestStep{
				{Config: api.config(number(withToken(testToken), protected))},
				{
					Taint: []string{address}, Config: api.config(phoneNumber("main", "whatsapp", otherID, withToken(testToken), protected)),
					ExpectError: applyError("deletion_protection"),
				},
				forgets(t, api),
			},
		})
	})
}

// forgets is a last step for a protected number whose taint nothing takes away: it leaves the state alone.
func forgets(t *testing.T, api *testAPI) resource.TestStep {
	return resource.TestStep{
		PreConfig: func() {
			if err := errors.Join(api.checkRequests(1, 0)(nil), api.checkAPIHolds(held(testToken, ""))(nil)); err != nil {
				t.Error(err)
			}
		},
		Config: api.config(forgotten),
	}
}
