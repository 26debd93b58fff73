// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

// Command floor is what `make bench` holds the provider against: a provider with
// the same schemas, taken from the provider itself, that reads and plans whatever
// stands in the state and calls nothing. What it takes is the CLI's own time and
// the plugin framework's.
package main

import (
	"context"
	"flag"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	bizapi "github.com/bizapi/terraform-provider-bizapi/internal/provider"
)

func main() {
	debug := flag.Bool("debug", false, "print what Terraform needs to attach to this process")
	flag.Parse()
	err := providerserver.Serve(context.Background(), newProvider, providerserver.ServeOpts{
		Address: "registry.terraform.io/bizapi/bizapi",
		Debug:   *debug,
	})
	if err != nil {
		log.Fatal(err)
	}
}

// doNothing is the provider with its resource replaced.
type doNothing struct {
	provider.ProviderWithListResources
}

func newProvider() provider.Provider {
	return doNothing{bizapi.New("bench")().(provider.ProviderWithListResources)}
}

// Configure takes any configuration.
func (doNothing) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

// Resources are the provider's, with schema and name alone.
func (p doNothing) Resources(ctx context.Context) []func() resource.Resource {
	var resources []func() resource.Resource
	for _, newReal := range p.ProviderWithListResources.Resources(ctx) {
		resources = append(resources, func() resource.Resource {
			provided := newReal()
			return stub{Resource: provided, identified: provided.(identified)}
		})
	}
	return resources
}

// identified is what makes a resource one with an identity.
type identified interface {
	IdentitySchema(context.Context, resource.IdentitySchemaRequest, *resource.IdentitySchemaResponse)
}

// stub has the real resource's name, schema and identity.
type stub struct {
	resource.Resource
	identified
}

// Create fails: the benchmark writes the states that it plans by itself.
func (stub) Create(_ context.Context, _ resource.CreateRequest, resp *resource.CreateResponse) {
	resp.Diagnostics.AddError("Nothing to create with", "This provider reads and plans what stands in the state, and adds nothing.")
}

// Read keeps the state, which the framework has put into the response. The identity it must have
// is read from there: CLIs that know no identities pass none.
func (stub) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	for _, name := range []string{"user_id", "id"} {
		var text types.String
		resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root(name), &text)...)
		resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root(name), text)...)
	}
}

// Update changes nothing.
func (stub) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}

// Delete takes the number out of the state, which is the framework's doing.
func (stub) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
