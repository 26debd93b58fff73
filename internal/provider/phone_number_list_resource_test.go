// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck/queryfilter"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// list is a list block with more arguments, and the arguments of its configuration.
func list(name, arguments, config string) string {
	return fmt.Sprintf("list \"bizapi_phone_number\" %q {\n  provider = bizapi\n  %s\n  config {\n    %s\n  }\n}\n", name, arguments, config)
}

// lists expects just those numbers under that name.
func lists(name string, numbers ...sandbox.Number) []querycheck.QueryResultCheck {
	checks := []querycheck.QueryResultCheck{querycheck.ExpectLength("bizapi_phone_number."+name, len(numbers))}
	for _, n := range numbers {
		checks = append(checks, querycheck.ExpectIdentity("bizapi_phone_number."+name, identityOf(n)))
	}
	return checks
}

func TestNumbersAreListed(t *testing.T) {
	t.Parallel()
	type query struct {
		arguments, config string
		want              []sandbox.Number
	}
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect, IgnoreOrder: true})
		numbers, others := api.account()
		queries := stepOfEach(t, map[string]query{
			"all of the provider's user": {want: numbers},
			"the oldest, up to a limit":  {arguments: "limit = 2", want: numbers[:2]},
			"those of a platform":        {config: `platform = "webchat"`, want: numbers[1:2]},
			"those of another user":      {config: withUser(otherUser), want: []sandbox.Number{others}},
		}, func(_ string, row query) resource.TestStep {
			return resource.TestStep{Config: list("numbers", row.arguments, row.config), QueryResultChecks: lists("numbers", row.want...)}
		})
		resource.UnitTest(t, api.queryCase(withUser(testUser), queries...))
	})
}

func TestListOfAnEmptyAccountIsEmpty(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	resource.UnitTest(t, api.queryCase(withUser(testUser), resource.TestStep{
		Config: list("numbers", "", ""),
		QueryResultChecks: []querycheck.QueryResultCheck{
			querycheck.ExpectTotalLengthForMatching(regexp.MustCompile("numbers"), 0),
		},
	}))
}

// A listed resource is what an import would make of it.
func TestListedNumberIsTheImportedOne(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		numbers, _ := api.account()
		var checks []querycheck.QueryResultCheck
		for at, name := range []string{"+1 (234) 567-8900 (whatsapp 836990829491415)", `The "50% ${off}" %{desk} (webchat desk@example.com)`, "instagram 17841234567890123"} {
			var values []querycheck.KnownValueCheck
			for attribute, value := range shows(numbers[at]) {
				values = append(values, querycheck.KnownValueCheck{Path: tfjsonpath.New(attribute), KnownValue: value})
			}
			for attribute, value := range map[string]knownvalue.Check{
				"deletion_protection": knownvalue.Bool(false), "access_token": knownvalue.Null(),
				"access_token_wo": knownvalue.Null(), "access_token_wo_version": knownvalue.Null(), "timeouts": knownvalue.Null(),
			} {
				values = append(values, querycheck.KnownValueCheck{Path: tfjsonpath.New(attribute), KnownValue: value})
			}
			filter := queryfilter.ByResourceIdentity(identityOf(numbers[at]))
			checks = append(checks,
				querycheck.ExpectResourceKnownValues("bizapi_phone_number.numbers", filter, values),
				querycheck.ExpectResourceDisplayName("bizapi_phone_number.numbers", filter, knownvalue.StringExact(name)))
		}
		resource.UnitTest(t, api.queryCase(withUser(testUser), resource.TestStep{
			Config: list("numbers", "include_resource = true", ""), QueryResultChecks: checks,
		}))
	})
}

func TestListThatIsAnError(t *testing.T) {
	t.Parallel()
	type failing struct {
		config string
		says   []string
	}
	api := newAPI(t, sandbox.Options{})
	test := api.queryCase(withUser(testUser), stepOfEach(t, map[string]failing{
		"an unknown user":              {withUser("usr_nobody"), []string{"Unknown user", "usr_nobody"}},
		"a user with a slash":          {withUser("a/b"), []string{"user_id", "letters, digits"}},
		"a platform that there is not": {`platform = "telegram"`, []string{"whatsapp", "instagram", "webchat"}},
	}, func(_ string, row failing) resource.TestStep {
		return resource.TestStep{Config: list("numbers", "", row.config), ExpectError: says(row.says...)}
	})...)
	noUser := api.queryCase("", resource.TestStep{Config: list("numbers", "", ""), ExpectError: says("user_id", "BIZAPI_USER_ID")})
	test.Steps = append(test.Steps, noUser.Steps...)
	resource.UnitTest(t, test)
}

func TestListOfAListingThatMayBeCutShortIsAnError(t *testing.T) {
	t.Parallel()
	for name, options := range cutShort {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, options)
			api.fill(60)
			resource.UnitTest(t, api.queryCase(withUser(testUser), resource.TestStep{Config: list("numbers", "", ""), ExpectError: says("may be cut short")}))
		})
	}
}
