// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func importByIdentity(userID, id string) string {
	return fmt.Sprintf("import {\n  to = %s\n  identity = {\n    user_id = %q\n    id      = %q\n  }\n}\n", address, userID, id)
}

// importForms are the ids that name a number.
var importForms = map[string]func(sandbox.Number) string{
	"user and id":        func(n sandbox.Number) string { return n.UserID + "/" + n.ID },
	"id alone":           func(n sandbox.Number) string { return n.ID },
	"user and Meta's id": func(n sandbox.Number) string { return n.UserID + "/" + n.Platform + "/" + n.MetaPhoneNumberID },
	"Meta's id alone":    func(n sandbox.Number) string { return n.Platform + "/" + n.MetaPhoneNumberID },
}

// imported expects the state of a number that was imported, with its identity on a CLI that has them.
func (a *testAPI) imported(t *testing.T, n sandbox.Number) []statecheck.StateCheck {
	name := knownvalue.Check(knownvalue.Null())
	if n.DisplayName != nil {
		name = knownvalue.StringExact(*n.DisplayName)
	}
	checks := []statecheck.StateCheck{
		statecheck.ExpectKnownValue(address, tfjsonpath.New("id"), knownvalue.StringExact(n.ID)),
		statecheck.ExpectKnownValue(address, tfjsonpath.New("user_id"), knownvalue.StringExact(n.UserID)),
		statecheck.ExpectKnownValue(address, tfjsonpath.New("platform"), knownvalue.StringExact(n.Platform)),
		statecheck.ExpectKnownValue(address, tfjsonpath.New("meta_phone_number_id"), knownvalue.StringExact(n.MetaPhoneNumberID)),
		statecheck.ExpectKnownValue(address, tfjsonpath.New("display_name"), name),
		statecheck.ExpectKnownValue(address, tfjsonpath.New("access_token"), knownvalue.Null()),
		statecheck.ExpectKnownValue(address, tfjsonpath.New("deletion_protection"), knownvalue.Bool(false)),
		statecheck.ExpectKnownValue(address, tfjsonpath.New("created_at"), knownvalue.NotNull()),
		statecheck.ExpectKnownValue(address, tfjsonpath.New("updated_at"), knownvalue.NotNull()),
		a.checkRequests(0, 0),
		a.checkAPIHolds(n),
	}
	if cli(t).Has(12, 12) {
		checks = append(checks, statecheck.ExpectIdentity(address, identityOf(n)))
	}
	return checks
}

func TestImportByCommand(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		shop := api.added("Shop")
		config := api.config(number(named("Shop")))
		var steps []resource.TestStep
		for _, form := range slices.Sorted(maps.Keys(importForms)) {
			steps = append(steps,
				resource.TestStep{
					PreConfig: func() { t.Log(form) },
					Config:    config, ResourceName: address,
					ImportState: true, ImportStateId: importForms[form](shop), ImportStatePersist: true,
				},
				resource.TestStep{
					Config:            config,
					ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
					ConfigStateChecks: api.imported(t, shop),
				},
				resource.TestStep{Config: api.config(forgotten)})
		}
		resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: steps})
	})
}

func TestImportByBlock(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		shop := api.added("Shop")
		config := api.config(number(named("Shop")))
		var steps []resource.TestStep
		for _, form := range slices.Sorted(maps.Keys(importForms)) {
			id := importForms[form](shop)
			steps = append(steps,
				resource.TestStep{ // the plan alone, which is one of no change
					PreConfig: func() { t.Log(form) },
					Config:    config, ResourceName: address,
					ImportState: true, ImportStateKind: resource.ImportBlockWithID, ImportStateId: id,
				},
				resource.TestStep{Config: api.config(forgotten)},
				resource.TestStep{Config: config + importByID(id), ConfigStateChecks: api.imported(t, shop)},
				plansNothing(config))
		}
		resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), CheckDestroy: api.checkDestroy, Steps: steps})
	})
}

// The identity names the user, whatever the provider's is.
func TestImportByIdentity(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		shop := api.added("Shop")
		config := api.configWith(withUser(otherUser), number(named("Shop"), withUser(testUser)))
		resource.UnitTest(t, resource.TestCase{
			TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)},
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: config + importByIdentity(testUser, shop.ID), ConfigStateChecks: api.imported(t, shop)},
				{ // by the identity in the state
					Config: config, ResourceName: address,
					ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity,
				},
				{
					Config:            config,
					ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
					ConfigStateChecks: api.imported(t, shop),
				},
			},
		})
	})
}

func TestImportIDThatIsRefused(t *testing.T) {
	t.Parallel()
	const forms = "<user_id>/<id>"
	type refused struct {
		id   string
		says []string
	}
	api := newAPI(t, sandbox.Options{})
	shop := held(importedToken, "Shop")
	shop.ID = "pn_shop"
	shop = api.Add(testUser, shop)
	steps := stepOfEach(t, map[string]refused{
		"an id that is not there":           {testUser + "/pn_missing", []string{"not found", "pn_missing"}},
		"a number of another user":          {otherUser + "/pn_shop", []string{"not found", "pn_shop"}},
		"a Meta id that is not there":       {testUser + "/instagram/178412", []string{"not found", "178412"}},
		"a platform that there is not":      {testUser + "/sms/178412", []string{"not found", "sms/178412"}},
		"an unknown user":                   {"usr_nobody/pn_shop", []string{"Unknown user", "usr_nobody"}},
		"a user with a space":               {"bad user/pn_shop", []string{"user id", forms}},
		"no user":                           {"/pn_shop", []string{"user id", forms}},
		"no id":                             {testUser + "/", []string{forms}},
		"the folder above":                  {testUser + "/..", []string{"does not name a phone number", forms}},
		"a space behind the id":             {testUser + "/pn_shop ", []string{"space", forms}},
		"a phone number in place of its id": {testUser + "/whatsapp/+1 (234) 567-8900", []string{"phone number", "Phone Number ID"}},
	}, func(_ string, row refused) resource.TestStep {
		return resource.TestStep{
			Config: api.config(number()), ResourceName: address,
			ImportState: true, ImportStateId: row.id, ImportStatePersist: true, ExpectError: says(row.says...),
		}
	})
	steps = append(steps, resource.TestStep{
		Config:            api.config(),
		ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(0, 0), api.checkAPIHolds(shop)},
	})
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: steps})
}

func TestImportIDWithoutAUserNeedsTheProviders(t *testing.T) {
	t.Parallel()
	type needy struct {
		provider string
		id       func(sandbox.Number) string
		says     []string
	}
	api := newAPI(t, sandbox.Options{})
	shop := api.added("Shop")
	steps := stepOfEach(t, map[string]needy{
		"id alone, and no user":            {"", importForms["id alone"], []string{"user_id", "<user_id>/<id>"}},
		"Meta's id alone, and no user":     {"", importForms["Meta's id alone"], []string{"user_id", "<user_id>/<id>"}},
		"id alone, and an unknown user":    {"user_id = terraform_data.user.output", importForms["id alone"], []string{"User is not known yet", "<user_id>/"}},
		"Meta's id alone, an unknown user": {"user_id = terraform_data.user.output", importForms["Meta's id alone"], []string{"User is not known yet", "<user_id>/"}},
	}, func(_ string, row needy) resource.TestStep {
		return resource.TestStep{
			Config: api.configWith(row.provider, number(), importByID(row.id(shop)), knownLater("user", testUser)), PlanOnly: true,
			ExpectError: planError(row.says...),
		}
	})
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: steps})
}

func TestImportIDWithItsUserNeedsNoneOfTheProvider(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	shop := api.added("Shop")
	imported := func(provider string) resource.TestStep {
		return resource.TestStep{
			Config:            api.configWith(provider, number(), importByID(importForms["user and id"](shop)), knownLater("user", otherUser)),
			ConfigPlanChecks:  plans(plancheck.ResourceActionNoop),
			ConfigStateChecks: api.imported(t, shop),
		}
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			imported("user_id = terraform_data.user.output"),
			{Config: api.config(forgotten)},
			imported(""),
		},
	})
}

// An id may look like a token: it is data, and never altered.
func TestImportOfAnIDThatLooksLikeATokenReplacesNothing(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		const id = "AAEAA123-4F0B-4D3A-8C1B-5E0A4B7A0001"
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		odd := sandbox.Number{ID: id, UserID: testUser, Platform: "webchat", MetaPhoneNumberID: id, AccessToken: importedToken}
		api.Add(testUser, odd)
		config := api.config(phoneNumber("main", "webchat", id))
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{
					Config:            config + importByID(testUser+"/"+id),
					ConfigPlanChecks:  plans(plancheck.ResourceActionNoop),
					ConfigStateChecks: api.imported(t, odd),
				},
				{Config: config, ConfigPlanChecks: plans(plancheck.ResourceActionNoop), ConfigStateChecks: api.imported(t, odd)},
			},
		})
	})
}

func TestImportIdentityThatIsRefused(t *testing.T) {
	t.Parallel()
	type refused struct {
		userID, id string
		says       []string
	}
	api := newAPI(t, sandbox.Options{})
	steps := stepOfEach(t, map[string]refused{
		"an id that is not there": {testUser, "pn_missing", []string{"not found", "pn_missing"}},
		"an unknown user":         {"usr_nobody", "pn_missing", []string{"Unknown user", "usr_nobody"}},
		"no id":                   {testUser, "", []string{"identity", "id must not be empty"}},
		"no user":                 {"", "pn_missing", []string{"identity", "user_id must be"}},
		"the list itself":         {testUser, ".", []string{`"."`}},
	}, func(_ string, row refused) resource.TestStep {
		return resource.TestStep{
			Config: api.config(number(), importByIdentity(row.userID, row.id)), PlanOnly: true, ExpectError: planError(row.says...),
		}
	})
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)},
		ProtoV6ProviderFactories: api.factories(),
		Steps:                    steps,
	})
}

// Whatever name the configuration has was never asked of the API.
func TestImportOfARenamedNumberReplacesNothing(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	shop := api.added("Shop")
	config := api.config(number(named("Another name")))
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{
				Config:            config + importByID(testUser+"/"+shop.ID),
				ConfigPlanChecks:  plans(plancheck.ResourceActionNoop),
				ConfigStateChecks: api.imported(t, shop),
			},
			{Config: config, ConfigPlanChecks: plans(plancheck.ResourceActionNoop), ConfigStateChecks: api.imported(t, shop)},
			{ // with a token, which is recorded
				Config:            api.config(number(named("Another name"), withToken(testToken))),
				ConfigPlanChecks:  plans(plancheck.ResourceActionUpdate),
				ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(0, 0), api.checkAPIHolds(shop)},
			},
			{ // a third name is asked for
				Config:            api.config(number(named("A third name"), withToken(testToken))),
				ConfigPlanChecks:  plans(plancheck.ResourceActionDestroyBeforeCreate),
				ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 1), api.checkAPIHolds(held(testToken, "A third name"))},
			},
		},
	})
}

// A plan cannot keep "no name" where the configuration has one, so the name is recorded.
func TestImportOfANamelessNumberReplacesNothing(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		shop := api.added("")
		step := func(action plancheck.ResourceActionType, name knownvalue.Check, blocks ...string) resource.TestStep {
			return resource.TestStep{
				Config: api.config(blocks...), ConfigPlanChecks: plans(action),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(address, tfjsonpath.New("display_name"), name),
					api.checkRequests(0, 0), api.checkAPIHolds(shop),
				},
			}
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				step(plancheck.ResourceActionUpdate, knownvalue.StringExact("Shop"), number(named("Shop")), importByID(testUser+"/"+shop.ID)),
				step(plancheck.ResourceActionNoop, knownvalue.StringExact("Shop"), number(named("Shop"))),
				step(plancheck.ResourceActionUpdate, knownvalue.Null(), number()),
				step(plancheck.ResourceActionNoop, knownvalue.Null(), number()),
			},
		})
	})
}

func TestTokenOfAnImportedNumberIsSentByAReplacementAlone(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	shop := api.added("Shop")
	config := api.config(number(withToken(testToken)))
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{
				Config:            config + importByID(testUser+"/"+shop.ID),
				ConfigPlanChecks:  plans(plancheck.ResourceActionUpdate),
				ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(0, 0), api.checkAPIHolds(shop)},
			},
			{
				Taint: []string{address}, Config: config,
				ConfigPlanChecks:  plans(plancheck.ResourceActionDestroyBeforeCreate),
				ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 1), api.checkAPIHolds(held(testToken, ""))},
			},
		},
	})
}

// A version of the provider from before identities left none in the state.
func TestStateWithoutIdentityGetsOne(t *testing.T) {
	t.Parallel()
	before := number(withToken(testToken))
	for name, row := range map[string]struct {
		after       string
		isGone      bool // from the API
		noRefresh   bool
		refreshOnly bool
		plans       plancheck.ResourceActionType
		posts       int
		deletes     int
	}{
		"by a refresh":                          {after: before, refreshOnly: true, plans: plancheck.ResourceActionNoop},
		"by a plan of no change":                {after: before, plans: plancheck.ResourceActionNoop},
		"by a change without a refresh":         {after: number(withToken(testToken), named("Shop"), "lifecycle {\n    ignore_changes = [display_name]\n  }", "timeouts {\n    read = \"5m\"\n  }"), noRefresh: true, plans: plancheck.ResourceActionUpdate},
		"by a replacement":                      {after: number(withToken(nextToken)), plans: plancheck.ResourceActionDestroyBeforeCreate, posts: 1, deletes: 1},
		"by a replacement without a refresh":    {after: number(withToken(nextToken)), noRefresh: true, plans: plancheck.ResourceActionDestroyBeforeCreate, posts: 1, deletes: 1},
		"by an add of a number that is gone":    {after: before, isGone: true, plans: plancheck.ResourceActionCreate, posts: 1},
		"or is deleted":                         {plans: plancheck.ResourceActionDestroy, deletes: 1},
		"or is deleted without a refresh, gone": {isGone: true, noRefresh: true, plans: plancheck.ResourceActionDestroy, deletes: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, dir := newAPI(t, sandbox.Options{}), t.TempDir()
			upgrade := resource.TestStep{
				Config: api.config(row.after), ConfigPlanChecks: plans(row.plans),
				PreConfig: func() {
					withoutIdentity(t, dir)
					if row.isGone {
						api.Remove(api.theNumber(t).ID)
					}
				},
				ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(row.posts, row.deletes), api.checkStateMatchesAPI()},
			}
			if row.after != "" {
				upgrade.ConfigStateChecks = append(upgrade.ConfigStateChecks, statecheck.ExpectIdentity(address, map[string]knownvalue.Check{
					"user_id": knownvalue.StringExact(testUser), "id": knownvalue.StringFunc(api.isTheID),
				}))
			}
			steps := []resource.TestStep{{Config: api.config(before), ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0)}}, upgrade}
			if row.refreshOnly {
				refresh := resource.TestStep{PreConfig: upgrade.PreConfig, RefreshState: true}
				steps[1].PreConfig = nil
				steps = []resource.TestStep{steps[0], refresh, steps[1]}
			}
			resource.UnitTest(t, resource.TestCase{
				TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)},
				ProtoV6ProviderFactories: api.factories(),
				AdditionalCLIOptions:     &resource.AdditionalCLIOptions{Plan: resource.PlanOptions{NoRefresh: row.noRefresh}},
				WorkingDir:               dir,
				CheckDestroy:             api.checkDestroy,
				Steps:                    steps,
			})
		})
	}
}

// withoutIdentity takes the identities out of the state of a test with that WorkingDir.
func withoutIdentity(t *testing.T, workingDir string) {
	t.Helper()
	editState(t, workingDir, func(instance map[string]any) {
		if instance["identity"] == nil {
			t.Error("a number has no identity")
		}
		delete(instance, "identity")
		delete(instance, "identity_schema_version")
	})
}
