// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// registerAs puts the number into the account behind the client's back.
func (a *api) registerAs(userID, displayName string) string {
	return a.sandbox.Add(userID, sandbox.Number{
		Platform: number.Platform, MetaPhoneNumberID: number.MetaPhoneNumberID, AccessToken: token, DisplayName: &displayName,
	}).ID
}

// alreadyExists is a refusal of a number that is registered, however often it is asked.
var alreadyExists = sandbox.Respond(409, jsonType, `{"message":"Phone number already exists"}`)

func TestAdd(t *testing.T) {
	const all = 1 + DefaultMaxRetries
	onAdd := func(faults ...sandbox.Fault) func(*testing.T, *api) {
		return func(_ *testing.T, api *api) {
			for _, fault := range faults {
				fault.On = sandbox.OpAdd
				api.sandbox.Script(fault)
			}
		}
	}
	for _, test := range []struct {
		name     string
		options  sandbox.Options
		arrange  func(t *testing.T, api *api)
		want     Kind
		existing bool // the error names the number in the way
		adopted  bool
		posts    int
		lists    int
	}{
		{name: "without trouble it takes a list and a post", want: succeeds, posts: 1, lists: 1},
		{
			name:    "a number that is there is named, without a post",
			arrange: func(_ *testing.T, api *api) { api.registerAs(user, "theirs") },
			want:    KindAlreadyExists, existing: true, lists: 2,
		},
		{
			name: "a number that left since the listing is added",
			arrange: func(t *testing.T, api *api) {
				id := api.registerAs(user, "theirs")
				must(t, api.find(t.Context(), id))
				api.sandbox.Remove(id)
			},
			want: succeeds, posts: 1, lists: 2,
		},
		{
			name: "a number that came since the listing is named",
			arrange: func(t *testing.T, api *api) {
				onAdd(sandbox.Fault{Before: func() { api.registerAs(user, number.DisplayName) }})(t, api)
			},
			want: KindAlreadyExists, existing: true, posts: 1, lists: 2,
		},
		{
			name:    "a number of another user is the API's own message",
			arrange: func(_ *testing.T, api *api) { api.registerAs(otherUser, "theirs") },
			want:    KindAlreadyExists, posts: 1, lists: 2,
		},
		{
			name:    "an invalid token is the API's own message",
			options: sandbox.Options{MinTokenLength: 500},
			want:    KindInvalidToken, posts: 1, lists: 1,
		},
		{
			name:    "an invalid Meta id is the API's own message",
			arrange: onAdd(sandbox.Fault{Do: sandbox.Respond(400, jsonType, `{"message":"Invalid meta_phone_number_id"}`)}),
			want:    KindInvalidMetaID, posts: 1, lists: 1,
		},
		{
			name:    "a field that breaks a rule is the API's own message",
			arrange: onAdd(sandbox.Fault{Do: sandbox.Respond(400, jsonType, `{"error":"Failed to add phone number","message":"Validation failed: display_name is too long"}`)}),
			want:    KindOther, posts: 1, lists: 1,
		},
		{
			name: "an unknown user fails before the post",
			arrange: func(_ *testing.T, api *api) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.Respond(404, jsonType, `{"message":"User with ID usr_abc123 not found"}`)})
			},
			want: KindUnknownUser, lists: 1,
		},
		{
			name:    "a refused key fails before the post",
			arrange: func(_ *testing.T, api *api) { api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: refusedKey}) },
			want:    KindUnauthorized, lists: 1,
		},
		{
			name: "a listing that fails for a time keeps no number away",
			arrange: func(_ *testing.T, api *api) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: sandbox.DatabaseDown()})
			},
			want: succeeds, posts: 1, lists: all,
		},
		{
			name: "a listing that cannot be reached for a time keeps no number away",
			arrange: func(_ *testing.T, api *api) {
				api.goWrong(fault{unsent: errRefusedConnection}, sandbox.OpList, all)
			},
			want: succeeds, posts: 1,
		},
		{
			name: "a listing that is unreadable keeps no number away",
			arrange: func(_ *testing.T, api *api) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: sandbox.Respond(200, "text/html", htmlPage)})
			},
			want: succeeds, posts: 1, lists: 1,
		},
		{
			name:    "a redirect is not followed",
			arrange: onAdd(sandbox.Fault{Do: sandbox.RedirectTo(307, "https://example.com/")}),
			want:    KindRedirect, posts: 1, lists: 1,
		},

		{
			name:    "a server that always fails is asked as often as retries allow",
			arrange: onAdd(sandbox.Fault{Times: sandbox.Always, Do: sandbox.Respond(500, "", "")}),
			want:    KindServer, posts: all, lists: 1 + all,
		},
		{
			name:    "a database that always fails is asked as often as retries allow",
			arrange: onAdd(sandbox.Fault{Times: sandbox.Always, Do: sandbox.DatabaseDown()}),
			want:    KindServer, posts: all, lists: 1 + all,
		},
		{
			name: "a database that fails for a moment is asked again",
			arrange: func(t *testing.T, api *api) {
				_, err := api.ListPhoneNumbers(t.Context(), user)
				must(t, err)
				api.sandbox.Script(sandbox.Fault{Times: 3, Do: sandbox.DatabaseDown()}) // of the post and its listing
			},
			want: succeeds, posts: 2, lists: 4,
		},
		{
			name:    "rate limits do not count as retries",
			arrange: onAdd(sandbox.Fault{Times: 20, Do: sandbox.RateLimited("3600")}),
			want:    succeeds, posts: 21, lists: 1,
		},
		{
			name: "a request that was never sent is sent again, without a listing",
			arrange: func(_ *testing.T, api *api) {
				api.goWrong(fault{unsent: errRefusedConnection}, sandbox.OpAdd, DefaultMaxRetries)
			},
			want: succeeds, posts: 1, lists: 1,
		},
		{
			name: "a request that can never be sent is an error",
			arrange: func(_ *testing.T, api *api) {
				api.goWrong(fault{unsent: errRefusedConnection}, sandbox.OpAdd, sandbox.Always)
			},
			want: KindUnreachable, lists: 1,
		},
		{
			name: "a listing that fails after a lost answer leaves the outcome open",
			arrange: func(t *testing.T, api *api) {
				onAdd(sandbox.Fault{Commit: true, Do: sandbox.Drop()})(t, api)
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Skip: 1, Times: sandbox.Always, Do: sandbox.DatabaseDown()})
			},
			want: KindUnknownOutcome, posts: 1, lists: 1 + all,
		},

		{
			name:    "already exists after a lost answer, with a listing that fails, leaves the outcome open",
			options: sandbox.Options{ListAddsAfter: time.Hour},
			arrange: func(t *testing.T, api *api) {
				onAdd(sandbox.Fault{Commit: true, Do: sandbox.Drop()})(t, api)
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Skip: 2, Times: sandbox.Always, Do: sandbox.DatabaseDown()})
			},
			want: KindUnknownOutcome, posts: 2, lists: 2 + all,
		},
		{
			name: "already exists with a listing that fails is the API's own message",
			arrange: func(t *testing.T, api *api) {
				onAdd(sandbox.Fault{Times: sandbox.Always, Do: alreadyExists})(t, api)
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Skip: 1, Times: sandbox.Always, Do: sandbox.DatabaseDown()})
			},
			want: KindAlreadyExists, posts: 1, lists: 1 + all,
		},
		{
			name: "a number of another name after a lost answer is named and not adopted",
			arrange: func(t *testing.T, api *api) {
				onAdd(sandbox.Fault{Do: sandbox.Drop(), Before: func() { api.registerAs(user, "theirs") }})(t, api)
			},
			want: KindAlreadyExists, existing: true, posts: 1, lists: 2,
		},
		{
			name:    "a server's own spelling of the name is not adopted",
			options: sandbox.Options{NormalizeName: func(name string) string { return name + "!" }},
			arrange: onAdd(sandbox.Fault{Commit: true, Do: sandbox.Drop()}),
			want:    KindAlreadyExists, existing: true, posts: 1, lists: 2,
		},
		{
			name: "a number after a lost answer is not adopted where no listing was there before",
			arrange: func(t *testing.T, api *api) {
				onAdd(sandbox.Fault{Commit: true, Do: sandbox.Drop()})(t, api)
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Times: all, Do: sandbox.Respond(500, "", "")})
			},
			want: KindAlreadyExists, existing: true, posts: 1, lists: all + 1,
		},
		{
			name:    "already exists after a lost answer adopts the number that a listing shows late",
			options: sandbox.Options{ListAddsAfter: 600 * time.Millisecond},
			arrange: onAdd(sandbox.Fault{Commit: true, Do: sandbox.Drop()}),
			want:    succeeds, adopted: true, posts: 3, lists: 4,
		},
		{
			name: "already exists after a failure that did nothing, by another name, is not adopted",
			arrange: func(t *testing.T, api *api) {
				onAdd(sandbox.Fault{Do: sandbox.Drop()}, sandbox.Fault{Before: func() { api.registerAs(user, "theirs") }})(t, api)
			},
			want: KindAlreadyExists, existing: true, posts: 2, lists: 3,
		},
	} {
		inDialects(t, test.name, func(t *testing.T, dialect sandbox.Dialect) {
			options := test.options
			options.Dialect = dialect
			api := newAPI(t, options)
			if test.arrange != nil {
				test.arrange(t, api)
			}
			added, adopted, err := api.AddPhoneNumber(t.Context(), user, number)
			failure := failureOf(t, err, test.want)
			held := api.registered(number)
			switch {
			case failure == nil && !slices.Equal(held, []string{added.ID}):
				t.Errorf("added %q, the API holds %v", added.ID, held)
			case test.existing && !slices.Equal(held, []string{failure.ExistingID}):
				t.Errorf("%q is in the way, the API holds %v", failure.ExistingID, held)
			case failure != nil && !test.existing && failure.ExistingID != "":
				t.Errorf("%q is in the way", failure.ExistingID)
			}
			if adopted != test.adopted {
				t.Errorf("adopted: %t", adopted)
			}
			if api.adds() != test.posts || api.lists() != test.lists {
				t.Errorf("%d posts and %d lists, want %d and %d", api.adds(), api.lists(), test.posts, test.lists)
			}
		})
	}
}

func TestALostAnswerIsResolvedByAListing(t *testing.T) {
	for _, fault := range resets(true) {
		for _, name := range []string{number.DisplayName, ""} {
			inDialects(t, fault.name+", name "+name, func(t *testing.T, dialect sandbox.Dialect) {
				api := newAPI(t, sandbox.Options{Dialect: dialect})
				api.goWrong(fault, sandbox.OpAdd, 1)
				named := number
				named.DisplayName = name
				added, adopted, err := api.AddPhoneNumber(t.Context(), user, named)
				must(t, err)
				if held := api.holds(user); !adopted || !slices.Equal(held, []string{added.ID}) || added.DisplayName != name {
					t.Errorf("adopted %t %+v, the API holds %v", adopted, added, held)
				}
				if api.adds() != 1 || api.lists() != 2 {
					t.Errorf("%d posts and %d lists", api.adds(), api.lists())
				}
			})
		}
	}
	for _, fault := range resets(false) {
		inDialects(t, fault.name, func(t *testing.T, dialect sandbox.Dialect) {
			api := newAPI(t, sandbox.Options{Dialect: dialect})
			api.goWrong(fault, sandbox.OpAdd, DefaultMaxRetries)
			added, adopted, err := api.AddPhoneNumber(t.Context(), user, number)
			must(t, err)
			if held := api.holds(user); adopted || !slices.Equal(held, []string{added.ID}) || added.DisplayName != number.DisplayName {
				t.Errorf("adopted %t %+v, the API holds %v", adopted, added, held)
			}
			if api.adds() != 1+DefaultMaxRetries || api.lists() != 1+DefaultMaxRetries {
				t.Errorf("%d posts and %d lists", api.adds(), api.lists())
			}
		})
	}
}

func TestAServerThatListsOrReleasesLateIsWaitedForUpToAMinute(t *testing.T) {
	replace := func(t *testing.T, api *api) {
		old, _, err := api.AddPhoneNumber(t.Context(), user, number)
		must(t, err)
		must(t, api.DeletePhoneNumber(t.Context(), old))
	}
	loseAnswer := func(_ *testing.T, api *api) {
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Commit: true, Do: sandbox.Drop()})
	}
	for _, test := range []struct {
		name        string
		options     sandbox.Options
		arrange     func(t *testing.T, api *api)
		want        Kind
		adopted     bool
		least, most time.Duration
	}{
		{"a release after 58 s", sandbox.Options{ReleaseAfter: 58 * time.Second}, replace, succeeds, false, 58 * time.Second, 67 * time.Second},
		{"a release after an hour", sandbox.Options{ReleaseAfter: time.Hour}, replace, KindAlreadyExists, false, time.Minute, 70 * time.Second},
		{"a release after 58 s that still lists the old one", sandbox.Options{ReleaseAfter: 58 * time.Second, ListDeletesAfter: time.Hour}, replace, succeeds, false, 58 * time.Second, 67 * time.Second},
		{"an add that is listed after 20 s", sandbox.Options{ListAddsAfter: 20 * time.Second}, loseAnswer, succeeds, true, 20 * time.Second, 30 * time.Second},
		{"an add that is listed after 58 s", sandbox.Options{ListAddsAfter: 58 * time.Second}, loseAnswer, succeeds, true, 58 * time.Second, 67 * time.Second},
		{"an add that is listed after an hour", sandbox.Options{ListAddsAfter: time.Hour}, loseAnswer, KindAlreadyExists, false, time.Minute, 70 * time.Second},
		{"a delete elsewhere is not waited for", sandbox.Options{ReleaseAfter: time.Hour}, func(_ *testing.T, api *api) {
			api.sandbox.Remove(api.registerAs(user, "theirs"))
		}, KindAlreadyExists, false, 0, 0},
	} {
		inDialects(t, test.name, func(t *testing.T, dialect sandbox.Dialect) {
			options := test.options
			options.Dialect = dialect
			api := newAPI(t, options, func(o *Options) { o.MaxRetries = 1 })
			test.arrange(t, api)
			began := time.Now()
			added, adopted, err := api.AddPhoneNumber(t.Context(), user, number)
			check(t, err, test.want)
			if held := api.holds(user); adopted != test.adopted || err == nil && !slices.Equal(held, []string{added.ID}) {
				t.Errorf("adopted %t %s, the API holds %v", adopted, added.ID, held)
			}
			took(t, began, test.least, test.most)
		})
	}
}

// What fails while the server has not let go of a number yet is repeated as often as without the wait.
func TestFailuresDuringALateReleaseAreRetried(t *testing.T) {
	for name, fault := range map[string]sandbox.Fault{
		"failures":                {Do: sandbox.Respond(500, "", ""), Times: DefaultMaxRetries},
		"a drop":                  {Do: sandbox.Drop()},
		"a drop after the commit": {Do: sandbox.Drop(), Commit: true},
	} {
		run(t, name, func(t *testing.T) {
			api := newAPI(t, sandbox.Options{})
			old, _, err := api.AddPhoneNumber(t.Context(), user, number)
			must(t, err)
			must(t, api.DeletePhoneNumber(t.Context(), old))
			fault.On = sandbox.OpAdd
			api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Times: 7, Do: alreadyExists}, fault)
			added, _, err := api.AddPhoneNumber(t.Context(), user, number)
			must(t, err)
			if held := api.holds(user); !slices.Equal(held, []string{added.ID}) {
				t.Errorf("the API holds %v", held)
			}
		})
	}
}

// A server may say that it deleted a number and keep it.
func TestANumberThatADeleteLeftBehindKeepsItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		old, _, err := api.AddPhoneNumber(t.Context(), user, number)
		must(t, err)
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpDelete, Do: sandbox.Respond(204, "", "")})
		must(t, api.DeletePhoneNumber(t.Context(), old))
		_, _, err = api.AddPhoneNumber(t.Context(), user, number)
		check(t, err, KindAlreadyExists)
		if held := api.holds(user); !slices.Equal(held, []string{old.ID}) {
			t.Errorf("the API holds %v", held)
		}
	})
}

// Two adds of one number, both without an answer: one of them got it.
func TestANumberThatAnotherAddGotIsNotAdopted(t *testing.T) {
	for name, other := range map[string]sandbox.Fault{
		"with an answer":              {},
		"without an answer":           {Commit: true, Do: sandbox.Drop()},
		"with an answer that is late": {Do: sandbox.Delay(time.Second)},
	} {
		run(t, name, func(t *testing.T) {
			api := newAPI(t, sandbox.Options{})
			first := make(chan error, 1)
			other.On = sandbox.OpAdd
			api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Do: sandbox.Drop(), Before: func() {
				api.sandbox.Script(other)
				_, _, err := api.AddPhoneNumber(context.WithoutCancel(t.Context()), user, number)
				first <- err
			}})
			_, _, err := api.AddPhoneNumber(t.Context(), user, number)
			failure := failureOf(t, err, KindAlreadyExists)
			must(t, <-first)
			if held := api.holds(user); !slices.Equal(held, []string{failure.ExistingID}) {
				t.Errorf("%q is in the way, the API holds %v", failure.ExistingID, held)
			}
		})
	}
}

func TestAnInterruptedAdd(t *testing.T) {
	for _, test := range []struct {
		name    string
		arrange func(api *api, interrupt func())
		want    Kind
		adopted bool
		isThere bool
		most    time.Duration
	}{
		{
			name: "a request that was sent goes on to its answer",
			arrange: func(api *api, interrupt func()) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Before: interrupt, Do: sandbox.Delay(29 * time.Second)})
			},
			want: succeeds, isThere: true, most: 29 * time.Second,
		},
		{
			name: "a lost answer is looked up",
			arrange: func(api *api, interrupt func()) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Before: interrupt, Commit: true, Do: sandbox.Drop()})
			},
			want: succeeds, adopted: true, isThere: true,
		},
		{
			name: "an answer that does not come is looked up",
			arrange: func(api *api, interrupt func()) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Before: interrupt, Commit: true, Do: sandbox.Hang()})
			},
			want: succeeds, adopted: true, isThere: true, most: DefaultRequestTimeout,
		},
		{
			name: "the listing that decides goes on",
			arrange: func(api *api, interrupt func()) {
				api.sandbox.Script(
					sandbox.Fault{On: sandbox.OpAdd, Commit: true, Do: sandbox.Drop()},
					sandbox.Fault{On: sandbox.OpList, Skip: 1, Before: interrupt, Do: sandbox.Delay(29 * time.Second)})
			},
			want: succeeds, adopted: true, isThere: true, most: 29 * time.Second,
		},
		{
			name: "the listing that decides is retried",
			arrange: func(api *api, interrupt func()) {
				api.sandbox.Script(
					sandbox.Fault{On: sandbox.OpAdd, Before: interrupt, Commit: true, Do: sandbox.Drop()},
					sandbox.Fault{On: sandbox.OpList, Skip: 1, Times: 3, Do: sandbox.Respond(500, "", "")})
			},
			want: succeeds, adopted: true, isThere: true, most: 4 * time.Second,
		},
		{
			name: "the listing that decides ends within the request timeout",
			arrange: func(api *api, interrupt func()) {
				api.sandbox.Script(
					sandbox.Fault{On: sandbox.OpAdd, Before: interrupt, Commit: true, Do: sandbox.Drop()},
					sandbox.Fault{On: sandbox.OpList, Skip: 1, Times: sandbox.Always, Do: sandbox.RateLimited("3600")})
			},
			want: KindUnknownOutcome, isThere: true, most: DefaultRequestTimeout,
		},
		{
			name: "with a listing that fails, the outcome is open",
			arrange: func(api *api, interrupt func()) {
				api.sandbox.Script(
					sandbox.Fault{On: sandbox.OpAdd, Before: interrupt, Commit: true, Do: sandbox.Drop()},
					sandbox.Fault{On: sandbox.OpList, Skip: 1, Times: sandbox.Always, Do: sandbox.Respond(500, "", "")})
			},
			want: KindUnknownOutcome, isThere: true, most: DefaultRequestTimeout,
		},
		{
			name: "a request that came to nothing is not sent again",
			arrange: func(api *api, interrupt func()) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Before: interrupt, Times: sandbox.Always, Do: sandbox.Drop()})
			},
			want: KindCanceled,
		},
		{
			name: "a wait at the rate limit ends",
			arrange: func(api *api, interrupt func()) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Times: sandbox.Always, Do: sandbox.RateLimited("30")})
				time.AfterFunc(time.Second, interrupt)
			},
			want: KindCanceled, most: time.Second,
		},
		{
			name: "a wait between retries ends",
			arrange: func(api *api, interrupt func()) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Times: sandbox.Always, Do: sandbox.Respond(500, "", "")})
				time.AfterFunc(100*time.Millisecond, interrupt)
			},
			want: KindCanceled, most: 100 * time.Millisecond,
		},
		{
			name:    "nothing is sent after the interrupt",
			arrange: func(_ *api, interrupt func()) { interrupt() },
			want:    KindCanceled,
		},
	} {
		run(t, test.name, func(t *testing.T) {
			api := newAPI(t, sandbox.Options{})
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			test.arrange(api, interrupt)
			began := time.Now()
			_, adopted, err := api.AddPhoneNumber(ctx, user, number)
			if failure := failureOf(t, err, test.want); test.want == KindCanceled && !errors.Is(failure, context.Canceled) {
				t.Errorf("%v does not say that it was canceled", err)
			}
			if isThere := len(api.holds(user)) == 1; isThere != test.isThere || adopted != test.adopted {
				t.Errorf("adopted %t, the API holds %v", adopted, api.holds(user))
			}
			took(t, began, 0, test.most)
		})
	}
}

func TestAnAddThatRunsOutOfTimeIsStillResolved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Commit: true, Do: sandbox.Hang()})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, adopted, err := api.AddPhoneNumber(ctx, user, number)
		must(t, err)
		if !adopted {
			t.Error("it was not adopted")
		}
	})
}

func TestARateLimitThatOutlastsTheOperationLeavesTheOutcomeOpenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		api.sandbox.Script(
			sandbox.Fault{On: sandbox.OpAdd, Commit: true, Do: sandbox.Drop()},
			sandbox.Fault{On: sandbox.OpList, Skip: 1, Times: sandbox.Always, Do: sandbox.RateLimited("3600")})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		began := time.Now()
		_, _, err := api.AddPhoneNumber(ctx, user, number)
		if failure := failureOf(t, err, KindUnknownOutcome); !strings.Contains(failure.Message, began.Add(time.Hour).UTC().Format(time.RFC3339)) {
			t.Errorf("it does not say when to come back: %v", err)
		}
		took(t, began, 0, 0)
	})
}

func TestAnAddOfManyNumbersListsOnce(t *testing.T) {
	inDialects(t, "", func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		api.fill(user, 7)
		errs := make(chan error)
		for n := range 100 {
			go func() {
				_, adopted, err := api.AddPhoneNumber(t.Context(), user, numberNo(1000+n))
				if adopted {
					err = errors.New("it was adopted")
				}
				errs <- err
			}()
		}
		for range 100 {
			must(t, <-errs)
		}
		if held := len(api.holds(user)); held != 107 || api.adds() != 100 || api.lists() != 1 {
			t.Errorf("%d numbers, %d posts and %d lists", held, api.adds(), api.lists())
		}
	})
}

func TestAnEmptyDisplayNameIsNotSent(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	nameless := number
	nameless.DisplayName = ""
	_, _, err := api.AddPhoneNumber(t.Context(), user, nameless)
	must(t, err)
	for _, request := range api.sandbox.Requests() {
		if request.Method == http.MethodPost && strings.Contains(string(request.Body), "display_name") {
			t.Errorf("sent %s", request.Body)
		}
	}
}
