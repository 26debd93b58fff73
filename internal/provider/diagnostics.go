// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

// This file is where errors become what people read: a title in plain words, what to do, and the
// API's own message with its status and correlation id. Diagnostics about tokens and the API key
// have no path, since the CLI prints the line that a path points at, with a literal secret in it.

// addFailed is a number that could not be added.
func (a *account) addFailed(err error, plan phoneNumberModel) diag.Diagnostic {
	summary, advice, attribute := a.adviceOnAdd(err, plan)
	failure, isAPIs := errors.AsType[*bizapi.Error](err)
	if isAPIs && failure.PerhapsDone && failure.Existing == nil && failure.Kind != bizapi.KindUnknownOutcome {
		// It was not there when it was last looked for, but a slow server may still add it.
		advice += fmt.Sprintf("\n\nShould the number appear after all, bring it in with the import id %s/%s/%s.",
			plan.UserID.ValueString(), plan.Platform.ValueString(), plan.MetaPhoneNumberID.ValueString())
	}
	if existing := existingNumber(err); existing == nil || !a.isDeleted(plan.metaID(), existing.ID) {
		advice += a.goneAdvice(plan)
	}
	return a.diagnostic(err, summary, advice, attribute)
}

// goneAdvice says what a failure leaves behind in an apply that has deleted the same number or, where the
// number was to become another, perhaps its predecessor; empty where it deleted none.
func (a *account) goneAdvice(plan phoneNumberModel) string {
	same, others := a.deletedIDs(plan.metaID())
	const next = "Once the cause above is removed, applying again adds the number under a new id."
	switch {
	case same != "":
		return fmt.Sprintf("\n\nThis apply has deleted the number's former registration, id %s, in order to replace it: that id is gone. ", same) + next
	case len(others) > 0:
		return fmt.Sprintf("\n\nThis apply has deleted %s. If this number was to take the place of what was deleted, that id is gone. ", strings.Join(others, ", ")) + next
	}
	return ""
}

// perhapsGone is a number that is refused in the middle of an apply which has deleted some, for the error
// that stands beside this one: a value that was known after apply only, or an ephemeral one that is
// another now. Nil where nothing was deleted.
func (a *account) perhapsGone() diag.Diagnostic {
	advice := a.goneAdvice(phoneNumberModel{})
	if advice == "" {
		return nil
	}
	return diag.NewErrorDiagnostic("Phone number may be deleted and not added again",
		"A phone number is refused in the middle of an apply, for the error that stands beside this one."+advice)
}

func (a *account) adviceOnAdd(err error, plan phoneNumberModel) (summary, advice, attribute string) {
	switch bizapi.KindOf(err) {
	case bizapi.KindAlreadyExists:
		return "Phone number already exists", a.alreadyExistsAdvice(existingNumber(err), plan), "meta_phone_number_id"
	case bizapi.KindInvalidToken:
		return "Invalid access token", "The API does not take the access token. " + tokenAdvice(plan.Platform.ValueString()), ""
	case bizapi.KindInvalidMetaID:
		return "Invalid meta_phone_number_id", "The API does not take this id. " + metaIDAdvice(plan.Platform.ValueString()), "meta_phone_number_id"
	case bizapi.KindUnknownOutcome:
		return "Phone number may or may not have been added", fmt.Sprintf("No answer says what became of the request. "+
			"Apply again: if the number is not there, it is added. If that apply says that it exists already, bring it in with this import id:\n\n  %s/%s/%s",
			plan.UserID.ValueString(), plan.Platform.ValueString(), plan.MetaPhoneNumberID.ValueString()), ""
	}
	return a.adviceOnCall(err, plan, "add the phone number")
}

// readFailed is a listing that could not be had. The state stays what it was.
func (a *account) readFailed(err error, state phoneNumberModel, seen memory) diag.Diagnostic {
	summary, advice, attribute := a.adviceOnCall(err, state, "list the phone numbers of user "+state.UserID.ValueString())
	return a.diagnostic(redactedBy(seen.withoutToken, err), summary, advice+"\n\nNothing was removed from the state.", attribute)
}

// deleteFailed is a number that could not be deleted. It stays in the state.
func (a *account) deleteFailed(err error, state phoneNumberModel, seen memory) diag.Diagnostic {
	summary, advice, attribute := a.adviceOnCall(err, state, "delete phone number "+state.ID.ValueString())
	return a.diagnostic(redactedBy(seen.withoutToken, err), summary, advice+"\n\nThe number stays in the state; applying again tries once more.", attribute)
}

// adviceOnCall is the advice on what can go wrong with every call.
func (a *account) adviceOnCall(err error, number phoneNumberModel, doing string) (summary, advice, attribute string) {
	switch bizapi.KindOf(err) {
	case bizapi.KindUnauthorized:
		return "API key refused", "The API does not take the key. Check BIZAPI_API_KEY, or api_key of the provider: it may be expired, or belong to another environment than base_url.", ""
	case bizapi.KindForbidden:
		return "Not allowed to " + doing, "The API key may not do this, or the number belongs to another user than user_id says.", ""
	case bizapi.KindUnknownUser:
		advice := fmt.Sprintf("The API does not know user %q. Check user_id and whether base_url and the API key are those of the same environment.", number.UserID.ValueString())
		if number.ID.ValueString() != "" { // a number of the state
			advice += " If the user was deleted for good, its numbers are gone with it: take them out of the state with `terraform state rm`, since no destroy could ever reach them."
		}
		return "Unknown user", advice, "user_id"
	case bizapi.KindUnknownRoute:
		return "Wrong base URL", fmt.Sprintf("The server at %s does not serve this call. Check base_url of the provider, or BIZAPI_BASE_URL: it needs the API's version path, such as https://api.example.com/v1.", a.options.BaseURL), ""
	case bizapi.KindRateLimited:
		return "Rate limit outlasts the operation", "The API allows 100 requests a minute and 1,000 an hour for one key, and this operation has less time left than the limit lasts. Apply again later, raise its timeout, or set requests_per_minute where others use the same key.", ""
	case bizapi.KindServer:
		return "API failure", fmt.Sprintf("The API failed to %s, also when asked again. Try later; if it goes on, give its operators the correlation id.", doing), ""
	case bizapi.KindRedirect:
		return "API redirects elsewhere", "Set base_url of the provider to the address that the API really has.", ""
	case bizapi.KindUnreadable:
		return "Answer is not the API's", fmt.Sprintf("What %s answered is not what the API promises. Check base_url of the provider: a proxy or a sign-in page may stand in between.", a.options.BaseURL), ""
	case bizapi.KindCertificate:
		return "API's certificate is not trusted", "The TLS certificate does not prove that this is the server that base_url names, so nothing was sent to it. If the certificate is your own, add its authority to the system's roots, or name it in SSL_CERT_FILE.", ""
	case bizapi.KindUnreachable:
		return "API cannot be reached", fmt.Sprintf("No connection to %s could be made, so nothing was sent. Check base_url of the provider with its scheme, host and port, the network and HTTPS_PROXY.", a.options.BaseURL), ""
	case bizapi.KindNoAnswer:
		return "API does not answer", "The connection was made and no whole answer came. Try again; if the API is slow, raise request_timeout of the provider.", ""
	case bizapi.KindCanceled:
		return "Operation was given up", "It was interrupted, or its timeout ended. Apply again, or raise the operation's timeout.", ""
	}
	return "Could not " + doing, "The API refused.", ""
}

// redactedBy is an error with what the API may have said in it redacted.
func redactedBy(redact func(string) string, err error) error {
	failure, isAPIs := errors.AsType[*bizapi.Error](err)
	if !isAPIs {
		return err
	}
	shown := *failure
	shown.Path, shown.Message = redact(shown.Path), redact(shown.Message)
	if redact(shown.CorrelationID) != shown.CorrelationID {
		shown.CorrelationID = shown.SentID
	}
	return &shown
}

// diagnostic puts the parts together, with every secret cut out.
func (a *account) diagnostic(err error, summary, advice, attribute string) diag.Diagnostic {
	err = redactedBy(a.tokens.withoutTokens, err)
	summary, detail := a.secrets.Redact(summary), a.secrets.Redact(advice+"\n\nThe call: "+err.Error())
	if attribute == "" {
		return diag.NewErrorDiagnostic(summary, detail)
	}
	return diag.NewAttributeErrorDiagnostic(path.Root(attribute), summary, detail)
}

// adopted is an add whose answer was lost. The number is there, so this is no error.
func adopted(id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(fmt.Sprintf("Phone number %s was found after its answer was lost", id),
		"The API did not answer the request that added the number, or the answer could not be read. The account did not hold the number before and holds it now, "+
			"with the display name that was sent, so it is taken to be the one added and was not added twice. "+
			"If somebody else added it at the same moment, it may have their access token: replace it with -replace=ADDRESS then.")
}

// existingNumber is the number that is in the way of an add, nil when the API does not show it.
func existingNumber(err error) *bizapi.PhoneNumber {
	if failure, ok := errors.AsType[*bizapi.Error](err); ok {
		return failure.Existing
	}
	return nil
}

// alreadyExistsAdvice says how to take over what is registered already.
func (a *account) alreadyExistsAdvice(existing *bizapi.PhoneNumber, plan phoneNumberModel) string {
	if replaced, _ := a.deletedIDs(plan.metaID()); existing == nil && replaced != "" {
		return "The API has said that the number is deleted, and takes it for registered all the same, for a minute now. It does not list it, so there is nothing to import. " +
			"Apply again in a few minutes; if it goes on, its operators have to look why the number is not free."
	}
	if existing == nil {
		return fmt.Sprintf("The %[1]s number %[2]s is registered already, and the API does not list it for user %[3]s. "+
			"If it was added a moment ago, it may not be listed yet: wait a minute and import it with the id %[3]s/%[1]s/%[2]s. "+
			"Else it belongs to another user: set user_id to that user and import it, or delete it there first.",
			plan.Platform.ValueString(), plan.MetaPhoneNumberID.ValueString(), plan.UserID.ValueString())
	}
	holds := fmt.Sprintf("User %s holds the %s number %s already, with id %s",
		existing.UserID, plan.Platform.ValueString(), plan.MetaPhoneNumberID.ValueString(), existing.ID)
	if held, isHeld := a.holds(plan.metaID()); isHeld && held.id == existing.ID {
		return holds + ", and so does the state: do not import it a second time. If two resources have it, keep one. " +
			"Where resources have got other addresses, as those of a count that begins at another one do, a moved block for each keeps its number and its id. " + lifecycleAdvice
	}
	return holds + ". To manage it with Terraform, import it. " +
		"Put the address that this message gives behind \"with\" in place of bizapi_phone_number.<NAME>:\n\n" +
		fmt.Sprintf("  import {\n    to = bizapi_phone_number.<NAME>\n    id = \"%s/%s\"\n  }\n\n", existing.UserID, existing.ID) +
		"To register it anew with other credentials, delete it first and apply again; what is bound to its id goes with it. " + lifecycleAdvice
}

// lifecycleAdvice names the settings that make a replacement meet its old number. No provider can see them.
const lifecycleAdvice = "If this apply was replacing that very number, look at the resource's lifecycle: create_before_destroy adds before it deletes, " +
	"and destroy = false deletes nothing; neither can work here, since the API takes a number once."

// tokenAdvice names the permissions of the published page.
func tokenAdvice(platform string) string {
	switch platform {
	case instagram:
		return "For Instagram it is a Page Access Token with the permissions instagram_manage_messages and pages_messaging."
	case whatsApp:
		return "For WhatsApp it is a System User Access Token with the permissions whatsapp_business_messaging and whatsapp_business_management."
	}
	return "Check that it is the token of this channel, and that it has not expired."
}

// metaIDAdvice is the published page's on an id that the API does not take.
func metaIDAdvice(platform string) string {
	switch platform {
	case instagram:
		return "It has to be Meta's numeric id of the account, not the username. " + whereMetaIDIs(platform)
	case whatsApp:
		return "It has to be Meta's numeric id of the number, not the phone number itself. " + whereMetaIDIs(platform)
	}
	return "Check that it is the id of this web chat channel."
}

func missingToken(platform string) diag.Diagnostic {
	advice := "Adding a number needs an access token: set access_token_wo with access_token_wo_version or, if it may stand in the state, access_token."
	if platform != webChat {
		advice += " " + tokenAdvice(platform)
	}
	return diag.NewErrorDiagnostic("Missing access token", advice)
}

func tokenTurnedOutAnother() diag.Diagnostic {
	return diag.NewErrorDiagnostic("Access token changed after the plan",
		"The plan kept the token that the API has, and the value that was read now is another one. Nothing was changed. Plan again; "+
			"if the value is new each time it is read, the token cannot move: leave it where it is, or let a new access_token_wo_version replace the number.")
}

// protected is a number that deletion_protection keeps. more says what else may be the matter.
func protected(id string, number metaID, more string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(fmt.Sprintf("Phone number %s is protected from deletion", id),
		fmt.Sprintf("deletion_protection is true for the %s number %s, and this would delete it, with everything bound to its id. "+
			"If that is meant, set deletion_protection = false, apply, and then destroy or replace it. "+
			"If its block was removed from the configuration, put it back for that. If it is tainted by mistake, `terraform untaint` clears that. "+
			"If it is gone from the API already, `terraform state rm` takes it out of the state.%s",
			number.platform, number.id, more))
}

// notFound is a number that is to be imported or looked up, and is not there.
func (a *account) notFound(wanted importID, advice string) diag.Diagnostic {
	what := fmt.Sprintf("a phone number with id %q", wanted.id)
	if wanted.id == "" {
		what = fmt.Sprintf("the %s number %s", wanted.meta.platform, wanted.meta.id)
	}
	return diag.NewErrorDiagnostic("Phone number not found",
		fmt.Sprintf("User %s does not hold %s at %s. Check the id, the user and the provider's base_url. %s", wanted.userID, what, a.options.BaseURL, advice))
}

// registeredTwice is an account that breaks the API's own rule.
func registeredTwice(number, one, other string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Phone number is registered twice",
		fmt.Sprintf("The API lists %s under two ids, %s and %s, and takes each number once. Its operators have to remove one of the two; until then only their ids tell them apart.", number, one, other))
}

// seenElsewhere is a number that is missing under another base URL or key than it was last seen
// with; nil where both are the same or none is remembered.
func (a *account) seenElsewhere(client *bizapi.Client, seen memory, state phoneNumberModel) diag.Diagnostic {
	const advice = "It is left in the state. If the provider's configuration is wrong, put it right. If the account really moved and the number is gone, take it out of the state with `terraform state rm`."
	summary := fmt.Sprintf("Phone number %s is missing on another account", state.ID.ValueString())
	switch {
	case seen.BaseURL != "" && seen.BaseURL != client.BaseURL():
		return diag.NewErrorDiagnostic(summary, fmt.Sprintf("The number was last seen at %s. The provider now asks %s, which does not list it, so it cannot be told to be gone. %s",
			seen.BaseURL, client.BaseURL(), advice))
	case seen.APIKey != nil && !seen.APIKey.matches(a.options.APIKey):
		return diag.NewErrorDiagnostic(summary, fmt.Sprintf("The number was last seen with another API key than the provider has now. With this key, %s does not list it, so it cannot be told to be gone. %s",
			client.BaseURL(), advice))
	}
	return nil
}
