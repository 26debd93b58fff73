// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

// ModifyPlan decides everything that a plan decides of a number: what its values become, whether it
// is replaced, and what must not go on. Terraform plans a replacement twice: first with the prior
// state, then, with none, as the create that it ends in.
func (r *phoneNumberResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var config, state, plan phoneNumberModel
	if !req.Config.Raw.IsNull() {
		resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	}
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if !req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	for _, secret := range []types.String{config.AccessToken, config.AccessTokenWO, state.AccessToken} {
		r.account.secrets.Hold(secret.ValueString())
	}
	proposed := plan
	switch {
	case req.Plan.Raw.IsNull():
		resp.Diagnostics.Append(planDestroy(state)...)
		return
	case req.State.Raw.IsNull():
		r.planCreate(ctx, config, &plan, &resp.Diagnostics)
	default:
		r.account.hold(state)
		change := changePlan{account: r.account, config: config, state: state, plan: &plan, seen: recall(ctx, req.Private), diags: &resp.Diagnostics}
		r.account.tokens.watch(change.seen.Token)
		resp.RequiresReplace = change.decide(ctx)
	}
	if !plan.isDecidedLike(proposed) {
		resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	}
}

// planDestroy keeps a protected number.
func planDestroy(state phoneNumberModel) diag.Diagnostics {
	if state.DeletionProtection.ValueBool() {
		return diag.Diagnostics{protected(state.ID.ValueString(), state.metaID(), "")}
	}
	return nil
}

// planCreate plans a number that is to be added. A number that is tainted, or replaced for the
// second of the two times, looks just like one that was never there.
func (r *phoneNumberResource) planCreate(ctx context.Context, config phoneNumberModel, plan *phoneNumberModel, diags *diag.Diagnostics) {
	if config.UserID.IsNull() {
		plan.UserID = r.account.userID
		if plan.UserID.IsNull() {
			diags.AddAttributeError(path.Root("user_id"), "Missing user",
				"The number has no user_id, and the provider has none either. Set user_id of the resource or of the provider, or the environment variable BIZAPI_USER_ID.")
		}
	}
	if configuredToken(config).attribute == noToken {
		diags.Append(missingToken(config.Platform.ValueString()))
	}
	if diags.HasError() {
		return
	}
	if plan.isNumberKnown() {
		switch replaced, isTwice := r.account.planAdd(plan.metaID()); {
		case isTwice && replaced != "":
			diags.Append(becomesAnothers(replaced, *plan))
			return
		case isTwice:
			diags.AddAttributeWarning(path.Root("meta_phone_number_id"), fmt.Sprintf("The %s number %s is to be added twice", plan.Platform.ValueString(), plan.MetaPhoneNumberID.ValueString()),
				"Two resources have the number, and the API takes each number once, so one of the adds would fail. Keep one of the two.")
		}
	}
	existing, err := r.account.lookUp(ctx, *plan)
	held, isHeld := r.account.holds(plan.metaID())
	if isHeld {
		checkReplanned(held, config, *plan, diags)
	}
	if diags.HasError() {
		return
	}
	switch {
	case err != nil && isHeld:
		diags.Append(r.account.replacementUnchecked(err, held.id, *plan))
	case err != nil:
		diags.Append(r.account.createUnchecked(err, *plan)...)
	case existing == nil && (!isHeld || held.userID == plan.UserID.ValueString()):
	case existing == nil || existing.ID == held.id:
		diags.Append(addedBesideTheState(held, *plan))
	default:
		diags.AddAttributeWarning(path.Root("meta_phone_number_id"), fmt.Sprintf("Phone number %s exists already", existing.ID),
			"This plan adds a number that is there, and the API takes each number once. "+r.account.alreadyExistsAdvice(existing, *plan))
	}
}

// isNumberKnown tells whether platform and Meta id are known.
func (m phoneNumberModel) isNumberKnown() bool {
	return !m.Platform.IsUnknown() && !m.MetaPhoneNumberID.IsUnknown()
}

// changePlan is the plan of a number that is there.
type changePlan struct {
	account *account
	config  phoneNumberModel
	state   phoneNumberModel
	plan    *phoneNumberModel
	seen    memory
	// pending names a value that is not known yet and stays the state's in this plan.
	pending string
	// notes are warnings of what stays as it is; a replacement makes them untrue.
	notes diag.Diagnostics
	diags *diag.Diagnostics
}

// decide fills the plan in and returns the attributes that replace the number, if any.
func (c *changePlan) decide(ctx context.Context) path.Paths {
	var replacing path.Paths
	for _, attribute := range []struct {
		name     string
		replaces bool
	}{
		{"user_id", c.userReplaces()},
		{"platform", !c.plan.Platform.Equal(c.state.Platform)},
		{"meta_phone_number_id", !c.plan.MetaPhoneNumberID.Equal(c.state.MetaPhoneNumberID)},
		{"display_name", c.displayNameReplaces()},
	} {
		if attribute.replaces {
			replacing.Append(path.Root(attribute.name))
		}
	}
	if token := c.tokenReplaces(); token != "" {
		replacing.Append(path.Root(token))
	}
	if len(replacing) > 0 {
		c.checkReplacement(ctx)
		if !c.diags.HasError() {
			c.warnOfCost(replacing)
		}
		return replacing
	}
	c.checkPending()
	if c.account.isAdded(c.state.metaID()) { // by a resource that was planned before this one
		c.diags.Append(addedBesideTheState(holding{id: c.state.ID.ValueString()}, c.state))
	}
	c.diags.Append(c.notes...)
	// Nothing of a change in place reaches the API, so what it computes stays.
	c.plan.ID, c.plan.CreatedAt, c.plan.UpdatedAt = c.state.ID, c.state.CreatedAt, c.state.UpdatedAt
	return nil
}

// userReplaces keeps a number with its user when the configuration names none.
func (c *changePlan) userReplaces() bool {
	if !c.config.UserID.IsNull() {
		return !c.plan.UserID.Equal(c.state.UserID)
	}
	c.plan.UserID = c.state.UserID
	if preset := c.account.userID; !preset.IsNull() && !preset.IsUnknown() && !preset.Equal(c.state.UserID) {
		c.notes.AddAttributeWarning(path.Root("user_id"), fmt.Sprintf("Phone number %s stays with user %s", c.state.ID.ValueString(), c.state.UserID.ValueString()),
			fmt.Sprintf("The provider's user_id is %s now, and the number belongs to %s. It is left where it is. "+
				"Write user_id = %q into the resource to say so, or user_id = %q to replace the number with one of that user.",
				preset.ValueString(), c.state.UserID.ValueString(), c.state.UserID.ValueString(), preset.ValueString()))
	}
	return false
}

// displayNameReplaces tells a name that somebody asks for from one that differs because the number
// was renamed. The API cannot rename, so only the first is worth a replacement.
func (c *changePlan) displayNameReplaces() bool {
	wanted, current := c.config.DisplayName, c.state.DisplayName
	c.plan.DisplayName = current
	switch {
	case wanted.IsNull() && c.seen.Rename.isUnsent(current.ValueString(), ""):
		c.plan.DisplayName = types.StringNull()
		return false
	case wanted.IsNull() || wanted.Equal(current):
		return false
	case wanted.IsUnknown() && current.IsNull():
		c.planUnknownFirstName()
		return false
	case wanted.IsUnknown():
		c.pending = "display_name"
		c.notes.AddAttributeWarning(path.Root("display_name"), fmt.Sprintf("Display name of phone number %s is not known yet", c.state.ID.ValueString()),
			fmt.Sprintf("The name stays %s in this plan. The next plan knows the new one, and replaces the number if it differs.", quoted(current)))
		return false
	case c.isExplained(wanted) && current.IsNull():
		// Terraform takes the prior value in place of the configured one only where there is one.
		c.plan.DisplayName = wanted
		c.notes.AddAttributeWarning(path.Root("display_name"), fmt.Sprintf("Display name of phone number %s is recorded, not sent", c.state.ID.ValueString()),
			fmt.Sprintf("The configuration has %s, and the number has no name on the API, which cannot rename it. The name is noted in the state and sent nowhere. "+
				"If the API should get it, replace the number with -replace=ADDRESS: that deletes what is bound to its id.", quoted(wanted)))
		return false
	case c.isExplained(wanted):
		c.notes.AddAttributeWarning(path.Root("display_name"), fmt.Sprintf("Display name of phone number %s differs from the configured one", c.state.ID.ValueString()),
			fmt.Sprintf("The configuration has %s, and the API has %s. The API cannot rename a number, so it is left alone. "+
				"To accept the name, write it into the configuration, or leave display_name out. To restore yours, replace the number with "+
				"-replace=ADDRESS: that deletes what is bound to its id.", quoted(wanted), quoted(current)))
		return false
	}
	c.plan.DisplayName = wanted
	return true
}

// isExplained tells whether a wanted name is no wish to change the number: it was there before a rename, or
// nobody can tell, since a secret was cut out of the name in the state.
func (c *changePlan) isExplained(wanted types.String) bool {
	return c.seen.Rename.explains(wanted.ValueString()) || strings.Contains(c.state.DisplayName.ValueString(), bizapi.Redacted)
}

// planUnknownFirstName plans a name that is not known yet for a number that has none. Terraform takes
// no null in place of it, so it is recorded where it cannot replace, and an error where it may.
func (c *changePlan) planUnknownFirstName() {
	if c.seen.Rename != nil && c.seen.Rename.FromAny {
		c.plan.DisplayName = c.config.DisplayName
		return
	}
	c.diags.AddAttributeError(path.Root("display_name"), fmt.Sprintf("Display name of phone number %s cannot be planned", c.state.ID.ValueString()),
		"The number has no name, and a name that is known after apply only would replace it, which must be seen before it happens. "+
			"Apply what the name depends on first, with -target, or leave display_name out.")
}

// checkPending refuses a change in place beside a value that is not known yet: Terraform plans it
// again once the value is known, and stops the apply if it then replaces.
func (c *changePlan) checkPending() {
	plan, state := c.plan, c.state
	changes := !plan.DisplayName.Equal(state.DisplayName) || !plan.AccessToken.Equal(state.AccessToken) ||
		!plan.AccessTokenWOVersion.Equal(state.AccessTokenWOVersion) ||
		!plan.DeletionProtection.Equal(state.DeletionProtection) || !plan.Timeouts.Equal(state.Timeouts)
	if c.pending == "" || !changes {
		return
	}
	c.diags.AddError(fmt.Sprintf("Change of phone number %s cannot be planned", state.ID.ValueString()),
		c.pending+" is known after apply only, and something else of the number changes in the same plan: if the value turns out another, the number has to be replaced, which must be seen before it happens. "+
			"Apply what "+c.pending+" depends on first, with -target, or leave the other change for the next apply.")
}

// quoted is a name for a message.
func quoted(name types.String) string {
	switch {
	case name.IsUnknown():
		return "one that is not known yet"
	case name.IsNull():
		return "none"
	}
	return fmt.Sprintf("%q", name.ValueString())
}

// tokenReplaces returns the attribute whose token replaces the number, if one does.
func (c *changePlan) tokenReplaces() string {
	before, configured := rememberedToken(c.state, c.seen), configuredToken(c.config)
	id := c.state.ID.ValueString()
	switch changeOfToken(before, configured) {
	case tokenReplaces:
		if configured.attribute == writeOnlyToken {
			return "access_token_wo_version"
		}
		return "access_token"
	case tokenRecorded:
		c.notes.AddWarning(fmt.Sprintf("Access token of phone number %s is recorded, not sent", id),
			"Terraform does not know which token the API has for this number, so the configured one is taken to be it: it is noted in the state and sent nowhere. "+
				"If the API should get it, replace the number with -replace=ADDRESS: that deletes what is bound to its id.")
	case tokenUnsent:
		c.notes.AddWarning(fmt.Sprintf("Access token of phone number %s differs from the one sent", id),
			"access_token_wo has another value than the one that the API was given, and access_token_wo_version is the same, so nothing is sent. "+
				"If the API should get the new token, change access_token_wo_version: that replaces the number, and deletes what is bound to its id.")
	case tokenPending:
		c.pending = "access_token"
		c.plan.AccessToken = c.state.AccessToken
		c.notes.AddWarning(fmt.Sprintf("Access token of phone number %s is not known yet", id),
			"The token stays the one in the state in this plan. The next plan knows the new one, and replaces the number if it differs.")
	case tokenUnplannable:
		c.diags.AddError(fmt.Sprintf("Access token of phone number %s cannot be planned", id),
			"Whether the number is replaced depends on a token or an access_token_wo_version that is known after apply only, and a replacement must be seen before it happens. "+
				"Apply what it depends on first, with -target, or give access_token_wo_version a value that is known.")
	}
	return ""
}

// lookUp finds a number to be added among those of its user, nil when it is not there or nothing can be
// asked yet.
func (a *account) lookUp(ctx context.Context, wanted phoneNumberModel) (*bizapi.PhoneNumber, error) {
	userID := wanted.UserID.ValueString()
	if wanted.UserID.IsUnknown() {
		return nil, nil
	}
	client, diags := a.client()
	timeout, timeoutDiags := wanted.Timeouts.Read(ctx, defaultReadTimeout)
	if diags.HasError() || timeoutDiags.HasError() {
		return nil, nil
	}
	if err := a.whyUnlisted(userID); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	// Values that are not known yet match no number; the listing still tells whether the user is there.
	numbers, err := client.FindByMetaID(ctx, userID, wanted.Platform.ValueString(), wanted.MetaPhoneNumberID.ValueString())
	if err != nil || len(numbers) == 0 {
		return nil, err
	}
	return &numbers[0], nil
}

// isRefusal tells an answer that says no to this configuration from a network or a server that fails.
func isRefusal(err error) bool {
	switch bizapi.KindOf(err) {
	case bizapi.KindUnauthorized, bizapi.KindForbidden, bizapi.KindUnknownRoute, bizapi.KindRedirect, bizapi.KindCertificate, bizapi.KindUnreadable:
		return true
	}
	return false
}

// createUnchecked is a number to be added whose user's numbers cannot be listed. A network or a server that
// fails is passed over, since a plan without a network works; the first refusal of a user's listing is
// warned of, since an apply would meet it too. An unknown user is an error.
func (a *account) createUnchecked(err error, plan phoneNumberModel) diag.Diagnostics {
	failed := a.diagnosticOfUser(err, plan)
	isFirst := a.noteUnlisted(plan.UserID.ValueString(), err)
	switch {
	case bizapi.KindOf(err) == bizapi.KindUnknownUser:
		return diag.Diagnostics{failed}
	case isFirst && isRefusal(err):
		return diag.Diagnostics{diag.NewWarningDiagnostic("Plan was not held against the account: "+failed.Summary(),
			"Whether the number is there already, and whether its user is, could not be looked up. An apply would fail the same way.\n\n"+failed.Detail())}
	}
	return nil
}

// diagnosticOfUser is a user whose numbers cannot be listed.
func (a *account) diagnosticOfUser(err error, plan phoneNumberModel) diag.Diagnostic {
	summary, advice, attribute := a.adviceOnCall(err, plan, "list the phone numbers of user "+plan.UserID.ValueString())
	return a.diagnostic(err, summary, advice, attribute)
}
