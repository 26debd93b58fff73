// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

// A replacement deletes first, and an error after that loses the number. So everything that can fail is
// checked in its plan: this file.

// checkReplacement checks the replacement of a number by a changed attribute.
func (c numberChange) checkReplacement(ctx context.Context, diags *diag.Diagnostics) {
	id := c.state.ID.ValueString()
	if c.state.DeletionProtection.ValueBool() {
		diags.Append(protectedError(id, c.state.key(), ""))
	}
	token := configuredToken(c.config)
	if token.attribute == noToken {
		diags.Append(missingToken(c.plan.Platform.ValueString()))
	}
	diags.Append(token.check()...)
	if c.config.UserID.IsNull() && !c.data.userID.Equal(c.state.UserID) {
		diags.Append(wouldMoveError(id, c.state.UserID.ValueString(), c.data.userID))
	}
	if diags.HasError() {
		return
	}
	existing, found, err := c.data.registered(ctx, c.plan)
	switch {
	case err != nil:
		diags.Append(c.data.replacementUnchecked(err, id, c.plan))
	case found && existing.ID != id:
		diags.Append(alreadyExistsError(existing.ID, c.plan))
	}
}

// checkReplaced checks the add of a number that is in the state: Terraform shows no more of a taint, and
// no more of -replace that could fail.
func (d *providerData) checkReplaced(ctx context.Context, inState stateNumber, config, plan phoneNumberModel, diags *diag.Diagnostics) {
	if inState.DeletionProtection {
		diags.Append(protectedError(inState.ID, plan.key(), ""))
	}
	if config.UserID.IsNull() && plan.UserID.ValueString() != inState.UserID {
		diags.Append(wouldMoveError(inState.ID, inState.UserID, plan.UserID))
	}
	if diags.HasError() {
		return
	}
	existing, found, err := d.registered(ctx, plan)
	switch {
	case err != nil:
		diags.Append(d.replacementUnchecked(err, inState.ID, plan))
	case found && existing.ID != inState.ID:
		diags.Append(staleStateError(inState.ID, existing.ID, plan))
	default:
		diags.Append(replacedWarning(inState.ID, "Its resource is tainted or replaced on request"))
	}
}

// checkPlanned refuses to delete a number for a replacement that was planned under another configuration:
// it could not be added again, or would be added elsewhere.
func (d *providerData) checkPlanned(planned plannedPrivate, client *bizapi.Client, id string) diag.Diagnostic {
	switch {
	case planned.BaseURL != "" && planned.BaseURL != client.BaseURL():
		return changedSincePlanError(id, "base_url", planned.BaseURL, client.BaseURL())
	case planned.UserID != "" && planned.UserID != d.userID.ValueString():
		return changedSincePlanError(id, "user_id", planned.UserID, orNone(d.userID))
	}
	return nil
}

// orNone is a value for a message.
func orNone(value types.String) string {
	if value.ValueString() == "" {
		return "none"
	}
	return value.ValueString()
}
