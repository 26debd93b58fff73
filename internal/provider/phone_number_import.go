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
	if problem := numberIDProblem(rest); problem != "" {
		return importID{}, fmt.Errorf("%q names no phone number: %s %s", text, problem, importIDForms)
	}
	return importID{userID: userID, id: rest}, nil
}

// numberIDProblem says what keeps a text from being the API's id of a number, which is opaque and a
// part of a path; empty is fine.
func numberIDProblem(id string) string {
	if id == "" || id == "." || id == ".." {
		return fmt.Sprintf("The API's id of a number cannot be %q.", id)
	}
	return ""
}

func isPlatform(text string) bool {
	return text == whatsApp || text == instagram || text == webChat
}

// ImportState finds the number, so that one that is not there is an error that says what to do.
func (r *phoneNumberResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	wanted, diags := r.wantedImport(ctx, req)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, defaultReadTimeout)
	defer cancel()
	number, diags := r.account.find(ctx, wanted, wanted.adviceOnMissing())
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(setNumber(ctx, &resp.State, number)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, number.UserID, number.ID)...)
	// Whatever name the configuration has was never asked of the API: it is no wish to change it.
	imported := memory{Rename: &rename{FromAny: true, To: number.DisplayName}}
	resp.Diagnostics.Append(imported.store(ctx, resp.Private)...)
}

// adviceOnMissing is for a number that is not there.
func (i importID) adviceOnMissing() string {
	switch {
	case i.id == "":
		return "If the number is to be added, take its import block away."
	case strings.Contains(i.id, "/"):
		return "To name a number by Meta's id, write <user_id>/<platform>/<meta_phone_number_id> with whatsapp, instagram or webchat for the platform."
	}
	return "If only Meta's id is known, import by <user_id>/<platform>/<meta_phone_number_id>."
}

// setNumber makes a number that is there already the state of a resource.
func setNumber(ctx context.Context, state attributeWriter, number bizapi.PhoneNumber) diag.Diagnostics {
	var diags diag.Diagnostics
	found := modelOf(number)
	for attribute, value := range map[string]any{
		"id": found.ID, "user_id": found.UserID, "platform": found.Platform, "meta_phone_number_id": found.MetaPhoneNumberID,
		"display_name": found.DisplayName, "deletion_protection": false, "created_at": found.CreatedAt, "updated_at": found.UpdatedAt,
	} {
		diags.Append(state.SetAttribute(ctx, path.Root(attribute), value)...)
	}
	return diags
}

// attributeWriter is a state or an identity.
type attributeWriter interface {
	SetAttribute(ctx context.Context, path path.Path, value any) diag.Diagnostics
}

// setIdentity sets the identity. The CLI passes none when it knows no identities.
func setIdentity(ctx context.Context, identity attributeWriter, userID, id string) diag.Diagnostics {
	diags := identity.SetAttribute(ctx, path.Root("user_id"), userID)
	diags.Append(identity.SetAttribute(ctx, path.Root("id"), id)...)
	return diags
}

// wantedImport reads the id of the command or block, or the identity of a block.
func (r *phoneNumberResource) wantedImport(ctx context.Context, req resource.ImportStateRequest) (importID, diag.Diagnostics) {
	var diags diag.Diagnostics
	if req.ID == "" && req.Identity != nil {
		var userID, id string
		diags.Append(req.Identity.GetAttribute(ctx, path.Root("user_id"), &userID)...)
		diags.Append(req.Identity.GetAttribute(ctx, path.Root("id"), &id)...)
		if problem := userIDProblem(userID); problem != "" && !diags.HasError() {
			diags.AddError("Invalid import identity", problem)
		}
		if problem := numberIDProblem(id); problem != "" && !diags.HasError() {
			diags.AddError("Invalid import identity", problem)
		}
		return importID{userID: userID, id: id}, diags
	}
	wanted, err := parseImportID(req.ID, r.account.userID.ValueString())
	if err != nil {
		diags.AddError("Invalid import id", err.Error())
	}
	return wanted, diags
}

// find returns the one number that is wanted. advice is for a number that is not there.
func (a *account) find(ctx context.Context, wanted importID, advice string) (bizapi.PhoneNumber, diag.Diagnostics) {
	client, diags := a.client()
	if diags.HasError() {
		return bizapi.PhoneNumber{}, diags
	}
	var found []bizapi.PhoneNumber
	var err error
	if wanted.id == "" {
		found, err = client.FindByMetaID(ctx, wanted.userID, wanted.meta.platform, wanted.meta.id)
	} else {
		found = make([]bizapi.PhoneNumber, 1)
		found[0], err = client.Find(ctx, wanted.userID, wanted.id)
	}
	switch {
	case errors.Is(err, bizapi.ErrNotFound), err == nil && len(found) == 0:
		diags.Append(a.notFound(wanted, advice))
	case err != nil:
		diags.Append(a.diagnosticOfUser(err, phoneNumberModel{UserID: types.StringValue(wanted.userID)}))
	case len(found) > 1:
		diags.Append(registeredTwice(wanted.meta.platform+"/"+wanted.meta.id, found[0].ID, found[1].ID))
	default:
		found[0].DisplayName = a.tokens.withoutTokens(found[0].DisplayName)
		return found[0], diags
	}
	return bizapi.PhoneNumber{}, diags
}

// normalPlatform is the spelling that a configuration has to use.
func normalPlatform(platform string) string {
	if lower := strings.ToLower(platform); isPlatform(lower) {
		return lower
	}
	return platform
}
