// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
	"github.com/bizapi/terraform-provider-bizapi/internal/tfcli"
)

// source is a resource of a generic provider that holds a number.
type source struct {
	provider   string // namespace/name
	typeName   string
	attributes func(number sandbox.Number) map[string]any
}

func pathOf(number sandbox.Number) string { return "/users/" + number.UserID + "/phone_numbers" }

var sources = map[string]source{
	"restapi": {"mastercard/restapi", "restapi_object", func(number sandbox.Number) map[string]any {
		return map[string]any{
			"id": number.ID, "path": pathOf(number), "read_path": pathOf(number),
			"read_search": map[string]any{"search_key": "id", "search_value": number.ID, "results_key": "data"},
			"data": fmt.Sprintf(`{"platform":%q,"meta_phone_number_id":%q,"access_token":%q,"display_name":%q}`,
				number.Platform, number.MetaPhoneNumberID, number.AccessToken, *number.DisplayName),
		}
	}},
	"restful": {"magodo/restful", "restful_resource", func(number sandbox.Number) map[string]any {
		dynamic := func(value map[string]any) map[string]any {
			return map[string]any{"value": value, "type": []any{"object", map[string]any{}}}
		}
		return map[string]any{
			"id": pathOf(number), "path": pathOf(number), "delete_path": "$(path)/$(body.id)",
			"body":   dynamic(map[string]any{"platform": number.Platform, "meta_phone_number_id": number.MetaPhoneNumberID, "access_token": number.AccessToken}),
			"output": dynamic(map[string]any{"id": number.ID, "platform": number.Platform, "meta_phone_number_id": number.MetaPhoneNumberID, "display_name": *number.DisplayName}),
		}
	}},
}

// holds writes a state in which a generic provider holds the number as the resource "shop", or several
// as its instances. The CLI wants that provider to be installed, and calls nothing of it: this one's
// program stands in for it.
func (w *cliWorkspace) holds(from source, numbers ...sandbox.Number) {
	w.t.Helper()
	dir := filepath.Dir(devOverride(w.t))
	_, name, _ := strings.Cut(from.provider, "/")
	if err := os.Symlink(filepath.Join(dir, "terraform-provider-bizapi"), filepath.Join(w.Dir, "terraform-provider-"+name)); err != nil && !os.IsExist(err) {
		w.t.Fatal(err)
	}
	config := filepath.Join(w.Dir, "cli.tfrc")
	if err := tfcli.WriteOverrides(config, map[string]string{"bizapi/bizapi": dir, from.provider: w.Dir}); err != nil {
		w.t.Fatal(err)
	}
	w.Setenv("TF_CLI_CONFIG_FILE", config)

	var instances []any
	for at, number := range numbers {
		instance := map[string]any{"schema_version": 0, "attributes": from.attributes(number), "sensitive_attributes": []any{}}
		if len(numbers) > 1 {
			instance["index_key"] = at
		}
		instances = append(instances, instance)
	}
	state, err := json.Marshal(map[string]any{
		"version": 4, "terraform_version": "1.11.0", "serial": 1, "lineage": "5b1c3a3e-0000-0000-0000-000000000000",
		"outputs": map[string]any{}, "check_results": nil,
		"resources": []any{map[string]any{
			"mode": "managed", "type": from.typeName, "name": "shop",
			"provider":  fmt.Sprintf("provider[%q]", "registry.terraform.io/"+from.provider),
			"instances": instances,
		}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("terraform.tfstate", string(state))
}

// identity is that of the only resource in the state.
func (w *cliWorkspace) identity() string {
	w.t.Helper()
	var state struct {
		Resources []struct {
			Instances []struct {
				Identity map[string]any `json:"identity"`
			} `json:"instances"`
		} `json:"resources"`
	}
	if err := json.Unmarshal([]byte(w.read("terraform.tfstate")), &state); err != nil {
		w.t.Fatal(err)
	}
	return fmt.Sprint(state.Resources[0].Instances[0].Identity)
}

func movedBlock(from source) string { return moved(from.typeName+".shop", address) }

func TestCLIMovedFromAGenericProvider(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from := sources[name]
			w, api, added := cliImportable(t, sandbox.Options{})
			w.holds(from, added)

			// Without a token, and with the name that the API has.
			w.write("main.tf", number(named("Shop"))+movedBlock(from))
			w.apply().succeeded().silent().does(address, "move")
			if state := w.read("terraform.tfstate"); strings.Contains(state, added.AccessToken) || strings.Contains(state, from.typeName) {
				t.Errorf("the state still has what it had: %s", state)
			}
			if got := w.attributes(address); got["id"] != added.ID || got["display_name"] != "Shop" || got["created_at"] == nil {
				t.Errorf("moved to %v", got)
			}
			if identity := w.identity(); cli(t).Has(12, 12) && identity != fmt.Sprint(map[string]any{"id": added.ID, "user_id": testUser}) {
				t.Errorf("the identity is %s", identity)
			}
			w.plan().succeeded().silent().does()

			// With either token, another name, with and without a refresh.
			for token, refresh := range map[string]string{withToken(testToken): "-refresh=false", withWriteOnly(testToken, 7): "-refresh=true"} {
				w.holds(from, added)
				w.write("main.tf", number(named("Another name"), token)+movedBlock(from))
				w.apply(refresh).succeeded().does(address, "update").warned("is not sent").warned("was renamed elsewhere")
			}
			w.plan().succeeded().does().warned("was renamed elsewhere")
			cliWrites(t, api, 0, 0)
		})
	}
}

func TestCLIMovedWithAllInstancesAtOnce(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from := sources[name]
			w, api, added := cliImportable(t, sandbox.Options{})
			numbers := []sandbox.Number{added}
			shop := "Shop"
			for at := range 5 {
				numbers = append(numbers, api.Add(testUser, sandbox.Number{
					Platform: "whatsapp", MetaPhoneNumberID: fmt.Sprint(2000 + at), AccessToken: importedToken, DisplayName: &shop,
				}))
			}
			w.holds(from, numbers...)
			w.write("main.tf", fmt.Sprintf(`
resource "bizapi_phone_number" "main" {
  count                = 6
  platform             = "whatsapp"
  meta_phone_number_id = count.index == 0 ? %q : tostring(1999 + count.index)
  display_name         = "Shop"
}
`, whatsAppID)+movedBlock(from))
			moved := w.apply("-parallelism=1").succeeded().silent()
			if len(moved.Actions) != len(numbers) {
				t.Errorf("the plan does %v", moved.Actions)
			}
			state, err := w.State(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for at, number := range numbers {
				if got := state[fmt.Sprintf("%s[%d]", address, at)]["id"]; got != number.ID {
					t.Errorf("instance %d is %v, not %s", at, got, number.ID)
				}
			}
			w.plan().succeeded().silent().does()
			cliWrites(t, api, 0, 0)
		})
	}
}

func TestCLIMovedToAnotherAccountStaysInTheState(t *testing.T) {
	t.Parallel()
	w, api, added := cliImportable(t, sandbox.Options{})
	from := sources["restapi"]
	w.holds(from, added)
	staging := newAPI(t, sandbox.Options{})
	before := w.read("terraform.tfstate")
	w.write("main.tf", number(withToken(testToken))+movedBlock(from))
	w.Setenv("BIZAPI_BASE_URL", staging.baseURL)
	w.apply().failed("Missing under another base URL", "the API that mastercard/restapi was configured with", staging.baseURL, "terraform state rm")
	if w.read("terraform.tfstate") != before {
		t.Error("the state changed")
	}
	cliWrites(t, api, 0, 0)
}

func TestCLIMoveThatIsRefusedChangesNothing(t *testing.T) {
	t.Parallel()
	w, api, added := cliImportable(t, sandbox.Options{})
	from := sources["restapi"]
	agent := from
	agent.attributes = func(number sandbox.Number) map[string]any {
		return map[string]any{"id": "ag_1", "path": "/users/" + number.UserID + "/agents", "data": `{"name":"Bot"}`}
	}
	w.holds(agent, added)
	before := w.read("terraform.tfstate")
	w.write("main.tf", number(withToken(testToken))+movedBlock(from))
	w.apply().failed("restapi_object cannot be moved to bizapi_phone_number", "It is not a phone number", "an import block")
	if w.read("terraform.tfstate") != before {
		t.Error("the state changed")
	}
	cliWrites(t, api, 0, 0)
}
