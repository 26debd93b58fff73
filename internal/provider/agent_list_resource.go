// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

var _ list.ListResourceWithConfigure = (*agentListResource)(nil)

func newAgentListResource() list.ListResource { return &agentListResource{} }

// agentListResource lists agents for `terraform query`.
type agentListResource struct{ data *providerData }

type agentListModel struct {
	UserID types.String `tfsdk:"user_id"`
}

func (l *agentListResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_agent"
}

func (l *agentListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the agents of a user for `terraform query` (Terraform 1.14 and later), oldest first, whoever created them. " +
			"With `-generate-config-out`, `terraform query` writes a resource and an import block for each. They plan no changes as they stand. " +
			"Terraform lists at most 100 agents unless the block sets `limit`.",
		Attributes: map[string]schema.Attribute{
			"user_id": schema.StringAttribute{
				MarkdownDescription: "User whose agents to list; the provider's `user_id` by default.",
				Optional:            true,
				Validators:          idValidators(),
			},
		},
	}
}

func (l *agentListResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	l.data, _ = req.ProviderData.(*providerData) // nil while validating
}

func (l *agentListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var config agentListModel
	diags := req.Config.Get(ctx, &config)
	userID := l.data.userOrDefault(config.UserID, &diags)
	reading, cancel, client := l.data.begin(ctx, fixedTimeout, defaultReadTimeout, &diags)
	defer cancel()
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	agents, diags := l.data.agentsOf(reading, client, userID.ValueString(), "")
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = limited(req, agents, "agents", userID.ValueString(), func(agent bizapi.Agent) list.ListResult {
		result := req.NewListResult(ctx)
		result.DisplayName = fmt.Sprintf("%s (%s on %s)", agent.Name, agent.ID, agent.PhoneNumberID)
		result.Diagnostics.Append(setIdentity(ctx, result.Identity, agent.UserID, "agent_id", agent.ID)...)
		if req.IncludeResource {
			result.Diagnostics.Append(setAgent(ctx, result.Resource, agent)...)
		}
		return result
	})
}
