// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

// useStateForUnknownConfig keeps the state's value of an argument that is known after apply only, so
// that it replaces nothing. The next plan knows the value and decides. ModifyPlan warns about it.
type useStateForUnknownConfig struct{}

func (useStateForUnknownConfig) Description(context.Context) string {
	return "Keeps the prior value while the configured one is unknown."
}

func (m useStateForUnknownConfig) MarkdownDescription(ctx context.Context) string {
	return m.Description(ctx)
}

func (useStateForUnknownConfig) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	if req.ConfigValue.IsUnknown() && !req.StateValue.IsNull() {
		resp.PlanValue = req.StateValue
	}
}

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
	resp.Diagnostics.Append(conflictError(r.data.walk.numbers.planDestroy(state.key().String(), id), id, state.key())...)
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
	diags.Append(r.data.writePlanned(ctx, config.UserID, resp.Private)...)
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
		diags.Append(staleStateAdvice(inState.id, existing.ID, plan).diagnostic())
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
	return inState, conflictError(conflict, id, plan.key())
}

// numberChange is the plan of a number that exists.
type numberChange struct {
	data                *providerData
	config, state, plan phoneNumberModel
	private             numberPrivate
}

// verdict is what a plan decides of one attribute.
type verdict struct {
	attribute string
	// replaces the number.
	replaces bool
	// isPending is a value that is known after apply only: the state's stays in this plan.
	isPending bool
	// finding is an error or a warning, unless the number is replaced.
	finding diag.Diagnostic
}

// decide plans the change: a replacement where some attribute asks for one, and otherwise what stays as
// it is and why.
func (c numberChange) decide(ctx context.Context, resp *resource.ModifyPlanResponse) {
	diags := &resp.Diagnostics
	name := c.judgeName(ctx)
	verdicts := []verdict{c.judge("platform", c.config.Platform, c.plan.Platform, c.state.Platform),
		c.judge("meta_phone_number_id", c.config.MetaPhoneNumberID, c.plan.MetaPhoneNumberID, c.state.MetaPhoneNumberID),
		c.judgeUser(), name, c.judgeToken(ctx)}
	var replacing []string
	var pending string
	for _, v := range verdicts {
		if v.replaces {
			replacing = append(replacing, v.attribute)
			resp.RequiresReplace.Append(path.Root(v.attribute))
		}
		if v.isPending {
			pending = v.attribute
		}
	}
	what := kept
	if len(replacing) > 0 {
		what = replaced
	}
	id := c.state.ID.ValueString()
	diags.Append(conflictError(c.data.walk.numbers.planChange(c.state.key().String(), id, what), id, c.state.key())...)
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
	for _, v := range verdicts {
		if v.finding != nil {
			diags.Append(v.finding)
		}
	}
	if pending != "" && c.changesInPlace() {
		diags.Append(unplannableError(c.state.what(), pending))
	}
}

// judge decides of an argument that replaces the number by its schema.
func (c numberChange) judge(attribute string, configured, planned, current types.String) verdict {
	v := verdict{attribute: attribute, replaces: !planned.Equal(current)}
	if configured.IsUnknown() {
		v.isPending, v.finding = true, pendingWarning(c.state.what(), attribute)
	}
	return v
}

// judgeUser keeps a number with its user where the configuration names none.
func (c numberChange) judgeUser() verdict {
	v := c.judge("user_id", c.config.UserID, c.plan.UserID, c.state.UserID)
	byDefault := c.data.userID
	if c.config.UserID.IsNull() && !byDefault.IsNull() && !byDefault.IsUnknown() && !byDefault.Equal(c.state.UserID) {
		v.finding = otherDefaultWarning(c.state.what(), c.state.UserID.ValueString(), byDefault.ValueString())
	}
	return v
}

// judgeName tells a name that somebody asks for from one that differs because the number was renamed.
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
