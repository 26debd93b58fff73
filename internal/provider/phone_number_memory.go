// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

// memory is what private state keeps of a number beside its state. Nothing in it can be turned back
// into a secret. States written by other versions may lack any of it.
type memory struct {
	// Token is the fingerprint of the write-only token last sent or recorded. The other attribute's
	// token stands in the state itself.
	Token *fingerprint `json:"token,omitempty"`
	// Rename is how the display name came to differ from what was asked for.
	Rename *rename `json:"rename,omitempty"`
	// BaseURL and APIKey are where the number was last seen.
	BaseURL string       `json:"base_url,omitempty"`
	APIKey  *fingerprint `json:"api_key,omitempty"`
}

// memoryKey is where memory stands in private state.
const memoryKey = "phone_number"

type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

type privateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// recall reads the memory. What cannot be read is forgotten: it only ever prevents a replacement or
// a removal, and a state must not become unusable over it.
func recall(ctx context.Context, private privateReader) memory {
	var m memory
	if value, diags := private.GetKey(ctx, memoryKey); !diags.HasError() && value != nil {
		if err := json.Unmarshal(value, &m); err != nil {
			return memory{}
		}
	}
	return m
}

func (m memory) store(ctx context.Context, private privateWriter) diag.Diagnostics {
	value, err := json.Marshal(m)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Private state cannot be written", err.Error())}
	}
	return private.SetKey(ctx, memoryKey, value)
}

// withoutToken is a server's text, or nothing of it where it holds the write-only token.
func (m memory) withoutToken(text string) string {
	if m.Token.isIn(text) {
		return bizapi.Redacted
	}
	return text
}

// rename is a display name that changed without this configuration's doing: elsewhere, in the
// server that normalised it, or before an import. Empty is no name.
type rename struct {
	// FromAny is an import: whatever the configuration says was never asked of the API.
	FromAny bool `json:"from_any,omitempty"`
	// Names are those that the state had since one was last asked for, the oldest first. A name that is
	// accepted by writing it into the configuration changes nothing, so that nothing tells the provider
	// which of them it was.
	Names []string `json:"names,omitempty"`
	// To is the name that was found.
	To string `json:"to,omitempty"`
}

// mostNames bounds the names that are kept; private state should not grow for ever. A number that had
// more is one whose name means nothing to its configuration.
const mostNames = 100

// renamed is the memory of a rename after a refresh that found now where the state had before.
func renamed(seen *rename, before, now string) *rename {
	if seen == nil && before == now {
		return nil
	}
	next := rename{To: now}
	if seen != nil {
		next.FromAny, next.Names = seen.FromAny, slices.Clone(seen.Names)
	}
	if before != now && !slices.Contains(next.Names, before) {
		next.Names = append(next.Names, before)
	}
	if len(next.Names) > mostNames {
		next.FromAny, next.Names = true, nil
	}
	return &next
}

// explains tells whether a configuration that asks for name is one that was there before the
// rename, and so no wish to change anything.
func (r *rename) explains(name string) bool {
	return r != nil && (r.FromAny || slices.Contains(r.Names, name))
}

// isUnsent tells whether inState is a name that an update recorded for a number that has none: a
// plan cannot keep a name that is null where the configuration has one, so it stands in the state
// alone.
func (r *rename) isUnsent(inState, onAPI string) bool {
	return r != nil && !r.FromAny && slices.Contains(r.Names, inState) && r.To == "" && onAPI == ""
}

// settled is the memory of a rename once an update has applied a configuration that asks for name
// while the state has current: an import has now been asked for something, and a name that is
// accepted is one that was asked for. One that is recorded for a number without a name stays so.
func (r *rename) settled(name, current string) *rename {
	switch {
	case r == nil || name == current && !r.isUnsent(name, r.To):
		return nil
	case r.FromAny:
		return &rename{Names: []string{name}, To: current}
	}
	return r
}
