// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestChangeOfToken(t *testing.T) {
	plain := func(value string) phoneNumberModel { return phoneNumberModel{AccessToken: types.StringValue(value)} }
	writeOnly := func(value string, version int64) phoneNumberModel {
		return phoneNumberModel{AccessTokenWO: types.StringValue(value), AccessTokenWOVersion: types.Int64Value(version)}
	}
	unknownWriteOnly := func(version types.Int64) phoneNumberModel {
		return phoneNumberModel{AccessTokenWO: types.StringUnknown(), AccessTokenWOVersion: version}
	}
	unknownPlain := phoneNumberModel{AccessToken: types.StringUnknown()}
	none := phoneNumberModel{}
	const a, b = "EAAfakeTokenA", "EAAfakeTokenB"
	writeOnlyState := phoneNumberModel{AccessTokenWOVersion: types.Int64Value(1)}

	tests := map[string]struct {
		state  phoneNumberModel
		sent   *fingerprint
		config phoneNumberModel
		want   tokenChange
	}{
		"the same plain token is kept":                                 {plain(a), nil, plain(a), tokenKept},
		"another plain token replaces":                                 {plain(a), nil, plain(b), tokenReplaces},
		"a plain token not known yet stays pending":                    {plain(a), nil, unknownPlain, tokenPending},
		"the same write-only token is kept":                            {writeOnlyState, fingerprintOf(a), writeOnly(a, 1), tokenKept},
		"another version replaces, whatever the token":                 {writeOnlyState, fingerprintOf(a), writeOnly(a, 2), tokenReplaces},
		"a lower version replaces too":                                 {writeOnlyState, fingerprintOf(a), writeOnly(a, 0), tokenReplaces},
		"another write-only token under the same version is not sent":  {writeOnlyState, fingerprintOf(a), writeOnly(b, 1), tokenUnsent},
		"a write-only token not known yet is kept":                     {writeOnlyState, fingerprintOf(a), unknownWriteOnly(types.Int64Value(1)), tokenKept},
		"a write-only token not known yet, another version":            {writeOnlyState, fingerprintOf(a), unknownWriteOnly(types.Int64Value(2)), tokenReplaces},
		"a version not known yet cannot be planned":                    {writeOnlyState, fingerprintOf(a), unknownWriteOnly(types.Int64Unknown()), tokenUnplannable},
		"a lost fingerprint is no reason to replace":                   {writeOnlyState, nil, writeOnly(b, 1), tokenKept},
		"the same token moves to write-only":                           {plain(a), nil, writeOnly(a, 7), tokenMoves},
		"the same token moves to plain":                                {writeOnlyState, fingerprintOf(a), plain(a), tokenMoves},
		"another token in the other attribute replaces":                {plain(a), nil, writeOnly(b, 1), tokenReplaces},
		"another token back in the plain attribute replaces":           {writeOnlyState, fingerprintOf(a), plain(b), tokenReplaces},
		"a move whose token is not known yet cannot be planned":        {plain(a), nil, unknownWriteOnly(types.Int64Value(1)), tokenUnplannable},
		"a move back whose token is not known yet cannot be planned":   {writeOnlyState, fingerprintOf(a), unknownPlain, tokenUnplannable},
		"a move to plain with the fingerprint lost is recorded":        {writeOnlyState, nil, plain(b), tokenRecorded},
		"a first plain token is recorded":                              {none, nil, plain(a), tokenRecorded},
		"a first plain token not known yet is recorded":                {none, nil, unknownPlain, tokenRecorded},
		"a first write-only token is recorded":                         {none, nil, writeOnly(a, 1), tokenRecorded},
		"a first write-only token not known yet is recorded":           {none, nil, unknownWriteOnly(types.Int64Value(1)), tokenRecorded},
		"a first version not known yet cannot be planned":              {none, nil, unknownWriteOnly(types.Int64Unknown()), tokenUnplannable},
		"a plain token left out is forgotten":                          {plain(a), nil, none, tokenForgotten},
		"a write-only token left out is forgotten":                     {writeOnlyState, fingerprintOf(a), none, tokenForgotten},
		"no token before and none now is kept":                         {none, nil, none, tokenKept},
		"an attribute that depends on unknown values can't be planned": {plain(a), nil, phoneNumberModel{AccessToken: types.StringUnknown(), AccessTokenWOVersion: types.Int64Value(1)}, tokenUnplannable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before := rememberedToken(test.state, memory{Token: test.sent})
			if got := changeOfToken(before, configuredToken(test.config)); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}
