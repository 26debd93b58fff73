// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// refusedKey is an error that is not repeated.
var refusedKey = sandbox.Respond(401, jsonType, `{"message":"Invalid API key"}`)

// find looks for a number of user that was added long ago.
func (a *api) find(ctx context.Context, id string) error {
	_, err := a.FindPhoneNumber(ctx, user, id, "")
	return err
}

func isGone(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, ErrNotFound) {
		t.Fatalf("got the error %v, want one that says that the number is gone", err)
	}
}

// after has a list answered when d has passed, as the server was then.
func after(d time.Duration) sandbox.Fault {
	return sandbox.Fault{On: sandbox.OpList, Before: func() { pass(d) }}
}

func TestAllReadersShareOneListing(t *testing.T) {
	inDialects(t, "", func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		ids := api.fill(user, 1000)
		api.sandbox.Script(after(time.Second))
		errs := make(chan error)
		for at, id := range ids {
			go func() {
				pass(time.Duration(at) * 3 * time.Millisecond) // some while it is fetched, most after
				found, err := api.FindPhoneNumber(t.Context(), user, id, "")
				if err == nil && found.ID != id {
					err = fmt.Errorf("found %s instead of %s", found.ID, id)
				}
				errs <- err
			}()
		}
		for range ids {
			must(t, <-errs)
		}
		if api.lists() != 2 {
			t.Errorf("%d requests", api.lists())
		}
	})
}

func TestAPlanOfFewNumbersTakesOneRequest(t *testing.T) {
	for _, n := range []int{1, 3} {
		api := newAPI(t, sandbox.Options{})
		for _, id := range api.fill(user, n) {
			must(t, api.find(t.Context(), id))
		}
		_, _, err := api.RegisteredPhoneNumber(t.Context(), user, "whatsapp", "1")
		must(t, err)
		if api.lists() != 1 {
			t.Errorf("%d requests for %d numbers", api.lists(), n)
		}
	}
}

func TestAListingServesForHalfAnHour(t *testing.T) {
	for age, want := range map[time.Duration]int{30*time.Minute - time.Second: 1, 30 * time.Minute: 2} {
		run(t, age.String(), func(t *testing.T) {
			api := newAPI(t, sandbox.Options{})
			ids := api.fill(user, 3)
			api.sandbox.Script(after(5 * time.Second)) // it counts from its end
			must(t, api.find(t.Context(), ids[0]))
			pass(age)
			must(t, api.find(t.Context(), ids[1]))
			if api.lists() != want {
				t.Errorf("%d requests, want %d", api.lists(), want)
			}
		})
	}
}

func TestAThoroughListingIsReadOnceForAllWhoNeedOne(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	ids := api.fill(user, 3)
	must(t, api.find(t.Context(), ids[0]))
	for range 3 {
		numbers, err := api.ListPhoneNumbers(t.Context(), user)
		must(t, err)
		if !slices.Equal(idsOf(numbers), ids) {
			t.Errorf("listed %v, want %v", idsOf(numbers), ids)
		}
		must(t, api.find(t.Context(), ids[1]))
	}
	if api.lists() != 1+2 {
		t.Errorf("%d requests", api.lists())
	}
}

func TestAnErrorGoesToThoseWhoWaitAndToReadsOfTheNext10Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		ids := api.fill(user, 3)
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Before: func() { pass(time.Second) }, Do: refusedKey})
		errs := make(chan error)
		for range 50 {
			go func() { errs <- api.find(t.Context(), ids[0]) }()
		}
		for range 50 {
			check(t, <-errs, KindUnauthorized)
		}
		pass(10*time.Second - 1)
		check(t, api.find(t.Context(), ids[0]), KindUnauthorized)
		if api.lists() != 1 {
			t.Errorf("%d requests for one error", api.lists())
		}
		pass(1)
		must(t, api.find(t.Context(), ids[0]))
	})
}

func TestAnErrorDoesNotEndAListingThatServes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		ids := api.fill(user, 3)
		must(t, api.find(t.Context(), ids[0]))
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: refusedKey})
		check(t, api.find(t.Context(), "pn_missing"), KindUnauthorized)
		must(t, api.find(t.Context(), ids[1]))
	})
}

func TestAnErrorEndsWithTheNextListing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		ids := api.fill(user, 3)
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: refusedKey})
		check(t, api.find(t.Context(), ids[0]), KindUnauthorized)
		_, err := api.numbers.of(user).get(t.Context(), api.numbers.of(user).fresh())
		must(t, err)
		_, err = api.ListPhoneNumbers(t.Context(), user) // which needs a thorough one
		must(t, err)
	})
}

func TestTheEndOfOneReaderIsNobodyElses(t *testing.T) {
	for name, isFetcher := range map[string]bool{"the one that fetches": true, "one that waits": false} {
		run(t, name, func(t *testing.T) {
			api := newAPI(t, sandbox.Options{})
			ids := api.fill(user, 3)
			api.sandbox.Script(after(20 * time.Second))
			ctx, interrupt := context.WithCancel(t.Context())
			contexts := []context.Context{ctx, t.Context()}
			if !isFetcher {
				slices.Reverse(contexts)
			}
			errs := [2]chan error{make(chan error, 1), make(chan error, 1)}
			for at, ctx := range contexts {
				go func() { errs[at] <- api.find(ctx, ids[at]) }()
				synctest.Wait()
			}
			began := time.Now()
			interrupt()
			synctest.Wait()
			ended, other := errs[0], errs[1]
			if !isFetcher {
				ended, other = other, ended
			}
			err := <-ended
			check(t, err, KindCanceled)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%v does not say that it was canceled", err)
			}
			took(t, began, 0, 0)
			must(t, <-other)
			want := 1
			if isFetcher { // the next waiter fetches
				want = 2
			}
			if api.lists() != want {
				t.Errorf("%d requests, want %d", api.lists(), want)
			}
		})
	}
}

func TestARateLimitEndsThoseWhoHaveNoTimeForIt(t *testing.T) {
	for name, isFetcher := range map[string]bool{"the one that fetches, at once": true, "one that waits, when its time is over": false} {
		run(t, name, func(t *testing.T) {
			api := newAPI(t, sandbox.Options{})
			ids := api.fill(user, 3)
			api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.RateLimited("3600")})
			began := time.Now()
			hurried, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			patient := make(chan error, 1)
			if isFetcher {
				err := api.find(hurried, ids[0])
				check(t, err, KindRateLimited)
				took(t, began, 0, 0)
				go func() { patient <- api.find(t.Context(), ids[1]) }()
			} else {
				go func() { patient <- api.find(t.Context(), ids[1]) }()
				synctest.Wait()
				check(t, api.find(hurried, ids[0]), KindCanceled)
				took(t, began, time.Minute, time.Minute)
			}
			must(t, <-patient)
			took(t, began, time.Hour, time.Hour)
		})
	}
}

func TestAFreshListingBeginsAfterItWasAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		api.fill(user, 3)
		// The listing under way has the answer of a server that does not know the number yet.
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Commit: true, Do: late(2 * time.Second)})
		under := make(chan error)
		go func() {
			_, err := api.numbers.of(user).get(t.Context(), wanted{})
			under <- err
		}()
		synctest.Wait()
		api.sandbox.Add(user, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: "7", AccessToken: token})
		fresh := api.numbers.of(user).fresh()
		l, err := api.numbers.of(user).get(t.Context(), fresh)
		must(t, err)
		must(t, <-under)
		if !l.has(metaIDKey("whatsapp", "7")) || api.lists() != 2 {
			t.Errorf("%d rows after %d requests", len(l.rows), api.lists())
		}
		if again, err := api.numbers.of(user).get(t.Context(), fresh); again != l || err != nil {
			t.Error("the listing that came after the question is not shared")
		}
	})
}

// late gives an answer as it was when the request came, after d.
func late(d time.Duration) sandbox.Behaviour {
	return func(w http.ResponseWriter, _ *http.Request, answer sandbox.Answer) {
		pass(d)
		w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
		w.WriteHeader(answer.Status)
		_, _ = w.Write(answer.Body)
	}
}

func TestUsersDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		ids, others := api.fill(user, 2), api.fill(otherUser, 2)
		api.sandbox.Script(after(20 * time.Second))
		first := make(chan error, 1)
		go func() { first <- api.find(t.Context(), ids[0]) }()
		synctest.Wait()
		began := time.Now()
		_, err := api.FindPhoneNumber(t.Context(), otherUser, others[1], "")
		must(t, err)
		took(t, began, 0, 0)
		must(t, <-first)
	})
}

func TestOwnChangesAreLaidOverEveryListing(t *testing.T) {
	for _, test := range []struct {
		name    string
		options sandbox.Options
		read    func(t *testing.T, api *api, change func())
	}{
		{name: "read before them", read: func(_ *testing.T, _ *api, change func()) { change() }},
		{name: "in flight when they landed", read: func(t *testing.T, api *api, change func()) {
			api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Commit: true, Do: late(time.Second)})
			done := make(chan error)
			go func() {
				_, err := api.numbers.of(user).get(t.Context(), api.numbers.of(user).fresh())
				done <- err
			}()
			synctest.Wait()
			change()
			must(t, <-done)
		}},
		{name: "read after them", read: func(t *testing.T, api *api, change func()) {
			change()
			_, err := api.numbers.of(user).get(t.Context(), api.numbers.of(user).fresh())
			must(t, err)
		}},
		{
			name: "read after them from a server that lags behind", options: sandbox.Options{ListAddsAfter: time.Minute, ListDeletesAfter: time.Minute},
			read: func(t *testing.T, api *api, change func()) {
				change()
				_, err := api.numbers.of(user).get(t.Context(), api.numbers.of(user).fresh())
				must(t, err)
			},
		},
	} {
		run(t, test.name, func(t *testing.T) {
			api := newAPI(t, test.options)
			ids := api.fill(user, 12)
			numbers, err := api.ListPhoneNumbers(t.Context(), user)
			must(t, err)
			want := slices.Clone(ids[5:])
			test.read(t, api, func() {
				for n := range 5 { // replacements
					must(t, api.DeletePhoneNumber(t.Context(), numbers[n]))
					added, _, err := api.AddPhoneNumber(t.Context(), user, numberNo(n))
					must(t, err)
					want = append(want, added.ID)
				}
			})
			numbers, err = api.ListPhoneNumbers(t.Context(), user)
			must(t, err)
			got := idsOf(numbers)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("listed %v\nwant   %v", got, want)
			}
			for n := range 5 {
				found, ok, err := api.RegisteredPhoneNumber(t.Context(), user, "WhatsApp", numberNo(n).MetaPhoneNumberID)
				must(t, err)
				if !ok || !slices.Contains(want, found.ID) {
					t.Errorf("number %d is %+v", n, found)
				}
				isGone(t, api.find(t.Context(), ids[n]))
			}
		})
	}
}

func TestListedNumbersAreInOneOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{ListAddsAfter: time.Hour})
		api.fill(user, 3)
		for n := range 20 {
			_, _, err := api.AddPhoneNumber(t.Context(), user, numberNo(100+n))
			must(t, err)
		}
		first, err := api.ListPhoneNumbers(t.Context(), user)
		must(t, err)
		second, err := api.ListPhoneNumbers(t.Context(), user)
		must(t, err)
		if len(first) != 23 || !slices.Equal(first, second) {
			t.Errorf("listed %v\nand then %v", idsOf(first), idsOf(second))
		}
	})
}

func TestANumberIsGoneWhenTwoListingsLackIt(t *testing.T) {
	inDialects(t, "", func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		ids := api.fill(user, 3)
		began := time.Now()
		isGone(t, api.find(t.Context(), "pn_missing"))
		took(t, began, 2*time.Second, 2*time.Second)
		if api.lists() != 1+2 { // a quick one, and a thorough one 2 s later
			t.Errorf("%d requests", api.lists())
		}
		_, err := api.FindPhoneNumberByMetaID(t.Context(), user, "whatsapp", "404")
		isGone(t, err)
		must(t, api.find(t.Context(), ids[2]))
		if api.lists() != 1+2 {
			t.Errorf("%d requests: the second listing is not shared", api.lists())
		}
	})
}

func TestAllThatMissANumberShareTheSecondListing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		ids := api.fill(user, 5)
		for _, id := range ids[:2] {
			api.sandbox.Remove(id)
		}
		errs := make(chan error)
		for n := range 100 {
			go func() {
				pass(time.Duration(n) * 50 * time.Millisecond)
				errs <- api.find(t.Context(), ids[n%2])
			}()
		}
		for range 100 {
			isGone(t, <-errs)
		}
		if api.lists() != 1+2 {
			t.Errorf("%d requests", api.lists())
		}
	})
}

func TestANumberThatTheSecondListingHasIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		ids := api.fill(user, 3)
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.Respond(200, jsonType, "[]")})
		must(t, api.find(t.Context(), ids[1]))
	})
}

// A failure of the server may show in two listings that are read at one time.
func TestTheSecondListingBeginsAWhileAfterTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		ids := api.fill(user, 3)
		empty := sandbox.Respond(200, jsonType, "[]")
		api.sandbox.Script(
			sandbox.Fault{On: sandbox.OpList, Do: empty},
			sandbox.Fault{On: sandbox.OpList, Do: empty, Before: func() { pass(5 * time.Second) }})
		found := make(chan error, 1)
		go func() { found <- api.find(t.Context(), ids[1]) }()
		synctest.Wait()
		_, err := api.ListPhoneNumbers(t.Context(), user) // a thorough one, right after the first
		must(t, err)
		must(t, <-found)
	})
}

// The listing that a number is missing from for the first time may be the second one of another number.
func TestANumberThatTheListingBeforeHadTakesASecondLookOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		ids := api.fill(user, 3)
		must(t, api.find(t.Context(), ids[0]))
		api.sandbox.Script( // a thorough listing of an account that seems to be empty
			sandbox.Fault{On: sandbox.OpList, Do: sandbox.Respond(200, jsonType, "[]")},
		)
		isGone(t, api.find(t.Context(), "pn_missing"))
		must(t, api.find(t.Context(), ids[1]))
	})
}

func TestAYoungNumberIsListedLate(t *testing.T) {
	for _, test := range []struct {
		name      string
		createdAt func(now time.Time) string
		skew      time.Duration // of the server's clock
		wait      time.Duration // between the two listings
	}{
		{name: "added 5 s ago", createdAt: ago(5 * time.Second), wait: 25 * time.Second},
		{name: "added right now", createdAt: ago(0), wait: 30 * time.Second},
		{name: "added 29 s ago", createdAt: ago(29 * time.Second), wait: 2 * time.Second},
		{name: "added 30 s ago", createdAt: ago(30 * time.Second), wait: 2 * time.Second},
		{name: "added at a fraction of the second that the answer came in", createdAt: func(now time.Time) string { return now.Add(900 * time.Millisecond).Format(time.RFC3339Nano) }, wait: 30 * time.Second},
		{name: "added by a clock that is 3 s ahead", createdAt: ago(-3 * time.Second), wait: 30 * time.Second},
		{name: "added in the future", createdAt: ago(-time.Minute), wait: 2 * time.Second},
		{name: "added at a time unknown", createdAt: func(time.Time) string { return "" }, wait: 2 * time.Second},
		{name: "added at a time that is none", createdAt: func(time.Time) string { return "yesterday" }, wait: 2 * time.Second},
		{name: "added 5 s ago by a clock that is an hour ahead", createdAt: ago(5*time.Second - time.Hour), skew: time.Hour, wait: 25 * time.Second},
	} {
		run(t, test.name, func(t *testing.T) {
			now := func() time.Time { return time.Now().Add(test.skew) }
			api := newAPI(t, sandbox.Options{Now: now})
			api.fill(user, 3)
			began := time.Now()
			_, err := api.FindPhoneNumber(t.Context(), user, "pn_young", test.createdAt(began))
			isGone(t, err)
			took(t, began, test.wait, test.wait)
		})
	}
}

func TestAYoungNumberIsListedLateByAServerWithoutADate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _ := newClient(t, answering(200, jsonType, "[]"))
		began := time.Now()
		_, err := client.FindPhoneNumber(t.Context(), user, "pn_young", ago(10*time.Second)(began))
		isGone(t, err)
		took(t, began, 20*time.Second, 20*time.Second)
	})
}

func ago(d time.Duration) func(time.Time) string {
	return func(now time.Time) string { return now.Add(-d).UTC().Format(time.RFC3339) }
}

func TestANumberThatAnotherProcessAddedIsFoundThoughItIsListedLate(t *testing.T) {
	inDialects(t, "", func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect, ListAddsAfter: 20 * time.Second})
		api.fill(user, 3)
		added := api.sandbox.Add(user, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: "7", AccessToken: token})
		pass(time.Second)
		_, err := api.FindPhoneNumber(t.Context(), user, added.ID, added.CreatedAt.Format(time.RFC3339))
		must(t, err)
	})
}

func TestAFailureRemovesNothing(t *testing.T) {
	for name, test := range map[string]struct {
		behave sandbox.Behaviour
		want   Kind
	}{
		"404 of a wrong base URL":    {sandbox.Respond(404, jsonType, `{"message":"Route GET /x not found"}`), KindWrongBaseURL},
		"404 of a database":          {sandbox.DatabaseDown(), KindServer},
		"404 of an unknown user":     {sandbox.Respond(404, jsonType, `{"message":"User with ID usr_abc123 not found"}`), KindUnknownUser},
		"404 of HTML":                {sandbox.Respond(404, "text/html", htmlPage), KindWrongBaseURL},
		"404 without a body":         {sandbox.Respond(404, "", ""), KindWrongBaseURL},
		"401":                        {refusedKey, KindUnauthorized},
		"403":                        {sandbox.Respond(403, jsonType, `{"message":"no"}`), KindForbidden},
		"500":                        {sandbox.Respond(500, jsonType, `{"message":"boom"}`), KindServer},
		"503":                        {sandbox.Respond(503, "text/plain", "later"), KindServer},
		"200 HTML":                   {sandbox.Respond(200, "text/html", htmlPage), KindUnreadable},
		"200 without a body":         {sandbox.Respond(200, "", ""), KindUnreadable},
		"204":                        {sandbox.Respond(204, "", ""), KindUnreadable},
		"200 JSON of something else": {sandbox.Respond(200, jsonType, `{"status":"ok"}`), KindUnreadable},
		"200 that failed":            {sandbox.Respond(200, jsonType, `{"success":false,"data":[]}`), KindUnreadable},
		"206 of a part":              {sandbox.Respond(206, jsonType, `[]`), KindUnreadable},
		"a row without an id":        {sandbox.Respond(200, jsonType, `[{"platform":"whatsapp","meta_phone_number_id":"1"}]`), KindUnreadable},
		"a torn body":                {sandbox.Torn(), KindNoAnswer},
		"a body cut short":           {sandbox.TornJSON(), KindNoAnswer},
		"a drop":                     {sandbox.Drop(), KindNoAnswer},
		"a time-out":                 {sandbox.Hang(), KindNoAnswer},
		"a redirect":                 {sandbox.RedirectTo(307, "https://example.com/"), KindRedirect},
	} {
		for when, skip := range map[string]int{"in the first listing": 0, "in the second": 1, "in its last page": 2} {
			run(t, name+", "+when, func(t *testing.T) {
				api := newAPI(t, sandbox.Options{})
				ids := api.fill(user, 3)
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Skip: skip, Times: sandbox.Always, Do: test.behave})
				err := api.find(t.Context(), "pn_missing")
				if failure := failureOf(t, err, test.want); errors.Is(failure, ErrNotFound) {
					t.Error(err)
				}
				api.sandbox.ClearFaults()
				pass(time.Minute)
				must(t, api.find(t.Context(), ids[0]))
			})
		}
	}
}

func TestAListingThatKeepsChangingIsUnreadable(t *testing.T) {
	next := 0
	client, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		rows := make([]string, 10)
		for at := range rows {
			next++
			rows[at] = rowOf(fmt.Sprintf(`"id":"pn_%d"`, next))
		}
		_, _ = fmt.Fprintf(w, "[%s]", strings.Join(rows, ","))
	}))
	_, err := client.FindPhoneNumber(t.Context(), user, "pn_1", "")
	check(t, err, KindUnreadable)
}

// What a server that ignores offsets or gives single rows has is believed; what it lacks is in doubt.
func TestAListingThatMayBeCutShortProvesNoNumberGone(t *testing.T) {
	for name, options := range map[string]sandbox.Options{
		"offset is ignored":      {IgnorePaging: true, PageSize: 50},
		"single rows":            {MaxPageSize: 1},
		"every query is refused": {RefuseQuery: true, PageSize: 50},
	} {
		run(t, name, func(t *testing.T) {
			api := newAPI(t, options)
			api.fill(user, 60)
			numbers, err := api.ListPhoneNumbers(t.Context(), user)
			check(t, err, KindUnreadable)
			if numbers != nil {
				t.Errorf("%d numbers", len(numbers))
			}
			first := api.numbers.of(user).latest.rows[0]
			must(t, api.find(t.Context(), first.ID))
			check(t, api.find(t.Context(), "pn_missing"), KindUnreadable)
		})
	}
}

func TestNumbersAreReadFromEveryKindOfServer(t *testing.T) {
	for name, options := range map[string]sandbox.Options{
		"published":                      {Dialect: sandbox.Published},
		"deployed":                       {},
		"with a cap":                     {MaxPageSize: 20},
		"newest first":                   {MaxPageSize: 20, IgnoreOrder: true},
		"that takes a limit of 100":      {MaxLimit: 100},
		"that takes a limit of 50":       {MaxLimit: 50, PageSize: -1},
		"that takes no query":            {RefuseQuery: true, PageSize: -1},
		"that ignores limit and offset":  {IgnorePaging: true, PageSize: -1},
		"that echoes secrets everywhere": {EchoSecrets: true},
	} {
		run(t, name, func(t *testing.T) {
			api := newAPI(t, options)
			ids := api.fill(user, 123)
			numbers, err := api.ListPhoneNumbers(t.Context(), user)
			must(t, err)
			got := idsOf(numbers)
			if options.IgnoreOrder || options.RefuseQuery || options.MaxLimit == 50 { // in an order of its own
				slices.Sort(got)
				slices.Sort(ids)
			}
			if !slices.Equal(got, ids) {
				t.Errorf("%d of %d numbers", len(got), len(ids))
			}
		})
	}
}
