// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A few tests speak to the provider as the CLI does, where plugin-testing and the CLI hide what it says.

func schemas(t testing.TB, server tfprotov6.ProviderServer) *tfprotov6.GetProviderSchemaResponse {
	t.Helper()
	found, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// configured is a provider of testUser.
func (a *testAPI) configured(t testing.TB) tfprotov6.ProviderServer {
	t.Helper()
	server, err := a.factories()["bizapi"]()
	if err != nil {
		t.Fatal(err)
	}
	done, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		Config: dynamic(t, schemas(t, server).Provider, map[string]any{"base_url": a.baseURL, "api_key": testKey, "user_id": testUser}),
	})
	if err != nil || len(done.Diagnostics) > 0 {
		t.Fatal(err, done.Diagnostics)
	}
	return server
}

// dynamic is a configuration with those values; all others are null.
func dynamic(t testing.TB, schema *tfprotov6.Schema, values map[string]any) *tfprotov6.DynamicValue {
	t.Helper()
	object := schema.ValueType().(tftypes.Object)
	all := map[string]tftypes.Value{}
	for name, kind := range object.AttributeTypes {
		all[name] = tftypes.NewValue(kind, values[name])
	}
	made, err := tfprotov6.NewDynamicValue(object, tftypes.NewValue(object, all))
	if err != nil {
		t.Fatal(err)
	}
	return &made
}
