// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// readPrivate reads a value of private state. It is not ok where the value is missing or cannot be read, in a
// state that was edited or written by another version: that must not make a state unusable.
func readPrivate[Value any](ctx context.Context, private privateState, key string) (value Value, ok bool) {
	var none Value
	text, diags := private.GetKey(ctx, key)
	if diags.HasError() || text == nil || json.Unmarshal(text, &value) != nil {
		return none, false
	}
	return value, true
}

func writePrivate(ctx context.Context, private privateState, key string, value any) diag.Diagnostics {
	text, err := json.Marshal(value)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Private state cannot be written", err.Error())}
	}
	return private.SetKey(ctx, key, text)
}

// lastSeen is where a number or an agent was last seen: missing elsewhere does not mean gone.
type lastSeen struct {
	BaseURL string `json:"base_url,omitempty"`
}

// isElsewhere reports whether that was at another base URL.
func (l lastSeen) isElsewhere(client *bizapi.Client) bool {
	return l.BaseURL != "" && l.BaseURL != client.BaseURL()
}

// plannedPrivate is what the plan of a create tells the Delete of the same replacement: under which
// configuration the resource is to be added again. Terraform hands it on (1.11, 1.16, OpenTofu 1.12).
type plannedPrivate struct {
	BaseURL string `json:"base_url"`
	// UserID is the provider's default user where the resource relies on it.
	UserID string `json:"user_id,omitempty"`
	// Unknown is an attribute that says which number is added, and was not known. Terraform shows the plan of a
	// tainted number nothing that says which one it replaces.
	Unknown string `json:"unknown,omitempty"`
}

const plannedPrivateKey = "planned"

// writePlanned tells the Delete of the same replacement what the plan of a create relies on, and what it does not
// know.
func (d *providerData) writePlanned(ctx context.Context, configuredUser types.String, unknown string, private privateState) diag.Diagnostics {
	if d.options.BaseURL == nil { // known after apply only
		return nil
	}
	planned := plannedPrivate{BaseURL: d.options.BaseURL.String(), Unknown: unknown}
	if configuredUser.IsNull() {
		planned.UserID = d.userID.ValueString()
	}
	return writePrivate(ctx, private, plannedPrivateKey, planned)
}

// checkPlanned refuses to delete what, such as "phone number pn_1", for a replacement that was planned under
// another configuration: it could not be added again, or would be added elsewhere.
func (d *providerData) checkPlanned(ctx context.Context, private privateState, client *bizapi.Client, what string) diag.Diagnostics {
	planned, _ := readPrivate[plannedPrivate](ctx, private, plannedPrivateKey)
	switch {
	case planned.Unknown != "":
		return diag.Diagnostics{unknownTargetError(what, planned.Unknown)}
	case planned.BaseURL != "" && planned.BaseURL != client.BaseURL():
		return diag.Diagnostics{changedSincePlanError(what, "base_url", planned.BaseURL, client.BaseURL())}
	case planned.UserID != "" && planned.UserID != d.userID.ValueString():
		now := d.userID.ValueString()
		if now == "" {
			now = "none"
		}
		return diag.Diagnostics{changedSincePlanError(what, "user_id", planned.UserID, now)}
	}
	return nil
}
