// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// importable is a workspace beside an account that holds one number, added by hand.
func importable(t *testing.T, options sandbox.Options) (*workspace, *sandbox.Server, sandbox.Number) {
	t.Helper()
	server, url := newServer(t, options)
	name := "Shop"
	added := server.Add(testUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: whatsAppID, AccessToken: "EAAnobodyKnows", DisplayName: &name})
	return newWorkspace(t, url), server, added
}

func importBlock(id string) string {
	return fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", address, id)
}

func TestGeneratedConfigurationPlansNothing(t *testing.T) {
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		w, server, added := importable(t, sandbox.Options{Dialect: dialect})
		w.write("import.tf", strings.Replace(importBlock(testUser+"/"+added.ID), "import {", "import {\n  provider = bizapi", 1))
		w.plan("-generate-config-out=generated.tf").succeeded().silent().does(address, "import")
		// Terraform before 1.12 takes the provider argument for generating only.
		w.write("import.tf", importBlock(testUser+"/"+added.ID))
		w.apply().succeeded().silent().does(address, "import")
		w.plan().succeeded().silent().does()
		writes(t, server, 0, 0)
	})
}
