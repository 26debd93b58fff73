// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// configure configures a provider with those settings and returns what went wrong.
func configure(t *testing.T, settings map[string]any) []*tfprotov6.Diagnostic {
	t.Helper()
	e := &engine{t: t}
	server := providerserver.NewProtocol6(&bizapiProvider{version: "1.2.3"})()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	config := e.dynamic(e.value(schemas.Provider.ValueType().(tftypes.Object), settings))
	validated, err := server.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	if len(validated.Diagnostics) > 0 {
		return validated.Diagnostics
	}
	configured, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.11.4", Config: config})
	if err != nil {
		t.Fatal(err)
	}
	return configured.Diagnostics
}

func TestProviderConfiguration(t *testing.T) {
	const base, key = "https://api.example.com/v1", "sk_test_not_a_real_key"
	unknown := tftypes.UnknownValue
	tests := map[string]struct {
		settings    map[string]any
		environment map[string]string
		want        []string // parts of the one error; none: it is fine
	}{
		"arguments":                    {map[string]any{"base_url": base, "api_key": key, "user_id": "usr_1"}, nil, nil},
		"environment":                  {nil, map[string]string{"BIZAPI_BASE_URL": base, "BIZAPI_API_KEY": key, "BIZAPI_USER_ID": "usr_1", "BIZAPI_MAX_RETRIES": "0", "BIZAPI_REQUESTS_PER_MINUTE": "60"}, nil},
		"no user":                      {map[string]any{"base_url": base, "api_key": key}, nil, nil},
		"a trailing slash":             {map[string]any{"base_url": base + "/", "api_key": key}, nil, nil},
		"loopback over http":           {map[string]any{"base_url": "http://127.0.0.1:8080", "api_key": key}, nil, nil},
		"http that is allowed":         {map[string]any{"base_url": "http://api.internal/v1", "api_key": key, "allow_insecure_http": true}, nil, nil},
		"values not known yet":         {map[string]any{"base_url": unknown, "api_key": unknown, "user_id": unknown, "max_retries": unknown, "request_timeout": unknown}, nil, nil},
		"no base URL":                  {map[string]any{"api_key": key}, nil, []string{"Missing base URL", "base_url", "BIZAPI_BASE_URL"}},
		"an empty base URL":            {map[string]any{"base_url": "", "api_key": key}, nil, []string{"Missing base URL"}},
		"no key":                       {map[string]any{"base_url": base}, nil, []string{"Missing API key", "api_key", "BIZAPI_API_KEY"}},
		"a key with a line end":        {map[string]any{"base_url": base, "api_key": key + "\n"}, nil, []string{"Unusable API key", "BIZAPI_API_KEY", "line end"}},
		"no scheme":                    {map[string]any{"base_url": "api.example.com/v1", "api_key": key}, nil, []string{"Unusable base URL", "BIZAPI_BASE_URL", "https://"}},
		"another scheme":               {map[string]any{"base_url": "ftp://api.example.com", "api_key": key}, nil, []string{"https://"}},
		"a password in the URL":        {map[string]any{"base_url": "https://me:hunter2hunter2@api.example.com", "api_key": key}, nil, []string{"user name or password"}},
		"a query":                      {map[string]any{"base_url": base + "?key=1", "api_key": key}, nil, []string{"without a query or a fragment"}},
		"a fragment":                   {map[string]any{"base_url": base + "#top", "api_key": key}, nil, []string{"without a query or a fragment"}},
		"http to another host":         {map[string]any{"base_url": "http://api.example.com/v1", "api_key": key}, nil, []string{"Insecure base URL", "base_url", "BIZAPI_BASE_URL", "allow_insecure_http"}},
		"a user with a slash":          {map[string]any{"base_url": base, "api_key": key, "user_id": "a/b"}, nil, []string{"Invalid user id"}},
		"a user of the environment":    {map[string]any{"base_url": base, "api_key": key}, map[string]string{"BIZAPI_USER_ID": "a/b"}, []string{"Invalid user id", "BIZAPI_USER_ID"}},
		"retries under zero":           {map[string]any{"base_url": base, "api_key": key, "max_retries": -1}, nil, []string{"max_retries"}},
		"retries that are no number":   {map[string]any{"base_url": base, "api_key": key}, map[string]string{"BIZAPI_MAX_RETRIES": "many"}, []string{"Invalid BIZAPI_MAX_RETRIES", "max_retries", "from 0 to 100"}},
		"a ceiling of zero":            {map[string]any{"base_url": base, "api_key": key}, map[string]string{"BIZAPI_REQUESTS_PER_MINUTE": "0"}, []string{"Invalid BIZAPI_REQUESTS_PER_MINUTE"}},
		"a timeout without a unit":     {map[string]any{"base_url": base, "api_key": key, "request_timeout": "30"}, nil, []string{"Invalid length of time", "45s"}},
		"a timeout that is not over 0": {map[string]any{"base_url": base, "api_key": key, "request_timeout": "0s"}, nil, []string{"Invalid length of time"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"BIZAPI_BASE_URL", "BIZAPI_API_KEY", "BIZAPI_USER_ID", "BIZAPI_MAX_RETRIES", "BIZAPI_REQUESTS_PER_MINUTE"} {
				t.Setenv(variable, test.environment[variable])
			}
			diagnostics := configure(t, test.settings)
			text := texts(diagnostics)
			if len(test.want) == 0 && text != "" || len(test.want) > 0 && len(diagnostics) != 1 {
				t.Fatalf("%d diagnostics: %s", len(diagnostics), text)
			}
			for _, part := range test.want {
				if !strings.Contains(text, part) {
					t.Errorf("%q lacks %q", text, part)
				}
			}
			for _, secret := range []string{key, "hunter2"} {
				if strings.Contains(text, secret) {
					t.Errorf("the message shows a secret: %s", text)
				}
			}
			if strings.Contains(name, "password") && len(diagnostics) == 1 && diagnostics[0].Attribute != nil {
				t.Error("the error points at the line with the password")
			}
		})
	}
}

func TestUnknownConfigurationFailsTheFirstCallAlone(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	e := newEngine(t, server.URL, map[string]any{"api_key": tftypes.UnknownValue})
	config := e.value(e.types, faultArguments)
	if _, failed := e.plan(t.Context(), tftypes.NewValue(e.types, nil), config); failed != "" {
		t.Errorf("the plan of a new number fails: %s", failed)
	}
	if failed := e.importNumber(t.Context(), "usr_abc123/pn_1"); !strings.Contains(failed, "api_key") || !strings.Contains(failed, "-target") {
		t.Errorf("an import without a key: %s", failed)
	}
}

func TestUserAgent(t *testing.T) {
	t.Setenv("TF_APPEND_USER_AGENT", "")
	if got := userAgent("1.2.3", "1.11.4"); got != "terraform-provider-bizapi/1.2.3 terraform/1.11.4" {
		t.Error(got)
	}
	t.Setenv("TF_APPEND_USER_AGENT", "pipeline/7")
	if got := userAgent("1.2.3", "1.11.4"); got != "terraform-provider-bizapi/1.2.3 terraform/1.11.4 pipeline/7" {
		t.Error(got)
	}
}

// The CLIs before 1.11 do not say that they can keep a value out of plan and state.
func TestWriteOnlyTokenOnACLIThatLacksIt(t *testing.T) {
	e := newEngine(t, "http://127.0.0.1:1", nil)
	config := e.value(e.types, map[string]any{
		"platform": "whatsapp", "meta_phone_number_id": faultMetaID,
		"access_token_wo": "EAAfakeTokenNumberOne", "access_token_wo_version": 1,
	})
	for name, test := range map[string]struct {
		capabilities *tfprotov6.ValidateResourceConfigClientCapabilities
		want         string
	}{
		"an old CLI": {nil, "Terraform 1.11 and later"},
		"a new CLI":  {&tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			validated, err := e.server.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{
				TypeName: numberType, Config: e.dynamic(config), ClientCapabilities: test.capabilities,
			})
			if err != nil {
				t.Fatal(err)
			}
			text := texts(validated.Diagnostics)
			if (test.want == "") != (text == "") || !strings.Contains(text, test.want) || strings.Contains(text, "EAAfake") {
				t.Errorf("got %q, wanted %q", text, test.want)
			}
		})
	}
}
