// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

const instagramID = "17841234567890123"

// account is a workspace beside an account of three numbers, added by hand; the last one has no name.
func account(t *testing.T, options sandbox.Options) (*workspace, *sandbox.Server, []sandbox.Number) {
	t.Helper()
	server, url := newServer(t, options)
	shop, desk, start := "+1 (234) 567-8900", `The "50% ${off}" %{desk}`, time.Date(2025, 2, 10, 10, 0, 0, 0, time.UTC)
	var added []sandbox.Number
	for at, number := range []sandbox.Number{
		{Platform: "whatsapp", MetaPhoneNumberID: whatsAppID, DisplayName: &shop},
		{Platform: "webchat", MetaPhoneNumberID: "desk@example.com", DisplayName: &desk},
		{Platform: "instagram", MetaPhoneNumberID: instagramID},
	} {
		number.AccessToken, number.CreatedAt = "EAAnobodyKnows", start.Add(time.Duration(at)*time.Hour)
		added = append(added, server.Add(testUser, number))
	}
	return newWorkspace(t, url), server, added
}

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

func TestQueryThatIsCutShortSaysSo(t *testing.T) {
	needs(t, 14, 0)
	t.Parallel()
	w, _, _ := account(t, sandbox.Options{})
	w.write("all.tfquery.hcl", listBlock("all", "", "")+listBlock("first", "limit = 2", ""))
	_, done := w.query()
	done.succeeded().warned("2 of 3 phone numbers are listed", "limit = 3")
	if len(done.warnings) != 1 {
		t.Errorf("warnings: %+v", done.warnings)
	}
}

func TestQueryWritesConfigurationThatPlansNothing(t *testing.T) {
	needs(t, 14, 0)
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		w, server, _ := account(t, sandbox.Options{Dialect: dialect})
		w.write("all.tfquery.hcl", listBlock("all", "", ""))
		_, done := w.query("-generate-config-out=numbers.tf")
		done.succeeded()
		w.apply().succeeded().silent().does(
			"bizapi_phone_number.all_0", "import", "bizapi_phone_number.all_1", "import", "bizapi_phone_number.all_2", "import")
		w.plan("-detailed-exitcode").succeeded().silent().does()
		writes(t, server, 0, 0)
	})
}

func TestQueryOfAThousandNumbersTakesAHandfulOfRequests(t *testing.T) {
	needs(t, 14, 0)
	t.Parallel()
	server, url := newServer(t, sandbox.Options{})
	for at := range 1000 {
		server.Add(testUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: fmt.Sprint(100000000000000 + at)})
	}
	w := newWorkspace(t, url)
	w.write("all.tfquery.hcl", listBlock("all", "limit = 1000", ""))
	all, done := w.query("-generate-config-out=numbers.tf")
	done.succeeded()
	if lists := server.Count(sandbox.OpAny); len(all) != 1000 || lists > 3 {
		t.Errorf("%d numbers with %d requests", len(all), lists)
	}
}
