// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func TestRunPrintsTheProvidersOwnSchemas(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	var printed tfjson.ProviderSchemas
	if err := json.Unmarshal(out.Bytes(), &printed); err != nil {
		t.Fatal(err)
	}
	resource := printed.Schemas["bizapi"].ResourceSchemas["bizapi_phone_number"]
	if resource == nil {
		t.Fatal("bizapi_phone_number is missing")
	}
	if token := resource.Block.Attributes["access_token"]; token == nil || !token.Optional || !token.Sensitive {
		t.Errorf("access_token is %+v", token)
	}
	if resource.Block.NestedBlocks["timeouts"] == nil {
		t.Error("the timeouts block is missing")
	}
}

// As `terraform providers schema -json` prints it: what is false or empty is left out.
func TestConvertWritesWhatTheCLIWrites(t *testing.T) {
	schemas := &tfprotov6.GetProviderSchemaResponse{
		Provider: &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{}},
		ResourceSchemas: map[string]*tfprotov6.Schema{"x_thing": {Version: 2, Block: &tfprotov6.SchemaBlock{
			Description:     "A *thing*.",
			DescriptionKind: tfprotov6.StringKindMarkdown,
			Attributes: []*tfprotov6.SchemaAttribute{
				{Name: "secret", Type: tftypes.String, Optional: true, Sensitive: true, WriteOnly: true},
				{Name: "tags", Type: tftypes.Map{ElementType: tftypes.Number}, Computed: true, Deprecated: true},
				{Name: "parts", Required: true, NestedType: &tfprotov6.SchemaObject{
					Nesting:    tfprotov6.SchemaObjectNestingModeMap,
					Attributes: []*tfprotov6.SchemaAttribute{{Name: "size", Type: tftypes.Bool, Required: true}},
				}},
			},
			BlockTypes: []*tfprotov6.SchemaNestedBlock{{
				TypeName: "timeouts",
				Nesting:  tfprotov6.SchemaNestedBlockNestingModeSingle,
				Block:    &tfprotov6.SchemaBlock{Attributes: []*tfprotov6.SchemaAttribute{{Name: "create", Type: tftypes.String, Optional: true}}},
			}},
		}}},
		DataSourceSchemas:   map[string]*tfprotov6.Schema{"x_seen": {Block: &tfprotov6.SchemaBlock{}}},
		ListResourceSchemas: map[string]*tfprotov6.Schema{"x_thing": {Block: &tfprotov6.SchemaBlock{}}},
	}
	identities := &tfprotov6.GetResourceIdentitySchemasResponse{
		IdentitySchemas: map[string]*tfprotov6.ResourceIdentitySchema{"x_thing": {
			IdentityAttributes: []*tfprotov6.ResourceIdentitySchemaAttribute{
				{Name: "id", Type: tftypes.String, RequiredForImport: true, Description: "Its id."},
			},
		}},
	}
	want := `{
		"format_version": "1.0",
		"provider_schemas": {"x": {
			"provider": {"version": 0, "block": {"description_kind": "plain"}},
			"resource_schemas": {"x_thing": {"version": 2, "block": {
				"description": "A *thing*.",
				"description_kind": "markdown",
				"attributes": {
					"secret": {"type": "string", "description_kind": "plain", "optional": true, "sensitive": true, "write_only": true},
					"tags": {"type": ["map", "number"], "description_kind": "plain", "computed": true, "deprecated": true},
					"parts": {"description_kind": "plain", "required": true, "nested_type": {
						"nesting_mode": "map",
						"attributes": {"size": {"type": "bool", "description_kind": "plain", "required": true}}
					}}
				},
				"block_types": {"timeouts": {"nesting_mode": "single", "block": {
					"description_kind": "plain",
					"attributes": {"create": {"type": "string", "description_kind": "plain", "optional": true}}
				}}}
			}}},
			"data_source_schemas": {"x_seen": {"version": 0, "block": {"description_kind": "plain"}}},
			"list_resource_schemas": {"x_thing": {"version": 0, "block": {"description_kind": "plain"}}},
			"resource_identity_schemas": {"x_thing": {"version": 0, "attributes": {
				"id": {"type": "string", "description": "Its id.", "required_for_import": true}
			}}}
		}}
	}`
	converted, err := convert("x", schemas, identities)
	if err != nil {
		t.Fatal(err)
	}
	written, err := json.Marshal(converted)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(decode(t, []byte(want)), decode(t, written)); diff != "" {
		t.Error(diff)
	}
}

func decode(t *testing.T, text []byte) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	return value
}
