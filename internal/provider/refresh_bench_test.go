// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// What one number of 10,000 costs in a plan that changes nothing, without the CLI and the network:
// `make bench` measures the whole, and with -profile it runs these for their profiles.

const benchNumbers = 10_000

// BenchmarkRefresh reads and plans one number, from a listing that is there.
func BenchmarkRefresh(b *testing.B) {
	for _, kind := range []struct {
		name  string
		token map[string]any
	}{
		{"write-only token", map[string]any{"access_token_wo": testToken, "access_token_wo_version": 1}},
		{"token in the state", map[string]any{"access_token": testToken}},
	} {
		b.Run(kind.name, func(b *testing.B) {
			api, numbers := newBenchAPI(b, kind.token)
			server := api.configured(b)
			numbers[0].read(b, server)
			b.ReportAllocs()
			at := 0
			for b.Loop() {
				number := numbers[at%len(numbers)]
				at++
				number.read(b, server)
				planned, err := server.PlanResourceChange(b.Context(), &tfprotov6.PlanResourceChangeRequest{
					TypeName: "bizapi_phone_number", PriorState: number.state, ProposedNewState: number.state, Config: number.config, PriorPrivate: number.private,
				})
				if err != nil || len(planned.Diagnostics) > 0 || len(planned.RequiresReplace) > 0 {
					b.Fatal(err, planned.Diagnostics)
				}
			}
		})
	}
}

// BenchmarkListing starts a provider and reads one number, for which it fetches all.
func BenchmarkListing(b *testing.B) {
	api, numbers := newBenchAPI(b, map[string]any{"access_token": testToken})
	numbers[0].read(b, api.configured(b))
	b.ReportAllocs()
	for b.Loop() {
		numbers[0].read(b, api.configured(b))
	}
}

// benchNumber is one number as the CLI passes it.
type benchNumber struct {
	state, config *tfprotov6.DynamicValue
	private       []byte
}

func (n benchNumber) read(b *testing.B, server tfprotov6.ProviderServer) {
	b.Helper()
	response, err := server.ReadResource(b.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: "bizapi_phone_number", CurrentState: n.state, Private: n.private,
	})
	if err != nil || len(response.Diagnostics) > 0 {
		b.Fatal(err, response.Diagnostics)
	}
	if isGone, err := response.NewState.IsNull(); err != nil || isGone {
		b.Fatal("the number is not in the listing", err)
	}
}

// newBenchAPI returns an API of many numbers, whose answers come from memory, and these numbers. They keep
// beside the state what the provider kept for one that it added.
func newBenchAPI(b *testing.B, token map[string]any) (*testAPI, []benchNumber) {
	b.Helper()
	api := newAPI(b, sandbox.Options{})
	server := api.configured(b)
	schema := schemas(b, server).ResourceSchemas["bizapi_phone_number"]
	null, err := tfprotov6.NewDynamicValue(schema.ValueType(), tftypes.NewValue(schema.ValueType(), nil))
	if err != nil {
		b.Fatal(err)
	}
	arguments := map[string]any{"platform": "whatsapp", "meta_phone_number_id": whatsAppID, "display_name": "Number"}
	maps.Copy(arguments, token)
	config := dynamic(b, schema, arguments)
	planned, err := server.PlanResourceChange(b.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: "bizapi_phone_number", PriorState: &null, ProposedNewState: config, Config: config,
	})
	if err != nil || len(planned.Diagnostics) > 0 {
		b.Fatal(err, planned.Diagnostics)
	}
	added, err := server.ApplyResourceChange(b.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: "bizapi_phone_number", PriorState: &null, PlannedState: planned.PlannedState, Config: config, PlannedPrivate: planned.PlannedPrivate,
	})
	if err != nil || len(added.Diagnostics) > 0 {
		b.Fatal(err, added.Diagnostics)
	}
	numbers := make([]benchNumber, benchNumbers)
	for at := range numbers {
		metaID, name := fmt.Sprint(200_000_000_000_000+at), "Number"
		row := api.Add(testUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: metaID, AccessToken: testToken, DisplayName: &name})
		arguments["meta_phone_number_id"] = metaID
		state := maps.Clone(arguments)
		maps.Copy(state, map[string]any{
			"id": row.ID, "user_id": testUser, "deletion_protection": false, "access_token_wo": nil,
			"created_at": row.CreatedAt.UTC().Format(time.RFC3339Nano), "updated_at": row.UpdatedAt.UTC().Format(time.RFC3339Nano),
		})
		numbers[at] = benchNumber{state: dynamic(b, schema, state), config: dynamic(b, schema, arguments), private: added.Private}
	}
	api.transport = &replay{next: http.DefaultTransport, bodies: map[string][]byte{}}
	return api, numbers
}

// replay answers a GET that was answered before from memory, so that the server takes no part in what
// is measured.
type replay struct {
	next   http.RoundTripper
	bodies map[string][]byte // by URL; one request at a time
}

func (r *replay) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method != http.MethodGet {
		return r.next.RoundTrip(request)
	}
	address := request.URL.String()
	if r.bodies[address] == nil {
		response, err := r.next.RoundTrip(request)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
		if r.bodies[address], err = io.ReadAll(response.Body); err != nil {
			return nil, err
		}
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Request: request,
		Body: io.NopCloser(bytes.NewReader(r.bodies[address])),
	}, nil
}
