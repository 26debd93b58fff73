// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

const instagramID = "17841234567890123"

// account is a workspace beside an account of three numbers, added by hand; the last one has no name.
func account(t *testing.T, options sandbox.Options) (*workspace, *sandbox.Server, []sandbox.Number) {
	t.Helper()
	server, url := newServer(t, options)
	shop, desk, start := "+1 (234) 567-8900", `The "50% ${off}" %{desk}`, time.Date(2025, 2, 10, 10, 0, 0, 0, time.UTC)
	var added []sandbox.Number
	for at, number := range []sandbox.Number{
		{Platform: "whatsapp", MetaPhoneNumberID: whatsAppID, DisplayName: &shop},
		{Platform: "webchat", MetaPhoneNumberID: "desk@example.com", DisplayName: &desk},
		{Platform: "instagram", MetaPhoneNumberID: instagramID},
	} {
		number.AccessToken, number.CreatedAt = "EAAnobodyKnows", start.Add(time.Duration(at)*time.Hour)
		added = append(added, server.Add(testUser, number))
	}
	return newWorkspace(t, url), server, added
}

func TestNumbersAreLookedUp(t *testing.T) {
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		w, server, added := account(t, sandbox.Options{Dialect: dialect, IgnoreOrder: true})
		others := server.Add("usr_other", sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: "106540352242922"})
		w.write("main.tf", fmt.Sprintf(`
data "bizapi_phone_number" "by_id" {
  id = %q
}

data "bizapi_phone_number" "by_meta_id" {
  platform             = "instagram"
  meta_phone_number_id = %q
}

data "bizapi_phone_number" "of_another" {
  user_id = "usr_other"
  id      = %q
}

data "bizapi_phone_numbers" "all" {
}

data "bizapi_phone_numbers" "webchat" {
  platform = "webchat"
}

data "bizapi_phone_numbers" "none" {
  user_id  = "usr_other"
  platform = "instagram"
  timeouts {
    read = "1m"
  }
}

resource "terraform_data" "agent" {
  for_each = data.bizapi_phone_numbers.all.by_meta_id
  input    = each.value.id
}
`, added[0].ID, instagramID, others.ID))
		w.apply().succeeded().silent().does(
			fmt.Sprintf("terraform_data.agent[%q]", "whatsapp/"+whatsAppID), "create",
			fmt.Sprintf("terraform_data.agent[%q]", "webchat/desk@example.com"), "create",
			fmt.Sprintf("terraform_data.agent[%q]", "instagram/"+instagramID), "create")
		if lists := server.Count(sandbox.OpList); lists > 7 {
			t.Errorf("%d requests for two small accounts", lists)
		}
		state := w.attributesOf()
		byID, byMetaID := state["data.bizapi_phone_number.by_id"], state["data.bizapi_phone_number.by_meta_id"]
		for attribute, want := range map[string]any{
			"id": added[0].ID, "user_id": testUser, "platform": "whatsapp", "meta_phone_number_id": whatsAppID,
			"display_name": "+1 (234) 567-8900", "created_at": "2025-02-10T10:00:00Z", "updated_at": "2025-02-10T10:00:00Z",
		} {
			if byID[attribute] != want {
				t.Errorf("by id: %s is %v, not %v", attribute, byID[attribute], want)
			}
		}
		if byMetaID["id"] != added[2].ID || byMetaID["display_name"] != nil {
			t.Errorf("by Meta's id: %v", byMetaID)
		}
		if found := state["data.bizapi_phone_number.of_another"]; found["meta_phone_number_id"] != "106540352242922" || found["user_id"] != "usr_other" {
			t.Errorf("of another user: %v", found)
		}
		wanted := map[string][]string{
			"data.bizapi_phone_numbers.all":     {added[0].ID, added[1].ID, added[2].ID},
			"data.bizapi_phone_numbers.webchat": {added[1].ID},
			"data.bizapi_phone_numbers.none":    nil,
		}
		for address, want := range wanted {
			checkListed(t, address, state[address], want)
		}
		if strings.Contains(w.read("terraform.tfstate"), "EAAnobodyKnows") {
			t.Error("the state shows a token that the API echoed")
		}
		writes(t, server, 0, 0)
	})
}

// checkListed compares both attributes of data bizapi_phone_numbers with the ids wanted, in order.
func checkListed(t *testing.T, address string, found map[string]any, want []string) {
	t.Helper()
	var listed, mapped []string
	for _, number := range found["numbers"].([]any) {
		listed = append(listed, number.(map[string]any)["id"].(string))
	}
	for key, value := range found["by_meta_id"].(map[string]any) {
		number := value.(map[string]any)
		mapped = append(mapped, number["id"].(string))
		if key != fmt.Sprintf("%s/%s", number["platform"], number["meta_phone_number_id"]) {
			t.Errorf("%s: the key %q has %v", address, key, number)
		}
	}
	if !slices.Equal(listed, want) {
		t.Errorf("%s: lists %v, not %v", address, listed, want)
	}
	slices.Sort(mapped)
	if want = slices.Sorted(slices.Values(want)); !slices.Equal(mapped, want) {
		t.Errorf("%s: maps %v, not %v", address, mapped, want)
	}
}

func TestNumberAddedByTheSameApplyIsFound(t *testing.T) {
	t.Parallel()
	w, server, _ := account(t, sandbox.Options{})
	w.write("main.tf", strings.Replace(number(withToken(testToken)), whatsAppID, "106540352242922", 1)+`
data "bizapi_phone_numbers" "all" {
  depends_on = [bizapi_phone_number.main]
}

data "bizapi_phone_number" "new" {
  id = bizapi_phone_number.main.id
}
`)
	w.apply().succeeded().does(address, "create", "data.bizapi_phone_numbers.all", "read", "data.bizapi_phone_number.new", "read")
	state := w.attributesOf()
	if all := state["data.bizapi_phone_numbers.all"]["numbers"].([]any); len(all) != 4 {
		t.Errorf("%d numbers are listed", len(all))
	}
	if found := state["data.bizapi_phone_number.new"]; found["meta_phone_number_id"] != "106540352242922" {
		t.Errorf("found %v", found)
	}
	writes(t, server, 1, 0)
}

func TestLookUpThatFindsNoSingleNumber(t *testing.T) {
	t.Parallel()
	w, server, _ := account(t, sandbox.Options{})
	w.write("main.tf", `
data "bizapi_phone_number" "by_id" {
  id = "pn_missing"
}

data "bizapi_phone_number" "by_meta_id" {
  platform             = "instagram"
  meta_phone_number_id = "178"
}

data "bizapi_phone_number" "of_nobody" {
  user_id = "usr_nobody"
  id      = "pn_1"
}

data "bizapi_phone_numbers" "of_nobody" {
  user_id = "usr_nobody"
}
`)
	w.plan().
		failed("Phone number not found", `"pn_missing"`, testUser, "bizapi_phone_numbers").
		failed("Phone number not found", "instagram number 178").
		failed("Unknown user", "usr_nobody")

	// An API that breaks its own rule.
	const row = `{"id":%q,"platform":"whatsapp","meta_phone_number_id":"836990829491415","created_at":"2025-02-10T10:00:00Z","updated_at":"2025-02-10T10:00:00Z"}`
	server.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: sandbox.Respond(200, "application/json", fmt.Sprintf("["+row+","+row+"]", "pn_1", "pn_2"))})
	w.write("main.tf", fmt.Sprintf(`
data "bizapi_phone_number" "by_meta_id" {
  platform             = "whatsapp"
  meta_phone_number_id = %q
}

data "bizapi_phone_numbers" "all" {
}
`, whatsAppID))
	done := w.plan().failed("Phone number is registered twice", "pn_1", "pn_2", "their ids tell them apart")
	if len(done.errors) != 2 {
		t.Errorf("errors: %+v", done.errors)
	}
}

func TestLookUpWithoutAUser(t *testing.T) {
	t.Parallel()
	w, _, _ := account(t, sandbox.Options{})
	w.setenv("BIZAPI_USER_ID", "")
	w.write("main.tf", `data "bizapi_phone_numbers" "all" {}`)
	w.plan().failed("Missing user", "user_id", "BIZAPI_USER_ID")
	w.write("main.tf", `
resource "terraform_data" "user" {
  input = "usr_abc123"
}

provider "bizapi" {
  user_id = terraform_data.user.output
}

data "bizapi_phone_numbers" "all" {}
`)
	w.plan().failed("User is not known yet", "-target")
}

func TestLookUpArguments(t *testing.T) {
	t.Parallel()
	w, _, _ := account(t, sandbox.Options{})
	tests := map[string]struct{ arguments, want string }{
		"none":                     {``, "Nothing says which number to look up"},
		"an_empty_id":              {`id = ""`, "id is empty"},
		"a_platform_alone":         {`platform = "whatsapp"`, "together only"},
		"metas_id_alone":           {`meta_phone_number_id = "836990829491415"`, "together only"},
		"an_id_and_a_platform":     {"id = \"pn_1\"\nplatform = \"whatsapp\"", "id names a number already"},
		"an_unknown_platform":      {"platform = \"telegram\"\nmeta_phone_number_id = \"1\"", "Invalid platform"},
		"a_phone_number_for_an_id": {"platform = \"whatsapp\"\nmeta_phone_number_id = \"+1 234\"", "looks like the phone number itself"},
		"a_user_with_a_slash":      {"id = \"pn_1\"\nuser_id = \"a/b\"", "letters, digits, - and _"},
		"a_timeout_of_no_unit":     {"id = \"pn_1\"\ntimeouts {\n read = \"20\"\n}", "Time Duration"},
	}
	var blocks strings.Builder
	for name, test := range tests {
		fmt.Fprintf(&blocks, "data \"bizapi_phone_number\" %q {\n%s\n}\n", name, test.arguments)
	}
	w.write("main.tf", blocks.String())
	var validated struct{ Diagnostics []diagnostic }
	if shown := w.run("validate", "-json"); json.Unmarshal([]byte(shown.stdout), &validated) != nil {
		t.Fatal(shown.stdout, shown.stderr)
	}
	got := map[string][]diagnostic{}
	for _, d := range validated.Diagnostics {
		_, name, _ := strings.Cut(d.Address, "data.bizapi_phone_number.")
		got[name] = append(got[name], d)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { contains(t, "errors", got[name], []string{test.want}) })
	}
}
