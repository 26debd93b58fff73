// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"errors"
	"net/http"
)

// delete removes a row. Where the answer leaves open whether it is gone, listings decide, after an
// interrupt too: they take two, as in find.
func (u *userListing[R]) delete(ctx context.Context, row R, createdAt string) error {
	_, err := u.client.do(ctx, u.call(http.MethodDelete, row.id()))
	switch {
	case err == nil, KindOf(err) == KindNotFound:
	case isAmbiguous(err), KindOf(err) == KindWrongBaseURL:
		ctx, cancel := outliving(ctx, u.client.options.RequestTimeout)
		defer cancel()
		u.note(u.changes.forget, row)
		if _, findErr := u.find(ctx, u.fresh(), idKey(row.id()), createdAt); !errors.Is(findErr, ErrNotFound) {
			return err
		}
	default:
		return err
	}
	u.note(u.changes.delete, row)
	return nil
}
