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
	t.Parallel()
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

// The plan refuses by itself: it must not take an apply, that may delete something else first, to learn of it. Of a
// tainted number it sees a create alone, and knows the number by its Meta id.
func TestPlanThatDeletesAProtectedNumberIsRefused(t *testing.T) {
	t.Parallel()
	type deletion struct {
		config string
		resource.TestStep
		says string // beside the attribute; of the attributes that replace it
	}
	same := triggered("one", withToken(testToken), protected)
	for refresh, rows := range map[string]map[string]deletion{
		"refreshed": { // a taint stays, so the tainted one comes last
			"a removed block":                  {},
			"a destroy":                        {config: same, TestStep: resource.TestStep{Destroy: true}},
			"another token":                    {config: number(withToken(nextToken), protected), says: "a change of access_token would delete it"},
			"another Meta id":                  {config: phoneNumber("main", "whatsapp", otherID, withToken(testToken), protected)},
			"another Meta id and token":        {config: phoneNumber("main", "whatsapp", otherID, withToken(nextToken), protected), says: "a change of meta_phone_number_id and access_token would delete it"},
			"another user":                     {config: number(withToken(testToken), withUser(otherUser), protected)},
			"a replacement that unprotects it": {config: number(withToken(nextToken))},
			"a renamed block":                  {config: phoneNumber("renamed", "whatsapp", whatsAppID, withToken(testToken), protected)},
			"a trigger":                        {config: triggered("two", withToken(testToken), protected)},
			"tainted":                          {config: same, TestStep: resource.TestStep{Taint: []string{address}}},
		},
		"unrefreshed": {
			"a removed block": {},
			"tainted":         {config: same, TestStep: resource.TestStep{Taint: []string{address}}},
		},
	} {
		t.Run(refresh, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{})
			steps := []resource.TestStep{{Config: api.config(same)}}
			steps = append(steps, stepOfEach(t, rows, func(_ string, row deletion) resource.TestStep {
				row.Config, row.PlanOnly, row.ExpectError = api.config(row.config), row.Taint == nil, planError("is protected from deletion", "deletion_protection")
				if row.says != "" {
					row.ExpectError = planError("is protected from deletion", row.says)
				}
				return row.TestStep
			})...)
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				AdditionalCLIOptions:     &resource.AdditionalCLIOptions{Plan: resource.PlanOptions{NoRefresh: refresh == "unrefreshed"}},
				Steps:                    append(steps, forgets(t, api)),
			})
		})
	}
}

// Delete's own check: a tainted number that gets another Meta id too is nothing that a plan can know.
func TestDeleteOfATaintedProtectedNumberThatBecomesAnotherIsRefused(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps: []resource.TestStep{
				{Config: api.config(number(withToken(testToken), protected))},
				{
					Taint: []string{address}, Config: api.config(phoneNumber("main", "whatsapp", otherID, withToken(testToken), protected)),
					ExpectError: applyError("is protected from deletion", "deletion_protection"),
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
