// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"strings"
	"testing"
)

func TestParseImportID(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text, defaultUser string
		want              numberRef
		problem           string
	}{
		"user and id":                       {"usr_1/pn_1", "", numberRef{userID: "usr_1", id: "pn_1"}, ""},
		"user and id, another default":      {"usr_1/pn_1", "usr_2", numberRef{userID: "usr_1", id: "pn_1"}, ""},
		"id alone":                          {"pn_1", "usr_2", numberRef{userID: "usr_2", id: "pn_1"}, ""},
		"Meta's id":                         {"usr_1/whatsapp/836990829491415", "", numberRef{userID: "usr_1", key: numberKey{"whatsapp", "836990829491415"}}, ""},
		"Meta's id of a web chat":           {"usr_1/webchat/a@b", "", numberRef{userID: "usr_1", key: numberKey{"webchat", "a@b"}}, ""},
		"an id that holds a slash":          {"usr_1/pn/1", "", numberRef{userID: "usr_1", id: "pn/1"}, ""},
		"Meta's id with the default user":   {"whatsapp/836990829491415", "usr_2", numberRef{userID: "usr_2", key: numberKey{"whatsapp", "836990829491415"}}, ""},
		"Meta's id without a default":       {"whatsapp/836990829491415", "", numberRef{}, "names no user"},
		"id alone without a default":        {"pn_1", "", numberRef{}, "names no user"},
		"nothing":                           {"", "usr_2", numberRef{}, "does not name a phone number"},
		"no id":                             {"usr_1/", "", numberRef{}, "does not name a phone number"},
		"no user":                           {"/pn_1", "usr_2", numberRef{}, "does not begin with a user id"},
		"a user with a space":               {"usr 1/pn_1", "", numberRef{}, "does not begin with a user id"},
		"a line end":                        {"usr_1/pn_1\n", "", numberRef{}, "has white space around it"},
		"the folder above":                  {"usr_1/..", "", numberRef{}, "does not name a phone number"},
		"a phone number instead of an id":   {"usr_1/whatsapp/+1 234", "", numberRef{}, "looks like the phone number itself"},
		"a platform, and no number with it": {"usr_1/instagram/", "", numberRef{}, "cannot be empty"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseImportID(test.text, test.defaultUser)
			switch {
			case test.problem == "" && (err != nil || got != test.want):
				t.Errorf("got %+v, %v; want %+v", got, err, test.want)
			case test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem) || !strings.Contains(err.Error(), "<user_id>/<id>")):
				t.Errorf("got %v; want an error with %q and the forms", err, test.problem)
			}
		})
	}
}

func FuzzParseImportID(f *testing.F) {
	f.Fuzz(func(t *testing.T, text, defaultUser string) {
		if !idForm.MatchString(defaultUser) {
			defaultUser = ""
		}
		got, err := parseImportID(text, defaultUser)
		if err != nil {
			return
		}
		if !idForm.MatchString(got.userID) {
			t.Errorf("%q gives the user %q", text, got.userID)
		}
		if (got.id == "") == (got.key == numberKey{}) {
			t.Errorf("%q gives both ids or none: %+v", text, got)
		}
	})
}
