// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestRenameElsewhereIsDriftAndReplacesNothing(t *testing.T) {
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		w, server, added := applied(t, sandbox.Options{Dialect: dialect}, withToken(testToken), named("Shop"))
		server.Rename(added.ID, "Store")
		drifted := w.run("plan", "-refresh-only", "-detailed-exitcode", "-json").parse()
		if drifted.code != 2 {
			t.Errorf("a refresh-only plan ends with %d, not 2", drifted.code)
		}
		w.apply().succeeded().does().warned("Display name of phone number "+added.ID+" differs from the configured one", `"Shop"`, `"Store"`, "-replace=ADDRESS")
		// Renamed once more: the configuration still asks for the first name.
		server.Rename(added.ID, "Market")
		w.apply().succeeded().does().warned("differs from the configured one", `"Shop"`, `"Market"`)
		w.apply("-refresh-only").succeeded()
		if got := w.attributes(address)["display_name"]; got != "Market" {
			t.Errorf("the state has %v", got)
		}
		w.apply().succeeded().does().warned("differs from the configured one", `"Shop"`, `"Market"`)
		writes(t, server, 0, 0)

		// Left out, the name is whatever the API has.
		w.write("main.tf", number(withToken(testToken)))
		w.plan().succeeded().silent().does()
		// Accepted, it is no drift.
		w.write("main.tf", number(withToken(testToken), named("Market")))
		w.plan().succeeded().silent().does()
		// A third name is a wish.
		w.write("main.tf", number(withToken(testToken), named("Bazaar")))
		w.plan().succeeded().does(address, "replace")
	})
}

// Terraform before 1.13 compares the sensitive paths of a state, which it keeps in no order, and so
// reports drift at random.
func TestNoDriftIsReportedWhereThereIsNone(t *testing.T) {
	needs(t, 13, 12)
	t.Parallel()
	w, _, _ := applied(t, sandbox.Options{}, withToken(testToken), named("Shop"))
	if drifted := w.run("plan", "-refresh-only", "-detailed-exitcode", "-json").parse(); drifted.code != 0 {
		t.Errorf("a refresh-only plan ends with %d", drifted.code)
	}
}

func TestRenameBackIsNoDrift(t *testing.T) {
	t.Parallel()
	w, server, added := applied(t, sandbox.Options{}, withToken(testToken), named("Shop"))
	server.Rename(added.ID, "Store")
	w.apply("-refresh-only").succeeded()
	server.Rename(added.ID, "Shop")
	w.apply("-refresh-only").succeeded()
	w.plan().succeeded().silent().does()
	w.write("main.tf", number(withToken(testToken), named("Bazaar")))
	w.plan().succeeded().does(address, "replace")
}

// To write the API's name into the configuration is a plan that changes nothing: nothing tells the
// provider of it, and the next rename must be drift all the same.
func TestAcceptedRenameFollowedByAnotherReplacesNothing(t *testing.T) {
	for name, steps := range map[string][]string{
		"another name":         {"Shop", "Store", "Market"},
		"back to the first":    {"Shop", "Store", "Shop"},
		"none":                 {"Shop", "Store", ""},
		"from none":            {"", "Store", "Market"},
		"renamed twice before": {"Shop", "Kiosk", "Store", "Market"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := []string{withToken(testToken)}
			if steps[0] != "" {
				first = append(first, named(steps[0]))
			}
			w, server, added := applied(t, sandbox.Options{}, first...)
			last := len(steps) - 1
			for _, step := range steps[1:last] {
				server.Rename(added.ID, step)
				w.apply("-refresh-only").succeeded()
			}
			w.write("main.tf", number(withToken(testToken), named(steps[last-1])))
			w.apply().succeeded().silent().does()
			server.Rename(added.ID, steps[last])
			drifted := w.plan().succeeded()
			for address, action := range drifted.actions {
				if action != "update" { // a name for a number that has none is recorded
					t.Errorf("%s does %s", address, action)
				}
			}
			if len(drifted.warnings) != 1 {
				t.Errorf("warnings: %+v", drifted.warnings)
			}
			writes(t, server, 0, 0)
		})
	}
}

func TestAcceptedRenameMakesTheFormerNameAWish(t *testing.T) {
	t.Parallel()
	w, server, added := applied(t, sandbox.Options{}, withToken(testToken), named("Shop"))
	server.Rename(added.ID, "Store")
	w.write("main.tf", number(withToken(testToken), named("Store"), "deletion_protection = true"))
	w.apply().succeeded().does(address, "update")
	w.write("main.tf", number(withToken(testToken), named("Shop"), "deletion_protection = false"))
	w.plan().failed("is protected from deletion")
}

func TestServerThatNormalisesNamesReplacesNothing(t *testing.T) {
	t.Parallel()
	w, server, _ := applied(t, sandbox.Options{NormalizeName: strings.ToUpper}, withToken(testToken), named("Shop"))
	w.plan().succeeded().does().warned("differs from the configured one", `"Shop"`, `"SHOP"`)
	w.apply().succeeded().does()
	w.plan().succeeded().does().warned("differs from the configured one")
	writes(t, server, 0, 0)
}

func TestUnknownDisplayNameKeepsTheStates(t *testing.T) {
	t.Parallel()
	w, server, added := applied(t, sandbox.Options{}, withToken(testToken), named("Shop"))
	w.write("main.tf", number(withToken(testToken), "display_name = terraform_data.name.output")+"resource \"terraform_data\" \"name\" {\n  input = \"Shop\"\n}\n")
	w.apply().succeeded().does("terraform_data.name", "create").warned("Display name of phone number " + added.ID + " is not known yet")
	w.plan().succeeded().silent().does()
	writes(t, server, 0, 0)
}

func TestChangedProviderDefaultReplacesNothing(t *testing.T) {
	t.Parallel()
	w, server, added := applied(t, sandbox.Options{}, withToken(testToken))
	w.setenv("BIZAPI_USER_ID", "usr_other")
	w.apply().succeeded().does().warned("Phone number "+added.ID+" stays with user "+testUser, "usr_other")
	w.write("main.tf", number(withToken(testToken), fmt.Sprintf("user_id = %q", testUser)))
	w.plan().succeeded().silent().does()
	w.setenv("BIZAPI_USER_ID", "")
	w.write("main.tf", number(withToken(testToken)))
	w.plan().succeeded().silent().does()
	writes(t, server, 0, 0)
}

func TestUnknownProviderDefaultReplacesNothing(t *testing.T) {
	t.Parallel()
	w, server, _ := applied(t, sandbox.Options{}, withToken(testToken))
	w.write("user.tf", "resource \"terraform_data\" \"user\" {\n  input = \"usr_other\"\n}\nprovider \"bizapi\" {\n  user_id = terraform_data.user.output\n}\n")
	w.apply().succeeded().does("terraform_data.user", "create")
	w.plan().succeeded().does().warned("stays with user " + testUser)
	writes(t, server, 0, 0)
}
