// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"

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
