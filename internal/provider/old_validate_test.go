// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	_, url := newServer(t, sandbox.Options{})
	w := newWorkspace(t, url)
	tests := map[string]struct {
		block string
		want  []string
	}{
		"a formatted phone number":  {strings.Replace(number(), whatsAppID, "+1 (234) 567-8900", 1), []string{"looks like the phone number itself", "Phone Number ID"}},
		"a handle":                  {strings.NewReplacer("whatsapp", "instagram", whatsAppID, "@yourbusiness").Replace(number()), []string{"looks like a handle", "Instagram Account ID"}},
		"an unknown platform":       {strings.Replace(number(), "whatsapp", "telegram", 1), []string{"platform", "whatsapp", "instagram", "webchat"}},
		"an empty display name":     {number(`display_name = ""`), []string{"display_name cannot be empty"}},
		"a long display name":       {number(named(strings.Repeat("n", 256))), []string{"at most 255", "has 256"}},
		"an empty token":            {number(`access_token = ""`), []string{"access_token is empty"}},
		"an over-long token":        {number(withToken(strings.Repeat("T", 1001))), []string{"1001 characters", "at most 1000"}},
		"a user with a slash":       {number(`user_id = "a/b"`), []string{"letters, digits, - and _"}},
		"two tokens":                {number(withToken(testToken), fmt.Sprintf("access_token_wo = %q", testToken), "access_token_wo_version = 1"), []string{"Two access tokens"}},
		"a version without a token": {number("access_token_wo_version = 1"), []string{"Version without a token"}},
		"a token without a version": {number(fmt.Sprintf("access_token_wo = %q", testToken)), []string{"Token without a version", "access_token_wo_version = 1"}},
		"a timeout of no unit":      {number("timeouts {\n create = \"60\"\n }"), []string{"create"}},
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		t.Run(name, func(t *testing.T) {
			w.write("main.tf", tests[name].block)
			shown := w.run("validate", "-no-color")
			text := strings.ReplaceAll(folded(shown.stderr+shown.stdout), "│ ", "")
			for _, part := range tests[name].want {
				if shown.code == 0 || !strings.Contains(text, part) {
					t.Errorf("exit code %d, no %q in %s", shown.code, part, text)
				}
			}
			if strings.Contains(text, testToken) {
				t.Error("the message shows the token")
			}
		})
	}
}
