// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestCLIGeneratedConfigurationOfAnImportPlansNothing(t *testing.T) {
	t.Parallel()
	cliDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		w, server, added := cliImportable(t, sandbox.Options{Dialect: dialect})
		block := cliImportBlock(cliUser + "/" + added.ID)
		w.write("import.tf", strings.Replace(block, "import {", "import {\n  provider = bizapi", 1))
		w.plan("-generate-config-out=generated.tf").succeeded().silent().does(cliAddress, "import")
		// Beside a written resource the CLI refuses the provider's line.
		w.write("import.tf", block)
		w.apply().succeeded().silent().does(cliAddress, "import")
		w.plan().succeeded().silent().does()
		cliWrites(t, server, 0, 0)
	})
}

// cliListBlock is a list block with more arguments.
func cliListBlock(arguments string) string {
	return fmt.Sprintf("list \"bizapi_phone_number\" \"all\" {\n  provider = bizapi\n  %s\n}\n", arguments)
}

func TestCLIGeneratedConfigurationOfAQueryPlansNothing(t *testing.T) {
	t.Parallel()
	cliNeeds(t, 14, 0)
	cliDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		server, url := newCLIServer(t, sandbox.Options{Dialect: dialect})
		for metaID, name := range map[string]string{"1": "Shop", "2": `The "50% ${off}" %{desk}`, "3": ""} {
			number := sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: metaID, AccessToken: "EAAnobodyKnows"}
			if name != "" {
				number.DisplayName = &name
			}
			server.Add(cliUser, number)
		}
		w := newCLIWorkspace(t, url)
		w.write("all.tfquery.hcl", cliListBlock(""))
		parsed(t, w.run("query", "-json", "-generate-config-out=numbers.tf")).succeeded().silent()
		w.apply().succeeded().silent().does(
			"bizapi_phone_number.all_0", "import", "bizapi_phone_number.all_1", "import", "bizapi_phone_number.all_2", "import")
		w.plan().succeeded().silent().does()
		cliWrites(t, server, 0, 0)
	})
}

func TestCLIQueryOfAThousandNumbersTakesAHandfulOfRequests(t *testing.T) {
	cliNeeds(t, 14, 0)
	t.Parallel()
	server, url := newCLIServer(t, sandbox.Options{})
	for at := range 1000 {
		server.Add(cliUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: fmt.Sprint(100000000000000 + at)})
	}
	w := newCLIWorkspace(t, url)
	w.write("all.tfquery.hcl", cliListBlock("limit = 1000"))
	parsed(t, w.run("query", "-json", "-generate-config-out=numbers.tf")).succeeded().silent()
	written, requests := strings.Count(w.read("numbers.tf"), "\nimport {"), server.Count(sandbox.OpAny)
	if written != 1000 || requests > 3 {
		t.Errorf("%d numbers were written with %d requests", written, requests)
	}
}
