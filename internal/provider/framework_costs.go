// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"os"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// What a plan of thousands of numbers costs in terraform-plugin-framework 1.19 alone, and how it is spared.
// `make bench` measures both.

// logOnDemand switches the framework's own log off unless somebody asked for a log. Terraform drops its
// lines then, and writing dozens of them for each number takes a quarter of the processor time of a plan.
func logOnDemand() error {
	const level = "TF_LOG_SDK"
	for _, name := range []string{level, "TF_LOG", "TF_LOG_PROVIDER"} {
		if os.Getenv(name) != "" {
			return nil
		}
	}
	return os.Setenv(level, "off")
}

// The framework keeps the context of each call until the process ends, to cancel it if Terraform asks to
// stop, and with it all that the context refers to: seven eighths of the memory of a plan of 2,000 numbers.
// So the calls that Terraform makes for every resource get a context that releases the real one when the
// call is over.

// ValidateResourceConfig is the framework's.
func (s server) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return withRelease(ctx, req, s.ProviderServer.ValidateResourceConfig)
}

// UpgradeResourceIdentity is the framework's.
func (s server) UpgradeResourceIdentity(ctx context.Context, req *tfprotov6.UpgradeResourceIdentityRequest) (*tfprotov6.UpgradeResourceIdentityResponse, error) {
	return withRelease(ctx, req, s.ProviderServer.UpgradeResourceIdentity)
}

// ImportResourceState is the framework's.
func (s server) ImportResourceState(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	return withRelease(ctx, req, s.ProviderServer.ImportResourceState)
}

// ReadResource is the framework's.
func (s server) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return withRelease(ctx, req, s.ProviderServer.ReadResource)
}

// PlanResourceChange is the framework's.
func (s server) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return withRelease(ctx, req, s.ProviderServer.PlanResourceChange)
}

// ApplyResourceChange is the framework's.
func (s server) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return withRelease(ctx, req, s.ProviderServer.ApplyResourceChange)
}

// withRelease makes a call with a context that is released after it.
func withRelease[Request, Response any](ctx context.Context, request Request, call func(context.Context, Request) (Response, error)) (Response, error) {
	releasable := &releasableContext{}
	releasable.current.Store(&ctx)
	defer releasable.release()
	return call(releasable, request)
}

// releasableContext is another context until it is released, and a context that has ended from then on.
type releasableContext struct {
	current atomic.Pointer[context.Context]
}

func (c *releasableContext) release() {
	ended, end := context.WithCancel(context.Background())
	end()
	c.current.Store(&ended)
}

func (c *releasableContext) Deadline() (deadline time.Time, ok bool) {
	return (*c.current.Load()).Deadline()
}
func (c *releasableContext) Done() <-chan struct{} { return (*c.current.Load()).Done() }
func (c *releasableContext) Err() error            { return (*c.current.Load()).Err() }
func (c *releasableContext) Value(key any) any     { return (*c.current.Load()).Value(key) }
