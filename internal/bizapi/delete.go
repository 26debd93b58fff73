// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"errors"
)

// deleteRow makes a delete. Where its answer leaves open whether the row is gone, listings decide, after
// an interrupt too: they take two, as in find.
func deleteRow[R row](ctx context.Context, u *userListing[R], call call, row R, createdAt string) error {
	_, err := u.client.do(ctx, call)
	failure, isAPIs := errors.AsType[*Error](err)
	switch {
	case err == nil:
	case !isAPIs:
		return err
	case failure.Kind == KindNotFound:
	case isAmbiguous(failure), failure.Kind == KindWrongBaseURL:
		ctx, cancel := outliving(ctx, u.client.options.RequestTimeout)
		defer cancel()
		u.note(u.changes.forget, row)
		if _, err := u.find(ctx, u.fresh(), idKey(row.id()), createdAt); !errors.Is(err, ErrNotFound) {
			return failure
		}
	default:
		return failure
	}
	u.note(u.changes.delete, row)
	return nil
}
