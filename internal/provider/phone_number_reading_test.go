// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// Absence needs proof: what a listing lacks is believed after a second, thorough look.

// severalNumbers are blocks for that many, with Meta ids from 1000 on.
func severalNumbers(count int) string {
	text := ""
	for at := range count {
		text += phoneNumber(fmt.Sprint("n", at), "whatsapp", fmt.Sprint(1000+at), withToken(testToken))
	}
	return text
}

func TestPlanAndApplyTakeFewRequests(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ managed, others, plan int }{
		"one number":                {managed: 1, plan: 1},
		"three numbers":             {managed: 3, plan: 1},
		"one of 1,000, in one page": {managed: 1, others: 999, plan: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{})
			api.fill(row.others)
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				Steps: []resource.TestStep{
					{
						Config:            api.config(severalNumbers(row.managed)),
						ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{api.checkLists(1)}},
						ConfigStateChecks: []statecheck.StateCheck{api.checkAtMost(row.managed, 2)},
					},
					{
						PreConfig: api.ForgetRequests,
						Config:    api.config(severalNumbers(row.managed)),
						ConfigPlanChecks: resource.ConfigPlanChecks{
							PreApply:            []plancheck.PlanCheck{api.checkLists(row.plan)},
							PostApplyPreRefresh: []plancheck.PlanCheck{api.checkLists(0)},
						},
					},
				},
			})
		})
	}
}

// checkAtMost expects that many adds and at most that many lists since the last such check.
func (a *testAPI) checkAtMost(posts, lists int) check {
	return func(*tfjson.State) error {
		gotPosts, gotLists := a.Count(sandbox.OpAdd), a.Count(sandbox.OpList)
		if gotPosts != posts || gotLists > lists {
			return fmt.Errorf("the API got %d POST and %d lists, wanted %d and at most %d", gotPosts, gotLists, posts, lists)
		}
		return nil
	}
}

func TestNumbersThatAreGoneTakeTwoMoreRequests(t *testing.T) {
	t.Parallel()
	for gone, lists := range map[int]int{1: 3, 3: 3, 4: 2} { // an empty listing is a page
		t.Run(fmt.Sprint(gone, " of 4"), func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{})
			config := api.config(severalNumbers(4))
			checks := []plancheck.PlanCheck{api.checkLists(lists)}
			for at := range 4 {
				action := plancheck.ResourceActionNoop
				if at < gone {
					action = plancheck.ResourceActionCreate
				}
				checks = append(checks, plancheck.ExpectResourceAction(fmt.Sprint("bizapi_phone_number.n", at), action))
			}
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				CheckDestroy:             api.checkDestroy,
				Steps: []resource.TestStep{
					{Config: config},
					{
						PreConfig: func() {
							api.clock.pass(time.Hour) // none is young
							for _, n := range api.Numbers(testUser) {
								if n.MetaPhoneNumberID < fmt.Sprint(1000+gone) {
									api.Remove(n.ID)
								}
							}
							api.ForgetRequests()
						},
						Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: checks},
						ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(gone, 0), api.checkStateMatchesAPI()},
					},
				},
			})
		})
	}
}

// Lists may lag behind an add of another process, and behind a delete.
func TestNumberThatIsListedLateIsWaitedFor(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect, ListAddsAfter: 20 * time.Second, ListDeletesAfter: 20 * time.Second, ReleaseAfter: 20 * time.Second})
		config := func(token string) string { return api.config(number(withToken(token))) }
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{
					Config:        config(testToken),
					PostApplyFunc: api.ForgetRequests,
				},
				{ // released late
					Config: config(nextToken), ConfigPlanChecks: plans(plancheck.ResourceActionDestroyBeforeCreate),
					ConfigStateChecks: []statecheck.StateCheck{api.checkAPIHolds(held(nextToken, "")), api.checkStateMatchesAPI()},
				},
				{Config: api.config(), ConfigPlanChecks: plans(plancheck.ResourceActionDestroy)},
			},
		})
	})
}

func TestListingThatMayBeCutShortIsNoAnswerForWhoeverNeedsAll(t *testing.T) {
	t.Parallel()
	for name, options := range cutShort {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, options)
			api.fill(60)
			steps := stepOfEach(t, map[string]string{
				"all":                      lookUpAll(""),
				"one that it lacks":        lookUp(`id = "pn_missing"`),
				"one that it lacks by key": lookUp(byMetaID("instagram", "178")),
				"an import":                number() + importByID(testUser+"/pn_missing"),
			}, func(_, block string) resource.TestStep {
				return resource.TestStep{Config: api.config(block), PlanOnly: true, ExpectError: planError("may be cut short")}
			})
			resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: steps})
		})
	}
}

func TestListingThatMayBeCutShortIsBelievedOfWhatItHas(t *testing.T) {
	t.Parallel()
	for name, options := range cutShort {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, options)
			added := api.added("Shop")
			api.fill(60)
			// In its first page, whatever the order.
			if options.IgnorePaging {
				api.Remove(api.Numbers(testUser)[60].ID)
			}
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				Steps: []resource.TestStep{{
					Config: api.config(lookUp(fmt.Sprintf("id = %q", added.ID))),
					ConfigStateChecks: []statecheck.StateCheck{
						statecheck.ExpectKnownValue(dataAddress, tfjsonpath.New("display_name"), knownvalue.StringExact("Shop")),
					},
				}},
			})
		})
	}
}

func TestListingThatMayBeCutShortRemovesNothing(t *testing.T) {
	t.Parallel()
	for name, options := range cutShort {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, options)
			config := api.config(number(withToken(testToken)))
			kept := ""
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				Steps: []resource.TestStep{
					{Config: config},
					{
						PreConfig: func() {
							kept = api.theNumber(t).ID
							api.fill(60)
							api.Remove(kept)
						},
						RefreshState: true, ExpectError: says("may be cut short"),
					},
					{ // it is still in the state
						PreConfig: func() {
							again := held(testToken, "")
							again.ID, again.CreatedAt = kept, time.Date(2025, 2, 10, 10, 0, 0, 0, time.UTC)
							api.Add(testUser, again)
						},
						Config: config, ConfigPlanChecks: plans(plancheck.ResourceActionNoop),
						ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue(address, tfjsonpath.New("id"), knownvalue.StringFunc(func(id string) error {
							if id != kept {
								return fmt.Errorf("the id is %s, and was %s", id, kept)
							}
							return nil
						}))},
					},
				},
			})
		})
	}
}

// What a row has beside ids and platform may be anything.
func TestOddRowsStopNoListing(t *testing.T) {
	t.Parallel()
	type odd struct {
		body  string
		count int
	}
	api := newAPI(t, sandbox.Options{})
	steps := stepOfEach(t, map[string]odd{
		"no data":                      {`{"success":true,"data":null}`, 0},
		"a time that is none":          {`[{"id":"pn_1","platform":"whatsapp","meta_phone_number_id":"1","created_at":"yesterday","updated_at":7}]`, 1},
		"a platform of another server": {`[{"id":"pn_1","platform":"sms","meta_phone_number_id":"1"}]`, 1},
	}, func(_ string, row odd) resource.TestStep {
		return resource.TestStep{
			PreConfig: func() {
				api.ClearFaults()
				api.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: func(w http.ResponseWriter, r *http.Request, answer sandbox.Answer) {
					body := row.body
					if r.URL.Query().Has("offset") {
						body = "[]"
					}
					sandbox.Respond(200, "application/json", body)(w, r, answer)
				}})
			},
			Config:            api.config(lookUpAll("")),
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue(allAddress, tfjsonpath.New("numbers"), knownvalue.ListSizeExact(row.count))},
		}
	})
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: steps})
}
