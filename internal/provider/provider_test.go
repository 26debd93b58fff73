// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// arguments are those that every provider needs, quoted, with more or others as given; an empty one is left
// out.
func (a *testAPI) arguments(others map[string]string) map[string]string {
	all := map[string]string{"base_url": fmt.Sprintf("%q", a.baseURL), "api_key": fmt.Sprintf("%q", testKey), "user_id": fmt.Sprintf("%q", testUser)}
	maps.Copy(all, others)
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	return all
}

// reaches sends everything to the sandbox, whatever host is asked for.
type reaches struct{ host string }

func (r reaches) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.URL.Host = r.host
	return http.DefaultTransport.RoundTrip(request)
}

func TestProviderIsConfiguredByItsBlock(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	api.transport = reaches{strings.TrimSuffix(strings.TrimPrefix(api.baseURL, "http://"), "/v1")}
	numbers, _ := api.account()
	steps := stepOfEach(t, map[string]map[string]string{
		"with what it needs":          nil,
		"with all arguments":          {"max_retries": "0", "requests_per_minute": "600", "request_timeout": `"45s"`, "allow_insecure_http": "false", "verify_access_tokens": "false", "meta_graph_url": `"https://graph.example.com/v24.0"`},
		"with a slash behind the URL": {"base_url": quoted(api.baseURL + "/")},
		"with http that is allowed":   {"base_url": `"http://api.internal/v1"`, "allow_insecure_http": "true"},
	}, func(_ string, arguments map[string]string) resource.TestStep {
		return resource.TestStep{Config: providerBlock(api.arguments(arguments)) + lookUpAll(""), ConfigStateChecks: listed(testUser, numbers...)}
	})
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: steps})
}

// Some deployments serve at the root, without a version path.
func TestBaseURLMayBeTheRootOfTheHost(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect, BasePath: "/"})
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{{
				Config:            api.config(number(withToken(testToken))),
				ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0), api.checkStateMatchesAPI()},
			}},
		})
	})
}

func TestProviderIsConfiguredByTheEnvironment(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	numbers, others := api.account()
	t.Setenv("BIZAPI_BASE_URL", api.baseURL)
	t.Setenv("BIZAPI_API_KEY", testKey)
	t.Setenv("BIZAPI_USER_ID", testUser)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		Steps: []resource.TestStep{
			{Config: lookUpAll(""), ConfigStateChecks: listed(testUser, numbers...)},
			{Config: providerBlock(nil) + lookUpAll(""), ConfigStateChecks: listed(testUser, numbers...)},
			{Config: providerBlock(nil) + lookUpAll(withUser(otherUser)), ConfigStateChecks: listed(otherUser, others)},
		},
	})
}

func TestBlockOfTheProviderIsPreferredToTheEnvironment(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	numbers, _ := api.account()
	for variable, value := range map[string]string{
		"BIZAPI_BASE_URL": "https://127.0.0.1:1", "BIZAPI_API_KEY": "sk_of_nobody", "BIZAPI_USER_ID": otherUser,
		"BIZAPI_MAX_RETRIES": "many", "BIZAPI_REQUESTS_PER_MINUTE": "0", "BIZAPI_VERIFY_ACCESS_TOKENS": "perhaps",
	} {
		t.Setenv(variable, value)
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		Steps: []resource.TestStep{{
			Config:            providerBlock(api.arguments(map[string]string{"max_retries": "1", "requests_per_minute": "600", "verify_access_tokens": "false"})) + lookUpAll(""),
			ConfigStateChecks: listed(testUser, numbers...),
		}},
	})
}

func TestMaxRetries(t *testing.T) {
	type retries struct {
		argument, variable string
		fails              bool
	}
	api := newAPI(t, sandbox.Options{})
	numbers, _ := api.account()
	steps := stepOfEach(t, map[string]retries{
		"default":                {},
		"as often as it fails":   {argument: "3"},
		"once less":              {argument: "2", fails: true},
		"none":                   {argument: "0", fails: true},
		"of the environment":     {variable: "2", fails: true},
		"over the environment's": {argument: "3", variable: "0"},
	}, func(_ string, row retries) resource.TestStep {
		step := resource.TestStep{
			PreConfig: func() {
				t.Setenv("BIZAPI_MAX_RETRIES", row.variable)
				api.ClearFaults()
				api.Script(sandbox.Fault{Times: 3, Do: sandbox.Respond(503, "text/plain", "")})
			},
			Config:            providerBlock(api.arguments(map[string]string{"max_retries": row.argument})) + lookUpAll(""),
			ConfigStateChecks: listed(testUser, numbers...),
		}
		if row.fails {
			step.ExpectError = planError("API failure", "503")
		}
		return step
	})
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: steps})
}

func TestRequestsPerMinute(t *testing.T) {
	for name, row := range map[string]struct {
		argument, variable string
		waits              bool
	}{
		"default":                {},
		"of the block":           {argument: "1", waits: true},
		"of the environment":     {variable: "1", waits: true},
		"over the environment's": {argument: "6000", variable: "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("BIZAPI_REQUESTS_PER_MINUTE", row.variable)
			api := newAPI(t, sandbox.Options{})
			_, others := api.account()
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				Steps: []resource.TestStep{{ // the numbers of two users are two requests at least
					Config: providerBlock(api.arguments(map[string]string{"requests_per_minute": row.argument})) +
						lookUpAll("") + lookUp(withUser(otherUser)+fmt.Sprintf("\n  id = %q", others.ID)),
				}},
			})
			if waited := time.Until(api.clock.Now()); row.waits != (waited > 30*time.Second) {
				t.Errorf("it waited %s", waited)
			}
		})
	}
}

func TestRequestTimeoutEndsAnAttempt(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	numbers, _ := api.account()
	begun := time.Now()
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		Steps: []resource.TestStep{{
			PreConfig:         func() { api.Script(sandbox.Fault{Do: sandbox.Hang()}) },
			Config:            providerBlock(api.arguments(map[string]string{"request_timeout": `"200ms"`})) + lookUpAll(""),
			ConfigStateChecks: listed(testUser, numbers...),
		}},
	})
	if took := time.Since(begun); took > 25*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestProviderConfigurationThatIsRefused(t *testing.T) {
	t.Parallel()
	type refused struct {
		arguments map[string]string
		says      []string
	}
	api := newAPI(t, sandbox.Options{})
	steps := stepOfEach(t, map[string]refused{
		"no base URL":                  {map[string]string{"base_url": ""}, []string{"base_url", "BIZAPI_BASE_URL"}},
		"an empty base URL":            {map[string]string{"base_url": `""`}, []string{"base_url", "BIZAPI_BASE_URL"}},
		"a base URL without a scheme":  {map[string]string{"base_url": `"api.example.com/v1"`}, []string{"base_url", "https://"}},
		"a base URL of another scheme": {map[string]string{"base_url": `"ftp://api.example.com"`}, []string{"base_url", "https://"}},
		"a base URL with a query":      {map[string]string{"base_url": `"https://api.example.com/v1?strict=1"`}, []string{"base_url", "query"}},
		"a base URL with a fragment":   {map[string]string{"base_url": `"https://api.example.com/v1#top"`}, []string{"base_url", "fragment"}},
		"a base URL with a user":       {map[string]string{"base_url": `"https://me@api.example.com/v1"`}, []string{"base_url", "user"}},
		"http to another host":         {map[string]string{"base_url": `"http://api.example.com/v1"`}, []string{"http", "allow_insecure_http"}},
		"no key":                       {map[string]string{"api_key": ""}, []string{"key", "BIZAPI_API_KEY"}},
		"an empty key":                 {map[string]string{"api_key": `""`}, []string{"key", "BIZAPI_API_KEY"}},
		"a user with a slash":          {map[string]string{"user_id": `"a/b"`}, []string{"user_id", "letters, digits"}},
		"a user of 51 characters":      {map[string]string{"user_id": fmt.Sprintf("%q", strings.Repeat("u", 51))}, []string{"user_id", "1 to 50"}},
		"retries below zero":           {map[string]string{"max_retries": "-1"}, []string{"Invalid Attribute Value", "max_retries"}},
		"a ceiling of zero":            {map[string]string{"requests_per_minute": "0"}, []string{"Invalid Attribute Value", "requests_per_minute"}},
		"a timeout without a unit":     {map[string]string{"request_timeout": `"30"`}, []string{"request_timeout", "45s"}},
		"a timeout of zero":            {map[string]string{"request_timeout": `"0s"`}, []string{"Invalid duration", "request_timeout"}},
		"a Meta URL of plain http":     {map[string]string{"verify_access_tokens": "true", "meta_graph_url": `"http://graph.example.com/v24.0"`}, []string{"Meta Graph URL", "meta_graph_url"}},
		"a Meta URL without a scheme":  {map[string]string{"verify_access_tokens": "true", "meta_graph_url": `"graph.facebook.com/v24.0"`}, []string{"Meta Graph URL", "https://"}},
		"a key that the API refuses":   {map[string]string{"api_key": `"sk_of_nobody"`}, []string{"key", "401"}},
	}, func(_ string, row refused) resource.TestStep {
		return resource.TestStep{
			Config:   providerBlock(api.arguments(row.arguments)) + lookUpAll(""),
			PlanOnly: true, ExpectError: planError(row.says...),
		}
	})
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: steps})
}

func TestEnvironmentThatIsRefused(t *testing.T) {
	type refused struct {
		variable, value string
		says            []string
	}
	api := newAPI(t, sandbox.Options{})
	steps := stepOfEach(t, map[string]refused{
		"a base URL without a scheme": {"BIZAPI_BASE_URL", "api.example.com", []string{"BIZAPI_BASE_URL", "https://"}},
		"http to another host":        {"BIZAPI_BASE_URL", "http://api.example.com", []string{"BIZAPI_BASE_URL", "allow_insecure_http"}},
		"a user with a slash":         {"BIZAPI_USER_ID", "a/b", []string{"user_id", "BIZAPI_USER_ID", "letters, digits"}},
		"retries that are no number":  {"BIZAPI_MAX_RETRIES", "many", []string{"BIZAPI_MAX_RETRIES", "max_retries"}},
		"retries below zero":          {"BIZAPI_MAX_RETRIES", "-1", []string{"BIZAPI_MAX_RETRIES", "max_retries"}},
		"a ceiling of zero":           {"BIZAPI_REQUESTS_PER_MINUTE", "0", []string{"BIZAPI_REQUESTS_PER_MINUTE", "requests_per_minute"}},
		"a Meta URL of plain http":    {"BIZAPI_META_GRAPH_URL", "http://graph.example.com/v24.0", []string{"Meta Graph URL", "BIZAPI_META_GRAPH_URL"}},
		"a check that is no boolean":  {"BIZAPI_VERIFY_ACCESS_TOKENS", "perhaps", []string{"BIZAPI_VERIFY_ACCESS_TOKENS", "true or false"}},
	}, func(_ string, row refused) resource.TestStep {
		return resource.TestStep{
			PreConfig: func() {
				for variable, value := range map[string]string{
					"BIZAPI_BASE_URL": api.baseURL, "BIZAPI_API_KEY": testKey, "BIZAPI_USER_ID": testUser, "BIZAPI_VERIFY_ACCESS_TOKENS": "true",
					"BIZAPI_MAX_RETRIES": "", "BIZAPI_REQUESTS_PER_MINUTE": "", "BIZAPI_META_GRAPH_URL": "",
				} {
					t.Setenv(variable, value)
				}
				t.Setenv(row.variable, row.value)
			},
			Config: lookUpAll(""), PlanOnly: true, ExpectError: planError(row.says...),
		}
	})
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: steps})
}

func TestRefusedConfigurationShowsNoSecret(t *testing.T) {
	t.Parallel()
	type refused struct {
		arguments map[string]string
		secret    string
		says      string
	}
	rows := map[string]refused{
		"a key with a line end":    {map[string]string{"api_key": `"sk_secret_with_a_line_end\n"`}, "sk_secret", "BIZAPI_API_KEY"},
		"a key with a space":       {map[string]string{"api_key": `"sk_secret with a space"`}, "sk_secret", "BIZAPI_API_KEY"},
		"a password in the URL":    {map[string]string{"base_url": `"https://me:hunter2hunter2@api.example.com"`}, "hunter2", "password"},
		"a key refused by the API": {map[string]string{"api_key": `"sk_secret_of_nobody"`}, "sk_secret", "401"},
	}
	api := newAPI(t, sandbox.Options{})
	planning, shown := "", map[string]string{} // what the plan of each row says
	steps := stepOfEach(t, rows, func(name string, row refused) resource.TestStep {
		return resource.TestStep{PreConfig: func() { planning = name }, Config: providerBlock(api.arguments(row.arguments)) + lookUpAll(""), PlanOnly: true}
	})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		ErrorCheck: func(err error) error {
			shown[planning] = err.Error()
			return nil
		},
		Steps: steps,
	})
	for name, row := range rows {
		if text := shown[name]; !strings.Contains(text, row.says) || strings.Contains(text, row.secret) {
			t.Errorf("%s: it says %s", name, text)
		}
	}
}

func TestProviderConfigurationThatIsNotKnownYetFailsNoPlanThatCallsNothing(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	values := map[string]string{
		"base_url": api.baseURL, "api_key": testKey, "user_id": testUser, "max_retries": "3", "requests_per_minute": "600", "request_timeout": "45s",
		"allow_insecure_http": "false",
	}
	config := func(argument, value string) string {
		return providerBlock(api.arguments(map[string]string{argument: "terraform_data.later.output"})) + knownLater("later", value) + "\n"
	}
	steps := stepOfEach(t, values, func(argument, value string) resource.TestStep {
		return resource.TestStep{Config: config(argument, value) + lookUpAll(""), PlanOnly: true, ExpectError: planError("known", "-target")}
	})
	steps = append(steps, stepOfEach(t, values, func(argument, value string) resource.TestStep {
		return resource.TestStep{
			Config: config(argument, value) + number(withToken(testToken)), PlanOnly: true, ExpectNonEmptyPlan: true,
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: plans(plancheck.ResourceActionCreate).PreApply},
		}
	})...)
	all, later := map[string]string{}, ""
	for argument, value := range values {
		all[argument] = "terraform_data." + argument + ".output"
		later += knownLater(argument, value) + "\n"
	}
	steps = append(steps, resource.TestStep{ // and all of it is known in the apply
		Config: providerBlock(all) + later + number(withToken(testToken)),
		ConfigStateChecks: []statecheck.StateCheck{
			api.checkRequests(1, 0), api.checkAPIHolds(held(testToken, "")), api.checkStateMatchesAPI(),
		},
	})
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), CheckDestroy: api.checkDestroy, Steps: steps})
}

func TestUserAgentNamesProviderAndCLI(t *testing.T) {
	for name, more := range map[string]string{"alone": "", "with a pipeline's name": "pipeline/7"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TF_APPEND_USER_AGENT", more)
			api := newAPI(t, sandbox.Options{})
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: api.factories(),
				Steps:                    []resource.TestStep{{Config: api.config(lookUpAll(""))}},
			})
			// OpenTofu names a version of Terraform that it stands for.
			want := regexp.MustCompile(`^terraform-provider-bizapi/test terraform/1\.\d+\.\S+` + strings.TrimSuffix(" "+more, " ") + `$`)
			for _, request := range api.Requests() {
				if got := request.Header.Get("User-Agent"); !want.MatchString(got) {
					t.Errorf("the user agent is %q, and does not match %s", got, want)
				}
			}
		})
	}
}

// plugin-testing has no aliases, and stands a second provider in for one.
func TestTwoProvidersHaveAUserEach(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		factories := api.factories()
		factories["other"] = factories["bizapi"]
		others := sandbox.Number{UserID: otherUser, Platform: "whatsapp", MetaPhoneNumberID: "2000", AccessToken: nextToken}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: factories,
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{{
				Config: api.config(number(withToken(testToken)), phoneNumber("other", "whatsapp", "2000", "provider = other", withToken(nextToken))) +
					strings.Replace(providerBlock(api.arguments(map[string]string{"user_id": fmt.Sprintf("%q", otherUser)})), `"bizapi"`, `"other"`, 1),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(address, tfjsonpath.New("user_id"), knownvalue.StringExact(testUser)),
					statecheck.ExpectKnownValue("bizapi_phone_number.other", tfjsonpath.New("user_id"), knownvalue.StringExact(otherUser)),
					api.checkRequests(2, 0), api.checkAPIHolds(held(testToken, ""), others), api.checkStateMatchesAPI(),
				},
			}},
		})
	})
}
