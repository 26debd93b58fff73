// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

// tokenAttribute is which of the two attributes holds a token.
type tokenAttribute int

const (
	noToken tokenAttribute = iota
	plainToken
	writeOnlyToken
	// unknownAttribute is a configuration whose attribute is known after apply only.
	unknownAttribute
)

// token is the access token of a configuration or a state.
type token struct {
	attribute tokenAttribute
	value     types.String // null for a state's write-only token
	version   types.Number
	sent      *fingerprint // of a state's write-only token; nil where it is lost
}

// configuredToken returns the token that a configuration gives.
func configuredToken(config phoneNumberModel) token {
	isWriteOnly := !config.AccessTokenWO.IsNull() || !config.AccessTokenWOVersion.IsNull()
	switch {
	case isWriteOnly && (config.AccessToken.IsUnknown() || config.AccessTokenWOVersion.IsUnknown()):
		return token{attribute: unknownAttribute, value: config.AccessTokenWO}
	case !config.AccessToken.IsNull():
		return token{attribute: plainToken, value: config.AccessToken}
	case isWriteOnly:
		return token{attribute: writeOnlyToken, value: config.AccessTokenWO, version: config.AccessTokenWOVersion}
	}
	return token{}
}

// lastToken returns the token that was last sent or recorded.
func lastToken(state phoneNumberModel, private numberPrivate) token {
	switch {
	case !state.AccessToken.IsNull():
		return token{attribute: plainToken, value: state.AccessToken}
	case !state.AccessTokenWOVersion.IsNull():
		return token{attribute: writeOnlyToken, version: state.AccessTokenWOVersion, sent: private.Token}
	}
	return token{}
}

// isKnown reports whether the token's value is known. That of a state's write-only token never is.
func (t token) isKnown() bool { return !t.value.IsNull() && !t.value.IsUnknown() }

// equals reports whether a last token is the configured one. ok is false where it cannot be decided.
func (t token) equals(configured token) (equal, ok bool) {
	switch {
	case !configured.isKnown():
		return false, false
	case t.attribute == plainToken:
		return t.value.Equal(configured.value), true
	case t.sent != nil:
		return t.sent.matches(configured.value.ValueString()), true
	}
	return false, false
}

// check refuses what the API would refuse. It is for adds: a number that exists needs no token.
func (t token) check() diag.Diagnostics {
	if !t.isKnown() {
		return nil
	}
	if problem := tokenProblem(t.value.ValueString()); problem != "" {
		return diag.Diagnostics{invalidTokenError(problem)}
	}
	return nil
}

// judgeToken decides what a change of the token means: the table in the guide on rotating tokens.
func (c numberChange) judgeToken(ctx context.Context) verdict {
	config := c.config
	if c.plan.AccessTokenWOVersion.IsNull() { // not configured, or ignored by ignore_changes
		config.AccessTokenWO, config.AccessTokenWOVersion = types.StringNull(), types.NumberNull()
	}
	last, configured := lastToken(c.state, c.private), configuredToken(config)
	equal, isDecidable := last.equals(configured)
	id := c.state.ID.ValueString()
	v := verdict{attribute: "access_token"}
	if configured.attribute == writeOnlyToken {
		v.attribute = "access_token_wo_version"
	}
	isMoved := last.attribute != configured.attribute
	switch {
	case configured.attribute == unknownAttribute:
		v.finding = unplannableError(c.state.what(), "access_token")
	case configured.attribute == noToken: // forgotten, if there was one
	case last.attribute == noToken:
		v.finding = tokenRecordedWarning(id)
	case isMoved && isDecidable:
		v.replaces = !equal
	case isMoved && !configured.isKnown():
		v.finding = unplannableError(c.state.what(), "access_token")
	case isMoved: // the fingerprint is lost: nothing says that the token is another
		v.finding = tokenRecordedWarning(id)
	case configured.attribute == writeOnlyToken && !last.version.Equal(configured.version):
		v.replaces = true
	case configured.attribute == writeOnlyToken && isDecidable && !equal:
		v.finding = tokenUnsentWarning(id)
	case configured.attribute == plainToken && configured.value.IsUnknown():
		v.isPending, v.finding = true, pendingWarning(c.state.what(), "access_token")
	case configured.attribute == plainToken && !equal:
		v.replaces = true
	case equal && c.isChangedElsewhere(configured):
		v.finding = tokenDriftWarning(id)
	}
	if v.replaces && c.apiHas(ctx, configured) {
		v.replaces, v.finding = false, tokenKnownWarning(id)
	}
	return v
}

// apiHas reports whether the API's listing shows that it has a token already: somebody rotated it there.
func (c numberChange) apiHas(ctx context.Context, configured token) bool {
	if !configured.isKnown() {
		return false
	}
	number, found := c.listed(ctx)
	if !found {
		return false
	}
	client, _ := c.data.client() // which listed it
	has, _ := client.HasToken(number, configured.value.ValueString())
	return has
}

// listed returns the number as the API lists it. It is not found where the API cannot be asked.
func (c numberChange) listed(ctx context.Context) (number bizapi.PhoneNumber, found bool) {
	current := c.state
	current.Timeouts = c.plan.Timeouts
	number, found, err := c.data.registered(ctx, current)
	return number, err == nil && found && number.ID == c.state.ID.ValueString()
}

// isChangedElsewhere reports whether the latest listing shows another token than the one that was sent.
// It asks the API nothing.
func (c numberChange) isChangedElsewhere(configured token) bool {
	client, diags := c.data.client()
	if diags.HasError() {
		return false
	}
	number, _ := client.LastListed(c.state.UserID.ValueString(), c.state.ID.ValueString())
	has, known := client.HasToken(number, configured.value.ValueString())
	return known && !has
}
