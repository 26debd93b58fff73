// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

// importID is what names a number to be imported: its user, and the API's id or Meta's.
type importID struct {
	userID string
	id     string // empty when meta names it
	meta   metaID
}

// importIDForms is what a person may write.
const importIDForms = "Write <user_id>/<id>, or <id> alone when the provider has a user_id, or <user_id>/<platform>/<meta_phone_number_id>."

// parseImportID reads the three forms. defaultUser is the provider's, empty for none. Ids are
// opaque and may hold a slash, so three parts are Meta's form only with a platform in the middle.
func parseImportID(text, defaultUser string) (importID, error) {
	if text != strings.TrimSpace(text) {
		return importID{}, fmt.Errorf("%q starts or ends with a space. %s", text, importIDForms)
	}
	userID, rest, hasUser := strings.Cut(text, "/")
	if !hasUser {
		if defaultUser == "" {
			return importID{}, fmt.Errorf("%q names no user, and the provider has no user_id. %s", text, importIDForms)
		}
		userID, rest = defaultUser, text
	}
	if problem := userIDProblem(userID); problem != "" {
		return importID{}, fmt.Errorf("%q does not start with a user id: %s %s", text, problem, importIDForms)
	}
	platform, id, isMeta := strings.Cut(rest, "/")
	if isMeta && hasUser && isPlatform(platform) {
		if problem := metaIDProblem(platform, id); problem != "" {
			return importID{}, fmt.Errorf("%s %s", problem, importIDForms)
		}
		return importID{userID: userID, meta: metaID{platform, id}}, nil
	}
	if rest == "" || rest == "." || rest == ".." {
		return importID{}, fmt.Errorf("%q names no phone number. %s", text, importIDForms)
	}
	return importID{userID: userID, id: rest}, nil
}

func isPlatform(text string) bool {
	return text == whatsApp || text == instagram || text == webChat
}

// ImportState finds the number, so that one that is not there is an error that says what to do.
func (r *phoneNumberResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	wanted, diags := r.wantedImport(ctx, req)
	resp.Diagnostics.Append(diags...)
	client, diags := r.account.client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, defaultReadTimeout)
	defer cancel()
	number, err := find(ctx, client, wanted)
	switch {
	case errors.Is(err, bizapi.ErrNotFound):
		resp.Diagnostics.Append(importNotFound(wanted, client.BaseURL()))
		return
	case err != nil:
		resp.Diagnostics.Append(r.account.readFailed(err, phoneNumberModel{UserID: types.StringValue(wanted.userID)}, memory{}))
		return
	}
	for attribute, value := range map[string]any{
		"id": number.ID,
		// The spelling of the import id: the configuration will have it too.
		"user_id":              wanted.userID,
		"platform":             normalPlatform(number.Platform),
		"meta_phone_number_id": number.MetaPhoneNumberID,
		"display_name":         textOrNull(number.DisplayName),
		"deletion_protection":  false,
	} {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(attribute), value)...)
	}
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, phoneNumberModel{
		UserID: types.StringValue(wanted.userID), ID: types.StringValue(number.ID),
	})...)
	// Whatever name the configuration has was never asked of the API: it is no wish to change it.
	imported := memory{Rename: &rename{FromAny: true, To: number.DisplayName}}
	resp.Diagnostics.Append(imported.store(ctx, resp.Private)...)
}

// wantedImport reads the id of the command or block, or the identity of a block.
func (r *phoneNumberResource) wantedImport(ctx context.Context, req resource.ImportStateRequest) (importID, diag.Diagnostics) {
	var diags diag.Diagnostics
	if req.ID == "" && req.Identity != nil {
		var userID, id string
		diags.Append(req.Identity.GetAttribute(ctx, path.Root("user_id"), &userID)...)
		diags.Append(req.Identity.GetAttribute(ctx, path.Root("id"), &id)...)
		return importID{userID: userID, id: id}, diags
	}
	wanted, err := parseImportID(req.ID, r.account.userID.ValueString())
	if err != nil {
		diags.AddError("Invalid import id", err.Error())
	}
	return wanted, diags
}

func find(ctx context.Context, client *bizapi.Client, wanted importID) (bizapi.PhoneNumber, error) {
	if wanted.id != "" {
		return client.Find(ctx, wanted.userID, wanted.id)
	}
	return client.FindByMetaID(ctx, wanted.userID, wanted.meta.platform, wanted.meta.id)
}

// normalPlatform is the spelling that a configuration has to use.
func normalPlatform(platform string) string {
	if lower := strings.ToLower(platform); isPlatform(lower) {
		return lower
	}
	return platform
}
