// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// move asks a provider that is not configured to move a state, written as the source's provider
// would.
func move(t *testing.T, providerAddress, typeName, state string) *tfprotov6.MoveResourceStateResponse {
	t.Helper()
	e := newEngine(t, "http://127.0.0.1:1/v1", nil)
	moved, err := e.server.MoveResourceState(t.Context(), &tfprotov6.MoveResourceStateRequest{
		SourceProviderAddress: providerAddress, SourceTypeName: typeName, TargetTypeName: numberType,
		SourceState: &tfprotov6.RawState{JSON: []byte(state)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return moved
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
	shop := registration{"usr_abc123", "pn_abc123", metaID{"whatsapp", "836990829491415"}, "Shop"}
	store := registration{"usr_abc123", "pn_abc123", metaID{"whatsapp", "836990829491415"}, "Store"}
	nameless := registration{"usr_abc123", "pn_abc123", metaID{"whatsapp", "836990829491415"}, ""}
	tests := map[string]struct {
		provider, typeName, state string
		want                      registration
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
			moved := move(t, test.provider, test.typeName, test.state)
			if len(moved.Diagnostics) > 0 {
				t.Fatal(texts(moved.Diagnostics))
			}
			checkMoved(t, moved, test.want)
		})
	}
}

// checkMoved compares state and identity, and makes sure that no token came along.
func checkMoved(t *testing.T, moved *tfprotov6.MoveResourceStateResponse, want registration) {
	t.Helper()
	e := newEngine(t, "http://127.0.0.1:1/v1", nil)
	state := e.attributes(e.static(moved.TargetState))
	name := tftypes.NewValue(tftypes.String, want.displayName)
	if want.displayName == "" {
		name = tftypes.NewValue(tftypes.String, nil)
	}
	for attribute, wanted := range map[string]tftypes.Value{
		"id": tftypes.NewValue(tftypes.String, want.id), "user_id": tftypes.NewValue(tftypes.String, want.userID),
		"platform": tftypes.NewValue(tftypes.String, want.meta.platform), "meta_phone_number_id": tftypes.NewValue(tftypes.String, want.meta.id),
		"display_name": name, "deletion_protection": tftypes.NewValue(tftypes.Bool, false),
		"access_token": tftypes.NewValue(tftypes.String, nil), "access_token_wo_version": tftypes.NewValue(tftypes.Number, nil),
	} {
		if !state[attribute].Equal(wanted) {
			t.Errorf("%s is %s, not %s", attribute, state[attribute], wanted)
		}
	}
	identity, err := moved.TargetIdentity.IdentityData.Unmarshal(tftypes.Object{AttributeTypes: map[string]tftypes.Type{"user_id": tftypes.String, "id": tftypes.String}})
	if err != nil {
		t.Fatal(err)
	}
	parts := e.attributes(identity)
	if !parts["id"].Equal(tftypes.NewValue(tftypes.String, want.id)) || !parts["user_id"].Equal(tftypes.NewValue(tftypes.String, want.userID)) {
		t.Errorf("the identity is %s", identity)
	}
	var private map[string][]byte
	if err := json.Unmarshal(moved.TargetPrivate, &private); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(moved.TargetState.MsgPack)+string(private[memoryKey]), "EAAfakeToken") {
		t.Error("the token came along")
	}
}

func TestMoveOfSomethingElseIsRefused(t *testing.T) {
	tests := map[string]struct {
		provider, typeName, state string
		want                      string
	}{
		"another kind of object":        {restAPI, "restapi_object", `{"id":"ag_1","path":"/users/usr_abc123/agents","data":"{\"name\":\"Bot\"}"}`, "no phone number"},
		"something below a number":      {restAPI, "restapi_object", `{"id":"tpl_1","path":"/users/usr_abc123/phone_numbers/pn_abc123/templates","data":"{}"}`, "no phone number"},
		"no user":                       {restAPI, "restapi_object", `{"id":"pn_abc123","path":"/phone_numbers","data":"` + sentBody + `"}`, "does not say which user"},
		"no user, which one":            {restAPI, "restapi_object", `{"id":"pn_abc123","path":"/phone_numbers","data":"` + sentBody + `"}`, `"pn_abc123", "/phone_numbers"`},
		"another type of this provider": {"registry.terraform.io/bizapi/bizapi", "bizapi_agent", `{"id":"ag_1"}`, "bizapi_agent of the provider"},
		"another name without a host":   {"random", "restapi_object", `{"id":"pn_abc123"}`, "of the provider random"},
		"a user that cannot be":         {restAPI, "restapi_object", `{"id":"pn_abc123","path":"/users/a%20b/phone_numbers","data":"` + sentBody + `"}`, "letters, digits, - and _"},
		"a path of nothing":             {restful, "restful_resource", `{"id":"","path":"","body":null,"output":null}`, "no phone number"},
		"no id":                         {restful, "restful_resource", `{"id":"/users/usr_abc123/phone_numbers","path":"/users/usr_abc123/phone_numbers","body":{"type":"dynamic","value":` + unescaped(sentBody) + `},"output":null}`, "the API's id"},
		"a list without the number":     {restful, "restful_resource", `{"id":"/users/usr_abc123/phone_numbers","path":"/users/usr_abc123/phone_numbers","body":{"type":"dynamic","value":` + unescaped(sentBody) + `},"output":{"type":"dynamic","value":[` + unescaped(another) + `]}}`, "the API's id"},
		"Meta's id for the API's":       {restAPI, "restapi_object", `{"id":"836990829491415","path":"/users/usr_abc123/phone_numbers","data":"` + sentBody + `"}`, "the API's id"},
		"no platform":                   {restAPI, "restapi_object", `{"id":"pn_abc123","path":"/users/usr_abc123/phone_numbers","data":"{}"}`, "no platform"},
		"a phone number for Meta's id":  {restAPI, "restapi_object", `{"id":"pn_abc123","path":"/users/usr_abc123/phone_numbers","data":"{\"platform\":\"whatsapp\",\"meta_phone_number_id\":\"+1 234\"}"}`, "looks like the phone number itself"},
		"a state of no known version":   {restAPI, "restapi_object", `{"id":7}`, "not that of any version"},
		"another type of the provider":  {restful, "restful_operation", `{"id":"/users/usr_abc123/phone_numbers","path":"/users/usr_abc123/phone_numbers"}`, "Mastercard/restapi"},
		"another provider of that name": {"registry.terraform.io/someone/restapi", "restapi_object", `{"id":"pn_abc123","path":"/users/usr_abc123/phone_numbers","data":"` + sentBody + `"}`, "registry.terraform.io/someone/restapi"},
		"a provider of a longer name":   {"registry.terraform.io/notmastercard/restapi", "restapi_object", `{"id":"pn_abc123","path":"/users/usr_abc123/phone_numbers","data":"` + sentBody + `"}`, "notmastercard"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			moved := move(t, test.provider, test.typeName, test.state)
			text := texts(moved.Diagnostics)
			for _, part := range []string{test.want, test.typeName + " cannot be moved to bizapi_phone_number", "an import block"} {
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
	for _, address := range []string{"registry.opentofu.org/bizapi/bizapi", "registry.corp.example/corp/bizapi"} {
		e := newEngine(t, "http://127.0.0.1:1/v1", nil)
		private, err := json.Marshal(map[string][]byte{memoryKey: []byte(`{"base_url":"https://api.example.com/v1"}`)})
		if err != nil {
			t.Fatal(err)
		}
		moved, err := e.server.MoveResourceState(t.Context(), &tfprotov6.MoveResourceStateRequest{
			SourceProviderAddress: address, SourceTypeName: numberType, TargetTypeName: numberType, SourcePrivate: private,
			SourceState: &tfprotov6.RawState{JSON: []byte(`{"id":"pn_abc123","user_id":"usr_abc123","platform":"whatsapp","meta_phone_number_id":"836990829491415",
				"access_token":"EAAfakeToken","deletion_protection":true,"display_name":"Shop","created_at":"2025-02-10T10:00:00Z"}`)},
		})
		if err != nil || len(moved.Diagnostics) > 0 {
			t.Fatal(err, texts(moved.Diagnostics))
		}
		state := e.attributes(e.static(moved.TargetState))
		for attribute, want := range map[string]tftypes.Value{
			"id": tftypes.NewValue(tftypes.String, "pn_abc123"), "access_token": tftypes.NewValue(tftypes.String, "EAAfakeToken"),
			"deletion_protection": tftypes.NewValue(tftypes.Bool, true), "created_at": tftypes.NewValue(tftypes.String, "2025-02-10T10:00:00Z"),
		} {
			if !state[attribute].Equal(want) {
				t.Errorf("%s: %s is %s, not %s", address, attribute, state[attribute], want)
			}
		}
		var kept map[string][]byte
		if err := json.Unmarshal(moved.TargetPrivate, &kept); err != nil || !strings.Contains(string(kept[memoryKey]), "api.example.com") {
			t.Errorf("%s: the memory is %s, %v", address, kept[memoryKey], err)
		}
	}
}
