// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"strings"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestLostAnswerIsAdoptedWithAWarning(t *testing.T) {
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		server, url := newServer(t, sandbox.Options{Dialect: dialect})
		w := newWorkspace(t, url)
		server.Script(sandbox.Fault{On: sandbox.OpAdd, Commit: true, Do: sandbox.Drop()})
		w.write("main.tf", number(withToken(testToken), named("Shop")))
		done := w.apply().succeeded()
		id := server.Numbers(testUser)[0].ID
		done.warned("Phone number "+id+" was found after its answer was lost", "not added twice")
		writes(t, server, 1, 0)
		w.plan().succeeded().silent().does()
	})
}

func TestNumberOfTheSameNameAddedMeanwhileIsNotAdopted(t *testing.T) {
	t.Parallel()
	server, url := newServer(t, sandbox.Options{})
	w := newWorkspace(t, url)
	other := "Somebody else's"
	server.Script(sandbox.Fault{On: sandbox.OpAdd, Do: sandbox.Drop(), Before: func() {
		server.Add(testUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: whatsAppID, AccessToken: "EAAsomebody", DisplayName: &other})
	}})
	w.write("main.tf", number(withToken(testToken), named("Shop")))
	w.apply().failed("Phone number already exists", "import {", testUser+"/"+server.Numbers(testUser)[0].ID)
	if w.attributes(address) != nil {
		t.Error("a number that somebody else added stands in the state")
	}
}

// TestAnotherAccountEmptiesNoState asks a server that answers 200 and has none of the numbers.
func TestAnotherAccountEmptiesNoState(t *testing.T) {
	t.Parallel()
	w, _, added := applied(t, sandbox.Options{}, withToken(testToken))
	_, staging := newServer(t, sandbox.Options{})
	production := w.read("terraform.tfstate")
	home := ""
	for _, setting := range w.env {
		if url, ok := strings.CutPrefix(setting, "BIZAPI_BASE_URL="); ok {
			home = url
		}
	}
	w.setenv("BIZAPI_BASE_URL", staging)
	for _, args := range [][]string{{"-refresh-only"}, {"-destroy"}, {"-destroy", "-refresh=false"}} {
		w.apply(args...).failed("Phone number "+added.ID+" is missing on another account", home, staging)
	}
	if attributes := w.attributes(address); attributes == nil || attributes["id"] != added.ID {
		t.Errorf("the state has %v", attributes)
	}
	w.setenv("BIZAPI_BASE_URL", home)
	w.write("terraform.tfstate", production)
	w.plan().succeeded().silent().does()
	// The same root in another spelling is the same.
	w.setenv("BIZAPI_BASE_URL", home+"/")
	w.plan().succeeded().silent().does()
}

func TestAnotherKeyEmptiesNoState(t *testing.T) {
	t.Parallel()
	w, server, added := applied(t, sandbox.Options{}, withToken(testToken))
	// The other tenant's account answers, and is empty.
	server.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: sandbox.Respond(200, "application/json", `{"success":true,"data":[],"count":0}`)})
	w.setenv("BIZAPI_API_KEY", "sk_test_of_another_tenant")
	w.apply("-refresh-only").failed("Phone number "+added.ID+" is missing on another account", "another API key")
	w.setenv("BIZAPI_API_KEY", testKey)
	server.ClearFaults()
	w.plan().succeeded().silent().does()
}

func TestListThatIsEmptyOnceKeepsState(t *testing.T) {
	t.Parallel()
	server, url := newServer(t, sandbox.Options{})
	w := newWorkspace(t, url)
	w.write("main.tf", strings.Replace(number(withToken(testToken), "count = 3"), `"`+whatsAppID+`"`, `"83699082949141${count.index}"`, 1))
	w.apply().succeeded()
	server.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.Respond(200, "application/json", `{"success":true,"data":[],"count":0}`)})
	server.ForgetRequests()
	w.plan().succeeded().silent().does()
	if lists := server.Count(sandbox.OpList); lists > 4 {
		t.Errorf("%d lists for three numbers", lists)
	}
}
