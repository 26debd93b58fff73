// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
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

type phoneNumberResource struct{ account *account }

type phoneNumberModel struct {
	ID                   types.String   `tfsdk:"id"`
	UserID               types.String   `tfsdk:"user_id"`
	Platform             types.String   `tfsdk:"platform"`
	MetaPhoneNumberID    types.String   `tfsdk:"meta_phone_number_id"`
	AccessToken          types.String   `tfsdk:"access_token"`
	AccessTokenWO        types.String   `tfsdk:"access_token_wo"`
	AccessTokenWOVersion types.Int64    `tfsdk:"access_token_wo_version"`
	DisplayName          types.String   `tfsdk:"display_name"`
	DeletionProtection   types.Bool     `tfsdk:"deletion_protection"`
	CreatedAt            types.String   `tfsdk:"created_at"`
	UpdatedAt            types.String   `tfsdk:"updated_at"`
	Timeouts             timeouts.Value `tfsdk:"timeouts"`
}

func (m phoneNumberModel) metaID() metaID {
	return metaID{m.Platform.ValueString(), m.MetaPhoneNumberID.ValueString()}
}

// How long an operation may take, waiting out rate limits included. The API allows 1,000 requests
// an hour, so an apply of many numbers may have to wait for most of one.
const (
	defaultCreateTimeout = time.Hour
	defaultDeleteTimeout = time.Hour
	defaultReadTimeout   = 20 * time.Minute
)

func (r *phoneNumberResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_phone_number"
}

func (r *phoneNumberResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A WhatsApp number, Instagram account or web chat channel that is registered with the API.\n\n" +
			"The API cannot change a registration: a change of `user_id`, `platform`, `meta_phone_number_id`, `display_name` or the access token deletes the number and adds it again under a new `id`. " +
			"What is bound to the old `id` goes with it: the agent with its conversations and messages, templates and campaigns. A plan warns of it.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				MarkdownDescription: "The API's id of the number.",
				Computed:            true,
			},
			"user_id": schema.StringAttribute{
				MarkdownDescription: "User that the number belongs to: 1 to 50 letters, digits, `-` and `_`. Left out, the provider's `user_id` when the number is added, and the number's own ever after. Another user here replaces the number.",
				Optional:            true,
				Computed:            true,
				Validators:          userIDRules(),
			},
			"platform": schema.StringAttribute{
				MarkdownDescription: "`whatsapp`, `instagram` or `webchat`. A change replaces the number.",
				Required:            true,
				Validators:          platformRules(),
			},
			"meta_phone_number_id": schema.StringAttribute{
				MarkdownDescription: "Meta's id of the number or account, at most 100 characters: for WhatsApp the Phone Number ID, for Instagram the Instagram Account ID, both digits only and written in quotes. For web chat an id of letters, digits and `@ . _ + -`. A change replaces the number.",
				Required:            true,
			},
			"access_token": schema.StringAttribute{
				MarkdownDescription: "Meta's access token for the number, 10 to 1,000 characters. Terraform keeps it in the state: prefer `access_token_wo`. One of the two is needed to add a number, none to keep an imported one. Another token replaces the number.",
				Optional:            true,
				Sensitive:           true,
			},
			"access_token_wo": schema.StringAttribute{
				MarkdownDescription: "Meta's access token for the number as a write-only argument (Terraform 1.11, OpenTofu 1.11 and later): it reaches neither plan nor state, and may come from an ephemeral value. It is sent whenever the number is added: a change of `access_token_wo_version` replaces the number for it, a change of the value alone does not.",
				Optional:            true,
				Sensitive:           true,
				WriteOnly:           true,
			},
			"access_token_wo_version": schema.Int64Attribute{
				MarkdownDescription: "Version of `access_token_wo`; needed with it. A change replaces the number with the token of that moment.",
				Optional:            true,
			},
			"display_name": schema.StringAttribute{
				MarkdownDescription: "Name for people, 1 to 255 characters: the formatted number for WhatsApp, the handle for Instagram. Left out, whatever the API has. Another name replaces the number; a number that was renamed elsewhere is left alone, with a warning.",
				Optional:            true,
				Computed:            true,
				Validators:          displayNameRules(),
			},
			"deletion_protection": schema.BoolAttribute{
				MarkdownDescription: "Refuses to delete or replace the number while it is `true` in the state. Switching it changes nothing on the API. `false` by default.",
				Optional:            true,
				Computed:            true,
				Default:             booldefault.StaticBool(false),
			},
			"created_at": schema.StringAttribute{
				MarkdownDescription: "When the number was added, as an RFC 3339 time in UTC.",
				Computed:            true,
			},
			"updated_at": schema.StringAttribute{
				MarkdownDescription: "When the API last changed the number, as an RFC 3339 time in UTC.",
				Computed:            true,
			},
		},
		Blocks: map[string]schema.Block{
			"timeouts": timeouts.Block(ctx, timeouts.Opts{
				Create: true, CreateDescription: "How long adding the number may take, waiting out rate limits included, such as `90m`; `60m` by default.",
				Read: true, ReadDescription: "How long reading it may take; `20m` by default.",
				Delete: true, DeleteDescription: "How long deleting it may take; `60m` by default.",
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
	r.account, _ = req.ProviderData.(*account) // nil while validating
}

func (r *phoneNumberResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config phoneNumberModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	validateMetaID(config.Platform, config.MetaPhoneNumberID, &resp.Diagnostics)
	validateTokens(config, &resp.Diagnostics)
	validateTimeouts(config.Timeouts, &resp.Diagnostics)
}

// Create adds the number. Once its id is known nothing may be an error any more, and no planned
// value may come out otherwise: Terraform would mark the number as tainted and replace it.
func (r *phoneNumberResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan, config phoneNumberModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	timeout, diags := plan.Timeouts.Create(ctx, defaultCreateTimeout)
	resp.Diagnostics.Append(diags...)
	client, diags := r.account.client()
	resp.Diagnostics.Append(diags...)
	secret := configuredToken(config).value.ValueString()
	if secret == "" && !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(missingToken(plan.Platform.ValueString()))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if plan.UserID.IsUnknown() {
		plan.UserID = r.account.userID
	}
	replaces, _ := r.account.deletedIDs(plan.metaID())
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	added, err := client.Add(ctx, plan.UserID.ValueString(), bizapi.NewPhoneNumber{
		Platform:          plan.Platform.ValueString(),
		MetaPhoneNumberID: plan.MetaPhoneNumberID.ValueString(),
		AccessToken:       secret,
		DisplayName:       plan.DisplayName.ValueString(),
		Replaces:          replaces,
	})
	if err != nil {
		resp.Diagnostics.Append(r.account.addFailed(err, plan))
		return
	}
	if added.Adopted {
		resp.Diagnostics.Append(adopted(added.ID))
	}
	plan.ID = types.StringValue(added.ID)
	r.account.hold(plan)
	r.account.added(plan.metaID())
	plan.CreatedAt, plan.UpdatedAt = textOrNull(added.CreatedAt), textOrNull(added.UpdatedAt)
	if plan.DisplayName.IsUnknown() {
		plan.DisplayName = textOrNull(r.account.tokens.withoutTokens(added.DisplayName))
	}
	seen := memory{BaseURL: client.BaseURL(), APIKey: fingerprintOf(r.account.options.APIKey)}
	if !plan.AccessTokenWOVersion.IsNull() {
		seen.Token = fingerprintOf(secret)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, plan.UserID.ValueString(), plan.ID.ValueString())...)
	resp.Diagnostics.Append(seen.store(ctx, resp.Private)...)
}

// Read refreshes from the user's listing. Only a number that is believed gone is removed from the
// state; whatever else goes wrong is an error.
func (r *phoneNumberResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state phoneNumberModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := state.Timeouts.Read(ctx, defaultReadTimeout)
	resp.Diagnostics.Append(diags...)
	client, diags := r.account.client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.account.secrets.Hold(state.AccessToken.ValueString())
	r.account.hold(state)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	seen := recall(ctx, req.Private)
	r.account.tokens.watch(seen.Token)
	number, err := client.Find(ctx, state.UserID.ValueString(), state.ID.ValueString())
	// A state from before identities needs one even where the number is removed from it.
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, state.UserID.ValueString(), state.ID.ValueString())...)
	switch {
	case errors.Is(err, bizapi.ErrNotFound):
		if elsewhere := r.account.seenElsewhere(client, seen, state); elsewhere != nil {
			resp.Diagnostics.Append(elsewhere)
			return
		}
		r.account.letGo(state.metaID())
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		resp.Diagnostics.Append(r.account.readFailed(err, state, seen))
		return
	}
	before := state
	if number.DisplayName != state.DisplayName.ValueString() {
		number.DisplayName = r.account.tokens.withoutTokens(seen.withoutToken(number.DisplayName))
	}
	if !seen.Rename.isUnsent(state.DisplayName.ValueString(), number.DisplayName) {
		seen.Rename = renamed(seen.Rename, state.DisplayName.ValueString(), number.DisplayName)
		state.DisplayName = textOrNull(number.DisplayName)
	}
	seen.BaseURL = client.BaseURL()
	if seen.APIKey == nil || !seen.APIKey.matches(r.account.options.APIKey) {
		seen.APIKey = fingerprintOf(r.account.options.APIKey)
	}
	state.CreatedAt, state.UpdatedAt = textOrNull(number.CreatedAt), textOrNull(number.UpdatedAt)
	if !state.isDecidedLike(before) {
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	}
	resp.Diagnostics.Append(seen.store(ctx, resp.Private)...)
}

// isDecidedLike says whether two models have the same of what a read or a plan may decide. Most decide
// nothing new, and writing a model takes the framework half as long as all the rest of a read.
func (m phoneNumberModel) isDecidedLike(other phoneNumberModel) bool {
	return m.ID.Equal(other.ID) && m.UserID.Equal(other.UserID) && m.DisplayName.Equal(other.DisplayName) &&
		m.AccessToken.Equal(other.AccessToken) && m.CreatedAt.Equal(other.CreatedAt) && m.UpdatedAt.Equal(other.UpdatedAt)
}

// Update writes state and nothing else: the API cannot change a number.
func (r *phoneNumberResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state, config phoneNumberModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	seen := recall(ctx, req.Private)
	configured := configuredToken(config)
	switch changeOfToken(rememberedToken(state, seen), configured) {
	case tokenReplaces:
		// Planned as the same token, or as unknown, and another now: an ephemeral value that is new
		// each time it is read. Recording it would claim that the API has it.
		resp.Diagnostics.Append(tokenTurnedOutAnother())
		return
	case tokenMoves, tokenRecorded, tokenForgotten:
		seen.Token = nil
		if configured.attribute == writeOnlyToken {
			seen.Token = fingerprintOf(configured.value.ValueString())
		}
	}
	switch {
	case !config.DisplayName.IsNull():
		seen.Rename = seen.Rename.settled(config.DisplayName.ValueString(), state.DisplayName.ValueString())
	case !plan.DisplayName.Equal(state.DisplayName): // a name that was recorded, and is left out now
		seen.Rename = nil
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, plan.UserID.ValueString(), plan.ID.ValueString())...)
	resp.Diagnostics.Append(seen.store(ctx, resp.Private)...)
}

// Delete removes the number; one that is gone already is fine.
func (r *phoneNumberResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state phoneNumberModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := state.Timeouts.Delete(ctx, defaultDeleteTimeout)
	resp.Diagnostics.Append(diags...)
	if state.DeletionProtection.ValueBool() {
		resp.Diagnostics.Append(protected(state.ID.ValueString(), state.metaID(), ""))
	}
	client, diags := r.account.client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.account.secrets.Hold(state.AccessToken.ValueString())
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	// Elsewhere than where it was last seen, "not there" does not mean that it is gone.
	seen := recall(ctx, req.Private)
	r.account.tokens.watch(seen.Token)
	if elsewhere := r.account.seenElsewhere(client, seen, state); elsewhere != nil {
		if _, err := client.Find(ctx, state.UserID.ValueString(), state.ID.ValueString()); errors.Is(err, bizapi.ErrNotFound) {
			resp.Diagnostics.Append(elsewhere)
			return
		} else if err != nil {
			resp.Diagnostics.Append(r.account.deleteFailed(err, state, seen))
			return
		}
	}
	if err := client.Delete(ctx, state.UserID.ValueString(), state.ID.ValueString()); err != nil {
		resp.Diagnostics.Append(r.account.deleteFailed(err, state, seen))
		return
	}
	r.account.deleted(state.metaID(), state.ID.ValueString())
}

// textOrNull is null for the empty text, which the API does not tell from none.
func textOrNull(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}
