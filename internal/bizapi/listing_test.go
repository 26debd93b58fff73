// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// waiters counts those who wait for a listing of user.
func (a *api) waiters() int {
	account := a.account(user)
	account.mu.Lock()
	defer account.mu.Unlock()
	count := 0
	for _, f := range []*fetch{account.running, account.next} {
		if f != nil {
			count += len(f.waiters)
		}
	}
	return count
}

// holdList makes the list request that follows wait until the function returned is called.
func (a *api) holdList() (release func()) {
	held := make(chan struct{})
	a.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Before: func() { <-held }})
	return sync.OnceFunc(func() { close(held) })
}

// listings counts fetches: the lists that ask for no offset.
func (a *api) listings() int {
	count := 0
	for _, request := range a.sandbox.Requests() {
		if request.Operation == sandbox.OpList && request.RawQuery == "limit=1000&orderBy=created_at&orderDirection=ASC" {
			count++
		}
	}
	return count
}

func TestAThousandReadersShareOneListing(t *testing.T) {
	api := newAPI(t, sandbox.Options{}, checked(t))
	ids := api.fill(user, 1000)
	release := api.holdList()
	defer release()
	errs := make(chan error, len(ids))
	for _, id := range ids {
		go func() {
			found, err := api.Find(t.Context(), user, id)
			if err == nil && found.ID != id {
				err = fmt.Errorf("found %s instead of %s", found.ID, id)
			}
			errs <- err
		}()
	}
	eventually(t, "all readers wait", func() bool { return api.waiters() == len(ids) })
	release()
	for range ids {
		must(t, <-errs)
	}
	if requests := api.sandbox.Count(sandbox.OpAny); requests != 3 {
		t.Errorf("%d requests for one listing of a thousand numbers", requests)
	}
}

func TestAListingServes(t *testing.T) {
	for _, test := range []struct {
		name     string
		took     time.Duration
		age      time.Duration
		listings int
	}{
		{name: "for 30 s", age: 29 * time.Second, listings: 1},
		{name: "no longer than 30 s", age: 30 * time.Second, listings: 2},
		{name: "for twice the time that it took", took: time.Minute, age: 119 * time.Second, listings: 1},
		{name: "no longer than twice that time", took: time.Minute, age: 120 * time.Second, listings: 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			api := newAPI(t, sandbox.Options{})
			api.fill(user, 5)
			api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Before: func() { api.clock.pass(test.took) }})
			_, err := api.List(t.Context(), user)
			must(t, err)
			api.clock.pass(test.age)
			_, err = api.List(t.Context(), user)
			must(t, err)
			if listings := api.listings(); listings != test.listings {
				t.Errorf("%d listings, want %d", listings, test.listings)
			}
		})
	}
}

// Terraform takes minutes for a state of thousands of numbers, in which the account is not listed anew.
func TestAListingOfManyNumbersServesARefresh(t *testing.T) {
	const rows = 1200
	for _, test := range []struct {
		name     string
		age      time.Duration
		listings int
		read     func(api *api, id string) error
	}{
		{"a number, for 100 ms a row", 119 * time.Second, 1, func(api *api, id string) error {
			_, err := api.Find(t.Context(), user, id)
			return err
		}},
		{"a number, no longer", 120 * time.Second, 2, func(api *api, id string) error {
			_, err := api.Find(t.Context(), user, id)
			return err
		}},
		{"a number by Meta's id, for 100 ms a row", 119 * time.Second, 1, func(api *api, _ string) error {
			_, err := api.FindByMetaID(t.Context(), user, "whatsapp", numberNo(0).MetaPhoneNumberID)
			return err
		}},
		{"all numbers, for 30 s", 30 * time.Second, 2, func(api *api, _ string) error {
			_, err := api.List(t.Context(), user)
			return err
		}},
		{"an add, for 30 s", 30 * time.Second, 2, func(api *api, _ string) error {
			_, err := api.Add(t.Context(), user, numberNo(rows))
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			api := newAPI(t, sandbox.Options{})
			ids := api.fill(user, rows)
			_, err := api.Find(t.Context(), user, ids[0])
			must(t, err)
			api.clock.pass(test.age)
			must(t, test.read(api, ids[rows-1]))
			if listings := api.listings(); listings != test.listings {
				t.Errorf("%d listings, want %d", listings, test.listings)
			}
		})
	}
}

func TestAnErrorReachesAllWhoWaitAndIsNotKept(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	api.fill(user, 5)
	held := make(chan struct{})
	api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Before: func() { <-held }, Do: sandbox.Respond(401, "application/json", `{"message":"Invalid API key"}`)})
	errs := make(chan error, 50)
	for range cap(errs) {
		go func() {
			_, err := api.List(t.Context(), user)
			errs <- err
		}()
	}
	eventually(t, "all readers wait", func() bool { return api.waiters() == cap(errs) })
	close(held)
	for range cap(errs) {
		mustFail(t, <-errs, KindUnauthorized)
	}
	if lists := api.sandbox.Count(sandbox.OpList); lists != 1 {
		t.Errorf("%d lists for one error", lists)
	}
	_, err := api.List(t.Context(), user)
	must(t, err)
}

func TestOneWaitersEnd(t *testing.T) {
	for _, test := range []struct {
		name  string
		first bool // the one that the fetch began for
	}{
		{name: "of the one that asked first leaves the rest waiting", first: true},
		{name: "of one that came later leaves the rest waiting"},
	} {
		t.Run(test.name, func(t *testing.T) {
			api := newAPI(t, sandbox.Options{})
			ids := api.fill(user, 5)
			release := api.holdList()
			defer release()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			contexts := []context.Context{t.Context(), ctx}
			if test.first {
				slices.Reverse(contexts)
			}
			results := map[context.Context]chan error{}
			for at, ctx := range contexts {
				results[ctx] = make(chan error, 1)
				go func() {
					_, err := api.Find(ctx, user, ids[at])
					results[ctx] <- err
				}()
				eventually(t, "the reader waits", func() bool { return api.waiters() == at+1 })
			}
			cancel()
			err := <-results[ctx]
			mustFail(t, err, KindCanceled)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%v does not say that it was canceled", err)
			}
			release()
			must(t, <-results[t.Context()])
		})
	}
}

func TestAFetchThatNobodyWaitsForEnds(t *testing.T) {
	api := newAPI(t, sandbox.Options{}, func(o *Options) { o.RequestTimeout = time.Hour })
	api.fill(user, 5)
	ended := make(chan struct{})
	api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.Hang()})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer close(ended)
		_, err := api.List(ctx, user)
		if KindOf(err) != KindCanceled {
			t.Errorf("got %v", err)
		}
	}()
	eventually(t, "the list is sent", func() bool { return api.sandbox.Count(sandbox.OpList) == 1 })
	cancel()
	<-ended
	api.fetches.Wait() // the request would hang for an hour
	_, err := api.List(t.Context(), user)
	must(t, err)
}

// late gives an answer as it was when the request came, after work.
func late(work func()) sandbox.Behaviour {
	return func(w http.ResponseWriter, _ *http.Request, answer sandbox.Answer) {
		work()
		w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
		w.WriteHeader(answer.Status)
		_, _ = w.Write(answer.Body)
	}
}

func TestOwnChangesShowInTheListing(t *testing.T) {
	for _, test := range []struct {
		name string
		read func(t *testing.T, api *api, change func())
	}{
		{
			name: "that was read before them",
			read: func(_ *testing.T, _ *api, change func()) { change() },
		},
		{
			name: "that was in flight when they landed",
			read: func(t *testing.T, api *api, change func()) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Commit: true, Do: late(change)})
				_, err := api.account(user).fresh(t.Context())
				must(t, err)
			},
		},
		{
			name: "whose last page was in flight when they landed",
			read: func(t *testing.T, api *api, change func()) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Skip: 1, Commit: true, Do: late(change)})
				_, err := api.account(user).fresh(t.Context())
				must(t, err)
			},
		},
		{
			name: "that began after them",
			read: func(t *testing.T, api *api, change func()) {
				change()
				_, err := api.account(user).fresh(t.Context())
				must(t, err)
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			api := newAPI(t, sandbox.Options{})
			ids := api.fill(user, 10)
			_, err := api.List(t.Context(), user)
			must(t, err)
			var added []Added
			test.read(t, api, func() {
				for _, id := range ids[:5] {
					must(t, api.Delete(context.Background(), user, id))
				}
				for n := range 5 { // the same numbers under new ids: a replacement of five
					again, err := api.Add(context.Background(), user, numberNo(n))
					must(t, err)
					added = append(added, again)
				}
			})
			numbers, err := api.List(t.Context(), user)
			must(t, err)
			want := slices.Clone(ids[5:])
			for _, again := range added {
				want = append(want, again.ID)
			}
			if got := idsOf(numbers); !slices.Equal(got, want) {
				t.Errorf("listed %v\nwant   %v", got, want)
			}
			for n, again := range added {
				found, err := api.FindByMetaID(t.Context(), user, "WhatsApp", numberNo(n).MetaPhoneNumberID)
				must(t, err)
				if len(found) != 1 || found[0].ID != again.ID {
					t.Errorf("number %d is %v, want %s and no ghost", n, idsOf(found), again.ID)
				}
			}
		})
	}
}

func TestAListingThatReadersHoldIsNotChanged(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	ids := api.fill(user, 3)
	before, err := api.List(t.Context(), user)
	must(t, err)
	must(t, api.Delete(t.Context(), user, ids[1]))
	after, err := api.List(t.Context(), user)
	must(t, err)
	if got := idsOf(after); !slices.Equal(got, []string{ids[0], ids[2]}) {
		t.Errorf("the next shows %v", got)
	}
	_, err = api.Add(t.Context(), user, number)
	must(t, err)
	if got := idsOf(before); !slices.Equal(got, ids) {
		t.Errorf("it shows %v instead of %v", got, ids)
	}
}

func TestAReplacementOfAHundredNumbersAtOnce(t *testing.T) {
	api := newAPI(t, sandbox.Options{MaxPageSize: 40}, checked(t))
	ids := api.fill(user, 100)
	var group sync.WaitGroup
	turns := make(chan struct{}, 10) // Terraform's parallelism
	for n, id := range ids {
		group.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			if n%10 == 0 {
				api.clock.pass(31 * time.Second) // listings begin in the middle of it
			}
			if err := api.Delete(t.Context(), user, id); err != nil {
				t.Error(err)
				return
			}
			if _, err := api.Add(t.Context(), user, numberNo(n)); err != nil {
				t.Errorf("number %d is lost: %v", n, err)
			}
		})
	}
	group.Wait()
	if left := len(api.holds(user)); left != 100 {
		t.Errorf("the API holds %d numbers, want 100", left)
	}
}

func TestANumberIsBelievedGone(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	ids := api.fill(user, 200)
	_, err := api.List(t.Context(), user)
	must(t, err)
	for _, id := range ids[20:] {
		api.sandbox.Remove(id)
	}
	api.clock.pass(time.Minute)
	api.sandbox.ForgetRequests()

	t.Run("once two listings lack it, which all who miss one share", func(t *testing.T) {
		errs := make([]error, len(ids))
		var group sync.WaitGroup
		for at, id := range ids {
			group.Go(func() { _, errs[at] = api.Find(t.Context(), user, id) })
		}
		group.Wait()
		for at, err := range errs {
			if isGone := errors.Is(err, ErrNotFound); isGone != (at >= 20) {
				t.Errorf("number %d: %v", at, err)
			}
		}
		if listings := api.listings(); listings != 2 {
			t.Errorf("%d listings, want 2", listings)
		}
	})
	t.Run("by a later reader too, without another listing", func(t *testing.T) {
		_, err := api.Find(t.Context(), user, ids[100])
		if listings := api.listings(); !errors.Is(err, ErrNotFound) || listings != 2 {
			t.Errorf("got %v after %d listings", err, listings)
		}
	})
	t.Run("after two more listings once these are over", func(t *testing.T) {
		api.clock.pass(time.Minute)
		_, err := api.Find(t.Context(), user, ids[100])
		if listings := api.listings(); !errors.Is(err, ErrNotFound) || listings != 4 {
			t.Errorf("got %v after %d listings", err, listings)
		}
	})
}

func TestALateReaderTakesTheListingThatFollowedItsOwn(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	account := api.account(user)
	first, err := account.recent(t.Context())
	must(t, err)
	second, err := account.fresh(t.Context())
	must(t, err)
	third, err := account.after(t.Context(), first)
	must(t, err)
	if third != second || api.listings() != 2 {
		t.Errorf("%d listings", api.listings())
	}
}

func TestANumberIsNotBelievedGone(t *testing.T) {
	empty := sandbox.Respond(200, "application/json", "[]")
	for _, test := range []struct {
		name     string
		fault    sandbox.Fault
		want     Kind // -1: it is found
		listings int
	}{
		{name: "after one empty listing", fault: sandbox.Fault{Do: empty}, want: -1, listings: 2},
		{name: "after two empty listings", fault: sandbox.Fault{Times: 2, Do: empty}, want: -1, listings: 3},
		{name: "by an answer that is no page", fault: sandbox.Fault{Do: sandbox.Respond(203, "application/json", "[]")}, want: KindUnreadable, listings: 1},
		{name: "by an empty page with an error", fault: sandbox.Fault{Do: sandbox.Respond(200, "application/json", `{"success":true,"data":[],"error":{"code":7}}`)}, want: KindUnreadable, listings: 1},
		{name: "by an empty page that counts rows", fault: sandbox.Fault{Do: sandbox.Respond(200, "application/json", `{"data":[],"count":3}`)}, want: KindUnreadable, listings: 1},
		{name: "when the second listing fails", fault: sandbox.Fault{Skip: 1, Times: sandbox.Always, Do: sandbox.Respond(500, "", "")}, want: KindServer, listings: 1 + 1 + DefaultMaxRetries},
		{name: "by a 404 for the route", fault: sandbox.Fault{Do: sandbox.Respond(404, "application/json", `{"message":"Route GET /users not found"}`)}, want: KindUnknownRoute, listings: 1},
		{name: "by a 404 for the user", fault: sandbox.Fault{Do: sandbox.Respond(404, "application/json", `{"message":"User with ID usr_abc123 not found"}`)}, want: KindUnknownUser, listings: 1},
		{name: "by a 401", fault: sandbox.Fault{Do: sandbox.Respond(401, "application/json", `{"message":"Invalid API key"}`)}, want: KindUnauthorized, listings: 1},
		{name: "by a 403", fault: sandbox.Fault{Do: sandbox.Respond(403, "", "")}, want: KindForbidden, listings: 1},
		{name: "by an HTML page", fault: sandbox.Fault{Do: sandbox.Respond(200, "text/html", htmlPage)}, want: KindUnreadable, listings: 1},
		{name: "by torn JSON that stays torn", fault: sandbox.Fault{Times: sandbox.Always, Do: sandbox.TornJSON()}, want: KindNoAnswer, listings: 1 + DefaultMaxRetries},
	} {
		t.Run(test.name, func(t *testing.T) {
			api := newAPI(t, sandbox.Options{})
			ids := api.fill(user, 3)
			if test.name == "when the second listing fails" {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: empty})
				test.fault.Skip = 0
			}
			test.fault.On = sandbox.OpList
			api.sandbox.Script(test.fault)
			_, err := api.Find(t.Context(), user, ids[0])
			if test.want == -1 {
				must(t, err)
			} else {
				mustFail(t, err, test.want)
			}
			if listings := api.listings(); listings != test.listings {
				t.Errorf("%d listings, want %d", listings, test.listings)
			}
		})
	}
}

// A server that has a mishap still has it at once.
func TestAMissingNumberIsLookedForAgainLater(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	ids := api.fill(user, 3)
	api.sandbox.Remove(ids[0])
	_, err := api.Find(t.Context(), user, ids[0])
	if slept := api.clock.sleeps(); !errors.Is(err, ErrNotFound) || !slices.Equal(slept, []time.Duration{confirmAfter}) {
		t.Errorf("got %v after waits of %v", err, slept)
	}
	for _, id := range ids[1:] {
		api.sandbox.Remove(id)
	}
	api.clock.pass(time.Minute)
	_, err = api.Find(t.Context(), user, ids[1])
	if slept := api.clock.total(); !errors.Is(err, ErrNotFound) || slept != 3*confirmAfter {
		t.Errorf("got %v after waits of %v in all: an empty account wants a third listing", err, slept)
	}
}

// laggingList answers lists as they would have been before the change that is made.
func (a *api) laggingList(times int) {
	stale := a.sandbox.Numbers(user)
	rows := make([]string, len(stale))
	for at, row := range stale {
		rows[at] = fmt.Sprintf(`{"id":%q,"platform":%q,"meta_phone_number_id":%q}`, row.ID, row.Platform, row.MetaPhoneNumberID)
	}
	a.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Times: times, Do: func(w http.ResponseWriter, r *http.Request, answer sandbox.Answer) {
		page := "[" + strings.Join(rows, ",") + "]"
		if r.URL.Query().Get("offset") != "" {
			page = "[]"
			if r.URL.Query().Get("offset") == strconv.Itoa(len(rows)-1) {
				page = "[" + rows[len(rows)-1] + "]"
			}
		}
		sandbox.Respond(200, "application/json", page)(w, r, answer)
	}})
}

// A deleted number may stay in a server's listings for a while, and an added one may not be there yet.
func TestListingsThatLagBehindOwnChanges(t *testing.T) {
	t.Run("do not keep a number that was deleted from being added again", func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		api.fill(user, 3)
		old := api.sandbox.Numbers(user)[1]
		api.laggingList(sandbox.Always)
		must(t, api.Delete(t.Context(), user, old.ID))
		added, err := api.Add(t.Context(), user, numberNo(1))
		must(t, err)
		if added.ID == old.ID || added.Adopted {
			t.Errorf("added %+v in place of %s", added, old.ID)
		}
	})
	t.Run("do not have one that was deleted adopted", func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		api.fill(user, 3)
		old := api.sandbox.Numbers(user)[1]
		api.laggingList(9)
		must(t, api.Delete(t.Context(), user, old.ID))
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Do: sandbox.Respond(503, "", "")})
		added, err := api.Add(t.Context(), user, numberNo(1))
		must(t, err)
		if added.ID == old.ID {
			t.Errorf("adopted %s, which is deleted", old.ID)
		}
	})
	t.Run("do not lack one that was added", func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		api.fill(user, 3)
		api.laggingList(sandbox.Always)
		added, err := api.Add(t.Context(), user, number)
		must(t, err)
		api.clock.pass(settlingTime - time.Second)
		_, err = api.Find(t.Context(), user, added.ID)
		must(t, err)
		api.clock.pass(time.Hour)
		if _, err = api.Find(t.Context(), user, added.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("a number that never shows is believed in for ever: %v", err)
		}
	})
}

func TestAnEmptyAccountIsBelievedHoweverLongItsListingsTake(t *testing.T) {
	for _, took := range []time.Duration{5 * time.Second, 14 * time.Second, time.Minute} {
		api := newAPI(t, sandbox.Options{})
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Before: func() { api.clock.pass(took) }})
		_, err := api.Find(t.Context(), user, "pn_gone")
		if lists := api.sandbox.Count(sandbox.OpList); !errors.Is(err, ErrNotFound) || lists != emptyListings {
			t.Errorf("%s each: got %v after %d lists", took, err, lists)
		}
	}
}

// A listing that another operation takes meanwhile may hold the number before its own add hears of it.
func TestAnAnswerThatComesAfterAListingThatHasTheNumberIsTaken(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Commit: true, Do: late(func() {
		_, err := api.account(user).fresh(t.Context())
		must(t, err)
	})})
	added, err := api.Add(t.Context(), user, number)
	must(t, err)
	if added.Adopted {
		t.Error("an answer that came is taken for one that was lost")
	}
}

func TestAnAnswerThatNamesAnotherNumberIsNotTaken(t *testing.T) {
	api := newAPI(t, sandbox.Options{Dialect: sandbox.Published})
	ids := api.fill(user, 2)
	api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Commit: true, Do: sandbox.Respond(201, "application/json", fmt.Sprintf(`{"id":%q}`, ids[0]))})
	added, err := api.Add(t.Context(), user, number)
	must(t, err)
	if added.ID == ids[0] || !added.Adopted {
		t.Errorf("got %+v", added)
	}
}

func TestAListingThatOutlastsTheOneBeforeItDoesNotMakeANumberGone(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	api.fill(user, 3)
	// The second listing takes an hour; by its end the first has long ceased to serve.
	api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Skip: 3, Before: func() { api.clock.pass(time.Hour) }})
	_, err := api.Find(t.Context(), user, "no such number")
	if listings := api.listings(); !errors.Is(err, ErrNotFound) || listings != 3 {
		t.Errorf("got %v after %d listings, want the third to tell", err, listings)
	}
}

func TestAFreshListing(t *testing.T) {
	t.Run("joins no fetch that began before the question", func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		ids := api.fill(user, 20)
		account := api.account(user)
		asked := make(chan struct{})
		results := make(chan error, 5)
		// A number goes after the running fetch has read it, and before the questions arise.
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Commit: true, Do: late(func() {
			api.sandbox.Remove(ids[2])
			for range cap(results) {
				go func() {
					listing, err := account.fresh(t.Context())
					if err == nil && !account.lacks(listing, ids[2]) {
						err = errors.New("a row that went before the question is there")
					}
					results <- err
				}()
			}
			eventually(t, "all ask", func() bool { return api.waiters() == 1+cap(results) })
			close(asked)
		})})
		_, err := api.List(t.Context(), user)
		must(t, err)
		<-asked
		for range cap(results) {
			must(t, <-results)
		}
		if listings := api.listings(); listings != 2 {
			t.Errorf("%d listings, want one for all who asked and the one before", listings)
		}
	})
	t.Run("begins at once when the fetch before it is left by all", func(t *testing.T) {
		api := newAPI(t, sandbox.Options{}, func(o *Options) { o.RequestTimeout = time.Hour })
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.Hang()})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _, _ = api.List(ctx, user) }()
		eventually(t, "the list is sent", func() bool { return api.sandbox.Count(sandbox.OpList) == 1 })
		fresh := make(chan error)
		go func() {
			_, err := api.account(user).fresh(t.Context())
			fresh <- err
		}()
		eventually(t, "the question is asked", func() bool { return api.waiters() == 2 })
		cancel()
		must(t, <-fresh)
	})
}

func TestNoUserWaitsForAnother(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	ids := api.fill(otherUser, 100)
	release := api.holdList()
	defer release()
	waiting := make(chan error)
	go func() {
		_, err := api.List(t.Context(), user)
		waiting <- err
	}()
	eventually(t, "one user's list is sent", func() bool { return api.sandbox.Count(sandbox.OpList) == 1 })
	for _, id := range ids {
		_, err := api.Find(t.Context(), otherUser, id)
		must(t, err)
	}
	if lists := api.sandbox.Count(sandbox.OpList); lists != 1+4 {
		t.Errorf("%d lists", lists)
	}
	release()
	must(t, <-waiting)
}

func TestAnApplyOfManyNumbersListsSeldom(t *testing.T) {
	api := newAPI(t, sandbox.Options{}, checked(t))
	for n := range 250 {
		_, err := api.Add(t.Context(), user, numberNo(n))
		must(t, err)
	}
	if adds, lists := api.sandbox.Count(sandbox.OpAdd), api.sandbox.Count(sandbox.OpList); adds != 250 || lists != 1 {
		t.Errorf("%d adds and %d lists", adds, lists)
	}
}

func TestClose(t *testing.T) {
	api := newAPI(t, sandbox.Options{}, func(o *Options) { o.RequestTimeout = time.Hour })
	api.fill(user, 3)
	api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.Hang()})
	waiting := make(chan error)
	go func() {
		_, err := api.List(t.Context(), user)
		waiting <- err
	}()
	eventually(t, "the list is sent", func() bool { return api.sandbox.Count(sandbox.OpList) == 1 })
	api.Close()
	mustFail(t, <-waiting, KindCanceled)
	api.sandbox.ForgetRequests()
	_, err := api.List(t.Context(), user)
	mustFail(t, err, KindCanceled)
	if requests := api.sandbox.Requests(); len(requests) > 0 {
		t.Error("a closed client sent a request")
	}
	api.Close()
}

// slowEnd is a transport that takes its time to give up.
type slowEnd struct{ sent, ended chan struct{} }

func (s slowEnd) RoundTrip(request *http.Request) (*http.Response, error) {
	close(s.sent)
	<-request.Context().Done()
	for range 1000 {
		runtime.Gosched()
	}
	close(s.ended)
	return nil, request.Context().Err()
}

func TestCloseWaitsForWhatItEnds(t *testing.T) {
	slow := slowEnd{make(chan struct{}), make(chan struct{})}
	client, _ := newClient(t, nil, func(o *Options) { o.Transport = slow })
	go func() { _, _ = client.List(t.Context(), user) }()
	<-slow.sent
	client.Close()
	select {
	case <-slow.ended:
	default:
		t.Error("a request goes on")
	}
}

func TestCloseLeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	server := httptest.NewServer(sandbox.New(sandbox.Options{APIKey: apiKey, Users: []string{user}}))
	base, err := ParseBaseURL(server.URL+"/v1", false)
	must(t, err)
	client, err := New(Options{BaseURL: base, APIKey: apiKey})
	must(t, err)
	var group sync.WaitGroup
	for n := range 20 {
		group.Go(func() {
			added, err := client.Add(t.Context(), user, numberNo(n))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := client.Find(t.Context(), user, added.ID); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	client.Close()
	server.Close()
	eventually(t, "all goroutines end", func() bool { return runtime.NumGoroutine() <= before })
}

// TestWorkspacesAtOnce runs an apply and a destroy of two clients on one user.
func TestWorkspacesAtOnce(t *testing.T) {
	api := newAPI(t, sandbox.Options{MaxPageSize: 30})
	ids := api.fill(user, 100)
	base, err := ParseBaseURL(api.url+"/v1", false)
	must(t, err)
	other, err := New(Options{BaseURL: base, APIKey: apiKey, Clock: api.clock})
	must(t, err)
	defer other.Close()
	var group sync.WaitGroup
	for n, id := range ids {
		group.Go(func() {
			if _, err := api.Find(t.Context(), user, id); err != nil && !errors.Is(err, ErrNotFound) && KindOf(err) != KindUnreadable {
				t.Error(err)
			}
			if err := api.Delete(t.Context(), user, id); err != nil {
				t.Error(err)
			}
		})
		group.Go(func() {
			if _, err := other.Add(t.Context(), user, numberNo(1000+n)); err != nil && KindOf(err) != KindUnreadable {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, left := range api.sandbox.Numbers(user) {
		if slices.Contains(ids, left.ID) {
			t.Errorf("%s is left", left.ID)
		}
	}
}
