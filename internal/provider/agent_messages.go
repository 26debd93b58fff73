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

// Diagnostics about agents; most functions are one message, named by its cause.

// createAgentFailed is an agent that was not created, or may not have been.
func (d *providerData) createAgentFailed(err error, plan agentModel) diag.Diagnostic {
	failure, _ := errors.AsType[*bizapi.Error](err)
	switch bizapi.KindOf(err) {
	case bizapi.KindNotFound:
		return unknownNumberError(plan.UserID.ValueString(), plan.PhoneNumberID.ValueString())
	case bizapi.KindAlreadyExists:
		switch {
		case failure.ExistingID != "":
			return withAnswer(err, agentExistsAdvice(failure.ExistingID, plan))
		case strings.Contains(strings.ToLower(failure.Message), "agent with id"): // not its number
			return withAnswer(err, advice{"Agent already exists", fmt.Sprintf("Another agent, perhaps of another user, has the agent_id %s. Choose another agent_id, or omit it.", plan.AgentID.ValueString()), "agent_id"})
		}
		return withAnswer(err, advice{"Phone number already has an agent", fmt.Sprintf("An agent that the API does not list for user %s answers on phone number %s: it is probably another user's. "+
			"It has to be deleted there first.", plan.UserID.ValueString(), plan.PhoneNumberID.ValueString()), "phone_number_id"})
	case bizapi.KindUnknownOutcome:
		return withAnswer(err, advice{"Agent may or may not exist", "Nothing shows whether the agent was created. Apply again: that creates it if it is missing, and otherwise says how to import it.", ""})
	}
	consequence := ""
	if !plan.AgentID.IsUnknown() && failure != nil && strings.Contains(failure.Message, "agent_id") {
		consequence = " If this server takes no agent_id in a request, omit it."
	}
	return d.callFailed(err, plan.UserID.ValueString(), "create the agent", consequence)
}

func agentExistsAdvice(existingID string, plan agentModel) advice {
	return advice{"Phone number already has an agent", fmt.Sprintf("Agent %s answers on phone number %s, and a number can have only one agent. "+
		"If another resource has that agent, exchange their names and prompts instead of their numbers or, where addresses shift, use `terraform state mv`. ", existingID, plan.PhoneNumberID.ValueString()) +
		takeOver("bizapi_agent", plan.UserID.ValueString(), existingID), "phone_number_id"}
}

// agentIDTakenError is a replacement by an agent whose agent_id another one has.
func agentIDTakenError(id, what string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("agent_id"), "Agent already exists",
		fmt.Sprintf("An agent %s exists, perhaps of another user, and an agent_id must be unique. Replacing %s would delete it, and could not create it again. Choose another agent_id.", id, what))
}

func unknownNumberError(userID, phoneNumberID string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("phone_number_id"), "Unknown phone number",
		fmt.Sprintf("User %s has no phone number with id %q, and an agent on another user's number would block the owner's agent. "+
			"phone_number_id is the API's id, such as bizapi_phone_number.support.id, not Meta's; set user_id to the user that has the number.", userID, phoneNumberID))
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
