// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

// Errors common to all calls become diagnostics here, and those of one resource in its messages file: a title
// that a search engine finds, what it means, what to do, and then the API's own answer. No diagnostic about a
// token or the key has a path: the CLI prints the source line that a path points at, with a literal secret in it.

// advice is what to do about an error.
type advice struct{ summary, detail, attribute string }

// listFailed is a user whose numbers or agents could not be listed.
func (d *providerData) listFailed(err error, userID string) diag.Diagnostic {
	return d.callFailed(err, userID, "list the numbers or agents of user "+userID, "")
}

// takeOver is what to do about a number or an agent that is in the way of its add. An apply with
// create_before_destroy looks to the provider as the plan of a new resource does, so one text serves both.
func takeOver(typeName, userID, id string) string {
	return fmt.Sprintf("If this apply replaces it, the lifecycle of its resource, or of one that refers to it, has create_before_destroy or destroy = false, which cannot work here: remove that setting, and run `terraform state rm` on the resource. "+
		"If your state has it at another address, write a moved block instead, since the plan after an import would delete it there. Otherwise import it, with the address of this resource in place of %[1]s.example:\n\n  terraform import %[1]s.example %[2]s/%[3]s", typeName, userID, id)
}

// conflictError is a plan in which two resources have one row: which, such as "agent agt_1", of a kind such as "Agent".
func conflictError(with conflict, which, kind string) diag.Diagnostics {
	const move = "If its block was renamed or its key changed, write a moved block to the new address"
	switch with {
	case sameRow:
		return diag.Diagnostics{diag.NewErrorDiagnostic(fmt.Sprintf("%s would be deleted at another address", kind),
			fmt.Sprintf("Two resources of this plan have %s, and one of them would delete it or add it a second time. ", which)+move+
				"; if addresses shift, as when a count gets smaller or an element is put in front of others, use for_each with a moved block for each key, or `terraform state mv`. "+
				"If one of them is a copy, remove it; if both addresses are in the state, as after a `terraform import` to a new address, remove the old one with `terraform state rm`; if the delete is intended, remove the old block in an apply of its own (for `terraform destroy`, add -refresh=false).")}
	case mayBeSameRow:
		return diag.Diagnostics{diag.NewErrorDiagnostic(fmt.Sprintf("%s may be deleted at another address", kind),
			fmt.Sprintf("This plan deletes %s and adds one whose platform or meta_phone_number_id is known only after apply, so it may be the same number. ", which)+move+
				". If they are two numbers, remove the old block in an apply of its own.")}
	}
	return nil
}

// replacementUnchecked is a replacement of what, such as "phone number pn_1", where it is not known whether it
// could be added again.
func (d *providerData) replacementUnchecked(err error, userID, what string) diag.Diagnostic {
	failed := d.listFailed(err, userID)
	return diag.NewErrorDiagnostic("Replacement cannot be checked",
		fmt.Sprintf("Replacing %s deletes it first, and the plan cannot tell whether it could be added again. Plan again once the cause below is gone.\n\n%s: %s", what, failed.Summary(), failed.Detail()))
}

// callFailed is an error that every call can have. consequence is what it means for the resource.
func (d *providerData) callFailed(err error, userID, doing, consequence string) diag.Diagnostic {
	a := d.adviceOn(err, userID, doing)
	a.detail += consequence
	return withAnswer(err, a)
}

func (d *providerData) adviceOn(err error, userID, doing string) advice {
	switch bizapi.KindOf(err) {
	case bizapi.KindUnauthorized:
		return advice{"API key refused", "The API does not accept the key. Check BIZAPI_API_KEY, or the provider's api_key: it may have expired, or belong to a different environment than base_url.", ""}
	case bizapi.KindForbidden:
		return advice{"Not allowed", fmt.Sprintf("The API key is not allowed to %s, or the number or agent belongs to another user. Check user_id and the key.", doing), ""}
	case bizapi.KindUnknownUser:
		return advice{"Unknown user", fmt.Sprintf("The API does not know user %q. Check user_id, and whether base_url and the API key belong to the same environment. If the user was deleted, remove its numbers and agents from the state with `terraform state rm`.", userID), "user_id"}
	case bizapi.KindNotFound:
		return advice{"Not found", "The API no longer has it. Plan again: the refresh removes it from the state, and the apply makes it anew.", ""}
	case bizapi.KindWrongBaseURL:
		return advice{"Wrong base URL", fmt.Sprintf("The server at %s does not serve this path. Check the provider's base_url, or BIZAPI_BASE_URL: it may lack the version path, such as /v1, or have one that this server does not have.", d.options.BaseURL), ""}
	case bizapi.KindWrongScheme:
		expected := "https"
		if d.options.BaseURL.Scheme == expected {
			expected = "http"
		}
		return advice{"Wrong scheme in base URL", fmt.Sprintf("The server at %s expects %s on this port. Correct the scheme or the port of the provider's base_url, or of BIZAPI_BASE_URL.", d.options.BaseURL, expected), ""}
	case bizapi.KindRateLimited:
		if failure, ok := errors.AsType[*bizapi.Error](err); ok && failure.Status == 0 {
			return advice{"Rate limit outlasts the operation", "The provider's requests_per_minute allows the next request only after this operation's timeout. Raise one of the two.", ""}
		}
		return advice{"Rate limit outlasts the operation", "The API allows 100 requests a minute and 1,000 an hour for one key, and asks for a longer wait than this operation has time for. Try again after the time below, or raise the timeout.", ""}
	case bizapi.KindServer:
		return advice{"API failure", fmt.Sprintf("The API failed to %s, even after retries. Try again later; if it keeps failing, give the correlation id to the API's operators.", doing), ""}
	case bizapi.KindRedirect:
		return advice{"API redirects elsewhere", "The provider does not follow redirects, which would send the key to another address. Set the provider's base_url to the API's real address.", ""}
	case bizapi.KindUnreadable:
		return advice{"Unexpected API response", fmt.Sprintf("%s did not answer as the API does. If the line below does not say why, check the provider's base_url: a proxy or a sign-in page may be in between.", d.options.BaseURL), ""}
	case bizapi.KindCertificate:
		return advice{"API certificate is not trusted", "The TLS certificate does not prove that this is the server in base_url, so nothing was sent. If it is your own, add its authority to the system's roots, or name it in SSL_CERT_FILE.", ""}
	case bizapi.KindUnreachable:
		return advice{"API cannot be reached", fmt.Sprintf("No connection to %s could be made, so nothing was sent. Check the scheme, host and port of base_url, the network and HTTPS_PROXY.", d.options.BaseURL), ""}
	case bizapi.KindNoAnswer:
		detail := "The request was sent, but no complete answer came back. Try again; if the API is slow, raise the provider's request_timeout."
		if d.options.BaseURL.Scheme == "http" {
			detail += " If the server expects TLS on this port, use https in base_url."
		}
		return advice{"API does not answer", detail, ""}
	case bizapi.KindCanceled:
		if errors.Is(err, context.DeadlineExceeded) {
			return advice{"Operation timed out", "It took longer than its timeout. Try again, or raise the timeout.", ""}
		}
		return advice{"Operation was canceled", "It was interrupted. Try again.", ""}
	}
	return advice{"API refused the request", fmt.Sprintf("The API refused to %s.", doing), ""}
}

// withAnswer adds the API's own answer, from which the client has cut every secret.
func withAnswer(err error, a advice) diag.Diagnostic {
	a.detail += "\n\n" + err.Error()
	return a.diagnostic()
}

// diagnostic returns the advice as an error.
func (a advice) diagnostic() diag.Diagnostic {
	if a.attribute == "" {
		return diag.NewErrorDiagnostic(a.summary, a.detail)
	}
	return diag.NewAttributeErrorDiagnostic(path.Root(a.attribute), a.summary, a.detail)
}

// uncheckedWarning is an error that does not keep a number from being planned.
func uncheckedWarning(failed diag.Diagnostic) diag.Diagnostic {
	return diag.NewWarningDiagnostic("Plan could not be checked against the API",
		fmt.Sprintf("The plan cannot tell whether what it adds already exists, so the apply may fail.\n\n%s: %s", failed.Summary(), failed.Detail()))
}

// changedSincePlanError is a replacement that is applied under another configuration than it was planned
// under.
func changedSincePlanError(what, argument, planned, now string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Provider configuration changed since the plan",
		fmt.Sprintf("The replacement of %s was planned with the provider's %s %s, which is %s now, so it would not be added again where it was. Nothing was deleted. "+
			"Apply with the configuration and environment that the plan was made with, or plan again.", what, argument, planned, now))
}

// missingElsewhere is a number or an agent that is missing under another base URL than it was last seen at.
func missingElsewhere(what, lastSeen, now string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Missing under another base URL",
		fmt.Sprintf("The state has %s, last seen at %s. The provider now asks %s, which does not list it. It stays in the state. "+
			"Correct the provider's base_url or, if the API moved there and it is gone, remove it with `terraform state rm`.", what, lastSeen, now))
}

// wouldMoveError is a replacement that would be added again for the provider's user, which is another. It may be
// null, or known after apply only.
func wouldMoveError(what, from string, to types.String) diag.Diagnostic {
	if to.IsNull() {
		return diag.NewAttributeErrorDiagnostic(path.Root("user_id"), "Replacement would change the user",
			fmt.Sprintf("The state has %s of user %s, and neither its configuration nor the provider sets a user_id, so it could not be added again. Write user_id = %q into the resource.", what, from, from))
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("user_id"), "Replacement would change the user",
		fmt.Sprintf("The state has %s of user %s, and its configuration sets no user_id, so it would be added again for the provider's user (%s). "+
			"Write user_id = %q into the resource to keep it there, or the other user to move it.", what, from, to, from))
}

// pendingWarning is a value that is known after apply only.
func pendingWarning(what, attribute string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(fmt.Sprintf("%s of %s is unknown", attribute, what),
		"The value is known only after apply, so this plan keeps the current one, unless it replaces the resource anyway. The next plan knows the value, and replaces the resource if it differs.")
}

// unplannableError is a value that is known after apply only where no plan can keep the current one.
func unplannableError(what, attribute string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(fmt.Sprintf("Change of %s cannot be planned", what),
		fmt.Sprintf("Its %s, which is known only after apply, decides whether it is replaced, and the plan has to show a replacement. "+
			"First apply what that value depends on, with -target, or make the other changes of the resource in an apply of their own.", attribute))
}

// unknownTargetError is a replacement by something that is known after apply only.
func unknownTargetError(what, attribute string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(fmt.Sprintf("Replacement of %s cannot be planned", what),
		fmt.Sprintf("It would be deleted first, and whether it can be created again depends on its %s, which is known only after apply. "+
			"Apply what that depends on first, with -target.", attribute))
}

// otherDefaultWarning is a resource of another user than the provider's default.
func otherDefaultWarning(what, userID, byDefault string) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root("user_id"), fmt.Sprintf("%s stays with user %s", capitalized(what), userID),
		fmt.Sprintf("The provider's user_id is %s, but this one belongs to %s and stays there. Write user_id = %q into the resource to confirm that, or user_id = %q to replace it with one of that user.",
			byDefault, userID, userID, byDefault))
}

// changesOf says which attributes replace a resource.
func changesOf(attributes []string) string {
	verb := " change"
	if len(attributes) == 1 {
		verb = " changes"
	}
	return strings.Join(attributes, " and ") + verb
}

func capitalized(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
