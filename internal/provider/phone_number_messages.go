// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

// Diagnostics about phone numbers; most functions are one message, named by its cause.

// addFailed is a number that was not added, or may not have been.
func (d *providerData) addFailed(err error, plan phoneNumberModel) diag.Diagnostic {
	platform := plan.Platform.ValueString()
	switch bizapi.KindOf(err) {
	case bizapi.KindAlreadyExists:
		return alreadyExists(err, plan)
	case bizapi.KindInvalidToken:
		return withAnswer(err, advice{"Invalid access token", "The API does not accept the access token. " + tokenAdvice(platform), ""})
	case bizapi.KindInvalidMetaID:
		return withAnswer(err, advice{"Invalid meta_phone_number_id", "The API does not accept this id. " + whereMetaIDIs(platform), "meta_phone_number_id"})
	case bizapi.KindUnknownOutcome:
		return withAnswer(err, advice{"Phone number may or may not exist", fmt.Sprintf("Nothing shows whether the number was added. "+
			"Apply again: that adds it if it is missing, and otherwise says that it exists. Then import it with the id %s.", plan.UserID.ValueString()+"/"+plan.key().String()), ""})
	}
	return d.callFailed(err, plan.UserID.ValueString(), "add the phone number", "")
}

// alreadyExists is an add that met a number that is registered. In an apply, Terraform does not show whether the
// state has that number.
func alreadyExists(err error, plan phoneNumberModel) diag.Diagnostic {
	failure, _ := errors.AsType[*bizapi.Error](err)
	if failure.ExistingID != "" {
		return withAnswer(err, alreadyExistsAdvice(failure.ExistingID, plan))
	}
	return withAnswer(err, advice{"Phone number already exists", fmt.Sprintf("The number is registered, but the API does not list it for user %s. "+
		"If another user has it, set user_id to that user and import it, or delete it there. If it was added or deleted just now, apply again in a few minutes.", plan.UserID.ValueString()), "meta_phone_number_id"})
}

// alreadyExistsAdvice says how to take over what is registered.
func alreadyExistsAdvice(existingID string, plan phoneNumberModel) advice {
	userID := plan.UserID.ValueString()
	return advice{"Phone number already exists", fmt.Sprintf("User %s already has the %s number %s, with id %s. ",
		userID, plan.Platform.ValueString(), plan.MetaPhoneNumberID.ValueString(), existingID) + takeOver("bizapi_phone_number", userID, existingID), "meta_phone_number_id"}
}

// takenError is a replacement by a number that is registered.
func takenError(id, existingID, existingUser string, key numberKey) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("meta_phone_number_id"), "Phone number already exists",
		fmt.Sprintf("Phone number %s would become the %s number %s, which user %s already has with id %s. "+
			"If another resource has that number, addresses have shifted, as when a count gets smaller: use for_each with a moved block for each key, or `terraform state mv`. "+
			"Otherwise import that number, or delete it first.", id, key.platform, key.metaID, existingUser, existingID))
}

// staleStateError is a number that the state has under an id that is gone.
func staleStateError(staleID, existingID string, plan phoneNumberModel) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("meta_phone_number_id"), "Phone number already exists",
		fmt.Sprintf("The state has the number with id %s, but the API has it with id %s. Remove the old one from the state first, with `terraform apply -refresh-only` or `terraform state rm`. "+
			"Then import the number with the id %s/%s.", staleID, existingID, plan.UserID.ValueString(), existingID))
}

// replacedUnlistedError is a replacement, planned without a refresh, of a number that the API does not list.
// Its Delete would not know where the number was last seen.
func (d *providerData) replacedUnlistedError(inState stateRow) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Replacement cannot be checked",
		fmt.Sprintf("The state has phone number %s, but %s does not list it for user %s. Either it is gone, or this is a different API, where a replacement would add the number a second time. "+
			"Check the provider's base_url, and plan again without -refresh=false.", inState.id, d.options.BaseURL, inState.userID))
}

// tokenAdvice names the permissions of the published page.
func tokenAdvice(platform string) string {
	switch platform {
	case instagram:
		return "On Instagram it is a Page Access Token with the permissions instagram_manage_messages and pages_messaging."
	case whatsApp:
		return "On WhatsApp it is a System User Access Token with the permissions whatsapp_business_messaging and whatsapp_business_management."
	}
	return "Check that it is the token of this channel, and that it has not expired."
}

func missingToken(platform string) diag.Diagnostic {
	which := tokenAdvice(platform)
	if platform == webChat {
		which = "Ask the API's operators which token a web chat channel takes."
	}
	return diag.NewErrorDiagnostic("Missing access token",
		"Adding a number needs an access token: set access_token_wo and access_token_wo_version or, if it may be kept in the state, access_token. "+which)
}

func invalidTokenError(problem string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Invalid access token", "The configured access token "+problem)
}

// protectedError is a number that deletion_protection keeps.
// why is what would delete it, such as "a change of access_token".
func protectedError(id string, key numberKey, why string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(fmt.Sprintf("Phone number %s is protected from deletion", id),
		fmt.Sprintf("deletion_protection is true in the state of the %s number %s, and %s would delete it. "+
			"If that is intended, first apply deletion_protection = false on its own, with the block restored if it was removed, and then destroy or replace the number; if its resource is tainted, run `terraform untaint` before that. "+
			"If the number is gone from the API, remove it from the state with `terraform state rm`.", key.platform, key.metaID, why))
}

// whichNumber names a number by all that people know it by, as far as it is known.
func whichNumber(id string, key numberKey) string {
	if key.platform == "" || key.metaID == "" {
		return "phone number " + id
	}
	return fmt.Sprintf("phone number %s (%s %s)", id, key.platform, key.metaID)
}

// replacedWarning says what a replacement takes with it. The id is in the summary: the CLI folds warnings
// of one summary together.
func replacedWarning(id, why, taken string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(fmt.Sprintf("Phone number %s will be replaced", id),
		fmt.Sprintf("%s, so the number is deleted and added again under a new id. %s", why, taken))
}

// destroyedWarning says what a destroy takes with it.
func destroyedWarning(id, taken string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(fmt.Sprintf("Phone number %s will be deleted", id), taken)
}

func (c numberChange) costWarning(ctx context.Context, attributes []string) diag.Diagnostic {
	why := changesOf(attributes)
	if c.config.DisplayName.IsNull() && !c.state.DisplayName.IsNull() {
		why = fmt.Sprintf("%s, and display_name is not set, so the name %q is lost", why, c.state.DisplayName.ValueString())
	}
	if configuredToken(c.config).value.IsUnknown() {
		why += " (its access token is known only after apply: one that is missing or invalid leaves the number deleted)"
	}
	taken, _ := c.data.takenWith(ctx, c.state.UserID.ValueString(), c.state.ID.ValueString(), agentFollows)
	return replacedWarning(c.state.ID.ValueString(), why, taken)
}

func adoptedWarning(id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(fmt.Sprintf("Phone number %s was found, not added twice", id),
		"The answer to the add was lost. The number was not listed before and now is, with the display name that was sent, so the provider took it for the one it added. "+
			"If somebody else added it at the same time, it may have their access token; in that case, replace it with -replace=ADDRESS, which deletes what is bound to its id.")
}

func nameDriftWarning(id, configured, current string) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root("display_name"), fmt.Sprintf("Phone number %s was renamed elsewhere", id),
		fmt.Sprintf("The configuration has %q, but the API has %q. The API cannot rename a number, so the number is left alone. "+
			"To accept the name, write it into the configuration or omit display_name; to restore yours, replace the number with -replace=ADDRESS: that deletes what is bound to its id.", configured, current))
}

func nameRecordedWarning(id, configured string) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root("display_name"), fmt.Sprintf("Name of phone number %s is not sent", id),
		fmt.Sprintf("The configuration has %q, but the API has no name for the number and cannot rename it. The name is recorded only in the state. To send it, replace the number with -replace=ADDRESS: that deletes what is bound to its id.", configured))
}

func tokenRecordedWarning(id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(fmt.Sprintf("Token of phone number %s is not sent", id),
		"Terraform does not know which token the API has, so it records the configured one and sends nothing. To send it, replace the number with -replace=ADDRESS: that deletes what is bound to its id.")
}

func tokenKnownWarning(id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(fmt.Sprintf("Phone number %s has this token already", id),
		"The API already has the configured access token for this number, so the token is recorded and nothing is sent.")
}

func tokenUnsentWarning(id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(fmt.Sprintf("New token of number %s is not sent", id),
		"access_token_wo differs from the token that was sent, but access_token_wo_version is the same. To send the new token, increment access_token_wo_version: that replaces the number, and deletes what is bound to its id.")
}

func tokenDriftWarning(id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(fmt.Sprintf("Phone number %s has another token", id),
		"The API has a different access token for this number than the configuration: somebody changed it there, or yours was recorded and never sent. To send yours, replace the number with -replace=ADDRESS: that deletes what is bound to its id.")
}
