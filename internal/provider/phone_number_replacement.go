// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
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
	if c.config.UserID.IsNull() && !c.data.userID.Equal(c.state.UserID) {
		diags.Append(wouldMoveError(c.state.what(), c.state.UserID.ValueString(), c.data.userID))
	}
	if diags.HasError() {
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
		diags.Append(staleStateAdvice(id, existing.ID, c.plan).diagnostic())
	case found && existing.ID != id:
		diags.Append(takenError(id, existing.ID, c.plan.UserID.ValueString(), c.plan.key()))
	}
}

// checkReplaced checks the add of a number that is in the state: Terraform shows no more of a taint, and
// no more of -replace that could fail.
func (d *providerData) checkReplaced(ctx context.Context, inState stateRow, config, plan phoneNumberModel, diags *diag.Diagnostics) {
	if inState.isProtected {
		diags.Append(protectedError(inState.id, plan.key(), "replacing it"))
	}
	if config.UserID.IsNull() && plan.UserID.ValueString() != inState.userID {
		diags.Append(wouldMoveError("phone number "+inState.id, inState.userID, plan.UserID))
	}
	if diags.HasError() {
		return
	}
	existing, found, err := d.registered(ctx, plan)
	switch {
	case err != nil:
		diags.Append(d.replacementUnchecked(err, plan.UserID.ValueString(), "phone number "+inState.id))
	case !found && plan.UserID.ValueString() == inState.userID:
		diags.Append(d.replacedUnlistedError(inState))
	case found && existing.ID != inState.id:
		diags.Append(staleStateAdvice(inState.id, existing.ID, plan).diagnostic())
	default:
		taken, _ := d.takenWith(ctx, inState.userID, inState.id, agentFollows)
		diags.Append(replacedWarning(inState.id, "Its resource is tainted or replaced on request, or another resource has the same number", taken))
	}
}
