// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestNumberIsLookedUp(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect, IgnoreOrder: true})
		numbers, others := api.account()
		config, checks := "", []statecheck.StateCheck{holdsNoToken, api.checkRequests(0, 0)}
		for name, row := range map[string]struct {
			arguments string
			want      sandbox.Number
		}{
			"by_id":              {fmt.Sprintf("id = %q", numbers[0].ID), numbers[0]},
			"by_its_Meta_id":     {byMetaID("webchat", "desk@example.com"), numbers[1]},
			"with_a_timeout":     {byMetaID("instagram", "17841234567890123") + "\n  timeouts {\n    read = \"5m\"\n  }", numbers[2]},
			"others_by_Meta_id":  {withUser(otherUser) + "\n  " + byMetaID("whatsapp", "106540352242922"), others},
			"others_by_their_id": {withUser(otherUser) + fmt.Sprintf("\n  id = %q", others.ID), others},
		} {
			config += strings.Replace(lookUp(row.arguments), `"main"`, quoted(name), 1)
			for attribute, value := range shows(row.want) {
				checks = append(checks, statecheck.ExpectKnownValue("data.bizapi_phone_number."+name, tfjsonpath.New(attribute), value))
			}
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			Steps:                    []resource.TestStep{{Config: api.config(config), ConfigStateChecks: checks}},
		})
	})
}

func TestNumberThatTheSameApplyAddsIsLookedUp(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{{
				Config: api.config(number(withToken(testToken)), lookUp("id = "+address+".id")),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.CompareValuePairs(dataAddress, tfjsonpath.New("id"), address, tfjsonpath.New("id"), compare.ValuesSame()),
					statecheck.CompareValuePairs(dataAddress, tfjsonpath.New("created_at"), address, tfjsonpath.New("created_at"), compare.ValuesSame()),
					api.checkRequests(1, 0),
				},
			}},
		})
	})
}

func TestLookUpThatFindsNoNumberIsAnError(t *testing.T) {
	t.Parallel()
	type failing struct {
		provider, arguments string
		fault               sandbox.Fault
		says                *regexp.Regexp
	}
	api := newAPI(t, sandbox.Options{})
	api.account()
	steps := stepOfEach(t, map[string]failing{
		"an id that is not there":       {arguments: `id = "pn_missing"`, says: planError("Phone number not found", "pn_missing")},
		"a Meta id that is not there":   {arguments: byMetaID("instagram", "178"), says: planError("Phone number not found", "178")},
		"a Meta id of another platform": {arguments: byMetaID("instagram", whatsAppID), says: planError("Phone number not found", whatsAppID)},
		"a number of another user":      {arguments: byMetaID("whatsapp", "106540352242922"), says: planError("Phone number not found", "106540352242922")},
		"an unknown user":               {arguments: withUser("usr_nobody") + "\n  id = \"pn_1\"", says: planError("Unknown user", "usr_nobody")},
		"no user":                       {provider: "user_id = null", arguments: `id = "pn_1"`, says: planError("Missing user", "user_id", "BIZAPI_USER_ID")},
		"an API that fails":             {fault: sandbox.Fault{Times: sandbox.Always, Do: sandbox.Respond(503, "text/plain", "")}, arguments: `id = "pn_1"`, says: planError("API failure", "503")},
		"a wait beyond its timeout": {
			fault:     sandbox.Fault{Times: sandbox.Always, Do: sandbox.RateLimited("3600")},
			arguments: "id = \"pn_1\"\n  timeouts {\n    read = \"1m\"\n  }", says: planError("Rate limit outlasts the operation", "429"),
		},
	}, func(_ string, row failing) resource.TestStep {
		return resource.TestStep{
			PreConfig: func() {
				api.ClearFaults()
				api.Script(row.fault)
			},
			Config:   api.configWith(cmp.Or(row.provider, withUser(testUser)), lookUp(row.arguments)),
			PlanOnly: true, ExpectError: row.says,
		}
	})
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: steps})
}

func TestLookUpArguments(t *testing.T) {
	t.Parallel()
	type invalid struct {
		arguments string
		says      []string
	}
	api := newAPI(t, sandbox.Options{})
	steps := stepOfEach(t, map[string]invalid{
		"none":                           {``, []string{"Missing Attribute Configuration", "id", "meta_phone_number_id"}},
		"an empty id":                    {`id = ""`, []string{"Invalid Attribute Value Length", "id"}},
		"a platform alone":               {`platform = "whatsapp"`, []string{"Missing Attribute Configuration", "id", "meta_phone_number_id"}},
		"a Meta id alone":                {fmt.Sprintf("meta_phone_number_id = %q", whatsAppID), []string{"Invalid Attribute Combination", "platform"}},
		"an id and a platform":           {"id = \"pn_1\"\n  platform = \"whatsapp\"", []string{"Invalid Attribute Combination", "id", "platform"}},
		"a platform that there is not":   {byMetaID("telegram", "1"), []string{"whatsapp", "instagram", "webchat"}},
		"a phone number for the Meta id": {byMetaID("whatsapp", "+1 (234) 567-8900"), []string{"Invalid meta_phone_number_id", "Phone Number ID"}},
		"a user with a slash":            {"id = \"pn_1\"\n  user_id = \"a/b\"", []string{"user_id", "letters, digits"}},
		"a timeout without a unit":       {"id = \"pn_1\"\n  timeouts {\n    read = \"20\"\n  }", []string{"Invalid Attribute Value Time Duration", "read"}},
	}, func(_ string, row invalid) resource.TestStep {
		return resource.TestStep{Config: api.config(lookUp(row.arguments)), PlanOnly: true, ExpectError: planError(row.says...)}
	})
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: steps})
	if requests := api.Count(sandbox.OpAny); requests > 0 {
		t.Errorf("the API was asked %d times", requests)
	}
}
