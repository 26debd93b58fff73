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
	prepare func(t *testing.T, w *cliWorkspace)
}{
	"a changed token": {nil, func(_ *testing.T, w *cliWorkspace) { w.write("main.tf", cliNumber(cliPlain(cliNextToken))) }},
	"-replace":        {[]string{"-replace=" + cliAddress}, func(*testing.T, *cliWorkspace) {}},
	"a taint": {nil, func(t *testing.T, w *cliWorkspace) {
		t.Helper()
		if tainted := w.run("taint", cliAddress); tainted.Code != 0 {
			t.Fatal(tainted.Stderr)
		}
	}},
}

// A replacement that could not add the number again, or would add it elsewhere, is refused before its delete.
func TestCLISavedReplacementIsAppliedWhereItWasPlanned(t *testing.T) {
	t.Parallel()
	for _, how := range slices.Sorted(maps.Keys(replacements)) {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w, server, added := cliApplied(t, sandbox.Options{}, cliPlain(cliToken))
			replacement := replacements[how]
			other, otherURL := newCLIServer(t, sandbox.Options{})
			replacement.prepare(t, w)
			was := map[string]string{}
			for _, setting := range w.Environ() {
				name, value, _ := strings.Cut(setting, "=")
				was[name] = value
			}
			for where, change := range map[string]struct{ variable, value, argument string }{
				"for another user":        {"BIZAPI_USER_ID", "usr_other", "user_id"},
				"without a user":          {"BIZAPI_USER_ID", "", "user_id"},
				"under another base URL":  {"BIZAPI_BASE_URL", otherURL, "base_url"},
				"under another base path": {"BIZAPI_BASE_URL", strings.TrimSuffix(otherURL, "/v1") + "/api/v1", "base_url"},
			} {
				t.Log(where)
				w.plan(append([]string{"-out=tfplan"}, replacement.args...)...).succeeded().does(cliAddress, "replace")
				w.Setenv(change.variable, change.value)
				parsed(t, w.run("apply", "-json", "tfplan")).failed("Provider configuration changed since the plan", added.ID, change.argument, "Nothing was deleted")
				w.Setenv(change.variable, was[change.variable])
			}
			cliWrites(t, server, 0, 0)
			if got := other.Count(sandbox.OpAny); got != 0 {
				t.Errorf("the other API got %d requests", got)
			}
			if got := w.attributes(cliAddress)["id"]; got != added.ID {
				t.Errorf("the state has %v", got)
			}
			// Under the configuration of the plan it goes on.
			w.apply(replacement.args...).succeeded().does(cliAddress, "replace")
			cliWrites(t, server, 1, 1)
			w.plan().succeeded().silent().does()
		})
	}
}

// Without a refresh nothing but the delete asks whether the number is there.
func TestCLIReplacementUnderAnotherBaseURLIsRefused(t *testing.T) {
	t.Parallel()
	for _, how := range slices.Sorted(maps.Keys(replacements)) {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			clock := &cliClock{}
			w, server, added := cliApplied(t, sandbox.Options{Now: clock.Now}, cliPlain(cliToken))
			clock.Advance(time.Minute)
			replacement := replacements[how]
			other, otherURL := newCLIServer(t, sandbox.Options{Now: clock.Now})
			replacement.prepare(t, w)
			w.Setenv("BIZAPI_BASE_URL", otherURL)
			w.apply(append([]string{"-refresh=true"}, replacement.args...)...).failed("Missing under another base URL", added.ID, otherURL)
			w.apply(append([]string{"-refresh=false"}, replacement.args...)...).failed(added.ID, otherURL)
			cliWrites(t, server, 0, 0)
			cliWrites(t, other, 0, 0)
			if got := w.attributes(cliAddress)["id"]; got != added.ID {
				t.Errorf("the state has %v", got)
			}
		})
	}
}

// What a replacement that failed left in private state is of no later one.
func TestCLIRefusedReplacementLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	w, server, _ := cliApplied(t, sandbox.Options{}, cliPlain(cliToken))
	w.plan("-out=tfplan", "-replace="+cliAddress).succeeded()
	w.Setenv("BIZAPI_USER_ID", "usr_other")
	parsed(t, w.run("apply", "-json", "tfplan")).failed("Provider configuration changed since the plan")
	w.apply("-destroy").succeeded().does(cliAddress, "delete")
	cliWrites(t, server, 0, 1)
}

// The listing is not asked for its leave once the number is deleted.
func TestCLISavedReplacementOutlivesAListingThatFails(t *testing.T) {
	t.Parallel()
	for _, how := range slices.Sorted(maps.Keys(replacements)) {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w, server, added := cliApplied(t, sandbox.Options{}, cliPlain(cliToken))
			replacement := replacements[how]
			replacement.prepare(t, w)
			w.plan(append([]string{"-out=tfplan"}, replacement.args...)...).succeeded()
			w.Setenv("BIZAPI_MAX_RETRIES", "0")
			server.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: sandbox.DatabaseDown()})
			parsed(t, w.run("apply", "-json", "tfplan")).succeeded()
			cliWrites(t, server, 1, 1)
			server.ClearFaults()
			if got := server.Numbers(cliUser); len(got) != 1 || got[0].ID == added.ID {
				t.Errorf("the account holds %+v", got)
			}
			w.plan().succeeded().silent().does()
		})
	}
}

// Of -replace Terraform drops the warning: it comes of the second of two plans.
func TestCLIReplacementWarnsOfWhatItTakes(t *testing.T) {
	t.Parallel()
	for _, how := range slices.Sorted(maps.Keys(replacements)) {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w, server, added := cliApplied(t, sandbox.Options{}, cliPlain(cliToken))
			server.AddAgent(cliUser, sandbox.Agent{PhoneNumberID: added.ID, PromptID: "pmpt_1", Name: "Front desk"})
			replacement := replacements[how]
			replacement.prepare(t, w)
			for _, refresh := range []string{"-refresh=true", "-refresh=false"} {
				planned := w.plan(append([]string{refresh}, replacement.args...)...).succeeded().does(cliAddress, "replace")
				if how == "-replace" {
					planned.silent()
					continue
				}
				planned.warnedOnce("Phone number "+added.ID+" will be replaced", "deleted and added again", `"Front desk"`, "conversations and messages", "templates and campaigns")
				if how == "a taint" {
					planned.warned("is tainted")
				}
			}
			cliWrites(t, server, 0, 0)
		})
	}
}

// Terraform adds first, and the API takes each number once. Nothing is lost, and the recovery keeps the number.
func TestCLICreateBeforeDestroyLosesNothing(t *testing.T) {
	const lifecycle = "lifecycle {\n    create_before_destroy = true\n  }"
	t.Parallel()
	w, server, added := cliApplied(t, sandbox.Options{}, cliPlain(cliToken), lifecycle)
	w.write("main.tf", cliNumber(cliPlain(cliNextToken), lifecycle))
	w.apply().failed("Phone number already exists", added.ID, "create_before_destroy", "cannot work here", "`terraform state rm`")
	if got := server.Numbers(cliUser); len(got) != 1 || got[0].ID != added.ID || got[0].AccessToken != cliToken {
		t.Fatalf("the account holds %+v", got)
	}
	// The old number is deposed: the state still has it.
	w.apply().failed(added.ID)
	if got := server.Numbers(cliUser); len(got) != 1 || got[0].ID != added.ID {
		t.Fatalf("the account holds %+v", got)
	}
	if removed := w.run("state", "rm", cliAddress); removed.Code != 0 {
		t.Fatal(removed.Stderr)
	}
	w.write("main.tf", cliNumber(cliPlain(cliNextToken))+cliImportBlock(cliUser+"/"+added.ID))
	w.apply().succeeded().does(cliAddress, "update")
	w.plan().succeeded().does()
	if got := server.Numbers(cliUser); len(got) != 1 || got[0].ID != added.ID {
		t.Errorf("the account holds %+v", got)
	}
	if got := w.attributes(cliAddress)["id"]; got != added.ID {
		t.Errorf("the state has %v", got)
	}
}
