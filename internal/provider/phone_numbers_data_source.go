// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

var _ datasource.DataSourceWithConfigure = (*phoneNumbersDataSource)(nil)

func newPhoneNumbersDataSource() datasource.DataSource { return &phoneNumbersDataSource{} }

// phoneNumbersDataSource reads all numbers of a user.
type phoneNumbersDataSource struct{ data *providerData }

type phoneNumbersDataSourceModel struct {
	UserID   types.String           `tfsdk:"user_id"`
	Platform types.String           `tfsdk:"platform"`
	Numbers  []numberModel          `tfsdk:"numbers"`
	ByMetaID map[string]numberModel `tfsdk:"by_meta_id"`
	Timeouts timeouts.Value         `tfsdk:"timeouts"`
}

// numberModel is a number as the API has it.
type numberModel struct {
	ID                types.String `tfsdk:"id"`
	UserID            types.String `tfsdk:"user_id"`
	Platform          types.String `tfsdk:"platform"`
	MetaPhoneNumberID types.String `tfsdk:"meta_phone_number_id"`
	DisplayName       types.String `tfsdk:"display_name"`
	CreatedAt         types.String `tfsdk:"created_at"`
	UpdatedAt         types.String `tfsdk:"updated_at"`
}

func newNumberModel(number bizapi.PhoneNumber) numberModel {
	return numberModel{
		ID:                types.StringValue(number.ID),
		UserID:            types.StringValue(number.UserID),
		Platform:          types.StringValue(normalPlatform(number.Platform)),
		MetaPhoneNumberID: types.StringValue(number.MetaPhoneNumberID),
		DisplayName:       textOrNull(number.DisplayName),
		CreatedAt:         textOrNull(number.CreatedAt),
		UpdatedAt:         textOrNull(number.UpdatedAt),
	}
}

func (d *phoneNumbersDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_phone_numbers"
}

func (d *phoneNumbersDataSource) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads all numbers of a user, whoever registered them. A thousand numbers take two requests, shared with everything else that reads the numbers of this user.",
		Attributes: map[string]schema.Attribute{
			"user_id": schema.StringAttribute{
				MarkdownDescription: "User whose numbers to read; the provider's `user_id` by default.",
				Optional:            true,
				Computed:            true,
				Validators:          idValidators(),
			},
			"platform": schema.StringAttribute{
				MarkdownDescription: "Platform whose numbers to read: `whatsapp`, `instagram` or `webchat`; all platforms by default.",
				Optional:            true,
				Validators:          platformValidators(),
			},
			"numbers": schema.ListNestedAttribute{
				MarkdownDescription: "The numbers, oldest first; empty if there are none.",
				Computed:            true,
				NestedObject:        schema.NestedAttributeObject{Attributes: numberAttributes()},
			},
			"by_meta_id": schema.MapNestedAttribute{
				MarkdownDescription: "The same numbers by `<platform>/<meta_phone_number_id>`, such as `whatsapp/836990829491415`, for use in `for_each`. A key stays the same when its number is replaced or renamed, and when other numbers are added or deleted.",
				Computed:            true,
				NestedObject:        schema.NestedAttributeObject{Attributes: numberAttributes()},
			},
		},
		Blocks: map[string]schema.Block{"timeouts": lookUpTimeouts(ctx)},
	}
}

// numberAttributes are what both attributes hold of a number.
func numberAttributes() map[string]schema.Attribute {
	computed := func(description string) schema.Attribute {
		return schema.StringAttribute{MarkdownDescription: description, Computed: true}
	}
	return map[string]schema.Attribute{
		"id":                   computed("The API's id of the number."),
		"user_id":              computed("User that the number belongs to."),
		"platform":             computed("`whatsapp`, `instagram` or `webchat`."),
		"meta_phone_number_id": computed("Meta's id of the number or account."),
		"display_name":         computed("Human-readable name; null if the number has none."),
		"created_at":           computed("When the number was added, as an RFC 3339 time in UTC."),
		"updated_at":           computed("When the API last changed the number, as an RFC 3339 time in UTC."),
	}
}

func lookUpTimeouts(ctx context.Context) schema.Block {
	return timeouts.BlockWithOpts(ctx, timeouts.Opts{
		ReadDescription: "Timeout for the lookup, including waits for rate limits, such as `30m`; `20m` by default.",
	})
}

func (d *phoneNumbersDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.data, _ = req.ProviderData.(*providerData) // nil while validating
}

func (d *phoneNumbersDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data phoneNumbersDataSourceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	data.UserID = d.data.userOrDefault(data.UserID, &resp.Diagnostics)
	ctx, cancel, client := d.data.begin(ctx, data.Timeouts.Read, defaultReadTimeout, &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	numbers, diags := d.data.numbersOf(ctx, client, data.UserID.ValueString(), data.Platform.ValueString())
	resp.Diagnostics.Append(diags...)
	data.Numbers, data.ByMetaID = []numberModel{}, map[string]numberModel{}
	for _, number := range numbers {
		found := newNumberModel(number)
		key := numberKey{found.Platform.ValueString(), number.MetaPhoneNumberID}.String()
		if twin, isTwice := data.ByMetaID[key]; isTwice { // for_each would drop one of the two without a word
			resp.Diagnostics.AddError("Phone number is listed twice", fmt.Sprintf("The API lists %s under two ids, %s and %s, although it accepts each number only once. The API's operators have to remove one of the two.",
				key, twin.ID.ValueString(), number.ID))
		}
		data.Numbers, data.ByMetaID[key] = append(data.Numbers, found), found
	}
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, data)...)
}

// numbersOf returns the numbers of a user, of one platform unless it is empty, oldest first.
func (d *providerData) numbersOf(ctx context.Context, client *bizapi.Client, userID, platform string) ([]bizapi.PhoneNumber, diag.Diagnostics) {
	numbers, err := client.ListPhoneNumbers(ctx, userID)
	if err != nil {
		return nil, diag.Diagnostics{d.listFailed(err, userID)}
	}
	return slices.DeleteFunc(numbers, func(number bizapi.PhoneNumber) bool {
		return platform != "" && normalPlatform(number.Platform) != platform
	}), nil
}
