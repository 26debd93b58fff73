// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestNumberIsAddedReplacedAndDeleted(t *testing.T) {
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		newID := statecheck.CompareValue(compare.ValuesDiffer())
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{
					Config: api.config(number(withToken(testToken), named("Shop"))),
					ConfigStateChecks: []statecheck.StateCheck{
						newID.AddStateValue(address, tfjsonpath.New("id")),
						statecheck.ExpectKnownValue(address, tfjsonpath.New("user_id"), knownvalue.StringExact(testUser)),
						api.checkRequests(1, 0),
						api.checkAPIHolds(held(testToken, "Shop")),
						api.checkStateMatchesAPI(),
					},
				},
				{
					Config: api.config(number(withToken(nextToken), named("Shop"))),
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
						plancheck.ExpectResourceAction(address, plancheck.ResourceActionDestroyBeforeCreate),
					}},
					ConfigStateChecks: []statecheck.StateCheck{
						newID.AddStateValue(address, tfjsonpath.New("id")),
						api.checkRequests(1, 1),
						api.checkAPIHolds(held(nextToken, "Shop")),
						api.checkStateMatchesAPI(),
					},
				},
			},
		})
	})
}
