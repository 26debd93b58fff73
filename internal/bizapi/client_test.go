// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// proxied is what the proxy of TestMain was asked for.
var proxied struct {
	sync.Mutex
	requests []*http.Request
}

// TestMain puts a proxy between the client and every host that is neither loopback nor invalid: Go
// reads the variables once a process.
func TestMain(m *testing.M) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxied.Lock()
		proxied.requests = append(proxied.requests, r)
		proxied.Unlock()
		if r.Method == http.MethodConnect {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, "[]")
	}))
	for name, value := range map[string]string{"HTTP_PROXY": proxy.URL, "HTTPS_PROXY": proxy.URL, "NO_PROXY": ".invalid", "http_proxy": "", "https_proxy": "", "no_proxy": ""} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	proxy.Close()
	os.Exit(code)
}

func TestRequests(t *testing.T) {
	api := newAPI(t, sandbox.Options{}, checked(t))
	added, err := api.Add(t.Context(), user, number)
	must(t, err)
	must(t, api.Delete(t.Context(), user, added.ID))
	seen := map[string]bool{}
	for _, request := range api.sandbox.Requests() {
		if request.Header.Get("X-Api-Key") != apiKey || request.Header.Get("User-Agent") != "bizapi-test" || request.Header.Get("Accept") != "application/json" {
			t.Errorf("%s has the header %v", request.Method, request.Header)
		}
		if id := request.Header.Get("X-Correlation-Id"); id == "" || seen[id] {
			t.Errorf("the correlation id %q is used again", id)
		} else {
			seen[id] = true
		}
		if !strings.HasPrefix(request.Path, "/v1/users/usr_abc123/phone_numbers") {
			t.Errorf("asked for %s", request.Path)
		}
		if isAdd := request.Operation == sandbox.OpAdd; isAdd != (request.Header.Get("Content-Type") == "application/json") {
			t.Errorf("%s has the content type %q", request.Method, request.Header.Get("Content-Type"))
		}
	}
}

func TestIDsAreEscapedInPaths(t *testing.T) {
	var path string
	client, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path = r.RequestURI
		w.WriteHeader(http.StatusNoContent)
	}))
	must(t, client.Delete(t.Context(), "u/1?", "a/b #%é"))
	if want := "/v1/users/u%2F1%3F/phone_numbers/a%2Fb%20%23%25%C3%A9"; path != want {
		t.Errorf("asked for %s, want %s", path, want)
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	base, err := ParseBaseURL("https://api.example.com", false)
	must(t, err)
	for _, options := range []Options{{APIKey: apiKey}, {BaseURL: base}} {
		if _, err := New(options); err == nil {
			t.Errorf("%+v was taken", options)
		}
	}
	client, err := New(Options{BaseURL: base, APIKey: apiKey})
	must(t, err)
	defer client.Close()
	if client.requestTimeout != DefaultRequestTimeout || client.BaseURL() != "https://api.example.com" {
		t.Errorf("%s, %s", client.requestTimeout, client.BaseURL())
	}
}

func TestRedirectsAreRefused(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	for name, location := range map[string]string{
		"to the same host":  "/v2/users",
		"to another host":   other.URL + "/steal?key=" + apiKey,
		"with user info":    strings.Replace(other.URL, "://", "://"+token+"@", 1),
		"to plain http":     "http://api.example.com/v1",
		"to another scheme": "file:///etc/passwd",
		"to nowhere":        "",
		"to no URL":         "http://[" + token,
	} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			t.Run(fmt.Sprintf("%d %s", status, name), func(t *testing.T) {
				api := newAPI(t, sandbox.Options{})
				api.secrets.Hold(token)
				ids := api.fill(user, 2)
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: sandbox.RedirectTo(status, location)})
				_, err := api.List(t.Context(), user)
				checkRedirect(t, err)
				api.sandbox.ClearFaults()
				for _, operation := range []sandbox.Operation{sandbox.OpAdd, sandbox.OpDelete} {
					api.sandbox.Script(sandbox.Fault{On: operation, Do: sandbox.RedirectTo(status, location)})
				}
				_, err = api.Add(t.Context(), user, number)
				checkRedirect(t, err)
				err = api.Delete(t.Context(), user, ids[0])
				checkRedirect(t, err)
				if others := api.sandbox.Count(sandbox.OpOther); others > 0 || elsewhere.Load() > 0 {
					t.Errorf("it was followed: %d requests here, %d there", others, elsewhere.Load())
				}
			})
		}
	}
}

func checkRedirect(t *testing.T, err error) {
	t.Helper()
	if text := failureOf(t, err, KindRedirect).Error(); strings.Contains(text, apiKey) || strings.Contains(text, token) || !strings.Contains(text, "redirect") {
		t.Error(text)
	}
}

func TestNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := listener.Addr().String()
	must(t, listener.Close())
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for name, root := range map[string]string{
		"on the port":              "http://" + address,
		"under the name":           "https://no-such-host.invalid/v1",
		"with TLS on that port":    strings.Replace(plain.URL, "http:", "https:", 1),
		"behind a proxy that bars": "https://api.example.com/v1",
	} {
		t.Run(name, func(t *testing.T) {
			clock := newFakeClock()
			client, _ := newClient(t, nil, func(o *Options) {
				o.BaseURL, o.Clock, o.MaxRetries = parsedURL(t, root), clock, 2
			})
			_, err := client.List(t.Context(), user)
			mustFail(t, err, KindUnreachable)
			_, err = client.Add(t.Context(), user, number)
			mustFail(t, err, KindUnreachable)
			err = client.Delete(t.Context(), user, "pn_1")
			mustFail(t, err, KindUnreachable)
			if slept := clock.sleeps(); len(slept) != 6 {
				t.Errorf("%d retries of three calls", len(slept))
			}
			// What never was sent leaves nothing to look up.
			_, err = client.do(t.Context(), call{method: http.MethodPost, elements: phoneNumbersOf(user), body: number})
			if failureOf(t, err, KindUnreachable).PerhapsDone {
				t.Error("the add is taken for one that perhaps was done")
			}
		})
	}
}

// A dead address is known within the request timeout, however many retries there may be, and even where a
// number that is new is looked for three times.
func TestNobodyListensForLongerThanTheRequestTimeout(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	root := parsedURL(t, "http://"+listener.Addr().String())
	must(t, listener.Close())
	for timeout, want := range map[time.Duration]int{5 * time.Second: 2, DefaultRequestTimeout: 4, time.Millisecond: 1} {
		clock := newFakeClock()
		client, _ := newClient(t, nil, func(o *Options) {
			o.BaseURL, o.Clock, o.MaxRetries, o.RequestTimeout = root, clock, 10, timeout
		})
		for name, doing := range map[string]func() error{
			"list":   func() error { _, err := client.List(t.Context(), user); return err },
			"delete": func() error { return client.Delete(t.Context(), user, "pn_1") },
			"add":    func() error { _, err := client.Add(t.Context(), user, number); return err },
		} {
			began, before := clock.Now(), len(clock.sleeps())
			mustFail(t, doing(), KindUnreachable)
			if took, slept := clock.Now().Sub(began), len(clock.sleeps())-before; took >= max(timeout/3, firstBackoff+time.Millisecond) || slept != want {
				t.Errorf("%s with a request timeout of %s: %d retries in %s, want %d", name, timeout, slept, took, want)
			}
		}
	}
}

func parsedURL(t testing.TB, raw string) *url.URL {
	t.Helper()
	parsed, err := ParseBaseURL(raw, true)
	must(t, err)
	return parsed
}

func TestTheProxyOfTheEnvironmentIsAsked(t *testing.T) {
	for _, root := range []string{"http://api.example.com/v1", "https://api.example.com/v1"} {
		proxied.requests = nil
		client, _ := newClient(t, nil, func(o *Options) { o.BaseURL, o.MaxRetries = parsedURL(t, root), 0 })
		_, err := client.List(t.Context(), user)
		if isPlain := strings.HasPrefix(root, "http:"); isPlain != (err == nil) {
			t.Errorf("%s: %v", root, err)
		}
		if len(proxied.requests) != 1 || !strings.HasPrefix(proxied.requests[0].Host, "api.example.com") {
			t.Fatalf("%s: the proxy was asked %v", root, proxied.requests)
		}
		if request := proxied.requests[0]; request.Method == http.MethodConnect && request.Header.Get("X-Api-Key") != "" {
			t.Error("the proxy got the key")
		}
	}
}

func TestACertificateThatProvesNothingIsNotRetried(t *testing.T) {
	var served atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served.Add(1) }))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	defer server.Close()
	clock := newFakeClock()
	client, _ := newClient(t, nil, func(o *Options) { o.BaseURL, o.Clock = parsedURL(t, server.URL), clock })
	_, err := client.List(t.Context(), user)
	mustFail(t, err, KindCertificate)
	_, err = client.Add(t.Context(), user, number)
	mustFail(t, err, KindCertificate)
	if served.Load() > 0 || len(clock.sleeps()) > 0 {
		t.Errorf("%d requests, %d retries", served.Load(), len(clock.sleeps()))
	}
	if version := newTransport().TLSClientConfig.MinVersion; version != 0x0303 {
		t.Errorf("TLS from version %x", version)
	}
}

func TestARequestThatHangsEndsWithItsTimeout(t *testing.T) {
	api := newAPI(t, sandbox.Options{}, func(o *Options) { o.RequestTimeout, o.MaxRetries = 30*time.Millisecond, 1 })
	api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Times: 2, Do: sandbox.Hang()})
	_, err := api.List(t.Context(), user)
	if failure := failureOf(t, err, KindNoAnswer); failure.Message != "no answer within 30ms" {
		t.Error(err)
	}
	if lists := api.sandbox.Count(sandbox.OpList); lists != 2 {
		t.Errorf("%d attempts", lists)
	}
	_, err = api.List(t.Context(), user)
	must(t, err)
}

func TestAnInterruptEndsAWriteThatHasNoConnection(t *testing.T) {
	dialling := make(chan struct{}, 1)
	client, _ := newClient(t, answering(http.StatusOK, "[]"), func(o *Options) {
		o.RequestTimeout = time.Hour
		transport := o.Transport.(*http.Transport)
		dial, dials := transport.DialContext, 0
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			if dials++; dials == 1 { // the list before the add
				return dial(ctx, network, address)
			}
			dialling <- struct{}{}
			<-ctx.Done()
			return nil, ctx.Err()
		}
	})
	ctx, interrupt := context.WithCancel(t.Context())
	go func() { <-dialling; interrupt() }()
	_, err := client.Add(ctx, user, number)
	if failure := failureOf(t, err, KindCanceled); failure.PerhapsDone {
		t.Error("the add is taken for one that perhaps was done")
	}
}

// everywhere finds a secret in any form that the client must not let through.
func everywhere(text string) bool {
	for _, secret := range []string{apiKey, token} {
		for _, form := range []string{secret, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret))[:len(secret)]} {
			if strings.Contains(text, form) {
				return true
			}
		}
	}
	return false
}

func TestSecretsThatAServerEchoesGoNowhere(t *testing.T) {
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		var log bytes.Buffer
		api := newAPI(t, sandbox.Options{Dialect: dialect, EchoSecrets: true}, func(o *Options) {
			o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		named := number
		named.DisplayName = "my token is " + token
		added, err := api.Add(t.Context(), user, named)
		must(t, err)
		numbers, err := api.List(t.Context(), user)
		must(t, err)
		_, again := api.Add(t.Context(), otherUser, named)
		_, unknown := api.List(t.Context(), "usr_of_"+token)
		gone := api.Delete(t.Context(), otherUser, added.ID)
		for _, err := range []error{again, unknown, gone} {
			if err == nil {
				t.Error("no error")
				continue
			}
			text := fmt.Sprintf("%v %+v %#v", err, err, err)
			for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
				text += fmt.Sprintf(" %v %#v", cause, cause)
			}
			if everywhere(text) {
				t.Errorf("a secret is in %s", text)
			}
		}
		if shown := fmt.Sprintf("%+v %+v", added, numbers); everywhere(shown) || !strings.Contains(shown, Redacted) {
			t.Errorf("a secret is in %s", shown)
		}
		if everywhere(log.String()) || !strings.Contains(log.String(), "status=201") {
			t.Errorf("a secret is in the log:\n%s", &log)
		}
	})
}

// Nobody knows how short a key is, and a short one may be a part of any word.
func TestAShortSecretIsCutOutAsAWord(t *testing.T) {
	const short = "pa55wd"
	client, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Correlation-Id", short)
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"message":"Invalid API key `+short+`, (`+short+`); see pa55wds"}`)
	}), func(o *Options) { o.APIKey = short })
	_, err := client.List(t.Context(), user)
	if failure := failureOf(t, err, KindUnauthorized); failure.Message != "Invalid API key [redacted] [redacted] see pa55wds" || failure.CorrelationID == short {
		t.Errorf("got %v", err)
	}
}

func TestSecretsInBodiesThatAreShownGoNowhere(t *testing.T) {
	escaped, err := json.Marshal(token)
	must(t, err)
	for name, body := range map[string]string{
		"text":                         "you sent " + token,
		"JSON of another form":         `{"sent":` + string(escaped) + `}`,
		"where the excerpt is cut":     strings.Repeat("x", shownExcerpt-10) + token,
		"behind a lot of nothing":      "x" + strings.Repeat(" ", longestExcerpt-10) + token,
		"the message of an error":      `{"message":"` + strings.Repeat("x", longestMessage-10) + token + `"}`,
		"the correlation id":           `{"message":"no","correlationId":"` + token + `"}`,
		"base64 of a basic credential": base64.StdEncoding.EncodeToString([]byte("user:" + token + "!")),
	} {
		for _, status := range []int{200, 400} {
			t.Run(fmt.Sprintf("%s, status %d", name, status), func(t *testing.T) {
				client, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("X-Correlation-Id", token)
					w.WriteHeader(status)
					_, _ = io.WriteString(w, body)
				}))
				client.secrets.Hold(token)
				_, err := client.List(t.Context(), user)
				if err == nil || everywhere(err.Error()) || strings.Contains(err.Error(), token[:6]) || KindOf(err) == KindNoAnswer {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

func TestALogLineHasWhatAnOperatorNeedsAndNoBody(t *testing.T) {
	var log bytes.Buffer
	api := newAPI(t, sandbox.Options{}, func(o *Options) {
		o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	api.sandbox.Script(sandbox.Fault{On: sandbox.OpList, Do: sandbox.Respond(500, "text/plain", "the body")})
	_, err := api.List(t.Context(), user)
	must(t, err)
	for _, want := range []string{"method=GET", "path=/users/usr_abc123/phone_numbers", "status=500", "status=200", "duration_ms=", "attempt=1", "attempt=2", "correlation_id="} {
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
}

// TestAnEarlyAnswerLeavesTheNextAttemptAlone is for the race detector: the transport may still be
// writing the request of an attempt that was given up.
func TestAnEarlyAnswerLeavesTheNextAttemptAlone(t *testing.T) {
	api := newAPI(t, sandbox.Options{}, func(o *Options) { o.RequestTimeout, o.MaxRetries = time.Millisecond, 50 })
	api.fill(user, 50)
	api.sandbox.Script(sandbox.Fault{Times: 40, Do: sandbox.Hang()})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, _ = api.List(ctx, user)
	_, _ = api.Add(ctx, user, number)
}
