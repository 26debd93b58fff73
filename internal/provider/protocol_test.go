// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A few tests speak the plugin protocol, about what no CLI shows, or none in a fixed way:
//   - the order in which two addresses are planned (phone_number_address_test.go),
//   - states that other providers' versions wrote (phone_number_move_test.go),
//   - a CLI from before write-only attributes (phone_number_validation_test.go),
//   - what one refresh costs (refresh_bench_test.go).
//
// Everything else is seen by acceptance tests, and warnings by those of cli_*_test.go.

func schemas(t testing.TB, server tfprotov6.ProviderServer) *tfprotov6.GetProviderSchemaResponse {
	t.Helper()
	found, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// configured is a provider of testUser, as one command of the CLI starts it.
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

// dynamic is an object with those values; all others are null. Nil is no object.
func dynamic(t testing.TB, schema interface{ ValueType() tftypes.Type }, values map[string]any) *tfprotov6.DynamicValue {
	t.Helper()
	object := schema.ValueType().(tftypes.Object)
	value := tftypes.NewValue(object, nil)
	if values != nil {
		all := map[string]tftypes.Value{}
		for name, kind := range object.AttributeTypes {
			all[name] = tftypes.NewValue(kind, values[name])
		}
		value = tftypes.NewValue(object, all)
	}
	made, err := tfprotov6.NewDynamicValue(object, value)
	if err != nil {
		t.Fatal(err)
	}
	return &made
}

// said is a line for each diagnostic, with its severity.
func said(diags []*tfprotov6.Diagnostic) string {
	var text strings.Builder
	for _, d := range diags {
		fmt.Fprintf(&text, "%s: %s: %s\n", d.Severity, d.Summary, d.Detail)
	}
	return text.String()
}
