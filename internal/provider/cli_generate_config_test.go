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
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		w, api, added := cliImportable(t, sandbox.Options{Dialect: dialect})
		block := importByID(testUser + "/" + added.ID)
		w.write("import.tf", strings.Replace(block, "import {", "import {\n  provider = bizapi", 1))
		w.plan("-generate-config-out=generated.tf").succeeded().silent().does(address, "import")
		// Beside a written resource the CLI refuses the provider's line.
		w.write("import.tf", block)
		w.apply().succeeded().silent().does(address, "import")
		w.plan().succeeded().silent().does()
		cliWrites(t, api, 0, 0)
	})
}

func TestCLIGeneratedConfigurationOfAQueryPlansNothing(t *testing.T) {
	t.Parallel()
	cliNeeds(t, 14, 0)
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		for metaID, name := range map[string]string{"1": "Shop", "2": `The "50% ${off}" %{desk}`, "3": ""} {
			number := sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: metaID, AccessToken: importedToken}
			if name != "" {
				number.DisplayName = &name
			}
			api.Add(testUser, number)
		}
		w := newCLIWorkspace(t, api.baseURL)
		w.write("all.tfquery.hcl", cliListBlock(""))
		parsed(t, w.run("query", "-json", "-generate-config-out=numbers.tf")).succeeded().silent()
		w.apply().succeeded().silent().does(
			"bizapi_phone_number.all_0", "import", "bizapi_phone_number.all_1", "import", "bizapi_phone_number.all_2", "import")
		w.plan().succeeded().silent().does()
		cliWrites(t, api, 0, 0)
	})
}

func TestCLIQueryOfAThousandNumbersTakesAHandfulOfRequests(t *testing.T) {
	cliNeeds(t, 14, 0)
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	for at := range 1000 {
		api.Add(testUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: fmt.Sprint(100000000000000 + at)})
	}
	w := newCLIWorkspace(t, api.baseURL)
	w.write("all.tfquery.hcl", cliListBlock("limit = 1000"))
	parsed(t, w.run("query", "-json", "-generate-config-out=numbers.tf")).succeeded().silent()
	written, requests := strings.Count(w.read("numbers.tf"), "\nimport {"), api.Count(sandbox.OpAny)
	if written != 1000 || requests > 3 {
		t.Errorf("%d numbers were written with %d requests", written, requests)
	}
}
