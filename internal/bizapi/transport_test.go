// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
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
	status   int // of its answer to a CONNECT
}

// TestMain puts a proxy between the client and every host that is neither loopback nor invalid: Go reads
// the variables once a process.
func TestMain(m *testing.M) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxied.Lock()
		defer proxied.Unlock()
		proxied.requests = append(proxied.requests, r)
		if r.Method == http.MethodConnect {
			w.WriteHeader(proxied.status)
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

// noWait is a Clock whose waits are over at once: what goes over real connections cannot be in a bubble.
type noWait struct{ realClock }

func (noWait) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// newNetClient makes a client on a network.
func newNetClient(t testing.TB, root string, changes ...func(*Options)) *Client {
	t.Helper()
	client, _ := newClient(t, nil, append([]func(*Options){func(o *Options) {
		o.BaseURL, o.Transport, o.Clock, o.MaxRetries = parsedURL(t, root), nil, noWait{}, 1
	}}, changes...)...)
	return client
}

// closedPort is an address where nobody listens.
func closedPort(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, listener.Close())
	return listener.Addr().String()
}

func quiet(server *httptest.Server) *httptest.Server {
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	return server
}

func TestWhatWasNeverSentIsKnown(t *testing.T) {
	for _, test := range []struct {
		name, root, message string
		proxy               int
	}{
		{name: "nobody on the port", root: "http://" + closedPort(t), message: "connection refused"},
		{name: "nobody under the name", root: "https://no-such-host.invalid/v1", message: "no-such-host.invalid"},
		{name: "a proxy that bars", root: "https://api.example.com/v1", proxy: 403, message: "Forbidden"},
		{name: "a proxy that wants a password", root: "https://api.example.com/v1", proxy: 407, message: "Proxy Authentication Required"},
	} {
		t.Run(test.name, func(t *testing.T) {
			proxied.Lock()
			proxied.status = test.proxy
			proxied.Unlock()
			client := newNetClient(t, test.root)
			_, err := client.ListPhoneNumbers(t.Context(), user)
			if failure := failureOf(t, err, KindUnreachable); !strings.Contains(failure.Message, test.message) {
				t.Errorf("%q does not say %q", failure.Message, test.message)
			}
			_, err = client.do(t.Context(), call{method: http.MethodPost, elements: numbersPath, body: number})
			if failure := failureOf(t, err, KindUnreachable); isAmbiguous(failure) || !isTransient(failure) {
				t.Errorf("%v is taken for one that may have been sent", err)
			}
			check(t, client.DeletePhoneNumber(t.Context(), PhoneNumber{ID: "pn_1", UserID: user}), KindUnreachable)
		})
	}
}

func TestTheProxyOfTheEnvironmentIsAsked(t *testing.T) {
	for _, root := range []string{"http://api.example.com/v1", "https://api.example.com/v1"} {
		proxied.Lock()
		proxied.requests, proxied.status = nil, http.StatusForbidden
		proxied.Unlock()
		client := newNetClient(t, root, func(o *Options) { o.MaxRetries = 0 })
		_, err := client.ListPhoneNumbers(t.Context(), user)
		if isPlain := strings.HasPrefix(root, "http:"); isPlain != (err == nil) {
			t.Errorf("%s: %v", root, err)
		}
		proxied.Lock()
		if len(proxied.requests) != 1 || !strings.HasPrefix(proxied.requests[0].Host, "api.example.com") {
			t.Fatalf("%s: the proxy was asked %v", root, proxied.requests)
		}
		if request := proxied.requests[0]; request.Method == http.MethodConnect && request.Header.Get("X-Api-Key") != "" {
			t.Error("the proxy got the key")
		}
		proxied.Unlock()
	}
}

func TestTLS(t *testing.T) {
	var served sync.Map
	server := quiet(httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { served.Store(r.Method, true) })))
	server.StartTLS()
	defer server.Close()
	client := newNetClient(t, server.URL)
	_, err := client.ListPhoneNumbers(t.Context(), user)
	check(t, err, KindCertificate)
	_, _, err = client.AddPhoneNumber(t.Context(), user, number)
	check(t, err, KindCertificate)
	check(t, client.DeletePhoneNumber(t.Context(), PhoneNumber{ID: "pn_1", UserID: user}), KindCertificate)
	served.Range(func(method, _ any) bool { t.Errorf("%s was sent", method); return true })
	if version := newTransport().TLSClientConfig.MinVersion; version != 0x0303 {
		t.Errorf("TLS from version %x", version)
	}
}

// Terraform has ten operations at a time.
func TestTenConnectionsAreKept(t *testing.T) {
	var opened atomic.Int32
	var together *sync.WaitGroup // all ten requests of a round
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		together.Done()
		together.Wait()
		_, _ = io.WriteString(w, "[]")
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	client := newNetClient(t, server.URL)
	for round := range 2 {
		together = &sync.WaitGroup{}
		together.Add(10)
		var readers sync.WaitGroup
		for n := range 10 {
			readers.Go(func() {
				_, err := client.ListPhoneNumbers(t.Context(), fmt.Sprintf("usr_%d_%d", round, n))
				if err != nil {
					t.Error(err)
				}
			})
		}
		readers.Wait()
	}
	if opened.Load() != 10 {
		t.Errorf("%d connections for twenty requests, ten at a time", opened.Load())
	}
}

// What a TLS port answers to plain http, as Go, nginx and OpenSSL's s_server were seen to.
func TestTheOtherSchemeIsNamed(t *testing.T) {
	plain := quiet(httptest.NewServer(http.NotFoundHandler()))
	defer plain.Close()
	tls := quiet(httptest.NewUnstartedServer(http.NotFoundHandler()))
	tls.StartTLS()
	defer tls.Close()
	raw := func(response string) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			connection, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(connection, response)
			_ = connection.Close()
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	html := "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>"
	for name, test := range map[string]struct {
		root string
		want string
	}{
		"https to a plain port":      {strings.Replace(plain.URL, "http:", "https:", 1), "does not speak TLS"},
		"http to Go's TLS port":      {strings.Replace(tls.URL, "https:", "http:", 1), "write https"},
		"http to nginx's TLS port":   {raw("HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" + html), "write https"},
		"http to OpenSSL's TLS port": {raw("\x15\x03\x01\x00\x02\x02\x46"), "write https"},
	} {
		t.Run(name, func(t *testing.T) {
			client := newNetClient(t, test.root)
			_, err := client.ListPhoneNumbers(t.Context(), user)
			if failure := failureOf(t, err, KindWrongScheme); !strings.Contains(failure.Message, test.want) {
				t.Errorf("%q does not say %q", failure.Message, test.want)
			}
			_, _, err = client.AddPhoneNumber(t.Context(), user, number)
			if failure := failureOf(t, err, KindWrongScheme); isTransient(failure) {
				t.Errorf("%v is repeated", err)
			}
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var elsewhere sync.Map
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { elsewhere.Store(r.Method, true) }))
	defer other.Close()
	for name, location := range map[string]string{
		"to the same host":  "/v1/users",
		"to another host":   other.URL + "/steal?key=" + apiKey,
		"with user info":    strings.Replace(other.URL, "://", "://"+token+"@", 1),
		"to plain http":     "http://api.example.com/v1",
		"to another scheme": "file:///etc/passwd",
		"to nowhere":        "",
		"to no URL":         "http://[" + token,
	} {
		t.Run(name, func(t *testing.T) {
			for _, status := range []int{301, 302, 303, 307, 308} {
				api := newAPI(t, sandbox.Options{})
				server := httptest.NewServer(api.sandbox)
				client := newNetClient(t, server.URL+"/v1")
				client.options.Secrets.Add(token)
				_, err := client.ListPhoneNumbers(t.Context(), user)
				must(t, err)
				api.sandbox.ForgetRequests()
				api.sandbox.Script(sandbox.Fault{Times: sandbox.Always, Do: sandbox.RedirectTo(status, location)})
				_, errList := client.ListPhoneNumbers(t.Context(), otherUser)
				_, _, errAdd := client.AddPhoneNumber(t.Context(), user, number)
				errDelete := client.DeletePhoneNumber(t.Context(), PhoneNumber{ID: "pn_1", UserID: user})
				for _, err := range []error{errList, errAdd, errDelete} {
					if text := failureOf(t, err, KindRedirect).Error(); hasSecret(text) || !strings.Contains(text, "redirect") {
						t.Error(text)
					}
				}
				if requests := len(api.sandbox.Requests()); requests != 3 {
					t.Errorf("%d requests for three calls", requests)
				}
				server.Close()
			}
		})
	}
	elsewhere.Range(func(method, _ any) bool { t.Errorf("%s went elsewhere", method); return true })
}

// What breaks off on a real connection is resolved as on the wire of the other tests.
func TestLostAnswersOnRealConnections(t *testing.T) {
	for name, behave := range map[string]sandbox.Behaviour{
		"a drop":        sandbox.Drop(),
		"a torn answer": sandbox.Torn(),
		"a time-out":    sandbox.Hang(),
	} {
		t.Run(name, func(t *testing.T) {
			api := newAPI(t, sandbox.Options{})
			server := quiet(httptest.NewServer(api.sandbox))
			defer server.Close()
			client := newNetClient(t, server.URL+"/v1", func(o *Options) { o.RequestTimeout, o.MaxRetries = 200*time.Millisecond, 20 })
			for _, on := range []sandbox.Operation{sandbox.OpAdd, sandbox.OpDelete} {
				api.sandbox.Script(sandbox.Fault{On: on, Commit: true, Do: behave})
			}
			added, adopted, err := client.AddPhoneNumber(t.Context(), user, number)
			must(t, err)
			if held := api.holds(user); !adopted || !slices.Equal(held, []string{added.ID}) {
				t.Errorf("adopted %t %s, the API holds %v", adopted, added.ID, held)
			}
			must(t, client.DeletePhoneNumber(t.Context(), added))
			if held := api.holds(user); len(held) > 0 {
				t.Errorf("the API holds %v", held)
			}
		})
	}
}

// A server may close a connection that was idle just as it is used again: Go repeats no POST for that.
func TestAConnectionThatWasClosedMeanwhileIsResolved(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	server := httptest.NewServer(api.sandbox)
	defer server.Close()
	client := newNetClient(t, server.URL+"/v1")
	for n := range 5 {
		server.CloseClientConnections()
		_, _, err := client.AddPhoneNumber(t.Context(), user, numberNo(n))
		must(t, err)
	}
	if held := len(api.holds(user)); held != 5 {
		t.Errorf("the API holds %d numbers", held)
	}
}

func TestAnInterruptEndsAWriteThatHasNoConnection(t *testing.T) {
	dialling := make(chan struct{})
	transport := newTransport()
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		close(dialling)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	client := newNetClient(t, "http://127.0.0.1:1", func(o *Options) { o.Transport, o.RequestTimeout = transport, time.Hour })
	ctx, interrupt := context.WithCancel(t.Context())
	go func() { <-dialling; interrupt() }()
	_, err := client.do(ctx, call{method: http.MethodPost, elements: numbersPath, body: number})
	check(t, err, KindCanceled)
}

func TestAConnectionThatTakesTooLongWasNeverSent(t *testing.T) {
	transport := newTransport()
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	client := newNetClient(t, "http://127.0.0.1:1", func(o *Options) { o.Transport, o.RequestTimeout = transport, 10*time.Millisecond })
	_, err := client.do(t.Context(), call{method: http.MethodPost, elements: numbersPath, body: number})
	if failure := failureOf(t, err, KindUnreachable); failure.Message != "no connection within 10ms" {
		t.Error(failure)
	}
}

func gzipped(text string) string {
	var body bytes.Buffer
	writer := gzip.NewWriter(&body)
	_, _ = writer.Write([]byte(text))
	_ = writer.Close()
	return body.String()
}

func TestAnAnswerIsReadUpTo32MiB(t *testing.T) {
	const most = 32 << 20
	page := "[" + rowOf() + "]"
	full := page + strings.Repeat(" ", most-len(page))
	for _, test := range []struct {
		name, body, encoding, problem string
	}{
		{name: "and no less", body: full},
		{name: "and no more", body: full + " ", problem: "the answer is larger than 32 MiB"},
		{name: "after unpacking", body: gzipped(full + " "), encoding: "gzip", problem: "the answer is larger than 32 MiB"},
		{name: "packed", body: gzipped(page), encoding: "gzip"},
		{name: "packed, it says, and is not", body: page, encoding: "gzip", problem: "broke off after 0 bytes"},
		{name: "packed, and torn", body: gzipped(page)[:40], encoding: "gzip", problem: "broke off"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(answering(200, jsonType, test.body, "Content-Encoding: "+test.encoding))
			defer server.Close()
			client := newNetClient(t, server.URL, func(o *Options) { o.MaxRetries = 0 })
			_, ok, err := client.RegisteredPhoneNumber(t.Context(), user, "whatsapp", "836990829491415")
			if test.problem == "" {
				must(t, err)
				if !ok {
					t.Error("the number is not there")
				}
			} else if failure := failureOf(t, err, KindNoAnswer); !strings.Contains(failure.Message, test.problem) {
				t.Error(err)
			}
		})
	}
}

// The transport may still be reading the request of an attempt that was given up.
func TestEveryAttemptHasARequestOfItsOwn(t *testing.T) {
	var sent []*http.Request
	client := newNetClient(t, "https://api.example.com", func(o *Options) {
		o.Transport = roundTripper(func(request *http.Request) (*http.Response, error) {
			sent = append(sent, request)
			return nil, io.ErrUnexpectedEOF
		})
	})
	_, err := client.ListPhoneNumbers(t.Context(), user)
	check(t, err, KindUnreachable)
	if len(sent) != 2 || sent[0].Header.Get("X-Correlation-Id") == sent[1].Header.Get("X-Correlation-Id") {
		t.Errorf("%d attempts share a request", len(sent))
	}
}

// TestAnAttemptThatWasGivenUpLeavesTheNextOneAlone is for the race detector: the transport may still be
// writing the request of the last attempt.
func TestAnAttemptThatWasGivenUpLeavesTheNextOneAlone(t *testing.T) {
	api := newAPI(t, sandbox.Options{})
	server := quiet(httptest.NewServer(api.sandbox))
	defer server.Close()
	client := newNetClient(t, server.URL+"/v1", func(o *Options) { o.RequestTimeout, o.MaxRetries = time.Millisecond, 40 })
	api.sandbox.Script(sandbox.Fault{Times: 30, Do: sandbox.Hang()})
	_, _ = client.ListPhoneNumbers(t.Context(), user)
	_, _, _ = client.AddPhoneNumber(t.Context(), user, number)
}
