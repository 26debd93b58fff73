// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

var _ datasource.DataSourceWithConfigure = (*agentsDataSource)(nil)

func newAgentsDataSource() datasource.DataSource { return &agentsDataSource{} }

// agentsDataSource reads all agents of a user.
type agentsDataSource struct{ data *providerData }

type agentsDataSourceModel struct {
	UserID          types.String             `tfsdk:"user_id"`
	PhoneNumberID   types.String             `tfsdk:"phone_number_id"`
	Agents          []agentRowModel          `tfsdk:"agents"`
	ByPhoneNumberID map[string]agentRowModel `tfsdk:"by_phone_number_id"`
	Timeouts        timeouts.Value           `tfsdk:"timeouts"`
}

// agentRowModel is an agent as the API has it.
type agentRowModel struct {
	AgentID       types.String `tfsdk:"agent_id"`
	UserID        types.String `tfsdk:"user_id"`
	PhoneNumberID types.String `tfsdk:"phone_number_id"`
	PromptID      types.String `tfsdk:"prompt_id"`
	Name          types.String `tfsdk:"name"`
	CreatedAt     types.String `tfsdk:"created_at"`
	UpdatedAt     types.String `tfsdk:"updated_at"`
}

func newAgentRowModel(agent bizapi.Agent) agentRowModel {
	return agentRowModel{
		AgentID: types.StringValue(agent.ID), UserID: types.StringValue(agent.UserID),
		PhoneNumberID: types.StringValue(agent.PhoneNumberID), PromptID: types.StringValue(agent.PromptID),
		Name: types.StringValue(agent.Name), CreatedAt: textOrNull(agent.CreatedAt), UpdatedAt: textOrNull(agent.UpdatedAt),
	}
}

func (d *agentsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_agents"
}

func (d *agentsDataSource) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	computed := func(description string) schema.Attribute {
		return schema.StringAttribute{MarkdownDescription: description, Computed: true}
	}
	row := schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"agent_id":        computed("The API's id of the agent."),
		"user_id":         computed("User that the agent belongs to."),
		"phone_number_id": computed("The API's id of the number that the agent answers on."),
		"prompt_id":       computed("Id of the agent's prompt in OpenAI's dashboard."),
		"name":            computed("Human-readable name."),
		"created_at":      computed("When the agent was created, as an RFC 3339 time in UTC."),
		"updated_at":      computed("When the agent was last changed, as an RFC 3339 time in UTC."),
	}}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads the agents of a user, whoever created them.",
		Attributes: map[string]schema.Attribute{
			"user_id": schema.StringAttribute{
				MarkdownDescription: "User whose agents to read; the provider's `user_id` by default.",
				Optional:            true,
				Computed:            true,
				Validators:          idValidators(),
			},
			"phone_number_id": schema.StringAttribute{
				MarkdownDescription: "The API's id of a number, to read only its agent; all agents of the user by default.",
				Optional:            true,
				Validators:          idValidators(),
			},
			"agents": schema.ListNestedAttribute{
				MarkdownDescription: "The agents, oldest first; empty if there are none.",
				Computed:            true,
				NestedObject:        row,
			},
			"by_phone_number_id": schema.MapNestedAttribute{
				MarkdownDescription: "The same agents by the id of their number, for use in `for_each`. A number has at most one agent.",
				Computed:            true,
				NestedObject:        row,
			},
		},
		Blocks: map[string]schema.Block{"timeouts": lookUpTimeouts(ctx)},
	}
}

func (d *agentsDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.data, _ = req.ProviderData.(*providerData) // nil while validating
}

func (d *agentsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data agentsDataSourceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	data.UserID = d.data.userOrDefault(data.UserID, &resp.Diagnostics)
	ctx, cancel, client := d.data.begin(ctx, data.Timeouts.Read, defaultReadTimeout, &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	agents, diags := d.data.agentsOf(ctx, client, data.UserID.ValueString(), data.PhoneNumberID.ValueString())
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	data.Agents, data.ByPhoneNumberID = []agentRowModel{}, map[string]agentRowModel{}
	for _, agent := range agents {
		found := newAgentRowModel(agent)
		data.Agents, data.ByPhoneNumberID[agent.PhoneNumberID] = append(data.Agents, found), found
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, data)...)
}

// agentsOf returns the agents of a user, of one number unless that is empty, oldest first.
func (d *providerData) agentsOf(ctx context.Context, client *bizapi.Client, userID, phoneNumberID string) ([]bizapi.Agent, diag.Diagnostics) {
	agents, err := client.ListAgents(ctx, userID)
	if err != nil {
		return nil, diag.Diagnostics{d.listFailed(err, userID)}
	}
	return slices.DeleteFunc(agents, func(agent bizapi.Agent) bool {
		return phoneNumberID != "" && agent.PhoneNumberID != phoneNumberID
	}), nil
}
