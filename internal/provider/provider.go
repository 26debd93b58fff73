// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

// Package provider is the Terraform side: schemas, plans and diagnostics. It knows nothing of HTTP,
// which is package bizapi's.
package provider

import (
	"context"
	"errors"
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
	"github.com/bizapi/terraform-provider-bizapi/internal/metagraph"
)

var _ provider.ProviderWithListResources = (*bizapiProvider)(nil)

// New returns what Terraform's plugin server makes the provider with. version goes into the user
// agent.
func New(version string, options ...Option) func() provider.Provider {
	return func() provider.Provider { return newProvider(version, options) }
}

// Option is a setting of the provider that only tests change.
type Option func(*bizapiProvider)

// WithClock measures waits by another clock than the system's.
func WithClock(clock bizapi.Clock) Option { return func(p *bizapiProvider) { p.clock = clock } }

// WithTransport sends the API's requests by another transport than the client's own.
func WithTransport(transport http.RoundTripper) Option {
	return func(p *bizapiProvider) { p.transport = transport }
}

func newProvider(version string, options []Option) *bizapiProvider {
	p := &bizapiProvider{version: version}
	for _, option := range options {
		option(p)
	}
	return p
}

type bizapiProvider struct {
	version   string
	clock     bizapi.Clock                 // nil is the real one
	transport http.RoundTripper            // nil is the client's own
	data      atomic.Pointer[providerData] // nil before Configure
}

type providerModel struct {
	BaseURL           types.String `tfsdk:"base_url"`
	APIKey            types.String `tfsdk:"api_key"`
	UserID            types.String `tfsdk:"user_id"`
	MaxRetries        types.Int64  `tfsdk:"max_retries"`
	RequestsPerMinute types.Int64  `tfsdk:"requests_per_minute"`
	RequestTimeout    types.String `tfsdk:"request_timeout"`
	AllowInsecureHTTP types.Bool   `tfsdk:"allow_insecure_http"`
	VerifyTokens      types.Bool   `tfsdk:"verify_access_tokens"`
	MetaGraphURL      types.String `tfsdk:"meta_graph_url"`
}

func (p *bizapiProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "bizapi"
	resp.Version = p.version
}

func (p *bizapiProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages the WhatsApp numbers, Instagram accounts and web chat channels of a business messaging API, and the agents that answer on them.",
		Attributes: map[string]schema.Attribute{
			"base_url": schema.StringAttribute{
				MarkdownDescription: "Base URL of the API, such as `https://api.example.com/v1`; some deployments have no version path. It cannot contain user info, a query or a fragment. There is no default. Can be set with the environment variable `BIZAPI_BASE_URL`.",
				Optional:            true,
			},
			"api_key": schema.StringAttribute{
				MarkdownDescription: "API key, sent as `x-api-key`. Can be set with the environment variable `BIZAPI_API_KEY`, which keeps it out of files and saved plans.",
				Optional:            true,
				Sensitive:           true,
			},
			"user_id": schema.StringAttribute{
				MarkdownDescription: "Default user for resources that don't set `user_id`. Changing it does not move existing numbers. Can be set with the environment variable `BIZAPI_USER_ID`.",
				Optional:            true,
				Validators:          idValidators(),
			},
			"max_retries": schema.Int64Attribute{
				MarkdownDescription: "Maximum number of retries for a failed request, `0` to `100`; `4` by default. Waiting out a rate limit does not count as a retry. Can be set with the environment variable `BIZAPI_MAX_RETRIES`.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(0, highestMaxRetries)},
			},
			"requests_per_minute": schema.Int64Attribute{
				MarkdownDescription: "Maximum requests per minute; no maximum by default. The provider always obeys the API's own rate limit: set this to leave part of it to others who use the same key. Can be set with the environment variable `BIZAPI_REQUESTS_PER_MINUTE`.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(1, highestRequestsPerMinute)},
			},
			"request_timeout": schema.StringAttribute{
				MarkdownDescription: "Timeout for one attempt of a request, such as `45s` or `2m`; `30s` by default.",
				Optional:            true,
				Validators:          []validator.String{durationValidator{}},
			},
			"allow_insecure_http": schema.BoolAttribute{
				MarkdownDescription: "Allows a `base_url` with plain `http` and a host that is not loopback. The API key and the tokens are then sent unencrypted. `false` by default.",
				Optional:            true,
			},
			"verify_access_tokens": schema.BoolAttribute{
				MarkdownDescription: "Whether a plan asks Meta's Graph API about the access token of each WhatsApp number and Instagram account that it adds or replaces. An expired token is then an error before anything is deleted. Only those tokens and Meta's ids of the numbers are sent to `meta_graph_url`. `false` by default. Can be set with the environment variable `BIZAPI_VERIFY_ACCESS_TOKENS` (`true` or `false`).",
				Optional:            true,
			},
			"meta_graph_url": schema.StringAttribute{
				MarkdownDescription: "URL of Meta's Graph API with its version, for `verify_access_tokens`; `https://graph.facebook.com/v24.0` by default. It has to use `https`, unless its host is loopback. Can be set with the environment variable `BIZAPI_META_GRAPH_URL`.",
				Optional:            true,
			},
		},
	}
}

// Bounds of what may be configured: beyond them a number is a typing error.
const (
	highestMaxRetries        = 100
	highestRequestsPerMinute = 100_000
)

func (p *bizapiProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	data := &providerData{userID: stringSetting(config.UserID, "BIZAPI_USER_ID"), unknown: config.firstUnknown()}
	data.options = bizapi.Options{
		UserAgent: userAgent(p.version, req.TerraformVersion),
		Logger:    newLogger(),
		Secrets:   &data.secrets,
		Clock:     p.clock,
		Transport: p.transport,
	}
	if user := data.userID; !user.IsNull() && !user.IsUnknown() && !idForm.MatchString(user.ValueString()) {
		resp.Diagnostics.AddAttributeError(path.Root("user_id"), "Invalid user id",
			"The provider's user_id, or the environment variable BIZAPI_USER_ID, must be 1 to 50 letters, digits, - or _.")
	}
	configureBaseURL(config, &data.options, &resp.Diagnostics)
	configureAPIKey(config, &data.options, &resp.Diagnostics)
	configureLimits(config, &data.options, &resp.Diagnostics)
	data.tokenChecks = configureTokenChecks(config, data.options, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	p.data.Store(data)
	resp.ResourceData = data
	resp.DataSourceData = data
	resp.ListResourceData = data
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
	const where = "the provider's base_url, or the environment variable BIZAPI_BASE_URL,"
	if baseURL.ValueString() == "" {
		diags.AddAttributeError(path.Root("base_url"), "Missing base URL",
			"The provider does not know where the API is. Set "+where+" to its root, such as https://api.example.com/v1.")
		return
	}
	parsed, err := bizapi.ParseBaseURL(baseURL.ValueString(), config.AllowInsecureHTTP.ValueBool())
	switch {
	case errors.Is(err, bizapi.ErrInsecureURL):
		diags.AddAttributeError(path.Root("base_url"), "Insecure base URL",
			"Plain http to a host that is not loopback would send the API key and the access tokens unencrypted. Use https in "+where+" or, if the network is your own, set allow_insecure_http = true.")
	case err != nil:
		// Not at the attribute: the CLI would print its line, which may hold a password.
		diags.AddError("Invalid base URL", "The value of "+where+" cannot be used: "+err.Error()+". It should look like https://api.example.com/v1.")
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
			"The provider has no key for the API. Set the environment variable BIZAPI_API_KEY, or the provider's api_key from a sensitive or ephemeral variable.")
	case problem != "":
		diags.AddError("Invalid API key", "The key in api_key, or in the environment variable BIZAPI_API_KEY, "+problem)
	}
	options.APIKey = key.ValueString()
}

// apiKeyProblem says why a key cannot be sent in a header, empty if it can.
func apiKeyProblem(key string) string {
	for _, character := range key {
		if character <= ' ' || character > '~' {
			return "contains a space, a line end or another character that no key has. It was probably read from a file with its line end: use trimspace() or, for the variable, $(cat FILE)."
		}
	}
	return ""
}

func configureLimits(config providerModel, options *bizapi.Options, diags *diag.Diagnostics) {
	options.MaxRetries = int(intSetting(config.MaxRetries, "max_retries", "BIZAPI_MAX_RETRIES", 0, highestMaxRetries, bizapi.DefaultMaxRetries, diags))
	options.RequestsPerMinute = int(intSetting(config.RequestsPerMinute, "requests_per_minute", "BIZAPI_REQUESTS_PER_MINUTE", 1, highestRequestsPerMinute, 0, diags))
	options.RequestTimeout = bizapi.DefaultRequestTimeout
	if text := config.RequestTimeout.ValueString(); text != "" {
		options.RequestTimeout, _ = time.ParseDuration(text) // validated
	}
}

// configureTokenChecks returns nil where Meta is not to be asked, or what is needed for it is known after
// apply only.
func configureTokenChecks(config providerModel, api bizapi.Options, diags *diag.Diagnostics) *tokenChecks {
	const variable = "BIZAPI_VERIFY_ACCESS_TOKENS"
	isAsked := config.VerifyTokens.ValueBool()
	if text := os.Getenv(variable); config.VerifyTokens.IsNull() && text != "" {
		var err error
		if isAsked, err = strconv.ParseBool(text); err != nil {
			diags.AddAttributeError(path.Root("verify_access_tokens"), "Invalid "+variable, "The environment variable "+variable+" must be true or false.")
		}
	}
	text := stringSetting(config.MetaGraphURL, "BIZAPI_META_GRAPH_URL")
	if !isAsked || text.IsUnknown() {
		return nil
	}
	if text.IsNull() {
		text = types.StringValue(metagraph.DefaultBaseURL)
	}
	graphURL, err := bizapi.ParseBaseURL(text.ValueString(), false)
	if err != nil {
		diags.AddError("Invalid Meta Graph URL", "The value of the provider's meta_graph_url, or of the environment variable BIZAPI_META_GRAPH_URL, cannot be used: "+err.Error()+". It should look like "+metagraph.DefaultBaseURL+".")
		return nil
	}
	return newTokenChecks(metagraph.Options{
		BaseURL: graphURL, UserAgent: api.UserAgent, RequestTimeout: api.RequestTimeout, Logger: api.Logger, Transport: api.Transport,
	})
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
			fmt.Sprintf("The environment variable %s must be a whole number from %d to %d, as %s must.", variable, least, most, argument))
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

func (p *bizapiProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newPhoneNumberResource, newAgentResource}
}

func (p *bizapiProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newPhoneNumberDataSource, newPhoneNumbersDataSource, newAgentsDataSource}
}

func (p *bizapiProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{newPhoneNumberListResource, newAgentListResource}
}
