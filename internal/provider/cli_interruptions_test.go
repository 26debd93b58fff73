// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestCLIInterruptedApplyIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault sandbox.Fault
		added bool // by the interrupted apply, and known to it
	}{
		"waiting at the rate limit":          {sandbox.Fault{On: sandbox.OpAdd, Do: sandbox.RateLimited("600")}, false},
		"inside a request that is committed": {sandbox.Fault{On: sandbox.OpAdd, Commit: true, Do: sandbox.Delay(1500 * time.Millisecond)}, true},
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newAPI(t, sandbox.Options{})
			w := newCLIWorkspace(t, api.baseURL)
			w.write("main.tf", number(withToken(testToken)))
			arrived := arrival(api, tests[name].fault)
			command, wait := w.start()
			<-arrived
			if err := command.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			interrupted := wait()
			if got := w.attributes(address) != nil; got != tests[name].added {
				t.Errorf("in the state: %v, wanted %v\n%s", got, tests[name].added, interrupted.Stdout)
			}
			api.ClearFaults()
			w.apply().succeeded()
			w.plan().succeeded().silent().does()
			if got := api.Numbers(testUser); len(got) != 1 {
				t.Errorf("the account holds %+v", got)
			}
		})
	}
}

var loggedProcess = regexp.MustCompile(`terraform-provider-bizapi\S* pid=(\d+)`)

// provider is the process of the provider that the CLI started last. It stands in the CLI's log.
func (w *cliWorkspace) provider() *os.Process {
	w.t.Helper()
	started := loggedProcess.FindAllStringSubmatch(w.read("trace.log"), -1)
	if started == nil {
		w.t.Fatal("the log names no process of the provider")
	}
	pid, err := strconv.Atoi(started[len(started)-1][1])
	if err != nil {
		w.t.Fatal(err)
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		w.t.Fatal(err)
	}
	return process
}

// killedWhile applies a write-only number and kills the provider when the add meets the fault.
func killedWhile(t *testing.T, fault sandbox.Fault) (*cliWorkspace, *testAPI) {
	t.Helper()
	api := newAPI(t, sandbox.Options{})
	w := newCLIWorkspace(t, api.baseURL)
	w.logs()
	w.Setenv("TF_VAR_token", testToken)
	w.write("main.tf", "variable \"token\" {\n  type      = string\n  ephemeral = true\n}\n"+number("access_token_wo = var.token", "access_token_wo_version = 1"))
	arrived := arrival(api, fault)
	_, wait := w.start()
	<-arrived
	if err := w.provider().Kill(); err != nil {
		t.Fatal(err)
	}
	killed := w.hides("a kill", wait(), secret{"the key", testKey, nil}, secret{"the token", testToken, nil})
	if killed.Code == 0 {
		t.Fatal("the apply did not notice that the provider was killed")
	}
	api.ClearFaults()
	return w, api
}

func TestCLIProviderKilledInsideARequest(t *testing.T) {
	t.Parallel()
	w, api := killedWhile(t, sandbox.Fault{On: sandbox.OpAdd, Commit: true, Do: sandbox.Hang()})
	numbers := api.Numbers(testUser)
	if len(numbers) != 1 {
		t.Fatalf("the account holds %+v", numbers)
	}
	id := testUser + "/" + numbers[0].ID
	w.apply().failed("Phone number already exists", "terraform import bizapi_phone_number.example "+id)
	w.write("import.tf", importByID(id))
	w.apply().succeeded().does(address, "update")
	w.plan().succeeded().silent().does()
	cliWrites(t, api, 1, 0)
}

func TestCLIProviderKilledAtTheRateLimit(t *testing.T) {
	t.Parallel()
	w, api := killedWhile(t, sandbox.Fault{On: sandbox.OpAdd, Do: sandbox.RateLimited("600")})
	w.apply().succeeded().does(address, "create")
	w.plan().succeeded().silent().does()
	if got := api.Numbers(testUser); len(got) != 1 {
		t.Errorf("the account holds %+v", got)
	}
}

// manyNumbers is one block of so many, whose ids of Meta's begin with from.
func manyNumbers(count, from int, token string) string {
	return strings.Replace(number(withToken(token), fmt.Sprint("count = ", count)), `"`+whatsAppID+`"`, fmt.Sprintf(`"%d${count.index + 100}"`, from), 1)
}

func TestCLIApplyAndDestroyOfTwoWorkspacesAtOnce(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	one, two := newCLIWorkspace(t, api.baseURL), newCLIWorkspace(t, api.baseURL)
	one.write("main.tf", manyNumbers(20, 1, testToken))
	one.apply().succeeded()
	two.write("main.tf", manyNumbers(20, 2, testToken))
	_, destroyed := one.start("-destroy")
	_, added := two.start()
	parsed(t, destroyed()).succeeded()
	parsed(t, added()).succeeded()
	if got := len(api.Numbers(testUser)); got != 20 {
		t.Errorf("the account holds %d numbers, wanted 20", got)
	}
	two.plan().succeeded().silent().does()
	one.write("main.tf", "")
	one.plan().succeeded().silent().does()
}

// The deletes and the listings of 100 replacements overlap.
func TestCLIManyReplacementsAtOnce(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{MaxPageSize: 10})
	w := newCLIWorkspace(t, api.baseURL)
	w.write("main.tf", manyNumbers(100, 8369, testToken))
	w.apply("-parallelism=30").succeeded()
	api.ForgetRequests()
	w.write("main.tf", manyNumbers(100, 8369, nextToken))
	w.apply("-parallelism=30").succeeded()
	cliWrites(t, api, 100, 100)
	numbers := api.Numbers(testUser)
	if len(numbers) != 100 {
		t.Errorf("the account holds %d numbers", len(numbers))
	}
	for _, number := range numbers {
		if number.AccessToken != nextToken {
			t.Errorf("number %s has the former token", number.ID)
		}
	}
	w.plan().succeeded().silent().does()
}
