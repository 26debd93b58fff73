// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

var _ list.ListResourceWithConfigure = (*phoneNumberListResource)(nil)

func newPhoneNumberListResource() list.ListResource { return &phoneNumberListResource{} }

// phoneNumberListResource lists numbers for `terraform query`, which brings them in.
type phoneNumberListResource struct{ data *providerData }

type phoneNumberListModel struct {
	UserID   types.String `tfsdk:"user_id"`
	Platform types.String `tfsdk:"platform"`
}

func (l *phoneNumberListResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_phone_number"
}

func (l *phoneNumberListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the numbers of a user for `terraform query` (Terraform 1.14 and later), oldest first, whoever registered them. " +
			"With `-generate-config-out`, `terraform query` writes a resource and an import block for each. They plan no changes as they stand and need no access token. " +
			"Terraform lists at most 100 numbers unless the block sets `limit`.",
		Attributes: map[string]schema.Attribute{
			"user_id": schema.StringAttribute{
				MarkdownDescription: "User whose numbers to list; the provider's `user_id` by default.",
				Optional:            true,
				Validators:          idValidators(),
			},
			"platform": schema.StringAttribute{
				MarkdownDescription: "Platform whose numbers to list: `whatsapp`, `instagram` or `webchat`; all platforms by default.",
				Optional:            true,
				Validators:          platformValidators(),
			},
		},
	}
}

func (l *phoneNumberListResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	l.data, _ = req.ProviderData.(*providerData) // nil while validating
}

func (l *phoneNumberListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var config phoneNumberListModel
	diags := req.Config.Get(ctx, &config)
	userID := l.data.userOrDefault(config.UserID, &diags)
	reading, cancel, client := l.data.begin(ctx, fixedTimeout, defaultReadTimeout, &diags)
	defer cancel()
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	numbers, diags := l.data.numbersOf(reading, client, userID.ValueString(), config.Platform.ValueString())
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = limited(req, numbers, "phone numbers", userID.ValueString(), func(number bizapi.PhoneNumber) list.ListResult {
		return resultOf(ctx, req, number)
	})
}

// limited streams the results of as many rows as Terraform wants. Whoever imports an account would miss the
// rest without a word, since Terraform wants 100 unless it is told otherwise, so a warning counts them.
func limited[Row any](req list.ListRequest, rows []Row, what, userID string, result func(Row) list.ListResult) func(func(list.ListResult) bool) {
	all := len(rows)
	if req.Limit > 0 && int64(all) > req.Limit {
		rows = rows[:req.Limit]
	}
	return func(push func(list.ListResult) bool) {
		for at, row := range rows {
			listed := result(row)
			if at == len(rows)-1 && len(rows) < all {
				listed.Diagnostics.AddWarning(fmt.Sprintf("%d of %d %s are listed", len(rows), all, what),
					fmt.Sprintf("User %s has more %s than the limit of this list block, which is 100 by default. To list them all, write limit = %d into the block.", userID, what, all))
			}
			if !push(listed) {
				return
			}
		}
	}
}

// resultOf is a listed number. Its resource has what an import and a refresh would give it, so that
// the configuration that Terraform writes from it plans no change.
func resultOf(ctx context.Context, req list.ListRequest, number bizapi.PhoneNumber) list.ListResult {
	result := req.NewListResult(ctx)
	result.DisplayName = listedName(newNumberModel(number))
	result.Diagnostics.Append(setIdentity(ctx, result.Identity, number.UserID, "id", number.ID)...)
	if req.IncludeResource {
		result.Diagnostics.Append(setNumber(ctx, result.Resource, number)...)
	}
	return result
}

// listedName is what people know a number by: "+1 (234) 567-8900 (whatsapp 836990829491415)".
func listedName(number numberModel) string {
	which := fmt.Sprintf("%s %s", number.Platform.ValueString(), number.MetaPhoneNumberID.ValueString())
	if number.DisplayName.IsNull() {
		return which
	}
	return fmt.Sprintf("%s (%s)", number.DisplayName.ValueString(), which)
}
