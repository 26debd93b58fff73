// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
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
		MarkdownDescription: "Lists the numbers of a user, oldest first, whoever registered them (Terraform 1.14 and later). " +
			"With `-generate-config-out`, `terraform query` writes the blocks that import them; they plan no changes as they stand, and no access token is needed. " +
			"Terraform lists 100 numbers unless `limit` of the block says otherwise.",
		Attributes: map[string]schema.Attribute{
			"user_id": schema.StringAttribute{
				MarkdownDescription: "User whose numbers to list. Left out, the provider's `user_id`.",
				Optional:            true,
				Validators:          userIDValidators(),
			},
			"platform": schema.StringAttribute{
				MarkdownDescription: "`whatsapp`, `instagram` or `webchat`, to list the numbers of that platform alone.",
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
	userID, userDiags := l.data.userOrDefault(config.UserID)
	diags.Append(userDiags...)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	reading, cancel := context.WithTimeout(ctx, defaultReadTimeout)
	defer cancel()
	numbers, diags := l.data.numbersOf(reading, userID.ValueString(), config.Platform.ValueString())
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	all := len(numbers)
	if req.Limit > 0 && int64(all) > req.Limit {
		numbers = numbers[:req.Limit]
	}
	stream.Results = func(push func(list.ListResult) bool) {
		for at, number := range numbers {
			result := resultOf(ctx, req, number)
			if at == len(numbers)-1 && len(numbers) < all {
				result.Diagnostics.Append(cutShort(userID.ValueString(), len(numbers), all))
			}
			if !push(result) {
				return
			}
		}
	}
}

// cutShort is a list that has more numbers than Terraform wants. Whoever brings an account in would miss
// the rest without a word, since Terraform wants 100 unless it is told otherwise.
func cutShort(userID string, listed, all int) diag.Diagnostic {
	return diag.NewWarningDiagnostic(fmt.Sprintf("%d of %d phone numbers are listed", listed, all),
		fmt.Sprintf("User %s has more numbers than the limit of this list block, which is 100 where none is written. To list them all, write limit = %d into the block.", userID, all))
}

// resultOf is a listed number. Its resource has what an import and a refresh would give it, so that
// the configuration that Terraform writes from it plans no change.
func resultOf(ctx context.Context, req list.ListRequest, number bizapi.PhoneNumber) list.ListResult {
	result := req.NewListResult(ctx)
	result.DisplayName = listedName(newNumberModel(number))
	result.Diagnostics.Append(setIdentity(ctx, result.Identity, number.UserID, number.ID)...)
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
