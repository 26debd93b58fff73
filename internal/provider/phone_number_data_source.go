// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

var (
	_ datasource.DataSourceWithConfigure        = (*phoneNumberDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*phoneNumberDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig   = (*phoneNumberDataSource)(nil)
)

func newPhoneNumberDataSource() datasource.DataSource { return &phoneNumberDataSource{} }

// phoneNumberDataSource reads one number.
type phoneNumberDataSource struct{ data *providerData }

type phoneNumberDataSourceModel struct {
	numberModel
	Timeouts timeouts.Value `tfsdk:"timeouts"`
}

func (d *phoneNumberDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_phone_number"
}

func (d *phoneNumberDataSource) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := numberAttributes()
	attributes["id"] = schema.StringAttribute{
		MarkdownDescription: "The API's id of the number. Set either this, or `platform` and `meta_phone_number_id`.",
		Optional:            true,
		Computed:            true,
		Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
	}
	attributes["user_id"] = schema.StringAttribute{
		MarkdownDescription: "User that the number belongs to; the provider's `user_id` by default.",
		Optional:            true,
		Computed:            true,
		Validators:          idValidators(),
	}
	attributes["platform"] = schema.StringAttribute{
		MarkdownDescription: "`whatsapp`, `instagram` or `webchat`; requires `meta_phone_number_id`.",
		Optional:            true,
		Computed:            true,
		Validators:          platformValidators(),
	}
	attributes["meta_phone_number_id"] = schema.StringAttribute{
		MarkdownDescription: "Meta's id of the number or account; requires `platform`.",
		Optional:            true,
		Computed:            true,
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads one number of a user, whoever registered it, by its `id`, or by `platform` and `meta_phone_number_id`. It is an error if there is no such number.",
		Attributes:          attributes,
		Blocks:              map[string]schema.Block{"timeouts": lookUpTimeouts(ctx)},
	}
}

func (d *phoneNumberDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.data, _ = req.ProviderData.(*providerData) // nil while validating
}

func (d *phoneNumberDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	id, platform, metaID := path.MatchRoot("id"), path.MatchRoot("platform"), path.MatchRoot("meta_phone_number_id")
	return []datasource.ConfigValidator{
		datasourcevalidator.ExactlyOneOf(id, metaID),
		datasourcevalidator.Conflicting(id, platform),
		datasourcevalidator.RequiredTogether(platform, metaID),
	}
}

func (d *phoneNumberDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var config phoneNumberDataSourceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	validateMetaID(config.Platform, config.MetaPhoneNumberID, &resp.Diagnostics)
}

func (d *phoneNumberDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data phoneNumberDataSourceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	data.UserID = d.data.userOrDefault(data.UserID, &resp.Diagnostics)
	ctx, cancel, client := d.data.begin(ctx, data.Timeouts.Read, defaultReadTimeout, &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	number, diags := d.data.findNumber(ctx, client, numberRef{
		userID: data.UserID.ValueString(), id: data.ID.ValueString(),
		key: numberKey{data.Platform.ValueString(), data.MetaPhoneNumberID.ValueString()},
	}, "If the number is one that this configuration adds, refer to the resource's own attributes instead. "+
		"If it may be missing, look for it in data bizapi_phone_numbers.")
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	data.numberModel = newNumberModel(number)
	resp.Diagnostics.Append(resp.State.Set(ctx, data)...)
}
