// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/bizapi/terraform-provider-bizapi/internal/provider"
	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestMovedBlockPlansNothing(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		step := func(to string, blocks ...string) resource.TestStep {
			return resource.TestStep{
				Config: api.config(blocks...),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectEmptyPlan(), plancheck.ExpectResourceAction(to, plancheck.ResourceActionNoop),
				}},
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(to, tfjsonpath.New("id"), knownvalue.StringFunc(api.isTheID)), api.checkRequests(0, 0),
				},
			}
		}
		token := withWriteOnly(testToken, 1)
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: api.config(number(token)), ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0)}},
				step("bizapi_phone_number.shop", phoneNumber("shop", "whatsapp", whatsAppID, token), moved(address, "bizapi_phone_number.shop")),
				step("bizapi_phone_number.shop[0]", phoneNumber("shop", "whatsapp", whatsAppID, token, "count = 1"), moved("bizapi_phone_number.shop", "bizapi_phone_number.shop[0]")),
				{ // plugin-testing reads no state with for_each, so this is planned alone
					Config:   api.config(phoneNumber("shop", "whatsapp", whatsAppID, token, `for_each = toset(["a"])`), moved("bizapi_phone_number.shop[0]", `bizapi_phone_number.shop["a"]`)),
					PlanOnly: true,
				},
				step(address, number(token), moved("bizapi_phone_number.shop[0]", address)),
			},
		})
	})
}

// What follows speaks to the provider as the CLI does: plugin-testing cannot start a test with another
// provider's state. The tests of cli_moves_test.go do so with the CLI.

// moveState asks a provider that is not configured to move a state, written as the source's provider would.
func moveState(t *testing.T, providerAddress, typeName, state string) *tfprotov6.MoveResourceStateResponse {
	t.Helper()
	done, err := provider.NewServer("test").MoveResourceState(t.Context(), &tfprotov6.MoveResourceStateRequest{
		SourceProviderAddress: providerAddress, SourceTypeName: typeName, TargetTypeName: "bizapi_phone_number",
		SourceState: &tfprotov6.RawState{JSON: []byte(state)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// textsOf are the attributes of an object that are texts and not null, and those that are true.
func textsOf(t testing.TB, schema interface{ ValueType() tftypes.Type }, value *tfprotov6.DynamicValue) map[string]string {
	t.Helper()
	object, err := value.Unmarshal(schema.ValueType())
	if err != nil {
		t.Fatal(err)
	}
	var attributes map[string]tftypes.Value
	if err := object.As(&attributes); err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for name, attribute := range attributes {
		var text string
		switch {
		case attribute.Equal(tftypes.NewValue(tftypes.Bool, true)):
			texts[name] = "true"
		case attribute.Type().Is(tftypes.String) && !attribute.IsNull() && attribute.As(&text) == nil:
			texts[name] = text
		}
	}
	return texts
}

// Parts of states, as the published schemas of the two providers have them.
const (
	restAPI  = "registry.terraform.io/mastercard/restapi"
	restful  = "registry.terraform.io/magodo/restful"
	sentBody = `{\"platform\":\"whatsapp\",\"meta_phone_number_id\":\"836990829491415\",\"access_token\":\"EAAfakeToken\",\"display_name\":\"Shop\"}`
	row      = `{\"id\":\"pn_abc123\",\"user_id\":\"usr_abc123\",\"platform\":\"whatsapp\",\"meta_phone_number_id\":\"836990829491415\",\"access_token\":\"EAAfakeToken\",\"display_name\":\"Store\"}`
	twin     = `{\"id\":\"pn_twin\",\"platform\":\"webchat\",\"meta_phone_number_id\":\"836990829491415\",\"display_name\":\"Twin\"}`
	another  = `{\"id\":\"pn_other\",\"platform\":\"whatsapp\",\"meta_phone_number_id\":\"106540352242922\",\"display_name\":\"Other\"}`
)

func unescaped(text string) string { return strings.ReplaceAll(text, `\"`, `"`) }

func TestMoveFromGenericProviders(t *testing.T) {
	t.Parallel()
	nameless := map[string]string{"id": "pn_abc123", "user_id": "usr_abc123", "platform": "whatsapp", "meta_phone_number_id": "836990829491415"}
	shop, store := maps.Clone(nameless), maps.Clone(nameless)
	shop["display_name"], store["display_name"] = "Shop", "Store"
	tests := map[string]struct {
		provider, typeName, state string
		want                      map[string]string
	}{
		"restapi, read by a search": {restAPI, "restapi_object",
			`{"id":"pn_abc123","path":"/users/usr_abc123/phone_numbers","read_path":"/users/usr_abc123/phone_numbers","create_path":null,"destroy_path":null,
			  "read_search":{"search_key":"id","search_value":"{id}","results_key":"data"},"data":"` + sentBody + `","api_response":"` + row + `",
			  "api_data":{"id":"pn_abc123","display_name":"Older"},"create_response":"{\"success\":true,\"data\":` + row + `}","debug":false,"force_new":null,"id_attribute":"id"}`, store},
		"restapi, read as a whole list": {restAPI, "restapi_object",
			`{"id":"pn_abc123","path":"/v1/users/usr_abc123/phone_numbers/","data":"` + sentBody + `","api_data":{"success":"true","count":"2","data":"[map[id:pn_other]]"},
			  "api_response":"{\"success\":true,\"count\":2,\"data\":[` + another + `,` + row + `]}"}`, store},
		"restapi, whose id is Meta's": {restAPI, "restapi_object",
			`{"id":"836990829491415","id_attribute":"meta_phone_number_id","path":"users/usr_abc123/phone_numbers","data":"` + sentBody + `","api_response":"[` + another + `,` + row + `]"}`, store},
		"restapi of an early version": {restAPI, "restapi_object",
			`{"id":"pn_abc123","path":"/users/usr_abc123/phone_numbers","data":"` + sentBody + `","api_data":{"id":"pn_abc123","platform":"whatsapp","meta_phone_number_id":"836990829491415","access_token":"EAAfakeToken"}}`, shop},
		"restapi that was imported": {restAPI, "restapi_object",
			`{"id":"pn_abc123","path":"/users/usr_abc123/phone_numbers","data":"{ \"id\": \"pn_abc123\" }","api_response":"` + row + `"}`, store},
		"restapi that kept no answer": {restAPI, "restapi_object",
			`{"id":"pn_abc123","path":"/users/usr_abc123/phone_numbers?strict=1","data":"` + sentBody + `","api_data":{},"api_response":"","create_response":null}`, shop},
		"restapi with Meta's id as a number": {restAPI, "restapi_object",
			`{"id":"pn_abc123","path":"/users/usr_abc123/phone_numbers","data":"{\"platform\":\"WhatsApp\",\"meta_phone_number_id\":836990829491415}"}`, nameless},
		"restapi whose base URL names the user": {restAPI, "restapi_object",
			`{"id":"pn_abc123","path":"/phone_numbers","data":"` + sentBody + `","api_response":"` + row + `"}`, store},
		"restapi of a mirror, in the registry's spelling": {"mirror.example.com/Mastercard/restapi", "restapi_object",
			`{"id":"pn_abc123","path":"/users/usr_abc123/phone_numbers","data":"` + sentBody + `"}`, shop},
		"restapi, with a twin of another platform": {restAPI, "restapi_object",
			`{"id":"836990829491415","id_attribute":"meta_phone_number_id","path":"users/usr_abc123/phone_numbers","data":"` + sentBody + `","api_response":"[` + twin + `,` + row + `]"}`, store},
		"restapi, as OpenTofu 1.11 names it": {"restapi", "restapi_object",
			`{"id":"pn_abc123","path":"/users/usr_abc123/phone_numbers","data":"` + sentBody + `"}`, shop},
		"restapi, as OpenTofu 1.12 names all instances but the first": {"registry.opentofu.org/bizapi/bizapi", "restapi_object",
			`{"id":"pn_abc123","path":"/users/usr_abc123/phone_numbers","data":"` + sentBody + `"}`, shop},
		"restful, as OpenTofu 1.12 names it from a private registry": {"registry.corp.example/corp/bizapi", "restful_resource",
			`{"id":"/users/usr_abc123/phone_numbers/pn_abc123","path":"/users/usr_abc123/phone_numbers","body":"` + sentBody + `","output":"` + row + `"}`, store},
		"restful, read by id": {restful, "restful_resource",
			`{"id":"/users/usr_abc123/phone_numbers/pn_abc123","path":"/users/usr_abc123/phone_numbers","read_path":"$(path)/$(body.id)",
			  "body":{"type":["object",{"platform":"string"}],"value":` + unescaped(sentBody) + `},"output":{"type":["object",{"id":"string"}],"value":` + unescaped(row) + `}}`, store},
		"restful, selected from the list": {restful, "restful_resource",
			`{"id":"/users/usr_abc123/phone_numbers","path":"/users/usr_abc123/phone_numbers","read_selector":"data.#(id==\"pn_abc123\")",
			  "body":{"type":"dynamic","value":` + unescaped(sentBody) + `},"output":{"type":"dynamic","value":` + unescaped(row) + `}}`, store},
		"restful, read as a whole list": {restful, "restful_resource",
			`{"id":"/users/usr_abc123/phone_numbers","path":"/users/usr_abc123/phone_numbers",
			  "body":{"type":"dynamic","value":` + unescaped(sentBody) + `},"output":{"type":"dynamic","value":{"success":true,"data":[` + unescaped(another) + `,` + unescaped(row) + `]}}}`, store},
		"restful before version 0.14": {restful, "restful_resource",
			`{"id":"/users/usr_abc123/phone_numbers/pn_abc123","path":"/users/usr_abc123/phone_numbers","body":"` + sentBody + `","output":"` + row + `"}`, store},
		"restful that kept a part of the answer": {"registry.opentofu.org/magodo/restful", "restful_resource",
			`{"id":"/users/usr_abc123/phone_numbers","path":"/users/usr_abc123/phone_numbers","output_attrs":["id"],
			  "body":{"type":"dynamic","value":` + unescaped(sentBody) + `},"output":{"type":"dynamic","value":{"id":"pn_abc123"}}}`, shop},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			done := moveState(t, test.provider, test.typeName, test.state)
			if len(done.Diagnostics) > 0 {
				t.Fatal(done.Diagnostics[0])
			}
			all := schemas(t, provider.NewServer("test"))
			if diff := cmp.Diff(test.want, textsOf(t, all.ResourceSchemas["bizapi_phone_number"], done.TargetState)); diff != "" {
				t.Errorf("the state is another (-want +got):\n%s", diff)
			}
			identity := map[string]string{"id": test.want["id"], "user_id": test.want["user_id"]}
			if diff := cmp.Diff(identity, textsOf(t, identitySchema(t), done.TargetIdentity.IdentityData)); diff != "" {
				t.Errorf("the identity is another (-want +got):\n%s", diff)
			}
			var private map[string][]byte
			if err := json.Unmarshal(done.TargetPrivate, &private); err != nil {
				t.Fatal(err)
			}
			for _, text := range append(slices.Collect(maps.Values(private)), done.TargetState.MsgPack) {
				if strings.Contains(string(text), "EAAfakeToken") {
					t.Error("the token came along")
				}
			}
		})
	}
}

func identitySchema(t *testing.T) *tfprotov6.ResourceIdentitySchema {
	t.Helper()
	found, err := provider.NewServer("test").GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return found.IdentitySchemas["bizapi_phone_number"]
}

func TestMoveOfSomethingElseIsRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		provider, typeName, state string
		want                      string
	}{
		"another kind of object":           {restAPI, "restapi_object", `{"id":"ag_1","path":"/users/usr_abc123/agents","data":"{\"name\":\"Bot\"}"}`, "not a phone number"},
		"something below a number":         {restAPI, "restapi_object", `{"id":"tpl_1","path":"/users/usr_abc123/phone_numbers/pn_abc123/templates","data":"{}"}`, "not a phone number"},
		"no user":                          {restAPI, "restapi_object", `{"id":"pn_abc123","path":"/phone_numbers","data":"` + sentBody + `"}`, "does not say which user"},
		"no user, which one":               {restAPI, "restapi_object", `{"id":"pn_abc123","path":"/phone_numbers","data":"` + sentBody + `"}`, `"pn_abc123", "/phone_numbers"`},
		"another type of this provider":    {"registry.terraform.io/bizapi/bizapi", "bizapi_agent", `{"id":"ag_1"}`, "bizapi_agent of the provider"},
		"another name without a host":      {"random", "restapi_object", `{"id":"pn_abc123"}`, "of the provider random"},
		"a user that cannot be":            {restAPI, "restapi_object", `{"id":"pn_abc123","path":"/users/a%20b/phone_numbers","data":"` + sentBody + `"}`, "letters, digits, - or _"},
		"a path of nothing":                {restful, "restful_resource", `{"id":"","path":"","body":null,"output":null}`, "not a phone number"},
		"no id":                            {restful, "restful_resource", `{"id":"/users/usr_abc123/phone_numbers","path":"/users/usr_abc123/phone_numbers","body":{"type":"dynamic","value":` + unescaped(sentBody) + `},"output":null}`, "the API's id"},
		"a list without the number":        {restful, "restful_resource", `{"id":"/users/usr_abc123/phone_numbers","path":"/users/usr_abc123/phone_numbers","body":{"type":"dynamic","value":` + unescaped(sentBody) + `},"output":{"type":"dynamic","value":[` + unescaped(another) + `]}}`, "the API's id"},
		"Meta's id for the API's, as path": {restful, "restful_resource", `{"id":"/users/usr_abc123/phone_numbers/836990829491415","path":"/users/usr_abc123/phone_numbers","body":{"type":"dynamic","value":` + unescaped(sentBody) + `},"output":null}`, "the API's id"},
		"Meta's id for the API's":          {restAPI, "restapi_object", `{"id":"836990829491415","path":"/users/usr_abc123/phone_numbers","data":"` + sentBody + `"}`, "the API's id"},
		"no platform":                      {restAPI, "restapi_object", `{"id":"pn_abc123","path":"/users/usr_abc123/phone_numbers","data":"{}"}`, "does not name a known platform"},
		"a phone number for Meta's id":     {restAPI, "restapi_object", `{"id":"pn_abc123","path":"/users/usr_abc123/phone_numbers","data":"{\"platform\":\"whatsapp\",\"meta_phone_number_id\":\"+1 234\"}"}`, "looks like the phone number itself"},
		"a state of no known version":      {restAPI, "restapi_object", `{"id":7}`, "not that of any version"},
		"another type of the provider":     {restful, "restful_operation", `{"id":"/users/usr_abc123/phone_numbers","path":"/users/usr_abc123/phone_numbers"}`, "Mastercard/restapi"},
		"another provider of that name":    {"registry.terraform.io/someone/restapi", "restapi_object", `{"id":"pn_abc123","path":"/users/usr_abc123/phone_numbers","data":"` + sentBody + `"}`, "registry.terraform.io/someone/restapi"},
		"a provider of a longer name":      {"registry.terraform.io/notmastercard/restapi", "restapi_object", `{"id":"pn_abc123","path":"/users/usr_abc123/phone_numbers","data":"` + sentBody + `"}`, "notmastercard"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var text string
			for _, d := range moveState(t, test.provider, test.typeName, test.state).Diagnostics {
				text += d.Summary + " " + d.Detail
			}
			for _, part := range []string{test.want, test.typeName, "import block"} {
				if !strings.Contains(text, part) {
					t.Errorf("no %q in %s", part, text)
				}
			}
			if strings.Contains(text, "EAAfakeToken") {
				t.Error("the message shows the token")
			}
		})
	}
}

// A state changes its provider's host when another CLI applies it, or when a private registry is used.
func TestMoveOfAnOwnNumberKeepsEverything(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"registry.opentofu.org/bizapi/bizapi", "registry.corp.example/corp/bizapi"} {
		want := map[string]string{
			"id": "pn_abc123", "user_id": "usr_abc123", "platform": "whatsapp", "meta_phone_number_id": "836990829491415",
			"access_token": "EAAfakeToken", "display_name": "Shop", "created_at": "2025-02-10T10:00:00Z", "updated_at": "2025-02-10T10:00:00Z",
		}
		state, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		done := moveState(t, source, "bizapi_phone_number", strings.TrimSuffix(string(state), "}")+`,"deletion_protection":true}`)
		want["deletion_protection"] = "true"
		if len(done.Diagnostics) > 0 {
			t.Fatal(done.Diagnostics[0])
		}
		if diff := cmp.Diff(want, textsOf(t, schemas(t, provider.NewServer("test")).ResourceSchemas["bizapi_phone_number"], done.TargetState)); diff != "" {
			t.Errorf("%s: the state is another (-want +got):\n%s", source, diff)
		}
	}
}
