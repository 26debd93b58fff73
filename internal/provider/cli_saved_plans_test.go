// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// replacements are the ways to a plan that replaces the number: by what else the plan is given, and what is
// done before it.
var replacements = map[string]struct {
	args    []string
	prepare func(w *cliWorkspace)
}{
	"a changed token": {nil, func(w *cliWorkspace) { w.write("main.tf", number(withToken(nextToken))) }},
	"-replace":        {[]string{"-replace=" + address}, func(*cliWorkspace) {}},
	"a taint":         {nil, func(w *cliWorkspace) { w.succeeds("taint", address) }},
}

// A replacement that could not add the number again, or would add it elsewhere, is refused before its delete.
func TestCLISavedReplacementIsAppliedWhereItWasPlanned(t *testing.T) {
	t.Parallel()
	for _, how := range slices.Sorted(maps.Keys(replacements)) {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w, api, added := cliApplied(t, sandbox.Options{}, withToken(testToken))
			replacement := replacements[how]
			other := newAPI(t, sandbox.Options{})
			replacement.prepare(w)
			was := map[string]string{}
			for _, setting := range w.Environ() {
				name, value, _ := strings.Cut(setting, "=")
				was[name] = value
			}
			for where, change := range map[string]struct{ variable, value, argument string }{
				"for another user":        {"BIZAPI_USER_ID", otherUser, "user_id"},
				"without a user":          {"BIZAPI_USER_ID", "", "user_id"},
				"under another base URL":  {"BIZAPI_BASE_URL", other.baseURL, "base_url"},
				"under another base path": {"BIZAPI_BASE_URL", strings.TrimSuffix(other.baseURL, "/v1") + "/api/v1", "base_url"},
			} {
				t.Log(where)
				w.plan(append([]string{"-out=tfplan"}, replacement.args...)...).succeeded().does(address, "replace")
				w.Setenv(change.variable, change.value)
				parsed(t, w.run("apply", "-json", "tfplan")).failed("Provider configuration changed since the plan", added.ID, change.argument, "Nothing was deleted")
				w.Setenv(change.variable, was[change.variable])
			}
			cliWrites(t, api, 0, 0)
			if got := other.Count(sandbox.OpAny); got != 0 {
				t.Errorf("the other API got %d requests", got)
			}
			if got := w.attributes(address)["id"]; got != added.ID {
				t.Errorf("the state has %v", got)
			}
			// Under the configuration of the plan it goes on.
			w.apply(replacement.args...).succeeded().does(address, "replace")
			cliWrites(t, api, 1, 1)
			w.plan().succeeded().silent().does()
		})
	}
}

// What the provider's arguments are no part of may change.
func TestCLISavedReplacementOfANumberThatNamesItsUser(t *testing.T) {
	t.Parallel()
	w, api, added := cliApplied(t, sandbox.Options{}, withToken(testToken), withUser(testUser))
	staging := newAPI(t, sandbox.Options{})
	w.succeeds("plan", "-out=tfplan", "-replace="+address)
	w.Setenv("BIZAPI_BASE_URL", staging.baseURL)
	parsed(t, w.run("apply", "-json", "tfplan")).failed("Provider configuration changed since the plan", added.ID, "base_url", staging.baseURL)
	w.Setenv("BIZAPI_BASE_URL", api.baseURL)
	cliWrites(t, api, 0, 0)
	for _, defaultUser := range []string{otherUser, ""} {
		w.Setenv("BIZAPI_USER_ID", testUser)
		w.succeeds("plan", "-out=tfplan", "-replace="+address)
		w.Setenv("BIZAPI_USER_ID", defaultUser)
		w.Setenv("BIZAPI_MAX_RETRIES", "1")
		w.succeeds("apply", "tfplan")
	}
	cliWrites(t, api, 2, 2)
}

// Without a refresh nothing but the delete asks whether the number is there.
func TestCLIReplacementUnderAnotherBaseURLIsRefused(t *testing.T) {
	t.Parallel()
	for _, how := range slices.Sorted(maps.Keys(replacements)) {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w, api, added := cliApplied(t, sandbox.Options{}, withToken(testToken))
			api.clock.pass(time.Minute)
			replacement := replacements[how]
			other := newAPI(t, sandbox.Options{})
			other.clock.pass(time.Minute)
			replacement.prepare(w)
			w.Setenv("BIZAPI_BASE_URL", other.baseURL)
			w.apply(append([]string{"-refresh=true"}, replacement.args...)...).failed("Missing under another base URL", added.ID, other.baseURL)
			w.apply(append([]string{"-refresh=false"}, replacement.args...)...).failed(added.ID, other.baseURL)
			cliWrites(t, api, 0, 0)
			cliWrites(t, other, 0, 0)
			if got := w.attributes(address)["id"]; got != added.ID {
				t.Errorf("the state has %v", got)
			}
		})
	}
}

// What a replacement that failed left in private state is of no later one.
func TestCLIRefusedReplacementLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	w, api, _ := cliApplied(t, sandbox.Options{}, withToken(testToken))
	w.plan("-out=tfplan", "-replace="+address).succeeded()
	w.Setenv("BIZAPI_USER_ID", otherUser)
	parsed(t, w.run("apply", "-json", "tfplan")).failed("Provider configuration changed since the plan")
	w.apply("-destroy", "-refresh=false").succeeded().does(address, "delete")
	cliWrites(t, api, 0, 1)
}

// The listing is not asked for its leave once the number is deleted.
func TestCLISavedReplacementOutlivesAListingThatFails(t *testing.T) {
	t.Parallel()
	for _, how := range slices.Sorted(maps.Keys(replacements)) {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w, api, added := cliApplied(t, sandbox.Options{}, withToken(testToken))
			replacement := replacements[how]
			replacement.prepare(w)
			w.plan(append([]string{"-out=tfplan"}, replacement.args...)...).succeeded()
			w.Setenv("BIZAPI_MAX_RETRIES", "0")
			api.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: sandbox.DatabaseDown()})
			parsed(t, w.run("apply", "-json", "tfplan")).succeeded()
			cliWrites(t, api, 1, 1)
			api.ClearFaults()
			if got := api.Numbers(testUser); len(got) != 1 || got[0].ID == added.ID {
				t.Errorf("the account holds %+v", got)
			}
			w.plan().succeeded().silent().does()
		})
	}
}

// Terraform shows the plan of a taint as that of a new number, which may be another one.
func TestCLITaintOfANumberThatMayBeAnotherDeletesNothing(t *testing.T) {
	t.Parallel()
	w, api, _ := cliApplied(t, sandbox.Options{}, withToken(testToken))
	w.succeeds("taint", address)
	later := strings.Replace(number(withToken(testToken)), `"`+whatsAppID+`"`, "terraform_data.later.output", 1)
	w.write("main.tf", later+knownLater("later", otherID))
	w.apply().failed("Replacement of phone number", "cannot be planned", "meta_phone_number_id")
	w.write("main.tf", number(withToken(testToken), "user_id = terraform_data.user.output")+knownLater("user", otherUser))
	w.plan().failed("Replacement of phone number", "cannot be planned", "user_id")
	cliWrites(t, api, 0, 0)
	w.write("main.tf", number(withToken(testToken)))
	w.apply().succeeded().does(address, "replace")
}

// Of -replace Terraform drops the warning: it comes of the second of two plans.
func TestCLIReplacementWarnsOfWhatItTakes(t *testing.T) {
	t.Parallel()
	for _, how := range slices.Sorted(maps.Keys(replacements)) {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w, api, added := cliApplied(t, sandbox.Options{}, withToken(testToken))
			api.AddAgent(testUser, sandbox.Agent{PhoneNumberID: added.ID, PromptID: "pmpt_1", Name: "Front desk"})
			replacement := replacements[how]
			replacement.prepare(w)
			for _, refresh := range []string{"-refresh=true", "-refresh=false"} {
				planned := w.plan(append([]string{refresh}, replacement.args...)...).succeeded().does(address, "replace")
				if how == "-replace" {
					planned.silent()
					continue
				}
				planned.warnedOnce("Phone number "+added.ID+" will be replaced", "deleted and added again", `"Front desk"`, "conversations and messages", "templates and campaigns")
				if how == "a taint" {
					planned.warned("is tainted")
				}
			}
			cliWrites(t, api, 0, 0)
		})
	}
}

// Terraform adds first, and the API takes each number once. Nothing is lost, and the recovery keeps the number.
func TestCLICreateBeforeDestroyLosesNothing(t *testing.T) {
	const lifecycle = "lifecycle {\n    create_before_destroy = true\n  }"
	t.Parallel()
	w, api, added := cliApplied(t, sandbox.Options{}, withToken(testToken), lifecycle)
	w.write("main.tf", number(withToken(nextToken), lifecycle))
	failed := w.apply().failed("Phone number already exists", "with id "+added.ID+". If this apply replaces it, the lifecycle of its resource, or of one that refers to it, has create_before_destroy", "`terraform state rm`")
	if strings.Contains(failed.Errors[0].Detail, "import {") {
		t.Errorf("an import block beside create_before_destroy: %s", failed.Errors[0].Detail)
	}
	if got := api.Numbers(testUser); len(got) != 1 || got[0].ID != added.ID || got[0].AccessToken != testToken {
		t.Fatalf("the account holds %+v", got)
	}
	// The old number is deposed: the state still has it.
	w.apply().failed(added.ID)
	w.write("main.tf", number(withToken(testToken)))
	w.plan().failed("would be deleted at another address", added.ID)
	if got := api.Numbers(testUser); len(got) != 1 || got[0].ID != added.ID {
		t.Fatalf("the account holds %+v", got)
	}
	w.succeeds("state", "rm", address)
	w.write("main.tf", number(withToken(nextToken)))
	w.importPrinted(failed.Errors[0])
	w.apply().succeeded().does(address, "update")
	w.plan().succeeded().does()
	if got := api.Numbers(testUser); len(got) != 1 || got[0].ID != added.ID {
		t.Errorf("the account holds %+v", got)
	}
	if got := w.attributes(address)["id"]; got != added.ID {
		t.Errorf("the state has %v", got)
	}
	cliWrites(t, api, 0, 0)
}

// The agent is deleted before its number, which alone relies on the default user.
func TestCLISavedReplacementLeavesTheAgentOfANumberThatRefuses(t *testing.T) {
	t.Parallel()
	w, api, _ := cliApplied(t, sandbox.Options{}, withToken(testToken))
	agent := agentOn(follows, withUser(testUser))
	w.write("main.tf", number(withToken(testToken))+agent)
	w.apply().succeeded()
	api.ForgetRequests()
	w.write("main.tf", number(withToken(nextToken))+agent)
	w.succeeds("plan", "-out=tfplan")
	w.Setenv("BIZAPI_USER_ID", otherUser)
	parsed(t, w.run("apply", "-json", "tfplan")).failed("Provider configuration changed since the plan", "user_id", "Nothing was deleted")
	if got := api.Count(sandbox.OpDeleteAgent) + api.Count(sandbox.OpDelete); got != 0 {
		t.Errorf("%d deletes were sent", got)
	}
}

// -replace looks like no change at first, so the plan of the add says what cannot be checked.
func TestCLIReplaceOfANumberWhoseUserIsNotKnownYetIsRefused(t *testing.T) {
	t.Parallel()
	w, api, _ := cliApplied(t, sandbox.Options{}, withToken(testToken))
	w.write("main.tf", number(withToken(testToken), "user_id = terraform_data.user.output")+knownLater("user", testUser))
	w.plan("-replace="+address).failed("Replacement of", "cannot be planned", "user_id", "-target")
	w.plan().succeeded().does("terraform_data.user", "create")
	cliWrites(t, api, 0, 0)
}
