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
// stop, and with it all that hangs on it: seven eighths of the memory of a plan of 2,000 numbers. So the
// calls that Terraform makes for every resource lend it a context that lets go of the real one when the call
// is over.

// ValidateResourceConfig is the framework's.
func (s server) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return lend(ctx, req, s.ProviderServer.ValidateResourceConfig)
}

// UpgradeResourceIdentity is the framework's.
func (s server) UpgradeResourceIdentity(ctx context.Context, req *tfprotov6.UpgradeResourceIdentityRequest) (*tfprotov6.UpgradeResourceIdentityResponse, error) {
	return lend(ctx, req, s.ProviderServer.UpgradeResourceIdentity)
}

// ImportResourceState is the framework's.
func (s server) ImportResourceState(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	return lend(ctx, req, s.ProviderServer.ImportResourceState)
}

// ReadResource is the framework's.
func (s server) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return lend(ctx, req, s.ProviderServer.ReadResource)
}

// PlanResourceChange is the framework's.
func (s server) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return lend(ctx, req, s.ProviderServer.PlanResourceChange)
}

// ApplyResourceChange is the framework's.
func (s server) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return lend(ctx, req, s.ProviderServer.ApplyResourceChange)
}

// lend makes a call with a lent context.
func lend[Request, Response any](ctx context.Context, request Request, call func(context.Context, Request) (Response, error)) (Response, error) {
	lent := &lentContext{}
	lent.owner.Store(&ctx)
	defer lent.takeBack()
	return call(lent, request)
}

// lentContext is its owner until it is taken back, and then a context that has ended.
type lentContext struct {
	owner atomic.Pointer[context.Context]
}

func (c *lentContext) takeBack() {
	ended, end := context.WithCancel(context.Background())
	end()
	c.owner.Store(&ended)
}

func (c *lentContext) Deadline() (deadline time.Time, ok bool) { return (*c.owner.Load()).Deadline() }
func (c *lentContext) Done() <-chan struct{}                   { return (*c.owner.Load()).Done() }
func (c *lentContext) Err() error                              { return (*c.owner.Load()).Err() }
func (c *lentContext) Value(key any) any                       { return (*c.owner.Load()).Value(key) }
