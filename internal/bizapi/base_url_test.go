// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"errors"
	"strings"
	"testing"
)

func TestParseBaseURL(t *testing.T) {
	for _, test := range []struct {
		raw, want, problem string
	}{
		{raw: "https://api.example.com/v1", want: "https://api.example.com/v1"},
		{raw: "https://api.example.com/v1/", want: "https://api.example.com/v1"},
		{raw: " https://api.example.com/v1//\n", want: "https://api.example.com/v1"},
		{raw: "https://api.example.com", want: "https://api.example.com"},
		{raw: "HTTPS://API.Example.COM/V1", want: "https://api.example.com/V1"},
		{raw: "https://api.example.com:443/v1", want: "https://api.example.com/v1"},
		{raw: "https://api.example.com:/v1", want: "https://api.example.com/v1"},
		{raw: "https://api.example.com:8443/v1", want: "https://api.example.com:8443/v1"},
		{raw: "https://api.example.com/a%2Fb/", want: "https://api.example.com/a%2Fb"},
		{raw: "https://[2001:DB8::1]:443/v1", want: "https://[2001:db8::1]/v1"},
		{raw: "http://localhost:8080/v1", want: "http://localhost:8080/v1"},
		{raw: "http://127.0.0.1:80/v1", want: "http://127.0.0.1/v1"},
		{raw: "http://[::1]:8080", want: "http://[::1]:8080"},
		{raw: "", problem: "start with https"},
		{raw: "api.example.com/v1", problem: "start with https"},
		{raw: "ftp://api.example.com", problem: "start with https"},
		{raw: "https:api.example.com", problem: "names no host"},
		{raw: "https:///v1", problem: "names no host"},
		{raw: "https://:443/v1", problem: "names no host"},
		{raw: "https://%25800/v1", problem: "its host is no name"},
		{raw: "https://api example.com/v1", problem: "not a URL"},
		{raw: "https://\u00e9xample.com/v1", problem: "its host is no name"},
		{raw: "https://[fe80::1%25en0]/v1", problem: "its host is no name"},
		{raw: "https://me:hunter22@api.example.com", problem: "user name or password"},
		{raw: "https://hunter22@api.example.com", problem: "user name or password"},
		{raw: "https://me:hunter 22@api.example.com:x", problem: "not a URL"},
		{raw: "https://api.example.com/v1?key=hunter22", problem: "no query"},
		{raw: "https://api.example.com/v1?", problem: "no query"},
		{raw: "https://api.example.com/v1#top", problem: "no query and no fragment"},
		{raw: "https://api.example.com/v1# ", problem: "no query and no fragment"},
		{raw: "http://api.example.com/v1", problem: ErrInsecureURL.Error()},
		{raw: "http://127.0.0.1.example.com/v1", problem: ErrInsecureURL.Error()},
	} {
		t.Run(test.raw, func(t *testing.T) {
			parsed, err := ParseBaseURL(test.raw, false)
			switch {
			case test.problem != "":
				if err == nil || !strings.Contains(err.Error(), test.problem) || strings.Contains(err.Error(), "hunter") {
					t.Errorf("got %v, %v", parsed, err)
				}
			case err != nil || parsed.String() != test.want:
				t.Errorf("got %v, %v; want %s", parsed, err, test.want)
			}
		})
	}
	if parsed, err := ParseBaseURL("http://api.example.com/v1", true); err != nil || parsed.String() != "http://api.example.com/v1" {
		t.Errorf("where plain http is allowed: %v, %v", parsed, err)
	}
}

func FuzzParseBaseURL(f *testing.F) {
	for _, raw := range []string{
		"https://api.example.com/v1/", "http://localhost:8080", "http://[::1]:80/v1", "https://a:b@c/d?e#f",
		"https://api.example.com/a%2fb/%2F/", "https://x:/..//", "https://[fe80::1%25en0]/", "https://\u00e9xample.com/\u00e9", "https://%41/",
	} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		parsed, err := ParseBaseURL(raw, false)
		if err != nil {
			return
		}
		spelled := parsed.String()
		if parsed.Hostname() == "" || parsed.User != nil || strings.ContainsAny(spelled, "?#") || strings.HasSuffix(spelled, "/") {
			t.Errorf("%q was taken as %q", raw, spelled)
		}
		again, err := ParseBaseURL(spelled, false)
		if errors.Is(err, ErrInsecureURL) || err != nil || again.String() != spelled {
			t.Errorf("%q was taken as %q, and that as %v, %v", raw, spelled, again, err)
		}
		client, err := New(Options{BaseURL: parsed, APIKey: apiKey})
		if err != nil {
			t.Fatal(err)
		}
		request, err := client.newRequest(t.Context(), call{method: "GET", elements: []string{"users", "u/1", "phone_numbers"}})
		if err == nil && (request.URL.Host != parsed.Host || !strings.HasSuffix(request.URL.EscapedPath(), "/users/u%2F1/phone_numbers")) {
			t.Errorf("%q leads to %s", raw, request.URL)
		}
	})
}
