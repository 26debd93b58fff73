// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"hash/crc32"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// What configurations are built from, and what the API holds beside them.

const (
	testUser  = "usr_abc123"
	otherUser = "usr_other"
	testKey   = "sk_test_not_a_real_key"

	testToken     = "EAAfakeTokenNumberOne"
	nextToken     = "EAAfakeTokenNumberTwo"
	importedToken = "EAAtokenThatNobodyKnows"

	address    = "bizapi_phone_number.main"
	whatsAppID = "836990829491415"
	otherID    = "17841234567890123"
)

// config is a configuration with the provider of testUser.
func (a *testAPI) config(blocks ...string) string {
	return a.configWith(fmt.Sprintf("user_id = %q", testUser), blocks...)
}

// configWith is a configuration whose provider has more arguments as given, and no user_id.
func (a *testAPI) configWith(arguments string, blocks ...string) string {
	return fmt.Sprintf(`
provider "bizapi" {
  base_url = %q
  api_key  = %q
  %s
}
`, a.baseURL, testKey, arguments) + strings.Join(blocks, "\n")
}

// providerBlock is one with those arguments alone.
func providerBlock(arguments map[string]string) string {
	text := "provider \"bizapi\" {\n"
	for _, name := range slices.Sorted(maps.Keys(arguments)) {
		text += fmt.Sprintf("  %s = %s\n", name, arguments[name])
	}
	return text + "}\n"
}

// number is a block for the WhatsApp number of the API's page, with more arguments as given.
func number(arguments ...string) string {
	return phoneNumber("main", "whatsapp", whatsAppID, arguments...)
}

// phoneNumber is a block for any number.
func phoneNumber(name, platform, metaID string, arguments ...string) string {
	return fmt.Sprintf(`
resource "bizapi_phone_number" %q {
  platform             = %q
  meta_phone_number_id = %q
  %s
}
`, name, platform, metaID, strings.Join(arguments, "\n  "))
}

func withToken(token string) string { return fmt.Sprintf("access_token = %q", token) }

func withWriteOnly(token string, version int) string {
	return fmt.Sprintf("access_token_wo = %q\n  access_token_wo_version = %d", token, version)
}

// Tokens that the first apply does not know yet; the second does.
const (
	laterTheSame = "terraform_data.same.output"
	laterAnother = "terraform_data.another.output"
)

func withUnknown(token string) string { return "access_token = " + token }

func withUnknownWriteOnly(token string, version int) string {
	return fmt.Sprintf("access_token_wo = %s\n  access_token_wo_version = %d", token, version)
}

func named(name string) string { return fmt.Sprintf("display_name = %q", name) }

func withUser(userID string) string { return fmt.Sprintf("user_id = %q", userID) }

// knownLater is a resource whose output is known after its creation only.
func knownLater(name, output string) string {
	return fmt.Sprintf("resource \"terraform_data\" %q {\n  input = %q\n}", name, output)
}

const protected = "deletion_protection = true"

// forgotten is a block that takes the number out of the state and leaves it alone.
const forgotten = "removed {\n  from = " + address + "\n  lifecycle {\n    destroy = false\n  }\n}\n"

// triggered is a number that is replaced when the input changes.
func triggered(input string, arguments ...string) string {
	return number(append(arguments, "lifecycle {\n    replace_triggered_by = [terraform_data.trigger]\n  }")...) +
		fmt.Sprintf("resource \"terraform_data\" \"trigger\" {\n  input = %q\n}\n", input)
}

func moved(from, to string) string {
	return fmt.Sprintf("moved {\n  from = %s\n  to   = %s\n}\n", from, to)
}

func importByID(id string) string {
	return fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", address, id)
}

// A table whose rows share one configuration has a number for each, with a label and a Meta id by the row's name.

func labelOf(row string) string { return regexp.MustCompile(`\W+`).ReplaceAllString(row, "_") }

func addressOf(row string) string { return "bizapi_phone_number." + labelOf(row) }

func metaIDOf(row string) string {
	return fmt.Sprint(100000000000000 + int(crc32.ChecksumIEEE([]byte(row))))
}

// numberOf is a block for the WhatsApp number of a row.
func numberOf(row string, arguments ...string) string {
	return phoneNumber(labelOf(row), "whatsapp", metaIDOf(row), arguments...)
}

const (
	agentAddress = "bizapi_agent.main"
	agentName    = "Reception"
	promptID     = "pmpt_1"
	nextPromptID = "pmpt_2"
)

// agentOn is a block for agentName with promptID on a number, whose id is an expression.
func agentOn(numberID string, arguments ...string) string {
	return agentBlock("main", numberID, agentName, promptID, arguments...)
}

// agentBlock is a block for any agent.
func agentBlock(block, numberID, name, prompt string, arguments ...string) string {
	return fmt.Sprintf("resource \"bizapi_agent\" %q {\n  phone_number_id = %s\n  name            = %q\n  prompt_id       = %q\n  %s\n}\n",
		block, numberID, name, prompt, strings.Join(arguments, "\n  "))
}

// follows is the phone_number_id of an agent that follows number's.
const follows = address + ".id"

func importAgentByID(id string) string {
	return fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", agentAddress, id)
}

func quoted(text string) string { return fmt.Sprintf("%q", text) }

const dataAddress = "data.bizapi_phone_number.main"

// lookUp is a block that looks a number up.
func lookUp(arguments string) string {
	return "data \"bizapi_phone_number\" \"main\" {\n  " + arguments + "\n}\n"
}

func byMetaID(platform, metaID string) string {
	return fmt.Sprintf("platform = %q\n  meta_phone_number_id = %q", platform, metaID)
}

const allAddress = "data.bizapi_phone_numbers.all"

// lookUpAll is a block that looks all numbers up.
func lookUpAll(arguments string) string { return lookUpSome("all", arguments) }

// lookUpSome is one of several.
func lookUpSome(name, arguments string) string {
	return "data \"bizapi_phone_numbers\" " + quoted(name) + " {\n  " + arguments + "\n}\n"
}

// What the API holds beside what a configuration adds.

// held is the number that number(withToken(token), named(name)) adds; an empty name is none.
func held(token, name string) sandbox.Number {
	n := sandbox.Number{UserID: testUser, Platform: "whatsapp", MetaPhoneNumberID: whatsAppID, AccessToken: token}
	if name != "" {
		n.DisplayName = &name
	}
	return n
}

// added is a number of testUser's that Terraform did not add; an empty name is none.
func (a *testAPI) added(name string) sandbox.Number {
	return a.Add(testUser, held(importedToken, name))
}

func addOther(api *testAPI) {
	api.Add(testUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: otherID, AccessToken: nextToken})
}

// fill adds that many WhatsApp numbers to testUser, with Meta ids from 100000000000000 on.
func (a *testAPI) fill(count int) {
	for at := range count {
		a.Add(testUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: fmt.Sprint(100000000000000 + at), AccessToken: importedToken})
	}
}

// account fills the API with three numbers of testUser's, the last one without a name, and one of
// otherUser's, oldest first.
func (a *testAPI) account() (ofUser []sandbox.Number, ofOther sandbox.Number) {
	shop, desk, start := "+1 (234) 567-8900", `The "50% ${off}" %{desk}`, time.Date(2025, 2, 10, 10, 0, 0, 0, time.UTC)
	for at, n := range []sandbox.Number{
		{Platform: "whatsapp", MetaPhoneNumberID: whatsAppID, DisplayName: &shop},
		{Platform: "webchat", MetaPhoneNumberID: "desk@example.com", DisplayName: &desk},
		{Platform: "instagram", MetaPhoneNumberID: "17841234567890123"},
	} {
		n.AccessToken, n.CreatedAt = importedToken, start.Add(time.Duration(at)*time.Hour)
		ofUser = append(ofUser, a.Add(testUser, n))
	}
	return ofUser, a.Add(otherUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: "106540352242922", AccessToken: importedToken})
}

// addAgent puts an agent on a number behind Terraform's back.
func (a *testAPI) addAgent(n sandbox.Number, name string) sandbox.Agent {
	return a.AddAgent(n.UserID, sandbox.Agent{PhoneNumberID: n.ID, Name: name, PromptID: promptID, CreatedAt: time.Date(2025, 3, 10, 10, 0, 0, 0, time.UTC)})
}

// accountWithAgents is an account with an agent on the first two numbers of testUser's and on otherUser's, oldest
// first.
func (a *testAPI) accountWithAgents() (ofUser []sandbox.Agent, ofOther sandbox.Agent) {
	numbers, others := a.account()
	for at, name := range []string{agentName, `The "50% ${off}" %{desk}`} {
		ofUser = append(ofUser, a.AddAgent(testUser, sandbox.Agent{
			PhoneNumberID: numbers[at].ID, Name: name, PromptID: promptID, CreatedAt: time.Date(2025, 3, 10+at, 10, 0, 0, 0, time.UTC),
		}))
	}
	return ofUser, a.addAgent(others, "Others")
}
