// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
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

// Bounds that the API was seen to keep to, in characters.
const (
	longestUserID      = 50
	longestMetaID      = 100
	longestDisplayName = 255
	shortestToken      = 10
	longestToken       = 1000
)

var (
	userIDForm        = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	digits            = regexp.MustCompile(`^[0-9]+$`)
	webChatIDForm     = regexp.MustCompile(`^[A-Za-z0-9@._+-]+$`)
	phoneNumberLookup = regexp.MustCompile(`^\+?[0-9 ().-]+$`)
)

// userIDProblem says what keeps a text from being a user id; empty is fine.
func userIDProblem(userID string) string {
	switch {
	case userID == "":
		return "A user id cannot be empty."
	case len(userID) > longestUserID:
		return fmt.Sprintf("A user id has at most %d characters; this one has %d.", longestUserID, utf8.RuneCountInString(userID))
	case !userIDForm.MatchString(userID):
		return fmt.Sprintf("A user id holds letters, digits, - and _ only; %s.", odd(userID, userIDForm))
	}
	return ""
}

// metaIDProblem says what keeps a text from being Meta's id on that platform, with the published
// page's advice; an empty platform is one not known yet.
func metaIDProblem(platform, id string) string {
	switch {
	case id == "":
		return "meta_phone_number_id cannot be empty. " + whereMetaIDIs(platform)
	case utf8.RuneCountInString(id) > longestMetaID:
		return fmt.Sprintf("meta_phone_number_id has at most %d characters; this one has %d.", longestMetaID, utf8.RuneCountInString(id))
	case platform == webChat && !webChatIDForm.MatchString(id):
		return fmt.Sprintf("The id of a web chat channel holds letters, digits and @ . _ + - only; %s.", odd(id, webChatIDForm))
	case platform != whatsApp && platform != instagram || digits.MatchString(id):
		return ""
	case phoneNumberLookup.MatchString(id):
		return fmt.Sprintf("%q looks like the phone number itself. The API wants Meta's numeric id for it, and the formatted number belongs in display_name. ", id) + whereMetaIDIs(platform)
	case strings.HasPrefix(id, "@"):
		return fmt.Sprintf("%q looks like a handle. The API wants Meta's numeric id of the account, and the handle belongs in display_name. ", id) + whereMetaIDIs(platform)
	}
	return fmt.Sprintf("The id must be digits only for %s; %s. ", platform, odd(id, digits)) + whereMetaIDIs(platform)
}

// shown is a value that is refused, unless it may be a token that stands in the place of another argument.
func shown(value string) string {
	if length := utf8.RuneCountInString(value); length >= shortestToken {
		return fmt.Sprintf("this text of %d characters", length)
	}
	return strconv.Quote(value)
}

// odd says what keeps a value from being of a form for single characters, without showing more of it than
// that.
func odd(value string, form *regexp.Regexp) string {
	for _, r := range value {
		if !form.MatchString(string(r)) {
			return fmt.Sprintf("this one of %d characters has %q", utf8.RuneCountInString(value), r)
		}
	}
	return "this one has something else"
}

// whereMetaIDIs is the published page's way to the right id.
func whereMetaIDIs(platform string) string {
	switch platform {
	case instagram:
		return "Copy the Instagram Account ID, such as 17841234567890123, from Instagram Settings in Meta Business Suite (https://business.facebook.com/)."
	case webChat:
		return ""
	}
	return "Copy the Phone Number ID, such as 836990829491415, from WhatsApp Manager in Meta Business Suite (https://business.facebook.com/)."
}

// tokenProblem says what keeps a text from being an access token. It never repeats it.
func tokenProblem(token string) string {
	switch length := utf8.RuneCountInString(token); {
	case length == 0:
		return "is empty. Leave it out, or give it Meta's token."
	case length > longestToken:
		return fmt.Sprintf("has %d characters; the API takes at most %d. It is probably not a token of Meta's.", length, longestToken)
	}
	return ""
}

func userIDRules() []validator.String {
	return []validator.String{rule{
		"must be 1 to 50 letters, digits, - or _", "Invalid user id", userIDProblem,
	}}
}

func platformRules() []validator.String {
	return []validator.String{rule{
		"must be whatsapp, instagram or webchat", "Invalid platform",
		func(platform string) string {
			if isPlatform(platform) {
				return ""
			}
			return fmt.Sprintf("The platforms are whatsapp, instagram and webchat, in small letters; this is %s.", shown(platform))
		},
	}}
}

func displayNameRules() []validator.String {
	return []validator.String{rule{
		"must have 1 to 255 characters", "Invalid display name",
		func(name string) string {
			switch length := utf8.RuneCountInString(name); {
			case length == 0:
				return "display_name cannot be empty: the API keeps no empty name. Leave it out instead."
			case length > longestDisplayName:
				return fmt.Sprintf("display_name has at most %d characters; this one has %d.", longestDisplayName, length)
			}
			return ""
		},
	}}
}

// rule is a validator made of a function that says what is wrong with a known value.
type rule struct {
	description string
	summary     string
	problem     func(string) string
}

func (r rule) Description(context.Context) string         { return r.description }
func (r rule) MarkdownDescription(context.Context) string { return r.description }

func (r rule) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if problem := r.problem(req.ConfigValue.ValueString()); problem != "" {
		resp.Diagnostics.AddAttributeError(req.Path, r.summary, problem)
	}
}

func durationRules() []validator.String {
	return []validator.String{rule{
		"must be a length of time such as 45s or 2m", "Invalid length of time",
		func(text string) string { _, problem := parseDuration(text); return problem },
	}}
}

// validateMetaID checks the id against the platform it is for.
func validateMetaID(platform, id types.String, diags *diag.Diagnostics) {
	if id.IsNull() || id.IsUnknown() {
		return
	}
	if problem := metaIDProblem(platform.ValueString(), id.ValueString()); problem != "" {
		diags.AddAttributeError(path.Root("meta_phone_number_id"), "Invalid meta_phone_number_id", problem)
	}
}

// validateTokens checks the three arguments that make up a token. Only the version's errors have a
// path: the CLI prints the line that a path points at, and a token may stand there.
func validateTokens(config phoneNumberModel, diags *diag.Diagnostics) {
	plain, writeOnly, version := config.AccessToken, config.AccessTokenWO, config.AccessTokenWOVersion
	isSet := func(value types.String) bool { return !value.IsNull() && !value.IsUnknown() }
	for _, argument := range []struct {
		name  string
		value types.String
	}{{"access_token", plain}, {"access_token_wo", writeOnly}} {
		if problem := tokenProblem(argument.value.ValueString()); isSet(argument.value) && problem != "" {
			diags.AddError("Invalid access token", argument.name+" "+problem)
		}
	}
	switch {
	case isSet(plain) && (isSet(writeOnly) || isKnown(version)):
		diags.AddError("Two access tokens",
			"Both access_token and access_token_wo with its version are set. Keep one of them: access_token_wo never reaches the state, access_token does.")
	case writeOnly.IsNull() && isKnown(version):
		diags.AddAttributeError(path.Root("access_token_wo_version"), "Version without a token",
			"access_token_wo_version is set, and access_token_wo has no value. Set access_token_wo as well; if it comes from an ephemeral value, that value is empty: check where it is read from.")
	case !writeOnly.IsNull() && version.IsNull():
		diags.AddError("Token without a version",
			"access_token_wo is set, and access_token_wo_version is not. Terraform keeps nothing of a write-only value, so the version is what says that it changed: "+
				"set access_token_wo_version = 1, and count it up whenever the token is to be sent again.")
	}
}

// validateTimeouts refuses lengths of time that are over before they begin: a create that has no time
// would fail after the delete of a replacement. The block's own check takes them, and refuses what is
// no length of time.
func validateTimeouts(configured timeouts.Value, diags *diag.Diagnostics) {
	for operation, value := range configured.Attributes() {
		text, ok := value.(types.String)
		if !ok || text.IsNull() || text.IsUnknown() {
			continue
		}
		if duration, err := time.ParseDuration(text.ValueString()); err == nil && duration <= 0 {
			diags.AddAttributeError(path.Root("timeouts").AtName(operation), "Invalid length of time",
				fmt.Sprintf("%q leaves no time for anything. Write a number over zero and a unit, such as 45s or 2m.", text.ValueString()))
		}
	}
}

func isKnown(value types.Int64) bool { return !value.IsNull() && !value.IsUnknown() }
