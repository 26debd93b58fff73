// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

// What reading and deleting numbers and agents have in common: a row of a user's listing.

// stateRowRef is a row of the state that is read or deleted.
type stateRowRef struct {
	what   string // such as "phone number pn_1"
	userID string
	seen   lastSeen
	client *bizapi.Client
}

// readFailed judges the error of a read. Only a row that is proved to be gone leaves the state.
func (d *providerData) readFailed(err error, row stateRowRef) (isGone bool, diags diag.Diagnostics) {
	switch isMissing := errors.Is(err, bizapi.ErrNotFound); {
	case isMissing && row.seen.isElsewhere(row.client):
		diags.Append(missingElsewhere(row.what, row.seen.BaseURL, row.client.BaseURL()))
	case isMissing:
		return true, nil
	default:
		diags.Append(d.callFailed(err, row.userID, "list the numbers or agents of user "+row.userID, " Nothing was removed from the state."))
	}
	return false, diags
}

// deleteRow deletes a row. It refuses what was planned under another configuration, and what is missing under
// another base URL than it was last seen at: that does not mean that it is gone.
func (d *providerData) deleteRow(ctx context.Context, row stateRowRef, private privateState, find, remove func(context.Context) error) diag.Diagnostics {
	if diags := d.checkPlanned(ctx, private, row.client, row.what); diags.HasError() {
		return diags
	}
	var err error
	if row.seen.isElsewhere(row.client) {
		err = find(ctx)
	}
	if errors.Is(err, bizapi.ErrNotFound) {
		return diag.Diagnostics{missingElsewhere(row.what, row.seen.BaseURL, row.client.BaseURL())}
	}
	if err == nil {
		d.walk.noteDeleted() // before the request is sent: an add may be planned meanwhile
		err = remove(ctx)
	}
	if err != nil {
		return diag.Diagnostics{d.callFailed(err, row.userID, "delete "+row.what, " It stays in the state.")}
	}
	return nil
}
