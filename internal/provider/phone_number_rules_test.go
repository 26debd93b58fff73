// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"strings"
	"testing"
)

func TestMetaIDProblem(t *testing.T) {
	tests := map[string]struct {
		platform, id string
		want         []string // parts of the problem; none: it is fine
	}{
		"a WhatsApp id":                {whatsApp, "836990829491415", nil},
		"an Instagram id of 17 digits": {instagram, "17841234567890123", nil},
		"a web chat id":                {webChat, "shop.example+chat@1", nil},
		"a platform not known yet":     {"", "@handle", nil},
		"100 digits":                   {whatsApp, strings.Repeat("1", 100), nil},
		"101 digits":                   {whatsApp, strings.Repeat("1", 101), []string{"at most 100", "has 101"}},
		"nothing":                      {whatsApp, "", []string{"cannot be empty", "WhatsApp Manager"}},
		"a formatted phone number":     {whatsApp, "+1 (234) 567-8900", []string{"looks like the phone number itself", "Phone Number ID", "display_name"}},
		"a phone number with a plus":   {whatsApp, "+12345678900", []string{"looks like the phone number itself"}},
		"a handle for Instagram":       {instagram, "@yourbusiness", []string{"looks like a handle", "Instagram Account ID"}},
		"a name for Instagram":         {instagram, "yourbusiness", []string{"digits only", "Instagram Account ID"}},
		"a web chat id with a slash":   {webChat, "a/b", []string{"letters, digits"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := metaIDProblem(test.platform, test.id)
			if len(test.want) == 0 && got != "" {
				t.Errorf("unexpected problem: %s", got)
			}
			for _, part := range test.want {
				if !strings.Contains(got, part) {
					t.Errorf("%q lacks %q", got, part)
				}
			}
		})
	}
}

func TestUserIDProblem(t *testing.T) {
	for userID, fine := range map[string]bool{
		"usr_abc123": true, "a-b_C9": true, strings.Repeat("u", 50): true,
		"": false, strings.Repeat("u", 51): false, "a b": false, "a/b": false, "ü": false,
	} {
		if got := userIDProblem(userID); (got == "") != fine {
			t.Errorf("%q: %q", userID, got)
		}
	}
}

func TestTokenProblemNeverRepeatsTheToken(t *testing.T) {
	long := strings.Repeat("s3cr3t", 200)
	if got := tokenProblem(long); !strings.Contains(got, "1200 characters") || strings.Contains(got, "s3cr3t") {
		t.Error(got)
	}
	if got := tokenProblem(""); got == "" {
		t.Error("an empty token is fine")
	}
	if got := tokenProblem("EAAfakeToken"); got != "" {
		t.Error(got)
	}
}

// Two values are easily given in each other's place.
func TestNoProblemRepeatsAToken(t *testing.T) {
	for _, token := range []string{"EAAfakeTok", "EAAfakeTokenOfFortyAndMoreCharacters0123456789", "sk_live_fake+key/=", strings.Repeat("9", 200)} {
		_, duration := parseDuration(token)
		problems := []string{duration, userIDProblem(token + "!"), userIDProblem(strings.Repeat(token, 6))}
		for _, platform := range []string{whatsApp, instagram, webChat, ""} {
			problems = append(problems, metaIDProblem(platform, token), metaIDProblem(platform, token+" "))
		}
		for _, r := range append(platformRules(), displayNameRules()...) {
			problems = append(problems, r.(rule).problem(token))
		}
		for _, problem := range problems {
			if strings.Contains(problem, token) {
				t.Errorf("shown: %s", problem)
			}
		}
	}
	if problem := metaIDProblem(whatsApp, "EAAfakeTok"); problem == "" {
		t.Error("a token is taken for a Meta id: nothing is proven")
	}
}
