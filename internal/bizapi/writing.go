// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Add registers a number, once: when an answer is lost, a fresh listing tells whether the number is
// there before it is sent again. Errors are *Errors. Of those, KindAlreadyExists names the number in
// the way; KindUnknownOutcome leaves open whether the number was added, which its message says; after
// any other the account did not hold the number when it was last listed.
//
// The end of ctx ends waits at once. A request that was sent goes on, and so does the listing that
// decides what became of it, each for at most the request timeout.
func (c *Client) Add(ctx context.Context, userID string, number NewPhoneNumber) (Added, error) {
	c.secrets.Hold(number.AccessToken)
	adding := &adding{
		client:       c,
		account:      c.account(userID),
		call:         call{method: http.MethodPost, elements: phoneNumbersOf(userID), body: number},
		number:       number,
		registration: registrationOf(number.Platform, number.MetaPhoneNumberID),
	}
	done, err := c.turns.take(ctx, adding.registration)
	if err != nil {
		return Added{}, c.redacted(canceled(ctx, adding.call))
	}
	defer done()
	added, err := adding.run(ctx)
	if err != nil {
		return Added{}, err
	}
	adding.account.noteAdded(added.PhoneNumber)
	return added, nil
}

// adding is one number on its way into the account.
type adding struct {
	client       *Client
	account      *account
	call         call
	number       NewPhoneNumber
	registration registration
	// perhapsDone says that some request may have added the number.
	perhapsDone bool
}

func (a *adding) run(ctx context.Context) (Added, error) {
	if err := a.checkAbsent(ctx); err != nil {
		return Added{}, err
	}
	var outage outage
	var settling settling
	for mishaps := 0; ; {
		answer, added, failure := a.post(ctx)
		if failure == nil {
			return Added{PhoneNumber: added}, nil
		}
		adopted, failure := a.settle(ctx, failure)
		if failure == nil {
			return Added{PhoneNumber: adopted, Adopted: true}, nil
		}
		failure.PerhapsDone = a.perhapsDone
		var pauses int
		switch {
		case a.maySettle(failure):
			if !settling.goesOn(a.client.clock.Now()) {
				return Added{}, a.unsettled(failure)
			}
			pauses, settling.pauses = settling.pauses, settling.pauses+1
		case !isMishap(failure), mishaps >= a.client.maxRetries, !a.client.mayRetry(&outage, failure.Kind, answer, mishaps):
			return Added{}, failure
		default:
			pauses, mishaps = mishaps, mishaps+1
		}
		if a.client.pause(ctx, pauses, answer) != nil {
			return Added{}, a.givenUp(ctx, failure)
		}
	}
}

// checkAbsent fails when the account holds the number already. A listing may be half a minute old,
// so it takes two to say so.
func (a *adding) checkAbsent(ctx context.Context) error {
	listing, err := a.account.recent(ctx)
	if err != nil {
		return err
	}
	if len(a.account.registered(listing, a.registration)) == 0 {
		return nil
	}
	if listing, err = a.account.fresh(ctx); err != nil {
		return err
	}
	existing := a.account.registered(listing, a.registration)
	if len(existing) == 0 {
		return nil
	}
	call := a.account.call()
	seen := &Error{Method: call.method, Path: call.path(), Status: http.StatusOK, CorrelationID: listing.correlationID}
	return a.alreadyExists(seen, existing[0], "the account holds the number already, so it was not sent")
}

// post sends the request once.
func (a *adding) post(ctx context.Context) (answer, PhoneNumber, *Error) {
	wasKnown := a.account.knownNow()
	answer, err := a.client.do(ctx, a.call)
	var added PhoneNumber
	if err == nil {
		added, err = a.client.decodeAdded(a.call, answer, a.account.userID, a.number)
	}
	if err == nil && wasKnown(added.ID) {
		err = a.client.unreadable(a.call, answer, "the answer names a number that was there before")
	}
	failure, _ := errors.AsType[*Error](err)
	return answer, added, failure
}

// settle finds out what became of a request that failed. It returns the number, if that is there
// and this add's, or the error that the request comes to.
func (a *adding) settle(ctx context.Context, failure *Error) (PhoneNumber, *Error) {
	a.perhapsDone = a.perhapsDone || failure.PerhapsDone
	if a.perhapsDone {
		return a.lookAfter(ctx, failure)
	}
	if !isRefusal(failure) {
		return PhoneNumber{}, failure // never sent
	}
	listing, err := a.account.fresh(ctx)
	if err != nil {
		return PhoneNumber{}, failure // the API has said what was wrong
	}
	if existing := a.account.registered(listing, a.registration); len(existing) > 0 {
		return PhoneNumber{}, a.alreadyExists(failure, existing[0], failure.Message)
	}
	return PhoneNumber{}, failure
}

// lookAfter looks for the number after a request that perhaps added it. The listing before it did
// not have the number, so a row that is there now is this add's, unless it has another name or an
// operation of this process has to do with it.
func (a *adding) lookAfter(ctx context.Context, failure *Error) (PhoneNumber, *Error) {
	ctx, cancel := a.client.outliving(ctx)
	defer cancel()
	listing, err := a.account.fresh(ctx)
	if err != nil {
		return PhoneNumber{}, a.unknownOutcome(failure, err)
	}
	existing := a.account.registered(listing, a.registration)
	for _, number := range existing {
		if number.DisplayName == a.client.field(a.number.DisplayName, &rowTokens{}) && !a.account.isHeld(number.ID) {
			number.Platform = a.number.Platform
			return number, nil
		}
	}
	if len(existing) > 0 {
		return PhoneNumber{}, a.alreadyExists(failure, existing[0], fmt.Sprintf(
			"a number with this Meta id appeared while it was being added, under another display name or by another operation, so it may not be the one that was sent; the add itself failed: %s", failure.Message))
	}
	absent := *failure
	absent.Message += "; the account did not hold the number when it was listed afterwards"
	return PhoneNumber{}, &absent
}

// isMishap tells a failure, after which the account did not hold the number, that may be none the next time.
func isMishap(failure *Error) bool {
	switch failure.Kind {
	case KindUnreachable, KindNoAnswer, KindServer, KindUnreadable:
		return true
	}
	return false
}

// maySettle tells an "already exists" of which the listing knows nothing yet: of a request before it that
// was perhaps done, and is on its way into the listing, or of a server that has not let go yet of the number
// that this one replaces.
func (a *adding) maySettle(failure *Error) bool {
	return failure.Kind == KindAlreadyExists && failure.Existing == nil && (a.perhapsDone || a.number.Replaces != "")
}

// settling is the wait for a server to come to one answer. Its zero value has not begun.
type settling struct {
	began  time.Time
	pauses int
}

// longestSettling is more than servers were seen to take.
const longestSettling = settlingTime + 15*time.Second

func (s *settling) goesOn(now time.Time) bool {
	if s.began.IsZero() {
		s.began = now
	}
	return now.Sub(s.began) < longestSettling
}

// unsettled is a number that stays registered. Where the API lists the one that this process deleted, that
// one is in the way: the delete had no effect.
func (a *adding) unsettled(failure *Error) *Error {
	if ghost, isThere := a.account.ghost(a.number.Replaces); isThere {
		return a.alreadyExists(failure, ghost, failure.Message+"; the API lists it still under the id that it said to have deleted")
	}
	return failure
}

// isRefusal tells a failure that the API answered with from a request that never got to it.
// A rate limit that outlasts the operation ends it at the gate, before it is sent.
func isRefusal(failure *Error) bool {
	return failure.Status >= 400 && failure.Status < 500 && failure.Kind != KindRateLimited
}

func (a *adding) alreadyExists(failure *Error, existing PhoneNumber, message string) *Error {
	exists := *failure
	exists.Kind, exists.Existing, exists.Message = KindAlreadyExists, &existing, message
	return a.client.redacted(&exists)
}

func (a *adding) unknownOutcome(failure *Error, listing error) *Error {
	unknown := *failure
	unknown.Kind = KindUnknownOutcome
	unknown.Message = fmt.Sprintf("the number may or may not have been added: %s; and the listing that would tell could not be read: %v. Look for the %s number with the Meta id %s under the user %s",
		failure.Message, listing, a.number.Platform, a.number.MetaPhoneNumberID, a.account.userID)
	return a.client.redacted(&unknown)
}

// givenUp is a failure that would have been followed by another request, had ctx not ended.
func (a *adding) givenUp(ctx context.Context, failure *Error) *Error {
	end := canceled(ctx, a.call)
	end.Message += "; before that: " + failure.Message
	end.Status, end.CorrelationID, end.SentID, end.PerhapsDone = failure.Status, failure.CorrelationID, failure.SentID, failure.PerhapsDone
	return a.client.redacted(end)
}

// outliving returns a context for the listing that decides what became of a write. It ends up to a
// request timeout later than ctx.
func (c *Client) outliving(ctx context.Context) (context.Context, context.CancelFunc) {
	longer := context.WithoutCancel(ctx)
	if ctx.Err() != nil {
		return context.WithTimeout(longer, c.requestTimeout)
	}
	cancel := context.CancelFunc(func() {})
	if deadline, ok := ctx.Deadline(); ok {
		longer, cancel = context.WithDeadline(longer, deadline.Add(c.requestTimeout))
	}
	longer, cancelLonger := context.WithCancel(longer)
	stop := context.AfterFunc(ctx, func() {
		grace, end := context.WithTimeout(longer, c.requestTimeout)
		defer end()
		<-grace.Done()
		cancelLonger()
	})
	return longer, func() { stop(); cancelLonger(); cancel() }
}

// Delete removes a number. One that is gone already is a success. Errors are *Errors. The end of
// ctx is as in Add.
func (c *Client) Delete(ctx context.Context, userID, id string) error {
	account := c.account(userID)
	call := call{method: http.MethodDelete, elements: append(phoneNumbersOf(userID), id)}
	answer, err := c.do(ctx, call)
	if err == nil {
		err = c.checkDeleted(call, answer)
	}
	if failure, ok := errors.AsType[*Error](err); ok {
		err = c.settleDelete(ctx, account, id, failure)
	}
	if err != nil {
		return err
	}
	account.noteDeleted(id)
	return nil
}

// settleDelete returns nil when the number of a delete that failed is gone, and the error otherwise.
func (c *Client) settleDelete(ctx context.Context, account *account, id string, failure *Error) error {
	isMissing := failure.Kind == KindUnknownNumber
	switch {
	case isMissing && failure.PerhapsDone:
		return nil // an answer was lost, and now the API does not know the number any more
	case failure.Status != http.StatusNotFound && !failure.PerhapsDone:
		return failure
	}
	ctx, cancel := c.outliving(ctx)
	defer cancel()
	// A wrong base URL answers 404 or an HTML page too: only the account's own listing tells that the
	// number is gone. Where the API did not say so itself, it takes two, as in Find.
	listing, err := account.fresh(ctx)
	if err == nil && !isMissing && account.lacks(listing, id) {
		_, err = account.find(ctx, id)
	}
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case KindOf(err) == KindUnknownUser:
		return err
	case err != nil:
		failure.Message = c.secrets.Redact(fmt.Sprintf("%s; and the listing that would tell whether the number is gone could not be read: %v", failure.Message, err))
	case isMissing && account.lacks(listing, id):
		return nil
	}
	return failure
}

// turns lets one add of a registration run at a time. Its zero value is ready to use.
type turns struct {
	mu     sync.Mutex
	queues map[registration]*queue
}

// queue is one add that runs and those that wait for it.
type queue struct {
	free   chan struct{} // holds one token while none runs
	length int
}

// take waits for the turn of an add and returns what ends it, or ctx's error.
func (t *turns) take(ctx context.Context, r registration) (done func(), err error) {
	t.mu.Lock()
	q := t.queues[r]
	if q == nil {
		if t.queues == nil {
			t.queues = map[registration]*queue{}
		}
		q = &queue{free: make(chan struct{}, 1)}
		q.free <- struct{}{}
		t.queues[r] = q
	}
	q.length++
	t.mu.Unlock()
	select {
	case <-q.free:
		return func() { q.free <- struct{}{}; t.leave(r, q) }, nil
	case <-ctx.Done():
		t.leave(r, q)
		return nil, ctx.Err()
	}
}

func (t *turns) leave(r registration, q *queue) {
	t.mu.Lock()
	defer t.mu.Unlock()
	q.length--
	if q.length == 0 {
		delete(t.queues, r)
	}
}
