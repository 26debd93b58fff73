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
)

// What the plans of numbers and agents have in common.

// decodePlan reads what a plan is about; what is null there is zero here.
func decodePlan[Model any](ctx context.Context, req resource.ModifyPlanRequest, diags *diag.Diagnostics) (config, state, plan Model) {
	if !req.Config.Raw.IsNull() {
		diags.Append(req.Config.Get(ctx, &config)...)
	}
	if !req.State.Raw.IsNull() {
		diags.Append(req.State.Get(ctx, &state)...)
	}
	if !req.Plan.Raw.IsNull() {
		diags.Append(req.Plan.Get(ctx, &plan)...)
	}
	return config, state, plan
}

// plannedUser returns the user that a create is planned for, which a configuration without one takes from the
// provider. It may be known after apply only.
func (d *providerData) plannedUser(ctx context.Context, configured types.String, resp *resource.ModifyPlanResponse) types.String {
	if !configured.IsNull() {
		return configured
	}
	if d.userID.IsNull() {
		resp.Diagnostics.Append(missingUser())
		return d.userID
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("user_id"), d.userID)...)
	return d.userID
}

// verdict is what a plan decides of one attribute of a resource that exists.
type verdict struct {
	attribute string
	// replaces the resource.
	replaces bool
	// isPending is a value that is known after apply only: the state's stays in this plan.
	isPending bool
	// finding is an error or a warning, unless the resource is replaced.
	finding diag.Diagnostic
}

// weigh returns the attributes that replace the resource, one that is pending, and what is found where none
// replaces it.
func weigh(resp *resource.ModifyPlanResponse, verdicts ...verdict) (replacing []string, pending string, findings diag.Diagnostics) {
	for _, v := range verdicts {
		if v.replaces {
			replacing = append(replacing, v.attribute)
			resp.RequiresReplace.Append(path.Root(v.attribute))
		}
		if v.isPending {
			pending = v.attribute
		}
		if v.finding != nil {
			findings.Append(v.finding)
		}
	}
	return replacing, pending, findings
}

// judge decides of an argument that replaces what, such as "phone number pn_1", by its schema.
func judge(what, attribute string, configured, planned, current types.String) verdict {
	v := verdict{attribute: attribute, replaces: !planned.Equal(current)}
	if configured.IsUnknown() {
		v.isPending, v.finding = true, pendingWarning(what, attribute)
	}
	return v
}

// judgeUser keeps a resource with its user where the configuration names none.
func (d *providerData) judgeUser(what string, configured, planned, current types.String) verdict {
	v := judge(what, "user_id", configured, planned, current)
	if configured.IsNull() && !d.userID.IsNull() && !d.userID.IsUnknown() && !d.userID.Equal(current) {
		v.finding = otherDefaultWarning(what, current.ValueString(), d.userID.ValueString())
	}
	return v
}

// checkSameUser refuses a replacement that would be added again for the provider's default user, where that is
// another or known after apply only.
func (d *providerData) checkSameUser(what string, configured, current types.String) diag.Diagnostics {
	if configured.IsNull() && !d.userID.Equal(current) {
		return diag.Diagnostics{wouldMoveError(what, current.ValueString(), d.userID)}
	}
	return nil
}

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
