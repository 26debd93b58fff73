// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"io"
	"log"
	"net/http"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

// This file is what stands around the plugin framework so that a state of thousands of numbers costs
// what the numbers cost: the framework's own log took a quarter of a plan's time, and the contexts that
// it keeps took 100 KiB a number.

// address is the provider's in the public registry.
const address = "registry.terraform.io/bizapi/bizapi"

// Serve serves the provider to the Terraform that started this process until that ends it. With debug,
// it prints what a Terraform needs to attach to it, and serves until it is interrupted.
func Serve(version string, debug bool) error {
	var options []tf6server.ServeOpt
	if debug {
		options = append(options, tf6server.WithManagedDebug())
	}
	if err := logWhereRead(); err != nil {
		return err
	}
	// Go's own log: its HTTP client writes there how bytes begin that a server sent unasked, whatever
	// stands in them.
	log.SetOutput(io.Discard)
	provider := &bizapiProvider{version: version}
	defer provider.close()
	return tf6server.Serve(address, func() tfprotov6.ProviderServer { return newServer(provider) }, options...)
}

// logWhereRead switches the framework's own log off where nobody reads it. The framework writes dozens
// of lines for each number, at levels that Terraform drops unless it was asked for a log. A TF_LOG_SDK
// that is set stays.
func logWhereRead() error {
	const level = "TF_LOG_SDK"
	for _, name := range []string{level, "TF_LOG", "TF_LOG_PROVIDER"} {
		if os.Getenv(name) != "" {
			return nil
		}
	}
	return os.Setenv(level, "off")
}

// server is the framework's, but for the calls that Terraform makes for every number: the framework
// keeps the context of each call until the process ends, in order to cancel it if Terraform asks to
// stop, and with it all that hangs on it.
type server struct {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	provider *bizapiProvider
}

// Option is a setting of the provider that only tests change.
type Option func(*bizapiProvider)

// WithClock measures waits by another clock than the system's.
func WithClock(clock bizapi.Clock) Option { return func(p *bizapiProvider) { p.clock = clock } }

// WithTransport sends the API's requests by another transport than the client's own.
func WithTransport(transport http.RoundTripper) Option {
	return func(p *bizapiProvider) { p.transport = transport }
}

// NewServer returns the server that Serve serves, for tests that run it in their own process.
func NewServer(version string, options ...Option) tfprotov6.ProviderServer {
	provider := &bizapiProvider{version: version}
	for _, option := range options {
		option(provider)
	}
	return newServer(provider)
}

func newServer(provider *bizapiProvider) server {
	framework := providerserver.NewProtocol6(provider)()
	return server{framework, framework.(tfprotov6.ListResourceServer), provider}
}

// ValidateResourceConfig is the framework's, with what an apply has deleted.
func (s server) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	response, err := lending(ctx, req, s.ProviderServer.ValidateResourceConfig)
	if err == nil {
		response.Diagnostics = s.withGone(response.Diagnostics)
	}
	return response, err
}

// withGone adds to the errors of a validation or a plan what an apply has deleted before them: Terraform
// does both once more while it applies.
func (s server) withGone(diagnostics []*tfprotov6.Diagnostic) []*tfprotov6.Diagnostic {
	account := s.provider.account.Load()
	isError := func(d *tfprotov6.Diagnostic) bool { return d.Severity == tfprotov6.DiagnosticSeverityError }
	if account == nil || !slices.ContainsFunc(diagnostics, isError) {
		return diagnostics
	}
	gone := account.perhapsGone()
	if gone == nil {
		return diagnostics
	}
	return append(diagnostics, &tfprotov6.Diagnostic{
		Severity: tfprotov6.DiagnosticSeverityError, Summary: gone.Summary(), Detail: gone.Detail(),
	})
}

// UpgradeResourceState is the framework's. It is the one call that sees every number of a state.
func (s server) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	if account := s.provider.account.Load(); account != nil && req.RawState != nil {
		account.holdRaw(req.RawState.JSON)
	}
	return lending(ctx, req, s.ProviderServer.UpgradeResourceState)
}

// UpgradeResourceIdentity is the framework's.
func (s server) UpgradeResourceIdentity(ctx context.Context, req *tfprotov6.UpgradeResourceIdentityRequest) (*tfprotov6.UpgradeResourceIdentityResponse, error) {
	return lending(ctx, req, s.ProviderServer.UpgradeResourceIdentity)
}

// ImportResourceState is the framework's.
func (s server) ImportResourceState(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	return lending(ctx, req, s.ProviderServer.ImportResourceState)
}

// ReadResource is the framework's.
func (s server) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return lending(ctx, req, s.ProviderServer.ReadResource)
}

// PlanResourceChange is the framework's, with what an apply has deleted.
func (s server) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	response, err := lending(ctx, req, s.ProviderServer.PlanResourceChange)
	if err == nil {
		response.Diagnostics = s.withGone(response.Diagnostics)
	}
	return response, err
}

// ApplyResourceChange is the framework's.
func (s server) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return lending(ctx, req, s.ProviderServer.ApplyResourceChange)
}

// lending makes a call with a context that holds on to nothing once the call is over.
func lending[Request, Response any](ctx context.Context, request Request, call func(context.Context, Request) (Response, error)) (Response, error) {
	lent := &lentContext{}
	lent.owner.Store(&ctx)
	defer lent.takeBack()
	return call(lent, request)
}

// lentContext is another context for as long as that is lent, and afterwards one that has ended.
type lentContext struct {
	owner atomic.Pointer[context.Context]
}

func (c *lentContext) takeBack() {
	ended, end := context.WithCancel(context.Background())
	end()
	c.owner.Store(&ended)
}

// Deadline is that of the context that is lent.
func (c *lentContext) Deadline() (deadline time.Time, ok bool) { return (*c.owner.Load()).Deadline() }

// Done is that of the context that is lent.
func (c *lentContext) Done() <-chan struct{} { return (*c.owner.Load()).Done() }

// Err is that of the context that is lent.
func (c *lentContext) Err() error { return (*c.owner.Load()).Err() }

// Value is that of the context that is lent.
func (c *lentContext) Value(key any) any { return (*c.owner.Load()).Value(key) }
