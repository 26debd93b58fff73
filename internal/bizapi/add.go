// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// releasedWithin is how long a server may take to release a number that was deleted: up to 58 s were seen.
const releasedWithin = time.Minute

// adding is a row on its way into a user's listing.
type adding[R row] struct {
	client  *Client
	listing *userListing[R]
	call    call
	// key is what the API allows once: no other row has it.
	key string
	// isSent reports whether a row with that key has the other values that were sent, and whether it can
	// be nobody else's.
	isSent func(R) (isSent, isCertain bool)
	// post sends the request once.
	post func(context.Context) (R, error)
}

// run adds the row once. adopted reports that it was found by a listing after its answer was lost, and may
// be another's.
func (a adding[R]) run(ctx context.Context) (added R, adopted bool, err error) {
	wasAbsent, err := a.checkAbsent(ctx)
	if err != nil {
		return added, false, err
	}
	clock := a.client.options.Clock
	isUnsure := false // some attempt may have added the row
	var waitingSince time.Time
	for retries, waits := 0, 0; ; waits++ {
		added, err = a.post(ctx)
		if err == nil {
			a.claim(added)
			return added, false, nil
		}
		failure, isAPIs := errors.AsType[*Error](err)
		if !isAPIs {
			return added, false, err
		}
		isUnsure = isUnsure || isAmbiguous(failure)
		isTaken := failure.Kind == KindAlreadyExists
		if isTaken || isAmbiguous(failure) {
			found, ok, err := a.look(ctx, failure, isUnsure)
			isSent, isCertain := a.isSent(found)
			switch {
			case err != nil:
				return added, false, err
			case ok && isUnsure && isSent && (wasAbsent || isCertain) && a.claim(found):
				return found, !isCertain, nil
			case ok:
				return added, false, a.alreadyExists(failure, found, isUnsure && wasAbsent)
			}
		}
		switch {
		case isTaken && (isUnsure || a.isDeletedHere()):
			if waitingSince.IsZero() {
				waitingSince = clock.Now()
			}
			if clock.Now().Sub(waitingSince) >= releasedWithin {
				return added, false, failure
			}
		case !isTransient(failure) || retries == a.client.options.MaxRetries:
			return added, false, failure
		default:
			retries++
		}
		if clock.Sleep(ctx, retryBackoff(waits)) != nil {
			return added, false, a.client.canceled(ctx, a.call, failure)
		}
	}
}

// checkAbsent returns an error if two listings show the row; one alone may be up to 30 minutes old.
// wasAbsent reports whether a listing lacks it. A temporary failure of the listing does not block the add:
// after the delete of a replacement, that would lose the number.
func (a adding[R]) checkAbsent(ctx context.Context) (wasAbsent bool, err error) {
	_, found, err := a.listing.peek(ctx, a.key)
	if err == nil && found {
		var l *listing[R]
		if l, err = a.listing.get(ctx, a.listing.fresh()); err == nil {
			if existing, ok := a.listing.lookUp(l, a.key); ok {
				seen := a.client.newError(KindAlreadyExists, a.listing.call, answer{status: http.StatusOK}, "it is listed already, so it was not sent")
				return false, a.alreadyExists(seen, existing, false)
			}
		}
	}
	failure, _ := errors.AsType[*Error](err)
	if failure != nil && (failure.Kind == KindUnreadable || isAmbiguous(failure)) {
		return false, nil
	}
	return err == nil, err
}

// look looks for the row in a fresh listing, after an interrupt too. Where that fails, it returns what
// the API said of the add, or that its outcome is unknown.
func (a adding[R]) look(ctx context.Context, failure *Error, isUnsure bool) (found R, ok bool, err error) {
	ctx, cancel := outliving(ctx, a.client.options.RequestTimeout)
	defer cancel()
	l, err := a.listing.get(ctx, a.listing.fresh())
	switch {
	case err == nil:
		found, ok = a.listing.lookUp(l, a.key)
		return found, ok, nil
	case !isUnsure:
		return found, false, failure
	}
	unknown := *failure
	unknown.Kind = KindUnknownOutcome
	unknown.Message = fmt.Sprintf("%s; and the listing that would tell whether it was added failed: %v", failure.Message, err)
	return found, false, &unknown
}

// claim makes a row this add's. It reports false where another add of this process got it.
func (a adding[R]) claim(row R) bool {
	a.listing.mu.Lock()
	defer a.listing.mu.Unlock()
	return a.listing.changes.add(row)
}

// isDeletedHere reports whether this process deleted the row that this one replaces. The server may
// not have let go of it yet.
func (a adding[R]) isDeletedHere() bool {
	a.listing.mu.Lock()
	defer a.listing.mu.Unlock()
	return a.listing.changes.deleted[a.key]
}

// alreadyExists names the row in the way. isNew says that it appeared during the add.
func (a adding[R]) alreadyExists(failure *Error, existing R, isNew bool) *Error {
	exists := *failure
	exists.Kind, exists.ExistingID = KindAlreadyExists, existing.id()
	if isNew {
		exists.Message += "; it was not listed before, and is now with another name or by another add"
	}
	return &exists
}
