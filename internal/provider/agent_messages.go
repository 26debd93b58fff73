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

// Diagnostics about agents; most functions are one message, named by its cause.

// createAgentFailed is an agent that was not created, or may not have been.
func (d *providerData) createAgentFailed(err error, plan agentModel) diag.Diagnostic {
	failure, _ := errors.AsType[*bizapi.Error](err)
	switch bizapi.KindOf(err) {
	case bizapi.KindNotFound:
		return unknownNumberError(plan.UserID.ValueString(), plan.PhoneNumberID.ValueString())
	case bizapi.KindAlreadyExists:
		if failure.ExistingID == "" {
			return withAnswer(err, advice{"Agent already exists", fmt.Sprintf("Either phone number %s has an agent that the API does not list for user %s, or another agent has this agent_id. "+
				"Import the agent for the user that has it, delete it there, or choose another agent_id.", plan.PhoneNumberID.ValueString(), plan.UserID.ValueString()), "phone_number_id"})
		}
		return withAnswer(err, agentExistsAdvice(failure.ExistingID, plan))
	case bizapi.KindUnknownOutcome:
		return withAnswer(err, advice{"Agent may or may not exist", "Nothing shows whether the agent was created. Apply again: that creates it if it is missing, and otherwise says how to import it.", ""})
	}
	return d.callFailed(err, plan.UserID.ValueString(), "create the agent", "")
}

func agentExistsAdvice(existingID string, plan agentModel) advice {
	return advice{"Phone number already has an agent", fmt.Sprintf("Agent %s answers on phone number %s, and a number can have only one agent. ", existingID, plan.PhoneNumberID.ValueString()) +
		takeOver("bizapi_agent", plan.UserID.ValueString(), existingID), "phone_number_id"}
}

// agentIDTakenError is a replacement by an agent whose agent_id another one has.
func agentIDTakenError(existing bizapi.Agent, what string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("agent_id"), "Agent already exists",
		fmt.Sprintf("Agent %s answers on phone number %s, and an agent_id must be unique. Replacing %s would delete it, and could not create it again. Choose another agent_id.", existing.ID, existing.PhoneNumberID, what))
}

func unknownNumberError(userID, phoneNumberID string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("phone_number_id"), "Unknown phone number",
		fmt.Sprintf("User %s has no phone number with id %q, and an agent on another user's number would block the owner's agent. "+
			"phone_number_id is the API's id, such as bizapi_phone_number.support.id, not Meta's; set user_id to the user that has the number.", userID, phoneNumberID))
}

// agentMovedError is a plan that deletes an agent at one address and creates or keeps it at another.
func agentMovedError(id string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Agent would be deleted at another address",
		fmt.Sprintf("This plan deletes agent %s, with its conversations, and creates or keeps one of the same number at another address. "+
			"If its block was renamed or its key changed, write a moved block to the new address, or use `terraform state mv`. "+
			"If both addresses are in the state, as after a `terraform import` to a new address, remove the old one with `terraform state rm`; if the delete is intended, remove the old block in an apply of its own (for `terraform destroy`, add -refresh=false).", id))
}

// agentReplacedWarning says what a replacement takes with it.
func agentReplacedWarning(id, name, why string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(fmt.Sprintf("Agent %s will be replaced", id),
		fmt.Sprintf("%s, so %q is deleted and created again, and its conversations and messages are deleted for good. Nobody answers on the number in between.", why, name))
}

func agentAdoptedWarning(id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(fmt.Sprintf("Agent %s was found, not created twice", id),
		"The answer to the request was lost. The agent was not listed before and now is, with the name and prompt that were sent, so the provider took it for the one it created.")
}
