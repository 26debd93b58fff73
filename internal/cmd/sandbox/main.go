// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

// Command sandbox runs the local stand-in for the business messaging API on a
// loopback port.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

const usageHead = `Sandbox is a local stand-in for the business messaging API. It keeps phone
numbers and agents in memory, speaks both dialects of the API, rejects requests
that the API would reject, and forgets everything when it exits. It listens only
on loopback.

Under /graph/v24.0 it stands in for Meta's Graph API, which the provider asks
about access tokens if verify_access_tokens is set. It accepts every token that
contains none of these words: expired, wrongobject, nopermission, limited, failing.

Usage:
  go run ./internal/cmd/sandbox [flags]

Examples:
  A deployed server on a free port:
    go run ./internal/cmd/sandbox

  Answers as on the published page, on a port of your choice, for two users:
    go run ./internal/cmd/sandbox -listen 127.0.0.1:8080 -dialect published -users usr_abc123,usr_def456

  A slow server with small pages that answers 429 after 100 requests a minute:
    go run ./internal/cmd/sandbox -latency 300ms -max-page-size 10 -requests-per-minute 100

  A server without a version path whose lists lag 20 seconds behind adds and deletes:
    go run ./internal/cmd/sandbox -base-path / -list-lag 20s

It prints its URL, the environment variables that point the provider at it, and a
curl command to try. It logs each request to stderr, without secrets. A "POST …/agents
400" before a 201 is normal: a deployed server requires agent_id in that request, the
published page does not have it, and so the provider first tries without. Ctrl-C stops it.

Flags:
`

// shutdownGrace is how long connections may take to close after Ctrl-C.
const shutdownGrace = 2 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// Once ending has begun, a second Ctrl-C ends the program at once.
	context.AfterFunc(ctx, stop)
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, which is no error, and then says how many requests
// it served.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	settings, err := parseFlags(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w (-help explains the flags)", err)
	}
	listener, err := listenOnLoopback(settings.listen)
	if err != nil {
		return err
	}
	printWelcome(stdout, "http://"+listener.Addr().String(), settings.options)

	logger := log.New(stderr, "", log.Ltime)
	handler := newRequestLog(settings, logger)
	if err := serve(ctx, listener, handler, logger); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "\nThe sandbox served %s.\n", requestCount(handler.served.Load()))
	return nil
}

// serve ends with ctx, which ends late answers too.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, logger *log.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ErrorLog:          logger,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		logger.Printf("closing connections that are still open after %s", shutdownGrace)
		_ = server.Close()
	}
	return nil
}

// settings are the flags, checked.
type settings struct {
	listen  string
	latency time.Duration
	options sandbox.Options
}

// parseFlags returns flag.ErrHelp after it printed the usage.
func parseFlags(args []string, stdout io.Writer) (settings, error) {
	var s settings
	var dialect, users string
	o := &s.options
	flags := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run returns what went wrong
	flags.StringVar(&s.listen, "listen", "127.0.0.1:0", "loopback `address` to listen on; port 0 picks a free port")
	flags.StringVar(&dialect, "dialect", string(sandbox.Deployed), "`form` of the answers: deployed or published")
	flags.StringVar(&o.BasePath, "base-path", "/v1", "`path` under which the API is served; / is the root")
	flags.StringVar(&o.APIKey, "api-key", "sk_test_sandbox", "the only valid x-api-key")
	flags.StringVar(&users, "users", "usr_abc123", "`ids` of the users that exist, separated by commas")
	flags.BoolVar(&o.Lenient, "lenient", false, "ignore unknown fields, and accept the web chat form of Meta ids on every platform")
	flags.IntVar(&o.PageSize, "page-size", 0, "`rows` per page if a request sets no limit; 0 is the dialect's default: 100 deployed, 50 published")
	flags.IntVar(&o.MaxPageSize, "max-page-size", 0, "maximum `rows` per page, whatever limit the request sets; 0 is no maximum")
	flags.IntVar(&o.RequestsPerWindow, "requests-per-minute", 0, "maximum `requests` per minute; more are answered 429 with Retry-After; 0 is no limit")
	flags.DurationVar(&o.ListAddsAfter, "list-lag", 0, "`time` that lists lag behind adds and deletes, such as 20s")
	flags.DurationVar(&s.latency, "latency", 0, "`time` to wait before each response, such as 300ms")

	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, usageHead)
		flags.SetOutput(stdout)
		flags.PrintDefaults()
	}
	if err != nil {
		return settings{}, err
	}
	if flags.NArg() > 0 {
		return settings{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	o.ListDeletesAfter = o.ListAddsAfter
	o.Dialect, o.Users = sandbox.Dialect(dialect), strings.Split(users, ",")
	return s, s.check()
}

var (
	userID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,50}$`)
	base   = regexp.MustCompile(`^/$|^(/[A-Za-z0-9._~-]+)+$`)
	apiKey = regexp.MustCompile(`^[!-~]+$`) // what a header carries unchanged
)

func (s settings) check() error {
	o := s.options
	for _, user := range o.Users {
		if !userID.MatchString(user) {
			return fmt.Errorf("-users: %q is not a user id: 1 to 50 letters, digits, underscores or hyphens", user)
		}
	}
	switch {
	case o.Dialect != sandbox.Deployed && o.Dialect != sandbox.Published:
		return fmt.Errorf("-dialect: %q is neither deployed nor published", o.Dialect)
	case !base.MatchString(o.BasePath):
		return fmt.Errorf("-base-path: %q is not a path such as /v1, or / for the root", o.BasePath)
	case !apiKey.MatchString(o.APIKey):
		return errors.New("-api-key: must be printable ASCII without spaces, and not empty")
	case o.PageSize < 0:
		return errors.New("-page-size: must not be negative")
	case o.MaxPageSize < 0:
		return errors.New("-max-page-size: must not be negative")
	case o.RequestsPerWindow < 0:
		return errors.New("-requests-per-minute: must not be negative")
	case o.ListAddsAfter < 0:
		return errors.New("-list-lag: must not be negative")
	case s.latency < 0:
		return errors.New("-latency: must not be negative")
	}
	return nil
}

// graphPath is where Meta is served.
const graphPath = "/graph/v24.0"

// metaErrors are Meta's answers to tokens, by a word in them.
var metaErrors = map[string]sandbox.MetaError{
	"expired":      sandbox.MetaExpired,
	"wrongobject":  sandbox.MetaWrongObject,
	"nopermission": sandbox.MetaNoPermission,
	"limited":      sandbox.MetaLimited,
	"failing":      sandbox.MetaFailure,
}

func refuseByWord(token, _ string) (sandbox.MetaError, bool) {
	token = strings.ToLower(token)
	for word, answer := range metaErrors {
		if strings.Contains(token, word) {
			return answer, true
		}
	}
	return sandbox.MetaError{}, false
}

// listenOnLoopback resolves a name once, so that the address it checks is the one
// it listens on.
func listenOnLoopback(address string) (net.Listener, error) {
	resolved, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("-listen: %w", err)
	}
	if !resolved.IP.IsLoopback() {
		return nil, fmt.Errorf("-listen: %q is not a loopback address such as 127.0.0.1:8080; the sandbox serves only this machine", address)
	}
	return net.ListenTCP("tcp", resolved)
}

func printWelcome(w io.Writer, host string, o sandbox.Options) {
	url := host + strings.TrimSuffix(o.BasePath, "/")
	fmt.Fprintf(w, `The sandbox speaks the %[1]s dialect at %[2]s

Point the provider at it:

  export BIZAPI_BASE_URL=%[3]s
  export BIZAPI_API_KEY=%[4]s
  export BIZAPI_USER_ID=%[5]s

To check access tokens at plan, against a stand-in for Meta:

  export BIZAPI_VERIFY_ACCESS_TOKENS=true
  export BIZAPI_META_GRAPH_URL=%[8]s

To list the user's numbers:

  curl -H %[6]s %[7]s

Ctrl-C stops it. Nothing is kept.
`,
		o.Dialect, url, shellQuoted(url), shellQuoted(o.APIKey), shellQuoted(o.Users[0]),
		shellQuoted("x-api-key: "+o.APIKey), shellQuoted(url+"/users/"+o.Users[0]+"/phone_numbers"),
		shellQuoted(host+graphPath))
}

var shellSafe = regexp.MustCompile(`^[A-Za-z0-9_./:@-]+$`)

// shellQuoted makes one word of a POSIX shell.
func shellQuoted(word string) string {
	if shellSafe.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func requestCount(n int64) string {
	if n == 1 {
		return "1 request"
	}
	return fmt.Sprintf("%d requests", n)
}

// requestLog serves the API and Meta. It counts requests, and logs a line for each: method, path, status and
// duration, and nothing of headers, query or body.
type requestLog struct {
	api    *sandbox.Server
	meta   *sandbox.Meta
	logger *log.Logger
	served atomic.Int64
}

func newRequestLog(s settings, logger *log.Logger) *requestLog {
	l := &requestLog{
		api:    sandbox.New(s.options),
		meta:   sandbox.NewMeta(sandbox.MetaOptions{Refuse: refuseByWord}),
		logger: logger,
	}
	if s.latency > 0 {
		late := sandbox.Fault{Times: sandbox.Always, Do: sandbox.Delay(s.latency)}
		l.api.Script(late)
		l.meta.Script(late)
	}
	return l
}

// ServeHTTP implements http.Handler.
func (l *requestLog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	status := &statusWriter{ResponseWriter: w}
	defer func() {
		l.served.Add(1)
		l.api.ForgetRequests() // nothing here reads the histories, which would grow for ever
		l.meta.ForgetRequests()
		l.logger.Printf("%s %s %s %s", r.Method, r.URL.EscapedPath(), status, time.Since(began).Round(time.Millisecond))
	}()
	if strings.HasPrefix(r.URL.Path, graphPath+"/") {
		l.meta.ServeHTTP(status, r)
		return
	}
	l.api.ServeHTTP(status, r)
}

// statusWriter remembers the status for the log.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// String is the status for a reader.
func (w *statusWriter) String() string {
	if w.status == 0 {
		return "no answer"
	}
	return fmt.Sprint(w.status)
}
