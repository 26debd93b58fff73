// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestADeleteIsDecidedByAListingThatBeganAfterIt(t *testing.T) {
	inDialects(t, "", func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		ids := api.fill(user, 3)
		number, err := api.FindPhoneNumber(t.Context(), user, ids[1], "") // the latest listing has it
		must(t, err)
		api.sandbox.Script(
			sandbox.Fault{On: sandbox.OpDelete, Commit: true, Do: sandbox.Drop()},
			sandbox.Fault{On: sandbox.OpDelete, Times: sandbox.Always, Do: sandbox.Drop()})
		must(t, api.DeletePhoneNumber(t.Context(), number))
	})
}

func TestDelete(t *testing.T) {
	const all = 1 + DefaultMaxRetries
	onDelete := func(faults ...sandbox.Fault) func(*api, string) {
		return func(api *api, _ string) {
			for _, fault := range faults {
				fault.On = sandbox.OpDelete
				api.sandbox.Script(fault)
			}
		}
	}
	always := func(do sandbox.Behaviour) func(*api, string) {
		return onDelete(sandbox.Fault{Times: sandbox.Always, Do: do})
	}
	page := sandbox.Respond(200, "text/html", htmlPage)
	for _, test := range []struct {
		name    string
		arrange func(api *api, id string)
		want    Kind
		deletes int
		lists   int
	}{
		{name: "without trouble it takes no list", want: succeeds, deletes: 1},
		{name: "a 204 is done", arrange: onDelete(sandbox.Fault{Commit: true, Do: sandbox.Respond(204, "", "")}), want: succeeds, deletes: 1},
		{name: "a 200 with a message is done", arrange: onDelete(sandbox.Fault{Commit: true, Do: sandbox.Respond(200, jsonType, `{"message":"Phone number deleted"}`)}), want: succeeds, deletes: 1},
		{name: `a 200 with "success" is done`, arrange: onDelete(sandbox.Fault{Commit: true, Do: sandbox.Respond(200, jsonType, `{"success":true}`)}), want: succeeds, deletes: 1},
		{name: "a number that is not found is gone already", arrange: func(api *api, id string) { api.sandbox.Remove(id) }, want: succeeds, deletes: 1},
		{name: "a lost answer is repeated until the number is not found", arrange: onDelete(sandbox.Fault{Commit: true, Do: sandbox.Drop()}), want: succeeds, deletes: 2},
		{name: "a page of HTML is repeated", arrange: onDelete(sandbox.Fault{Do: page}), want: succeeds, deletes: 2},
		{name: "a database that fails for a moment is asked again", arrange: onDelete(sandbox.Fault{Times: DefaultMaxRetries, Do: sandbox.DatabaseDown()}), want: succeeds, deletes: all},
		{name: "rate limits do not count as retries", arrange: onDelete(sandbox.Fault{Times: 20, Do: sandbox.RateLimited("1")}), want: succeeds, deletes: 21},
		{name: "another user's number is an error at once", arrange: onDelete(sandbox.Fault{Do: sandbox.Respond(403, jsonType, `{"message":"Phone number with ID x belongs to another user"}`)}), want: KindForbidden, deletes: 1},
		{name: "a refused key is an error at once", arrange: onDelete(sandbox.Fault{Do: refusedKey}), want: KindUnauthorized, deletes: 1},
		{name: "an unknown user is an error at once", arrange: onDelete(sandbox.Fault{Do: sandbox.Respond(404, jsonType, `{"message":"User with ID usr_abc123 not found"}`)}), want: KindUnknownUser, deletes: 1},
		{name: "a redirect is an error at once", arrange: onDelete(sandbox.Fault{Do: sandbox.RedirectTo(308, "/elsewhere")}), want: KindRedirect, deletes: 1},

		// From here on a listing decides: a quick one that has the number, or two that lack it.
		{name: "a database that is down, with the number listed, is an error", arrange: always(sandbox.DatabaseDown()), want: KindServer, deletes: all, lists: 1},
		{name: "a page of HTML each time, with the number listed, is an error", arrange: always(page), want: KindUnreadable, deletes: all, lists: 1},
		{name: `"success": false each time, with the number listed, is an error`, arrange: always(sandbox.Respond(200, jsonType, `{"success":false,"message":"no"}`)), want: KindUnreadable, deletes: all, lists: 1},
		{name: "other JSON each time, with the number listed, is an error", arrange: always(sandbox.Respond(200, jsonType, `{"status":"maintenance"}`)), want: KindUnreadable, deletes: all, lists: 1},
		{name: "a 202 each time, with the number listed, is an error", arrange: always(sandbox.Respond(202, jsonType, `{"message":"accepted"}`)), want: KindUnreadable, deletes: all, lists: 1},
		{name: "a path that no route serves, with the number listed, is an error", arrange: always(sandbox.Respond(404, jsonType, `{"message":"Route DELETE /x not found"}`)), want: KindWrongBaseURL, deletes: 1, lists: 1},
		{
			name: "a path that no route serves, with the number gone, is done",
			arrange: func(api *api, id string) {
				api.sandbox.Remove(id)
				always(sandbox.Respond(404, "text/html", htmlPage))(api, id)
			},
			want: succeeds, deletes: 1, lists: 3,
		},
		{
			name: "answers that are lost each time, with the number gone, are done",
			arrange: func(api *api, id string) {
				api.sandbox.Remove(id)
				always(sandbox.Drop())(api, id)
			},
			want: succeeds, deletes: all, lists: 3,
		},
		{
			name: "one empty listing makes no failed delete a success",
			arrange: func(api *api, id string) {
				always(sandbox.Respond(500, "", ""))(api, id)
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.Respond(200, jsonType, "[]")})
			},
			want: KindServer, deletes: all, lists: 3,
		},
		{
			name: "a listing that fails makes no failed delete a success",
			arrange: func(api *api, id string) {
				api.sandbox.Remove(id)
				api.sandbox.Script(sandbox.Fault{Times: sandbox.Always, Do: sandbox.DatabaseDown()})
			},
			want: KindServer, deletes: all, lists: all,
		},
	} {
		inDialects(t, test.name, func(t *testing.T, dialect sandbox.Dialect) {
			api := newAPI(t, sandbox.Options{Dialect: dialect})
			ids := api.fill(user, 3)
			if test.arrange != nil {
				test.arrange(api, ids[1])
			}
			err := api.DeletePhoneNumber(t.Context(), PhoneNumber{ID: ids[1], UserID: user})
			check(t, err, test.want)
			if isThere := slices.Contains(api.holds(user), ids[1]); err == nil && isThere {
				t.Error("the number is still there")
			}
			if deletes := api.sandbox.Count(sandbox.OpDelete); deletes != test.deletes || api.lists() != test.lists {
				t.Errorf("%d deletes and %d lists, want %d and %d", deletes, api.lists(), test.deletes, test.lists)
			}
		})
	}
}

// A number of this process is believed to exist; not when its delete may have succeeded.
func TestANumberThatThisProcessAddedIsGoneWhenItsDeleteIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		added, _, err := api.AddPhoneNumber(t.Context(), user, number)
		must(t, err)
		api.sandbox.Script(
			sandbox.Fault{On: sandbox.OpDelete, Commit: true, Do: sandbox.Drop()},
			sandbox.Fault{On: sandbox.OpDelete, Times: sandbox.Always, Do: sandbox.Drop()})
		must(t, api.DeletePhoneNumber(t.Context(), added))
		isGone(t, api.find(t.Context(), added.ID))
	})
}

func TestAnInterruptedDelete(t *testing.T) {
	for _, test := range []struct {
		name    string
		arrange func(api *api, interrupt func())
		want    Kind
		isThere bool
		most    time.Duration
	}{
		{
			name: "a request that was sent goes on to its answer",
			arrange: func(api *api, interrupt func()) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpDelete, Before: interrupt, Do: sandbox.Delay(29 * time.Second)})
			},
			want: succeeds, most: 29 * time.Second,
		},
		{
			name: "a lost answer is decided by two listings",
			arrange: func(api *api, interrupt func()) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpDelete, Before: interrupt, Commit: true, Do: sandbox.Drop()})
			},
			want: succeeds, most: 2 * time.Second,
		},
		{
			name: "a request that came to nothing is not sent again",
			arrange: func(api *api, interrupt func()) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpDelete, Before: interrupt, Times: sandbox.Always, Do: sandbox.Drop()})
			},
			want: KindNoAnswer, isThere: true,
		},
		{
			name: "the listings that decide end within the request timeout",
			arrange: func(api *api, interrupt func()) {
				api.sandbox.Script(
					sandbox.Fault{On: sandbox.OpDelete, Before: interrupt, Commit: true, Do: sandbox.Drop()},
					sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: sandbox.RateLimited("3600")})
			},
			want: KindNoAnswer, most: DefaultRequestTimeout,
		},
		{
			name: "a wait at the rate limit ends",
			arrange: func(api *api, interrupt func()) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpDelete, Times: sandbox.Always, Do: sandbox.RateLimited("30")})
				time.AfterFunc(time.Second, interrupt)
			},
			want: KindCanceled, isThere: true, most: time.Second,
		},
		{
			name:    "nothing is sent after the interrupt",
			arrange: func(_ *api, interrupt func()) { interrupt() },
			want:    KindCanceled, isThere: true,
		},
	} {
		run(t, test.name, func(t *testing.T) {
			api := newAPI(t, sandbox.Options{})
			ids := api.fill(user, 2)
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			test.arrange(api, interrupt)
			began := time.Now()
			check(t, api.DeletePhoneNumber(ctx, PhoneNumber{ID: ids[0], UserID: user}), test.want)
			if isThere := slices.Contains(api.holds(user), ids[0]); isThere != test.isThere {
				t.Errorf("the API holds %v", api.holds(user))
			}
			took(t, began, 0, test.most)
		})
	}
}
