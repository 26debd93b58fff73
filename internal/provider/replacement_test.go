// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// TestReplacementThatWouldFailIsAnErrorAtPlan starts from one number and shows that nothing is
// deleted for a reason that was known before.
func TestReplacementThatWouldFailIsAnErrorAtPlan(t *testing.T) {
	t.Parallel()
	const takenID = "17841234567890123"
	user := fmt.Sprintf("user_id = %q", testUser)
	tests := map[string]struct {
		config string
		user   string // the provider's; empty: as it was
		want   []string
	}{
		"no token is configured":     {number(user, named("Another")), "", []string{"Missing access token"}},
		"the token is too short":     {number(user, withToken("EAAshort9")), "", []string{"Invalid access token", "has 9 characters", "10 to 1000"}},
		"the new number is there":    {strings.Replace(number(user, withToken(testToken)), whatsAppID, takenID, 1), "", []string{"cannot be replaced", "registered already", "import {"}},
		"the target user is unknown": {number(`user_id = "usr_nobody"`, withToken(testToken)), "", []string{"Unknown user", "usr_nobody"}},
		"it would move to the provider's user": {
			number(named("Another"), withToken(testToken)), "usr_other",
			[]string{"would move it to another user", fmt.Sprintf("user_id = %q", testUser), "usr_other"},
		},
		"it would move and there is no user": {number(named("Another"), withToken(testToken)), "none", []string{"would move it to another user"}},
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, server, added := applied(t, sandbox.Options{}, user, withToken(testToken), named("Shop"))
			server.Add(testUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: takenID, AccessToken: "EAAsomebody"})
			w.write("main.tf", tests[name].config)
			switch tests[name].user {
			case "":
			case "none":
				w.setenv("BIZAPI_USER_ID", "")
			default:
				w.setenv("BIZAPI_USER_ID", tests[name].user)
			}
			w.apply().failed(tests[name].want...)
			writes(t, server, 0, 0)
			if got := server.Numbers(testUser); len(got) != 2 || got[0].ID != added.ID {
				t.Errorf("the account holds %+v", got)
			}
		})
	}
}

func TestAddThatFailsAfterTheDeleteSaysSo(t *testing.T) {
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		w, server, added := applied(t, sandbox.Options{Dialect: dialect}, withToken(testToken))
		w.write("main.tf", number(withToken(nextToken)))
		server.Script(sandbox.Fault{On: sandbox.OpAdd, Do: sandbox.Respond(400, "application/json", `{"error":"Bad Request","message":"Invalid access token"}`)})
		w.apply().failed("Invalid access token", "id "+added.ID, "that id is gone", "applying again adds the number")
		w.apply().succeeded().silent().does(address, "create")
		w.plan().succeeded().silent().does()
		writes(t, server, 2, 1)
	})
}

func TestNumberThatCannotBecomeAnotherIsSaidToBeGone(t *testing.T) {
	tests := map[string]struct {
		metaID, more string
		want         []string
	}{
		"its add is refused": {`"17841234567890123"`, "", []string{"Invalid meta_phone_number_id", "This apply has deleted phone number"}},
		"its id turns out to be invalid": {"terraform_data.id.output", "resource \"terraform_data\" \"id\" {\n  input = \"+1 234 567\"\n}\n",
			[]string{"may be deleted and not added again", "This apply has deleted phone number"}},
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test := tests[name]
			w, server, added := applied(t, sandbox.Options{}, withToken(testToken))
			w.write("main.tf", strings.Replace(number(withToken(testToken)), `"`+whatsAppID+`"`, test.metaID, 1)+test.more)
			server.Script(sandbox.Fault{On: sandbox.OpAdd, Do: sandbox.Respond(400, "application/json", `{"error":"Bad Request","message":"Invalid meta_phone_number_id"}`)})
			w.apply().failed(append(test.want, added.ID, "applying again adds the number")...)
			if got := server.Numbers(testUser); len(got) != 0 {
				t.Errorf("the account holds %+v", got)
			}
		})
	}
}

// What is gone elsewhere is no replacement, whatever the state said of it.
func TestProtectedNumberThatIsGoneIsAddedAgain(t *testing.T) {
	t.Parallel()
	w, server, added := applied(t, sandbox.Options{}, withToken(testToken), "deletion_protection = true")
	server.Remove(added.ID)
	w.apply().succeeded().silent().does(address, "create")
	w.plan().succeeded().silent().does()
	server.Remove(server.Numbers(testUser)[0].ID)
	w.write("main.tf", strings.Replace(number(withToken(testToken)), `"main"`, `"elsewhere"`, 1))
	w.plan().failed("is protected from deletion", "terraform state rm")
	w.run("state", "rm", address)
	w.apply().succeeded().silent().does("bizapi_phone_number.elsewhere", "create")
}

// What an apply deletes does not stand in its state any more.
func TestReplacementByAnotherUserIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	server, url := newServer(t, sandbox.Options{Users: []string{testUser, "usr_other"}})
	w := newWorkspace(t, url)
	w.write("main.tf", number(withToken(testToken)))
	w.apply().succeeded()
	w.write("main.tf", number(withToken(testToken), `user_id = "usr_other"`))
	done := w.apply().succeeded().does(address, "replace").warned("will be deleted and added again")
	if len(done.warnings) != 1 {
		t.Errorf("warnings: %+v", done.warnings)
	}
	w.run("taint", address)
	w.write("main.tf", number(withToken(testToken), fmt.Sprintf("user_id = %q", testUser)))
	server.Script(sandbox.Fault{On: sandbox.OpList, Skip: 4, Times: sandbox.Always, Do: sandbox.Respond(403, "application/json", `{"message":"Forbidden"}`)})
	w.plan().failed("cannot be replaced", "nothing tells whether the number could be added")
}

// Without the listing nothing tells whether the add would succeed after the delete.
func TestReplacementThatCannotBeCheckedIsNotPlanned(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]sandbox.Behaviour{
		"a refusal":     sandbox.Respond(403, "application/json", `{"message":"Forbidden"}`),
		"a wrong URL":   sandbox.Respond(404, "application/json", `{"message":"Not found"}`),
		"a redirect":    sandbox.Respond(302, "text/plain", "", "Location: /elsewhere"),
		"a failure":     sandbox.Respond(500, "text/plain", "failed"),
		"no connection": sandbox.Drop(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, server, added := applied(t, sandbox.Options{}, withToken(testToken))
			w.setenv("BIZAPI_MAX_RETRIES", "0")
			server.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: refusal})
			// The second resource meets the failure first or after.
			w.write("main.tf", number(withToken(nextToken))+strings.NewReplacer(`"main"`, `"new"`, whatsAppID, "17841234567890123").Replace(number(withToken(testToken))))
			const problem = "nothing tells whether the number could be added after it is deleted"
			w.plan("-refresh=false").failed("Phone number "+added.ID+" cannot be replaced", "cannot be listed", problem)
			w.write("main.tf", strings.Replace(number(withToken(testToken)), whatsAppID, "17841234567890123", 1))
			w.plan("-refresh=false").failed("Phone number "+added.ID+" cannot be replaced", problem)
			w.write("main.tf", number(withToken(testToken)))
			w.plan("-refresh=false", "-replace="+address).failed("Phone number "+added.ID+" cannot be replaced", problem)
			writes(t, server, 0, 0)
		})
	}
}

// Terraform plans the add once more after the delete: what fails then must not keep the number away.
func TestAListingThatFailsAfterTheDeleteKeepsNoNumberAway(t *testing.T) {
	t.Parallel()
	w, server, _ := applied(t, sandbox.Options{}, withToken(testToken))
	w.setenv("BIZAPI_MAX_RETRIES", "0")
	server.Script(sandbox.Fault{On: sandbox.OpDelete, Before: func() {
		server.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.Respond(500, "text/plain", "failed")})
	}})
	w.write("main.tf", number(withToken(nextToken)))
	w.apply().succeeded().does(address, "replace")
	writes(t, server, 1, 1)
	w.plan().succeeded().silent().does()
}

// Of two resources that come to one number, one add would fail, perhaps after its delete.
func TestReplacementByANumberThatAnotherResourceGetsIsNotPlanned(t *testing.T) {
	t.Parallel()
	const other = "17841234567890123"
	resource := func(name, metaID string, arguments ...string) string {
		return strings.NewReplacer(`"main"`, strconv.Quote(name), whatsAppID, metaID).Replace(number(append(arguments, withToken(testToken))...))
	}
	const problem, way = "cannot be replaced", "a moved block for each keeps its number and its id"
	tests := map[string]struct {
		before, after string
		want          []string
	}{
		"two become one":             {resource("a", "1") + resource("b", "2"), resource("a", other) + resource("b", other), []string{problem, "another resource has or becomes that number too", way}},
		"one becomes what is new":    {resource("a", "1"), resource("a", other) + resource("b", other), []string{problem, "another resource has or becomes that number too", way}},
		"one becomes another user's": {resource("a", "1") + resource("b", "2", `user_id = "usr_other"`), resource("a", "2") + resource("b", "2", `user_id = "usr_other"`), []string{problem, way}},
		"two swap":                   {resource("a", "1") + resource("b", "2"), resource("a", "2") + resource("b", "1"), []string{problem, "do not import it a second time", way}},
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, url := newServer(t, sandbox.Options{Users: []string{testUser, "usr_other"}})
			w := newWorkspace(t, url)
			w.write("main.tf", tests[name].before)
			w.apply().succeeded()
			server.ForgetRequests()
			w.write("main.tf", tests[name].after)
			w.plan().failed(tests[name].want...)
			writes(t, server, 0, 0)
		})
	}
	t.Run("two are new", func(t *testing.T) {
		t.Parallel()
		_, url := newServer(t, sandbox.Options{})
		w := newWorkspace(t, url)
		w.write("main.tf", resource("a", "1")+resource("b", "1"))
		w.plan().succeeded().warned("The whatsapp number 1 is to be added twice", "Keep one of the two")
		w.apply().failed("Phone number already exists", "do not import it a second time")
	})
}

// Two resources of one number: the add would meet the number of the other, or race its delete.
func TestASecondResourceOfANumberIsWarnedOf(t *testing.T) {
	t.Parallel()
	w, server, added := applied(t, sandbox.Options{}, withToken(testToken))
	second := strings.Replace(number(withToken(testToken)), `"main"`, `"second"`, 1)
	after := strings.Replace(number(withToken(testToken), "depends_on = ["+address+"]"), `"main"`, `"second"`, 1)
	const warning, cause, way = "is in the state already", "two resources have the number", "a moved block keeps the number and its id"
	for _, both := range []string{number(withToken(testToken)) + after, number(withToken(testToken), "depends_on = [bizapi_phone_number.second]") + second} {
		w.write("main.tf", both)
		w.plan().succeeded().does("bizapi_phone_number.second", "create").warned("Phone number "+added.ID+" "+warning, cause, way)
	}
	w.write("main.tf", second)
	w.plan().succeeded().does(address, "delete", "bizapi_phone_number.second", "create").warned("Phone number "+added.ID+" "+warning, cause, way)
	w.write("main.tf", number(withToken(testToken), "deletion_protection = true"))
	w.apply().succeeded()
	w.write("main.tf", number(withToken(testToken), "deletion_protection = true")+after)
	w.plan().failed("Phone number "+added.ID+" is protected from deletion", "If nobody asked for that, "+cause, way)
	w.write("main.tf", second+"moved {\n  from = "+address+"\n  to   = bizapi_phone_number.second\n}\n")
	w.plan().succeeded().silent()
	writes(t, server, 0, 0)
}

func TestTaintThatIsNotRefreshedIsCheckedToo(t *testing.T) {
	t.Parallel()
	w, server, added := applied(t, sandbox.Options{}, withToken(testToken))
	if tainted := w.run("taint", address); tainted.code != 0 {
		t.Fatal(tainted.stderr)
	}
	for _, refresh := range []string{"-refresh=true", "-refresh=false"} {
		w.plan(refresh).succeeded().does(address, "replace").
			warned("Phone number "+added.ID+" is in the state already", "If its resource is tainted", "conversations and messages")
	}
	w.setenv("BIZAPI_USER_ID", "usr_other")
	w.plan("-refresh=false").failed("would move it to another user", added.ID)
	w.setenv("BIZAPI_USER_ID", testUser)
	w.write("main.tf", number(withToken("EAAshort9")))
	w.plan("-refresh=false").failed("Invalid access token", "has 9 characters")
	writes(t, server, 0, 0)
}

func TestReplacementSaysWhatItCosts(t *testing.T) {
	t.Parallel()
	w, _, added := applied(t, sandbox.Options{}, withToken(testToken), named("Shop"))
	w.plan("-destroy").succeeded().silent()
	w.write("main.tf", number(withToken(nextToken)))
	w.plan().succeeded().does(address, "replace").
		warned("Phone number "+added.ID+" will be deleted and added again", "A change of access_token", "agent", "conversations and messages", "templates and campaigns", `display name "Shop" goes too`)
}

func TestUnknownValuesOfARequiredArgumentReplace(t *testing.T) {
	t.Parallel()
	w, _, _ := applied(t, sandbox.Options{}, withToken(testToken))
	w.write("main.tf", strings.Replace(number(withToken(testToken)), `"`+whatsAppID+`"`, "terraform_data.id.output", 1)+
		"resource \"terraform_data\" \"id\" {\n  input = \"17841234567890123\"\n}\n")
	w.apply().succeeded().does(address, "replace", "terraform_data.id", "create")
	w.plan().succeeded().silent().does()
}

func TestCreateBeforeDestroyMeetsTheOldNumber(t *testing.T) {
	t.Parallel()
	const lifecycle = "lifecycle {\n    create_before_destroy = true\n  }"
	w, server, added := applied(t, sandbox.Options{}, withToken(testToken), lifecycle)
	w.write("main.tf", number(withToken(nextToken), lifecycle))
	w.apply().failed("Phone number already exists", "create_before_destroy", "destroy = false", testUser+"/"+added.ID)
	if got := server.Numbers(testUser); len(got) != 1 || got[0].ID != added.ID {
		t.Errorf("the account holds %+v", got)
	}
}

func TestDeletionProtection(t *testing.T) {
	t.Parallel()
	const on, off = "deletion_protection = true", "deletion_protection = false"
	steps := map[string]func(w *workspace) outcome{
		"destroy":       func(w *workspace) outcome { return w.destroy() },
		"a replacement": func(w *workspace) outcome { w.write("main.tf", number(withToken(nextToken), on)); return w.apply() },
		"a replacement that switches it off": func(w *workspace) outcome {
			w.write("main.tf", number(withToken(nextToken), off))
			return w.apply()
		},
		"-replace": func(w *workspace) outcome { return w.plan("-replace=" + address) },
		"a taint":  func(w *workspace) outcome { w.run("taint", address); return w.plan() },
		"a taint, unrefreshed": func(w *workspace) outcome {
			w.run("taint", address)
			return w.plan("-refresh=false")
		},
		"a removed block": func(w *workspace) outcome { w.write("main.tf", ""); return w.apply() },
		"a removed block, unrefreshed": func(w *workspace) outcome {
			w.write("main.tf", "")
			return w.apply("-refresh=false")
		},
	}
	for _, name := range slices.Sorted(maps.Keys(steps)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, server, added := applied(t, sandbox.Options{}, withToken(testToken), on)
			steps[name](w).failed("Phone number "+added.ID+" is protected from deletion", "set deletion_protection = false, apply")
			writes(t, server, 0, 0)
			if got := server.Numbers(testUser); len(got) != 1 || got[0].ID != added.ID {
				t.Errorf("the account holds %+v", got)
			}
		})
	}
	t.Run("switched off first", func(t *testing.T) {
		t.Parallel()
		w, server, _ := applied(t, sandbox.Options{}, withToken(testToken), on)
		w.write("main.tf", number(withToken(testToken), off))
		w.apply().succeeded().silent().does(address, "update")
		writes(t, server, 0, 0)
		w.destroy().succeeded()
		writes(t, server, 0, 1)
	})
}

// A replacement sends the token and the name of that moment, so nothing is said to stay.
func TestReplacementSaysNothingOfWhatStays(t *testing.T) {
	t.Parallel()
	w, server, added := applied(t, sandbox.Options{}, withWriteOnly(testToken, 1), named("Shop"))
	server.Rename(added.ID, "Store")
	w.write("main.tf", strings.Replace(number(withWriteOnly(nextToken, 1), named("Shop")), whatsAppID, "17841234567890123", 1))
	planned := w.plan().succeeded().does(address, "replace")
	if len(planned.warnings) != 1 {
		t.Errorf("warnings: %+v", planned.warnings)
	}
}

// -replace, a taint and replace_triggered_by change no attribute: Terraform plans the delete without
// asking, and the create is the only thing that the provider sees.
func TestReplacementWithoutAChangeCannotFailHalfWay(t *testing.T) {
	t.Parallel()
	const trigger = "lifecycle {\n    replace_triggered_by = [terraform_data.trigger]\n  }"
	triggered := func(input string) string {
		return number(withWriteOnly(testToken, 1), trigger) + fmt.Sprintf("resource \"terraform_data\" \"trigger\" {\n  input = %q\n}\n", input)
	}
	tests := map[string]struct {
		before  string
		replace func(w *workspace) outcome
		want    string
	}{
		"-replace for another default user": {number(withToken(testToken)), func(w *workspace) outcome {
			w.setenv("BIZAPI_USER_ID", "usr_other")
			return w.apply("-replace=" + address)
		}, "would move it to another user"},
		"a taint for another default user": {number(withToken(testToken)), func(w *workspace) outcome {
			w.run("taint", address)
			w.setenv("BIZAPI_USER_ID", "usr_other")
			return w.apply()
		}, "would move it to another user"},
		"a trigger for another default user": {triggered("one"), func(w *workspace) outcome {
			w.write("main.tf", triggered("two"))
			w.setenv("BIZAPI_USER_ID", "usr_other")
			return w.apply()
		}, "would move it to another user"},
		"-replace with a token that is too short": {number(withWriteOnly(testToken, 1)), func(w *workspace) outcome {
			w.write("main.tf", number(withWriteOnly("EAAshort9", 1)))
			return w.apply("-replace=" + address)
		}, "has 9 characters"},
		"-replace without time to add": {number(withToken(testToken)), func(w *workspace) outcome {
			w.write("main.tf", number(withToken(testToken), "timeouts {\n    create = \"-5m\"\n  }"))
			return w.apply("-replace=" + address)
		}, "leaves no time"},
		"an unknown user beside an unknown Meta id": {number(withToken(testToken)), func(w *workspace) outcome {
			w.write("main.tf", strings.Replace(number(withToken(testToken), `user_id = "usr_nobody"`), `"`+whatsAppID+`"`, "terraform_data.id.output", 1)+
				"resource \"terraform_data\" \"id\" {\n  input = \"17841234567890123\"\n}\n")
			return w.apply()
		}, "usr_nobody"},
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, url := newServer(t, sandbox.Options{})
			w := newWorkspace(t, url)
			w.write("main.tf", tests[name].before)
			w.apply().succeeded()
			server.ForgetRequests()
			tests[name].replace(w).failed(tests[name].want)
			writes(t, server, 0, 0)
			if got := server.Numbers(testUser); len(got) != 1 {
				t.Errorf("the account holds %+v", got)
			}
		})
	}
}

// Beside another change, a value that is not known yet would make Terraform plan again in the apply.
func TestPendingValueBesideAnotherChangeIsAnErrorAtPlan(t *testing.T) {
	t.Parallel()
	const protection = "deletion_protection = true"
	tests := map[string]struct {
		before, after string
		want          string
	}{
		"a token":               {number(withToken(testToken)), number("access_token = terraform_data.two.output", protection), "access_token is known after apply only"},
		"a name":                {number(withToken(testToken), named("Shop")), number(withToken(testToken), "display_name = terraform_data.two.output", protection), "display_name is known after apply only"},
		"a name where none was": {number(withToken(testToken)), number(withToken(testToken), "display_name = terraform_data.two.output"), "cannot be planned"},
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, url := newServer(t, sandbox.Options{})
			w := newWorkspace(t, url)
			w.write("main.tf", tests[name].before)
			w.apply().succeeded()
			server.ForgetRequests()
			w.write("main.tf", tests[name].after+unknowns)
			w.apply().failed(tests[name].want, "-target")
			writes(t, server, 0, 0)
		})
	}
}

func TestImportOfANamelessNumberTakesANameNotKnownYet(t *testing.T) {
	t.Parallel()
	server, url := newServer(t, sandbox.Options{})
	added := server.Add(testUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: whatsAppID, AccessToken: "EAAnobodyKnows"})
	w := newWorkspace(t, url)
	w.write("main.tf", number("display_name = terraform_data.two.output")+unknowns+importBlock(testUser+"/"+added.ID))
	w.apply().succeeded()
	w.plan().succeeded().silent().does()
	writes(t, server, 0, 0)
}
