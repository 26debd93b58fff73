// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

// Errors of the API become diagnostics here and nowhere else: a title that a search engine finds, what it
// means, what to do, and then the API's own answer. No diagnostic about a token or the key has a path: the
// CLI prints the source line that a path points at, with a literal secret in it.

// advice is what to do about an error.
type advice struct{ summary, detail, attribute string }

// addFailed is a number that was not added, or may not have been.
func (d *providerData) addFailed(err error, plan phoneNumberModel) diag.Diagnostic {
	platform := plan.Platform.ValueString()
	switch bizapi.KindOf(err) {
	case bizapi.KindAlreadyExists:
		return d.alreadyExists(err, plan)
	case bizapi.KindInvalidToken:
		return withAnswer(err, advice{"Invalid access token", "The API does not accept the access token. " + tokenAdvice(platform), ""})
	case bizapi.KindInvalidMetaID:
		return withAnswer(err, advice{"Invalid meta_phone_number_id", "The API does not accept this id. " + whereMetaIDIs(platform), "meta_phone_number_id"})
	case bizapi.KindUnknownOutcome:
		return withAnswer(err, advice{"Phone number may or may not exist", fmt.Sprintf("No answer says whether the number was added. "+
			"Apply again: that adds it if it is missing, and otherwise says that it exists. Then import it with the id %s.", importIDOf(plan)), ""})
	}
	return d.callFailed(err, "add the phone number", plan, "")
}

// alreadyExists is an add that met a number that is registered.
func (d *providerData) alreadyExists(err error, plan phoneNumberModel) diag.Diagnostic {
	existingID := ""
	if failure, ok := errors.AsType[*bizapi.Error](err); ok {
		existingID = failure.ExistingID
	}
	inState, _ := d.numbers.find(plan.key())
	switch {
	case existingID == "":
		return withAnswer(err, advice{"Phone number already exists", fmt.Sprintf("The number is registered, and the API does not list it for user %s. "+
			"If another user has it, set user_id to that user and import it, or delete it there. If it was added or deleted a moment ago, apply again in a few minutes.", plan.UserID.ValueString()), "meta_phone_number_id"})
	case existingID == inState.ID:
		return withAnswer(err, advice{"Phone number already exists", fmt.Sprintf("The number in the way is %s, which is in the state: this resource's lifecycle has create_before_destroy, or destroy = false, or another resource has the same number. "+
			"The API takes each number once, so it has to be deleted before it is added. Remove that setting, or the second resource.", existingID), "meta_phone_number_id"})
	case inState.ID != "":
		return withAnswer(err, staleStateAdvice(inState.ID, existingID, plan))
	}
	return withAnswer(err, alreadyExistsAdvice(existingID, plan))
}

// listFailed is a user whose numbers could not be listed.
func (d *providerData) listFailed(err error, number phoneNumberModel) diag.Diagnostic {
	return d.callFailed(err, "list the phone numbers of user "+number.UserID.ValueString(), number, "")
}

func (d *providerData) readFailed(err error, state phoneNumberModel) diag.Diagnostic {
	return d.callFailed(err, "list the phone numbers of user "+state.UserID.ValueString(), state, " Nothing was removed from the state.")
}

func (d *providerData) deleteFailed(err error, state phoneNumberModel) diag.Diagnostic {
	return d.callFailed(err, "delete phone number "+state.ID.ValueString(), state, " The number stays in the state.")
}

// replacementUnchecked is a replacement where nothing tells whether its add would succeed.
func (d *providerData) replacementUnchecked(err error, id string, plan phoneNumberModel) diag.Diagnostic {
	failed := d.listFailed(err, plan)
	return diag.NewErrorDiagnostic("Replacement cannot be checked",
		fmt.Sprintf("Replacing phone number %s deletes it first, and nothing tells whether it could be added again. Plan again when the cause is gone.\n\n%s: %s", id, failed.Summary(), failed.Detail()))
}

// callFailed is an error that every call can have. consequence is what it means for the number.
func (d *providerData) callFailed(err error, doing string, number phoneNumberModel, consequence string) diag.Diagnostic {
	a := d.adviceOn(err, doing, number)
	a.detail += consequence
	return withAnswer(err, a)
}

func (d *providerData) adviceOn(err error, doing string, number phoneNumberModel) advice {
	switch bizapi.KindOf(err) {
	case bizapi.KindUnauthorized:
		return advice{"API key refused", "The API does not accept the key. Check BIZAPI_API_KEY, or the provider's api_key: it may have expired, or belong to another environment than base_url.", ""}
	case bizapi.KindForbidden:
		return advice{"Not allowed", fmt.Sprintf("The API key may not %s, or it belongs to another user. Check user_id and the key.", doing), ""}
	case bizapi.KindUnknownUser:
		return advice{"Unknown user", fmt.Sprintf("The API does not know user %q. Check user_id, and whether base_url and the API key are of the same environment. If the user was deleted, remove its numbers from the state with `terraform state rm`.", number.UserID.ValueString()), "user_id"}
	case bizapi.KindNotFound:
		return advice{"Not found", "The API does not know it.", ""}
	case bizapi.KindWrongBaseURL:
		return advice{"Wrong base URL", fmt.Sprintf("The server at %s does not serve this path. Check the provider's base_url, or BIZAPI_BASE_URL: its version path, such as /v1, may be missing, or be one too many.", d.options.BaseURL), ""}
	case bizapi.KindRateLimited:
		return advice{"Rate limit outlasts the operation", "The API allows 100 requests a minute and 1,000 an hour for one key, and the operation has less time left than that takes. Apply again at the time below, or raise the timeout.", ""}
	case bizapi.KindServer:
		return advice{"API failure", fmt.Sprintf("The API failed to %s, and so did the retries. Try again later; if it goes on, give the correlation id to the API's operators.", doing), ""}
	case bizapi.KindRedirect:
		return advice{"API redirects elsewhere", "Set the provider's base_url to the address that the API really has.", ""}
	case bizapi.KindUnreadable:
		return advice{"Unexpected API response", fmt.Sprintf("What %s answered is not what the API promises. Check the provider's base_url: a proxy or a sign-in page may be in between.", d.options.BaseURL), ""}
	case bizapi.KindCertificate:
		return advice{"API certificate is not trusted", "The TLS certificate does not prove that this is the server in base_url, so nothing was sent. If it is your own, add its authority to the system's roots, or name it in SSL_CERT_FILE.", ""}
	case bizapi.KindUnreachable:
		return advice{"API cannot be reached", fmt.Sprintf("No connection to %s could be made, so nothing was sent. Check the scheme, host and port of base_url, the network and HTTPS_PROXY.", d.options.BaseURL), ""}
	case bizapi.KindNoAnswer:
		return advice{"API does not answer", "The request was sent, and no whole answer came. Try again; if the API is slow, raise the provider's request_timeout.", ""}
	case bizapi.KindCanceled:
		return advice{"Operation was canceled", "It was interrupted, or its timeout is over. Apply again, or raise the timeout.", ""}
	}
	return advice{"API refused the request", fmt.Sprintf("The API refused to %s.", doing), ""}
}

// withAnswer adds the API's own answer, from which the client has cut every secret.
func withAnswer(err error, a advice) diag.Diagnostic {
	detail := a.detail + "\n\n" + err.Error()
	if a.attribute == "" {
		return diag.NewErrorDiagnostic(a.summary, detail)
	}
	return diag.NewAttributeErrorDiagnostic(path.Root(a.attribute), a.summary, detail)
}

// uncheckedWarning is an error that does not keep a number from being planned.
func uncheckedWarning(failed diag.Diagnostic) diag.Diagnostic {
	return diag.NewWarningDiagnostic("Plan could not be checked against the API",
		fmt.Sprintf("Whether the numbers to be added are registered already is not known. The apply may fail.\n\n%s: %s", failed.Summary(), failed.Detail()))
}

// alreadyExistsError is a plan that adds a number that is registered.
func alreadyExistsError(existingID string, plan phoneNumberModel) diag.Diagnostic {
	a := alreadyExistsAdvice(existingID, plan)
	return diag.NewAttributeErrorDiagnostic(path.Root(a.attribute), a.summary, a.detail)
}

// alreadyExistsAdvice says how to take over what is registered.
func alreadyExistsAdvice(existingID string, plan phoneNumberModel) advice {
	userID := plan.UserID.ValueString()
	return advice{"Phone number already exists", fmt.Sprintf("User %s has the %s number %s already, with id %s. To manage it with Terraform, import it, with the address of this resource in place of <NAME>:\n\n"+
		"  import {\n    to = bizapi_phone_number.<NAME>\n    id = \"%s/%s\"\n  }\n\n"+
		"If an apply that was replacing this very number says so, its lifecycle has create_before_destroy or destroy = false, which cannot work here: the API takes each number once.",
		userID, plan.Platform.ValueString(), plan.MetaPhoneNumberID.ValueString(), existingID, userID, existingID), "meta_phone_number_id"}
}

// staleStateError is a number that the state has under an id that is gone, and the API under another.
func staleStateError(staleID, existingID string, plan phoneNumberModel) diag.Diagnostic {
	a := staleStateAdvice(staleID, existingID, plan)
	return diag.NewAttributeErrorDiagnostic(path.Root(a.attribute), a.summary, a.detail)
}

func staleStateAdvice(staleID, existingID string, plan phoneNumberModel) advice {
	return advice{"Phone number already exists", fmt.Sprintf("The state has the number with id %s, and the API with id %s. Remove the old one from the state first, with `terraform apply -refresh-only` or `terraform state rm`. "+
		"Then import the number with the id %s/%s.", staleID, existingID, plan.UserID.ValueString(), existingID), "meta_phone_number_id"}
}

// importIDOf names a number by Meta's id.
func importIDOf(plan phoneNumberModel) string {
	return plan.UserID.ValueString() + "/" + plan.Platform.ValueString() + "/" + plan.MetaPhoneNumberID.ValueString()
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
	detail := "Adding a number takes an access token: set access_token_wo and access_token_wo_version or, if it may be kept in the state, access_token."
	if platform != webChat {
		detail += " " + tokenAdvice(platform)
	}
	return diag.NewErrorDiagnostic("Missing access token", detail)
}

func invalidTokenError(problem string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Invalid access token", "The configured access token "+problem)
}

// protectedError is a number that deletion_protection keeps. cause names what would delete it.
func protectedError(id string, key numberKey, cause string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(fmt.Sprintf("Phone number %s is protected from deletion", id),
		fmt.Sprintf("deletion_protection is true for the %s number %s, and this would delete it%s. "+
			"If that is meant, set deletion_protection = false, apply, and then destroy or replace it; if its resource is tainted by mistake, run `terraform untaint`. "+
			"If the number is gone from the API, remove it from the state with `terraform state rm`.", key.platform, key.metaID, cause))
}

// movedError is a plan that deletes a number at one address and adds or keeps it at another.
func movedError(id string, key numberKey) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Phone number would be deleted at another address",
		fmt.Sprintf("This plan deletes phone number %s (%s %s), with everything bound to its id, and adds or keeps the same number at another address. "+
			"If its block was renamed or its key changed, write a moved block to the new address; where addresses shift, as those of a shortened count do, use for_each with a moved block to each key, or `terraform state mv`. "+
			"If the delete is meant, remove the old block in an apply of its own; for `terraform destroy`, add -refresh=false.", id, key.platform, key.metaID))
}

// wouldMoveError is a replacement whose add would go to another user. to may be null or unknown.
func wouldMoveError(id, from string, to fmt.Stringer) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("user_id"), "Replacement would move the number",
		fmt.Sprintf("Phone number %s belongs to user %s, and its configuration sets no user_id, so it would be added again for the provider's user (%s). "+
			"Write user_id = %q into the resource to keep it there, or the other user to move it.", id, from, to, from))
}

// changedSincePlanError is a replacement that is applied under another configuration than it was planned
// under.
func changedSincePlanError(id, argument, planned, now string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Provider configuration changed since the plan",
		fmt.Sprintf("The replacement of phone number %s was planned with the provider's %s %s, which is %s now, so the number would not be added again where it was. Nothing was deleted. "+
			"Apply with the configuration and environment that the plan was made with, or plan again.", id, argument, planned, now))
}

// missingElsewhere is a number that is missing under another base URL than it was last seen at.
func missingElsewhere(state phoneNumberModel, lastSeen, now string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(fmt.Sprintf("Phone number %s is missing elsewhere", state.ID.ValueString()),
		fmt.Sprintf("The number was last seen at %s, and the provider now asks %s, which does not list it. It stays in the state. "+
			"Correct the provider's base_url or, if the API moved there and the number is gone, remove it with `terraform state rm`.", lastSeen, now))
}

// replacedWarning says what a replacement takes with it. The id is in the summary: the CLI folds warnings
// of one summary together.
func replacedWarning(id, why string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(fmt.Sprintf("Phone number %s will be replaced", id), fmt.Sprintf(
		"%s, so the number is deleted and added again under a new id. What is bound to %s is deleted with it: the agent with its conversations and messages, templates and campaigns.", why, id))
}

func (c numberChange) costWarning(attributes []string) diag.Diagnostic {
	why := attributes[0] + " changes"
	if c.config.DisplayName.IsNull() && !c.state.DisplayName.IsNull() {
		why = fmt.Sprintf("%s, and display_name is not set, so the name %q is lost", why, c.state.DisplayName.ValueString())
	}
	return replacedWarning(c.state.ID.ValueString(), why)
}

func adoptedWarning(id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(fmt.Sprintf("Phone number %s was found, not added twice", id),
		"The answer to the add was lost. The number was not listed before, and is now with the display name that was sent, so it is taken to be the one added. "+
			"If somebody else added it at the same time, it may have their access token: replace it with -replace=ADDRESS then.")
}

// pendingWarning is a value that is known after apply only.
func pendingWarning(id, attribute string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(fmt.Sprintf("%s of phone number %s is unknown", attribute, id),
		"The value is known after apply only, so this plan keeps the current one. The next plan knows it, and replaces the number if it differs.")
}

// unplannableError is a value that is known after apply only where no plan can keep the current one.
func unplannableError(id, what string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(fmt.Sprintf("Change of phone number %s cannot be planned", id),
		fmt.Sprintf("Whether the number is replaced depends on its %s, which is known after apply only, and a replacement must be seen before it happens. "+
			"Apply what it depends on first, with -target, or make other changes of the number in an apply of their own.", what))
}

func otherDefaultWarning(state phoneNumberModel, byDefault string) diag.Diagnostic {
	id, userID := state.ID.ValueString(), state.UserID.ValueString()
	return diag.NewAttributeWarningDiagnostic(path.Root("user_id"), fmt.Sprintf("Phone number %s stays with user %s", id, userID),
		fmt.Sprintf("The provider's user_id is %s, and the number belongs to %s, so it is left where it is. Write user_id = %q into the resource to confirm that, or user_id = %q to replace the number with one of that user.",
			byDefault, userID, userID, byDefault))
}

func nameDriftWarning(id, configured, current string) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root("display_name"), fmt.Sprintf("Phone number %s was renamed elsewhere", id),
		fmt.Sprintf("The configuration has %q, and the API has %q. The API cannot rename a number, so it is left alone. "+
			"To accept the name, write it into the configuration or omit display_name; to restore yours, replace the number with -replace=ADDRESS.", configured, current))
}

func nameRecordedWarning(id, configured string) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root("display_name"), fmt.Sprintf("Name of phone number %s is not sent", id),
		fmt.Sprintf("The configuration has %q, and the API has no name for the number and cannot rename it. The name is recorded in the state alone. To send it, replace the number with -replace=ADDRESS.", configured))
}

func tokenRecordedWarning(id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(fmt.Sprintf("Token of phone number %s is not sent", id),
		"Terraform does not know which token the API has, so the configured one is taken to be it and recorded. To send it, replace the number with -replace=ADDRESS: that deletes what is bound to its id.")
}

func tokenKnownWarning(id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(fmt.Sprintf("Phone number %s has this token already", id),
		"The API lists the number with the configured access token, so nothing is sent and the token is recorded.")
}

func tokenUnsentWarning(id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(fmt.Sprintf("New token of phone number %s is not sent", id),
		"access_token_wo has another value than the one that was sent, and access_token_wo_version is the same. To send it, increment access_token_wo_version: that replaces the number, and deletes what is bound to its id.")
}

func tokenDriftWarning(id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(fmt.Sprintf("Phone number %s has another token", id),
		"The API lists the number with another access token than the configured one, which was sent: somebody changed it there. To send yours again, replace the number with -replace=ADDRESS: that deletes what is bound to its id.")
}
