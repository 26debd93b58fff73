// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// listBlock is a list block with more arguments, and the arguments of its configuration.
func listBlock(name, arguments, config string) string {
	return fmt.Sprintf("list \"bizapi_phone_number\" %q {\n  provider = bizapi\n  %s\n  config {\n    %s\n  }\n}\n", name, arguments, config)
}

// found is a line of a query's JSON output.
type found struct {
	Address     string            `json:"address"`
	DisplayName string            `json:"display_name"`
	Identity    map[string]string `json:"identity"`
	Resource    map[string]any    `json:"resource_object"`
}

// query runs `terraform query`; the outcome may be errors.
func (w *workspace) query(args ...string) ([]found, outcome) {
	w.t.Helper()
	done := w.run(append([]string{"query", "-json"}, args...)...).parse()
	var all []found
	for line := range strings.Lines(done.stdout) {
		var m struct {
			Found *found `json:"list_resource_found"`
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			w.t.Fatal(err)
		}
		if m.Found != nil {
			all = append(all, *m.Found)
		}
	}
	return all, done
}

func TestQueryListsNumbers(t *testing.T) {
	needs(t, 14, 0)
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		w, server, added := account(t, sandbox.Options{Dialect: dialect, IgnoreOrder: true})
		others := server.Add("usr_other", sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: "106540352242922"})
		w.write("all.tfquery.hcl", listBlock("all", "", "")+
			listBlock("first", "limit = 2", "")+
			listBlock("webchat", "include_resource = true", `platform = "webchat"`)+
			listBlock("another", "", `user_id = "usr_other"`))
		all, done := w.query()
		done.succeeded().warned("2 of 3 phone numbers are listed", "limit = 3")
		wanted := map[string][]string{
			"list.bizapi_phone_number.all":     {added[0].ID, added[1].ID, added[2].ID},
			"list.bizapi_phone_number.first":   {added[0].ID, added[1].ID},
			"list.bizapi_phone_number.webchat": {added[1].ID},
			"list.bizapi_phone_number.another": {others.ID},
		}
		got, names := map[string][]string{}, map[string]string{}
		for _, number := range all {
			got[number.Address] = append(got[number.Address], number.Identity["id"])
			names[number.Identity["id"]] = number.DisplayName
			if user := number.Identity["user_id"]; user != testUser && number.Address != "list.bizapi_phone_number.another" {
				t.Errorf("%s lists a number of %s", number.Address, user)
			}
			if withResource := number.Address == "list.bizapi_phone_number.webchat"; withResource != (number.Resource != nil) {
				t.Errorf("%s lists the resource %v", number.Address, number.Resource)
			}
		}
		for address, ids := range wanted {
			if !slices.Equal(got[address], ids) {
				t.Errorf("%s lists %v, not %v", address, got[address], ids)
			}
		}
		if names[added[0].ID] != "+1 (234) 567-8900 (whatsapp 836990829491415)" || names[added[2].ID] != "instagram "+instagramID {
			t.Errorf("names for people: %v", names)
		}
		if lists := server.Count(sandbox.OpList); lists > 7 {
			t.Errorf("%d requests for two users, one of them with a single number", lists)
		}
	})
}

func TestQueryThatFails(t *testing.T) {
	needs(t, 14, 0)
	t.Parallel()
	w, _, _ := account(t, sandbox.Options{})
	w.write("all.tfquery.hcl", listBlock("all", "", `user_id = "usr_nobody"`))
	_, done := w.query()
	done.failed("Unknown user", "usr_nobody")
	w.write("all.tfquery.hcl", listBlock("all", "", `platform = "telegram"`))
	_, done = w.query()
	done.failed("platform", "whatsapp")
	w.setenv("BIZAPI_USER_ID", "")
	w.write("all.tfquery.hcl", listBlock("all", "", ""))
	_, done = w.query()
	done.failed("Missing user", "BIZAPI_USER_ID")
}
