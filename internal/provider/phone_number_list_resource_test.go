// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// listed asks for the numbers of the provider's user, as `terraform query` does, and returns the warnings
// too.
func (e *engine) listed(limit int64, includeResource bool) (all []tfprotov6.ListResourceResult, warnings string) {
	e.t.Helper()
	text := map[string]tftypes.Type{"user_id": tftypes.String, "platform": tftypes.String}
	stream, err := e.server.(tfprotov6.ListResourceServer).ListResource(e.t.Context(), &tfprotov6.ListResourceRequest{
		TypeName: numberType, Limit: limit, IncludeResource: includeResource,
		Config: e.dynamic(e.value(tftypes.Object{AttributeTypes: text}, nil)),
	})
	if err != nil {
		e.t.Fatal(err)
	}
	for result := range stream.Results {
		if failed := errorTexts(result.Diagnostics); failed != "" {
			e.t.Fatal(failed)
		}
		all, warnings = append(all, result), warnings+texts(result.Diagnostics)
	}
	return all, warnings
}

// Terraform cuts a list off itself, and writes a configuration from whatever it gets: that the
// provider keeps its part shows here alone.
func TestListKeepsToTheLimit(t *testing.T) {
	server := sandbox.New(sandbox.Options{APIKey: "sk_test_not_a_real_key"})
	for at := range 5 {
		server.Add("usr_abc123", sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: fmt.Sprint(100000000000000 + at)})
	}
	listener := httptest.NewServer(server)
	defer listener.Close()
	e := newEngine(t, listener.URL+"/v1", nil)
	for limit, want := range map[int64]int{0: 5, 2: 2, 5: 5, 100: 5} {
		got, warnings := e.listed(limit, false)
		if len(got) != want {
			t.Errorf("limit %d gives %d numbers, not %d", limit, len(got), want)
		}
		if isCut := want < 5; isCut != strings.Contains(warnings, fmt.Sprintf("%d of 5 phone numbers are listed", want)) || !isCut && warnings != "" {
			t.Errorf("limit %d warns: %q", limit, warnings)
		}
	}
}

func TestListedResourceIsTheImportedOne(t *testing.T) {
	for _, dialect := range []sandbox.Dialect{sandbox.Published, sandbox.Deployed} {
		t.Run(string(dialect), func(t *testing.T) {
			server := sandbox.New(sandbox.Options{APIKey: "sk_test_not_a_real_key", Dialect: dialect})
			name, added := "Shop", time.Date(2025, 2, 10, 10, 0, 0, 0, time.UTC)
			server.Add("usr_abc123", sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: "836990829491415", DisplayName: &name, AccessToken: "EAAnobodyKnows", CreatedAt: added})
			server.Add("usr_abc123", sandbox.Number{Platform: "instagram", MetaPhoneNumberID: "17841234567890123", AccessToken: "EAAnobodyKnows", CreatedAt: added.Add(time.Hour)})
			listener := httptest.NewServer(server)
			defer listener.Close()
			e := newEngine(t, listener.URL+"/v1", nil)
			all, _ := e.listed(100, true)
			for at, result := range all {
				if failed := e.importNumber(t.Context(), server.Numbers("usr_abc123")[at].ID); failed != "" {
					t.Fatal(failed)
				}
				if resource := e.static(result.Resource); !resource.Equal(e.state) {
					t.Errorf("listed as %s, imported as %s", resource, e.state)
				}
			}
			if first, _ := e.listed(1, false); first[0].Resource != nil {
				t.Error("the resource is listed though nobody asked")
			}
		})
	}
}
