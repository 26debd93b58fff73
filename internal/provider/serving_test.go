// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"weak"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

func TestServerOffersWhatTheFrameworkDoes(t *testing.T) {
	t.Parallel()
	ask := func(server tfprotov6.ProviderServer) *tfprotov6.GetMetadataResponse {
		metadata, err := server.GetMetadata(t.Context(), &tfprotov6.GetMetadataRequest{})
		if err != nil {
			t.Fatal(err)
		}
		// They come out of a map.
		slices.SortFunc(metadata.DataSources, func(one, other tfprotov6.DataSourceMetadata) int {
			return strings.Compare(one.TypeName, other.TypeName)
		})
		return metadata
	}
	if diff := cmp.Diff(ask(providerserver.NewProtocol6(New("test")())()), ask(newServer(&bizapiProvider{version: "test"}))); diff != "" {
		t.Error(diff)
	}
	if _, takesQueries := any(newServer(&bizapiProvider{})).(tfprotov6.ListResourceServer); !takesQueries {
		t.Error("terraform query would be refused")
	}
}

// What hangs on a call's context is a request's logger, its stream and its messages: 100 KiB a number.
func TestCallsForANumberLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	server := newServer(&bizapiProvider{})
	calls := map[string]func(context.Context) error{
		"validate": func(ctx context.Context) error {
			_, err := server.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{})
			return err
		},
		"upgrade of the state": func(ctx context.Context) error {
			_, err := server.UpgradeResourceState(ctx, &tfprotov6.UpgradeResourceStateRequest{})
			return err
		},
		"upgrade of the identity": func(ctx context.Context) error {
			_, err := server.UpgradeResourceIdentity(ctx, &tfprotov6.UpgradeResourceIdentityRequest{})
			return err
		},
		"import": func(ctx context.Context) error {
			_, err := server.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{})
			return err
		},
		"read": func(ctx context.Context) error {
			_, err := server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{})
			return err
		},
		"plan": func(ctx context.Context) error {
			_, err := server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{})
			return err
		},
		"apply": func(ctx context.Context) error {
			_, err := server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{})
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			type key struct{}
			payload := new([1 << 10]byte)
			left := weak.Make(payload)
			ctx, end := context.WithCancel(context.WithValue(t.Context(), key{}, payload))
			if err := call(ctx); err != nil {
				t.Fatal(err)
			}
			end() // as the plugin server does once it has answered
			runtime.GC()
			if left.Value() != nil {
				t.Error("what hangs on the context is still in memory")
			}
			runtime.KeepAlive(server)
		})
	}
}

func TestLentContext(t *testing.T) {
	t.Parallel()
	type key struct{}
	owner, end := context.WithCancel(context.WithValue(t.Context(), key{}, "of the owner"))
	var during, derived context.Context
	_, _ = lending(owner, 0, func(ctx context.Context, _ int) (int, error) {
		during = ctx
		var cancel context.CancelFunc
		derived, cancel = context.WithCancel(ctx)
		t.Cleanup(cancel)
		if ctx.Err() != nil || ctx.Value(key{}) != "of the owner" {
			t.Errorf("while it is lent: %v, %v", ctx.Err(), ctx.Value(key{}))
		}
		return 0, nil
	})
	if during.Err() == nil || during.Value(key{}) != nil {
		t.Errorf("taken back: %v, %v", during.Err(), during.Value(key{}))
	}
	end()
	<-derived.Done()
}

// An interrupt reaches the call through it.
func TestLentContextEndsWithItsOwner(t *testing.T) {
	t.Parallel()
	owner, end := context.WithCancel(t.Context())
	_, err := lending(owner, 0, func(ctx context.Context, _ int) (int, error) {
		derived, cancel := context.WithCancel(ctx)
		defer cancel()
		end()
		<-derived.Done()
		return 0, derived.Err()
	})
	if err == nil {
		t.Error("the call went on")
	}
}

func TestLogWhereRead(t *testing.T) {
	for name, test := range map[string]struct {
		set  string // a variable that asks for a log
		want string
	}{
		"nobody reads it":                  {"", "off"},
		"Terraform's log":                  {"TF_LOG", ""},
		"Terraform's log of its providers": {"TF_LOG_PROVIDER", ""},
		"the framework's log":              {"TF_LOG_SDK", "DEBUG"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_SDK"} {
				t.Setenv(variable, "")
			}
			if test.set != "" {
				t.Setenv(test.set, "DEBUG")
			}
			if err := logWhereRead(); err != nil {
				t.Fatal(err)
			}
			if got := os.Getenv("TF_LOG_SDK"); got != test.want {
				t.Errorf("TF_LOG_SDK is %q, wanted %q", got, test.want)
			}
		})
	}
}
