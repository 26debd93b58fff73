// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
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
		{"write-only token", map[string]any{"access_token_wo": "EAAfakeTokenNumberOne", "access_token_wo_version": 1}},
		{"token in the state", map[string]any{"access_token": "EAAfakeTokenNumberOne"}},
	} {
		b.Run(kind.name, func(b *testing.B) {
			e, numbers := newBenchEngine(b, kind.token)
			read(b, e, numbers[0])
			b.ReportAllocs()
			at := 0
			for b.Loop() {
				number := numbers[at%len(numbers)]
				at++
				read(b, e, number)
				planned, err := e.server.PlanResourceChange(b.Context(), &tfprotov6.PlanResourceChangeRequest{
					TypeName: numberType, PriorState: number.state, ProposedNewState: number.state, Config: number.config, PriorPrivate: e.private,
				})
				if err != nil || len(planned.Diagnostics) > 0 || len(planned.RequiresReplace) > 0 {
					b.Fatal(err, texts(planned.Diagnostics))
				}
			}
		})
	}
}

// BenchmarkListing starts a provider and reads one number, for which it fetches all.
func BenchmarkListing(b *testing.B) {
	e, numbers := newBenchEngine(b, map[string]any{"access_token": "EAAfakeTokenNumberOne"})
	read(b, e, numbers[0])
	b.ReportAllocs()
	for b.Loop() {
		e.restart(e.baseURL, e.settings)
		read(b, e, numbers[0])
	}
}

// benchNumber is one number as the CLI passes it.
type benchNumber struct{ state, config *tfprotov6.DynamicValue }

func read(b *testing.B, e *engine, number benchNumber) {
	b.Helper()
	response, err := e.server.ReadResource(b.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: numberType, CurrentState: number.state, Private: e.private,
	})
	if err != nil || len(response.Diagnostics) > 0 {
		b.Fatal(err, texts(response.Diagnostics))
	}
	if isGone := e.static(response.NewState).IsNull(); isGone {
		b.Fatal("the number is not in the listing")
	}
}

// newBenchEngine returns an engine on an account of many numbers, whose answers come from memory, and
// these numbers.
func newBenchEngine(b *testing.B, token map[string]any) (*engine, []benchNumber) {
	b.Helper()
	server := sandbox.New(sandbox.Options{APIKey: "sk_test_not_a_real_key"})
	listener := httptest.NewServer(server)
	b.Cleanup(listener.Close)
	e := newEngine(b, listener.URL+"/v1", nil)
	arguments := map[string]any{"platform": "whatsapp", "meta_phone_number_id": "100000000000000", "display_name": "Number"}
	maps.Copy(arguments, token)
	if failed := e.apply(b.Context(), arguments); failed != "" {
		b.Fatal(failed)
	}
	first := e.attributes(e.state)
	numbers := make([]benchNumber, benchNumbers)
	for at := range numbers {
		metaID, name := fmt.Sprint(200_000_000_000_000+at), "Number"
		added := server.Add("usr_abc123", sandbox.Number{
			Platform: "whatsapp", MetaPhoneNumberID: metaID, AccessToken: "EAAfakeTokenNumberOne", DisplayName: &name,
		})
		attributes := maps.Clone(first)
		attributes["id"] = tftypes.NewValue(tftypes.String, added.ID)
		attributes["meta_phone_number_id"] = tftypes.NewValue(tftypes.String, metaID)
		for name, at := range map[string]time.Time{"created_at": added.CreatedAt, "updated_at": added.UpdatedAt} {
			attributes[name] = tftypes.NewValue(tftypes.String, at.UTC().Format(time.RFC3339Nano))
		}
		arguments["meta_phone_number_id"] = metaID
		numbers[at] = benchNumber{
			state:  e.dynamic(tftypes.NewValue(e.types, attributes)),
			config: e.dynamic(e.value(e.types, arguments)),
		}
	}
	e.dial.next = &replay{next: e.dial.next, bodies: map[string][]byte{}}
	e.restart(e.baseURL, nil)
	return e, numbers
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
