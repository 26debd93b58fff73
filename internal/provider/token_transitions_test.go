// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// transition is a row of the table in the design: a number's token before and after, and what a
// plan makes of it.
type transition struct {
	before, after string // arguments
	imported      bool   // before is an import
	action        string // of the plan; empty: none
	warning       string // in the plan; empty: none
	next          string // action of the plan after the apply
}

// transitions have a token one and a token two, and unknown values that turn out to be either.
var transitions = map[string]transition{
	"plain_to_another":        {before: withToken(testToken), after: withToken(nextToken), action: "replace"},
	"plain_to_the_same":       {before: withToken(testToken), after: withToken(testToken)},
	"write_only_version_up":   {before: withWriteOnly(testToken, 1), after: withWriteOnly(nextToken, 2), action: "replace"},
	"write_only_version_same": {before: withWriteOnly(testToken, 1), after: withWriteOnly(nextToken, 1), warning: "differs from the one sent"},
	"plain_to_write_only":     {before: withToken(testToken), after: withWriteOnly(testToken, 9), action: "update"},
	"write_only_to_plain":     {before: withWriteOnly(testToken, 1), after: withToken(testToken), action: "update"},
	"plain_to_write_only_two": {before: withToken(testToken), after: withWriteOnly(nextToken, 1), action: "replace"},
	"write_only_to_plain_two": {before: withWriteOnly(testToken, 1), after: withToken(nextToken), action: "replace"},
	"imported_to_plain":       {imported: true, after: withToken(testToken), action: "update", warning: "recorded, not sent"},
	"imported_to_write_only":  {imported: true, after: withWriteOnly(testToken, 1), action: "update", warning: "-replace=ADDRESS"},
	"imported_without":        {imported: true},
	"plain_to_none":           {before: withToken(testToken), action: "update"},
	"write_only_to_none":      {before: withWriteOnly(testToken, 1), action: "update"},
	"plain_to_unknown_same":   {before: withToken(testToken), after: "access_token = terraform_data.one.output", warning: "is not known yet"},
	"plain_to_unknown_two":    {before: withToken(testToken), after: "access_token = terraform_data.two.output", warning: "is not known yet", next: "replace"},
	"write_only_to_unknown":   {before: withWriteOnly(testToken, 1), after: "access_token_wo = terraform_data.one.output\n  access_token_wo_version = 1"},
	"write_only_to_unknown_2": {before: withWriteOnly(testToken, 1), after: "access_token_wo = terraform_data.two.output\n  access_token_wo_version = 1"},
	"imported_to_unknown":     {imported: true, after: "access_token = terraform_data.one.output", action: "update", warning: "recorded, not sent"},
	"imported_to_unknown_wo":  {imported: true, after: "access_token_wo = terraform_data.one.output\n  access_token_wo_version = 1", action: "update", warning: "recorded, not sent"},
}

func numberOf(name string, at int, arguments string) string {
	return fmt.Sprintf("resource \"bizapi_phone_number\" %q {\n  platform = \"whatsapp\"\n  meta_phone_number_id = \"%d\"\n  %s\n}\n", name, 1000+at, arguments)
}

// unknowns are values that are known after apply only.
const unknowns = `
resource "terraform_data" "one" {
  input = "` + testToken + `"
}
resource "terraform_data" "two" {
  input = "` + nextToken + `"
}
`

// TestTokenTransitions applies the befores of all rows in one apply, and the afters in another.
func TestTokenTransitions(t *testing.T) {
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		server, url := newServer(t, sandbox.Options{Dialect: dialect})
		w := newWorkspace(t, url)
		names := slices.Sorted(maps.Keys(transitions))
		var befores, afters strings.Builder
		ids := map[string]string{}
		for at, name := range names {
			row := transitions[name]
			befores.WriteString(numberOf(name, at, row.before))
			afters.WriteString(numberOf(name, at, row.after))
			if row.imported {
				added := server.Add(testUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: fmt.Sprint(1000 + at), AccessToken: "EAAnobodyKnows"})
				fmt.Fprintf(&befores, "import {\n  to = bizapi_phone_number.%s\n  id = \"%s/%s\"\n}\n", name, testUser, added.ID)
			}
		}
		w.write("main.tf", befores.String())
		w.apply().succeeded().silent()
		for address, attributes := range w.attributesOf() {
			ids[address] = fmt.Sprint(attributes["id"])
		}
		server.ForgetRequests()

		w.write("main.tf", afters.String()+unknowns)
		done := w.apply().succeeded()
		replaced := 0
		for _, name := range names {
			row, address := transitions[name], "bizapi_phone_number."+name
			if got := done.actions[address]; got != row.action {
				t.Errorf("%s: %q, wanted %q", name, got, row.action)
			}
			checkWarnings(t, done, address, row, ids[address])
			if row.action == "replace" {
				replaced++
			}
		}
		writes(t, server, replaced, replaced)

		next := w.plan().succeeded()
		for _, name := range names {
			if got := next.actions["bizapi_phone_number."+name]; got != transitions[name].next {
				t.Errorf("%s: the plan after it does %q, wanted %q", name, got, transitions[name].next)
			}
		}
		// The token that was not sent is still not sent, and still warned of.
		next.warned("differs from the one sent")
	})
}

// checkWarnings compares the plan's warnings of one number with its row.
func checkWarnings(t *testing.T, done outcome, address string, row transition, id string) {
	t.Helper()
	var texts []string
	for _, warning := range done.warnings {
		if strings.Contains(warning.Summary, id) || warning.Address == address {
			texts = append(texts, warning.Summary+"\n"+warning.Detail)
		}
	}
	text := strings.Join(texts, "\n")
	wanted := row.warning
	if row.action == "replace" {
		wanted = "will be deleted and added again"
	}
	if wanted == "" && text != "" {
		t.Errorf("%s: unexpected warning: %s", address, text)
	}
	if !strings.Contains(text, wanted) {
		t.Errorf("%s: no warning with %q in %q", address, wanted, text)
	}
}

func TestOldTokenThatCannotBePlanned(t *testing.T) {
	t.Parallel()
	server, url := newServer(t, sandbox.Options{})
	w := newWorkspace(t, url)
	rows := map[string]struct{ before, after string }{
		"moved_to_write_only": {withToken(testToken), "access_token_wo = terraform_data.one.output\n  access_token_wo_version = 1"},
		"moved_to_plain":      {withWriteOnly(testToken, 1), "access_token = terraform_data.one.output"},
		"unknown_version":     {withWriteOnly(testToken, 1), fmt.Sprintf("access_token_wo = %q\n  access_token_wo_version = length(terraform_data.one.output)", testToken)},
	}
	var befores, afters string
	for at, name := range slices.Sorted(maps.Keys(rows)) {
		befores += numberOf(name, at, rows[name].before)
		afters += numberOf(name, at, rows[name].after)
	}
	w.write("main.tf", befores)
	w.apply().succeeded()
	server.ForgetRequests()
	w.write("main.tf", afters+unknowns)
	planned := w.plan().failed("cannot be planned", "-target")
	if len(planned.errors) != len(rows) {
		t.Errorf("%d errors, wanted one for each of %d numbers", len(planned.errors), len(rows))
	}
	writes(t, server, 0, 0)
}

func TestUnknownVersionOfANewNumberIsFine(t *testing.T) {
	t.Parallel()
	_, url := newServer(t, sandbox.Options{})
	w := newWorkspace(t, url)
	w.write("main.tf", unknowns+number(fmt.Sprintf("access_token_wo = %q\n  access_token_wo_version = length(terraform_data.one.output)", testToken)))
	w.apply().succeeded()
	w.plan().succeeded().silent().does()
}

// ephemeralNumber takes its token from an ephemeral variable, as a pipeline does.
func ephemeralNumber(version int) string {
	return "variable \"token\" {\n  type = string\n  ephemeral = true\n  default = null\n}\n" +
		number(fmt.Sprintf("access_token_wo = var.token\n  access_token_wo_version = %d", version))
}

func TestEphemeralToken(t *testing.T) {
	t.Parallel()
	server, url := newServer(t, sandbox.Options{})
	w := newWorkspace(t, url)
	w.write("main.tf", ephemeralNumber(1))
	w.plan().failed("Version without a token", "that value is empty")
	w.setenv("TF_VAR_token", testToken)
	w.apply().succeeded().silent().does(address, "create")
	if got := server.Numbers(testUser)[0].AccessToken; got != testToken {
		t.Errorf("the API got %q", got)
	}
	w.plan().succeeded().silent().does()
	w.setenv("TF_VAR_token", nextToken)
	w.plan().succeeded().does().warned("differs from the one sent", "access_token_wo_version")
	w.write("main.tf", ephemeralNumber(2))
	w.apply().succeeded().does(address, "replace")
	if got := server.Numbers(testUser)[0].AccessToken; got != nextToken {
		t.Errorf("the API got %q", got)
	}
}

func TestUpdateOfSomethingElseKeepsTheFingerprint(t *testing.T) {
	t.Parallel()
	w, server, _ := applied(t, sandbox.Options{}, withWriteOnly(testToken, 1))
	w.write("main.tf", number(withWriteOnly(nextToken, 1), "deletion_protection = true"))
	w.apply().succeeded().does(address, "update").warned("differs from the one sent")
	w.plan().succeeded().does().warned("differs from the one sent")
	w.write("main.tf", number(withWriteOnly(testToken, 1), "deletion_protection = true"))
	w.plan().succeeded().does().silent()
	writes(t, server, 0, 0)
}

func TestFailedCreateFollowedByAnother(t *testing.T) {
	t.Parallel()
	server, url := newServer(t, sandbox.Options{})
	w := newWorkspace(t, url)
	server.Script(sandbox.Fault{On: sandbox.OpAdd, Do: sandbox.Respond(400, "application/json", `{"error":"Bad Request","message":"Invalid access token"}`)})
	w.write("main.tf", number(withWriteOnly(testToken, 1)))
	w.apply().failed("Invalid access token", "whatsapp_business_management")
	w.apply().succeeded().does(address, "create")
	w.plan().succeeded().silent().does()
	if got := len(server.Numbers(testUser)); got != 1 {
		t.Errorf("%d numbers", got)
	}
}

func TestTaintAndReplaceSendTheTokenOfThatMoment(t *testing.T) {
	t.Parallel()
	w, server, _ := applied(t, sandbox.Options{}, withWriteOnly(testToken, 1))
	w.write("main.tf", number(withWriteOnly(nextToken, 1)))
	replaced := w.apply("-replace="+address).succeeded().does(address, "replace").warned("differs from the one sent")
	if len(replaced.warnings) != 1 {
		t.Errorf("warnings: %+v", replaced.warnings)
	}
	if got := server.Numbers(testUser)[0].AccessToken; got != nextToken {
		t.Errorf("the API got %q", got)
	}
	w.plan().succeeded().silent().does()
	if tainted := w.run("taint", address); tainted.code != 0 {
		t.Fatal(tainted.stderr)
	}
	w.apply().succeeded().does(address, "replace").warned("is in the state already", "If its resource is tainted")
	w.plan().succeeded().silent().does()
	writes(t, server, 2, 2)
}

// editState changes the private state, or anything else, of every number in the state.
func (w *workspace) editState(edit func(instance map[string]any)) {
	w.t.Helper()
	var state map[string]any
	if err := json.Unmarshal([]byte(w.read("terraform.tfstate")), &state); err != nil {
		w.t.Fatal(err)
	}
	for _, resource := range state["resources"].([]any) {
		for _, instance := range resource.(map[string]any)["instances"].([]any) {
			edit(instance.(map[string]any))
		}
	}
	text, err := json.Marshal(state)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("terraform.tfstate", string(text))
}

func TestStateOfAnotherVersionReplacesNothing(t *testing.T) {
	t.Parallel()
	private := map[string]any{
		"no private state":       nil,
		"private state unknown":  "eyJwaG9uZV9udW1iZXIiOiJleUoyWlhKemFXOXVJam9pTUM0d0luMD0ifQ==", // {"version":"0.0"}
		"private state unusable": "eyJwaG9uZV9udW1iZXIiOiJleUowYjJ0bGJpSTZJblJsZUhRaWZRPT0ifQ==", // {"token":"text"}
	}
	for _, name := range slices.Sorted(maps.Keys(private)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, server, _ := applied(t, sandbox.Options{}, withWriteOnly(testToken, 1), named("Shop"))
			w.editState(func(instance map[string]any) {
				delete(instance, "private")
				if private[name] != nil {
					instance["private"] = private[name]
				}
			})
			w.plan().succeeded().silent().does()
			w.write("main.tf", number(withToken(nextToken), named("Shop")))
			w.apply().succeeded().does(address, "update").warned("recorded, not sent")
			writes(t, server, 0, 0)
		})
	}
}

func TestMovedNumberKeepsItsMemory(t *testing.T) {
	t.Parallel()
	server, url := newServer(t, sandbox.Options{})
	w := newWorkspace(t, url)
	w.write("main.tf", number(withWriteOnly(testToken, 1), "count = 1"))
	w.apply().succeeded()
	steps := map[string]string{
		"count to for_each":  number(withWriteOnly(nextToken, 1), `for_each = toset(["a"])`) + "moved {\n  from = bizapi_phone_number.main[0]\n  to = bizapi_phone_number.main[\"a\"]\n}\n",
		"for_each to a name": strings.Replace(number(withWriteOnly(nextToken, 1)), "main", "other", 1) + "moved {\n  from = bizapi_phone_number.main[\"a\"]\n  to = bizapi_phone_number.other\n}\n",
	}
	for _, name := range []string{"count to for_each", "for_each to a name"} {
		w.write("main.tf", steps[name])
		moved := w.apply().succeeded().warned("differs from the one sent")
		for address, action := range moved.actions {
			if action != "move" && action != "noop" {
				t.Errorf("%s: %s does %s", name, address, action)
			}
		}
	}
	writes(t, server, 1, 0)
}
