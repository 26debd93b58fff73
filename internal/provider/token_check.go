// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/bizapi/terraform-provider-bizapi/internal/metagraph"
)

// maxTokenChecks is how many calls to Meta run at a time.
const maxTokenChecks = 10

// tokenChecks asks Meta about the tokens that a plan would send. Each pair of token and id is asked about
// once. Nil checks nothing.
type tokenChecks struct {
	client *metagraph.Client
	seed   maphash.Seed
	slots  chan struct{}

	isEnded, isWarned atomic.Bool // Meta limits calls or cannot be reached; a warning says so

	mu    sync.Mutex
	asked map[uint64]*tokenCheck
}

// tokenCheck is what Meta says of one token and id.
type tokenCheck struct {
	done chan struct{}
	err  error
}

func newTokenChecks(options metagraph.Options) *tokenChecks {
	return &tokenChecks{
		client: metagraph.New(options), seed: maphash.MakeSeed(),
		slots: make(chan struct{}, maxTokenChecks), asked: map[uint64]*tokenCheck{},
	}
}

// checkToken asks Meta about the token of a number that is planned to be added. The result waits for the answer:
// Meta is asked while the API is.
func (d *providerData) checkToken(ctx context.Context, plan phoneNumberModel, token token) (wait func() diag.Diagnostics) {
	platform := plan.Platform.ValueString()
	if d.tokenChecks == nil || !isMetas(platform) || plan.MetaPhoneNumberID.IsUnknown() || !token.isKnown() {
		return func() diag.Diagnostics { return nil }
	}
	id := plan.MetaPhoneNumberID.ValueString()
	check := d.tokenChecks.start(ctx, id, token.value.ValueString())
	return func() diag.Diagnostics {
		<-check.done
		failure, ok := errors.AsType[*metagraph.Error](check.err)
		if !ok {
			return nil
		}
		return d.tokenVerdict(failure, platform, id)
	}
}

func (t *tokenChecks) start(ctx context.Context, id, token string) *tokenCheck {
	key := maphash.Comparable(t.seed, [2]string{id, token})
	t.mu.Lock()
	defer t.mu.Unlock()
	if check := t.asked[key]; check != nil {
		return check
	}
	check := &tokenCheck{done: make(chan struct{})}
	t.asked[key] = check
	go func() {
		defer close(check.done)
		t.slots <- struct{}{}
		defer func() { <-t.slots }()
		if t.isEnded.Load() {
			return
		}
		check.err = t.client.CheckToken(ctx, id, token)
		if failure, ok := errors.AsType[*metagraph.Error](check.err); ok && endsChecks(failure) {
			t.isEnded.Store(true)
		}
	}()
	return check
}

// endsChecks reports whether Meta limits calls, or does not answer: more of them would fail alike.
func endsChecks(failure *metagraph.Error) bool {
	return failure.Meaning == metagraph.RateLimited || failure.Code == 0
}

// tokenVerdict turns Meta's answer into a diagnostic: an error only where the add is bound to make a number
// that cannot send.
func (d *providerData) tokenVerdict(failure *metagraph.Error, platform, id string) diag.Diagnostics {
	answer := "Meta: " + d.secrets.Excerpt(failure.Error())
	switch failure.Meaning {
	case metagraph.Refused:
		return diag.Diagnostics{diag.NewErrorDiagnostic("Meta refuses the access token",
			fmt.Sprintf("The token for the %s number %s is expired, revoked or malformed, so the number could not send. %s Nothing was changed.\n\n%s", platform, id, tokenAdvice(platform), answer))}
	case metagraph.NoSuchObject:
		return diag.Diagnostics{diag.NewErrorDiagnostic("Access token cannot see this number",
			fmt.Sprintf("Meta has no %s number %s for this token: the id is wrong, or the token belongs to another business. %s\n\n%s", platform, id, whereMetaIDIs(platform), answer))}
	case metagraph.NoPermission:
		return diag.Diagnostics{diag.NewWarningDiagnostic(fmt.Sprintf("Token of %s could not be confirmed", id),
			fmt.Sprintf("The token lacks a permission that the check needs, so the plan cannot tell whether Meta accepts it for messages. %s\n\n%s", tokenAdvice(platform), answer))}
	}
	scope := ""
	if endsChecks(failure) {
		if d.tokenChecks.isWarned.Swap(true) {
			return nil
		}
		scope = ", nor those of numbers that are planned after it"
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic("Access token was not checked",
		fmt.Sprintf("Meta did not say whether it accepts the token of the %s number %s%s. The plan continues without that check.\n\n%s", platform, id, scope, answer))}
}
