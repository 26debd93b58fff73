// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// asProgram has the test binary run main in place of the tests.
const asProgram = "SANDBOX_TEST_RUNS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// welcome is what the program prints before it serves.
type welcome struct {
	text    string
	exports map[string]string
	curl    []string // its arguments, as a shell splits them
}

var (
	exportLine = regexp.MustCompile(`(?m)^  export (BIZAPI_\w+)=(.*)$`)
	curlLine   = regexp.MustCompile(`(?m)^  curl -H '(.*)' (\S+)$`)
)

// readWelcome reads up to the line that says how to end.
func readWelcome(t *testing.T, stdout *bufio.Reader) welcome {
	t.Helper()
	w := welcome{exports: map[string]string{}}
	for !strings.Contains(w.text, "Ctrl-C") {
		line, err := stdout.ReadString('\n')
		w.text += line
		if err != nil {
			t.Fatalf("%v after %q", err, w.text)
		}
	}
	for _, export := range exportLine.FindAllStringSubmatch(w.text, -1) {
		w.exports[export[1]] = export[2]
	}
	curl := curlLine.FindStringSubmatch(w.text)
	if curl == nil {
		t.Fatalf("no curl line in %s", w.text)
	}
	w.curl = curl[1:]
	return w
}

// do does what the printed curl line does, with another method if need be.
func (w welcome) do(t *testing.T, method, url, body string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	name, value, _ := strings.Cut(w.curl[0], ": ")
	r.Header.Set(name, value)
	r.Header.Set("Content-Type", "application/json")
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	read, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got.StatusCode, string(read)
}

// program is a run of the sandbox in this process.
type program struct {
	welcome
	end func() (restOfStdout, stderr string)
}

func start(t *testing.T, args ...string) program {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	var stderr bytes.Buffer
	done := make(chan error, 1)
	go func() {
		err := run(ctx, args, writer, &stderr)
		writer.CloseWithError(err) // nil reads as the end
		done <- err
	}()
	stdout := bufio.NewReader(reader)
	p := program{welcome: readWelcome(t, stdout)}
	p.end = func() (string, string) {
		t.Helper()
		cancel()
		rest, err := io.ReadAll(stdout)
		if err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Errorf("run ended with %v", err)
		}
		return string(rest), stderr.String()
	}
	return p
}

func TestRunServesWhatItPrints(t *testing.T) {
	p := start(t)
	base := p.exports["BIZAPI_BASE_URL"]
	if !regexp.MustCompile(`^http://127\.0\.0\.1:[1-9]\d*/v1$`).MatchString(base) {
		t.Errorf("the base URL is %q", base)
	}
	want := map[string]string{
		"BIZAPI_BASE_URL": base, "BIZAPI_API_KEY": "sk_test_sandbox", "BIZAPI_USER_ID": "usr_abc123",
		"BIZAPI_VERIFY_ACCESS_TOKENS": "true", "BIZAPI_META_GRAPH_URL": strings.TrimSuffix(base, "/v1") + "/graph/v24.0",
	}
	if diff := cmp.Diff(want, p.exports); diff != "" {
		t.Errorf("exports (-want +got):\n%s", diff)
	}
	if status, answer := p.do(t, "GET", p.curl[1], ""); status != http.StatusOK || !strings.Contains(answer, `"success":true`) {
		t.Errorf("the curl line answered %d %s", status, answer)
	}
	const number = `{"platform":"whatsapp","meta_phone_number_id":"1","access_token":"EAAsecret-token"}`
	if status, answer := p.do(t, "POST", p.curl[1], number); status != http.StatusCreated {
		t.Errorf("an add answered %d %s", status, answer)
	}
	rest, log := p.end()
	if !strings.Contains(rest, "The sandbox served 2 requests.") {
		t.Errorf("it ended with %q", rest)
	}
	for _, line := range []string{"GET /v1/users/usr_abc123/phone_numbers 200", "POST /v1/users/usr_abc123/phone_numbers 201"} {
		if !strings.Contains(log, line) {
			t.Errorf("the log lacks %q: %s", line, log)
		}
	}
}

func TestRunHonoursItsFlags(t *testing.T) {
	tests := map[string]struct {
		args  []string
		check func(t *testing.T, p program)
	}{
		"the dialect": {[]string{"-dialect", "published"}, func(t *testing.T, p program) {
			if _, answer := p.do(t, "GET", p.curl[1], ""); answer != "[]" {
				t.Errorf("a list is %s", answer)
			}
		}},
		"the key, quoted for a shell": {[]string{"-api-key", "it's$1"}, func(t *testing.T, p program) {
			if got := p.exports["BIZAPI_API_KEY"]; got != `'it'\''s$1'` {
				t.Errorf("the key is exported as %s", got)
			}
			p.curl[0] = strings.ReplaceAll(p.curl[0], `'\''`, `'`)
			if status, answer := p.do(t, "GET", p.curl[1], ""); status != http.StatusOK {
				t.Errorf("a list with the key answered %d %s", status, answer)
			}
		}},
		"the users": {[]string{"-users", "one,two"}, func(t *testing.T, p program) {
			for user, want := range map[string]int{"one": 200, "two": 200, "usr_abc123": 404} {
				url := p.exports["BIZAPI_BASE_URL"] + "/users/" + user + "/phone_numbers"
				if status, _ := p.do(t, "GET", url, ""); status != want {
					t.Errorf("a list of %s answered %d, want %d", user, status, want)
				}
			}
			if p.exports["BIZAPI_USER_ID"] != "one" {
				t.Errorf("the user is exported as %s", p.exports["BIZAPI_USER_ID"])
			}
		}},
		"the page size":           {[]string{"-page-size", "2"}, wantRows("", 2)},
		"the cap of a page":       {[]string{"-max-page-size", "1"}, wantRows("?limit=3", 1)},
		"no cap unless it is set": {nil, wantRows("?limit=3", 3)},
		"the rate limit": {[]string{"-requests-per-minute", "1"}, func(t *testing.T, p program) {
			first, _ := p.do(t, "GET", p.curl[1], "")
			second, _ := p.do(t, "GET", p.curl[1], "")
			if first != http.StatusOK || second != http.StatusTooManyRequests {
				t.Errorf("two lists answered %d and %d, want 200 and 429", first, second)
			}
		}},
		"the base path": {[]string{"-base-path", "/"}, func(t *testing.T, p program) {
			if base := p.exports["BIZAPI_BASE_URL"]; !strings.HasSuffix(p.curl[1], base+"/users/usr_abc123/phone_numbers") || strings.HasSuffix(base, "/v1") {
				t.Errorf("the base URL is %s, the curl line's %s", base, p.curl[1])
			}
			if status, _ := p.do(t, "GET", p.curl[1], ""); status != http.StatusOK {
				t.Errorf("a list at the root answered %d", status)
			}
			if status, _ := p.do(t, "GET", p.exports["BIZAPI_BASE_URL"]+"/v1/users/usr_abc123/phone_numbers", ""); status != http.StatusNotFound {
				t.Errorf("a list under /v1 answered %d, want 404", status)
			}
		}},
		"lenience": {[]string{"-lenient"}, func(t *testing.T, p program) {
			const handle = `{"platform":"instagram","meta_phone_number_id":"@you","access_token":"EAAxxxxxxxxx","more":"x"}`
			if status, answer := p.do(t, "POST", p.curl[1], handle); status != http.StatusCreated {
				t.Errorf("an add answered %d %s", status, answer)
			}
		}},
		"the lag of lists": {[]string{"-list-lag", "1h"}, wantRows("", 0)},
		"a name for the loopback": {[]string{"-listen", "localhost:0"}, func(t *testing.T, p program) {
			if status, _ := p.do(t, "GET", p.curl[1], ""); status != http.StatusOK {
				t.Errorf("a list answered %d", status)
			}
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := start(t, test.args...)
			test.check(t, p)
			p.end()
		})
	}
}

func TestRunPlaysMeta(t *testing.T) {
	tests := map[string]struct {
		status int
		code   string
	}{
		"EAAgoodToken":         {200, ""},
		"EAAexpiredToken":      {401, `"code":190`},
		"EAAwrongObjectToken":  {400, `"code":100`},
		"EAAnoPermissionToken": {403, `"code":10`},
		"EAAlimitedToken":      {400, `"code":4`},
		"EAAfailingToken":      {400, `"code":2`},
	}
	p := start(t)
	for token, want := range tests {
		check := p.welcome
		check.curl = []string{"Authorization: Bearer " + token}
		status, answer := check.do(t, "GET", p.exports["BIZAPI_META_GRAPH_URL"]+"/836990829491415?fields=id", "")
		if status != want.status || !strings.Contains(answer, want.code) {
			t.Errorf("%s is answered with %d %s, want %d and %s", token, status, answer, want.status, want.code)
		}
	}
	rest, log := p.end()
	if !strings.Contains(log, "GET /graph/v24.0/836990829491415 401") || strings.Contains(log+rest, "EAA") {
		t.Errorf("the log is %s", log)
	}
}

// wantRows adds three numbers and wants so many of them in a list.
func wantRows(query string, want int) func(*testing.T, program) {
	return func(t *testing.T, p program) {
		for _, meta := range []string{"1", "2", "3"} {
			p.do(t, "POST", p.curl[1], `{"platform":"whatsapp","meta_phone_number_id":"`+meta+`","access_token":"EAAxxxxxxxxx"}`)
		}
		_, answer := p.do(t, "GET", p.curl[1]+query, "")
		if rows := strings.Count(answer, `"meta_phone_number_id"`); rows != want {
			t.Errorf("a list has %d rows, want %d", rows, want)
		}
	}
}

func TestLatencyDelaysEveryAnswer(t *testing.T) {
	p := start(t, "-latency", "1h")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := p.list(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a list under a latency of an hour ended with %v", err)
	}
	p.end()
}

func TestTheEndDoesNotWaitForLateAnswers(t *testing.T) {
	p := start(t, "-latency", "1h")
	// The server asks for a body once the request is with its handler.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.curl[1], strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Expect", "100-continue")
	arrived := make(chan struct{})
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		Got100Continue: func() { close(arrived) },
	}))
	ended := make(chan error, 1)
	go func() {
		answer, err := (&http.Transport{ExpectContinueTimeout: time.Minute}).RoundTrip(r)
		if err == nil {
			_ = answer.Body.Close()
		}
		ended <- err
	}()
	<-arrived
	rest, log := p.end()
	if err := <-ended; err == nil {
		t.Error("a request under a latency of an hour was answered")
	}
	if !strings.Contains(rest, "served 1 request.") || !strings.Contains(log, "no answer") || strings.Contains(log, "closing connections") {
		t.Errorf("it ended with %q and logged %q", rest, log)
	}
}

// list does what the printed curl line does, on a connection of its own.
func (w welcome) list(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.curl[1], nil)
	if err != nil {
		return err
	}
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

func TestTheLogHasNoSecrets(t *testing.T) {
	p := start(t, "-api-key", "sk_secret-key")
	p.do(t, "POST", p.curl[1], `{"platform":"whatsapp","meta_phone_number_id":"1","access_token":"EAAsecret-token"}`)
	p.do(t, "POST", p.curl[1], `{"platform":"whatsapp","meta_phone_number_id":"1","access_token":"EAAsecret-token"}`)
	p.do(t, "GET", p.curl[1]+"?access_token=EAAsecret-token&key=sk_secret-key", "")
	rest, log := p.end()
	if strings.Count(log, "\n") != 3 {
		t.Errorf("want three lines, one a request:\n%s", log)
	}
	for _, secret := range []string{"secret-key", "secret-token"} {
		if strings.Contains(log+rest, secret) {
			t.Errorf("%s in the log or the summary:\n%s%s", secret, log, rest)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"all interfaces":         {[]string{"-listen", "0.0.0.0:0"}, "not a loopback address"},
		"all interfaces, unsaid": {[]string{"-listen", ":0"}, "not a loopback address"},
		"another machine's":      {[]string{"-listen", "192.0.2.1:0"}, "not a loopback address"},
		"no port":                {[]string{"-listen", "127.0.0.1"}, "missing port"},
		"an unknown dialect":     {[]string{"-dialect", "klingon"}, `"klingon" is neither`},
		"an empty key":           {[]string{"-api-key", ""}, "-api-key"},
		"a key of two words":     {[]string{"-api-key", "a b"}, "-api-key"},
		"no user":                {[]string{"-users", ""}, "-users"},
		"a user that is none":    {[]string{"-users", "one, two"}, `" two"`},
		"a negative page size":   {[]string{"-page-size", "-1"}, "-page-size"},
		"a negative cap":         {[]string{"-max-page-size", "-1"}, "-max-page-size"},
		"a negative limit":       {[]string{"-requests-per-minute", "-1"}, "-requests-per-minute"},
		"a negative lag":         {[]string{"-list-lag", "-1s"}, "-list-lag"},
		"a base without a slash": {[]string{"-base-path", "v1"}, "-base-path"},
		"a base with one behind": {[]string{"-base-path", "/v1/"}, "-base-path"},
		"a negative latency":     {[]string{"-latency", "-1s"}, "-latency"},
		"an unknown flag":        {[]string{"-colour"}, "-help explains"},
		"an argument":            {[]string{"serve"}, `unexpected argument "serve"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			err := run(t.Context(), test.args, &stdout, &stderr)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("run(%q) = %v, want an error with %q", test.args, err, test.want)
			}
			if stdout.Len()+stderr.Len() > 0 {
				t.Errorf("it printed %s%s", &stdout, &stderr)
			}
		})
	}
}

func TestRunSaysThatAPortIsTaken(t *testing.T) {
	p := start(t)
	address := strings.TrimSuffix(strings.TrimPrefix(p.exports["BIZAPI_BASE_URL"], "http://"), "/v1")
	if err := run(t.Context(), []string{"-listen", address}, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), address) {
		t.Errorf("got %v, want an error with %s", err, address)
	}
	p.end()
}

func TestHelpExplainsEveryFlag(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), []string{"-help"}, &stdout, &stderr); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Usage:", "Examples:", "Flags:", "go run ./internal/cmd/sandbox -listen 127.0.0.1:8080",
		"-listen", "-dialect", "-api-key", "-users", "-page-size", "-max-page-size", "-requests-per-minute", "-latency",
		"-base-path", "-lenient", "-list-lag", "/graph/v24.0",
	} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("the help lacks %q:\n%s", want, &stdout)
		}
	}
	if stderr.Len() > 0 {
		t.Errorf("stderr has %s", &stderr)
	}
}

// TestTheExamplesOfTheHelpParse takes the command lines of the help at their
// word.
func TestTheExamplesOfTheHelpParse(t *testing.T) {
	examples := regexp.MustCompile(`(?m)^    go run \./internal/cmd/sandbox(.*)$`).FindAllStringSubmatch(usageHead, -1)
	if len(examples) < 3 {
		t.Fatalf("%d examples", len(examples))
	}
	for _, example := range examples {
		if _, err := parseFlags(strings.Fields(example[1]), io.Discard); err != nil {
			t.Errorf("%s: %v", example[0], err)
		}
	}
}

func TestASignalEndsTheProgramCleanly(t *testing.T) {
	for name, signal := range map[string]os.Signal{"Ctrl-C": os.Interrupt, "SIGTERM": syscall.SIGTERM} {
		t.Run(name, func(t *testing.T) {
			sandbox := exec.CommandContext(t.Context(), os.Args[0])
			sandbox.Env = append(os.Environ(), asProgram+"=1")
			pipe, err := sandbox.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := sandbox.Start(); err != nil {
				t.Fatal(err)
			}
			stdout := bufio.NewReader(pipe)
			w := readWelcome(t, stdout)
			w.do(t, "GET", w.curl[1], "")
			if err := sandbox.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			rest, err := io.ReadAll(stdout)
			if err != nil {
				t.Error(err)
			}
			if err := sandbox.Wait(); err != nil {
				t.Errorf("it ended with %v, want exit code 0", err)
			}
			if !strings.Contains(string(rest), "The sandbox served 1 request.") {
				t.Errorf("it ended with %q", rest)
			}
		})
	}
}
