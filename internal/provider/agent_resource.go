// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

var (
	_ resource.ResourceWithConfigure      = (*agentResource)(nil)
	_ resource.ResourceWithValidateConfig = (*agentResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*agentResource)(nil)
	_ resource.ResourceWithImportState    = (*agentResource)(nil)
	_ resource.ResourceWithIdentity       = (*agentResource)(nil)
)

func newAgentResource() resource.Resource { return &agentResource{} }

type agentResource struct{ data *providerData }

type agentModel struct {
	agentRowModel
	Timeouts timeouts.Value `tfsdk:"timeouts"`
}

// what names the agent in messages.
func (m agentModel) what() string { return "agent " + m.AgentID.ValueString() }

func (m agentModel) agent() bizapi.Agent {
	return bizapi.Agent{
		ID: m.AgentID.ValueString(), UserID: m.UserID.ValueString(), PhoneNumberID: m.PhoneNumberID.ValueString(),
		PromptID: m.PromptID.ValueString(), Name: m.Name.ValueString(), CreatedAt: m.CreatedAt.ValueString(), UpdatedAt: m.UpdatedAt.ValueString(),
	}
}

// agentPrivateKey is where private state keeps the lastSeen of an agent.
const agentPrivateKey = "agent"

func (r *agentResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_agent"
}

func (r *agentResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	keep := stringplanmodifier.UseStateForUnknown()
	resp.Schema = schema.Schema{
		MarkdownDescription: "The agent that answers on a number, with a prompt from OpenAI's dashboard. A number has one agent.\n\n" +
			"Deleting an agent deletes its conversations and messages. Replacing its number deletes the agent too. If `phone_number_id` refers to the number, as `bizapi_phone_number.<name>.id` does, the same apply creates the agent again on the new number.",
		Attributes: map[string]schema.Attribute{
			"phone_number_id": schema.StringAttribute{
				MarkdownDescription: "The API's id of the number that the agent answers on, such as `bizapi_phone_number.support.id`. The number has to belong to the same user. A change replaces the agent. A value that is known only after apply does so in a plan that replaces the number or adds one; otherwise the current one is kept until it is known. Use the same provider configuration for a number and its agent.",
				Required:            true,
				Validators:          idValidators(), // whether a change replaces is ModifyPlan's: an unknown value may
			},
			"name": schema.StringAttribute{
				MarkdownDescription: "Human-readable name, 1 to 255 UTF-16 units. A change updates the agent in place.",
				Required:            true,
				Validators:          []validator.String{nameValidator{"name"}},
			},
			"prompt_id": schema.StringAttribute{
				MarkdownDescription: "Id of the prompt in OpenAI's dashboard, 1 to 100 characters. A change updates the agent in place.",
				Required:            true,
				Validators:          []validator.String{stringvalidator.UTF8LengthBetween(1, 100)},
			},
			"agent_id": schema.StringAttribute{
				MarkdownDescription: "The API's id of the agent: 1 to 50 letters, digits, `-` and `_`, unique across all users. If omitted, the API assigns one, or the provider generates one if the API requires it in the request. Some servers refuse it in the request: omit it there. A change replaces the agent.",
				Optional:            true,
				Computed:            true,
				Validators:          idValidators(),
				PlanModifiers:       []planmodifier.String{keep, useStateForUnknownConfig{}, stringplanmodifier.RequiresReplaceIfConfigured()},
			},
			"user_id": schema.StringAttribute{
				MarkdownDescription: "User that the agent and its number belong to. If omitted, a new agent gets the provider's `user_id`, and an existing agent keeps its user. If the number sets a `user_id`, refer to that. A change replaces the agent.",
				Optional:            true,
				Computed:            true,
				Validators:          idValidators(),
				PlanModifiers:       []planmodifier.String{keep, useStateForUnknownConfig{}, stringplanmodifier.RequiresReplaceIfConfigured()},
			},
			"created_at": schema.StringAttribute{
				MarkdownDescription: "When the agent was created, as an RFC 3339 time in UTC.",
				Computed:            true,
				PlanModifiers:       []planmodifier.String{keep},
			},
			"updated_at": schema.StringAttribute{
				MarkdownDescription: "When the agent was last changed, as an RFC 3339 time in UTC. A change of this time alone is not reported as drift.",
				Computed:            true,
			},
		},
		Blocks: map[string]schema.Block{
			"timeouts": timeouts.Block(ctx, timeouts.Opts{
				Create: true, CreateDescription: "Timeout for creating the agent, including waits for rate limits, such as `90m`; `2h` by default.",
				Read: true, ReadDescription: "Timeout for reading the agent; `20m` by default.",
				Update: true, UpdateDescription: "Timeout for updating the agent; `2h` by default.",
				Delete: true, DeleteDescription: "Timeout for deleting the agent; `2h` by default.",
			}),
		},
	}
}

func (r *agentResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"user_id":  identityschema.StringAttribute{RequiredForImport: true, Description: "User that the agent belongs to."},
			"agent_id": identityschema.StringAttribute{RequiredForImport: true, Description: "The API's id of the agent."},
		},
	}
}

func (r *agentResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.data, _ = req.ProviderData.(*providerData) // nil while validating
}

func (r *agentResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config agentModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !resp.Diagnostics.HasError() {
		validateTimeouts(ctx, config.Timeouts.Object, &resp.Diagnostics)
	}
}

// Create creates the agent. As for a number, there are only warnings once its id is known.
func (r *agentResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan agentModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	ctx, cancel, client := r.data.begin(ctx, plan.Timeouts.Create, defaultCreateTimeout, &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	if plan.UserID.IsUnknown() {
		plan.UserID = r.data.userID
	}
	created, adopted, err := client.CreateAgent(ctx, plan.UserID.ValueString(), bizapi.NewAgent{
		ID:            plan.AgentID.ValueString(), // empty while unknown
		PhoneNumberID: plan.PhoneNumberID.ValueString(),
		PromptID:      plan.PromptID.ValueString(),
		Name:          plan.Name.ValueString(),
	})
	if err != nil {
		resp.Diagnostics.Append(r.data.createAgentFailed(err, plan))
		return
	}
	if adopted {
		resp.Diagnostics.Append(agentAdoptedWarning(created.ID))
	}
	if plan.AgentID.IsUnknown() {
		plan.AgentID = types.StringValue(created.ID)
	}
	plan.CreatedAt, plan.UpdatedAt = textOrNull(created.CreatedAt), textOrNull(created.UpdatedAt)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, plan.UserID.ValueString(), "agent_id", plan.AgentID.ValueString())...)
	resp.Diagnostics.Append(writePrivate(ctx, resp.Private, agentPrivateKey, lastSeen{client.BaseURL()})...)
}

// Read refreshes from the user's listing of agents. Only an agent that is proved to be gone is removed
// from the state.
func (r *agentResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state agentModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	ctx, cancel, client := r.data.begin(ctx, state.Timeouts.Read, defaultReadTimeout, &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, state.UserID.ValueString(), "agent_id", state.AgentID.ValueString())...)
	seen, _ := readPrivate[lastSeen](ctx, req.Private, agentPrivateKey)
	agent, err := client.FindAgent(ctx, state.UserID.ValueString(), state.AgentID.ValueString(), state.CreatedAt.ValueString())
	if err != nil {
		isGone, diags := r.data.readFailed(err, stateRowRef{state.what(), state.UserID.ValueString(), seen, client})
		resp.Diagnostics.Append(diags...)
		if isGone {
			r.data.walk.agents.forget(state.PhoneNumberID.ValueString())
			resp.State.RemoveResource(ctx)
		}
		return
	}
	if state.refresh(agent) {
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	}
	resp.Diagnostics.Append(writePrivate(ctx, resp.Private, agentPrivateKey, lastSeen{client.BaseURL()})...)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, plannedPrivateKey, nil)...) // of a replacement that failed
}

// refresh takes over what the API has, and reports whether that changes the state. updated_at alone is no
// drift.
func (m *agentModel) refresh(agent bizapi.Agent) (changed bool) {
	before := m.agent()
	before.UpdatedAt = agent.UpdatedAt
	if before == agent {
		return false
	}
	m.agentRowModel = newAgentRowModel(agent)
	return true
}

// Update sends what changes of name and prompt, in one request.
func (r *agentResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state agentModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	ctx, cancel, client := r.data.begin(ctx, plan.Timeouts.Update, defaultUpdateTimeout, &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	var change bizapi.AgentChange
	if !plan.Name.Equal(state.Name) {
		change.Name = plan.Name.ValueString()
	}
	if !plan.PromptID.Equal(state.PromptID) {
		change.PromptID = plan.PromptID.ValueString()
	}
	plan.UpdatedAt = state.UpdatedAt
	if change != (bizapi.AgentChange{}) {
		agent, err := client.UpdateAgent(ctx, state.agent(), change)
		if err != nil {
			resp.Diagnostics.Append(r.data.callFailed(err, state.UserID.ValueString(), "change "+state.what(), " The state keeps the old values; apply again to send the change."))
			return
		}
		plan.UpdatedAt = textOrNull(agent.UpdatedAt)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, plan.UserID.ValueString(), "agent_id", plan.AgentID.ValueString())...)
}

// Delete removes the agent. One that went with its number is gone already.
func (r *agentResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state agentModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	ctx, cancel, client := r.data.begin(ctx, state.Timeouts.Delete, defaultDeleteTimeout, &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	seen, _ := readPrivate[lastSeen](ctx, req.Private, agentPrivateKey)
	row := stateRowRef{state.what(), state.UserID.ValueString(), seen, client}
	if _, isReplaced := readPrivate[plannedPrivate](ctx, req.Private, plannedPrivateKey); isReplaced {
		if err := client.CheckUser(ctx, row.userID); err != nil { // its Create would need the numbers
			resp.Diagnostics.Append(r.data.callFailed(err, row.userID, "list the numbers of user "+row.userID, " Nothing was deleted."))
			return
		}
	}
	resp.Diagnostics.Append(r.data.deleteRow(ctx, row, req.Private,
		func(ctx context.Context) error {
			_, err := client.FindAgent(ctx, row.userID, state.AgentID.ValueString(), state.CreatedAt.ValueString())
			return err
		},
		func(ctx context.Context) error { return client.DeleteAgent(ctx, state.agent()) })...)
}
