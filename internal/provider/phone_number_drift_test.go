// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// keepsName expects a plan that does nothing, whatever the configuration says, and has the API's name.
func keepsName(name string) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
		plancheck.ExpectEmptyPlan(),
		plancheck.ExpectKnownValue(address, tfjsonpath.New("display_name"), knownvalue.StringExact(name)),
	}}
}

func TestNameChangedElsewhereIsDriftAndReplacesNothing(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		renamed := func(name string) func() { return func() { api.Rename(api.theNumber(t).ID, name) } }
		config := func(arguments ...string) string {
			return api.config(number(append(arguments, withToken(testToken))...))
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: config(named("Shop"))},
				{PreConfig: renamed("Store"), Config: config(named("Shop")), ConfigPlanChecks: keepsName("Store")},
				{RefreshState: true, RefreshPlanChecks: resource.RefreshPlanChecks{PostRefresh: keepsName("Store").PreApply}},
				{PreConfig: renamed("Market"), Config: config(named("Shop")), ConfigPlanChecks: keepsName("Market")},
				{RefreshState: true},
				{ // left out
					Config: config(), ConfigPlanChecks: keepsName("Market"),
				},
				{ // accepted
					Config: config(named("Market")), ConfigPlanChecks: keepsName("Market"),
					ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0), api.checkStateMatchesAPI()},
				},
				{ // a name that the number never had
					Config: config(named("Bazaar")), ConfigPlanChecks: plans(plancheck.ResourceActionDestroyBeforeCreate),
					ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 1), api.checkAPIHolds(held(testToken, "Bazaar"))},
				},
			},
		})
	})
}

// expectDrift expects whether a plan reports that something changed outside of Terraform.
type expectDrift bool

func (e expectDrift) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	if got := len(req.Plan.ResourceDrift) > 0; got != bool(e) {
		resp.Error = fmt.Errorf("drift is reported: %t", got)
	}
}

func TestDriftIsReportedWhereThereIsSome(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		config := api.config(number(withToken(testToken), named("Shop")))
		resource.UnitTest(t, resource.TestCase{
			// Terraform before 1.13 compares the sensitive paths of a state, which it keeps in no order, and so
			// reports drift at random.
			TerraformVersionChecks:   []tfversion.TerraformVersionCheck{skipBelow(tfversion.Version1_13_0, tfversion.Version1_12_0)},
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: config},
				{Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{expectDrift(false)}}},
				{
					PreConfig: func() { api.Rename(api.theNumber(t).ID, "Store") },
					Config:    config, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{expectDrift(true)}},
				},
			},
		})
	})
}

// To write the API's name into the configuration is a plan that changes nothing: nothing tells the provider
// of it, and the next rename must be drift all the same.
func TestNameThatTheNumberHadReplacesNothing(t *testing.T) {
	t.Parallel()
	type names struct {
		first     string   // configured when the number is added; empty is none
		elsewhere []string // renamed to one after the other
		wanted    string
	}
	rows := map[string]names{
		"the first":                     {"Shop", []string{"Store", "Market"}, "Shop"},
		"one of others":                 {"Shop", []string{"Store", "Market"}, "Store"},
		"one after it was renamed back": {"Shop", []string{"Store", "Shop"}, "Store"},
		"one of a number added without": {"", []string{"Store", "Market"}, "Store"},
	}
	api := newAPI(t, sandbox.Options{})
	before, after, holds := "", "", map[string]string{}
	plan := []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}
	for name, row := range rows {
		first := ""
		if row.first != "" {
			first = named(row.first)
		}
		before += numberOf(name, withToken(testToken), first)
		after += numberOf(name, withToken(testToken), named(row.wanted))
		holds[name] = row.elsewhere[1]
		plan = append(plan, plancheck.ExpectKnownValue(addressOf(name), tfjsonpath.New("display_name"), knownvalue.StringExact(row.elsewhere[1])))
	}
	renamed := func(turn int) resource.TestStep {
		return resource.TestStep{RefreshState: true, PreConfig: func() {
			for name, row := range rows {
				for _, n := range api.all() {
					if n.MetaPhoneNumberID == metaIDOf(name) {
						api.Rename(n.ID, row.elsewhere[turn])
					}
				}
			}
		}}
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: api.config(before)},
			renamed(0),
			renamed(1),
			{
				Config: api.config(after), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: plan},
				ConfigStateChecks: []statecheck.StateCheck{
					api.checkRequests(len(rows), 0), api.checkOutcomes(holds, func(n sandbox.Number) string { return nameOf(n) }), api.checkStateMatchesAPI(),
				},
			},
		},
	})
}

// A state that was not refreshed has the old name, and the API the wanted one already.
func TestNameThatTheAPIHasAlreadyReplacesNothingUnrefreshed(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	renamed := api.config(number(withToken(testToken), named("Store")))
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		AdditionalCLIOptions:     &resource.AdditionalCLIOptions{Plan: resource.PlanOptions{NoRefresh: true}},
		Steps: []resource.TestStep{
			{Config: api.config(number(withToken(testToken), named("Shop")))},
			{
				PreConfig: func() { api.Rename(api.theNumber(t).ID, "Store") },
				Config:    renamed, ConfigPlanChecks: plans(plancheck.ResourceActionNoop),
			},
			{RefreshState: true},
			{
				Config: renamed, ConfigPlanChecks: keepsName("Store"),
				ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0), api.checkAPIHolds(held(testToken, "Store")), api.checkStateMatchesAPI()},
			},
		},
	})
}

// A name that nobody took away is a wish.
func TestFirstNameOfANumberAddedWithoutReplacesIt(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: api.config(number(withToken(testToken)))},
				{
					Config: api.config(number(withToken(testToken), named("Shop"))), ConfigPlanChecks: plans(plancheck.ResourceActionDestroyBeforeCreate),
					ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(2, 1), api.checkAPIHolds(held(testToken, "Shop"))},
				},
			},
		})
	})
}

// A plan cannot keep "no name" where the configuration has one, so the name is recorded and sent nowhere.
func TestNameClearedElsewhereIsRecordedAndReplacesNothing(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		config := api.config(number(withToken(testToken), named("Shop")))
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: config},
				{
					PreConfig: func() { api.Rename(api.theNumber(t).ID, "") },
					Config:    config, ConfigPlanChecks: plans(plancheck.ResourceActionUpdate),
					ConfigStateChecks: []statecheck.StateCheck{
						statecheck.ExpectKnownValue(address, tfjsonpath.New("display_name"), knownvalue.StringExact("Shop")),
					},
				},
				{Config: config, ConfigPlanChecks: keepsName("Shop")},
				{
					PreConfig: func() { api.Rename(api.theNumber(t).ID, "Store") },
					Config:    config, ConfigPlanChecks: keepsName("Store"),
					ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0), api.checkStateMatchesAPI()},
				},
			},
		})
	})
}

// The state must have the name that was planned: another one would taint the number.
func TestServerThatChangesNamesReplacesNothing(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{NormalizeName: strings.ToUpper})
	config := api.config(number(withToken(testToken), named("Shop")))
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: config, ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, tfjsonpath.New("display_name"), knownvalue.StringExact("Shop")),
			}},
			{
				Config: config, ConfigPlanChecks: keepsName("SHOP"),
				ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0), api.checkAPIHolds(held(testToken, "SHOP"))},
			},
		},
	})
}

// unknownIn is a row's number with its user and name written, and one attribute that an output of terraform_data
// gives, which is known after apply only; without such a one it is as it was.
func unknownIn(row, attribute, output string, more ...string) string {
	values := map[string]string{
		"user_id": fmt.Sprintf("%q", testUser), "platform": `"whatsapp"`, "meta_phone_number_id": fmt.Sprintf("%q", metaIDOf(row)),
		"display_name": `"Shop"`, "access_token": fmt.Sprintf("%q", testToken),
	}
	if attribute != "" {
		values[attribute] = "terraform_data." + output + ".output"
	}
	text := fmt.Sprintf("resource \"bizapi_phone_number\" %q {\n", labelOf(row))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		text += fmt.Sprintf("  %s = %s\n", name, values[name])
	}
	return text + "  " + strings.Join(more, "\n  ") + "\n}\n"
}

func TestValueThatIsNotKnownYetKeepsTheStates(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	before, after, holds := "", "", map[string]string{}
	planned, replanned := []plancheck.PlanCheck{}, []plancheck.PlanCheck{}
	for attribute, value := range map[string]struct{ same, another string }{
		"user_id":              {testUser, otherUser},
		"platform":             {"whatsapp", "webchat"},
		"meta_phone_number_id": {metaIDOf("meta_phone_number_id, the same"), otherID},
		"display_name":         {"Shop", "Store"},
	} {
		for later, next := range map[string]plancheck.ResourceActionType{"the same": noop, "another": replace} {
			row := attribute + ", " + later
			output, same := value.same, value.same
			if later == "another" {
				output = value.another
			}
			if attribute == "meta_phone_number_id" {
				same = metaIDOf(row)
			}
			before += unknownIn(row, "", "")
			after += unknownIn(row, attribute, labelOf(row)) + knownLater(labelOf(row), output) + "\n"
			holds[row] = testUser + ", whatsapp, " + testToken + ", Shop"
			planned = append(planned,
				plancheck.ExpectResourceAction(addressOf(row), noop),
				plancheck.ExpectKnownValue(addressOf(row), tfjsonpath.New(attribute), knownvalue.StringExact(same)))
			replanned = append(replanned, plancheck.ExpectResourceAction(addressOf(row), next))
		}
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: api.config(before)},
			{
				Config:             api.config(after),
				ConfigPlanChecks:   resource.ConfigPlanChecks{PreApply: planned, PostApplyPreRefresh: replanned, PostApplyPostRefresh: replanned},
				ExpectNonEmptyPlan: true,
				ConfigStateChecks: []statecheck.StateCheck{
					api.checkRequests(len(holds), 0), api.checkOutcomes(holds, func(n sandbox.Number) string {
						return strings.Join([]string{n.UserID, n.Platform, n.AccessToken, nameOf(n)}, ", ")
					}),
				},
			},
		},
	})
}

// A plan cannot keep "no name" where the configuration has one, known or not.
func TestNameThatIsNotKnownYetOfAnImportedNumberIsRecorded(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	added := api.Add(testUser, held(importedToken, ""))
	config := number("display_name = terraform_data.name.output") + knownLater("name", "Shop") +
		fmt.Sprintf("\nimport {\n  to = %s\n  id = %q\n}\n", address, testUser+"/"+added.ID)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{{
			Config:           api.config(config),
			ConfigPlanChecks: plans(plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, tfjsonpath.New("display_name"), knownvalue.StringExact("Shop")),
				api.checkRequests(0, 0), api.checkAPIHolds(held(importedToken, "")), api.checkStateMatchesAPI(),
			},
		}},
	})
}

// Terraform plans again in the apply, and would stop there if the value turned out another.
func TestValueNotKnownYetBesideAnotherChangeIsAnErrorAtPlan(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	steps := []resource.TestStep{{Config: api.config(unknownIn("main", "", ""))}}
	steps = append(steps, stepOfEach(t, map[string]string{
		"user_id": testUser, "platform": "whatsapp", "meta_phone_number_id": metaIDOf("main"), "display_name": "Shop", "access_token": testToken,
	}, func(attribute, later string) resource.TestStep {
		return resource.TestStep{
			Config:      api.config(unknownIn("main", attribute, "later", protected), knownLater("later", later)),
			ExpectError: planError("cannot be planned", attribute),
		}
	})...)
	steps = append(steps, plansNothing(api.config(unknownIn("main", "", "")), api.checkRequests(1, 0), api.checkStateMatchesAPI()))
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), CheckDestroy: api.checkDestroy, Steps: steps})
}

// updated_at changes for reasons that nobody sees: a refresh leaves it alone, until something else changes.
func TestUpdatedAtAloneIsNoDrift(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		config := api.config(number(withToken(testToken)))
		updatedAt := tfjsonpath.New("updated_at")
		same, another := statecheck.CompareValue(compare.ValuesSame()), statecheck.CompareValue(compare.ValuesDiffer())
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: config, ConfigStateChecks: []statecheck.StateCheck{same.AddStateValue(address, updatedAt)}},
				{
					PreConfig: func() {
						api.clock.pass(time.Hour)
						api.Rotate(api.theNumber(t).ID, nextToken)
					},
					RefreshState: true, RefreshPlanChecks: resource.RefreshPlanChecks{PostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
				},
				{Config: config, ConfigStateChecks: []statecheck.StateCheck{same.AddStateValue(address, updatedAt), another.AddStateValue(address, updatedAt)}},
				{
					PreConfig:         func() { api.Rename(api.theNumber(t).ID, "Store") },
					Config:            config,
					ConfigStateChecks: []statecheck.StateCheck{another.AddStateValue(address, updatedAt), api.checkRequests(1, 0)},
				},
			},
		})
	})
}

// shouts is a server that writes the platform in capitals.
type shouts struct{}

func (shouts) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	answer.Body = io.NopCloser(bytes.NewReader(bytes.ReplaceAll(body, []byte(`"whatsapp"`), []byte(`"WHATSAPP"`))))
	return answer, err
}

func TestPlatformInTheServersSpellingIsNoDrift(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		api.transport = shouts{}
		lower := statecheck.ExpectKnownValue(address, tfjsonpath.New("platform"), knownvalue.StringExact("whatsapp"))
		config := api.config(number(withToken(testToken)))
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: config, ConfigStateChecks: []statecheck.StateCheck{lower}},
				{Config: config, ConfigPlanChecks: plans(plancheck.ResourceActionNoop), ConfigStateChecks: []statecheck.StateCheck{lower}},
				{Config: api.config(forgotten)},
				{
					Config:            config + importByID("whatsapp/"+whatsAppID),
					ConfigStateChecks: []statecheck.StateCheck{lower, api.checkRequests(1, 0), api.checkStateMatchesAPI()},
				},
			},
		})
	})
}
