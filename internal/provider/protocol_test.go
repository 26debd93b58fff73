// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A few tests speak to the provider as the CLI does, where plugin-testing and the CLI hide what it says:
// warnings, and what a saved plan hands on to an apply elsewhere.

func schemas(t testing.TB, server tfprotov6.ProviderServer) *tfprotov6.GetProviderSchemaResponse {
	t.Helper()
	found, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// configured is a provider of testUser, as one command of the CLI starts it. Arguments may be others.
func (a *testAPI) configured(t testing.TB, others ...map[string]any) tfprotov6.ProviderServer {
	t.Helper()
	server, err := a.factories()["bizapi"]()
	if err != nil {
		t.Fatal(err)
	}
	arguments := map[string]any{"base_url": a.baseURL, "api_key": testKey, "user_id": testUser}
	for _, more := range others {
		maps.Copy(arguments, more)
	}
	done, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		Config: dynamic(t, schemas(t, server).Provider, arguments),
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
	return packed(t, object, tftypes.NewValue(object, all))
}

func packed(t testing.TB, object tftypes.Type, value tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	made, err := tfprotov6.NewDynamicValue(object, value)
	if err != nil {
		t.Fatal(err)
	}
	return &made
}

// command is what one command of the CLI does with phone numbers: its provider sees one resource at a time.
type command struct {
	testing.TB
	tfprotov6.ProviderServer
	schema *tfprotov6.Schema
}

// instance is a number as a state or a plan has it, with its private state. Nil is none.
type instance struct {
	value   *tfprotov6.DynamicValue
	private []byte
}

func (a *testAPI) command(t testing.TB, arguments ...map[string]any) command {
	t.Helper()
	server := a.configured(t, arguments...)
	return command{t, server, schemas(t, server).ResourceSchemas["bizapi_phone_number"]}
}

const typeName = "bizapi_phone_number"

func (c command) object() tftypes.Object { return c.schema.ValueType().(tftypes.Object) }

// none is what there is before a create and after a delete.
func (c command) none() *tfprotov6.DynamicValue {
	return packed(c, c.object(), tftypes.NewValue(c.object(), nil))
}

func (c command) valueOf(of *instance) *tfprotov6.DynamicValue {
	if of == nil {
		return c.none()
	}
	return of.value
}

// attributes are those of a number.
func (c command) attributes(of *instance) map[string]tftypes.Value {
	c.Helper()
	attributes := map[string]tftypes.Value{}
	value, err := of.value.Unmarshal(c.object())
	if err == nil {
		err = value.As(&attributes)
	}
	if err != nil {
		c.Fatal(err)
	}
	return attributes
}

// proposed is a configuration with what the state has, or nobody knows yet, for what it leaves out.
func (c command) proposed(prior *instance, config map[string]any) *tfprotov6.DynamicValue {
	c.Helper()
	all := map[string]tftypes.Value{}
	for name, kind := range c.object().AttributeTypes {
		all[name] = tftypes.NewValue(kind, config[name])
	}
	for _, attribute := range c.schema.Block.Attributes {
		name := attribute.Name
		switch {
		case attribute.WriteOnly:
			all[name] = tftypes.NewValue(attribute.Type, nil)
		case config[name] != nil || !attribute.Computed:
		case prior == nil:
			all[name] = tftypes.NewValue(attribute.Type, tftypes.UnknownValue)
		default:
			all[name] = c.attributes(prior)[name]
		}
	}
	return packed(c, c.object(), tftypes.NewValue(c.object(), all))
}

// upgrade is how the CLI reads a state, before anything else.
func (c command) upgrade(state *instance) {
	c.Helper()
	attributes := map[string]any{}
	for name, text := range textsOf(c, c.schema, state.value) {
		attributes[name] = text
	}
	delete(attributes, "deletion_protection") // which is no text
	raw, err := json.Marshal(attributes)
	if err == nil {
		_, err = c.UpgradeResourceState(c.Context(), &tfprotov6.UpgradeResourceStateRequest{TypeName: typeName, RawState: &tfprotov6.RawState{JSON: raw}})
	}
	if err != nil {
		c.Fatal(err)
	}
}

// plan plans a number; private is what the plan gets to see of the last one's.
func (c command) plan(prior *instance, private []byte, config map[string]any) (*instance, *tfprotov6.PlanResourceChangeResponse) {
	c.Helper()
	if prior != nil {
		c.upgrade(prior)
	}
	request := &tfprotov6.PlanResourceChangeRequest{
		TypeName: typeName, PriorState: c.valueOf(prior), PriorPrivate: private,
		Config: c.none(), ProposedNewState: c.none(),
	}
	if config != nil {
		request.Config, request.ProposedNewState = dynamic(c, c.schema, config), c.proposed(prior, config)
	}
	done, err := c.PlanResourceChange(c.Context(), request)
	if err != nil {
		c.Fatal(err)
	}
	return &instance{done.PlannedState, done.PlannedPrivate}, done
}

// apply applies a plan. A nil config is a delete, as the first half of a replacement is one too: with the
// private state that the plan of its second half has.
func (c command) apply(prior, planned *instance, config map[string]any) (*instance, []*tfprotov6.Diagnostic) {
	c.Helper()
	request := &tfprotov6.ApplyResourceChangeRequest{
		TypeName: typeName, PriorState: c.valueOf(prior), PlannedPrivate: planned.private,
		Config: c.none(), PlannedState: c.none(),
	}
	if config != nil {
		request.Config, request.PlannedState = dynamic(c, c.schema, config), planned.value
	}
	done, err := c.ApplyResourceChange(c.Context(), request)
	if err != nil {
		c.Fatal(err)
	}
	return &instance{done.NewState, done.Private}, done.Diagnostics
}

// read refreshes a number.
func (c command) read(state *instance) (*instance, []*tfprotov6.Diagnostic) {
	c.Helper()
	done, err := c.ReadResource(c.Context(), &tfprotov6.ReadResourceRequest{TypeName: typeName, CurrentState: state.value, Private: state.private})
	if err != nil {
		c.Fatal(err)
	}
	return &instance{done.NewState, done.Private}, done.Diagnostics
}

// adds is a number that a command of its own adds.
func (a *testAPI) adds(t testing.TB, config map[string]any) *instance {
	t.Helper()
	c := a.command(t)
	planned, plan := c.plan(nil, nil, config)
	state, diags := c.apply(nil, planned, config)
	if text := said(append(plan.Diagnostics, diags...)); text != "" {
		t.Fatal(text)
	}
	return state
}

// said is a line for each diagnostic, with its severity.
func said(diags []*tfprotov6.Diagnostic) string {
	var text strings.Builder
	for _, d := range diags {
		fmt.Fprintf(&text, "%s: %s: %s\n", d.Severity, d.Summary, d.Detail)
	}
	return text.String()
}

// arguments of the number that number() is a block of.
func arguments(others map[string]any) map[string]any {
	all := map[string]any{"platform": "whatsapp", "meta_phone_number_id": whatsAppID}
	maps.Copy(all, others)
	return all
}
