// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"runtime"
	"testing"
)

func TestALentContextIsItsOwnerDuringTheCall(t *testing.T) {
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
	_, err := lend(ctx, "request", func(lent context.Context, request string) (string, error) {
		if lent.Value(key{}) != "value" || lent.Err() != nil || request != "request" {
			t.Errorf("got the value %v, the error %v and %q", lent.Value(key{}), lent.Err(), request)
		}
		cancel()
		<-lent.Done()
		return "", lent.Err()
	})
	if err != context.Canceled { //nolint:errorlint // as it is
		t.Errorf("got %v", err)
	}
}

func TestALentContextHoldsOnToNothingAfterTheCall(t *testing.T) {
	type key struct{}
	collected := make(chan struct{})
	ctx := func() context.Context {
		held := &[1 << 20]byte{}
		runtime.AddCleanup(held, func(done chan struct{}) { close(done) }, collected)
		return context.WithValue(t.Context(), key{}, held)
	}
	var kept []context.CancelFunc // as the framework keeps them
	_, _ = lend(ctx(), "", func(lent context.Context, _ string) (string, error) {
		_, cancel := context.WithCancel(lent)
		kept = append(kept, cancel)
		return "", nil
	})
	runtime.GC()
	<-collected
	kept[0]()
}
