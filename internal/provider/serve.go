// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"io"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// address is the provider's in the public registry.
const address = "registry.terraform.io/bizapi/bizapi"

// Serve serves the provider to the Terraform that started this process until that ends it. With debug,
// it prints what a Terraform needs to attach to it, and serves until it is interrupted.
func Serve(version string, debug bool) error {
	var options []tf6server.ServeOpt
	if debug {
		options = append(options, tf6server.WithManagedDebug())
	}
	if err := logOnDemand(); err != nil {
		return err
	}
	// Go's HTTP client logs the first bytes of unsolicited responses there.
	log.SetOutput(io.Discard)
	server := NewServer(version)
	return tf6server.Serve(address, func() tfprotov6.ProviderServer { return server }, options...)
}

// NewServer returns the provider as Terraform's plugin protocol has it.
func NewServer(version string, options ...Option) tfprotov6.ProviderServer {
	provider := newProvider(version, options)
	framework := providerserver.NewProtocol6(provider)()
	return server{framework, framework.(tfprotov6.ListResourceServer), provider}
}

// server is the framework's, and notes every resource of the state.
type server struct {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	provider *bizapiProvider
}

// UpgradeResourceState is the one call that sees every resource of a state: a tainted one is planned as if
// it had never been there.
func (s server) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	if data := s.provider.data.Load(); data != nil && req.RawState != nil {
		data.walk.noteState(req.TypeName, req.RawState.JSON)
	}
	return withRelease(ctx, req, s.ProviderServer.UpgradeResourceState)
}
