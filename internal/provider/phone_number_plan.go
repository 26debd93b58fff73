// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

// ModifyPlan decides what the schema's plan modifiers cannot: what depends on private state, on the API
// and on several attributes. Terraform plans a replacement twice: first with the prior state and then,
// with none, as the create that it ends in. That create is planned once more in the apply, after the
// delete.
func (r *phoneNumberResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	config, state, plan := decodePlan[phoneNumberModel](ctx, req, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	for _, secret := range []types.String{config.AccessToken, config.AccessTokenWO, state.AccessToken} {
		r.data.secrets.Add(secret.ValueString())
	}
	switch {
	case req.Plan.Raw.IsNull():
		r.planDestroy(ctx, state, resp)
	case req.State.Raw.IsNull():
		r.planCreate(ctx, config, plan, req, resp)
	default:
		change := numberChange{r.data, config, state, plan, readNumberPrivate(ctx, req.Private)}
		change.decide(ctx, resp)
	}
}

// planDestroy keeps a protected number, and one that another resource of this plan adds or keeps. It warns
// about an agent that answers on the number.
func (r *phoneNumberResource) planDestroy(ctx context.Context, state phoneNumberModel, resp *resource.ModifyPlanResponse) {
	id := state.ID.ValueString()
	if state.DeletionProtection.ValueBool() {
		resp.Diagnostics.Append(protectedError(id, state.key(), "this plan"))
	}
	resp.Diagnostics.Append(conflictError(r.data.walk.numbers.planDestroy(state.key().String(), id), whichNumber(id, state.key()), "Phone number")...)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, plannedPrivateKey, nil)...) // of a replacement that failed
	if resp.Diagnostics.HasError() {
		return
	}
	if taken, hasAgent := r.data.takenWith(ctx, state.UserID.ValueString(), id, agentIsLost); hasAgent {
		resp.Diagnostics.Append(destroyedWarning(id, taken))
	}
}

// planCreate plans an add: of a new number, or the second half of a replacement. Terraform shows no more than
// that of a tainted number.
func (r *phoneNumberResource) planCreate(ctx context.Context, config, plan phoneNumberModel, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	diags := &resp.Diagnostics
	plan.UserID = r.data.plannedUser(ctx, config.UserID, resp)
	token := configuredToken(config)
	if token.attribute == noToken {
		diags.Append(missingToken(plan.Platform.ValueString()))
	}
	if diags.HasError() || r.data.walk.isDeleting() {
		return
	}
	diags.Append(token.check()...)
	diags.Append(r.data.writePlanned(ctx, config.UserID, config.unknownArgument(), resp.Private)...)
	_, isSecondHalf := readPrivate[numberPrivate](ctx, req.Private, numberPrivateKey)
	if isSecondHalf { // of -replace: other replacements were checked
		diags.Append(unknownTarget(config, "this phone number")...)
	}
	inState, conflicts := r.data.walk.planNumber(plan, !isSecondHalf)
	diags.Append(conflicts...)
	if diags.HasError() {
		return
	}
	checked := r.data.checkToken(ctx, plan, token)
	defer func() { diags.Append(checked()...) }()
	if inState.id != "" && !inState.isGone { // a taint, -replace, or the second half of a replacement
		r.data.checkReplaced(ctx, inState, config, plan, diags)
		return
	}
	existing, found, err := r.data.registered(ctx, plan)
	switch {
	case err != nil:
		diags.Append(r.data.unlisted(err, plan.UserID.ValueString())...)
	case found && inState.isGone:
		diags.Append(staleStateError(inState.id, existing.ID, plan))
	case found:
		diags.Append(alreadyExistsAdvice(existing.ID, plan).diagnostic())
	}
}

// planNumber notes that a number is planned to be added, and returns it as the state has it, if it does.
func (w *walk) planNumber(plan phoneNumberModel, isNew bool) (inState stateRow, diags diag.Diagnostics) {
	key := unknownKey
	if !plan.Platform.IsUnknown() && !plan.MetaPhoneNumberID.IsUnknown() {
		key = plan.key().String()
	}
	id, conflict := w.numbers.planCreate(key, isNew)
	inState, _ = w.numbers.find(key)
	return inState, conflictError(conflict, whichNumber(id, plan.key()), "Phone number")
}

// numberChange is the plan of a number that exists.
type numberChange struct {
	data                *providerData
	config, state, plan phoneNumberModel
	private             numberPrivate
}

// decide plans the change: a replacement where some attribute asks for one, and otherwise what stays as
// it is and why.
func (c numberChange) decide(ctx context.Context, resp *resource.ModifyPlanResponse) {
	diags := &resp.Diagnostics
	what, name := c.state.what(), c.judgeName(ctx)
	replacing, pending, findings := weigh(resp,
		judge(what, "platform", c.config.Platform, c.plan.Platform, c.state.Platform),
		judge(what, "meta_phone_number_id", c.config.MetaPhoneNumberID, c.plan.MetaPhoneNumberID, c.state.MetaPhoneNumberID),
		c.data.judgeUser(what, c.config.UserID, c.plan.UserID, c.state.UserID), name, c.judgeToken(ctx))
	id := c.state.ID.ValueString()
	conflict := c.data.walk.numbers.planChange(c.state.key().String(), id, len(replacing) > 0)
	diags.Append(conflictError(conflict, whichNumber(id, c.state.key()), "Phone number")...)
	if planned := c.plannedName(name.replaces); !planned.Equal(c.plan.DisplayName) {
		c.plan.DisplayName = planned
		diags.Append(resp.Plan.SetAttribute(ctx, path.Root("display_name"), planned)...)
	}
	if len(replacing) > 0 {
		c.checkReplacement(ctx, replacing, diags)
		if !diags.HasError() {
			diags.Append(c.costWarning(ctx, replacing))
		}
		return
	}
	diags.Append(findings...)
	if pending != "" && c.changesInPlace() {
		diags.Append(unplannableError(what, pending))
	}
}

// judgeName distinguishes a name that somebody asks for from one that differs because the number was renamed.
// The API cannot rename, so only the first is worth a replacement.
func (c numberChange) judgeName(ctx context.Context) verdict {
	v := verdict{attribute: "display_name"}
	wanted, id := c.config.DisplayName, c.state.ID.ValueString()
	switch {
	case wanted.IsNull() || wanted.Equal(c.state.DisplayName):
	case wanted.IsUnknown() && c.state.DisplayName.IsNull() && !c.private.AnyName:
		v.finding = unplannableError(c.state.what(), "display_name") // Terraform takes no null in its place
	case wanted.IsUnknown():
		v.isPending, v.finding = !c.state.DisplayName.IsNull(), pendingWarning(c.state.what(), "display_name")
	case !c.private.had(wanted.ValueString()):
		number, found := c.listed(ctx) // a state that was not refreshed may lack the API's name
		v.replaces = !found || number.DisplayName != wanted.ValueString()
	case c.state.DisplayName.IsNull():
		v.finding = nameRecordedWarning(id, wanted.ValueString())
	default:
		v.finding = nameDriftWarning(id, wanted.ValueString(), c.state.DisplayName.ValueString())
	}
	return v
}

// plannedName is the state's name, but for one that replaces the number or that the state lacks: Terraform
// accepts the prior value in place of a configured one unless it is null.
func (c numberChange) plannedName(replaces bool) types.String {
	if c.state.DisplayName.IsNull() && !c.config.DisplayName.IsNull() || replaces {
		return c.config.DisplayName
	}
	if c.config.DisplayName.IsNull() && c.private.Nameless {
		return types.StringNull() // one that was recorded, and is omitted now
	}
	return c.state.DisplayName
}

// changesInPlace reports whether the plan changes something that replaces nothing.
func (c numberChange) changesInPlace() bool {
	return !c.plan.DisplayName.Equal(c.state.DisplayName) || !c.plan.AccessToken.Equal(c.state.AccessToken) ||
		!c.plan.AccessTokenWOVersion.Equal(c.state.AccessTokenWOVersion) ||
		!c.plan.DeletionProtection.Equal(c.state.DeletionProtection) || !c.plan.Timeouts.Equal(c.state.Timeouts)
}

// registered looks for a number to be added among those of its user. It asks nothing where the user or the
// client is known after apply only.
func (d *providerData) registered(ctx context.Context, plan phoneNumberModel) (existing bizapi.PhoneNumber, found bool, err error) {
	var unknown diag.Diagnostics
	ctx, cancel, client := d.begin(ctx, plan.Timeouts.Read, defaultReadTimeout, &unknown)
	defer cancel()
	if plan.UserID.IsUnknown() || unknown.HasError() {
		return existing, false, nil
	}
	return client.RegisteredPhoneNumber(ctx, plan.UserID.ValueString(), plan.Platform.ValueString(), plan.MetaPhoneNumberID.ValueString())
}
