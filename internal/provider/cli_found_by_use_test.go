// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// tokenLikeID is an id that begins as Meta's tokens do.
const tokenLikeID = "AAEAA123-4F0B-4D3A-8C1B-5E0A4B7A0001"

func TestCLIIDsThatLookLikeTokensAreIDs(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	w := newCLIWorkspace(t, api.baseURL)
	number := sandbox.Number{ID: tokenLikeID, Platform: "webchat", MetaPhoneNumberID: "EAA" + tokenLikeID, AccessToken: testToken}
	block := strings.ReplaceAll(phoneNumber("main", "whatsapp", number.MetaPhoneNumberID, withToken(testToken)), `"whatsapp"`, `"webchat"`)
	w.write("main.tf", block)
	api.Script(sandbox.Fault{On: sandbox.OpAdd, Do: func(response http.ResponseWriter, request *http.Request, answer sandbox.Answer) {
		api.Add(testUser, number)
		sandbox.Respond(201, "application/json", fmt.Sprintf(`{"success":true,"data":{"id":%q,"created_at":"2025-02-10T10:00:00.123Z"}}`, tokenLikeID))(response, request, answer)
	}})
	w.plan().succeeded().silent().does(address, "create")
	w.apply().succeeded().silent().does(address, "create")
	w.plan().succeeded().silent().does()
	check := func() {
		t.Helper()
		if got := w.attributes(address); got["id"] != tokenLikeID || got["meta_phone_number_id"] != number.MetaPhoneNumberID {
			t.Errorf("the state has %v", got)
		}
	}
	check()
	for _, id := range []string{tokenLikeID, "webchat/" + number.MetaPhoneNumberID} {
		w.succeeds("state", "rm", address)
		w.plan().failed("Phone number already exists", "with id "+tokenLikeID, testUser+"/"+tokenLikeID)
		w.succeeds("import", address, id)
		check()
	}
	w.apply().succeeded().does(address, "update") // the token is recorded
	check()
	w.plan().succeeded().silent().does()
	api.Script(sandbox.Fault{On: sandbox.OpDelete, Do: refusal(sandbox.Deployed, 403, "Phone number "+tokenLikeID+" belongs to another user", "corr-1")})
	w.apply("-destroy").failed("delete phone number "+tokenLikeID, "Phone number "+tokenLikeID+" belongs to another user")
	w.apply("-destroy").succeeded().does(address, "delete")
	if got := api.Numbers(testUser); len(got) != 0 {
		t.Errorf("the account holds %+v", got)
	}
}

func TestCLIMessagesOfTheAPIAreShownAsTheyAre(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		w, api, _ := cliApplied(t, sandbox.Options{Dialect: dialect}, withToken(testToken))
		for _, message := range []string{
			"Requires instagram_business_manage_messages permission",
			"Route GET /api/users/" + testUser + "/phone_numbers not found",
			"Agent agt_01HZX3V5Q2J8K4M6N7P9R0S1T2 of usr_0a1b2c3d4e5f60718293a4b5c6d7e8f9 has no WABA 102290129340398",
			"See https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes#131031-AccountLocked",
		} {
			api.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: refusal(dialect, 403, message, "3F069CDC-F414-4FA1-86B0-6C0AAD56E49D")})
			w.plan().failed("status 403: " + message + " (correlation id 3F069CDC-F414-4FA1-86B0-6C0AAD56E49D)")
			api.ClearFaults()
		}
	})
}

// A deployed server answers 404 to an outage of its database.
func TestCLIOutageOfTheDatabaseIsRepeatedAndNoWrongBaseURL(t *testing.T) {
	t.Parallel()
	w, api, added := cliApplied(t, sandbox.Options{}, withToken(testToken))
	w.Setenv("BIZAPI_MAX_RETRIES", "1")
	api.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.DatabaseDown()})
	w.plan().succeeded().silent().does()
	cliAsked(t, api, "a plan beside an outage", 0, 0, 2)

	api.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: sandbox.DatabaseDown()})
	failed := w.plan().failed("API failure", "status 404: Failed to get phone numbers", "Nothing was removed from the state")
	if strings.Contains(failed.Errors[0].Detail, "base_url") {
		t.Errorf("the advice is of another cause: %s", failed.Errors[0].Detail)
	}
	cliAsked(t, api, "a plan in an outage", 0, 0, 2)
	api.ClearFaults()

	api.Script(sandbox.Fault{On: sandbox.OpDelete, Do: sandbox.DatabaseDown()})
	w.apply("-destroy", "-refresh=false").succeeded().does(address, "delete")
	cliWrites(t, api, 0, 2)
	if got := api.Numbers(testUser); len(got) != 0 {
		t.Errorf("%s is left", added.ID)
	}
}

func TestCLIRetriesWhereNobodyListens(t *testing.T) {
	t.Parallel()
	w, _, _ := cliApplied(t, sandbox.Options{}, withToken(testToken))
	w.Setenv("BIZAPI_MAX_RETRIES", "2")
	w.Setenv("BIZAPI_BASE_URL", "http://"+closedPort(t)+"/v1")
	w.logs()
	w.plan().failed("API cannot be reached", "refused")
	if got := strings.Count(w.read("trace.log"), "API request"); got != 3 {
		t.Errorf("it was tried %d times, not 3", got)
	}
}

func TestCLIRefusedAddSaysNothingOfANumberThatTheSameApplyRemoved(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		w, api, removed := cliApplied(t, sandbox.Options{Dialect: dialect}, withToken(testToken))
		w.write("main.tf", phoneNumber("second", "whatsapp", otherID, withToken(nextToken), "depends_on = [terraform_data.last]")+
			"resource \"terraform_data\" \"last\" {\n  input = 1\n}\n")
		api.Script(sandbox.Fault{On: sandbox.OpAdd, Do: refusal(dialect, 400, "The moon is full", "corr-1")})
		done := w.apply("-parallelism=1").failed("API refused the request", "The moon is full")
		if said := fmt.Sprint(done.Errors, done.Warnings); len(done.Errors) != 1 || strings.Contains(said, removed.ID) || strings.Contains(said, whatsAppID) {
			t.Errorf("it says more: %+v", done.Errors)
		}
		cliWrites(t, api, 1, 1)
		w.apply().succeeded().does("bizapi_phone_number.second", "create")
	})
}

// The state has the number under an id that is gone: an import block alone would not help.
func TestCLINumberThatWasAddedAgainElsewhereIsRemovedFromTheStateFirst(t *testing.T) {
	t.Parallel()
	w, api, added := cliApplied(t, sandbox.Options{}, withToken(testToken))
	api.clock.pass(time.Minute)
	api.Remove(added.ID)
	again := api.Add(testUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: whatsAppID, AccessToken: testToken})
	w.plan().failed("Phone number already exists", "with id "+added.ID, again.ID, "Remove the old one from the state first", "terraform apply -refresh-only")
	w.apply("-refresh-only").succeeded()
	w.write("import.tf", importByID(testUser+"/"+again.ID))
	w.apply().succeeded().does(address, "update")
	w.plan().succeeded().silent().does()
	cliWrites(t, api, 0, 0)
}

func TestCLIVersionIsAnyNumber(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	w := newCLIWorkspace(t, api.baseURL)
	before, after, replaced := "", "", []string{}
	for at, version := range []string{"1.5", "0", "-3", "13835058055282163713", "18446744073709551615", "1e-7"} {
		const token = "access_token_wo = %q\n  access_token_wo_version = %s"
		name, metaID := fmt.Sprint("n", at), fmt.Sprint(1000+at)
		before += phoneNumber(name, "whatsapp", metaID, fmt.Sprintf(token, testToken, version))
		after += phoneNumber(name, "whatsapp", metaID, fmt.Sprintf(token, nextToken, version+" + 1"))
		replaced = append(replaced, "bizapi_phone_number."+name, "replace")
	}
	w.write("main.tf", before)
	w.apply().succeeded().silent()
	w.plan().succeeded().silent().does()
	w.write("main.tf", after)
	w.plan().succeeded().does(replaced...)
}

// cliAsked wants just so many adds, deletes and lists, of numbers and of agents, to have reached the API since
// the last such check.
func cliAsked(t *testing.T, api *testAPI, what string, adds, deletes, gets int) {
	t.Helper()
	posted, deleted, got := 0, 0, 0
	for _, request := range api.Requests() {
		switch request.Method {
		case http.MethodPost:
			posted++
		case http.MethodDelete:
			deleted++
		default:
			got++
		}
	}
	api.ForgetRequests()
	if posted != adds || deleted != deletes || got != gets {
		t.Errorf("%s: %d POST, %d DELETE and %d GET, not %d, %d and %d", what, posted, deleted, got, adds, deletes, gets)
	}
}

// newLateWorkspace is one whose numbers are listed 29 s after their add. They are 26 s old when somebody lists
// them for the first time, so its tests wait for 4 s.
func newLateWorkspace(t *testing.T) (*cliWorkspace, *testAPI) {
	t.Helper()
	api := newAPI(t, sandbox.Options{ListAddsAfter: 29 * time.Second})
	var once sync.Once
	api.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Before: func() {
		if numbers := api.Numbers(testUser); len(numbers) > 0 {
			once.Do(func() { api.clock.pass(numbers[0].CreatedAt.Add(26 * time.Second).Sub(api.clock.Now())) })
		}
	}})
	return newCLIWorkspace(t, api.baseURL), api
}

func TestCLINumberThatIsListedLateIsNeitherPlannedAgainNorForgotten(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"by a plan": {"plan", "-json"}, "by a destroy": {"apply", "-json", "-auto-approve", "-destroy"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, api := newLateWorkspace(t)
			w.write("main.tf", number(withToken(testToken)))
			w.apply().succeeded().does(address, "create")
			done := parsed(t, w.run(args...)).succeeded().silent()
			if args[0] == "plan" {
				done.does()
				cliWrites(t, api, 1, 0)
				return
			}
			done.does(address, "delete")
			cliWrites(t, api, 1, 1)
			if got := api.Numbers(testUser); len(got) != 0 {
				t.Errorf("the account holds %+v", got)
			}
		})
	}
}

func TestCLITestCommandLeavesNoNumberThatIsListedLate(t *testing.T) {
	t.Parallel()
	w, api := newLateWorkspace(t)
	w.write("main.tf", number(withToken(testToken)))
	w.write("tests/main.tftest.hcl", `
run "adds" {}
run "plans_nothing" {
  command = plan
  assert {
    condition     = output.id != "" # unknown where it is planned again
    error_message = "planned again"
  }
}
`)
	w.write("outputs.tf", "output \"id\" {\n  value = "+address+".id\n}\n")
	if tested := w.run("test"); tested.Code != 0 {
		t.Fatalf("%s\n%s", tested.Stdout, tested.Stderr)
	}
	cliWrites(t, api, 1, 1)
	if got := api.Numbers(testUser); len(got) != 0 {
		t.Errorf("the account holds %+v", got)
	}
}
