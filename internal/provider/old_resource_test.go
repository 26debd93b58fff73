// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// applied is a workspace with one applied number.
func applied(t *testing.T, options sandbox.Options, arguments ...string) (*workspace, *sandbox.Server, sandbox.Number) {
	t.Helper()
	server, url := newServer(t, options)
	w := newWorkspace(t, url)
	w.write("main.tf", number(arguments...))
	w.apply().succeeded().does(address, "create")
	numbers := server.Numbers(testUser)
	if len(numbers) != 1 {
		t.Fatalf("the account holds %d numbers, not one", len(numbers))
	}
	server.ForgetRequests()
	return w, server, numbers[0]
}

// writes fails the test unless the API was asked to add and delete just that often.
func writes(t *testing.T, server *sandbox.Server, adds, deletes int) {
	t.Helper()
	if got := server.Count(sandbox.OpAdd); got != adds {
		t.Errorf("%d adds, wanted %d", got, adds)
	}
	if got := server.Count(sandbox.OpDelete); got != deletes {
		t.Errorf("%d deletes, wanted %d", got, deletes)
	}
}

func TestNumberLivesInTerraform(t *testing.T) {
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		w, server, added := applied(t, sandbox.Options{Dialect: dialect}, withToken(testToken), named("+1 (234) 567-8900"))
		if added.AccessToken != testToken {
			t.Error("the API did not get the token")
		}
		got := w.attributes(address)
		for attribute, want := range map[string]any{
			"id": added.ID, "user_id": testUser, "platform": "whatsapp", "meta_phone_number_id": whatsAppID,
			"access_token": testToken, "display_name": "+1 (234) 567-8900", "deletion_protection": false,
		} {
			if got[attribute] != want {
				t.Errorf("%s is %v, not %v", attribute, got[attribute], want)
			}
		}
		for _, attribute := range []string{"created_at", "updated_at"} {
			if text, _ := got[attribute].(string); !strings.HasSuffix(text, "Z") {
				t.Errorf("%s is %v", attribute, got[attribute])
			}
		}
		w.plan().succeeded().silent().does()
		w.destroy().succeeded().silent().does(address, "delete")
		if left := server.Numbers(testUser); len(left) != 0 {
			t.Errorf("left after destroy: %+v", left)
		}
		writes(t, server, 0, 1)
	})
}

func TestChangeReplaces(t *testing.T) {
	t.Parallel()
	changed := map[string]func(string) string{
		"platform": func(text string) string { return strings.Replace(text, "whatsapp", "webchat", 1) },
		"meta_phone_number_id": func(text string) string {
			return strings.Replace(text, whatsAppID, "17841234567890123", 1)
		},
		"access_token": func(text string) string { return strings.Replace(text, testToken, nextToken, 1) },
		"display_name": func(text string) string { return strings.Replace(text, "Shop", "Store", 1) },
		"user_id":      func(text string) string { return strings.Replace(text, testUser, "usr_other", 1) },
	}
	for _, attribute := range slices.Sorted(maps.Keys(changed)) {
		t.Run(attribute, func(t *testing.T) {
			t.Parallel()
			before := number(withToken(testToken), named("Shop"), fmt.Sprintf("user_id = %q", testUser))
			w, server, added := applied(t, sandbox.Options{}, withToken(testToken), named("Shop"), fmt.Sprintf("user_id = %q", testUser))
			w.write("main.tf", changed[attribute](before))
			w.apply().succeeded().does(address, "replace").
				warned("Phone number "+added.ID+" will be deleted and added again", "A change of "+attribute, "conversations and messages")
			writes(t, server, 1, 1)
			w.plan().succeeded().silent().does()
			left := append(server.Numbers(testUser), server.Numbers("usr_other")...)
			if len(left) != 1 || left[0].ID == added.ID {
				t.Errorf("left after the replacement: %+v", left)
			}
		})
	}
}

func TestNumberRemovedElsewhereIsPlannedAgain(t *testing.T) {
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		w, server, added := applied(t, sandbox.Options{Dialect: dialect}, withToken(testToken))
		server.Remove(added.ID)
		w.plan().succeeded().does(address, "create")
		w.apply().succeeded()
		w.plan().succeeded().does()
	})
}

func TestNumberGoneBeforeItsDelete(t *testing.T) {
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		w, server, added := applied(t, sandbox.Options{Dialect: dialect}, withToken(testToken))
		server.Remove(added.ID)
		w.apply("-destroy", "-refresh=false").succeeded()
		if w.attributes(address) != nil {
			t.Error("the number still stands in the state")
		}
	})
}

func TestFailedListKeepsState(t *testing.T) {
	faults := map[string]struct {
		do   sandbox.Behaviour
		want string
	}{
		"a route that is not served": {sandbox.Respond(404, "application/json", `{"error":"Not Found","message":"Route GET /v1/users not found"}`), "Wrong base URL"},
		"an unknown user":            {sandbox.Respond(404, "application/json", `{"error":"Not Found","message":"User with ID usr_abc123 not found"}`), "terraform state rm"},
		"an expired key":             {sandbox.Respond(401, "application/json", `{"error":"Unauthorized","message":"Invalid API key"}`), "API key refused"},
		"a forbidden key":            {sandbox.Respond(403, "application/json", `{"error":"Forbidden","message":"no"}`), "Not allowed"},
		"a failing server":           {sandbox.Respond(503, "text/plain", "upstream"), "API failure"},
		"a sign-in page":             {sandbox.Respond(200, "text/html", "<html>sign in</html>"), "Answer is not the API's"},
		"torn JSON":                  {sandbox.TornJSON(), "does not answer"},
		"a dropped connection":       {sandbox.Drop(), "does not answer"},
		"an object for a list":       {sandbox.Respond(200, "application/json", `{"numbers": []}`), "Answer is not the API's"},
	}
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, server, _ := applied(t, sandbox.Options{}, withToken(testToken))
			w.setenv("BIZAPI_MAX_RETRIES", "0")
			before := w.read("terraform.tfstate")
			server.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: faults[name].do})
			w.apply("-refresh-only").failed(faults[name].want, "Nothing was removed from the state")
			if w.read("terraform.tfstate") != before {
				t.Error("the state changed")
			}
			server.ClearFaults()
			w.plan().succeeded().does()
		})
	}
}

func TestOldLeftOut(t *testing.T) {
	t.Parallel()
	w, server, _ := applied(t, sandbox.Options{}, withToken(testToken), named("Shop"), fmt.Sprintf("user_id = %q", testUser))
	w.write("main.tf", number(withToken(testToken)))
	w.setenv("BIZAPI_USER_ID", "usr_other")
	w.apply().succeeded().does().warned("stays with user "+testUser, "usr_other")
	writes(t, server, 0, 0)
}

func TestMissingTokenFailsThePlan(t *testing.T) {
	t.Parallel()
	server, url := newServer(t, sandbox.Options{})
	w := newWorkspace(t, url)
	w.write("main.tf", number())
	w.plan().failed("Missing access token", "access_token_wo", "whatsapp_business_messaging")
	writes(t, server, 0, 0)
}
