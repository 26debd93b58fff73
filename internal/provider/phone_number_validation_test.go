// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/bizapi/terraform-provider-bizapi/internal/provider"
	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// timeout is a block with a single one.
func timeout(operation, duration string) string {
	return fmt.Sprintf("timeouts {\n    %s = %q\n  }", operation, duration)
}

func TestNumberThatIsNotValid(t *testing.T) {
	t.Parallel()
	platform := func(platform, metaID string) string {
		return phoneNumber("main", platform, metaID, withToken(testToken))
	}
	with := func(arguments ...string) string { return number(append(arguments, withToken(testToken))...) }
	type invalid struct {
		block string
		says  []string
	}
	rows := map[string]invalid{
		"a user with a slash":                   {with(withUser("a/b")), []string{"user_id", "letters, digits"}},
		"an empty user":                         {with(withUser("")), []string{"user_id", "1 to 50"}},
		"a user of 51 characters":               {with(withUser(strings.Repeat("u", 51))), []string{"user_id", "1 to 50"}},
		"a user with an umlaut":                 {with(withUser("jürgen")), []string{"user_id", "letters, digits"}},
		"a platform that there is not":          {platform("telegram", "1"), []string{"platform", "whatsapp", "instagram", "webchat"}},
		"a platform in capitals":                {platform("WhatsApp", whatsAppID), []string{"platform", "whatsapp"}},
		"no platform":                           {strings.Replace(with(), "platform ", "# ", 1), []string{"platform"}},
		"no Meta id":                            {strings.Replace(with(), "meta_phone_number_id", "# ", 1), []string{"meta_phone_number_id"}},
		"an empty Meta id":                      {platform("whatsapp", ""), []string{"meta_phone_number_id", "empty"}},
		"a Meta id of 101 digits":               {platform("whatsapp", strings.Repeat("1", 101)), []string{"meta_phone_number_id", "100"}},
		"a phone number for its Meta id":        {platform("whatsapp", "+1 (234) 567-8900"), []string{"phone number", "Phone Number ID"}},
		"a phone number with a plus":            {platform("whatsapp", "+12345678900"), []string{"phone number", "Phone Number ID"}},
		"a handle for Instagram's Meta id":      {platform("instagram", "@yourbusiness"), []string{"handle", "Instagram Account ID"}},
		"a name for Instagram's Meta id":        {platform("instagram", "yourbusiness"), []string{"digits", "Instagram Account ID"}},
		"a web chat's Meta id with a slash":     {platform("webchat", "a/b"), []string{"letters, digits"}},
		"an empty token":                        {number(withToken("")), []string{"access token", "0 characters"}},
		"an empty write-only token":             {number(withWriteOnly("", 1)), []string{"access token", "0 characters"}},
		"a token of 9 characters":               {number(withToken("EAAshort9")), []string{"access token", "9 characters"}},
		"a write-only token of 1001 characters": {number(withWriteOnly(strings.Repeat("T", 1001), 1)), []string{"access token", "1001 characters"}},
		"a token with a line end":               {number(withToken(testToken + "\n")), []string{"access token", "line end"}},
		"a token with its Bearer":               {number(withWriteOnly("Bearer "+testToken, 1)), []string{"access token", "Bearer"}},
		"a token in both attributes":            {number(withToken(testToken), withWriteOnly(testToken, 1)), []string{"access_token", "access_token_wo"}},
		"a version beside a plain token":        {with("access_token_wo_version = 1"), []string{"access_token", "access_token_wo"}},
		"a version without a token":             {number("access_token_wo_version = 1"), []string{"access_token_wo_version", "access_token_wo"}},
		"a write-only token without a version":  {number(fmt.Sprintf("access_token_wo = %q", testToken)), []string{"access_token_wo", "access_token_wo_version"}},
		"an ephemeral token that is null":       {"variable \"token\" {\n  type      = string\n  ephemeral = true\n  default   = null\n}\n" + number("access_token_wo = var.token\n  access_token_wo_version = 1"), []string{"access_token_wo", "ephemeral"}},
		"an empty display name":                 {with(named("")), []string{"display_name", "empty"}},
		"a display name of 256 characters":      {with(named(strings.Repeat("n", 256))), []string{"display_name", "255 UTF-16 units", "256"}},
		"a display name of 255 with an emoji":   {with(named(strings.Repeat("n", 254) + "\U0001f600")), []string{"display_name", "255 UTF-16 units", "256"}},
		"a display name with a line end":        {with(named("Shop\n")), []string{"display_name", "control characters"}},
		"a display name with a tab":             {with(named("Shop\t1")), []string{"display_name", "control characters"}},
		"a display name with a NUL":             {with(`display_name = "Shop\u0000"`), []string{"display_name", "control characters"}},
		"a timeout without a unit":              {with(timeout("create", "60")), []string{"create", "60"}},
		"a timeout of nothing":                  {with(timeout("create", "0s")), []string{"create", "0s"}},
		"a timeout below zero":                  {with(timeout("delete", "-1m")), []string{"delete", "-1m"}},
		"an id":                                 {with(`id = "pn_1"`), []string{"id"}},
	}
	api := newAPI(t, sandbox.Options{})
	planning, shown := "", map[string]string{} // what the plan of each row says
	steps := stepOfEach(t, rows, func(name string, row invalid) resource.TestStep {
		return resource.TestStep{PreConfig: func() { planning = name }, Config: api.config(row.block), PlanOnly: true, ExpectNonEmptyPlan: true}
	})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		ErrorCheck: func(err error) error {
			shown[planning] = err.Error()
			return nil
		},
		Steps: steps,
	})
	for name, row := range rows {
		if text := shown[name]; !planError(row.says...).MatchString(text) || regexp.MustCompile(testToken+"|TTT").MatchString(text) {
			t.Errorf("%s: it says %q", name, text)
		}
	}
	if requests := api.Count(sandbox.OpAny); requests > 0 {
		t.Errorf("the API was asked %d times", requests)
	}
}

func TestNumberThatIsValid(t *testing.T) {
	t.Parallel()
	writeOnly := fmt.Sprintf("access_token_wo = %q", testToken)
	text, count := knownLater("token", testToken)+"\n"+knownLater("platform", "webchat"), 0
	for name, row := range map[string]struct {
		platform, metaID string // empty are WhatsApp and any
		arguments        string
	}{
		"a WhatsApp id":                                  {arguments: withToken(testToken)},
		"an Instagram id":                                {"instagram", "17841234567890123", withToken(testToken)},
		"a web chat id of all kinds":                     {"webchat", "Shop.1_example+chat-2@a", withToken(testToken)},
		"a Meta id of 100 digits":                        {"whatsapp", strings.Repeat("1", 100), withToken(testToken)},
		"a display name of 255":                          {arguments: withToken(testToken) + "\n" + named(strings.Repeat("ü", 255))},
		"a display name with an emoji of 2 UTF-16 units": {arguments: withToken(testToken) + "\n" + named(strings.Repeat("n", 253)+"\U0001f600")},
		"a version with a fraction":                      {arguments: writeOnly + "\naccess_token_wo_version = 1.5"},
		"a version of 64 bits":                           {arguments: writeOnly + "\naccess_token_wo_version = 18446744073709551615"},
		"a version that is not known":                    {arguments: writeOnly + "\naccess_token_wo_version = length(terraform_data.token.output)"},
		"a token of 10 characters":                       {arguments: withToken("EAAfakeTok")},
		"a token of 1000 characters":                     {arguments: withToken(strings.Repeat("T", 1000))},
		"all timeouts":                                   {arguments: withToken(testToken) + "\ntimeouts {\n    create = \"3h\"\n    read = \"45s\"\n    delete = \"1h30m\"\n  }"},
		"a Meta id whose platform is not known":          {"UNKNOWN", "desk@example.com", withToken(testToken)},
	} {
		block := phoneNumber(labelOf(name), cmp.Or(row.platform, "whatsapp"), cmp.Or(row.metaID, metaIDOf(name)), row.arguments)
		text += strings.Replace(block, `"UNKNOWN"`, "terraform_data.platform.output", 1)
		count++
	}
	api := newAPI(t, sandbox.Options{}) // the dialect that checks the most
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{{
			Config:            api.config(text),
			ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(count, 0), api.checkStateMatchesAPI()},
		}},
	})
}

// The CLIs before 1.11 do not say that they can keep a value out of plan and state.
func TestWriteOnlyTokenOnACLIThatLacksIt(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		capabilities *tfprotov6.ValidateResourceConfigClientCapabilities
		says         string
	}{
		"an old CLI": {nil, "1.11"},
		"a new CLI":  {&tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := provider.NewServer("test")
			validated, err := server.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{
				TypeName: "bizapi_phone_number", ClientCapabilities: row.capabilities,
				Config: dynamic(t, schemas(t, server).ResourceSchemas["bizapi_phone_number"], map[string]any{
					"platform": "whatsapp", "meta_phone_number_id": whatsAppID, "access_token_wo": testToken, "access_token_wo_version": 1,
				}),
			})
			if err != nil {
				t.Fatal(err)
			}
			var text string
			for _, d := range validated.Diagnostics {
				text += d.Summary + " " + d.Detail
			}
			if (row.says == "") != (text == "") || !strings.Contains(text, row.says) || strings.Contains(text, testToken) {
				t.Errorf("it says %q", text)
			}
		})
	}
}
