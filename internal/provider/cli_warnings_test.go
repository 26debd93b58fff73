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

// warning is a number whose second configuration a plan warns of.
type warning struct {
	before string // arguments that it is added with; empty: it was added by hand and is imported
	inAPI  string // its name in the API before the second plan, where it was changed there
	token  string // and its token
	after  string
	metaID string   // in the second configuration; empty: the same
	want   []string // parts of the only warning; none: there is none
	// dialect is that of the only API that says so; empty: both.
	dialect sandbox.Dialect
}

// knownAfterApply is a resource whose output is known after apply only.
const knownAfterApply = "resource \"terraform_data\" \"it\" {\n  input = \"" + testToken + "\"\n}\n"

var warnings = map[string]warning{
	// What a change of a token does.
	"the same token":                {before: withToken(testToken), after: withToken(testToken)},
	"another token":                 {before: withToken(testToken), after: withToken(nextToken), want: []string{"will be replaced", "access_token changes", "deleted and added again", "templates and campaigns"}},
	"another version":               {before: withWriteOnly(testToken, 1), after: withWriteOnly(nextToken, 2), want: []string{"will be replaced", "access_token_wo_version changes"}},
	"a new version, token unknown":  {before: withWriteOnly(testToken, 1), after: "access_token_wo = terraform_data.it.output\n  access_token_wo_version = 2", want: []string{"will be replaced", "access_token_wo_version changes", "known only after apply", "leaves the number deleted"}},
	"another token, same version":   {before: withWriteOnly(testToken, 1), after: withWriteOnly(nextToken, 1), want: []string{"New token of number", "is not sent", "increment access_token_wo_version"}},
	"a token made write-only":       {before: withToken(testToken), after: withWriteOnly(testToken, 9)},
	"a token made plain":            {before: withWriteOnly(testToken, 1), after: withToken(testToken)},
	"a token taken away":            {before: withToken(testToken)},
	"a token not known yet":         {before: withToken(testToken), after: "access_token = terraform_data.it.output", want: []string{"access_token of phone number", "is unknown", "replaces the resource if it differs"}},
	"a write-only one not known":    {before: withWriteOnly(testToken, 1), after: "access_token_wo = terraform_data.it.output\n  access_token_wo_version = 1"},
	"an import and its token":       {after: withToken(testToken), want: []string{"Token of phone number", "is not sent", "-replace=ADDRESS"}},
	"an import and a write-only":    {after: withWriteOnly(testToken, 1), want: []string{"Token of phone number", "is not sent", "-replace=ADDRESS"}},
	"an import without a token":     {},
	"an unknown token of an import": {after: "access_token = terraform_data.it.output", want: []string{"Token of phone number", "is not sent"}},
	// What a token does that was changed elsewhere, where the API shows it.
	"token changed elsewhere":             {before: withToken(testToken), token: nextToken, after: withToken(testToken), want: []string{"has another token", "-replace=ADDRESS"}, dialect: sandbox.Deployed},
	"write-only token changed elsewhere":  {before: withWriteOnly(testToken, 1), token: nextToken, after: withWriteOnly(testToken, 1), want: []string{"has another token", "-replace=ADDRESS"}, dialect: sandbox.Deployed},
	"token changed elsewhere, not shown":  {before: withToken(testToken), token: nextToken, after: withToken(testToken), dialect: sandbox.Published},
	"changed there and here":              {before: withToken(testToken), token: nextToken, after: withToken(nextToken), want: []string{"has this token already", "nothing is sent"}, dialect: sandbox.Deployed},
	"changed there and here, write-only":  {before: withWriteOnly(testToken, 1), token: nextToken, after: withWriteOnly(nextToken, 2), want: []string{"has this token already", "nothing is sent"}, dialect: sandbox.Deployed},
	"changed there, and another one here": {before: withWriteOnly(testToken, 1), token: nextToken, after: withWriteOnly(importedToken, 1), want: []string{"New token", "access_token_wo_version"}, dialect: sandbox.Deployed},
	// What a name does.
	"another name":          {before: withToken(testToken) + "\n  " + named("Shop"), after: withToken(testToken) + "\n  " + named("Store"), want: []string{"will be replaced", "display_name changes"}},
	"renamed elsewhere":     {before: withToken(testToken) + "\n  " + named("Shop"), inAPI: "Store", after: withToken(testToken) + "\n  " + named("Shop"), want: []string{"Phone number", "was renamed elsewhere", `"Shop"`, `"Store"`, "To accept the name", "-replace=ADDRESS"}},
	"accepted":              {before: withToken(testToken) + "\n  " + named("Shop"), inAPI: "Store", after: withToken(testToken) + "\n  " + named("Store")},
	"left out":              {before: withToken(testToken) + "\n  " + named("Shop"), inAPI: "Store", after: withToken(testToken)},
	"a name where none was": {after: named("Shop"), want: []string{"Name of phone number", "is not sent", `"Shop"`, "-replace=ADDRESS"}},
	"a name not known yet":  {before: withToken(testToken) + "\n  " + named("Shop"), after: withToken(testToken) + "\n  display_name = terraform_data.it.output", want: []string{"display_name of phone number", "is unknown", "replaces the resource if it differs"}},
	// What the number is.
	"another id of Meta's": {before: withToken(testToken), after: withToken(testToken), metaID: otherID, want: []string{"will be replaced", "meta_phone_number_id changes"}},
	"another user":         {before: withToken(testToken), after: withToken(testToken) + "\n  " + withUser(otherUser), want: []string{"will be replaced", "user_id changes"}},
	// What is no change of the number.
	"protection": {before: withToken(testToken), after: withToken(testToken) + "\n  deletion_protection = true"},
}

func TestCLIPlanWarns(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		w := newCLIWorkspace(t, api.baseURL)
		names := slices.DeleteFunc(slices.Sorted(maps.Keys(warnings)), func(name string) bool {
			return warnings[name].dialect != "" && warnings[name].dialect != dialect
		})
		var before, after strings.Builder
		for at, name := range names {
			row, metaID := warnings[name], fmt.Sprint(1000+at)
			before.WriteString(phoneNumber(fmt.Sprint("n", at), "whatsapp", metaID, row.before))
			if row.before == "" {
				added := api.Add(testUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: metaID, AccessToken: importedToken})
				before.WriteString(strings.Replace(importByID(testUser+"/"+added.ID), address, fmt.Sprint("bizapi_phone_number.n", at), 1))
			}
			if row.metaID != "" {
				metaID = row.metaID
			}
			after.WriteString(phoneNumber(fmt.Sprint("n", at), "whatsapp", metaID, row.after))
		}
		w.write("main.tf", before.String())
		w.apply().succeeded().silent()
		ids := map[string]string{}
		for _, number := range api.Numbers(testUser) {
			var at int
			if _, err := fmt.Sscan(number.MetaPhoneNumberID, &at); err != nil {
				t.Fatal(err)
			}
			name := names[at-1000]
			ids[name] = number.ID
			row := warnings[name]
			if row.inAPI != "" {
				api.Rename(number.ID, row.inAPI)
			}
			if row.token != "" {
				api.Rotate(number.ID, row.token)
			}
		}
		w.write("main.tf", after.String()+knownAfterApply)
		planned := w.plan().succeeded()
		for at, name := range names {
			t.Run(name, func(t *testing.T) {
				found := planned.of(fmt.Sprint("bizapi_phone_number.n", at))
				found.t = t
				row := warnings[name]
				if row.want == nil {
					found.silent()
					return
				}
				found.warnedOnce(row.want...)
				// The CLI folds warnings with the same summary into one.
				if summary := found.Warnings[0].Summary; !strings.Contains(summary, ids[name]) {
					t.Errorf("the summary %q lacks the id %s", summary, ids[name])
				}
			})
		}
	})
}

func TestCLIOrdinaryLifeIsSilent(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		w, api, _ := cliApplied(t, sandbox.Options{Dialect: dialect}, withWriteOnly(testToken, 1), named("Shop"))
		w.plan().succeeded().silent().does()
		w.write("main.tf", number(withWriteOnly(testToken, 1), named("Shop"), protected))
		w.apply().succeeded().silent().does(address, "update")
		w.write("main.tf", number(withWriteOnly(testToken, 1), named("Shop")))
		w.apply().succeeded().silent().does(address, "update")
		w.apply("-destroy").succeeded().silent().does(address, "delete")
		cliWrites(t, api, 0, 1)
	})
}

func TestCLIWarnsThatANumberStaysWithItsUser(t *testing.T) {
	t.Parallel()
	w, api, added := cliApplied(t, sandbox.Options{}, withToken(testToken))
	w.Setenv("BIZAPI_USER_ID", otherUser)
	w.apply().succeeded().does().warnedOnce("Phone number "+added.ID+" stays with user "+testUser, otherUser)
	w.write("main.tf", number(withToken(testToken), fmt.Sprintf("user_id = %q", testUser)))
	w.plan().succeeded().silent().does()
	w.Setenv("BIZAPI_USER_ID", "")
	w.write("main.tf", number(withToken(testToken)))
	w.plan().succeeded().silent().does()
	cliWrites(t, api, 0, 0)
}

func TestCLIPlanWarnsOnceAUserThatTheAPIIsAway(t *testing.T) {
	t.Parallel()
	w := newCLIWorkspace(t, "http://"+closedPort(t)+"/v1")
	w.Setenv("BIZAPI_MAX_RETRIES", "0")
	text := ""
	for _, userID := range []string{testUser, otherUser} {
		for at := range 3 {
			text += phoneNumber(fmt.Sprint(userID, at), "whatsapp", fmt.Sprint(1000+at), withToken(testToken), withUser(userID))
		}
	}
	w.write("main.tf", text)
	var users []string
	for _, found := range w.plan().succeeded().Warnings {
		if found.Summary != "Plan could not be checked against the API" {
			t.Errorf("it warns of %q", found.Summary)
		}
		users = append(users, found.Address[:len(found.Address)-1])
	}
	slices.Sort(users)
	if want := []string{"bizapi_phone_number." + testUser, "bizapi_phone_number." + otherUser}; !slices.Equal(users, want) {
		t.Errorf("it warns of %q", users)
	}
}

func TestCLIWarnsOfALostAnswer(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		w := newCLIWorkspace(t, api.baseURL)
		api.Script(sandbox.Fault{On: sandbox.OpAdd, Commit: true, Do: sandbox.Drop()})
		w.write("main.tf", number(withToken(testToken), named("Shop")))
		done := w.apply().succeeded()
		done.warnedOnce("Phone number "+api.Numbers(testUser)[0].ID+" was found, not added twice", "answer to the add was lost")
		w.plan().succeeded().silent().does()
		cliWrites(t, api, 1, 0)
	})
}

func TestCLISecondResourceOfANumberIsRefused(t *testing.T) {
	t.Parallel()
	w, api, added := cliApplied(t, sandbox.Options{}, withToken(testToken))
	second := phoneNumber("second", "whatsapp", whatsAppID, withToken(testToken))
	w.write("main.tf", number(withToken(testToken))+phoneNumber("second", "whatsapp", whatsAppID, withToken(testToken), "depends_on = ["+address+"]"))
	w.plan().failed("Phone number would be deleted at another address", added.ID, "add it a second time")
	w.write("main.tf", number(withToken(testToken), "depends_on = [bizapi_phone_number.second]")+second)
	w.plan().failed("Phone number already exists", added.ID)
	w.write("main.tf", second+"moved {\n  from = "+address+"\n  to   = bizapi_phone_number.second\n}\n")
	w.plan().succeeded().silent()
	cliWrites(t, api, 0, 0)
}

func TestCLIWarnsOfWhatAQueryLeavesOut(t *testing.T) {
	cliNeeds(t, 14, 0)
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	for at := range 3 {
		api.Add(testUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: fmt.Sprint(1000 + at)})
	}
	w := newCLIWorkspace(t, api.baseURL)
	for limit, row := range map[string]struct {
		listed int
		want   []string
	}{
		"":          {listed: 3},
		"limit = 2": {listed: 2, want: []string{"2 of 3 phone numbers are listed", "limit = 3"}},
		"limit = 3": {listed: 3},
	} {
		w.write("all.tfquery.hcl", cliListBlock(limit))
		done := parsed(t, w.run("query", "-json")).succeeded()
		if row.want == nil {
			done.silent()
		} else {
			done.warnedOnce(row.want...)
		}
		if got := strings.Count(done.Stdout, `"type":"list_resource_found"`); got != row.listed {
			t.Errorf("%q lists %d numbers, not %d", limit, got, row.listed)
		}
	}
}
