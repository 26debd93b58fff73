// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package metagraph_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/metagraph"
	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

const (
	numberID = "836990829491415"
	token    = "EAAfakeTokenNumberOne"
)

// meta is a stand-in for Meta, and a client of it.
type meta struct {
	*sandbox.Meta
	client *metagraph.Client
	log    *bytes.Buffer
}

func newMeta(t *testing.T, change ...func(*metagraph.Options)) *meta {
	t.Helper()
	m := &meta{Meta: sandbox.NewMeta(sandbox.MetaOptions{}), log: &bytes.Buffer{}}
	listener := httptest.NewServer(m)
	t.Cleanup(listener.Close)
	options := metagraph.Options{
		BaseURL: parse(t, listener.URL+"/v24.0"), UserAgent: "test/1", RequestTimeout: 10 * time.Second,
		Logger: slog.New(slog.NewTextHandler(m.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, set := range change {
		set(&options)
	}
	m.client = metagraph.New(options)
	return m
}

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	parsed, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// failure wants an Error with that meaning.
func failure(t *testing.T, err error, want metagraph.Meaning) *metagraph.Error {
	t.Helper()
	found, ok := errors.AsType[*metagraph.Error](err)
	if !ok || found.Meaning != want {
		t.Fatalf("%v has another meaning than %d", err, want)
	}
	return found
}

func TestATokenThatMetaAcceptsIsAskedAboutOnce(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	if err := m.client.CheckToken(t.Context(), numberID, token); err != nil {
		t.Fatal(err)
	}
	requests := m.Requests()
	if len(requests) != 1 {
		t.Fatalf("%d requests", len(requests))
	}
	sent := requests[0]
	if sent.Method != http.MethodGet || sent.Path != "/v24.0/"+numberID || sent.RawQuery != "fields=id" || len(sent.Body) > 0 {
		t.Errorf("it sent %s %s?%s %q", sent.Method, sent.Path, sent.RawQuery, sent.Body)
	}
	for name, want := range map[string]string{"Authorization": "Bearer " + token, "User-Agent": "test/1", "X-Api-Key": ""} {
		if got := sent.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if log := m.log.String(); !strings.Contains(log, numberID) || strings.Contains(log, token) {
		t.Errorf("the log has %q", log)
	}
}

func TestCodesOfMetaHaveAMeaning(t *testing.T) {
	t.Parallel()
	for meaning, codes := range map[metagraph.Meaning][]int{
		metagraph.Refused:      {190},
		metagraph.NoSuchObject: {100},
		metagraph.NoPermission: {3, 10, 200, 230, 299},
		metagraph.RateLimited:  {4, 17, 32, 613, 80008},
		metagraph.Unchecked:    {1, 2, 199, 300, 368, 2500},
	} {
		for _, code := range codes {
			for _, status := range []int{400, 401, 403, 500} {
				t.Run(fmt.Sprintf("code %d with status %d", code, status), func(t *testing.T) {
					t.Parallel()
					m := newMeta(t)
					m.Refuse(token, sandbox.MetaError{Status: status, Code: code, Subcode: 463, Message: "In Meta's words"})
					found := failure(t, m.client.CheckToken(t.Context(), numberID, token), meaning)
					if found.Status != status || found.Code != code || found.Subcode != 463 || found.Message != "In Meta's words" || found.TraceID == "" {
						t.Errorf("%+v", found)
					}
					text := fmt.Sprintf("status %d, code %d, subcode 463, fbtrace_id %s: In Meta's words", status, code, found.TraceID)
					if found.Error() != text {
						t.Errorf("%q is not %q", found.Error(), text)
					}
					calls := 1
					if meaning == metagraph.Unchecked { // one retry of a failure
						calls = 2
					}
					if got := m.Count(sandbox.OpAny); got != calls {
						t.Errorf("%d calls, not %d", got, calls)
					}
				})
			}
		}
	}
}

func TestAFailureOfMetasIsRepeatedOnce(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]sandbox.Behaviour{
		"a failure":            sandbox.DatabaseDown(),
		"a gateway's page":     sandbox.Respond(502, "text/html", "<html>Bad gateway</html>"),
		"a page in place of":   sandbox.Respond(200, "text/html", "<html>Sign in</html>"),
		"a torn answer":        sandbox.TornJSON(),
		"an answer of nothing": sandbox.Respond(200, "application/json", "{}"),
		"an id with a failure": sandbox.Respond(500, "application/json", `{"id":"`+numberID+`"}`),
		"a lost answer":        sandbox.Drop(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fresh := http.DefaultTransport.(*http.Transport).Clone()
			fresh.DisableKeepAlives = true // on a used connection Go repeats a GET of its own accord
			m := newMeta(t, func(o *metagraph.Options) { o.Transport = fresh })
			m.Script(sandbox.Fault{Do: do})
			if err := m.client.CheckToken(t.Context(), numberID, token); err != nil {
				t.Errorf("once: %v", err)
			}
			m.ForgetRequests()
			m.Script(sandbox.Fault{Times: sandbox.Always, Do: do})
			found := failure(t, m.client.CheckToken(t.Context(), numberID, token), metagraph.Unchecked)
			if got := m.Count(sandbox.OpAny); got != 2 {
				t.Errorf("%d calls", got)
			}
			for _, text := range []string{"<html>", token} {
				if strings.Contains(found.Error(), text) {
					t.Errorf("it says %q", found.Error())
				}
			}
		})
	}
}

// inProcess sends requests to a handler without a network, so that a bubble measures waits.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(request *http.Request) (*http.Response, error) {
	recorder, answered := httptest.NewRecorder(), make(chan struct{})
	go func() {
		defer close(answered)
		defer func() { _ = recover() }() // what the sandbox does to drop a connection
		p.ServeHTTP(recorder, request)
	}()
	<-answered
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	return recorder.Result(), nil
}

func TestAnAnswerThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name        string
		hangs       int
		interrupted time.Duration // after; 0: never
		calls       int
		took        time.Duration
		isError     bool
	}{
		{name: "once, and is repeated", hangs: 1, calls: 2, took: 10 * time.Second},
		{name: "twice, and is an error", hangs: sandbox.Always, calls: 2, took: 20 * time.Second, isError: true},
		{name: "by an interrupt, and is not repeated", hangs: 1, interrupted: 3 * time.Second, calls: 1, took: 3 * time.Second, isError: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := sandbox.NewMeta(sandbox.MetaOptions{})
				client := metagraph.New(metagraph.Options{
					BaseURL: parse(t, "https://graph.test/v24.0"), RequestTimeout: 10 * time.Second,
					Logger: slog.New(slog.DiscardHandler), Transport: inProcess{server},
				})
				server.Script(sandbox.Fault{Times: test.hangs, Do: sandbox.Hang()})
				ctx, interrupt := context.WithCancel(t.Context())
				defer interrupt()
				if test.interrupted > 0 {
					time.AfterFunc(test.interrupted, interrupt)
				}
				began := time.Now()
				err := client.CheckToken(ctx, numberID, token)
				if took := time.Since(began); took != test.took || server.Count(sandbox.OpAny) != test.calls {
					t.Errorf("%d calls in %s, want %d in %s", server.Count(sandbox.OpAny), took, test.calls, test.took)
				}
				if !test.isError {
					if err != nil {
						t.Error(err)
					}
				} else if found := failure(t, err, metagraph.Unchecked); found.Status != 0 || !strings.Contains(found.Error(), "graph.test") {
					t.Errorf("it says %q", found.Error())
				}
			})
		})
	}
}

func TestAnIDIsOnePathElement(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	_ = m.client.CheckToken(t.Context(), "../me?a=b#c", token)
	for _, request := range m.Requests()[:1] {
		if want := "/v24.0/..%2Fme%3Fa=b%23c"; request.Path != want || request.RawQuery != "fields=id" {
			t.Errorf("it asked for %s?%s, want %s", request.Path, request.RawQuery, want)
		}
	}
}

// The token would go along.
func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := newMeta(t)
	other := httptest.NewServer(elsewhere)
	t.Cleanup(other.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		m := newMeta(t)
		m.Script(sandbox.Fault{Times: sandbox.Always, Do: sandbox.RedirectTo(status, other.URL+"/v24.0/"+numberID+"?fields=id")})
		if found := failure(t, m.client.CheckToken(t.Context(), numberID, token), metagraph.Unchecked); found.Status != status {
			t.Errorf("%+v", found)
		}
	}
	if got := elsewhere.Requests(); len(got) > 0 {
		t.Errorf("the other host got %+v", got)
	}
}

// Of a long answer nothing is kept but that it is none of Meta's.
func TestAnAnswerWithoutEndIsAnError(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	m.Script(sandbox.Fault{Times: sandbox.Always, Do: sandbox.Respond(200, "application/json", `{"id":"`+strings.Repeat("1", 1<<20)+`"}`)})
	if found := failure(t, m.client.CheckToken(t.Context(), numberID, token), metagraph.Unchecked); len(found.Error()) > 300 {
		t.Errorf("it says %q", found.Error())
	}
}

// A proxy is the transport's: what it says of itself is no answer of Meta's.
func TestAProxyIsAskedAndItsRefusalIsNoAnswer(t *testing.T) {
	t.Parallel()
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, fmt.Sprint(r.Method, " ", r.Host, r.Header))
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(proxy.Close)
	through := http.DefaultTransport.(*http.Transport).Clone()
	through.Proxy = http.ProxyURL(parse(t, proxy.URL))
	m := newMeta(t, func(o *metagraph.Options) { o.BaseURL, o.Transport = parse(t, "https://graph.test/v24.0"), through })
	found := failure(t, m.client.CheckToken(t.Context(), numberID, token), metagraph.Unchecked)
	if !strings.Contains(found.Error(), "graph.test cannot be reached") || !strings.Contains(found.Error(), "Proxy Authentication Required") {
		t.Errorf("it says %q", found.Error())
	}
	if len(asked) != 2 || !strings.HasPrefix(asked[0], "CONNECT graph.test:443") || strings.Contains(strings.Join(asked, "")+found.Error(), token) {
		t.Errorf("the proxy was asked %q", asked)
	}
}
