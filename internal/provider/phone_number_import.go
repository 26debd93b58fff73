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

// numberRef names a number: its user, and the API's id or Meta's.
type numberRef struct {
	userID string
	id     string // empty where key names the number
	key    numberKey
}

// importIDForms is what a person may write.
const importIDForms = "Write <user_id>/<id> or <user_id>/<platform>/<meta_phone_number_id>; if the provider has a user_id, <id> or <platform>/<meta_phone_number_id> is enough."

// parseImportID reads the four forms. defaultUser is the provider's, empty for none. Ids are opaque and may
// have a slash, so only a platform in its place makes it Meta's form.
func parseImportID(text, defaultUser string) (numberRef, error) {
	invalid := func(problem string) (numberRef, error) {
		return numberRef{}, fmt.Errorf("%q %s. %s", text, problem, importIDForms)
	}
	if text != strings.TrimSpace(text) {
		return invalid("has white space around it")
	}
	first, rest, hasRest := strings.Cut(text, "/")
	userID := first
	if !hasRest || isPlatform(first) { // no user
		if defaultUser == "" {
			return invalid("names no user, and the provider has no user_id")
		}
		userID, rest = defaultUser, text
	}
	if !idForm.MatchString(userID) {
		return invalid("does not begin with a user id")
	}
	if platform, metaID, ok := strings.Cut(rest, "/"); ok && isPlatform(platform) {
		if problem := metaIDProblem(platform, metaID); problem != "" {
			return numberRef{}, errors.New(problem + " " + importIDForms)
		}
		return numberRef{userID: userID, key: numberKey{platform, metaID}}, nil
	}
	if rest == "" || rest == "." || rest == ".." {
		return invalid("does not name a phone number")
	}
	return numberRef{userID: userID, id: rest}, nil
}

// ImportState finds the number, so that one that is missing is an error that says what to do.
func (r *phoneNumberResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	ref, diags := r.importRef(ctx, req)
	resp.Diagnostics.Append(diags...)
	ctx, cancel, client := r.data.begin(ctx, fixedTimeout, defaultReadTimeout, &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	number, diags := r.data.findNumber(ctx, client, ref, "To add a new number, remove the import block.")
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(setNumber(ctx, &resp.State, number)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, number.UserID, "id", number.ID)...)
	// The configured name was never asked of the API: it is no wish to change it.
	private := numberPrivate{AnyName: true, Nameless: number.DisplayName == ""}
	resp.Diagnostics.Append(writePrivate(ctx, resp.Private, numberPrivateKey, private)...)
}

// importRef reads the id of the command or block, or the identity of a block.
func (r *phoneNumberResource) importRef(ctx context.Context, req resource.ImportStateRequest) (ref numberRef, diags diag.Diagnostics) {
	if req.ID == "" {
		ref.userID, ref.id, diags = identityOf(ctx, req, "id")
		if !diags.HasError() && (!idForm.MatchString(ref.userID) || ref.id == "") {
			diags.AddError("Invalid import identity", "There is no import id, and no identity that names a number: user_id must be 1 to 50 letters, digits, - or _, and id must not be empty.")
		}
		return ref, diags
	}
	if first, _, ok := strings.Cut(req.ID, "/"); r.data.userID.IsUnknown() && (!ok || isPlatform(first)) {
		diags.AddError("User is not known yet", fmt.Sprintf("The import id %q names no user, and the provider's user_id is known only after apply. Write <user_id>/ before it.", req.ID))
		return ref, diags
	}
	ref, err := parseImportID(req.ID, r.data.userID.ValueString())
	if err != nil {
		diags.AddError("Invalid import id", err.Error())
	}
	return ref, diags
}

// identityOf returns the identity that an import block names a row by: empty where the command was given an empty id.
func identityOf(ctx context.Context, req resource.ImportStateRequest, idAttribute string) (userID, id string, diags diag.Diagnostics) {
	var user, row types.String
	if req.Identity != nil {
		diags.Append(req.Identity.GetAttribute(ctx, path.Root("user_id"), &user)...)
		diags.Append(req.Identity.GetAttribute(ctx, path.Root(idAttribute), &row)...)
	}
	return user.ValueString(), row.ValueString(), diags
}

// findNumber returns the number that is named. ifMissing says what to do about one that is not there.
func (d *providerData) findNumber(ctx context.Context, client *bizapi.Client, ref numberRef, ifMissing string) (number bizapi.PhoneNumber, diags diag.Diagnostics) {
	var err error
	what := fmt.Sprintf("phone number %q", ref.id)
	if ref.id == "" {
		what = fmt.Sprintf("%s number %s", ref.key.platform, ref.key.metaID)
		number, err = client.FindPhoneNumberByMetaID(ctx, ref.userID, ref.key.platform, ref.key.metaID)
	} else {
		number, err = client.FindPhoneNumber(ctx, ref.userID, ref.id, "")
	}
	switch {
	case errors.Is(err, bizapi.ErrNotFound):
		diags.AddError("Phone number not found", fmt.Sprintf("User %s has no %s at %s. Check the id, the user and the provider's base_url. %s", ref.userID, what, client.BaseURL(), ifMissing))
	case err != nil:
		diags.Append(d.listFailed(err, ref.userID))
	}
	return number, diags
}

// setNumber makes a number that exists the state of a resource.
func setNumber(ctx context.Context, state attributeWriter, number bizapi.PhoneNumber) diag.Diagnostics {
	var diags diag.Diagnostics
	found := newNumberModel(number)
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

// setIdentity sets the identity of a number or an agent, whose id has the name idAttribute.
func setIdentity(ctx context.Context, identity attributeWriter, userID, idAttribute, id string) diag.Diagnostics {
	diags := identity.SetAttribute(ctx, path.Root("user_id"), userID)
	diags.Append(identity.SetAttribute(ctx, path.Root(idAttribute), id)...)
	return diags
}

// normalPlatform is the spelling that a configuration uses. Servers were seen to write it in capitals.
func normalPlatform(platform string) string {
	if lower := strings.ToLower(platform); isPlatform(lower) {
		return lower
	}
	return platform
}
