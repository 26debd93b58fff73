// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// Addresses that change: Terraform plans a destroy and a create of one number.

// keyed is a for_each over Meta's ids by keys such as "shop=836990829491415".
func keyed(pairs ...string) string {
	each := ""
	for _, pair := range pairs {
		key, metaID, _ := strings.Cut(pair, "=")
		each += fmt.Sprintf("    %s = %q\n", key, metaID)
	}
	return repeated("for_each = {\n"+each+"  }", "each.value")
}

// counted is a count over Meta's ids.
func counted(metaIDs ...string) string {
	list := `["` + strings.Join(metaIDs, `", "`) + `"]`
	return repeated("count = length("+list+")", list+"[count.index]")
}

func repeated(argument, metaID string) string {
	return strings.Replace(phoneNumber("main", "whatsapp", "", argument, withToken(testToken)), `= ""`, "= "+metaID, 1)
}

func renamed(arguments ...string) string {
	return phoneNumber("renamed", "whatsapp", whatsAppID, append(arguments, withToken(testToken))...)
}

func TestNumberIsNotDeletedBecauseItsAddressChanged(t *testing.T) {
	t.Parallel()
	const another = "would be deleted at another address"
	for name, row := range map[string]struct {
		before, after string
		last          string // the same numbers as before, without for_each, of which plugin-testing reads no state
		noRefresh     bool
		says          []string
	}{
		"a renamed block":                {before: number(withToken(testToken)), after: renamed(), says: []string{another, "moved block"}},
		"a renamed block, unrefreshed":   {before: number(withToken(testToken)), after: renamed(), noRefresh: true, says: []string{another, "moved block"}},
		"a renamed block, another token": {before: number(withToken(testToken)), after: phoneNumber("renamed", "whatsapp", whatsAppID, withToken(nextToken)), says: []string{another, "moved block"}},
		"another key":                    {before: keyed("shop=" + whatsAppID), after: keyed("store=" + whatsAppID), last: number(withToken(testToken)) + moved(address+`["shop"]`, address), says: []string{another, "its key changed"}},
		"two keys that swap":             {before: keyed("a="+whatsAppID, "b="+otherID), after: keyed("a="+otherID, "b="+whatsAppID), last: counted(whatsAppID, otherID) + moved(address+`["a"]`, address+"[0]") + moved(address+`["b"]`, address+"[1]"), says: []string{"Phone number already exists", "terraform state mv"}},
		"a count turned into for_each":   {before: counted(whatsAppID), after: keyed("shop=" + whatsAppID), says: []string{another, "moved block"}},
		"a shortened count":              {before: counted(whatsAppID, otherID), after: counted(otherID), says: []string{"moved block", "terraform state mv"}},
		"a renamed block whose Meta id is not known yet": {
			before: number(withToken(testToken)),
			after:  strings.Replace(renamed(), `"`+whatsAppID+`"`, "terraform_data.id.output", 1) + knownLater("id", whatsAppID),
			says:   []string{"may be deleted at another address", "moved block", "apply of its own"},
		},
		"a rename with an import block": {before: number(withToken(testToken)), after: renamed() + importTo("renamed"), says: []string{another, "moved block"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{})
			last := cmp.Or(row.last, row.before)
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				AdditionalCLIOptions:     &resource.AdditionalCLIOptions{Plan: resource.PlanOptions{NoRefresh: row.noRefresh}},
				CheckDestroy:             api.checkDestroy,
				Steps: []resource.TestStep{
					{Config: api.config(row.before), PostApplyFunc: api.ForgetRequests},
					{Config: api.config(row.after), ExpectError: planError(row.says...)},
					{
						Config:            api.config(last),
						ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
						ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(0, 0), api.checkStateMatchesAPI()},
					},
				},
			})
		})
	}
}

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

func importTo(name string) string {
	return strings.Replace(importByID("whatsapp/"+whatsAppID), address, "bizapi_phone_number."+name, 1)
}

// To shorten a count takes for_each, with a moved block to each key.
func TestCountIsShortenedByMovesToKeys(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	toKeys := moved(address+`[0]`, address+`["shop"]`) + moved(address+`[1]`, address+`["desk"]`)
	desk := held(testToken, "")
	desk.MetaPhoneNumberID = otherID
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: api.config(counted(whatsAppID, otherID))},
			{
				Config: api.config(keyed("desk="+otherID) + toKeys),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(`bizapi_phone_number.main["shop"]`, plancheck.ResourceActionDestroy),
					plancheck.ExpectResourceAction(`bizapi_phone_number.main["desk"]`, plancheck.ResourceActionNoop),
				}},
				ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(2, 1), api.checkAPIHolds(desk), api.checkStateMatchesAPI()},
			},
			{ // plugin-testing reads no state with for_each
				Config: api.config(phoneNumber("main", "whatsapp", otherID, withToken(testToken)) + moved(address+`["desk"]`, address)),
			},
		},
	})
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
			{Config: api.config(renamed()), ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(2, 1), api.checkStateMatchesAPI()}},
		},
	})
}
