// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

var (
	_ resource.ResourceWithConfigure      = (*phoneNumberResource)(nil)
	_ resource.ResourceWithValidateConfig = (*phoneNumberResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*phoneNumberResource)(nil)
	_ resource.ResourceWithImportState    = (*phoneNumberResource)(nil)
	_ resource.ResourceWithIdentity       = (*phoneNumberResource)(nil)
	_ resource.ResourceWithMoveState      = (*phoneNumberResource)(nil)
)

func newPhoneNumberResource() resource.Resource { return &phoneNumberResource{} }

type phoneNumberResource struct{ data *providerData }

type phoneNumberModel struct {
	numberModel
	AccessToken          types.String   `tfsdk:"access_token"`
	AccessTokenWO        types.String   `tfsdk:"access_token_wo"`
	AccessTokenWOVersion types.Number   `tfsdk:"access_token_wo_version"`
	DeletionProtection   types.Bool     `tfsdk:"deletion_protection"`
	Timeouts             timeouts.Value `tfsdk:"timeouts"`
}

// numberKey is what the API allows once over all users.
type numberKey struct{ platform, metaID string }

// String returns the key as data sources and import ids write it.
func (k numberKey) String() string { return k.platform + "/" + k.metaID }

func (m phoneNumberModel) key() numberKey {
	return numberKey{m.Platform.ValueString(), m.MetaPhoneNumberID.ValueString()}
}

// what names the number in messages.
func (m phoneNumberModel) what() string { return "phone number " + m.ID.ValueString() }

// number returns the number as the client needs it.
func (m phoneNumberModel) number() bizapi.PhoneNumber {
	return bizapi.PhoneNumber{
		ID: m.ID.ValueString(), UserID: m.UserID.ValueString(), Platform: m.Platform.ValueString(),
		MetaPhoneNumberID: m.MetaPhoneNumberID.ValueString(), CreatedAt: m.CreatedAt.ValueString(),
	}
}

// Timeouts of operations, waiting out rate limits included. The API allows 1,000 requests an hour, and a
// 429 may ask for most of one.
const (
	defaultCreateTimeout = 2 * time.Hour
	defaultUpdateTimeout = 2 * time.Hour
	defaultDeleteTimeout = 2 * time.Hour
	defaultReadTimeout   = 20 * time.Minute
)

func (r *phoneNumberResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_phone_number"
}

func (r *phoneNumberResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	keep := stringplanmodifier.UseStateForUnknown()
	resp.Schema = schema.Schema{
		MarkdownDescription: "A WhatsApp number, Instagram account or web chat channel that is registered with the API.\n\n" +
			"The API cannot change a registration, so a change of `user_id`, `platform`, `meta_phone_number_id`, `display_name` or the access token deletes the number and adds it again under a new `id`. " +
			"Everything bound to the old `id` is deleted with it: the agent with its conversations and messages, templates and campaigns. The plan warns about it.",
		Attributes: map[string]schema.Attribute{
			"platform": schema.StringAttribute{
				MarkdownDescription: "`whatsapp`, `instagram` or `webchat`. A change replaces the number.",
				Required:            true,
				Validators:          platformValidators(),
				PlanModifiers:       []planmodifier.String{useStateForUnknownConfig{}, stringplanmodifier.RequiresReplace()},
			},
			"meta_phone_number_id": schema.StringAttribute{
				MarkdownDescription: "Meta's id of the number or account, at most 100 characters. On WhatsApp it is the Phone Number ID, and on Instagram the Instagram Account ID: a string of digits, in quotes. For web chat it is the channel's id, of letters, digits and `@ . _ + -`. A change replaces the number.",
				Required:            true,
				PlanModifiers:       []planmodifier.String{useStateForUnknownConfig{}, stringplanmodifier.RequiresReplace()},
			},
			"access_token_wo": schema.StringAttribute{
				MarkdownDescription: "Access token of the number, 10 to 1,000 characters, as a write-only argument. On WhatsApp and Instagram it comes from Meta; for a web chat channel, ask the API's operators. It reaches neither plan nor state, and can come from an ephemeral value. It is sent when the number is added; to send a new one, change `access_token_wo_version`.",
				Optional:            true,
				WriteOnly:           true, // not Sensitive too: with two such attributes, Terraform 1.11 sees drift at random
			},
			"access_token_wo_version": schema.NumberAttribute{
				MarkdownDescription: "Version of `access_token_wo`, any number, such as `1`; required with it. A change replaces the number to send the token, unless the API already has that token.",
				Optional:            true,
			},
			"access_token": schema.StringAttribute{
				MarkdownDescription: "Access token of the number, 10 to 1,000 characters. Terraform keeps it in the state, so prefer `access_token_wo`. Adding a number needs one of the two; an imported number needs neither. A new token replaces the number, unless the API already has that token.",
				Optional:            true,
				Sensitive:           true,
				PlanModifiers:       []planmodifier.String{useStateForUnknownConfig{}},
			},
			"display_name": schema.StringAttribute{
				MarkdownDescription: "Human-readable name, 1 to 255 UTF-16 units: the formatted number on WhatsApp, the handle on Instagram. If omitted, the API's current name is kept. A new name replaces the number. If the number was renamed elsewhere, the plan warns and does not replace it.",
				Optional:            true,
				Computed:            true,
				Validators:          []validator.String{nameValidator{"display_name"}},
				PlanModifiers:       []planmodifier.String{keep},
			},
			"user_id": schema.StringAttribute{
				MarkdownDescription: "User that the number belongs to: 1 to 50 letters, digits, `-` and `_`. If omitted, a new number gets the provider's `user_id`, and an existing number keeps its user. A change replaces the number.",
				Optional:            true,
				Computed:            true,
				Validators:          idValidators(),
				PlanModifiers:       []planmodifier.String{keep, useStateForUnknownConfig{}, stringplanmodifier.RequiresReplaceIfConfigured()},
			},
			"deletion_protection": schema.BoolAttribute{
				MarkdownDescription: "Prevents Terraform from deleting or replacing the number while this is `true` in the state. Changing it sends nothing to the API. `false` by default.",
				Optional:            true,
				Computed:            true,
				Default:             booldefault.StaticBool(false),
			},
			"id": schema.StringAttribute{
				MarkdownDescription: "The API's id of the number.",
				Computed:            true,
				PlanModifiers:       []planmodifier.String{keep},
			},
			"created_at": schema.StringAttribute{
				MarkdownDescription: "When the number was added, as an RFC 3339 time in UTC.",
				Computed:            true,
				PlanModifiers:       []planmodifier.String{keep},
			},
			"updated_at": schema.StringAttribute{
				MarkdownDescription: "When the API last changed the number, as an RFC 3339 time in UTC. A change of this time alone is not reported as drift.",
				Computed:            true,
				PlanModifiers:       []planmodifier.String{keep},
			},
		},
		Blocks: map[string]schema.Block{
			"timeouts": timeouts.Block(ctx, timeouts.Opts{
				Create: true, CreateDescription: "Timeout for adding the number, including waits for rate limits, such as `90m`; `2h` by default.",
				Read: true, ReadDescription: "Timeout for reading the number; `20m` by default.",
				Delete: true, DeleteDescription: "Timeout for deleting the number; `2h` by default.",
			}),
		},
	}
}

func (r *phoneNumberResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"user_id": identityschema.StringAttribute{RequiredForImport: true, Description: "User that the number belongs to."},
			"id":      identityschema.StringAttribute{RequiredForImport: true, Description: "The API's id of the number."},
		},
	}
}

func (r *phoneNumberResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.data, _ = req.ProviderData.(*providerData) // nil while validating
}

func (r *phoneNumberResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config phoneNumberModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	validateMetaID(config.Platform, config.MetaPhoneNumberID, &resp.Diagnostics)
	validateTokens(config, &resp.Diagnostics)
	validateTimeouts(ctx, config.Timeouts.Object, &resp.Diagnostics)
}

// Create adds the number. Once its id is known there are only warnings, and every planned value comes out
// as planned: otherwise Terraform would taint the number and replace it.
func (r *phoneNumberResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan, config phoneNumberModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	ctx, cancel, client := r.data.begin(ctx, plan.Timeouts.Create, defaultCreateTimeout, &resp.Diagnostics)
	defer cancel()
	token := configuredToken(config).value.ValueString()
	if token == "" && !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(missingToken(plan.Platform.ValueString()))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if plan.UserID.IsUnknown() {
		plan.UserID = r.data.userID
	}
	added, adopted, err := client.AddPhoneNumber(ctx, plan.UserID.ValueString(), bizapi.NewPhoneNumber{
		Platform:          plan.Platform.ValueString(),
		MetaPhoneNumberID: plan.MetaPhoneNumberID.ValueString(),
		AccessToken:       token,
		DisplayName:       plan.DisplayName.ValueString(),
	})
	if err != nil {
		resp.Diagnostics.Append(r.data.addFailed(err, plan))
		return
	}
	if adopted {
		resp.Diagnostics.Append(adoptedWarning(added.ID))
	}
	plan.ID = types.StringValue(added.ID)
	plan.CreatedAt, plan.UpdatedAt = textOrNull(added.CreatedAt), textOrNull(added.UpdatedAt)
	if plan.DisplayName.IsUnknown() {
		plan.DisplayName = textOrNull(added.DisplayName)
	}
	private := numberPrivate{lastSeen: lastSeen{client.BaseURL()}, Names: []string{plan.DisplayName.ValueString()}, Nameless: plan.DisplayName.IsNull()}
	if !plan.AccessTokenWOVersion.IsNull() {
		private.Token = newFingerprint(token)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, plan.UserID.ValueString(), "id", plan.ID.ValueString())...)
	resp.Diagnostics.Append(writePrivate(ctx, resp.Private, numberPrivateKey, private)...)
}

// Read refreshes from the user's listing. Only a number that is proved to be gone is removed from the
// state; whatever else goes wrong is an error.
func (r *phoneNumberResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state phoneNumberModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	ctx, cancel, client := r.data.begin(ctx, state.Timeouts.Read, defaultReadTimeout, &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	r.data.secrets.Add(state.AccessToken.ValueString())
	// A state from before identities needs one even where the number is removed from it.
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, state.UserID.ValueString(), "id", state.ID.ValueString())...)
	private := readNumberPrivate(ctx, req.Private)
	number, err := client.FindPhoneNumber(ctx, state.UserID.ValueString(), state.ID.ValueString(), state.CreatedAt.ValueString())
	if err != nil {
		isGone, diags := r.data.readFailed(err, stateRowRef{state.what(), state.UserID.ValueString(), private.lastSeen, client})
		resp.Diagnostics.Append(diags...)
		if isGone {
			r.data.walk.numbers.markGone(state.key().String())
			resp.State.RemoveResource(ctx)
		}
		return
	}
	private.BaseURL = client.BaseURL()
	if private.refresh(&state, number) {
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	}
	resp.Diagnostics.Append(writePrivate(ctx, resp.Private, numberPrivateKey, private)...)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, plannedPrivateKey, nil)...) // of a replacement that failed
}

// refresh takes over what the API has, and reports whether that changes the state. updated_at changes for
// reasons that nobody sees, so alone it is no drift.
func (p *numberPrivate) refresh(state *phoneNumberModel, number bizapi.PhoneNumber) (changed bool) {
	name, created := textOrNull(number.DisplayName), textOrNull(number.CreatedAt)
	if name.IsNull() && p.Nameless {
		name = state.DisplayName // recorded for a number that has none
	}
	p.Nameless = number.DisplayName == ""
	p.addName(state.DisplayName.ValueString())
	p.addName(name.ValueString())
	if name.Equal(state.DisplayName) && created.Equal(state.CreatedAt) {
		return false
	}
	state.DisplayName, state.CreatedAt, state.UpdatedAt = name, created, textOrNull(number.UpdatedAt)
	return true
}

// Update writes the state and nothing else: the API cannot change a number. It goes by plan and state: with
// ignore_changes, Terraform passes a configuration that is not the planned one.
func (r *phoneNumberResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state, config phoneNumberModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	private := readNumberPrivate(ctx, req.Private)
	switch {
	case plan.AccessTokenWOVersion.IsNull():
		private.Token = nil
	case !plan.AccessTokenWOVersion.Equal(state.AccessTokenWOVersion):
		private.Token = newFingerprint(config.AccessTokenWO.ValueString())
	}
	if private.AnyName && !config.DisplayName.IsNull() { // from now on the number's names are known
		private.AnyName, private.Names = false, []string{state.DisplayName.ValueString(), config.DisplayName.ValueString()}
	}
	private.addName(plan.DisplayName.ValueString())
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, plan.UserID.ValueString(), "id", plan.ID.ValueString())...)
	resp.Diagnostics.Append(writePrivate(ctx, resp.Private, numberPrivateKey, private)...)
}

// Delete removes the number; one that is gone already is fine.
func (r *phoneNumberResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state phoneNumberModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if state.DeletionProtection.ValueBool() {
		resp.Diagnostics.Append(protectedError(state.ID.ValueString(), state.key(), "this"))
	}
	ctx, cancel, client := r.data.begin(ctx, state.Timeouts.Delete, defaultDeleteTimeout, &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	r.data.secrets.Add(state.AccessToken.ValueString())
	row := stateRowRef{state.what(), state.UserID.ValueString(), readNumberPrivate(ctx, req.Private).lastSeen, client}
	resp.Diagnostics.Append(r.data.deleteRow(ctx, row, req.Private,
		func(ctx context.Context) error {
			_, err := client.FindPhoneNumber(ctx, row.userID, state.ID.ValueString(), state.CreatedAt.ValueString())
			return err
		},
		func(ctx context.Context) error { return client.DeletePhoneNumber(ctx, state.number()) })...)
}

// textOrNull is null for the empty text, which the API does not distinguish from none.
func textOrNull(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}
