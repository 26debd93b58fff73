// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// Addresses that change: Terraform plans a destroy and a create of one number. The tests of cli_renames_test.go have
// the ways to change one.

// No CLI plans two addresses in a fixed order, so this speaks to the provider as the CLI does.
func TestNumberIsNotDeletedWhicheverAddressIsPlannedFirst(t *testing.T) {
	t.Parallel()
	type values = map[string]any
	config := values{"platform": "whatsapp", "meta_phone_number_id": whatsAppID, "access_token": testToken}
	unknown := values{"platform": tftypes.UnknownValue, "meta_phone_number_id": whatsAppID, "access_token": testToken}
	type plan func(state values) (prior, config values)
	destroys := plan(func(state values) (values, values) { return state, nil })
	creates := plan(func(values) (values, values) { return nil, config })
	createsAny := plan(func(values) (values, values) { return nil, unknown })
	keeps := plan(func(state values) (values, values) { return state, config })
	for name, order := range map[string][2]plan{
		"a destroy before a create":                                   {destroys, creates},
		"a create before a destroy":                                   {creates, destroys},
		"a destroy before a create of a number that is not known yet": {destroys, createsAny},
		"a create of a number that is not known yet before a destroy": {createsAny, destroys},
		"a destroy before a kept":                                     {destroys, keeps},
		"a kept before a destroy":                                     {keeps, destroys},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{})
			inState := values{"id": api.Add(testUser, held(testToken, "")).ID, "user_id": testUser, "platform": "whatsapp", "meta_phone_number_id": whatsAppID, "access_token": testToken, "deletion_protection": false}
			server := api.configured(t)
			schema := schemas(t, server).ResourceSchemas["bizapi_phone_number"]
			raw, err := json.Marshal(inState)
			if err != nil {
				t.Fatal(err)
			}
			// The CLI reads the whole state before it plans.
			if _, err := server.UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{TypeName: "bizapi_phone_number", RawState: &tfprotov6.RawState{JSON: raw}}); err != nil {
				t.Fatal(err)
			}
			says := func(which plan) string {
				prior, config := which(inState)
				proposed := config
				if prior != nil && config != nil {
					proposed = prior
				}
				planned, err := server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
					TypeName: "bizapi_phone_number", PriorState: dynamic(t, schema, prior),
					ProposedNewState: dynamic(t, schema, proposed), Config: dynamic(t, schema, config),
				})
				if err != nil {
					t.Fatal(err)
				}
				return said(planned.Diagnostics)
			}
			if text := says(order[0]); strings.Contains(text, "ERROR") {
				t.Errorf("the first plan says %q", text)
			}
			if text := says(order[1]); !strings.HasPrefix(text, "ERROR: Phone number") || !strings.Contains(text, "be deleted at another address") {
				t.Errorf("the second plan says %q", text)
			}
		})
	}
}

// A delete that is meant takes an apply of its own.
func TestNumberIsDeletedAndThenAddedAtAnotherAddress(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: api.config(number(withToken(testToken)))},
			{Config: api.config(), ConfigPlanChecks: plans(plancheck.ResourceActionDestroy)},
			{Config: api.config(phoneNumber("renamed", "whatsapp", whatsAppID, withToken(testToken))), ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(2, 1), api.checkStateMatchesAPI()}},
		},
	})
}
