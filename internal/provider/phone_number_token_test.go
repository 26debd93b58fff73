// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
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
		inAPI         string                       // the token there before the change, where somebody changed it
		dialect       sandbox.Dialect              // the deployed one echoes tokens
		plans, next   plancheck.ResourceActionType // next is the plan after the apply; empty is one of no change
	}{
		"the same token changes nothing":                         {before: withToken(testToken), after: withToken(testToken), plans: noop},
		"another token replaces":                                 {before: withToken(testToken), after: withToken(nextToken), plans: replace},
		"another write-only version replaces":                    {before: withWriteOnly(testToken, 1), after: withWriteOnly(nextToken, 2), plans: replace},
		"another token that the API has already is recorded":     {before: withToken(testToken), after: withToken(nextToken), inAPI: nextToken, plans: update},
		"another version whose token the API has is recorded":    {before: withWriteOnly(testToken, 1), after: withWriteOnly(nextToken, 2), inAPI: nextToken, plans: update},
		"another attribute whose token the API has is recorded":  {before: withToken(testToken), after: withWriteOnly(nextToken, 1), inAPI: nextToken, plans: update},
		"another token that the API does not show replaces":      {before: withToken(testToken), after: withToken(nextToken), inAPI: nextToken, dialect: sandbox.Published, plans: replace},
		"another version of the same token is recorded":          {before: withWriteOnly(testToken, 1), after: withWriteOnly(testToken, 2), plans: update},
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
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{Dialect: row.dialect})
			before, first, adds := number(row.before), held(testToken, ""), 1
			if row.before == "" {
				first.AccessToken, adds = importedToken, 0
				before += fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", address, testUser+"/"+api.Add(testUser, first).ID)
			}
			after, requests := first, api.checkRequests(0, 0)
			if row.inAPI != "" {
				after.AccessToken = row.inAPI
			}
			if row.plans == replace {
				after, requests = held(nextToken, ""), api.checkRequests(1, 1)
				if !strings.Contains(row.after, nextToken) {
					after.AccessToken = testToken
				}
			}
			last := resource.TestStep{
				PreConfig: func() {
					if row.inAPI != "" {
						api.Rotate(api.theNumber(t).ID, row.inAPI)
					}
				},
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
func TestChangeThatCannotBePlanned(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ before, after string }{
		"a first name":           {withToken(testToken), withToken(testToken) + "\n  display_name = " + laterTheSame},
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
						ExpectError: planError("cannot be planned", "known only after apply"),
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

// Nothing depends on it then.
func TestChangeThatCannotBePlannedIsFineWhereAnotherReplaces(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ before, after string }{
		"a move to write-only":   {withToken(testToken), withUnknownWriteOnly(laterTheSame, 1)},
		"a move from write-only": {withWriteOnly(testToken, 1), withUnknown(laterTheSame)},
		"a version":              {withWriteOnly(testToken, 1), fmt.Sprintf("access_token_wo = %q\n  access_token_wo_version = length(%s)", testToken, laterTheSame)},
		"a first name":           {withToken(testToken), withToken(testToken) + "\n  display_name = " + laterTheSame},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{})
			other := held(testToken, "")
			other.MetaPhoneNumberID = otherID
			if strings.Contains(row.after, "display_name") {
				other.DisplayName = held("", testToken).DisplayName
			}
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				CheckDestroy:             api.checkDestroy,
				Steps: []resource.TestStep{
					{Config: api.config(number(row.before))},
					{
						Config:            api.config(phoneNumber("main", "whatsapp", otherID, row.after), knownLater("same", testToken)),
						ConfigPlanChecks:  plans(plancheck.ResourceActionDestroyBeforeCreate),
						ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(2, 1), api.checkAPIHolds(other), api.checkStateMatchesAPI()},
					},
				},
			})
		})
	}
}

// With ignore_changes the CLI passes an Update a configuration that is not the planned one.
func TestIgnoredTokenChangesNothingBesideAnotherChange(t *testing.T) {
	t.Parallel()
	for attribute, row := range map[string]struct{ before, after string }{
		"access_token":            {withToken(testToken), withToken(nextToken)},
		"access_token_wo_version": {withWriteOnly(testToken, 1), withWriteOnly(nextToken, 2)},
	} {
		t.Run(attribute, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{})
			ignores := "lifecycle {\n    ignore_changes = [" + attribute + "]\n  }"
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				CheckDestroy:             api.checkDestroy,
				Steps: []resource.TestStep{
					{Config: api.config(number(row.before))},
					{Config: api.config(number(row.after, protected, ignores)), ConfigPlanChecks: plans(plancheck.ResourceActionUpdate)},
					{ // what was recorded is the token that was sent
						Config:            api.config(number(row.before)),
						ConfigPlanChecks:  plans(plancheck.ResourceActionUpdate),
						ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0), api.checkAPIHolds(held(testToken, "")), api.checkStateMatchesAPI()},
					},
				},
			})
		})
	}
}

// What is wrong with a token, and what the message says of it.
var invalidTokens = map[string]struct{ token, says string }{
	"a token of 9 characters":     {"EAAshort9", "has 9 characters, and the API takes 10 to 1000"},
	"a token of 1001 characters":  {strings.Repeat("T", 1001), "has 1001 characters, and the API takes 10 to 1000"},
	"a token with a line end":     {testToken + "\n", "line end around it"},
	"a token with a space before": {" " + testToken, "white space or a line end around it"},
	"a token with a space inside": {testToken + " " + testToken, "white space inside"},
	"a token with a tab inside":   {testToken + "\t" + testToken, "white space inside"},
	"a token with its Bearer":     {"Bearer " + testToken, `begins with "Bearer"`},
}

func TestInvalidTokenIsRefusedAtPlan(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	added := api.adds(t, arguments(map[string]any{"access_token": testToken}))
	imported := api.adds(t, map[string]any{"platform": "whatsapp", "meta_phone_number_id": otherID, "access_token": testToken})
	for name, row := range invalidTokens {
		for attribute, token := range map[string]map[string]any{
			"plain":      {"access_token": row.token},
			"write-only": {"access_token_wo": row.token, "access_token_wo_version": 2},
		} {
			t.Run(name+", "+attribute, func(t *testing.T) {
				t.Parallel()
				c := api.command(t)
				token["meta_phone_number_id"] = "1000"
				_, add := c.plan(nil, nil, arguments(token))
				_, replacement := c.plan(added, added.private, arguments(token))
				token["meta_phone_number_id"] = otherID
				_, change := c.plan(imported, imported.private, arguments(token))
				for what, diags := range map[string][]*tfprotov6.Diagnostic{"an add": add.Diagnostics, "a replacement": replacement.Diagnostics, "a change": change.Diagnostics} {
					if text := said(diags); !strings.HasPrefix(text, "ERROR: Invalid access token") || !strings.Contains(text, row.says) || strings.Contains(text, testToken) {
						t.Errorf("the plan of %s says %q", what, text)
					}
				}
			})
		}
	}
}

func TestPlanWarnsOfATokenThatWasChangedElsewhere(t *testing.T) {
	t.Parallel()
	plain := func(token string) map[string]any { return arguments(map[string]any{"access_token": token}) }
	writeOnly := func(token string, version int) map[string]any {
		return arguments(map[string]any{"access_token_wo": token, "access_token_wo_version": version})
	}
	const another, known = "has another token", "has this token already"
	for name, row := range map[string]struct {
		dialect       sandbox.Dialect
		before, after map[string]any
		inAPI         string
		want          []string // nil: it says nothing
	}{
		"the API has the token that was sent":               {before: plain(testToken), after: plain(testToken), inAPI: testToken},
		"the API has another than the one that was sent":    {before: plain(testToken), after: plain(testToken), inAPI: nextToken, want: []string{another, "-replace=ADDRESS"}},
		"the API has another than the write-only one":       {before: writeOnly(testToken, 1), after: writeOnly(testToken, 1), inAPI: nextToken, want: []string{another, "-replace=ADDRESS"}},
		"the API shows no token":                            {dialect: sandbox.Published, before: plain(testToken), after: plain(testToken), inAPI: nextToken},
		"the API has the configured token":                  {before: plain(testToken), after: plain(nextToken), inAPI: nextToken, want: []string{known, "nothing is sent"}},
		"the API has the configured write-only token":       {before: writeOnly(testToken, 1), after: writeOnly(nextToken, 2), inAPI: nextToken, want: []string{known, "nothing is sent"}},
		"the API has another, and so has the configuration": {before: writeOnly(testToken, 1), after: writeOnly(importedToken, 1), inAPI: nextToken, want: []string{"New token", "access_token_wo_version"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{Dialect: row.dialect})
			state := api.adds(t, row.before)
			id := api.theNumber(t).ID
			api.Rotate(id, row.inAPI)
			c := api.command(t)
			refreshed, diags := c.read(state)
			_, plan := c.plan(refreshed, refreshed.private, row.after)
			text := said(append(diags, plan.Diagnostics...))
			if row.want == nil && text != "" || strings.Count(text, "\n") != min(len(row.want), 1) || len(plan.RequiresReplace) > 0 {
				t.Errorf("it says %q, and replaces by %v", text, plan.RequiresReplace)
			}
			for _, part := range row.want {
				if !strings.HasPrefix(text, "WARNING: ") || !strings.Contains(text, part) || !strings.Contains(text, id) {
					t.Errorf("no %q in %q", part, text)
				}
			}
		})
	}
}

func TestEphemeralTokenIsSentWithItsVersion(t *testing.T) {
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
	api := newAPI(t, sandbox.Options{})
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
	for name, row := range map[string]struct {
		token string
		plans plancheck.ResourceActionType
	}{
		"the recorded one changes nothing there": {testToken, plancheck.ResourceActionUpdate},
		"another one replaces":                   {nextToken, plancheck.ResourceActionDestroyBeforeCreate},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{Dialect: sandbox.Published}) // whose listing shows no token
			id := api.added("").ID
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				CheckDestroy:             api.checkDestroy,
				Steps: []resource.TestStep{
					{Config: api.config(number(withWriteOnly(testToken, 1)), importByID(id))},
					{Config: api.config(number(withToken(row.token))), ConfigPlanChecks: plans(row.plans)},
				},
			})
		})
	}
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
			{Config: api.config(number()), ExpectError: planError("access_token_wo")},
			{Config: api.config(number(withToken(testToken))), ConfigStateChecks: []statecheck.StateCheck{api.checkAPIHolds(held(testToken, ""))}},
		},
	})
}
