// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// engine does what Terraform does with one number, by the provider's protocol and in this process,
// so that hundreds of faults can be tried with a clock of their own. The acceptance tests use the
// real CLI.
type engine struct {
	t       testing.TB
	server  tfprotov6.ProviderServer
	dial    *dialFaults
	types   tftypes.Object
	state   tftypes.Value
	private []byte
	tainted bool

	baseURL  string
	settings map[string]any
}

const numberType = "bizapi_phone_number"

// newEngine starts a provider against the API at baseURL.
func newEngine(t testing.TB, baseURL string, settings map[string]any) *engine {
	t.Helper()
	e := &engine{t: t, dial: &dialFaults{next: http.DefaultTransport}}
	e.restart(baseURL, settings)
	e.state = tftypes.NewValue(e.types, nil)
	return e
}

// restart is a new process of the provider: the state stays, what the process knew is gone.
func (e *engine) restart(baseURL string, settings map[string]any) {
	e.t.Helper()
	e.baseURL, e.settings = baseURL, settings
	provider := &bizapiProvider{version: "test", clock: newFakeClock(), transport: e.dial}
	e.server = newServer(provider)
	schemas, err := e.server.GetProviderSchema(e.t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		e.t.Fatal(err)
	}
	e.types = schemas.ResourceSchemas[numberType].ValueType().(tftypes.Object)
	all := map[string]any{"base_url": baseURL, "api_key": "sk_test_not_a_real_key", "user_id": "usr_abc123"}
	for name, value := range settings {
		all[name] = value
	}
	config := e.value(schemas.Provider.ValueType().(tftypes.Object), all)
	configured, err := e.server.ConfigureProvider(e.t.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.11.0", Config: e.dynamic(config),
	})
	if err != nil || len(configured.Diagnostics) > 0 {
		e.t.Fatal(err, texts(configured.Diagnostics))
	}
}

// value is an object of a type with the attributes given, and the rest null.
func (e *engine) value(objectType tftypes.Object, attributes map[string]any) tftypes.Value {
	values := map[string]tftypes.Value{}
	for name, attributeType := range objectType.AttributeTypes {
		values[name] = tftypes.NewValue(attributeType, attributes[name])
	}
	return tftypes.NewValue(objectType, values)
}

func (e *engine) dynamic(value tftypes.Value) *tfprotov6.DynamicValue {
	e.t.Helper()
	dynamic, err := tfprotov6.NewDynamicValue(value.Type(), value)
	if err != nil {
		e.t.Fatal(err)
	}
	return &dynamic
}

func (e *engine) static(dynamic *tfprotov6.DynamicValue) tftypes.Value {
	e.t.Helper()
	value, err := dynamic.Unmarshal(e.types)
	if err != nil {
		e.t.Fatal(err)
	}
	return value
}

// refresh reads the number, as a plan does first. It returns the errors' texts.
func (e *engine) refresh(ctx context.Context) string {
	e.t.Helper()
	if e.state.IsNull() {
		return ""
	}
	read, err := e.server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{
		TypeName: numberType, CurrentState: e.dynamic(e.state), Private: e.private,
	})
	if err != nil {
		e.t.Fatal(err)
	}
	if failed := errorTexts(read.Diagnostics); failed != "" {
		return failed
	}
	e.state, e.private = e.static(read.NewState), read.Private
	return ""
}

// plan plans the configuration, a null one for a destroy. Without a prior the state is left aside.
func (e *engine) plan(ctx context.Context, prior, config tftypes.Value) (*tfprotov6.PlanResourceChangeResponse, string) {
	e.t.Helper()
	private := e.private
	if prior.IsNull() {
		private = nil
	}
	planned, err := e.server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: numberType, PriorState: e.dynamic(prior), ProposedNewState: e.dynamic(e.proposed(prior, config)),
		Config: e.dynamic(config), PriorPrivate: private,
	})
	if err != nil {
		e.t.Fatal(err)
	}
	return planned, errorTexts(planned.Diagnostics)
}

// proposed is Terraform's first guess: the configuration, with the prior values of computed
// attributes that it leaves out.
func (e *engine) proposed(prior, config tftypes.Value) tftypes.Value {
	if config.IsNull() || prior.IsNull() {
		return config
	}
	values, before := e.attributes(config), e.attributes(prior)
	for _, computed := range []string{"id", "user_id", "display_name", "created_at", "updated_at", "deletion_protection"} {
		if values[computed].IsNull() {
			values[computed] = before[computed]
		}
	}
	values["access_token_wo"] = tftypes.NewValue(tftypes.String, nil)
	return tftypes.NewValue(e.types, values)
}

func (e *engine) attributes(value tftypes.Value) map[string]tftypes.Value {
	e.t.Helper()
	values := map[string]tftypes.Value{}
	if err := value.As(&values); err != nil {
		e.t.Fatal(err)
	}
	return values
}

// attribute is a text of the state, empty when it is null.
func (e *engine) attribute(name string) string {
	e.t.Helper()
	if e.state.IsNull() {
		return ""
	}
	var text *string
	if err := e.attributes(e.state)[name].As(&text); err != nil {
		e.t.Fatal(err)
	}
	if text == nil {
		return ""
	}
	return *text
}

// apply refreshes, plans and applies a configuration with those arguments; nil destroys. It returns
// the errors' texts, empty for none.
func (e *engine) apply(ctx context.Context, arguments map[string]any) string {
	e.t.Helper()
	if failed := e.refresh(ctx); failed != "" {
		return failed
	}
	null := tftypes.NewValue(e.types, nil)
	if arguments == nil {
		return e.destroy(ctx)
	}
	config := e.value(e.types, arguments)
	prior := e.state
	if e.tainted {
		prior = null
	}
	planned, failed := e.plan(ctx, prior, config)
	if failed != "" {
		return failed
	}
	if len(planned.RequiresReplace) > 0 || e.tainted {
		if _, failed := e.plan(ctx, null, config); failed != "" {
			return failed
		}
		if failed := e.destroy(ctx); failed != "" {
			return failed
		}
		if planned, failed = e.plan(ctx, null, config); failed != "" {
			return failed
		}
	}
	return e.applyPlanned(ctx, config, planned)
}

func (e *engine) destroy(ctx context.Context) string {
	e.t.Helper()
	null := tftypes.NewValue(e.types, nil)
	if e.state.IsNull() {
		return ""
	}
	planned, failed := e.plan(ctx, e.state, null)
	if failed != "" {
		return failed
	}
	return e.applyPlanned(ctx, null, planned)
}

// applyPlanned applies, and checks what Terraform checks: no planned value comes out otherwise.
func (e *engine) applyPlanned(ctx context.Context, config tftypes.Value, planned *tfprotov6.PlanResourceChangeResponse) string {
	e.t.Helper()
	target := e.static(planned.PlannedState)
	isCreate := e.state.IsNull()
	if !target.IsNull() && target.Equal(e.state) {
		return ""
	}
	done, err := e.server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: numberType, PriorState: e.dynamic(e.state), PlannedState: planned.PlannedState,
		Config: e.dynamic(config), PlannedPrivate: planned.PlannedPrivate,
	})
	if err != nil {
		e.t.Fatal(err)
	}
	failed := errorTexts(done.Diagnostics)
	e.state, e.private = e.static(done.NewState), done.Private
	if isCreate && failed != "" && !e.state.IsNull() {
		e.tainted = true
	}
	if failed != "" || e.state.IsNull() {
		return failed
	}
	e.tainted = false
	after := e.attributes(e.state)
	for name, value := range e.attributes(target) {
		if value.IsFullyKnown() && !value.Equal(after[name]) {
			e.t.Errorf("Terraform would taint the number: planned %s %s, got %s", name, value, after[name])
		}
	}
	return ""
}

// importNumber imports by an import id.
func (e *engine) importNumber(ctx context.Context, id string) string {
	e.t.Helper()
	imported, err := e.server.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{TypeName: numberType, ID: id})
	if err != nil {
		e.t.Fatal(err)
	}
	if failed := errorTexts(imported.Diagnostics); failed != "" {
		return failed
	}
	e.state, e.private = e.static(imported.ImportedResources[0].State), imported.ImportedResources[0].Private
	return e.refresh(ctx)
}

func errorTexts(diagnostics []*tfprotov6.Diagnostic) string {
	var failed []*tfprotov6.Diagnostic
	for _, d := range diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			failed = append(failed, d)
		}
	}
	return texts(failed)
}

func texts(diagnostics []*tfprotov6.Diagnostic) string {
	var all []string
	for _, d := range diagnostics {
		all = append(all, d.Summary+": "+d.Detail)
	}
	return strings.Join(all, "\n")
}

// dialFaults is a network that does not connect for requests of one method.
type dialFaults struct {
	next   http.RoundTripper
	mu     sync.Mutex
	method string
	times  int // negative: always
	err    error
}

func (d *dialFaults) fail(method string, times int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.method, d.times, d.err = method, times, err
}

func (d *dialFaults) RoundTrip(request *http.Request) (*http.Response, error) {
	d.mu.Lock()
	fails := d.times != 0 && (d.method == request.Method || d.method == "")
	if fails {
		d.times--
	}
	d.mu.Unlock()
	if fails {
		return nil, d.err
	}
	return d.next.RoundTrip(request)
}

// fakeClock passes its waits at once.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func newFakeClock() *fakeClock { return &fakeClock{now: time.Now()} }

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return ctx.Err()
}
