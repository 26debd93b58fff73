// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Platforms of the API.
const (
	whatsApp  = "whatsapp"
	instagram = "instagram"
	webChat   = "webchat"
)

// Bounds that a deployed server was seen to keep to, in characters.
const (
	longestMetaID = 100
	longestName   = 255 // in UTF-16 units
	shortestToken = 10
	longestToken  = 1000
)

var (
	idForm        = regexp.MustCompile(`^[A-Za-z0-9_-]{1,50}$`)
	digitsForm    = regexp.MustCompile(`^[0-9]+$`)
	webChatIDForm = regexp.MustCompile(`^[A-Za-z0-9@._+-]+$`)
	phoneLikeForm = regexp.MustCompile(`^\+?[0-9 ().-]+$`)
)

// idValidators are those of the ids of users and agents, and of the number that an agent answers on.
func idValidators() []validator.String {
	return []validator.String{stringvalidator.RegexMatches(idForm, "must be 1 to 50 letters, digits, - or _")}
}

func platformValidators() []validator.String {
	return []validator.String{stringvalidator.OneOf(whatsApp, instagram, webChat)}
}

func isPlatform(text string) bool {
	return text == whatsApp || text == instagram || text == webChat
}

// isMetas reports whether a platform's numbers, ids and tokens are Meta's.
func isMetas(platform string) bool { return platform == whatsApp || platform == instagram }

// metaIDProblem says what keeps a text from being Meta's id on a platform; empty is fine. A platform that
// is not known yet is empty.
func metaIDProblem(platform, id string) string {
	form, allowed := webChatIDForm, "letters, digits and @ . _ + -"
	if isMetas(platform) {
		form, allowed = digitsForm, "digits"
	}
	switch trimmed := strings.TrimSpace(id); {
	case id == "":
		return strings.TrimSpace("meta_phone_number_id cannot be empty. " + whereMetaIDIs(platform))
	case utf8.RuneCountInString(id) > longestMetaID:
		return fmt.Sprintf("meta_phone_number_id can have at most %d characters, and this one has %d.", longestMetaID, utf8.RuneCountInString(id))
	case platform == "" || form.MatchString(id):
		return ""
	case form.MatchString(trimmed):
		return fmt.Sprintf("%q has white space around the id. Remove it.", id)
	case isMetas(platform) && phoneLikeForm.MatchString(id):
		return fmt.Sprintf("%q looks like the phone number itself, which belongs in display_name. %s", id, whereMetaIDIs(platform))
	case isMetas(platform) && strings.HasPrefix(id, "@"):
		return fmt.Sprintf("%q looks like a handle, which belongs in display_name. %s", id, whereMetaIDIs(platform))
	}
	return strings.TrimSpace(fmt.Sprintf("On %s, meta_phone_number_id can contain only %s. %s", platform, allowed, whereMetaIDIs(platform)))
}

// whereMetaIDIs is the published page's way to the right id.
func whereMetaIDIs(platform string) string {
	switch platform {
	case instagram:
		return "Copy the Instagram Account ID, such as 17841234567890123, from Instagram Settings in Meta Business Suite (https://business.facebook.com/): it is numeric, and it is not the username."
	case webChat:
		return ""
	}
	return "Copy the Phone Number ID, such as 836990829491415, from WhatsApp Manager in Meta Business Suite (https://business.facebook.com/): it is numeric, but it is not the phone number itself."
}

// tokenProblem says what keeps a text from being an access token; empty is fine. It never repeats it.
func tokenProblem(token string) string {
	length := utf8.RuneCountInString(token)
	switch {
	case strings.HasPrefix(token, "Bearer "):
		return "begins with \"Bearer\", which is not part of the token. Remove it."
	case token != strings.TrimSpace(token):
		return "has white space or a line end around it, probably from the file it was read from. Use trimspace()."
	case strings.ContainsFunc(token, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return "has white space inside it, which no token has. Copy it again."
	case length < shortestToken || length > longestToken:
		return fmt.Sprintf("has %d characters, and the API takes %d to %d. Copy it again.", length, shortestToken, longestToken)
	}
	return ""
}

// nameValidator checks what a deployed server checks of an argument that is a name for people.
type nameValidator struct{ argument string }

func (nameValidator) Description(context.Context) string {
	return "must have 1 to 255 UTF-16 units and no control characters"
}

func (v nameValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v nameValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	name, problem := req.ConfigValue.ValueString(), ""
	switch length := len(utf16.Encode([]rune(name))); {
	case length == 0:
		problem = "The API does not accept an empty name."
	case length > longestName:
		problem = fmt.Sprintf("%s can have at most %d UTF-16 units, and this one has %d. Most emoji count as two or more.", v.argument, longestName, length)
	case strings.ContainsFunc(name, unicode.IsControl):
		problem = v.argument + " cannot contain control characters, such as a line end or a tab. If it was read from a file, use trimspace()."
	}
	if problem != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+v.argument, problem)
	}
}

// durationValidator accepts durations greater than zero. A create that has no time would fail after the delete of
// a replacement.
type durationValidator struct{}

func (durationValidator) Description(context.Context) string {
	return "must be a duration greater than zero, such as 45s or 2m"
}

func (v durationValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (durationValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	text := req.ConfigValue.ValueString()
	if duration, err := time.ParseDuration(text); err != nil || duration <= 0 {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid duration",
			fmt.Sprintf("%q is not a duration greater than zero. Write a number and a unit, such as 45s or 2m.", text))
	}
}

// validateTimeouts rejects durations that are not greater than zero, which a timeouts block accepts.
func validateTimeouts(ctx context.Context, configured types.Object, diags *diag.Diagnostics) {
	for operation, value := range configured.Attributes() {
		text, _ := value.(types.String)
		if _, err := time.ParseDuration(text.ValueString()); err == nil {
			resp := validator.StringResponse{}
			durationValidator{}.ValidateString(ctx, validator.StringRequest{
				Path: path.Root("timeouts").AtName(operation), ConfigValue: text,
			}, &resp)
			diags.Append(resp.Diagnostics...)
		}
	}
}

// validateMetaID checks the id against its platform.
func validateMetaID(platform, id types.String, diags *diag.Diagnostics) {
	if id.IsNull() || id.IsUnknown() {
		return
	}
	if problem := metaIDProblem(platform.ValueString(), id.ValueString()); problem != "" {
		diags.AddAttributeError(path.Root("meta_phone_number_id"), "Invalid meta_phone_number_id", problem)
	}
}

// validateTokens checks the arguments that make up a token against each other. Errors at a token have no
// path: the CLI prints the source line that a path points at, with a literal token in it.
func validateTokens(config phoneNumberModel, diags *diag.Diagnostics) {
	plain, writeOnly, version := config.AccessToken, config.AccessTokenWO, config.AccessTokenWOVersion
	hasVersion := !version.IsNull() && !version.IsUnknown()
	hasPlain := !plain.IsNull() && !plain.IsUnknown()
	hasWriteOnly := !writeOnly.IsNull() && !writeOnly.IsUnknown()
	switch {
	case hasPlain && (hasWriteOnly || hasVersion):
		diags.AddError("Two access tokens",
			"Both access_token and access_token_wo are set. Keep access_token_wo with its version: it never reaches the state, and access_token does.")
	case writeOnly.IsNull() && hasVersion:
		diags.AddAttributeError(path.Root("access_token_wo_version"), "Version without a token",
			"access_token_wo_version is set, but access_token_wo is null. Set access_token_wo, or check where its ephemeral value is read from.")
	case !writeOnly.IsNull() && version.IsNull():
		diags.AddError("Token without a version",
			"access_token_wo is set, but access_token_wo_version is not. Terraform does not store a write-only value, so only the version shows that it changed: "+
				"set access_token_wo_version = 1, and increment it to send a new token.")
	}
}
