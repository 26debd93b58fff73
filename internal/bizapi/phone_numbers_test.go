// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox/contract"
)

// TestEveryExchangeKeepsToTheContract validates all that client and sandbox say to each other against
// the OpenAPI file.
func TestEveryExchangeKeepsToTheContract(t *testing.T) {
	inDialects(t, "", func(t *testing.T, dialect sandbox.Dialect) {
		checked := func(o *Options) { o.Transport = contract.NewTransport(t, o.Transport) }
		api := newAPI(t, sandbox.Options{Dialect: dialect, MaxPageSize: 100}, checked)
		api.fill(user, 250)
		for _, platform := range []string{"whatsapp", "instagram", "webchat"} {
			for _, name := range []string{"+1 (234) 567-8900 \"☎\"", ""} {
				added, _, err := api.AddPhoneNumber(t.Context(), user, NewPhoneNumber{
					Platform: platform, MetaPhoneNumberID: "17841234567890123", AccessToken: token, DisplayName: name,
				})
				must(t, err)
				found, err := api.FindPhoneNumber(t.Context(), user, added.ID, added.CreatedAt)
				must(t, err)
				if found != added {
					t.Errorf("found %+v, added %+v", found, added)
				}
				must(t, api.DeletePhoneNumber(t.Context(), added))
				must(t, api.DeletePhoneNumber(t.Context(), added))
			}
		}
		numbers, err := api.ListPhoneNumbers(t.Context(), user)
		must(t, err)
		if len(numbers) != 250 {
			t.Errorf("%d numbers", len(numbers))
		}
		// Its errors are in the contract too.
		_, _, err = api.AddPhoneNumber(t.Context(), otherUser, numberNo(1))
		check(t, err, KindAlreadyExists)
		_, err = api.ListPhoneNumbers(t.Context(), "usr_unknown")
		check(t, err, KindUnknownUser)
		check(t, api.DeletePhoneNumber(t.Context(), PhoneNumber{ID: numbers[0].ID, UserID: otherUser}), KindForbidden)
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.RateLimited("1")}, sandbox.Fault{On: sandbox.OpList, Do: sandbox.DatabaseDown()})
		_, err = api.ListPhoneNumbers(t.Context(), otherUser)
		must(t, err)
		refused, _ := newClient(t, api.sandbox, checked, func(o *Options) { o.APIKey = "another key" })
		_, err = refused.ListPhoneNumbers(t.Context(), user)
		check(t, err, KindUnauthorized)
	})
}

func TestAnAddedNumberHasWhatWasSentAndAnswered(t *testing.T) {
	inDialects(t, "", func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		added, adopted, err := api.AddPhoneNumber(t.Context(), user, number)
		must(t, err)
		want := PhoneNumber{
			ID: api.holds(user)[0], UserID: user, Platform: "whatsapp", MetaPhoneNumberID: number.MetaPhoneNumberID,
			DisplayName: number.DisplayName, CreatedAt: "2000-01-01T00:00:00Z", UpdatedAt: "2000-01-01T00:00:00Z", token: added.token,
		}
		if added != want || adopted {
			t.Errorf("added %+v, want %+v", added, want)
		}
	})
}

func TestANumberIsFoundByItsMetaID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		ids := api.fill(user, 30)
		found, err := api.FindPhoneNumberByMetaID(t.Context(), user, "WhatsApp", numberNo(17).MetaPhoneNumberID)
		must(t, err)
		if found.ID != ids[17] {
			t.Errorf("found %+v", found)
		}
		_, err = api.FindPhoneNumberByMetaID(t.Context(), user, "instagram", numberNo(17).MetaPhoneNumberID)
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("of another platform: %v", err)
		}
	})
}

func TestARegisteredNumberTakesOneLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		ids := api.fill(user, 3)
		began := time.Now()
		found, ok, err := api.RegisteredPhoneNumber(t.Context(), user, "whatsapp", numberNo(2).MetaPhoneNumberID)
		must(t, err)
		if !ok || found.ID != ids[2] {
			t.Errorf("found %t %+v", ok, found)
		}
		_, ok, err = api.RegisteredPhoneNumber(t.Context(), user, "whatsapp", "404")
		must(t, err)
		if ok || api.lists() != 1 {
			t.Errorf("found %t after %d requests", ok, api.lists())
		}
		took(t, began, 0, 0)
		must(t, api.DeletePhoneNumber(t.Context(), found))
		if _, ok, _ = api.RegisteredPhoneNumber(t.Context(), user, "whatsapp", numberNo(2).MetaPhoneNumberID); ok {
			t.Error("a number is registered that this process deleted")
		}
	})
}

func TestWhatWasListedLastTakesNoRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		ids := api.fill(user, 3)
		if _, found := api.LastListed(user, ids[0]); found || api.lists() > 0 {
			t.Errorf("found %t after %d requests", found, api.lists())
		}
		must(t, api.find(t.Context(), ids[0]))
		pass(time.Hour)
		for id, want := range map[string]bool{ids[1]: true, "pn_missing": false} {
			if number, found := api.LastListed(user, id); found != want || found && number.ID != id {
				t.Errorf("found %t %+v", found, number)
			}
		}
		if api.lists() != 1 {
			t.Errorf("%d requests", api.lists())
		}
	})
}

func TestWhetherTheAPIHasAToken(t *testing.T) {
	for dialect, isListed := range map[sandbox.Dialect]bool{sandbox.Published: false, sandbox.Deployed: true} {
		run(t, string(dialect), func(t *testing.T) {
			api := newAPI(t, sandbox.Options{Dialect: dialect})
			id := api.fill(user, 1)[0]
			listed, err := api.FindPhoneNumber(t.Context(), user, id, "")
			must(t, err)
			for sent, want := range map[string]bool{token: isListed, token + "2": false, "": false} {
				if has, known := api.HasToken(listed, sent); has != want || known != isListed {
					t.Errorf("listed %q: has %t, known %t", sent, has, known)
				}
			}
			added, _, err := api.AddPhoneNumber(t.Context(), user, number)
			must(t, err)
			if has, known := api.HasToken(added, token); !has || !known {
				t.Errorf("added: has %t, known %t", has, known)
			}
			if has, known := api.HasToken(PhoneNumber{}, ""); has || known {
				t.Errorf("no number: has %t, known %t", has, known)
			}
		})
	}
}
