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
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

const agentImportIDForms = "Write <user_id>/<agent_id>, or <agent_id> if the provider has a user_id."

// ImportState finds the agent, so that one that is missing is an error that says what to do.
func (r *agentResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	userID, id, diags := identityOf(ctx, req, "agent_id")
	resp.Diagnostics.Append(diags...)
	if req.ID != "" {
		var hasUser bool
		if userID, id, hasUser = strings.Cut(req.ID, "/"); !hasUser {
			userID, id = r.data.userOrDefault(types.StringNull(), &resp.Diagnostics).ValueString(), req.ID
		}
	}
	isValid := idForm.MatchString(userID) && idForm.MatchString(id)
	switch {
	case resp.Diagnostics.HasError() || isValid:
	case req.ID == "":
		resp.Diagnostics.AddError("Invalid import identity", "There is no import id, and no identity that names an agent: user_id and agent_id must each be 1 to 50 letters, digits, - or _.")
	default:
		resp.Diagnostics.AddError("Invalid import id", fmt.Sprintf("%q does not name an agent. %s", req.ID, agentImportIDForms))
	}
	ctx, cancel, client := r.data.begin(ctx, fixedTimeout, defaultReadTimeout, &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	agent, err := client.FindAgent(ctx, userID, id, "")
	switch {
	case errors.Is(err, bizapi.ErrNotFound):
		resp.Diagnostics.AddError("Agent not found", fmt.Sprintf("User %s has no agent %q at %s. Check the id, the user and the provider's base_url. To create a new agent, remove the import block.", userID, id, client.BaseURL()))
		return
	case err != nil:
		resp.Diagnostics.Append(r.data.listFailed(err, userID))
		return
	}
	resp.Diagnostics.Append(setAgent(ctx, &resp.State, agent)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, agent.UserID, "agent_id", agent.ID)...)
}

// setAgent makes an agent that exists the state of a resource.
func setAgent(ctx context.Context, state attributeWriter, agent bizapi.Agent) diag.Diagnostics {
	var diags diag.Diagnostics
	found := newAgentRowModel(agent)
	for attribute, value := range map[string]any{
		"agent_id": found.AgentID, "user_id": found.UserID, "phone_number_id": found.PhoneNumberID, "prompt_id": found.PromptID,
		"name": found.Name, "created_at": found.CreatedAt, "updated_at": found.UpdatedAt,
	} {
		diags.Append(state.SetAttribute(ctx, path.Root(attribute), value)...)
	}
	return diags
}
