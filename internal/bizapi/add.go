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
	listing *userListing[R]
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
	client := a.listing.client
	mayBeAdded := false // by an attempt whose outcome is open
	retries := 0
	var takenSince time.Time
	for attempt := 0; ; attempt++ {
		added, err = a.post(ctx)
		if err == nil {
			a.claim(added)
		}
		failure, failed := errors.AsType[*Error](err)
		if !failed {
			return added, false, err
		}
		mayBeAdded = mayBeAdded || isAmbiguous(failure)
		isTaken := failure.Kind == KindAlreadyExists
		if isTaken || isAmbiguous(failure) {
			found, ok, err := a.resolve(ctx, failure, mayBeAdded)
			if err != nil {
				return added, false, err
			}
			isSent, isCertain := a.isSent(found)
			isOurs := ok && mayBeAdded && isSent && (wasAbsent || isCertain)
			if isOurs && a.claim(found) {
				return found, !isCertain, nil
			}
			if ok {
				return added, false, a.alreadyExists(failure, found, mayBeAdded && wasAbsent)
			}
		}
		switch now := client.options.Clock.Now(); {
		case isTaken && (mayBeAdded || a.isDeletedHere()): // the server lags behind
			if takenSince.IsZero() {
				takenSince = now
			}
			if now.Sub(takenSince) >= releasedWithin {
				return added, false, failure
			}
		case !isTransient(failure) || retries == client.options.MaxRetries:
			return added, false, failure
		default:
			retries++
		}
		if client.options.Clock.Sleep(ctx, retryBackoff(attempt)) != nil {
			return added, false, client.canceled(ctx, a.listing.call(http.MethodPost), failure)
		}
	}
}

// checkAbsent returns an error if two listings have the row; one alone may be up to 30 minutes old.
// wasAbsent reports whether a listing lacks it. A temporary failure of the listing does not block the add:
// after the delete of a replacement, that would lose the number.
func (a adding[R]) checkAbsent(ctx context.Context) (wasAbsent bool, err error) {
	existing, found, err := a.listing.look(ctx, wanted{}, a.key)
	if found {
		existing, found, err = a.listing.look(ctx, a.listing.fresh(), a.key)
	}
	switch {
	case found:
		listed := a.listing.client.newError(KindAlreadyExists, a.listing.call(http.MethodGet), answer{status: http.StatusOK}, "it is listed already, so it was not sent")
		return false, a.alreadyExists(listed, existing, false)
	case KindOf(err) == KindUnreadable, isTransient(err):
		return false, nil
	}
	return err == nil, err
}

// resolve looks for the row in a fresh listing, after an interrupt too. Where that fails, it returns the
// add's own failure, or that the outcome is unknown.
func (a adding[R]) resolve(ctx context.Context, failure *Error, mayBeAdded bool) (found R, ok bool, err error) {
	ctx, cancel := outliving(ctx, a.listing.client.options.RequestTimeout)
	defer cancel()
	found, ok, err = a.listing.look(ctx, a.listing.fresh(), a.key)
	switch {
	case err == nil:
		return found, ok, nil
	case !mayBeAdded:
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

// isDeletedHere reports whether this process deleted the row that this one replaces: the server may not
// have released it yet.
func (a adding[R]) isDeletedHere() bool {
	a.listing.mu.Lock()
	defer a.listing.mu.Unlock()
	return a.listing.changes.deleted[a.key]
}

// alreadyExists names the row in the way. isNew is whether it appeared during the add.
func (a adding[R]) alreadyExists(failure *Error, existing R, isNew bool) *Error {
	exists := *failure
	exists.Kind, exists.ExistingID = KindAlreadyExists, existing.id()
	if isNew {
		exists.Message += "; it was not listed before, and is now with another name or by another add"
	}
	return &exists
}
