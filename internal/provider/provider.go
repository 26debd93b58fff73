// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

// Package provider is the Terraform side: schemas, plans and diagnostics. It knows nothing of HTTP,
// which is package bizapi's.
package provider

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

var _ provider.ProviderWithListResources = (*bizapiProvider)(nil)

// New returns what Terraform's plugin server makes the provider with. version goes into the user
// agent.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &bizapiProvider{version: version} }
}

type bizapiProvider struct {
	version string
	// account is what the configuration led to; nil before.
	account atomic.Pointer[account]
	// Tests pass these; nil is the real one.
	clock     bizapi.Clock
	transport http.RoundTripper
}

type providerModel struct {
	BaseURL           types.String `tfsdk:"base_url"`
	APIKey            types.String `tfsdk:"api_key"`
	UserID            types.String `tfsdk:"user_id"`
	MaxRetries        types.Int64  `tfsdk:"max_retries"`
	RequestsPerMinute types.Int64  `tfsdk:"requests_per_minute"`
	RequestTimeout    types.String `tfsdk:"request_timeout"`
	AllowInsecureHTTP types.Bool   `tfsdk:"allow_insecure_http"`
}

// close ends what the provider has going on.
func (p *bizapiProvider) close() {
	if account := p.account.Load(); account != nil {
		account.close()
	}
}

func (p *bizapiProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "bizapi"
	resp.Version = p.version
}

func (p *bizapiProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Keeps the WhatsApp numbers, Instagram accounts and web chat channels of a business messaging API in Terraform.",
		Attributes: map[string]schema.Attribute{
			"base_url": schema.StringAttribute{
				MarkdownDescription: "Root of the API with its version path, such as `https://api.example.com/v1`. It has no default. It holds no user info, query or fragment. May be set by the environment variable `BIZAPI_BASE_URL`.",
				Optional:            true,
			},
			"api_key": schema.StringAttribute{
				MarkdownDescription: "Key of the API, sent as `x-api-key`. May be set by the environment variable `BIZAPI_API_KEY`, which keeps it out of files and saved plans.",
				Optional:            true,
				Sensitive:           true,
			},
			"user_id": schema.StringAttribute{
				MarkdownDescription: "User for resources that name none. A different user here never moves a number that exists. May be set by the environment variable `BIZAPI_USER_ID`.",
				Optional:            true,
				Validators:          userIDRules(),
			},
			"max_retries": schema.Int64Attribute{
				MarkdownDescription: "How often a request that failed is repeated, `4` by default. Waiting out a rate limit does not count. May be set by the environment variable `BIZAPI_MAX_RETRIES`.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(0, maxRetriesBound)},
			},
			"requests_per_minute": schema.Int64Attribute{
				MarkdownDescription: "Ceiling of requests a minute that this provider keeps to; none by default. The API's own limit is obeyed either way: set this to leave a part of it to others. May be set by the environment variable `BIZAPI_REQUESTS_PER_MINUTE`.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(1, requestsPerMinuteBound)},
			},
			"request_timeout": schema.StringAttribute{
				MarkdownDescription: "How long one attempt of a request may take, such as `45s` or `2m`; `30s` by default. A server that cannot be reached at all is given up within that time, retries included.",
				Optional:            true,
				Validators:          durationRules(),
			},
			"allow_insecure_http": schema.BoolAttribute{
				MarkdownDescription: "Allows a `base_url` of plain `http` to a host that is not loopback. The API key and the tokens then travel unencrypted. `false` by default.",
				Optional:            true,
			},
		},
	}
}

// Bounds of what may be configured: beyond them a number is a slip of the hand.
const (
	maxRetriesBound        = 100
	requestsPerMinuteBound = 100_000
)

func (p *bizapiProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	account := &account{}
	options := bizapi.Options{
		UserAgent: userAgent(p.version, req.TerraformVersion),
		Logger:    newLogger(),
		Secrets:   &account.secrets,
		Clock:     p.clock,
		Transport: p.transport,
	}
	account.userID = stringSetting(config.UserID, "BIZAPI_USER_ID")
	isUserKnown := !account.userID.IsNull() && !account.userID.IsUnknown()
	if problem := userIDProblem(account.userID.ValueString()); isUserKnown && problem != "" {
		resp.Diagnostics.AddAttributeError(path.Root("user_id"), "Invalid user id", problem+" It comes from user_id, or from the environment variable BIZAPI_USER_ID.")
	}
	account.unknown = config.firstUnknown()
	configureBaseURL(config, &options, &resp.Diagnostics)
	configureAPIKey(config, &options, &resp.Diagnostics)
	configureLimits(config, &options, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	account.options = options
	p.account.Store(account)
	resp.ResourceData = account
	resp.DataSourceData = account
	resp.ListResourceData = account
}

// firstUnknown names an argument that the client needs and that is known after apply only.
func (m providerModel) firstUnknown() string {
	for _, argument := range []struct {
		name  string
		value interface{ IsUnknown() bool }
	}{
		{"base_url", m.BaseURL}, {"api_key", m.APIKey}, {"max_retries", m.MaxRetries},
		{"requests_per_minute", m.RequestsPerMinute}, {"request_timeout", m.RequestTimeout},
		{"allow_insecure_http", m.AllowInsecureHTTP},
	} {
		if argument.value.IsUnknown() {
			return argument.name
		}
	}
	return ""
}

func configureBaseURL(config providerModel, options *bizapi.Options, diags *diag.Diagnostics) {
	baseURL := stringSetting(config.BaseURL, "BIZAPI_BASE_URL")
	if baseURL.IsUnknown() || config.AllowInsecureHTTP.IsUnknown() {
		return
	}
	const where = "base_url of the provider, or the environment variable BIZAPI_BASE_URL,"
	if baseURL.ValueString() == "" {
		diags.AddAttributeError(path.Root("base_url"), "Missing base URL",
			"The provider does not know where the API is. Set "+where+" to its root with the version path, such as https://api.example.com/v1.")
		return
	}
	parsed, err := bizapi.ParseBaseURL(baseURL.ValueString(), config.AllowInsecureHTTP.ValueBool())
	switch {
	case err == bizapi.ErrInsecureURL: //nolint:errorlint // returned as it is
		diags.AddAttributeError(path.Root("base_url"), "Insecure base URL",
			"Plain http to a host that is not loopback would send the API key and the access tokens unencrypted. Write https in "+where+" or, if that network is your own, set allow_insecure_http = true.")
	case err != nil:
		// Not at the attribute: the CLI would print its line, which may hold a password.
		diags.AddError("Unusable base URL", "The value of "+where+" cannot be used: "+err.Error()+". It looks like https://api.example.com/v1.")
	}
	options.BaseURL = parsed
}

func configureAPIKey(config providerModel, options *bizapi.Options, diags *diag.Diagnostics) {
	key := stringSetting(config.APIKey, "BIZAPI_API_KEY")
	if key.IsUnknown() {
		return
	}
	// No path in these errors: the CLI would print the argument's line with a literal key in it.
	switch problem := apiKeyProblem(key.ValueString()); {
	case key.ValueString() == "":
		diags.AddError("Missing API key",
			"The provider has no key for the API. Set the environment variable BIZAPI_API_KEY, or api_key of the provider from a variable that is sensitive or ephemeral.")
	case problem != "":
		diags.AddError("Unusable API key", "The key in api_key, or in the environment variable BIZAPI_API_KEY, "+problem)
	}
	options.APIKey = key.ValueString()
}

// apiKeyProblem says why a key cannot be a header's value, which is what becomes of it.
func apiKeyProblem(key string) string {
	for _, character := range key {
		if character <= ' ' || character > '~' {
			return "holds a space, a line break or another character that no key has. It was probably read from a file with its line end: trim it."
		}
	}
	return ""
}

func configureLimits(config providerModel, options *bizapi.Options, diags *diag.Diagnostics) {
	options.MaxRetries = int(intSetting(config.MaxRetries, "max_retries", "BIZAPI_MAX_RETRIES", 0, maxRetriesBound, bizapi.DefaultMaxRetries, diags))
	options.RequestsPerMinute = int(intSetting(config.RequestsPerMinute, "requests_per_minute", "BIZAPI_REQUESTS_PER_MINUTE", 1, requestsPerMinuteBound, 0, diags))
	options.RequestTimeout = bizapi.DefaultRequestTimeout
	if text := config.RequestTimeout.ValueString(); text != "" {
		timeout, problem := parseDuration(text)
		if problem != "" {
			diags.AddAttributeError(path.Root("request_timeout"), "Invalid request timeout", problem)
		}
		options.RequestTimeout = timeout
	}
}

// stringSetting is the configured value, or the environment's where none is configured.
func stringSetting(configured types.String, variable string) types.String {
	if !configured.IsNull() {
		return configured
	}
	if value := os.Getenv(variable); value != "" {
		return types.StringValue(value)
	}
	return types.StringNull()
}

func intSetting(configured types.Int64, argument, variable string, least, most, preset int64, diags *diag.Diagnostics) int64 {
	text := os.Getenv(variable)
	switch {
	case !configured.IsNull():
		return configured.ValueInt64()
	case text == "":
		return preset
	}
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || value < least || value > most {
		diags.AddAttributeError(path.Root(argument), "Invalid "+variable,
			fmt.Sprintf("The environment variable %s, which stands in for %s, must be a whole number from %d to %d.", variable, argument, least, most))
	}
	return value
}

// userAgent is what the API's operators see. TF_APPEND_USER_AGENT is every provider's way to add a
// pipeline's name to it.
func userAgent(version, terraformVersion string) string {
	agent := fmt.Sprintf("terraform-provider-bizapi/%s terraform/%s", version, terraformVersion)
	if more := os.Getenv("TF_APPEND_USER_AGENT"); more != "" {
		agent += " " + more
	}
	return agent
}

// parseDuration reads a length of time over zero, or says what is wrong with it.
func parseDuration(text string) (time.Duration, string) {
	duration, err := time.ParseDuration(text)
	if err != nil || duration <= 0 {
		return 0, shown(text) + " is not a length of time. Write a number and a unit, such as 45s or 2m."
	}
	return duration, ""
}

func (p *bizapiProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newPhoneNumberResource}
}

func (p *bizapiProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newPhoneNumberDataSource, newPhoneNumbersDataSource}
}

func (p *bizapiProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{newPhoneNumberListResource}
}
