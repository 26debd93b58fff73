// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// tokenAttribute is which of the two attributes a token stands in.
type tokenAttribute int

const (
	noToken tokenAttribute = iota
	plainToken
	writeOnlyToken
	// undecidedToken is a configuration whose attribute depends on values that are not known yet.
	undecidedToken
)

// token is the access token of a configuration or a state, whichever attribute it stands in.
type token struct {
	attribute tokenAttribute
	value     types.String // of a state's write-only token: null, only its fingerprint is kept
	version   types.Int64
	sent      *fingerprint // of a state's write-only token; nil when none was kept
}

// configuredToken is the token that the configuration gives.
func configuredToken(config phoneNumberModel) token {
	plain, writeOnly := config.AccessToken, config.AccessTokenWO
	hasWriteOnly := !writeOnly.IsNull() || !config.AccessTokenWOVersion.IsNull()
	switch {
	case plain.IsUnknown() && hasWriteOnly:
		return token{attribute: undecidedToken}
	case !plain.IsNull():
		return token{attribute: plainToken, value: plain}
	case hasWriteOnly:
		return token{attribute: writeOnlyToken, value: writeOnly, version: config.AccessTokenWOVersion}
	}
	return token{}
}

// rememberedToken is the token last sent or recorded.
func rememberedToken(state phoneNumberModel, memory memory) token {
	switch {
	case !state.AccessToken.IsNull():
		return token{attribute: plainToken, value: state.AccessToken}
	case !state.AccessTokenWOVersion.IsNull():
		return token{attribute: writeOnlyToken, version: state.AccessTokenWOVersion, sent: memory.Token}
	}
	return token{}
}

// comparison is what is known of two tokens.
type comparison int

const (
	undecidable comparison = iota
	same
	different
)

// compare tells whether the API has the token that is configured now.
func (t token) compare(configured token) comparison {
	switch {
	case configured.value.IsNull() || configured.value.IsUnknown():
		return undecidable
	case t.attribute == plainToken:
		return comparisonOf(t.value.ValueString() == configured.value.ValueString())
	case t.sent != nil:
		return comparisonOf(t.sent.matches(configured.value.ValueString()))
	}
	return undecidable
}

func comparisonOf(equal bool) comparison {
	if equal {
		return same
	}
	return different
}

// tokenChange is what a change of the token means for the number.
type tokenChange int

const (
	// tokenKept changes nothing.
	tokenKept tokenChange = iota
	// tokenReplaces is another token: the API takes it only with a number added anew.
	tokenReplaces
	// tokenMoves is the same token in the other attribute: state only.
	tokenMoves
	// tokenRecorded is a first token for a number that was imported: state only.
	tokenRecorded
	// tokenForgotten is a number that is kept without a token: state only.
	tokenForgotten
	// tokenUnsent is another write-only token under the same version: nothing, but a warning.
	tokenUnsent
	// tokenPending is a plain token that is not known yet: the state's stays, with a warning.
	tokenPending
	// tokenUnplannable is a move or a version that is not known yet: whether it replaces cannot be
	// planned, and Terraform stops an apply that turns out otherwise than planned.
	tokenUnplannable
)

// changeOfToken is DESIGN's table: what the configured token means for a number whose remembered
// one is before.
func changeOfToken(before, configured token) tokenChange {
	switch {
	case configured.attribute == undecidedToken,
		configured.attribute == writeOnlyToken && configured.version.IsUnknown():
		return tokenUnplannable
	case configured.attribute == noToken && before.attribute == noToken:
		return tokenKept
	case configured.attribute == noToken:
		return tokenForgotten
	case before.attribute == noToken:
		return tokenRecorded
	case before.attribute != configured.attribute:
		return changeOfMovedToken(before, configured)
	case configured.attribute == plainToken:
		return changeOfPlainToken(before, configured)
	}
	return changeOfWriteOnlyToken(before, configured)
}

func changeOfMovedToken(before, configured token) tokenChange {
	switch before.compare(configured) {
	case same:
		return tokenMoves
	case different:
		return tokenReplaces
	}
	if configured.value.IsUnknown() {
		return tokenUnplannable
	}
	// A state whose fingerprint is lost: nothing says that the token is another.
	return tokenRecorded
}

func changeOfPlainToken(before, configured token) tokenChange {
	switch before.compare(configured) {
	case same:
		return tokenKept
	case different:
		return tokenReplaces
	}
	return tokenPending
}

func changeOfWriteOnlyToken(before, configured token) tokenChange {
	switch {
	case !before.version.Equal(configured.version):
		return tokenReplaces
	case before.compare(configured) == different:
		return tokenUnsent
	}
	return tokenKept
}
