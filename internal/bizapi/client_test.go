// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

const (
	user      = "usr_abc123"
	otherUser = "usr_def456"
	apiKey    = "sk_live_1234567890"
	token     = "EAAGm0PX4ZCpsBA"
	htmlPage  = "<html><body>502 Bad Gateway</body></html>"
	jsonType  = "application/json"
)

// number is the one of the published page.
var number = NewPhoneNumber{
	Platform: "whatsapp", MetaPhoneNumberID: "836990829491415", AccessToken: token, DisplayName: "+1 (234) 567-8900",
}

// numbersPath is where a client finds the numbers of user.
var numbersPath = []string{"users", user, "phone_numbers"}

// numberNo is one of many.
func numberNo(n int) NewPhoneNumber {
	return NewPhoneNumber{
		Platform: "whatsapp", MetaPhoneNumberID: strconv.Itoa(100_000 + n), AccessToken: token, DisplayName: fmt.Sprintf("number %d", n),
	}
}

// run runs a test in a bubble, in which waits take no time and can be measured.
func run(t *testing.T, name string, test func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

// pass lets the time of a bubble pass.
func pass(d time.Duration) { <-time.After(d) }

// inDialects runs a test in both, each in a bubble.
func inDialects(t *testing.T, name string, test func(t *testing.T, dialect sandbox.Dialect)) {
	t.Helper()
	for _, dialect := range []sandbox.Dialect{sandbox.Published, sandbox.Deployed} {
		run(t, name+"/"+string(dialect), func(t *testing.T) { test(t, dialect) })
	}
}

// wire is a connection to a server in this process. Nothing on it takes time but what the server does.
type wire struct {
	server http.Handler
	// unsent returns an error for a request that gets no connection. Nil connects all.
	unsent func(*http.Request) error

	answering sync.WaitGroup
}

func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if w.unsent != nil {
		if err := w.unsent(request); err != nil {
			return nil, err
		}
	}
	if trace := httptrace.ContextClientTrace(ctx); trace != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	answered := make(chan *http.Response, 1)
	w.answering.Go(func() {
		recorder := httptest.NewRecorder()
		defer func() {
			if recover() == nil {
				answered <- recorder.Result()
				return
			}
			// What the sandbox does to drop a connection.
			if recorder.Body.Len() == 0 {
				answered <- nil
				return
			}
			torn := recorder.Result()
			torn.Body = io.NopCloser(io.MultiReader(torn.Body, errorReader{io.ErrUnexpectedEOF}))
			answered <- torn
		}()
		received := request.Clone(ctx)
		if received.Body == nil {
			received.Body = http.NoBody
		}
		w.server.ServeHTTP(recorder, received)
	})
	select {
	case response := <-answered:
		if response == nil {
			return nil, io.EOF
		}
		return response, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

// api is a client and the sandbox that it calls.
type api struct {
	*Client
	sandbox *sandbox.Server
	wire    *wire
}

func newAPI(t testing.TB, options sandbox.Options, changes ...func(*Options)) *api {
	t.Helper()
	options.APIKey = apiKey
	if options.Users == nil {
		options.Users = []string{user, otherUser}
	}
	server := sandbox.New(options)
	client, wire := newClient(t, server, changes...)
	return &api{client, server, wire}
}

// newClient makes a client of any server, on a wire.
func newClient(t testing.TB, server http.Handler, changes ...func(*Options)) (*Client, *wire) {
	t.Helper()
	wire := &wire{server: server}
	t.Cleanup(wire.answering.Wait)
	options := Options{
		BaseURL: parsedURL(t, "https://api.example.com/v1"), APIKey: apiKey, UserAgent: "bizapi-test",
		MaxRetries: DefaultMaxRetries, Transport: wire,
	}
	for _, change := range changes {
		change(&options)
	}
	client, err := New(options)
	must(t, err)
	return client, wire
}

func parsedURL(t testing.TB, raw string) *url.URL {
	t.Helper()
	parsed, err := ParseBaseURL(raw, true)
	must(t, err)
	return parsed
}

// answering is a server that answers everything alike.
func answering(status int, contentType, body string, header ...string) http.Handler {
	respond := sandbox.Respond(status, contentType, body, header...)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { respond(w, r, sandbox.Answer{}) })
}

// fill adds n numbers behind the client's back, a second apart, and returns their ids, oldest first.
func (a *api) fill(userID string, n int) []string {
	start := time.Now().Add(-time.Duration(n)*time.Second - time.Hour)
	ids := make([]string, n)
	for at := range n {
		number := numberNo(at)
		if userID != user {
			number.MetaPhoneNumberID += "9"
		}
		ids[at] = a.sandbox.Add(userID, sandbox.Number{
			Platform: number.Platform, MetaPhoneNumberID: number.MetaPhoneNumberID, AccessToken: token,
			DisplayName: &number.DisplayName, CreatedAt: start.Add(time.Duration(at) * time.Second),
		}).ID
	}
	return ids
}

// holds returns the ids that the sandbox has.
func (a *api) holds(userID string) []string {
	ids := []string{}
	for _, number := range a.sandbox.Numbers(userID) {
		ids = append(ids, number.ID)
	}
	return ids
}

func (a *api) lists() int { return a.sandbox.Count(sandbox.OpList) }

func (a *api) adds() int { return a.sandbox.Count(sandbox.OpAdd) }

func idsOf(numbers []PhoneNumber) []string {
	ids := []string{}
	for _, number := range numbers {
		ids = append(ids, number.ID)
	}
	return ids
}

// succeeds is the kind that stands in tables for no error.
const succeeds Kind = -1

// failureOf checks that a call ended as wanted and returns its *Error, nil for a success.
func failureOf(t testing.TB, err error, want Kind) *Error {
	t.Helper()
	failure, _ := errors.AsType[*Error](err)
	got := succeeds
	if err != nil {
		got = KindOf(err)
	}
	if got != want || err != nil && failure == nil {
		t.Fatalf("got the error %v of kind %d, want kind %d", err, got, want)
	}
	return failure
}

// check is failureOf where nothing more is asked of the error.
func check(t testing.TB, err error, want Kind) {
	t.Helper()
	_ = failureOf(t, err, want)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// took checks how long a bubble waited.
func took(t testing.TB, since time.Time, least, most time.Duration) {
	t.Helper()
	if took := time.Since(since); took < least || took > most {
		t.Errorf("it took %s, want %s to %s", took, least, most)
	}
}

func TestRequestsCarryWhatTheAPINeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{})
		added, _, err := api.AddPhoneNumber(t.Context(), user, number)
		must(t, err)
		must(t, api.DeletePhoneNumber(t.Context(), added))
		seen := map[string]bool{}
		for _, request := range api.sandbox.Requests() {
			header := request.Header
			if header.Get("X-Api-Key") != apiKey || header.Get("User-Agent") != "bizapi-test" || header.Get("Accept") != jsonType {
				t.Errorf("%s has the header %v", request.Method, header)
			}
			if id := header.Get("X-Correlation-Id"); id == "" || seen[id] {
				t.Errorf("the correlation id %q is missing or used again", id)
			}
			seen[header.Get("X-Correlation-Id")] = true
			if isAdd := request.Operation == sandbox.OpAdd; isAdd != (header.Get("Content-Type") == jsonType) {
				t.Errorf("%s has the content type %q", request.Method, header.Get("Content-Type"))
			}
		}
	})
}

func TestPathElementsAreEscaped(t *testing.T) {
	for _, test := range []struct{ base, user, id, want string }{
		{"https://api.example.com/v1", "u/1?", "a/b #%é", "/v1/users/u%2F1%3F/phone_numbers/a%2Fb%20%23%25%C3%A9"},
		{"https://api.example.com", "u", "pn_1", "/users/u/phone_numbers/pn_1"},
		{"https://api.example.com/a%2Fb", "u", "pn_1", "/a%2Fb/users/u/phone_numbers/pn_1"},
	} {
		var path string
		client, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			path = r.URL.EscapedPath()
			w.WriteHeader(http.StatusNoContent)
		}), func(o *Options) { o.BaseURL = parsedURL(t, test.base) })
		must(t, client.DeletePhoneNumber(t.Context(), PhoneNumber{UserID: test.user, ID: test.id}))
		if path != test.want {
			t.Errorf("asked for %s, want %s", path, test.want)
		}
	}
}

func TestAnIDThatIsAnotherPathIsNotSent(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	for _, id := range []string{"", ".", ".."} {
		check(t, api.DeletePhoneNumber(t.Context(), PhoneNumber{UserID: user, ID: id}), KindOther)
		_, err := api.ListPhoneNumbers(t.Context(), id)
		check(t, err, KindOther)
	}
	if requests := api.sandbox.Requests(); len(requests) > 0 {
		t.Errorf("sent %s %s", requests[0].Method, requests[0].Path)
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	base := parsedURL(t, "https://api.example.com")
	for _, options := range []Options{{APIKey: apiKey}, {BaseURL: base}} {
		if _, err := New(options); err == nil {
			t.Errorf("%+v was taken", options)
		}
	}
	client, err := New(Options{BaseURL: base, APIKey: apiKey})
	must(t, err)
	if client.options.RequestTimeout != DefaultRequestTimeout || client.BaseURL() != "https://api.example.com" {
		t.Errorf("%s, %s", client.options.RequestTimeout, client.BaseURL())
	}
}

func TestReadsAreRepeatedWhereThatMayHelp(t *testing.T) {
	const all = 1 + DefaultMaxRetries
	for _, test := range []struct {
		name     string
		behave   sandbox.Behaviour
		want     Kind
		requests int
	}{
		{"a failure of the server", sandbox.Respond(500, jsonType, `{"message":"boom"}`), KindServer, all},
		{"a gateway without its server", sandbox.Respond(502, "text/html", htmlPage), KindServer, all},
		{"a database that is down", sandbox.DatabaseDown(), KindServer, all},
		{"a time-out of a proxy", sandbox.Respond(408, "", ""), KindNoAnswer, all},
		{"a dropped connection", sandbox.Drop(), KindNoAnswer, all},
		{"a torn body", sandbox.Torn(), KindNoAnswer, all},
		{"a torn body that pretends to be whole", sandbox.TornJSON(), KindNoAnswer, all},
		{"a server that hangs", sandbox.Hang(), KindNoAnswer, all},
		{"a page of HTML", sandbox.Respond(200, "text/html", htmlPage), KindUnreadable, 1},
		{"a refused key", sandbox.Respond(401, jsonType, `{"message":"Invalid API key"}`), KindUnauthorized, 1},
		{"a refused key, in a torn body", sandbox.Respond(401, jsonType, `{"message":"Inv`), KindUnauthorized, 1},
		{"a wrong path", sandbox.Respond(404, jsonType, `{"message":"Route GET /x not found"}`), KindWrongBaseURL, 1},
		{"an unknown user", sandbox.Respond(404, jsonType, `{"message":"User with ID u not found"}`), KindUnknownUser, 1},
		{"a redirect", sandbox.RedirectTo(302, "https://example.com"), KindRedirect, 1},
	} {
		run(t, test.name+", always", func(t *testing.T) {
			api := newAPI(t, sandbox.Options{})
			api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: test.behave})
			_, err := api.ListPhoneNumbers(t.Context(), user)
			check(t, err, test.want)
			if api.lists() != test.requests {
				t.Errorf("%d requests, want %d", api.lists(), test.requests)
			}
		})
		if test.requests == 1 {
			continue
		}
		run(t, test.name+", for a time", func(t *testing.T) {
			api := newAPI(t, sandbox.Options{})
			api.fill(user, 3)
			api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Times: DefaultMaxRetries, Do: test.behave})
			numbers, err := api.ListPhoneNumbers(t.Context(), user)
			must(t, err)
			if len(numbers) != 3 {
				t.Errorf("%d numbers", len(numbers))
			}
		})
	}
}

func TestRetriesWaitLongerEachTime(t *testing.T) {
	for method, call := range map[string]func(context.Context, *Client) error{
		http.MethodGet: func(ctx context.Context, client *Client) error {
			_, err := client.ListPhoneNumbers(ctx, user)
			return err
		},
		http.MethodPost: func(ctx context.Context, client *Client) error {
			_, _, err := client.AddPhoneNumber(ctx, user, number)
			return err
		},
	} {
		run(t, method, func(t *testing.T) {
			var sent []time.Time
			client, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != method {
					_, _ = io.WriteString(w, "[]")
					return
				}
				sent = append(sent, time.Now())
				w.WriteHeader(http.StatusInternalServerError)
			}), func(o *Options) { o.MaxRetries = 7 })
			check(t, call(t.Context(), client), KindServer)
			if len(sent) != 8 {
				t.Fatalf("%d requests", len(sent))
			}
			for n, most := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 8 * time.Second, 8 * time.Second} {
				if wait := sent[n+1].Sub(sent[n]); wait > most || wait < most*3/4-time.Nanosecond {
					t.Errorf("retry %d waited %s, want up to a quarter less than %s", n+1, wait, most)
				}
			}
		})
	}
}

func TestAnInterruptEndsAReadAtOnce(t *testing.T) {
	for name, behave := range map[string]sandbox.Behaviour{
		"in flight":           sandbox.Hang(),
		"before a retry":      sandbox.Respond(500, "", ""),
		"at the rate limit":   sandbox.RateLimited("3600"),
		"at an endless limit": sandbox.RateLimited(""),
	} {
		run(t, name, func(t *testing.T) {
			api := newAPI(t, sandbox.Options{}, func(o *Options) { o.MaxRetries = 1000 })
			api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: behave})
			ctx, interrupt := context.WithCancel(t.Context())
			time.AfterFunc(1700*time.Millisecond, interrupt)
			began := time.Now()
			_, err := api.ListPhoneNumbers(ctx, user)
			if failure := failureOf(t, err, KindCanceled); !errors.Is(failure, context.Canceled) || strings.Count(failure.Message, "interrupted") != 1 || strings.Contains(failure.Message, "canceled") {
				t.Errorf("%v does not say once that it was interrupted", err)
			}
			took(t, began, 1700*time.Millisecond, 1700*time.Millisecond)
		})
	}
}

func TestAReadThatRunsOutOfTimeSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, sandbox.Options{}, func(o *Options) { o.MaxRetries = 1000 })
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: sandbox.Respond(500, jsonType, `{"message":"boom"}`)})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := api.ListPhoneNumbers(ctx, user)
		failure := failureOf(t, err, KindCanceled)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(failure.Message, "timeout is over") || !strings.Contains(failure.Message, "boom") {
			t.Error(err)
		}
	})
}

func TestALogLineHasWhatAnOperatorNeedsAndNoBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		api := newAPI(t, sandbox.Options{}, func(o *Options) {
			o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		api.fill(user, 1)
		api.sandbox.Script(
			sandbox.Fault{On: sandbox.OpList, Do: sandbox.Respond(500, "text/plain", "the body")},
			sandbox.Fault{On: sandbox.OpList, Do: sandbox.Delay(1500 * time.Millisecond)},
		)
		_, err := api.ListPhoneNumbers(t.Context(), user)
		must(t, err)
		for _, want := range []string{"method=GET", "path=/users/usr_abc123/phone_numbers", "status=500", "status=200", "duration_ms=1500"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("%s is missing in\n%s", want, &log)
			}
		}
		for _, request := range api.sandbox.Requests() {
			if sent := request.Header.Get("X-Correlation-Id"); !strings.Contains(log.String(), "correlation_id="+sent) {
				t.Errorf("the correlation id %s is missing in\n%s", sent, &log)
			}
		}
		if strings.Contains(log.String(), "the body") || strings.Contains(log.String(), "whatsapp") {
			t.Errorf("a body is in the log:\n%s", &log)
		}
	})
}
