// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

// ModifyPlan checks what the schema's plan modifiers cannot, as that of a number does.
func (r *agentResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	config, state, plan := decodePlan[agentModel](ctx, req, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	switch {
	case req.Plan.Raw.IsNull():
		conflict := r.data.walk.agents.planDestroy(state.PhoneNumberID.ValueString(), state.AgentID.ValueString())
		resp.Diagnostics.Append(conflictError(conflict, state.what(), "Agent")...)
	case req.State.Raw.IsNull():
		_, isSecondHalf := readPrivate[lastSeen](ctx, req.Private, agentPrivateKey)
		r.planCreate(ctx, config, plan, !isSecondHalf, resp)
	default:
		r.planChange(ctx, config, state, plan, resp)
	}
}

// planCreate plans an agent that is new or tainted, or else the second half of a replacement.
func (r *agentResource) planCreate(ctx context.Context, config, plan agentModel, isNew bool, resp *resource.ModifyPlanResponse) {
	diags := &resp.Diagnostics
	plan.UserID = r.data.plannedUser(ctx, config.UserID, resp)
	if diags.HasError() || r.data.walk.isDeleting() {
		return
	}
	// Its number may rely on the default user where it does not, and its Delete comes before the number's.
	diags.Append(r.data.writePlanned(ctx, types.StringNull(), "", resp.Private)...)
	if plan.PhoneNumberID.IsUnknown() || plan.UserID.IsUnknown() {
		return // an agent of a number that this plan adds has nothing in its way
	}
	number := plan.PhoneNumberID.ValueString()
	id, conflict := r.data.walk.agents.planCreate(number, isNew)
	diags.Append(conflictError(conflict, "agent "+id, "Agent")...)
	inState, isReplaced := r.data.walk.agents.find(number)
	if isReplaced {
		diags.Append(r.data.checkSameUser("agent "+inState.id, config.UserID, types.StringValue(inState.userID))...)
	}
	if diags.HasError() {
		return
	}
	existing, found := r.checkNumber(ctx, plan, inState.id, diags)
	if isReplaced {
		r.checkAgentID(ctx, plan, inState.id, diags)
	}
	if found && !diags.HasError() {
		diags.Append(agentReplacedWarning(existing.ID, existing.Name, "Its resource is tainted or replaced on request"))
	}
}

// checkNumber checks that the agent can be created: its number is one of the user's and has no other agent.
// replacedID is the agent that is deleted first, empty for none. It returns the agent of the number.
func (r *agentResource) checkNumber(ctx context.Context, plan agentModel, replacedID string, diags *diag.Diagnostics) (existing bizapi.Agent, found bool) {
	var unknown diag.Diagnostics
	ctx, cancel, client := r.data.begin(ctx, plan.Timeouts.Read, defaultReadTimeout, &unknown)
	defer cancel()
	if unknown.HasError() {
		if replacedID != "" {
			diags.Append(unknown...)
		}
		return existing, false // the client is known after apply only
	}
	userID, number := plan.UserID.ValueString(), plan.PhoneNumberID.ValueString()
	_, err := client.FindPhoneNumber(ctx, userID, number, "")
	if errors.Is(err, bizapi.ErrNotFound) {
		diags.Append(unknownNumberError(userID, number))
		return existing, false
	}
	if err == nil {
		existing, found, err = client.AgentOfNumber(ctx, userID, number)
	}
	switch {
	case err != nil && replacedID != "":
		diags.Append(r.data.replacementUnchecked(err, userID, "agent "+replacedID))
	case err != nil:
		diags.Append(r.data.unlisted(err, userID)...)
	case found && existing.ID != replacedID:
		diags.Append(agentExistsAdvice(existing.ID, plan).diagnostic())
	}
	return existing, found
}

// checkReplacement checks that an agent that is deleted first can be created again.
func (r *agentResource) checkReplacement(ctx context.Context, state, plan agentModel, diags *diag.Diagnostics) {
	if !plan.PhoneNumberID.IsUnknown() { // a number that is replaced has no agent then
		r.checkNumber(ctx, plan, state.AgentID.ValueString(), diags)
	}
	r.checkAgentID(ctx, plan, state.AgentID.ValueString(), diags)
}

// checkAgentID checks that the agent_id of a replacement is free.
func (r *agentResource) checkAgentID(ctx context.Context, plan agentModel, replacedID string, diags *diag.Diagnostics) {
	ctx, cancel, client := r.data.begin(ctx, plan.Timeouts.Read, defaultReadTimeout, diags)
	defer cancel()
	if diags.HasError() || plan.AgentID.IsUnknown() || plan.AgentID.ValueString() == replacedID {
		return
	}
	userID := plan.UserID.ValueString()
	err := client.CheckAgentID(ctx, userID, plan.AgentID.ValueString())
	switch {
	case bizapi.KindOf(err) == bizapi.KindAlreadyExists:
		diags.Append(agentIDTakenError(plan.AgentID.ValueString(), "agent "+replacedID))
	case err != nil:
		diags.Append(r.data.replacementUnchecked(err, userID, "agent "+replacedID))
	}
}

// planChange plans an agent that exists.
func (r *agentResource) planChange(ctx context.Context, config, state, plan agentModel, resp *resource.ModifyPlanResponse) {
	diags := &resp.Diagnostics
	if config.PhoneNumberID.IsUnknown() && !r.data.walk.numbers.adds(state.PhoneNumberID.ValueString()) {
		// An agent follows its number, which is planned before it. Where that is not replaced and none is new, the value
		// is unknown for a reason that leaves the number alone, such as a data source that is read in the apply.
		plan.PhoneNumberID = state.PhoneNumberID
		diags.Append(resp.Plan.SetAttribute(ctx, path.Root("phone_number_id"), plan.PhoneNumberID)...)
	}
	isSent := !plan.Name.Equal(state.Name) || !plan.PromptID.Equal(state.PromptID)
	if !isSent && !plan.UpdatedAt.Equal(state.UpdatedAt) { // a change of the timeouts alone
		diags.Append(resp.Plan.SetAttribute(ctx, path.Root("updated_at"), state.UpdatedAt)...)
	}
	what := state.what()
	replacing, pending, findings := weigh(resp,
		judge(what, "phone_number_id", config.PhoneNumberID, plan.PhoneNumberID, state.PhoneNumberID),
		judge(what, "agent_id", config.AgentID, plan.AgentID, state.AgentID),
		r.data.judgeUser(what, config.UserID, plan.UserID, state.UserID))
	conflict := r.data.walk.agents.planChange(state.PhoneNumberID.ValueString(), state.AgentID.ValueString(), len(replacing) > 0)
	diags.Append(conflictError(conflict, what, "Agent")...)
	if len(replacing) == 0 {
		diags.Append(findings...)
		if pending != "" && (isSent || !plan.Timeouts.Equal(state.Timeouts)) {
			diags.Append(unplannableError(what, pending))
		}
		return
	}
	diags.Append(r.data.checkSameUser(what, config.UserID, state.UserID)...)
	if config.UserID.IsUnknown() {
		diags.Append(unknownTargetError(what, "user_id"))
	}
	if !diags.HasError() {
		r.checkReplacement(ctx, state, plan, diags)
	}
	if diags.HasError() {
		return
	}
	why := changesOf(replacing)
	if plan.PhoneNumberID.IsUnknown() {
		why = "phone_number_id is known only after apply"
	}
	diags.Append(agentReplacedWarning(state.AgentID.ValueString(), state.Name.ValueString(), why))
}
