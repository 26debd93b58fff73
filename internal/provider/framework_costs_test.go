// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"runtime"
	"testing"
)

func TestReleasableContextIsTheRealOneDuringTheCall(t *testing.T) {
	t.Parallel()
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
	_, err := withRelease(ctx, "request", func(releasable context.Context, request string) (string, error) {
		if releasable.Value(key{}) != "value" || releasable.Err() != nil || request != "request" {
			t.Errorf("got the value %v, the error %v and %q", releasable.Value(key{}), releasable.Err(), request)
		}
		cancel()
		<-releasable.Done()
		return "", releasable.Err()
	})
	if err != context.Canceled { //nolint:errorlint // as it is
		t.Errorf("got %v", err)
	}
}

func TestReleasedContextKeepsNothing(t *testing.T) {
	t.Parallel()
	type key struct{}
	collected := make(chan struct{})
	ctx := func() context.Context {
		held := &[1 << 20]byte{}
		runtime.AddCleanup(held, func(done chan struct{}) { close(done) }, collected)
		return context.WithValue(t.Context(), key{}, held)
	}
	var kept []context.CancelFunc // as the framework keeps them
	_, _ = withRelease(ctx(), "", func(releasable context.Context, _ string) (string, error) {
		_, cancel := context.WithCancel(releasable)
		kept = append(kept, cancel)
		return "", nil
	})
	runtime.GC()
	<-collected
	kept[0]()
}
