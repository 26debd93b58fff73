// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// A server may need a moment to let go of a number that was deleted.
func TestANumberThatIsReplacedWaitsUntilTheServerLetsGoOfIt(t *testing.T) {
	for replaces, want := range map[string]int{"": 1, "pn_old": 4} {
		dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
			api := newAPI(t, sandbox.Options{Dialect: dialect})
			api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Times: 3, Do: sandbox.Respond(409, "application/json", `{"message":"Phone number already exists"}`)})
			again := number
			again.Replaces = replaces
			_, err := api.Add(t.Context(), user, again)
			if posts := api.sandbox.Count(sandbox.OpAdd); posts != want {
				t.Errorf("%d requests, want %d", posts, want)
			}
			if replaces == "" {
				mustFail(t, err, KindAlreadyExists)
				return
			}
			must(t, err)
		})
	}
}

// What goes wrong while a server has not let go of a number yet is repeated as ever: the wait before counts
// for nothing.
func TestAMishapAmongManyWaitsForANumberIsRepeated(t *testing.T) {
	registered := sandbox.Respond(409, "application/json", `{"message":"Phone number already exists"}`)
	for name, mishap := range map[string]sandbox.Fault{
		"a failure":               {Do: sandbox.Respond(500, "text/plain", "failed"), Times: DefaultMaxRetries},
		"a drop":                  {Do: sandbox.Drop()},
		"a drop after the commit": {Do: sandbox.Drop(), Commit: true},
	} {
		t.Run(name, func(t *testing.T) {
			api := newAPI(t, sandbox.Options{})
			began := api.clock.Now()
			posts := 0
			mishap.On = sandbox.OpAdd
			api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Times: 7, Do: registered, Before: func() { posts++ }})
			api.sandbox.Script(mishap)
			again := number
			again.Replaces = "pn_old"
			added, err := api.Add(t.Context(), user, again)
			must(t, err)
			if held := api.holds(user); len(held) != 1 || posts != 7 || added.ID == "" {
				t.Errorf("the account holds %v after %d refusals in %s", held, posts, api.clock.Now().Sub(began))
			}
		})
	}
}

func TestANumberThatIsFreeAfterAMinuteIsAdded(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	free := api.clock.Now().Add(time.Minute)
	registered := sandbox.Respond(409, "application/json", `{"message":"Phone number already exists"}`)
	api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Times: sandbox.Always, Do: func(w http.ResponseWriter, r *http.Request, answer sandbox.Answer) {
		if api.clock.Now().After(free) {
			api.sandbox.ClearFaults()
		}
		registered(w, r, answer)
	}})
	again := number
	again.Replaces = "pn_old"
	_, err := api.Add(t.Context(), user, again)
	must(t, err)
}

// A delete that a server only says it did leaves the number where it is.
func TestANumberThatWasNotDeletedAfterAllIsNamed(t *testing.T) {
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		old, err := api.Add(t.Context(), user, number)
		must(t, err)
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpDelete, Do: sandbox.Respond(204, "", "")})
		must(t, api.Delete(t.Context(), user, old.ID))
		again := number
		again.Replaces = old.ID
		_, err = api.Add(t.Context(), user, again)
		if failure := failureOf(t, err, KindAlreadyExists); failure.Existing == nil || failure.Existing.ID != old.ID {
			t.Errorf("got %v", err)
		}
	})
}

// A wait for the rate limit is no time in which a server cannot be reached.
func TestAnOutageBehindARateLimitIsWaitedOut(t *testing.T) {
	for name, doing := range map[string]func(*api) error{
		"list":   func(api *api) error { _, err := api.List(t.Context(), user); return err },
		"delete": func(api *api) error { return api.Delete(t.Context(), user, "pn_1") },
		"add":    func(api *api) error { _, err := api.Add(t.Context(), user, number); return err },
	} {
		t.Run(name, func(t *testing.T) {
			road := &faultyRoad{err: &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connect: connection refused")}}
			api := newAPI(t, sandbox.Options{}, func(o *Options) { road.RoundTripper, o.Transport = o.Transport, road })
			operation := map[string]sandbox.Operation{"list": sandbox.OpList, "delete": sandbox.OpDelete, "add": sandbox.OpAdd}[name]
			// The outage begins with the 429.
			api.sandbox.Script(sandbox.Fault{On: operation, Do: sandbox.RateLimited("600"), Before: func() {
				road.mu.Lock()
				defer road.mu.Unlock()
				road.operation, road.times = methods[operation], 3
			}})
			if err := doing(api); err != nil && KindOf(err) != KindUnknownNumber {
				t.Error(err)
			}
			if road.lost != 3 {
				t.Errorf("%d requests were lost: nothing is proven", road.lost)
			}
		})
	}
}

// Somebody may give the Meta id for the token: it is cut out of what is shown, and the number is found.
func TestANumberIsFoundUnderAMetaIDThatIsASecret(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	mistaken := number
	mistaken.AccessToken = number.MetaPhoneNumberID
	added, err := api.Add(t.Context(), user, mistaken)
	must(t, err)
	_, err = api.Add(t.Context(), user, mistaken)
	if failure := failureOf(t, err, KindAlreadyExists); failure.Existing == nil || failure.Existing.ID != added.ID {
		t.Errorf("got %v", err)
	}
	again, _ := newClient(t, nil, func(o *Options) { o.BaseURL = api.baseURL })
	again.secrets.Hold(mistaken.AccessToken)
	found, err := again.FindByMetaID(t.Context(), user, number.Platform, number.MetaPhoneNumberID)
	must(t, err)
	if len(found) != 1 || found[0].ID != added.ID || found[0].MetaPhoneNumberID != Redacted {
		t.Errorf("found %+v", found)
	}
}

func TestAddFindDelete(t *testing.T) {
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect}, checked(t))
		added, err := api.Add(t.Context(), user, number)
		must(t, err)
		if added.Adopted || added.ID == "" || added.UserID != user || added.Platform != "whatsapp" ||
			added.MetaPhoneNumberID != number.MetaPhoneNumberID || added.DisplayName != number.DisplayName ||
			added.CreatedAt != "2025-02-10T10:00:00Z" {
			t.Errorf("added %+v", added)
		}
		found, err := api.Find(t.Context(), user, added.ID)
		must(t, err)
		if found != added.PhoneNumber {
			t.Errorf("found %+v, added %+v", found, added.PhoneNumber)
		}
		must(t, api.Delete(t.Context(), user, added.ID))
		if _, err := api.Find(t.Context(), user, added.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("a deleted number is found: %v", err)
		}
		if left := api.holds(user); len(left) > 0 {
			t.Errorf("the API still holds %v", left)
		}
	})
}

func TestAddLeavesAnEmptyDisplayNameOut(t *testing.T) {
	api := newAPI(t, sandbox.Options{}, checked(t))
	nameless := number
	nameless.DisplayName = ""
	_, err := api.Add(t.Context(), user, nameless)
	must(t, err)
	for _, request := range api.sandbox.Requests() {
		if request.Operation == sandbox.OpAdd && strings.Contains(string(request.Body), "display_name") {
			t.Errorf("sent %s", request.Body)
		}
	}
}

// faultyRoad is a transport that loses requests before they are sent.
type faultyRoad struct {
	http.RoundTripper
	err error

	mu        sync.Mutex
	operation string
	times     int // -1: always
	lost      int
}

func (r *faultyRoad) RoundTrip(request *http.Request) (*http.Response, error) {
	r.mu.Lock()
	isLost := request.Method == r.operation && r.times != 0
	if isLost {
		r.times--
		r.lost++
	}
	r.mu.Unlock()
	if isLost {
		return nil, r.err
	}
	return r.RoundTripper.RoundTrip(request)
}

// fault is one way in which a request goes wrong.
type fault struct {
	name     string
	commit   bool
	behave   sandbox.Behaviour
	road     error // lost before it was sent
	isAnswer bool  // a 2xx that another listing or delete takes for what it says
}

const htmlPage = "<html><body>502 Bad Gateway</body></html>"

func faults() []fault {
	return []fault{
		{name: "drop before the commit", behave: sandbox.Drop()},
		{name: "drop after the commit", behave: sandbox.Drop(), commit: true},
		{name: "500 before the commit", behave: sandbox.Respond(500, "application/json", `{"error":"Internal Server Error","message":"boom"}`)},
		{name: "502 HTML after the commit", behave: sandbox.Respond(502, "text/html", htmlPage), commit: true},
		{name: "time-out after the commit", behave: sandbox.Hang(), commit: true},
		{name: "torn answer", behave: sandbox.Torn(), commit: true},
		{name: "torn JSON", behave: sandbox.TornJSON(), commit: true},
		{name: "2xx without an id", behave: sandbox.Respond(201, "application/json", `{"success":true,"data":{"platform":"whatsapp"}}`), commit: true, isAnswer: true},
		{name: "200 HTML before the commit", behave: sandbox.Respond(200, "text/html", htmlPage)},
		{name: "303 after the commit", behave: sandbox.RedirectTo(303, "/v1/elsewhere"), commit: true},
		{name: "408 after the commit", behave: sandbox.Respond(408, "", ""), commit: true},
		{name: "429", behave: sandbox.RateLimited("30")},
		{name: "429 without Retry-After", behave: sandbox.RateLimited("")},
		{name: "503", behave: sandbox.Respond(503, "text/plain", "come back later", "Retry-After: 3")},
		{name: "connection refused", road: &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connect: connection refused")}},
		{name: "DNS failure", road: &net.DNSError{Err: "no such host", Name: "api.example.com", IsNotFound: true}},
	}
}

// methods of the operations, for faults on the road.
var methods = map[sandbox.Operation]string{
	sandbox.OpAdd: http.MethodPost, sandbox.OpList: http.MethodGet, sandbox.OpDelete: http.MethodDelete,
}

// faultyAPI scripts a fault on one operation of an API that holds three numbers.
func faultyAPI(t *testing.T, dialect sandbox.Dialect, fault fault, operation sandbox.Operation, times int) (*api, *faultyRoad) {
	road := &faultyRoad{err: fault.road}
	api := newAPI(t, sandbox.Options{Dialect: dialect}, func(o *Options) {
		road.RoundTripper, o.Transport = o.Transport, road
		o.MaxRetries = 2
		if fault.name == "time-out after the commit" {
			o.RequestTimeout = 50 * time.Millisecond
		}
	})
	api.fill(user, 3)
	if times == sandbox.Always && fault.name == "429" {
		fault.behave = sandbox.RateLimited("3600") // a fake clock would go round until a real minute is over
	}
	if fault.road != nil {
		road.operation, road.times = methods[operation], times
		return api, road
	}
	api.sandbox.Script(sandbox.Fault{On: operation, Times: times, Commit: fault.commit, Do: fault.behave})
	return api, road
}

func (r *faultyRoad) repair() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.times = 0
}

// deadline lasts for a 429 of half a minute, and not for one of an hour.
func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// TestFaultMatrix adds, lists and deletes while one operation goes wrong, once and always. After
// each, the caller knows what the API holds or is told what it cannot know; and when the fault is
// over, doing it again ends well.
func TestFaultMatrix(t *testing.T) {
	extents := map[int]string{1: "first attempt", sandbox.Always: "every attempt"}
	works := map[string]func(*testing.T, sandbox.Dialect, fault, sandbox.Operation, int){
		"adding": addUnderFault, "deleting": deleteUnderFault, "reading": readUnderFault,
	}
	for _, fault := range faults() {
		for _, operation := range []sandbox.Operation{sandbox.OpAdd, sandbox.OpList, sandbox.OpDelete} {
			for times, extent := range extents {
				for work, under := range works {
					t.Run(fmt.Sprintf("%s/%s/%s/%s", fault.name, operation, extent, work), func(t *testing.T) {
						dialects(t, func(t *testing.T, dialect sandbox.Dialect) { under(t, dialect, fault, operation, times) })
					})
				}
			}
		}
	}
}

func addUnderFault(t *testing.T, dialect sandbox.Dialect, fault fault, operation sandbox.Operation, times int) {
	api, road := faultyAPI(t, dialect, fault, operation, times)
	added, err := api.Add(deadline(t), user, number)
	registered := func() (ids []string) {
		for _, n := range api.sandbox.Numbers(user) {
			if n.MetaPhoneNumberID == number.MetaPhoneNumberID {
				ids = append(ids, n.ID)
			}
		}
		return ids
	}
	there := registered()
	switch {
	case err == nil && !slices.Equal(there, []string{added.ID}):
		t.Fatalf("the add returned %s, the API holds %v", added.ID, there)
	case err != nil && len(there) > 0:
		if failure := failureOf(t, err, KindUnknownOutcome); !strings.Contains(failure.Message, number.MetaPhoneNumberID) || !strings.Contains(failure.Message, user) {
			t.Fatalf("the number is there, and the error does not name it: %v", err)
		}
	case err != nil && times == 1 && fault.name != "303 after the commit" && (operation != sandbox.OpList || !isPermanentForList(fault)):
		t.Fatalf("one fault was one too many: %v", err)
	}

	// The fault ends; whoever has no number asks again.
	api.sandbox.ClearFaults()
	road.repair()
	api.clock.pass(time.Hour)
	if err != nil {
		again, err := api.Add(deadline(t), user, number)
		if failure, ok := errors.AsType[*Error](err); ok && failure.Kind == KindAlreadyExists && failure.Existing != nil {
			again.ID = failure.Existing.ID // the caller imports it
		} else {
			must(t, err)
		}
		if there := registered(); !slices.Equal(there, []string{again.ID}) {
			t.Fatalf("the second add came to %q, the API holds %v", again.ID, there)
		}
	}
	if left := len(api.holds(user)); left != 4 {
		t.Errorf("the API holds %d numbers, want 4", left)
	}
}

// isPermanentForList tells answers to a list that no retry is made for: they are whole, and wrong.
func isPermanentForList(fault fault) bool {
	return fault.isAnswer || fault.name == "200 HTML before the commit"
}

func deleteUnderFault(t *testing.T, dialect sandbox.Dialect, fault fault, operation sandbox.Operation, times int) {
	api, road := faultyAPI(t, dialect, fault, operation, times)
	ids := api.holds(user)
	err := api.Delete(deadline(t), user, ids[1])
	isThere := slices.Contains(api.holds(user), ids[1])
	if err == nil && isThere && !fault.isAnswer {
		t.Fatal("the delete succeeded, and the number is still there")
	}
	if err != nil && times == 1 && operation != sandbox.OpList && isThere && fault.name != "200 HTML before the commit" {
		t.Fatalf("one fault was one too many: %v", err)
	}
	api.sandbox.ClearFaults()
	road.repair()
	api.clock.pass(time.Hour)
	must(t, api.Delete(deadline(t), user, ids[1]))
	if left := api.holds(user); !slices.Equal(left, []string{ids[0], ids[2]}) {
		t.Errorf("the API holds %v of %v", left, ids)
	}
}

func readUnderFault(t *testing.T, dialect sandbox.Dialect, fault fault, operation sandbox.Operation, times int) {
	api, road := faultyAPI(t, dialect, fault, operation, times)
	ids := api.holds(user)
	for _, id := range ids {
		if _, err := api.Find(deadline(t), user, id); errors.Is(err, ErrNotFound) {
			t.Errorf("%s is there, and was believed gone", id)
		}
	}
	api.sandbox.ClearFaults()
	road.repair()
	api.clock.pass(time.Hour)
	numbers, err := api.List(t.Context(), user)
	must(t, err)
	if got := idsOf(numbers); !slices.Equal(got, ids) {
		t.Errorf("listed %v, want %v", got, ids)
	}
}

func TestAdd(t *testing.T) {
	name := func(text string) *string { return &text }
	row := func(displayName *string) sandbox.Number {
		return sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: number.MetaPhoneNumberID, AccessToken: token, DisplayName: displayName}
	}
	for _, test := range []struct {
		name    string
		options sandbox.Options
		arrange func(api *api)
		want    Kind // -1: it succeeds
		exists  bool // the error names the number in the way
		adopted bool
		posts   int
		lists   int // requests: a listing of one number takes four, of none one
	}{
		{name: "an add without trouble takes one list and one post", want: -1, posts: 1, lists: 1},
		{
			name:    "a number that is there already is named, without a post",
			arrange: func(api *api) { api.sandbox.Add(user, row(nil)) },
			want:    KindAlreadyExists, exists: true, posts: 0, lists: 8,
		},
		{
			name: "a number that left since the listing is added",
			arrange: func(api *api) {
				left := api.sandbox.Add(user, row(nil))
				_, _ = api.List(context.Background(), user)
				api.sandbox.Remove(left.ID)
				api.sandbox.ForgetRequests()
			},
			want: -1, posts: 1, lists: 1,
		},
		{
			name:    "another user's number is the API's own message",
			arrange: func(api *api) { api.sandbox.Add(otherUser, row(nil)) },
			want:    KindAlreadyExists, posts: 1, lists: 2,
		},
		{
			name: "a number that came since the listing is named",
			arrange: func(api *api) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Before: func() { api.sandbox.Add(user, row(name(number.DisplayName))) }})
			},
			want: KindAlreadyExists, exists: true, posts: 1, lists: 5,
		},
		{
			name:    "a refused token is the API's own message",
			options: sandbox.Options{MinTokenLength: 500},
			want:    KindInvalidToken, posts: 1, lists: 2,
		},
		{
			name: "already exists after a lost answer adopts the number",
			arrange: func(api *api) {
				// The listing between is empty, as one of a replica that lags behind.
				api.sandbox.Script(
					sandbox.Fault{On: sandbox.OpAdd, Commit: true, Do: sandbox.Drop()},
					sandbox.Fault{On: sandbox.OpList, Skip: 1, Do: sandbox.Respond(200, "application/json", `[]`)},
				)
			},
			want: -1, adopted: true, posts: 2, lists: 6,
		},
		{
			name: "a number under another name after a lost answer is named and not adopted",
			arrange: func(api *api) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Do: sandbox.Drop(), Before: func() { api.sandbox.Add(user, row(name("theirs"))) }})
			},
			want: KindAlreadyExists, exists: true, posts: 1, lists: 5,
		},
		{
			name:    "a server's own spelling of the name is not adopted blindly",
			options: sandbox.Options{NormalizeName: strings.ToUpper},
			arrange: func(api *api) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Commit: true, Do: sandbox.Drop()})
			},
			want: -1, adopted: true, posts: 1, lists: 5, // "+1 (234) 567-8900" has no letters
		},
		{
			name: "an unreadable listing after a lost answer leaves the outcome open",
			arrange: func(api *api) {
				api.sandbox.Script(
					sandbox.Fault{On: sandbox.OpAdd, Commit: true, Do: sandbox.Drop()},
					sandbox.Fault{On: sandbox.OpList, Skip: 1, Times: sandbox.Always, Do: sandbox.Respond(500, "", "")},
				)
			},
			want: KindUnknownOutcome, posts: 1, lists: 1 + 1 + DefaultMaxRetries,
		},
		{
			name: "rate limits do not count as retries",
			arrange: func(api *api) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Times: 20, Do: sandbox.RateLimited("1")})
			},
			want: -1, posts: 21, lists: 1,
		},
		{
			name: "a server that fails every time is asked as often as retries allow",
			arrange: func(api *api) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Times: sandbox.Always, Do: sandbox.Respond(500, "", "")})
			},
			want: KindServer, posts: 1 + DefaultMaxRetries, lists: 2 + DefaultMaxRetries,
		},
		{
			name: "an unknown user fails before the post",
			arrange: func(api *api) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.Respond(404, "application/json", `{"error":"Not Found","message":"User with ID usr_abc123 not found"}`)})
			},
			want: KindUnknownUser, posts: 0, lists: 1,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			api := newAPI(t, test.options)
			if test.arrange != nil {
				test.arrange(api)
			}
			added, err := api.Add(t.Context(), user, number)
			if test.want == -1 {
				must(t, err)
				if added.Adopted != test.adopted || !slices.Contains(api.holds(user), added.ID) {
					t.Errorf("got %+v, the API holds %v", added, api.holds(user))
				}
			} else {
				failure := failureOf(t, err, test.want)
				if (failure.Existing != nil) != test.exists {
					t.Errorf("the number in the way: %+v", failure.Existing)
				}
				if test.exists && failure.Existing.ID != api.holds(user)[0] {
					t.Errorf("%s is in the way, %s was named", api.holds(user)[0], failure.Existing.ID)
				}
			}
			if posts, lists := api.sandbox.Count(sandbox.OpAdd), api.sandbox.Count(sandbox.OpList); posts != test.posts || lists != test.lists {
				t.Errorf("%d posts and %d lists, want %d and %d", posts, lists, test.posts, test.lists)
			}
		})
	}
}

func TestAnotherSpellingOfTheNameIsNotAdopted(t *testing.T) {
	api := newAPI(t, sandbox.Options{NormalizeName: strings.ToUpper})
	api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Commit: true, Do: sandbox.Drop()})
	_, err := api.Add(t.Context(), user, numberNo(1))
	failure := failureOf(t, err, KindAlreadyExists)
	if failure.Existing == nil || failure.Existing.DisplayName != "NUMBER 1" || !strings.Contains(failure.Message, "another display name") {
		t.Errorf("got %v, %+v", err, failure.Existing)
	}
}

func TestANumberThatAnotherOperationHoldsIsNotAdopted(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Do: sandbox.Drop(), Before: func() {
		theirs := api.sandbox.Add(user, sandbox.Number{
			Platform: number.Platform, MetaPhoneNumberID: number.MetaPhoneNumberID, AccessToken: token, DisplayName: &number.DisplayName,
		})
		api.clock.pass(time.Hour) // the listing is over: another reader finds the number in a new one
		if _, err := api.Find(context.Background(), user, theirs.ID); err != nil {
			t.Error(err)
		}
	}})
	_, err := api.Add(t.Context(), user, number)
	if failure := failureOf(t, err, KindAlreadyExists); failure.Existing == nil {
		t.Error("the number in the way is not named")
	}
}

func TestAddsOfOneNumberRunOneAtATime(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	errs := make(chan error, 10)
	for range cap(errs) {
		go func() {
			_, err := api.Add(t.Context(), user, number)
			errs <- err
		}()
	}
	succeeded := 0
	for range cap(errs) {
		if err := <-errs; err == nil {
			succeeded++
		} else {
			mustFail(t, err, KindAlreadyExists)
		}
	}
	if succeeded != 1 || api.sandbox.Count(sandbox.OpAdd) != 1 {
		t.Errorf("%d adds succeeded, %d were sent; want one", succeeded, api.sandbox.Count(sandbox.OpAdd))
	}
}

func TestAnAddWaitsForItsTurnAsLongAsItsContextLasts(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	release := make(chan struct{})
	api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Before: func() { <-release }})
	first := make(chan error)
	go func() {
		_, err := api.Add(t.Context(), user, number)
		first <- err
	}()
	eventually(t, "the first add is sent", func() bool { return api.sandbox.Count(sandbox.OpAdd) == 1 })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := api.Add(ctx, user, number)
	mustFail(t, err, KindCanceled)
	close(release)
	must(t, <-first)
	if len(api.turns.queues) != 0 {
		t.Error("a queue that nobody stands in is kept")
	}
}

func TestAnInterruptedAdd(t *testing.T) {
	for _, test := range []struct {
		name    string
		arrange func(api *api, interrupt func())
		want    Kind // -1: it succeeds
		adopted bool
		isThere bool
	}{
		{
			name: "a request that was sent goes on to its answer",
			arrange: func(api *api, interrupt func()) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Before: interrupt})
			},
			want: -1, isThere: true,
		},
		{
			name: "a lost answer is looked up",
			arrange: func(api *api, interrupt func()) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Before: interrupt, Commit: true, Do: sandbox.Drop()})
			},
			want: -1, adopted: true, isThere: true,
		},
		{
			name: "an interrupt while the answer is looked up does not end that",
			arrange: func(api *api, interrupt func()) {
				api.sandbox.Script(
					sandbox.Fault{On: sandbox.OpAdd, Commit: true, Do: sandbox.Drop()},
					sandbox.Fault{On: sandbox.OpList, Skip: 1, Before: interrupt})
			},
			want: -1, adopted: true, isThere: true,
		},
		{
			name: "a request that came to nothing is not sent again",
			arrange: func(api *api, interrupt func()) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Before: interrupt, Times: sandbox.Always, Do: sandbox.Drop()})
			},
			want: KindCanceled,
		},
		{
			name: "a wait at the gate ends",
			arrange: func(api *api, interrupt func()) {
				sleepers := api.clock.stick()
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Times: sandbox.Always, Do: sandbox.RateLimited("30")})
				go func() { <-sleepers; interrupt() }()
			},
			want: KindCanceled,
		},
		{
			name: "a wait between retries ends",
			arrange: func(api *api, interrupt func()) {
				sleepers := api.clock.stick()
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Times: sandbox.Always, Do: sandbox.Respond(500, "", "")})
				go func() { <-sleepers; interrupt() }()
			},
			want: KindCanceled,
		},
		{
			name: "with the listing unreadable, the outcome is open",
			arrange: func(api *api, interrupt func()) {
				api.sandbox.Script(
					sandbox.Fault{On: sandbox.OpAdd, Before: interrupt, Commit: true, Do: sandbox.Drop()},
					sandbox.Fault{On: sandbox.OpList, Skip: 1, Times: sandbox.Always, Do: sandbox.Respond(500, "", "")})
			},
			want: KindUnknownOutcome, isThere: true,
		},
		{
			name:    "nothing is sent after the interrupt",
			arrange: func(_ *api, interrupt func()) { interrupt() },
			want:    KindCanceled,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			api := newAPI(t, sandbox.Options{})
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			test.arrange(api, interrupt)
			added, err := api.Add(ctx, user, number)
			if test.want == -1 {
				must(t, err)
				if added.Adopted != test.adopted {
					t.Errorf("adopted: %t", added.Adopted)
				}
			} else if failure := failureOf(t, err, test.want); test.want == KindCanceled && !errors.Is(failure, context.Canceled) {
				t.Errorf("%v does not say that it was canceled", err)
			}
			if isThere := len(api.holds(user)) == 1; isThere != test.isThere {
				t.Errorf("the API holds %v", api.holds(user))
			}
		})
	}
}

func TestAnInterruptedListingAfterALostAnswerEndsWithinTheRequestTimeout(t *testing.T) {
	api := newAPI(t, sandbox.Options{}, func(o *Options) { o.RequestTimeout = 100 * time.Millisecond })
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	api.sandbox.Script(
		sandbox.Fault{On: sandbox.OpAdd, Before: interrupt, Commit: true, Do: sandbox.Drop()},
		sandbox.Fault{On: sandbox.OpList, Skip: 1, Times: sandbox.Always, Do: sandbox.RateLimited("3600")})
	_, err := api.Add(ctx, user, number)
	mustFail(t, err, KindUnknownOutcome)
	if slept := api.clock.sleeps(); len(slept) > 0 {
		t.Errorf("it waited %v", slept)
	}
}

func TestDelete(t *testing.T) {
	for _, test := range []struct {
		name    string
		arrange func(api *api, ids []string)
		want    Kind // -1: it succeeds
		lists   int
	}{
		{name: "a delete without trouble takes no list", want: -1},
		{
			name:    "a number that is gone already is a success once a listing lacks it",
			arrange: func(api *api, ids []string) { api.sandbox.Remove(ids[1]) },
			want:    -1, lists: 3,
		},
		{
			name: "a 404 for a number that is listed is an error",
			arrange: func(api *api, _ []string) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpDelete, Do: sandbox.Respond(404, "application/json", `{"message":"Route DELETE /nowhere not found"}`)})
			},
			want: KindUnknownRoute, lists: 3,
		},
		{
			name: "a 404 with an unreadable listing is an error",
			arrange: func(api *api, ids []string) {
				api.sandbox.Remove(ids[1])
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.Respond(404, "text/html", htmlPage)})
			},
			want: KindUnknownNumber, lists: 1,
		},
		{
			name: "an unknown user is named as such",
			arrange: func(api *api, ids []string) {
				api.sandbox.Remove(ids[1])
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.Respond(404, "application/json", `{"message":"User with ID usr_abc123 not found"}`)})
			},
			want: KindUnknownUser, lists: 1,
		},
		{
			name: "a delete whose every answer is lost is a success once two listings lack the number",
			arrange: func(api *api, _ []string) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpDelete, Times: sandbox.Always, Commit: true, Do: sandbox.Drop()})
			},
			want: -1, lists: 6,
		},
		{
			name: "one empty listing does not make a failed delete a success",
			arrange: func(api *api, _ []string) {
				api.sandbox.Script(
					sandbox.Fault{On: sandbox.OpDelete, Times: sandbox.Always, Do: sandbox.Respond(500, "", "")},
					sandbox.Fault{On: sandbox.OpList, Do: sandbox.Respond(200, "application/json", "[]")})
			},
			want: KindServer, lists: 4,
		},
		{
			name: "an HTML page is no success while the number is listed",
			arrange: func(api *api, _ []string) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpDelete, Do: sandbox.Respond(200, "text/html", htmlPage)})
			},
			want: KindUnreadable, lists: 3,
		},
		{
			name: `"success": false is no success while the number is listed`,
			arrange: func(api *api, _ []string) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpDelete, Do: sandbox.Respond(200, "application/json", `{"success":false}`)})
			},
			want: KindUnreadable, lists: 3,
		},
		{
			name: "a number that is unknown after an answer that was lost is gone, whatever a listing still shows",
			arrange: func(api *api, _ []string) {
				api.laggingList(sandbox.Always)
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpDelete, Commit: true, Do: sandbox.Drop()})
			},
			want: -1,
		},
		{
			name: "a route that is not served and one empty listing do not make it gone",
			arrange: func(api *api, _ []string) {
				api.sandbox.Script(
					sandbox.Fault{On: sandbox.OpDelete, Do: sandbox.Respond(404, "application/json", `{"message":"Route DELETE /v1 not found"}`)},
					sandbox.Fault{On: sandbox.OpList, Do: sandbox.Respond(200, "application/json", "[]")})
			},
			want: KindUnknownRoute, lists: 4,
		},
		{
			name: "an error in a success is none while the number is listed",
			arrange: func(api *api, _ []string) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpDelete, Do: sandbox.Respond(200, "application/json", `{"success":true,"error":"no","message":"could not delete"}`)})
			},
			want: KindUnreadable, lists: 3,
		},
		{
			name: "some other JSON is no success while the number is listed",
			arrange: func(api *api, _ []string) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpDelete, Do: sandbox.Respond(200, "application/json", `{"status":"maintenance"}`)})
			},
			want: KindUnreadable, lists: 3,
		},
		{
			name: "what is only accepted is not done while the number is listed",
			arrange: func(api *api, _ []string) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpDelete, Do: sandbox.Respond(202, "application/json", `{"message":"accepted"}`)})
			},
			want: KindUnreadable, lists: 3,
		},
		{
			name: "some other JSON is a success where the number is gone",
			arrange: func(api *api, _ []string) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpDelete, Commit: true, Do: sandbox.Respond(200, "application/json", `"ok"`)})
			},
			want: -1, lists: 6,
		},
		{
			name: "a key that may not delete is an error at once",
			arrange: func(api *api, _ []string) {
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpDelete, Do: sandbox.Respond(403, "application/json", `{"message":"no"}`)})
			},
			want: KindForbidden,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			api := newAPI(t, sandbox.Options{})
			ids := api.fill(user, 3)
			if test.arrange != nil {
				test.arrange(api, ids)
			}
			err := api.Delete(t.Context(), user, ids[1])
			if test.want == -1 {
				must(t, err)
				if slices.Contains(api.holds(user), ids[1]) {
					t.Error("the number is still there")
				}
			} else {
				mustFail(t, err, test.want)
			}
			if lists := api.sandbox.Count(sandbox.OpList); lists != test.lists {
				t.Errorf("%d list requests, want %d", lists, test.lists)
			}
		})
	}
}

func TestAnInterruptedDeleteGoesOnToItsAnswer(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	ids := api.fill(user, 2)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	api.sandbox.Script(sandbox.Fault{On: sandbox.OpDelete, Before: interrupt})
	must(t, api.Delete(ctx, user, ids[0]))
	if left := api.holds(user); !slices.Equal(left, ids[1:]) {
		t.Errorf("the API holds %v", left)
	}
}

func TestDeleteRefusesAnIDThatIsAnotherPath(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	for _, id := range []string{"", ".", ".."} {
		err := api.Delete(t.Context(), user, id)
		mustFail(t, err, KindOther)
	}
	if requests := api.sandbox.Requests(); len(requests) > 0 {
		t.Errorf("sent %s %s", requests[0].Method, requests[0].Path)
	}
}
