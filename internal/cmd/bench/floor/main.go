// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

// Command floor is what `make bench` holds the provider against: a provider with
// the same schemas, taken from the provider itself, that calls nothing: it reads and
// plans whatever is in the state, and a create fills the state in. What it takes is
// the CLI's own time and the plugin framework's.
package main

import (
	"context"
	"crypto/rand"
	"flag"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
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

// Create fills in what the plan leaves open.
func (s stub) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw
	for _, name := range []string{"id", "user_id", "display_name", "created_at", "updated_at"} { // of a number
		var planned types.String
		resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root(name), &planned)...)
		if planned.IsUnknown() {
			resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), rand.Text())...)
		}
	}
	resp.Diagnostics.Append(s.identify(ctx, resp.State, resp.Identity)...)
}

// Read keeps the state, which the framework has put into the response.
func (s stub) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	resp.Diagnostics.Append(s.identify(ctx, req.State, resp.Identity)...)
}

// identify sets the identity from the state: CLIs that know no identities pass none.
func (s stub) identify(ctx context.Context, state tfsdk.State, identity *tfsdk.ResourceIdentity) (diags diag.Diagnostics) {
	var schema resource.IdentitySchemaResponse
	s.IdentitySchema(ctx, resource.IdentitySchemaRequest{}, &schema)
	for name := range schema.IdentitySchema.Attributes {
		var text types.String
		diags.Append(state.GetAttribute(ctx, path.Root(name), &text)...)
		diags.Append(identity.SetAttribute(ctx, path.Root(name), text)...)
	}
	return diags
}

// Update changes nothing.
func (stub) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}

// Delete takes the number out of the state, which is the framework's doing.
func (stub) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
