// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// tokenChanges is the table "When a token changes" of the design: what a number is planned to become whose token
// was one and is another. The number was imported where there is none before.
var tokenChanges = map[string]struct {
	before, after string
	inAPI         string                       // the token there before the change, where somebody changed it
	dialect       sandbox.Dialect              // the deployed one echoes tokens; empty is either
	plans, next   plancheck.ResourceActionType // next is the plan after the apply; empty is one of no change
}{
	"the same token changes nothing":                         {before: withToken(testToken), after: withToken(testToken), plans: noop},
	"another token replaces":                                 {before: withToken(testToken), after: withToken(nextToken), plans: replace},
	"another write-only version replaces":                    {before: withWriteOnly(testToken, 1), after: withWriteOnly(nextToken, 2), plans: replace},
	"another token that the API has already is recorded":     {before: withToken(testToken), after: withToken(nextToken), inAPI: nextToken, dialect: sandbox.Deployed, plans: update},
	"another version whose token the API has is recorded":    {before: withWriteOnly(testToken, 1), after: withWriteOnly(nextToken, 2), inAPI: nextToken, dialect: sandbox.Deployed, plans: update},
	"another attribute whose token the API has is recorded":  {before: withToken(testToken), after: withWriteOnly(nextToken, 1), inAPI: nextToken, dialect: sandbox.Deployed, plans: update},
	"another token that the API does not show replaces":      {before: withToken(testToken), after: withToken(nextToken), inAPI: nextToken, dialect: sandbox.Published, plans: replace},
	"another version of the same token is recorded":          {before: withWriteOnly(testToken, 1), after: withWriteOnly(testToken, 2), dialect: sandbox.Deployed, plans: update},
	"another version of the same token, not shown, replaces": {before: withWriteOnly(testToken, 1), after: withWriteOnly(testToken, 2), dialect: sandbox.Published, plans: replace},
	"a token that was changed there alone changes nothing":   {before: withToken(testToken), after: withToken(testToken), inAPI: nextToken, plans: noop},
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
}

func TestTokenChanges(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		before, after, rotated := "", knownLater("same", testToken)+"\n"+knownLater("another", nextToken), map[string]string{}
		first, last := map[string]string{}, map[string]string{} // how each number is added, and what becomes of it
		var planned, replanned []plancheck.PlanCheck
		adds, replacements := 0, 0
		for name, row := range tokenChanges {
			if row.dialect != "" && row.dialect != dialect {
				continue
			}
			before += numberOf(name, row.before)
			after += numberOf(name, row.after)
			first[name], last[name] = testToken, testToken+", kept"
			if row.before == "" {
				imported := held(importedToken, "")
				imported.MetaPhoneNumberID = metaIDOf(name)
				before += fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", addressOf(name), testUser+"/"+api.Add(testUser, imported).ID)
				first[name], last[name] = importedToken, importedToken+", kept"
			} else {
				adds++
			}
			if row.inAPI != "" {
				rotated[metaIDOf(name)] = row.inAPI
				last[name] = row.inAPI + ", kept"
			}
			if row.plans == replace {
				replacements++
				last[name] = nextToken + ", added again"
				if !strings.Contains(row.after, nextToken) {
					last[name] = testToken + ", added again"
				}
			}
			planned = append(planned, plancheck.ExpectResourceAction(addressOf(name), row.plans))
			replanned = append(replanned, plancheck.ExpectResourceAction(addressOf(name), cmp.Or(row.next, noop)))
		}
		ids := map[string]bool{} // before the change
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{
					Config: api.config(before),
					ConfigStateChecks: []statecheck.StateCheck{
						api.checkRequests(adds, 0), api.checkOutcomes(first, func(n sandbox.Number) string { return n.AccessToken }),
					},
				},
				{
					PreConfig: func() {
						for _, n := range api.all() {
							ids[n.ID] = true
							if token := rotated[n.MetaPhoneNumberID]; token != "" {
								api.Rotate(n.ID, token)
							}
						}
					},
					Config: api.config(after),
					ConfigPlanChecks: resource.ConfigPlanChecks{
						PreApply: planned, PostApplyPreRefresh: replanned, PostApplyPostRefresh: replanned,
					},
					ExpectNonEmptyPlan: true, // of the rows that have a next one
					ConfigStateChecks: []statecheck.StateCheck{
						api.checkOutcomes(last, func(n sandbox.Number) string {
							return n.AccessToken + map[bool]string{true: ", kept", false: ", added again"}[ids[n.ID]]
						}),
						api.checkRequests(replacements, replacements), api.checkStateMatchesAPI(), showsNoWriteOnlyToken,
					},
				},
			},
		})
	})
}

// showsNoWriteOnlyToken expects that no number has one in the state.
var showsNoWriteOnlyToken = check(func(state *tfjson.State) error {
	for _, r := range state.Values.RootModule.Resources {
		if r.AttributeValues["access_token_wo"] != nil {
			return fmt.Errorf("%s shows its access_token_wo", r.Address)
		}
	}
	return nil
})

// unplannable are changes of a number whose effect is not known before the apply.
var unplannable = map[string]struct{ before, after string }{
	"a first name":           {withToken(testToken), withToken(testToken) + "\n  display_name = " + laterTheSame},
	"a move to write-only":   {withToken(testToken), withUnknownWriteOnly(laterTheSame, 1)},
	"a move from write-only": {withWriteOnly(testToken, 1), withUnknown(laterTheSame)},
	"a version":              {withWriteOnly(testToken, 1), fmt.Sprintf("access_token_wo = %q\n  access_token_wo_version = length(%s)", testToken, laterTheSame)},
}

// A replacement must be seen before it happens.
func TestChangeThatCannotBePlanned(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	// numbers are those of all rows as they were, but the one that changes.
	numbers := func(changed string) string {
		text := ""
		for name, row := range unplannable {
			if name == changed {
				text += numberOf(name, row.after) + knownLater("same", testToken)
			} else {
				text += numberOf(name, row.before)
			}
		}
		return api.config(text)
	}
	steps := []resource.TestStep{{Config: numbers("")}}
	steps = append(steps, stepOfEach(t, unplannable, func(name string, _ struct{ before, after string }) resource.TestStep {
		return resource.TestStep{Config: numbers(name), ExpectError: planError("cannot be planned", addressOf(name), "known only after apply")}
	})...)
	steps = append(steps, plansNothing(numbers(""), api.checkRequests(len(unplannable), 0), api.checkStateMatchesAPI()))
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), CheckDestroy: api.checkDestroy, Steps: steps})
}

// Nothing depends on it then.
func TestChangeThatCannotBePlannedIsFineWhereAnotherReplaces(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	before, after, want := "", knownLater("same", testToken), map[string]string{}
	var replaced []plancheck.PlanCheck
	for name, row := range unplannable {
		before += numberOf(name, row.before)
		after += phoneNumber(labelOf(name), "instagram", metaIDOf(name), row.after)
		replaced = append(replaced, plancheck.ExpectResourceAction(addressOf(name), replace))
		want[name] = "instagram with " + testToken
	}
	want["a first name"] += " named " + testToken
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: api.config(before)},
			{
				Config:           api.config(after),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: replaced},
				ConfigStateChecks: []statecheck.StateCheck{
					api.checkRequests(2*len(unplannable), len(unplannable)), api.checkStateMatchesAPI(),
					api.checkOutcomes(want, func(n sandbox.Number) string {
						return strings.TrimSuffix(n.Platform+" with "+n.AccessToken+" named "+nameOf(n), " named ")
					}),
				},
			},
		},
	})
}

// With ignore_changes the CLI passes an Update a configuration that is not the planned one.
func TestIgnoredTokenChangesNothingBesideAnotherChange(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{Dialect: sandbox.Published}) // whose listing shows no token
	before, after, sent, want := "", "", "", map[string]string{}
	var updated []plancheck.PlanCheck
	for ignored, row := range map[string]struct{ before, after string }{
		"access_token":                          {withToken(testToken), withToken(nextToken)},
		"access_token_wo_version":               {withWriteOnly(testToken, 1), withWriteOnly(nextToken, 2)},
		"access_token, access_token_wo_version": {withWriteOnly(testToken, 1), withToken(nextToken)},
	} {
		before += numberOf(ignored, row.before)
		after += numberOf(ignored, row.after, protected, "lifecycle {\n    ignore_changes = ["+ignored+"]\n  }")
		sent += numberOf(ignored, withToken(testToken))
		updated = append(updated, plancheck.ExpectResourceAction(addressOf(ignored), update))
		want[ignored] = testToken
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: api.config(before)},
			{Config: api.config(after), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: updated}},
			{ // what was recorded is the token that was sent: it changes nothing there
				Config:           api.config(sent),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: updated},
				ConfigStateChecks: []statecheck.StateCheck{
					api.checkRequests(len(want), 0), api.checkStateMatchesAPI(), api.checkOutcomes(want, func(n sandbox.Number) string { return n.AccessToken }),
				},
			},
		},
	})
}

// A version that is ignored records no write-only token, so the number is not replaced to send one.
func TestIgnoredVersionReplacesNothing(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	changed := number(withWriteOnly(nextToken, 5), protected, "lifecycle {\n    ignore_changes = [access_token_wo_version]\n  }")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		Steps: []resource.TestStep{
			{Config: api.config(number(withToken(testToken), protected))},
			{
				Config: api.config(changed), ConfigPlanChecks: plans(update),
				ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0)},
			},
			{Config: api.config(number())},
		},
	})
}

func TestEphemeralTokenIsSentWithItsVersion(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
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
	api := newAPI(t, sandbox.Options{Dialect: sandbox.Published}) // whose listing shows no token
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: api.config(phoneNumber("first", "whatsapp", whatsAppID, withWriteOnly(testToken, 1)))},
			{
				Config:           api.config(number(withWriteOnly(testToken, 1)), moved("bizapi_phone_number.first", address)),
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

func TestRecordedWriteOnlyTokenIsRemembered(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{Dialect: sandbox.Published}) // whose listing shows no token
	id := api.added("").ID
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: api.config(number(withWriteOnly(testToken, 1)), importByID(id))},
			{ // another one would replace
				Config: api.config(number(withToken(nextToken))), PlanOnly: true, ExpectNonEmptyPlan: true,
				ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: plans(replace).PreApply},
			},
			{ // the recorded one changes nothing there
				Config: api.config(number(withToken(testToken))), ConfigPlanChecks: plans(update),
				ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(0, 0)},
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
			{PreConfig: func() { api.Rename(api.theNumber(t).ID, "Renamed") }, RefreshState: true},
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
			{Config: api.config(number()), ExpectError: planError("Missing access token", "access_token_wo")},
			{Config: api.config(number(withToken(testToken))), ConfigStateChecks: []statecheck.StateCheck{api.checkAPIHolds(held(testToken, ""))}},
		},
	})
}
