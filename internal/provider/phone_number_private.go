// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"slices"
)

// numberPrivate is what private state keeps of a number beside its state. It holds no secret. What
// creates, imports or moves a number writes it, and so do Read and Update, each at its end.
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
	lastSeen
}

const numberPrivateKey = "phone_number"

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
		p.Names = append(p.Names, name)
	}
}

// readNumberPrivate reads it. Where it is lost, nobody knows which names the number had.
func readNumberPrivate(ctx context.Context, private privateState) numberPrivate {
	if value, ok := readPrivate[numberPrivate](ctx, private, numberPrivateKey); ok {
		return value
	}
	return numberPrivate{AnyName: true}
}
