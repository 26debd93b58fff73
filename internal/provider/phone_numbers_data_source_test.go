// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestNumbersAreLookedUp(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]sandbox.Options{
		"oldest first":                  {},
		"from a server without orders":  {IgnoreOrder: true},
		"from pages of two":             {MaxPageSize: 2},
		"from a server without a query": {RefuseQuery: true},
	} {
		t.Run(name, func(t *testing.T) {
			inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
				options.Dialect = dialect
				api := newAPI(t, options)
				numbers, others := api.account()
				resource.UnitTest(t, resource.TestCase{
					ProtoV6ProviderFactories: api.factories(),
					Steps: []resource.TestStep{{
						Config: api.config(lookUpAll(""), lookUpSome("channels", `platform = "webchat"`), lookUpSome("others", withUser(otherUser)),
							lookUpSome("none", withUser(otherUser)+"\n  platform = \"instagram\"\n  timeouts {\n    read = \"5m\"\n  }")),
						ConfigStateChecks: slices.Concat(listed(testUser, numbers...), listedIn("data.bizapi_phone_numbers.channels", testUser, numbers[1]),
							listedIn("data.bizapi_phone_numbers.others", otherUser, others), listedIn("data.bizapi_phone_numbers.none", otherUser)),
					}},
				})
			})
		})
	}
}

func TestNumbersOfAnEmptyAccountAreNone(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps:                    []resource.TestStep{{Config: api.config(lookUpAll("")), ConfigStateChecks: listed(testUser)}},
		})
	})
}

func TestNumbersOfManyPagesAreAllLookedUp(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect, MaxPageSize: 100})
		for at := range 350 {
			api.Add(testUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: fmt.Sprint(100000000000000 + at), AccessToken: importedToken})
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps: []resource.TestStep{{
				Config: api.config(lookUpAll("")),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(allAddress, tfjsonpath.New("numbers"), knownvalue.ListSizeExact(350)),
					statecheck.ExpectKnownValue(allAddress, tfjsonpath.New("by_meta_id"), knownvalue.MapSizeExact(350)),
				},
			}},
		})
	})
}

// plugin-testing reads no state with for_each, so nothing is applied.
func TestKeysOfNumbersSuitForEach(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	numbers, _ := api.account()
	var agents []plancheck.PlanCheck
	for _, n := range numbers {
		agent := fmt.Sprintf("terraform_data.agent[%q]", n.Platform+"/"+n.MetaPhoneNumberID)
		agents = append(agents, plancheck.ExpectResourceAction(agent, plancheck.ResourceActionCreate))
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		Steps: []resource.TestStep{{
			Config: api.config(lookUpAll(""), `
resource "terraform_data" "agent" {
  for_each = data.bizapi_phone_numbers.all.by_meta_id
  input    = each.value.id
}
`),
			PlanOnly: true, ExpectNonEmptyPlan: true, ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPreRefresh: agents},
		}},
	})
}

func TestNumberThatTheSameApplyAddsIsAmongAll(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		first, _ := api.account()
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps: []resource.TestStep{{
				Config: api.config(phoneNumber("main", "whatsapp", "2000", withToken(testToken)), lookUpAll("depends_on = ["+address+"]")),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(allAddress, tfjsonpath.New("numbers"), knownvalue.ListSizeExact(len(first)+1)),
					statecheck.ExpectKnownValue(allAddress, tfjsonpath.New("by_meta_id"), knownvalue.MapPartial(map[string]knownvalue.Check{"whatsapp/2000": knownvalue.NotNull()})),
					api.checkRequests(1, 0),
				},
			}},
		})
	})
}

func TestLookUpOfAllThatIsAnError(t *testing.T) {
	t.Parallel()
	const later = "user_id = terraform_data.user.output"
	type failing struct {
		provider, arguments string
		fault               sandbox.Fault
		says                *regexp.Regexp
	}
	api := newAPI(t, sandbox.Options{AllowDuplicates: true})
	for _, id := range []string{"pn_1", "pn_2"} {
		api.Add(otherUser, sandbox.Number{ID: id, Platform: "whatsapp", MetaPhoneNumberID: whatsAppID})
	}
	steps := stepOfEach(t, map[string]failing{
		"an unknown user":              {arguments: withUser("usr_nobody"), says: planError("Unknown user", "usr_nobody")},
		"no user":                      {provider: "user_id = null", says: planError("Missing user", "user_id", "BIZAPI_USER_ID")},
		"a user that is not known yet": {provider: later, says: planError("User is not known yet", "-target")},
		"a user with a slash":          {arguments: withUser("a/b"), says: planError("user_id", "letters, digits")},
		"a platform that there is not": {arguments: `platform = "telegram"`, says: planError("whatsapp", "instagram", "webchat")},
		"a timeout without a unit":     {arguments: "timeouts {\n    read = \"20\"\n  }", says: planError("Invalid Attribute Value Time Duration", "read")},
		"a number that is there twice": {arguments: withUser(otherUser), says: planError("Phone number is listed twice", "whatsapp/"+whatsAppID, "pn_1", "pn_2")},
		"an API that fails":            {fault: sandbox.Fault{Times: sandbox.Always, Do: sandbox.Respond(503, "text/plain", "")}, says: planError("API failure", "503")},
	}, func(_ string, row failing) resource.TestStep {
		return resource.TestStep{
			PreConfig: func() {
				api.ClearFaults()
				api.Script(row.fault)
			},
			Config:   api.configWith(cmp.Or(row.provider, withUser(testUser)), lookUpAll(row.arguments), knownLater("user", testUser)),
			PlanOnly: true, ExpectError: row.says,
		}
	})
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: steps})
}
