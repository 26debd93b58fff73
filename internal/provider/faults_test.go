// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// serverFaults are what can go wrong once a request has been sent.
var serverFaults = map[string]sandbox.Fault{
	"drop before the commit":         {Do: sandbox.Drop()},
	"drop after the commit":          {Commit: true, Do: sandbox.Drop()},
	"500 before the commit":          {Do: sandbox.Respond(500, "application/json", `{"error":"Internal","message":"failed"}`)},
	"502 page after the commit":      {Commit: true, Do: sandbox.Respond(502, "text/html", "<html>Bad gateway</html>")},
	"time-out after the commit":      {Commit: true, Do: sandbox.Hang()},
	"torn answer after the commit":   {Commit: true, Do: sandbox.Torn()},
	"torn JSON after the commit":     {Commit: true, Do: sandbox.TornJSON()},
	"2xx without an id":              {Commit: true, Do: sandbox.Respond(201, "application/json", `{"success":true}`)},
	"429 with a short Retry-After":   {Do: sandbox.RateLimited("5")},
	"429 with a long Retry-After":    {Do: sandbox.RateLimited("600")},
	"429 without Retry-After":        {Do: sandbox.RateLimited("")},
	"503 before the commit":          {Do: sandbox.Respond(503, "text/plain", "unavailable")},
	"503 page after the commit":      {Commit: true, Do: sandbox.Respond(503, "text/html", "<html>Unavailable</html>")},
	notTheAPI:                        {Do: sandbox.Respond(200, "text/html", "<html>Sign in</html>")},
	"200 sign-in page, after commit": {Commit: true, Do: sandbox.Respond(200, "text/html", "<html>Sign in</html>")},
}

// isFinal tells the faults that no request is repeated after: some other server answers, or the
// rate limit lasts longer than the operation may.
func (c *cell) isFinal() bool {
	return c.fault == notTheAPI && c.on == sandbox.OpDelete || c.fault == "429 with a long Retry-After"
}

const notTheAPI = "200 sign-in page, not the API"

// networkFaults are what can go wrong before.
var networkFaults = map[string]error{
	"connection refused": &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED},
	"DNS failure":        &net.DNSError{Err: "no such host", Name: "api.example.com", IsNotFound: true},
}

var methods = map[sandbox.Operation]string{
	sandbox.OpAdd: http.MethodPost, sandbox.OpList: http.MethodGet, sandbox.OpDelete: http.MethodDelete, sandbox.OpAny: "",
}

// cell is one fault, at one operation, once or for ever.
type cell struct {
	t       *testing.T
	dialect sandbox.Dialect
	fault   string
	on      sandbox.Operation
	times   int
	server  *sandbox.Server
	engine  *engine
}

const (
	faultUser   = "usr_abc123"
	faultMetaID = "836990829491415"
)

// faultArguments have timeouts that a rate limit without an end outlasts soon.
var faultArguments = map[string]any{
	"platform": "whatsapp", "meta_phone_number_id": faultMetaID, "access_token": "EAAfakeTokenNumberOne", "display_name": "Shop",
	"timeouts": map[string]tftypes.Value{
		"create": tftypes.NewValue(tftypes.String, "20s"),
		"read":   tftypes.NewValue(tftypes.String, "20s"),
		"delete": tftypes.NewValue(tftypes.String, "20s"),
	},
}

// TestFaultMatrix checks, after every fault and after a second apply without it, that the API and
// the state agree: no number twice, none lost, none tainted.
func TestFaultMatrix(t *testing.T) {
	faults := append(slices.Sorted(maps.Keys(serverFaults)), slices.Sorted(maps.Keys(networkFaults))...)
	for _, dialect := range []sandbox.Dialect{sandbox.Published, sandbox.Deployed} {
		for _, fault := range faults {
			for _, on := range []sandbox.Operation{sandbox.OpAdd, sandbox.OpList, sandbox.OpDelete, sandbox.OpAny} {
				for frequency, times := range map[string]int{"first attempt": 1, "every attempt": sandbox.Always} {
					if !isTried(fault, times) {
						continue
					}
					t.Run(fmt.Sprintf("%s/%s/%s/%s", dialect, fault, on, frequency), func(t *testing.T) {
						t.Parallel()
						c := &cell{t: t, dialect: dialect, fault: fault, on: on, times: times}
						c.start()
						c.adding()
						c.reading()
						c.deleting()
					})
				}
			}
		}
	}
}

// isTried leaves two cells out: with this clock, whose waits take no time, a short Retry-After for
// ever would be waited out for the whole of a real timeout, and a long one is past it at once.
func isTried(fault string, times int) bool {
	return fault != "429 with a short Retry-After" || times == 1
}

func (c *cell) start() {
	c.server = sandbox.New(sandbox.Options{Dialect: c.dialect, APIKey: "sk_test_not_a_real_key", Users: []string{faultUser}})
	listener := httptest.NewServer(c.server)
	c.t.Cleanup(listener.Close)
	c.engine = newEngine(c.t, listener.URL+"/v1", map[string]any{"request_timeout": "150ms", "max_retries": 2})
}

// strike makes the fault happen from now on.
func (c *cell) strike() {
	if err := networkFaults[c.fault]; err != nil {
		c.engine.dial.fail(methods[c.on], c.times, err)
		return
	}
	fault := serverFaults[c.fault]
	fault.On, fault.Times = c.on, c.times
	c.server.Script(fault)
}

// heal ends the fault. The next command is a new process of the provider.
func (c *cell) heal() {
	c.server.ClearFaults()
	c.engine.dial.fail("", 0, nil)
	c.engine.restart(c.engine.baseURL, c.engine.settings)
}

// adding applies a new number under the fault, and again without.
func (c *cell) adding() {
	c.strike()
	failed := c.engine.apply(c.t.Context(), faultArguments)
	c.heal()
	c.checkMessage(failed)
	if c.times == 1 && c.on == sandbox.OpAdd && !c.isFinal() && failed != "" {
		c.t.Errorf("one fault ended the apply: %s", failed)
	}
	if c.engine.tainted {
		c.t.Error("the number is tainted")
	}
	if failed == "" {
		c.agrees(1)
	}
	again := c.engine.apply(c.t.Context(), faultArguments)
	if again != "" {
		// The first apply lost sight of what it added: the message has to lead back to it.
		numbers := c.server.Numbers(faultUser)
		if len(numbers) != 1 || !strings.Contains(again, faultUser+"/"+numbers[0].ID) {
			c.t.Fatalf("the second apply fails without naming what to import: %s\nfirst: %s", again, failed)
		}
		if !strings.Contains(failed, faultUser+"/whatsapp/"+faultMetaID) {
			c.t.Errorf("the first apply does not name what it may have added: %s", failed)
		}
		if failed := c.engine.importNumber(c.t.Context(), faultUser+"/"+numbers[0].ID); failed != "" {
			c.t.Fatal(failed)
		}
		if failed := c.engine.apply(c.t.Context(), faultArguments); failed != "" {
			c.t.Fatal(failed)
		}
	}
	c.agrees(1)
}

// reading refreshes under the fault.
func (c *cell) reading() {
	id := c.engine.attribute("id")
	c.strike()
	failed := c.engine.refresh(c.t.Context())
	c.heal()
	c.checkMessage(failed)
	if c.engine.attribute("id") != id {
		c.t.Fatalf("the refresh changed the state: %s", failed)
	}
	if failed := c.engine.apply(c.t.Context(), faultArguments); failed != "" {
		c.t.Error(failed)
	}
	c.agrees(1)
}

// deleting destroys under the fault, and again without.
func (c *cell) deleting() {
	id := c.engine.attribute("id")
	c.strike()
	failed := c.engine.apply(c.t.Context(), nil)
	c.heal()
	c.checkMessage(failed)
	switch {
	case failed == "":
		c.agrees(0)
	case c.engine.attribute("id") != id:
		c.t.Errorf("a destroy that failed took the number out of the state: %s", failed)
	case c.times == 1 && c.on == sandbox.OpDelete && !c.isFinal():
		c.t.Errorf("one fault ended the destroy: %s", failed)
	}
	if failed := c.engine.apply(c.t.Context(), nil); failed != "" {
		c.t.Error(failed)
	}
	c.agrees(0)
}

// agrees fails the test unless the API and the state hold the same count numbers.
func (c *cell) agrees(count int) {
	c.t.Helper()
	numbers := c.server.Numbers(faultUser)
	id := c.engine.attribute("id")
	if len(numbers) != count || (id != "") != (count == 1) || count == 1 && numbers[0].ID != id {
		c.t.Fatalf("the API holds %d numbers, wanted %d; the state has id %q", len(numbers), count, id)
	}
}

// checkMessage fails the test when an error does not say what to do.
func (c *cell) checkMessage(failed string) {
	c.t.Helper()
	if failed == "" {
		return
	}
	for _, advice := range []string{"Check ", "Try ", "Apply again", "applying again"} {
		if strings.Contains(failed, advice) {
			return
		}
	}
	c.t.Errorf("the message does not say what to do: %s", failed)
}
