// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// longestFailure tells a failure from a hang, which would last for the operation's timeout of 20
// minutes and more, on machines however slow. That an attempt ends with the request timeout is said
// by the messages, which name it.
const longestFailure = 5 * time.Minute

// withinTime fails the test if the command took longer than a failure may.
func (w *cliWorkspace) withinTime(args ...string) cliOutcome {
	w.t.Helper()
	began := time.Now()
	done := parsed(w.t, w.run(append(args, "-json")...))
	if took := time.Since(began); took > longestFailure {
		w.t.Errorf("%v took %s", args, took)
	}
	return done
}

// elsewhere is a host that nothing may be sent to.
type elsewhere struct {
	*httptest.Server
	requests atomic.Int64
}

func newElsewhere(t *testing.T) *elsewhere {
	t.Helper()
	e := &elsewhere{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { e.requests.Add(1) }))
	t.Cleanup(e.Close)
	return e
}

func (e *elsewhere) gotNothing(t *testing.T) {
	t.Helper()
	if got := e.requests.Load(); got != 0 {
		t.Errorf("another host got %d requests", got)
	}
}

// newTLSServer is a sandbox behind TLS, and the file with the certificate that proves it.
func newTLSServer(t *testing.T, settings *tls.Config) (api *testAPI, host, certificate string) {
	t.Helper()
	api = newAPI(t, sandbox.Options{})
	listener := httptest.NewUnstartedServer(api)
	listener.TLS = settings
	listener.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are the point
	listener.StartTLS()
	t.Cleanup(listener.Close)
	block := &pem.Block{Type: "CERTIFICATE", Bytes: listener.Certificate().Raw}
	return api, listener.Listener.Addr().String(), string(pem.EncodeToMemory(block))
}

// numberVia is a number whose provider has settings of its own.
func numberVia(name, settings string) string {
	return fmt.Sprintf(`
provider "bizapi" {
  alias           = %[1]q
  request_timeout = "2s"
  %[2]s
}
`, name, settings) + channel(name, "provider = bizapi."+name)
}

// channel is a web chat channel with the token of sensitiveToken.
func channel(name, arguments string) string {
	return fmt.Sprintf(`
resource "bizapi_phone_number" %[1]q {
  platform             = "webchat"
  meta_phone_number_id = %[1]q
  access_token         = var.token
  %[2]s
}
`, name, arguments)
}

func TestCLITransportRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	other := newElsewhere(t)
	api := newAPI(t, sandbox.Options{})
	w := newCLIWorkspace(t, api.baseURL)
	w.Setenv("BIZAPI_MAX_RETRIES", "0")
	w.Setenv("TF_VAR_token", testToken)
	here := strings.TrimSuffix(api.baseURL, "/v1")
	targets := map[string]string{
		"elsewhere": other.URL + "/v1/users/" + testUser + "/phone_numbers",
		"here":      here + "/moved",
		"relative":  "/moved",
		"scheme":    "ftp://127.0.0.1/v1",
	}
	redirects := map[string]sandbox.Behaviour{}
	text := sensitiveToken
	for target, location := range targets {
		for _, status := range []int{301, 302, 303, 307, 308} {
			name := fmt.Sprintf("%s%d", target, status)
			redirects[name] = sandbox.RedirectTo(status, location)
			text += channel(name, "")
		}
	}
	w.write("main.tf", text)
	byNumber := func(response http.ResponseWriter, request *http.Request, answer sandbox.Answer) {
		sent, _ := io.ReadAll(request.Body) // read from memory
		for name, redirect := range redirects {
			if strings.Contains(string(sent), `"`+name+`"`) {
				redirect(response, request, answer)
			}
		}
	}

	api.Script(sandbox.Fault{On: sandbox.OpAdd, Times: sandbox.Always, Do: byNumber})
	added := w.withinTime("apply", "-auto-approve")
	for name := range redirects {
		added.of("bizapi_phone_number."+name).failed("API redirects elsewhere", "base_url", "status "+name[len(name)-3:])
	}
	cliWrites(t, api, len(redirects), 0)

	api.ClearFaults()
	w.apply().succeeded()
	api.ForgetRequests()
	api.Script(
		sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: sandbox.RedirectTo(302, targets["elsewhere"])},
		sandbox.Fault{On: sandbox.OpDelete, Times: sandbox.Always, Do: sandbox.RedirectTo(307, targets["elsewhere"])},
	)
	w.withinTime("plan").failed("API redirects elsewhere", "base_url", "status 302", "Nothing was removed from the state")
	w.withinTime("apply", "-destroy", "-auto-approve", "-refresh=false").failed("API redirects elsewhere", "status 307", "stays in the state")
	other.gotNothing(t)
	if got := api.Count(sandbox.OpOther); got != 0 {
		t.Errorf("%d redirects were followed on the same host", got)
	}
	if left := len(api.Numbers(testUser)); left != len(redirects) {
		t.Errorf("%d numbers are left of %d", left, len(redirects))
	}
}

func TestCLITransportDowngradeToHTTPIsNotFollowed(t *testing.T) {
	t.Parallel()
	plain := newElsewhere(t)
	api, host, certificate := newTLSServer(t, nil)
	w := newCLIWorkspace(t, "https://"+host+"/v1")
	w.write("ca.pem", certificate)
	w.Setenv("SSL_CERT_FILE", filepath.Join(w.Dir, "ca.pem"))
	w.Setenv("BIZAPI_MAX_RETRIES", "0")
	w.write("main.tf", number(withToken(testToken)))
	api.Script(sandbox.Fault{On: sandbox.OpAdd, Do: sandbox.RedirectTo(308, plain.URL+"/v1/users/"+testUser+"/phone_numbers")})
	w.withinTime("apply", "-auto-approve").failed("API redirects elsewhere", "http://"+strings.TrimPrefix(plain.URL, "http://"))
	plain.gotNothing(t)
	// The authority that the advice on certificates names does help.
	w.apply().succeeded().does(address, "create")
}

func TestCLITransportFailures(t *testing.T) {
	t.Parallel()
	stranger, strangerHost, _ := newTLSServer(t, nil)
	old, oldHost, _ := newTLSServer(t, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	hanging := newAPI(t, sandbox.Options{})
	hanging.Script(sandbox.Fault{Times: sandbox.Always, Do: sandbox.Hang()})
	slow := newAPI(t, sandbox.Options{})
	slow.Script(sandbox.Fault{On: sandbox.OpAdd, Times: sandbox.Always, Do: sandbox.Hang()})
	dropping := newAPI(t, sandbox.Options{})
	dropping.Script(sandbox.Fault{Times: sandbox.Always, Do: sandbox.Drop()})
	plain := newAPI(t, sandbox.Options{})
	closed := closedPort(t)
	_, strangerPort, err := net.SplitHostPort(strangerHost)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		baseURL string
		want    []string
	}{
		"self_signed":       {"https://" + strangerHost + "/v1", []string{"API certificate is not trusted", "SSL_CERT_FILE", "certificate"}},
		"of_another_name":   {"https://localhost:" + strangerPort + "/v1", []string{"API certificate is not trusted"}},
		"too_old":           {"https://" + oldHost + "/v1", []string{"API cannot be reached", "https://" + oldHost + "/v1", "protocol version"}},
		"no_TLS":            {"https://" + strings.TrimPrefix(plain.baseURL, "http://"), []string{"Wrong scheme in base URL", "does not speak TLS"}},
		"nobody_listens":    {"http://" + closed + "/v1", []string{"API cannot be reached", "http://" + closed + "/v1", "refused"}},
		"no_such_host":      {"https://api.invalid/v1", []string{"API cannot be reached", "https://api.invalid/v1"}},
		"never_answers":     {hanging.baseURL, []string{"may or may not exist", "no answer within 2s"}},
		"answers_no_add":    {slow.baseURL, []string{"no answer within 2s"}},
		"drops_connections": {dropping.baseURL, []string{"may or may not exist", "EOF"}},
	}
	warnings := map[string][]string{
		"nobody_listens": {"API cannot be reached"}, "never_answers": {"API does not answer", "request_timeout"}, "drops_connections": {"API does not answer"},
	}
	w := newCLIWorkspace(t, "http://"+closed)
	w.Setenv("BIZAPI_MAX_RETRIES", "0")
	w.Setenv("TF_VAR_token", testToken)
	// An API that cannot be reached may be reached by the apply; a server that is another one is an error at plan.
	isRefusedAtPlan := map[string]bool{"self_signed": true, "of_another_name": true, "no_TLS": true}
	for _, command := range []string{"plan", "apply"} {
		text := sensitiveToken
		names := slices.DeleteFunc(slices.Sorted(maps.Keys(tests)), func(name string) bool { return isRefusedAtPlan[name] != (command == "plan") })
		for _, name := range names {
			text += numberVia(name, fmt.Sprintf("base_url = %q", tests[name].baseURL))
		}
		w.write("main.tf", text)
		done := w.withinTime(strings.Fields(map[string]string{"plan": "plan", "apply": "apply -auto-approve"}[command])...)
		for _, name := range names {
			t.Run(name, func(t *testing.T) {
				found := done.of("bizapi_phone_number." + name)
				found.t = t
				found.failed(tests[name].want...)
				if planned, isWarned := warnings[name]; isWarned {
					found.warned(append(planned, "Plan could not be checked")...) // at plan, and by the apply that plans again
				}
			})
		}
		w.hides(command, done.Output, secret{"the key", testKey, nil}, secret{"the token", testToken, nil})
	}
	for name, api := range map[string]*testAPI{"an untrusted server": stranger, "a server of old TLS": old, "a server without TLS": plain} {
		if got := api.Count(sandbox.OpAny); got != 0 {
			t.Errorf("%s got %d requests", name, got)
		}
	}
}

// proxy is a forward proxy that passes everything on to one server, whatever host is asked for.
type proxy struct {
	*httptest.Server
	mu    sync.Mutex
	asked []*http.Request
}

// newProxy forwards plain requests to server, and tunnels to host.
func newProxy(t *testing.T, server http.Handler, host string) *proxy {
	t.Helper()
	p := &proxy{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.Clone(t.Context()))
		p.mu.Unlock()
		if r.Method == http.MethodConnect {
			tunnel(w, host)
			return
		}
		server.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// tunnel joins the connection of a CONNECT to a host, until either side closes it.
func tunnel(w http.ResponseWriter, host string) {
	onward, err := net.Dial("tcp", host)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer onward.Close()
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() {
		_, _ = io.Copy(onward, buffered)
		_ = onward.Close()
	}()
	_, _ = io.Copy(client, onward)
}

func TestCLITransportProxyIsUsed(t *testing.T) {
	t.Parallel()
	t.Run("for plain http", func(t *testing.T) {
		t.Parallel()
		api := newAPI(t, sandbox.Options{})
		through := newProxy(t, api, "")
		w := newCLIWorkspace(t, "http://api.test/v1")
		w.Setenv("HTTP_PROXY", through.URL)
		w.write("main.tf", "provider \"bizapi\" {\n  allow_insecure_http = true\n}\n"+number(withToken(testToken)))
		w.apply().succeeded().does(address, "create")
		if len(through.asked) == 0 || through.asked[0].URL.Host != "api.test" {
			t.Errorf("the proxy was asked %+v", through.asked)
		}
	})
	t.Run("for https, and sees nothing but the host", func(t *testing.T) {
		t.Parallel()
		api, host, certificate := newTLSServer(t, nil)
		through := newProxy(t, nil, host)
		// The name of the test certificate: it resolves to nothing here, and the proxy is what knows it.
		w := newCLIWorkspace(t, "https://example.com/v1")
		w.write("ca.pem", certificate)
		w.Setenv("SSL_CERT_FILE", filepath.Join(w.Dir, "ca.pem"))
		w.Setenv("HTTPS_PROXY", through.URL)
		w.write("main.tf", number(withToken(testToken)))
		w.apply().succeeded().does(address, "create")
		cliWrites(t, api, 1, 0)
		if len(through.asked) == 0 {
			t.Error("the proxy was not asked")
		}
		for _, request := range through.asked {
			seen := fmt.Sprint(request.Method, request.URL, request.Host, request.Header)
			if request.Method != http.MethodConnect || request.Host != "example.com:443" || strings.Contains(seen, testKey) {
				t.Errorf("the proxy was asked %s", seen)
			}
		}
	})
}

func TestCLITransportProxyThatRefuses(t *testing.T) {
	t.Parallel()
	refusing := func(status int) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<h1>Blocked</h1>")
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	withPassword := func(address string) string {
		parsed, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		parsed.User = url.UserPassword("robot", "proxyPassword1")
		return parsed.String()
	}
	tests := map[string]struct {
		variable, proxy, baseURL string
		want                     []string
	}{
		"that forbids a tunnel":         {"HTTPS_PROXY", refusing(403), "https://api.test/v1", []string{"API cannot be reached", "HTTPS_PROXY", "Forbidden"}},
		"that wants to be authorised":   {"HTTPS_PROXY", withPassword(refusing(407)), "https://api.test/v1", []string{"API cannot be reached", "HTTPS_PROXY", "Proxy Authentication Required"}},
		"that nobody listens on":        {"HTTPS_PROXY", withPassword("http://" + closedPort(t)), "https://api.test/v1", []string{"API cannot be reached", "HTTPS_PROXY", "refused"}},
		"that is no address":            {"HTTPS_PROXY", "http://robot:proxyPassword1@[::1", "https://api.test/v1", []string{"API cannot be reached", "HTTPS_PROXY"}},
		"that forbids a plain request":  {"HTTP_PROXY", refusing(403), "http://api.test/v1", []string{"Not allowed", "status 403", "text/html"}},
		"that wants a password in http": {"HTTP_PROXY", refusing(407), "http://api.test/v1", []string{"status 407", "text/html"}},
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test := tests[name]
			w := newCLIWorkspace(t, test.baseURL)
			w.Setenv(test.variable, test.proxy)
			w.Setenv("BIZAPI_MAX_RETRIES", "0")
			w.Setenv("TF_VAR_token", testToken)
			w.write("main.tf", sensitiveToken+numberVia("main", "allow_insecure_http = true"))
			done := w.withinTime("apply", "-auto-approve").failed(test.want...)
			w.hides("apply", done.Output, secret{"the key", testKey, nil}, secret{"the token", testToken, nil}, secret{"the proxy's password", "proxyPassword1", nil})
		})
	}
}
