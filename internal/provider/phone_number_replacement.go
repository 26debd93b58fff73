// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// A replacement deletes first, and an error after that loses the number. So everything that can fail is
// checked in its plan: this file.

// checkReplacement checks the replacement of a number by changed attributes.
func (c numberChange) checkReplacement(ctx context.Context, attributes []string, diags *diag.Diagnostics) {
	id := c.state.ID.ValueString()
	if c.state.DeletionProtection.ValueBool() {
		diags.Append(protectedError(id, c.state.key(), "a change of "+strings.Join(attributes, " and ")))
	}
	token := configuredToken(c.config)
	if token.attribute == noToken {
		diags.Append(missingToken(c.plan.Platform.ValueString()))
	}
	diags.Append(token.check()...)
	diags.Append(c.data.checkSameUser(c.state.what(), c.config.UserID, c.state.UserID)...)
	diags.Append(unknownTarget(c.config, c.state.what())...)
	_, clientDiags := c.data.client()
	if diags.Append(clientDiags...); diags.HasError() {
		return
	}
	if inState, ok := c.data.walk.numbers.find(c.plan.key().String()); ok && inState.id != id { // another user's, which no listing of this one shows
		diags.Append(takenError(id, inState.id, inState.userID, c.plan.key()))
		return
	}
	checked := c.data.checkToken(ctx, c.plan, token)
	existing, found, err := c.data.registered(ctx, c.plan)
	diags.Append(checked()...)
	switch {
	case err != nil:
		diags.Append(c.data.replacementUnchecked(err, c.plan.UserID.ValueString(), c.state.what()))
	case found && existing.ID != id && c.plan.key() == c.state.key():
		diags.Append(staleStateError(id, existing.ID, c.plan))
	case found && existing.ID != id:
		diags.Append(takenError(id, existing.ID, c.plan.UserID.ValueString(), c.plan.key()))
	}
}

// unknownTarget refuses to replace a number by one that is known after apply only.
func unknownTarget(config phoneNumberModel, what string) diag.Diagnostics {
	if attribute := config.unknownArgument(); attribute != "" {
		return diag.Diagnostics{unknownTargetError(what, attribute)}
	}
	return nil
}

// unknownArgument returns an argument that says which number it is and is known after apply only; empty for none.
func (m phoneNumberModel) unknownArgument() string {
	switch {
	case m.Platform.IsUnknown():
		return "platform"
	case m.MetaPhoneNumberID.IsUnknown():
		return "meta_phone_number_id"
	case m.UserID.IsUnknown():
		return "user_id"
	}
	return ""
}

// checkReplaced checks the add of a number that is in the state: Terraform shows no more of a taint, and
// no more of -replace that could fail.
func (d *providerData) checkReplaced(ctx context.Context, inState stateRow, config, plan phoneNumberModel, diags *diag.Diagnostics) {
	if inState.isProtected {
		diags.Append(protectedError(inState.id, plan.key(), "replacing it"))
	}
	diags.Append(d.checkSameUser("phone number "+inState.id, config.UserID, types.StringValue(inState.userID))...)
	diags.Append(unknownTarget(config, "phone number "+inState.id)...)
	_, clientDiags := d.client()
	if diags.Append(clientDiags...); diags.HasError() {
		return
	}
	existing, found, err := d.registered(ctx, plan)
	switch {
	case err != nil:
		diags.Append(d.replacementUnchecked(err, plan.UserID.ValueString(), "phone number "+inState.id))
	case !found && plan.UserID.ValueString() == inState.userID:
		diags.Append(d.replacedUnlistedError(inState))
	case found && existing.ID != inState.id:
		diags.Append(staleStateError(inState.id, existing.ID, plan))
	default:
		taken, _ := d.takenWith(ctx, inState.userID, inState.id, agentFollows)
		diags.Append(replacedWarning(inState.id, "Its resource is tainted, replaced on request or at a new address", taken))
	}
}

// takenWith says what is deleted with a number: the agent that the API shows on it, or in general where the
// API cannot be asked. back says whether such an agent comes back. hasAgent reports that there may be one.
func (d *providerData) takenWith(ctx context.Context, userID, id, back string) (text string, hasAgent bool) {
	const rest = "its conversations and messages, and the number's templates and campaigns"
	general := fmt.Sprintf("What is bound to %s is deleted with it: the agent, %s. %s", id, rest, back)
	var diags diag.Diagnostics
	ctx, cancel, client := d.begin(ctx, fixedTimeout, defaultReadTimeout, &diags)
	defer cancel()
	if diags.HasError() {
		return general, true
	}
	agent, found, err := client.AgentOfNumber(ctx, userID, id)
	switch {
	case err != nil:
		return general, true
	case !found:
		return fmt.Sprintf("The number's templates and campaigns are deleted with it; it has no agent of user %s.", userID), false
	}
	return fmt.Sprintf("Agent %q (%s) is deleted with it, and so are %s. %s", agent.Name, agent.ID, rest, back), true
}

// Whether the agent of a deleted number comes back. Terraform shows the provider an agent after its number, so
// a plan cannot know which one it is.
const (
	agentFollows = "If this plan also replaces the agent, it is created again in the same apply, without its conversations; otherwise nothing brings it back."
	agentIsLost  = "Unless this plan creates it on another number, nothing brings the agent back."
)
