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

// importForms are the import ids that name the number.
func importForms(added sandbox.Number) map[string]string {
	return map[string]string{
		"user and id":   testUser + "/" + added.ID,
		"id alone":      added.ID,
		"Meta's own id": testUser + "/whatsapp/" + whatsAppID,
	}
}

func TestImportReplacesNothing(t *testing.T) {
	for form := range importForms(sandbox.Number{}) {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			w, server, added := importable(t, sandbox.Options{})
			id := importForms(added)[form]

			// By the block, without a token, with a token later.
			w.write("main.tf", number(named("Shop"))+importBlock(id))
			w.apply().succeeded().silent().does(address, "import")
			w.plan().succeeded().silent().does()
			w.write("main.tf", number(named("Shop"), withWriteOnly(testToken, 1)))
			w.apply().succeeded().does(address, "update").warned("recorded, not sent")
			w.plan().succeeded().silent().does()

			// By the command, with a token at once, and with a name that the API does not have.
			w.remove("terraform.tfstate")
			w.write("main.tf", number(named("Another name"), withToken(testToken)))
			if imported := w.run("import", address, id); imported.code != 0 {
				t.Fatal(imported.stderr)
			}
			w.apply().succeeded().does(address, "update").warned("recorded, not sent").
				warned("differs from the configured one", `"Another name"`, `"Shop"`)
			w.plan().succeeded().does().warned("differs from the configured one")
			writes(t, server, 0, 0)

			// What was applied after the import is what was asked for: another name is a wish.
			w.write("main.tf", number(named("A third name"), withToken(testToken)))
			w.plan().succeeded().does(address, "replace")
		})
	}
}

func TestImportWithAnotherNamePlansNoChange(t *testing.T) {
	t.Parallel()
	w, server, added := importable(t, sandbox.Options{Dialect: sandbox.Published})
	w.write("main.tf", number(named("Another name"))+importBlock(testUser+"/"+added.ID))
	w.apply().succeeded().does(address, "import").warned("differs from the configured one", `"Another name"`, `"Shop"`)
	w.plan().succeeded().does().warned("differs from the configured one")
	writes(t, server, 0, 0)
}

func TestImportThatCannotBe(t *testing.T) {
	t.Parallel()
	w, _, _ := importable(t, sandbox.Options{})
	w.write("main.tf", number(withToken(testToken)))
	for id, want := range map[string][]string{
		testUser + "/pn_missing":                 {"Phone number not found", `"pn_missing"`, testUser},
		testUser + "/instagram/178412":           {"Phone number not found", "instagram number 178412", "take its import block away"},
		testUser + "/sms/178412":                 {"Phone number not found", `"sms/178412"`, "whatsapp, instagram or webchat"},
		"usr_nobody/pn_missing":                  {"Unknown user", "usr_nobody"},
		"bad user/pn_1":                          {"Invalid import id", "<user_id>/<id>"},
		testUser + "/whatsapp/+1 (234) 567-8900": {"Invalid import id", "looks like the phone number itself"},
	} {
		imported := w.run("import", "-no-color", address, id)
		text := strings.ReplaceAll(folded(imported.stderr), "│ ", "")
		for _, part := range want {
			if imported.code == 0 || !strings.Contains(text, part) {
				t.Errorf("%s: exit code %d, no %q in %s", id, imported.code, part, text)
			}
		}
	}
}

// The API takes a number once; a server that breaks its own rule must not have one of the two chosen.
func TestImportByMetaIDOfANumberThatIsThereTwice(t *testing.T) {
	t.Parallel()
	w, server, added := importable(t, sandbox.Options{Dialect: sandbox.Published})
	row := `{"id":%q,"platform":"whatsapp","meta_phone_number_id":"` + whatsAppID + `","created_at":"2025-02-10T10:00:00Z"}`
	server.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always,
		Do: sandbox.Respond(200, "application/json", "["+fmt.Sprintf(row, added.ID)+","+fmt.Sprintf(row, "pn_twin")+"]")})
	w.write("main.tf", number()+importBlock(testUser+"/whatsapp/"+whatsAppID))
	w.plan().failed("registered twice", added.ID, "pn_twin")
}

func TestTokenOfAnImportedNumberIsSentByReplaceAlone(t *testing.T) {
	t.Parallel()
	w, server, added := importable(t, sandbox.Options{})
	w.write("main.tf", number(withToken(testToken))+importBlock(testUser+"/"+added.ID))
	w.apply().succeeded().does(address, "update").warned("recorded, not sent")
	writes(t, server, 0, 0)
	w.apply("-replace="+address).succeeded().does(address, "replace")
	if got := server.Numbers(testUser)[0].AccessToken; got != testToken {
		t.Errorf("the API got %q", got)
	}
}

// A plan cannot keep "no name" where the configuration has one, so the name is recorded.
func TestImportOfANamelessNumberReplacesNothing(t *testing.T) {
	t.Parallel()
	server, url := newServer(t, sandbox.Options{})
	added := server.Add(testUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: whatsAppID, AccessToken: "EAAnobodyKnows"})
	w := newWorkspace(t, url)
	w.write("main.tf", number(named("Shop"))+importBlock(testUser+"/"+added.ID))
	w.apply().succeeded().does(address, "update").warned("Display name of phone number "+added.ID+" is recorded, not sent", `"Shop"`)
	w.plan().succeeded().silent().does()
	w.write("main.tf", number())
	w.apply().succeeded().silent().does(address, "update")
	w.plan().succeeded().silent().does()
	w.write("main.tf", number(named("Shop"), withToken(testToken)))
	w.plan().succeeded().does(address, "replace")
	writes(t, server, 0, 0)
}

func TestRenameToNoNameReplacesNothing(t *testing.T) {
	t.Parallel()
	w, server, added := applied(t, sandbox.Options{}, withToken(testToken), named("Shop"))
	server.Rename(added.ID, "")
	w.apply().succeeded().does(address, "update").warned("recorded, not sent", `"Shop"`)
	w.plan().succeeded().silent().does()
	server.Rename(added.ID, "Store")
	w.plan().succeeded().does().warned("differs from the configured one", `"Shop"`, `"Store"`)
	writes(t, server, 0, 0)
}
