// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

// This file is what keeps a replacement from deleting a number that could not be added again, and says
// what one costs. Terraform deletes first, so everything that can be known is checked in the plan.

// checkReplacement makes an error of everything that could fail once the number is deleted, as long
// as it can be known before.
func (c *changePlan) checkReplacement(ctx context.Context) {
	id := c.state.ID.ValueString()
	if c.state.DeletionProtection.ValueBool() {
		c.diags.Append(protected(id, c.state.metaID(), ""))
	}
	c.checkReplacementToken()
	target := c.plan.UserID
	if preset := c.account.userID; c.config.UserID.IsNull() && !preset.Equal(c.state.UserID) {
		c.diags.Append(wouldMove(holding{id: id, userID: c.state.UserID.ValueString()}, preset, ""))
		target = preset
	}
	if c.diags.HasError() {
		return
	}
	wanted := *c.plan
	wanted.UserID = target
	existing, err := c.account.lookUp(ctx, wanted)
	switch {
	case err != nil:
		c.diags.Append(c.account.replacementUnchecked(err, id, wanted))
		return
	case existing != nil && existing.ID != id:
		c.diags.AddAttributeError(path.Root("meta_phone_number_id"), fmt.Sprintf("Phone number %s cannot be replaced", id),
			"The number that it would become is registered already, so the add would fail after the delete. "+c.account.alreadyExistsAdvice(existing, wanted))
		return
	case !wanted.isNumberKnown():
		return
	}
	// Another user's numbers are not in that listing, and the state may hold them.
	held, isHeld := c.account.holds(wanted.metaID())
	isAnothers := isHeld && held.id != id && held.userID != target.ValueString()
	if isAnothers || c.account.planReplacement(wanted.metaID(), id) != "" {
		c.diags.Append(becomesAnothers(id, wanted))
	}
}

func (c *changePlan) checkReplacementToken() {
	if configuredToken(c.config).attribute == noToken {
		c.diags.Append(missingToken(c.plan.Platform.ValueString()))
		return
	}
	if problem := tokenLengthProblem(c.config, c.state.ID.ValueString(), ""); problem != nil {
		c.diags.Append(problem)
	}
}

// tokenLengthProblem is a token that the add of a replacement would be refused for; nil is none. more says
// what else may be the matter.
func tokenLengthProblem(config phoneNumberModel, id, more string) diag.Diagnostic {
	value := configuredToken(config).value
	length := utf8.RuneCountInString(value.ValueString())
	if value.IsNull() || value.IsUnknown() || length >= shortestToken && length <= longestToken {
		return nil
	}
	return diag.NewErrorDiagnostic("Invalid access token",
		fmt.Sprintf("The access token that phone number %s would be added again with has %d characters, and the API takes %d to %d: the add would fail after the delete.%s",
			id, length, shortestToken, longestToken, more))
}

// wouldMove is a replacement whose add would go to another user than the number's. more says what else may
// be the matter.
func wouldMove(held holding, user types.String, more string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("user_id"), fmt.Sprintf("Replacing phone number %s would move it to another user", held.id),
		fmt.Sprintf("The number belongs to user %[1]s and its configuration names none, so the new one would go to the provider's user (%[2]s). "+
			"Write user_id = %[1]q into the resource to keep it there, or name the other user to move it.%[3]s", held.userID, quoted(user), more))
}

// warnOfCost says what goes with the id. The id stands in the summary, since the CLI folds warnings
// of one summary together.
func (c *changePlan) warnOfCost(replacing path.Paths) {
	id := c.state.ID.ValueString()
	summary := fmt.Sprintf("Phone number %s will be deleted and added again", id)
	detail := fmt.Sprintf("A change of %s can only be made that way: %s. The new number starts empty.", names(replacing), costOf(id))
	if c.config.DisplayName.IsNull() && !c.state.DisplayName.IsNull() {
		detail += fmt.Sprintf(" Its display name %s goes too, since the configuration has none: write it into the configuration to keep it.", quoted(c.state.DisplayName))
	}
	if first := replacing[0]; !first.Equal(path.Root("access_token")) {
		c.diags.AddAttributeWarning(first, summary, detail)
		return
	}
	c.diags.AddWarning(summary, detail)
}

func names(paths path.Paths) string {
	text := ""
	for at, attribute := range paths {
		if at > 0 {
			text += ", "
		}
		text += attribute.String()
	}
	return text
}

// becomesAnothers is a number that another resource of the same plan has or becomes too: of the two adds
// one would fail, perhaps after the delete.
func becomesAnothers(id string, plan phoneNumberModel) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("meta_phone_number_id"), fmt.Sprintf("Phone number %s cannot be replaced", id),
		fmt.Sprintf("It would become the %s number %s, and another resource has or becomes that number too. The API takes each number once, so an add would fail, perhaps after the delete. "+
			"Give each resource a number of its own; if the other one is removed in this plan, apply its removal first; where resources have got other addresses, a moved block for each keeps its number and its id.",
			plan.Platform.ValueString(), plan.MetaPhoneNumberID.ValueString()))
}

// addedBesideTheState is a number to be added that stands in the state. Terraform shows it for a taint and
// for a second resource of that number; the warnings of any other replacement's create it drops.
func addedBesideTheState(held holding, plan phoneNumberModel) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root("meta_phone_number_id"), fmt.Sprintf("Phone number %s is in the state already", held.id),
		fmt.Sprintf("This plan adds the %s number %s, which the state holds under that id. If its resource is tainted, the number is deleted and added again: %s. "+
			"If not, "+twoResources,
			plan.Platform.ValueString(), plan.MetaPhoneNumberID.ValueString(), costOf(held.id)))
}

// twoResources is what else a number to be added may be that stands in the state.
const twoResources = "two resources have the number, and the API takes each number once, so this add would fail. " +
	"Keep one of the two; where a resource has got another address, a moved block keeps the number and its id."

// costOf is what goes with the id of a number.
func costOf(id string) string {
	return fmt.Sprintf("the id %s goes, and with it the agent bound to it with its conversations and messages, templates and campaigns", id)
}

// checkReplanned makes the errors that a replacement needs where Terraform asks for none: with
// -replace, replace_triggered_by and a taint, this create is the first that is seen of it.
func checkReplanned(held holding, config, plan phoneNumberModel, diags *diag.Diagnostics) {
	if held.isProtected {
		diags.Append(protected(held.id, plan.metaID(), " If nobody asked for that, "+twoResources))
	}
	if config.UserID.IsNull() && plan.UserID.ValueString() != held.userID {
		diags.Append(wouldMove(held, plan.UserID, " If nobody asked for a replacement, "+twoResources))
	}
	if problem := tokenLengthProblem(config, held.id, " If nobody asked for a replacement, "+twoResources); problem != nil {
		diags.Append(problem)
	}
}

// replacementUnchecked is a number to be replaced where nothing tells whether its add would succeed.
func (a *account) replacementUnchecked(err error, id string, plan phoneNumberModel) diag.Diagnostic {
	failed := a.diagnosticOfUser(err, plan)
	a.noteUnlisted(plan.UserID.ValueString(), err)
	if bizapi.KindOf(err) == bizapi.KindUnknownUser {
		return failed
	}
	return diag.NewErrorDiagnostic(fmt.Sprintf("Phone number %s cannot be replaced", id),
		fmt.Sprintf("The phone numbers of user %s cannot be listed, so nothing tells whether the number could be added after it is deleted. Plan again once they can.\n\n%s: %s",
			plan.UserID.ValueString(), failed.Summary(), failed.Detail()))
}
