// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// cliAsked wants just so many adds, deletes and lists, of numbers and of agents, to have reached the API since
// the last such check.
func cliAsked(t *testing.T, server *sandbox.Server, what string, adds, deletes, gets int) {
	t.Helper()
	posted, deleted, got := 0, 0, 0
	for _, request := range server.Requests() {
		switch request.Method {
		case http.MethodPost:
			posted++
		case http.MethodDelete:
			deleted++
		default:
			got++
		}
	}
	server.ForgetRequests()
	if posted != adds || deleted != deletes || got != gets {
		t.Errorf("%s: %d POST, %d DELETE and %d GET, not %d, %d and %d", what, posted, deleted, got, adds, deletes, gets)
	}
}

func TestCLIRequestsAreFew(t *testing.T) {
	cliDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		for _, count := range []int{1, 3} {
			t.Run(fmt.Sprint(count, " numbers"), func(t *testing.T) {
				clock := &cliClock{}
				server, url := newCLIServer(t, sandbox.Options{Dialect: dialect, Now: clock.Now})
				w := newCLIWorkspace(t, url)
				w.write("main.tf", manyNumbers(count, 8369, cliToken))
				w.plan().succeeded()
				cliAsked(t, server, "plan of new numbers", 0, 0, 1)
				w.apply().succeeded()
				cliAsked(t, server, "apply of new numbers", count, 0, 2)
				w.plan().succeeded().silent().does()
				cliAsked(t, server, "plan of no change", 0, 0, 1)
				clock.Advance(time.Minute)
				for _, number := range server.Numbers(cliUser) {
					server.Remove(number.ID)
				}
				if planned := w.plan().succeeded(); len(planned.Actions) != count {
					t.Errorf("the plan does %v", planned.Actions)
				}
				cliAsked(t, server, "plan that finds out that all are gone", 0, 0, 2)
			})
		}
	})
}

func TestCLIRequestsOfNumbersWithAgentsAreFew(t *testing.T) {
	cliDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		const count = 60
		server, url := newCLIServer(t, sandbox.Options{Dialect: dialect})
		w := newCLIWorkspace(t, url)
		w.write("main.tf", manyNumbers(count, 8369, cliToken)+fmt.Sprintf(`
resource "bizapi_agent" "desk" {
  count           = %d
  phone_number_id = %s[count.index].id
  prompt_id       = "pmpt_1"
  name            = "Front desk"
}
`, count, cliAddress))
		w.apply().succeeded()
		server.ForgetRequests()
		w.plan().succeeded().silent().does()
		if got := server.Count(sandbox.OpAny); got > 4 {
			t.Errorf("a plan of %d numbers with agents took %d requests", count, got)
		}
	})
}
