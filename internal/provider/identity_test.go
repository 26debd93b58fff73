// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// identities are those in the state, by the address of their resource; none is nil.
func (w *workspace) identities() map[string]map[string]string {
	w.t.Helper()
	var state struct {
		Resources []struct {
			Type      string `json:"type"`
			Name      string `json:"name"`
			Instances []struct {
				Identity map[string]string `json:"identity"`
			} `json:"instances"`
		} `json:"resources"`
	}
	if err := json.Unmarshal([]byte(w.read("terraform.tfstate")), &state); err != nil {
		w.t.Fatal(err)
	}
	all := map[string]map[string]string{}
	for _, resource := range state.Resources {
		for _, instance := range resource.Instances {
			all[resource.Type+"."+resource.Name] = instance.Identity
		}
	}
	return all
}

// identifies fails the test unless the state has the number's identity.
func (w *workspace) identifies(address string, number sandbox.Number) {
	w.t.Helper()
	want := map[string]string{"user_id": number.UserID, "id": number.ID}
	if got := w.identities()[address]; !maps.Equal(got, want) {
		w.t.Errorf("the identity is %v, not %v", got, want)
	}
}

// withoutIdentity makes the state one that a version from before identities wrote.
func (w *workspace) withoutIdentity() {
	w.t.Helper()
	w.editState(func(instance map[string]any) {
		delete(instance, "identity")
		delete(instance, "identity_schema_version")
	})
}

func identityBlock(userID, id string) string {
	return fmt.Sprintf("import {\n  to = %s\n  identity = {\n    user_id = %q\n    id      = %q\n  }\n}\n", address, userID, id)
}

func TestImportByIdentity(t *testing.T) {
	needs(t, 12, 12)
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		w, server, added := importable(t, sandbox.Options{Dialect: dialect})
		w.setenv("BIZAPI_USER_ID", "usr_other")
		w.write("main.tf", number(named("Shop"))+identityBlock(testUser, "pn_missing"))
		w.plan().failed("Phone number not found", `"pn_missing"`, testUser)
		for name, block := range map[string]string{"no id": identityBlock(testUser, ""), "no user": identityBlock("", added.ID), "the list itself": identityBlock(testUser, ".")} {
			w.write("main.tf", number(named("Shop"))+block)
			if refused := w.plan(); refused.code == 0 {
				t.Errorf("an identity with %s is taken", name)
			}
		}

		w.write("main.tf", number(named("Shop"), fmt.Sprintf("user_id = %q", testUser))+identityBlock(testUser, added.ID))
		w.apply().succeeded().silent().does(address, "import")
		w.identifies(address, added)
		w.plan().succeeded().silent().does()
		writes(t, server, 0, 0)
	})
}

func TestCreateAndReplacementSetTheIdentity(t *testing.T) {
	needs(t, 12, 12)
	t.Parallel()
	w, server, added := applied(t, sandbox.Options{}, withToken(testToken))
	w.identifies(address, added)
	w.write("main.tf", number(withToken(nextToken)))
	w.apply().succeeded().does(address, "replace")
	w.identifies(address, server.Numbers(testUser)[0])
}

func TestStateFromBeforeIdentitiesUpgradesInSilence(t *testing.T) {
	needs(t, 12, 12)
	steps := map[string]func(w *workspace, server *sandbox.Server, added sandbox.Number){
		"refreshed": func(w *workspace, _ *sandbox.Server, added sandbox.Number) {
			w.plan().succeeded().silent().does()
			w.apply("-refresh-only").succeeded().silent()
			w.identifies(address, added)
		},
		"changed without a refresh": func(w *workspace, _ *sandbox.Server, added sandbox.Number) {
			w.plan("-refresh=false").succeeded().silent().does()
			w.write("main.tf", number(withToken(testToken), "deletion_protection = true"))
			w.apply("-refresh=false").succeeded().silent().does(address, "update")
			w.identifies(address, added)
		},
		"replaced without a refresh": func(w *workspace, server *sandbox.Server, _ sandbox.Number) {
			w.write("main.tf", number(withToken(nextToken)))
			w.apply("-refresh=false").succeeded().does(address, "replace")
			w.identifies(address, server.Numbers(testUser)[0])
		},
		"gone": func(w *workspace, server *sandbox.Server, added sandbox.Number) {
			server.Remove(added.ID)
			w.apply().succeeded().does(address, "create")
			w.identifies(address, server.Numbers(testUser)[0])
		},
		"destroyed": func(w *workspace, _ *sandbox.Server, _ sandbox.Number) {
			w.destroy().succeeded().silent().does(address, "delete")
		},
		"gone and destroyed without a refresh": func(w *workspace, server *sandbox.Server, added sandbox.Number) {
			server.Remove(added.ID)
			w.apply("-destroy", "-refresh=false").succeeded().silent().does(address, "delete")
		},
	}
	for name, step := range steps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, server, added := applied(t, sandbox.Options{}, withToken(testToken))
			w.withoutIdentity()
			step(w, server, added)
		})
	}
}
