// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// numberPrivate is what private state keeps of a number beside its state. It holds no secret. Create,
// Read and Update write it, each at its end.
type numberPrivate struct {
	// Token is the fingerprint of the write-only token last sent or recorded.
	Token *fingerprint `json:"token,omitempty"`
	// Names are the display names that the number ever had; "" is none. A configured one among them is
	// the past, and asks for nothing.
	Names []string `json:"names,omitempty"`
	// AnyName stands for all names: after an import nobody knows which ones the number had.
	AnyName bool `json:"any_name,omitempty"`
	// Nameless says that the API has no name, so that one in state is recorded and was sent nowhere.
	Nameless bool `json:"nameless,omitempty"`
	// BaseURL is where the number was last seen.
	BaseURL string `json:"base_url,omitempty"`
}

// plannedPrivate is what the plan of a create tells the Delete of the same replacement: under which
// configuration the number is to be added again. Terraform hands it on (1.11, 1.16, OpenTofu 1.12).
type plannedPrivate struct {
	BaseURL string `json:"base_url"`
	// UserID is the provider's default user where the resource relies on it.
	UserID string `json:"user_id,omitempty"`
}

// Keys of private state.
const (
	numberPrivateKey  = "phone_number"
	plannedPrivateKey = "planned"
)

type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// readPrivate reads a value of private state. What cannot be read is as if it were not there: it only
// ever prevents a replacement or a removal, and a state must not become unusable over it.
func readPrivate[Value any](ctx context.Context, private privateState, key string) Value {
	var value, none Value
	text, diags := private.GetKey(ctx, key)
	if diags.HasError() || text == nil || json.Unmarshal(text, &value) != nil {
		return none
	}
	return value
}

func writePrivate(ctx context.Context, private privateState, key string, value any) diag.Diagnostics {
	text, err := json.Marshal(value)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Private state cannot be written", err.Error())}
	}
	return private.SetKey(ctx, key, text)
}

// maxNames bounds the names that are kept. A number that had more is one whose name means nothing to its
// configuration.
const maxNames = 100

// had reports whether the number ever had a name.
func (p numberPrivate) had(name string) bool { return p.AnyName || slices.Contains(p.Names, name) }

// addName notes a name that the state has.
func (p *numberPrivate) addName(name string) {
	switch {
	case slices.Contains(p.Names, name):
	case len(p.Names) == maxNames:
		p.Names, p.AnyName = nil, true
	default:
		p.Names = append(slices.Clip(p.Names), name)
	}
}
