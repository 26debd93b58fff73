// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestAnotherKeyEmptiesNoState(t *testing.T) {
	t.Parallel()
	w, server, added := applied(t, sandbox.Options{}, withToken(testToken))
	// The other tenant's account answers, and is empty.
	server.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: sandbox.Respond(200, "application/json", `{"success":true,"data":[],"count":0}`)})
	w.setenv("BIZAPI_API_KEY", "sk_test_of_another_tenant")
	w.apply("-refresh-only").failed("Phone number "+added.ID+" is missing on another account", "another API key")
	w.setenv("BIZAPI_API_KEY", testKey)
	server.ClearFaults()
	w.plan().succeeded().silent().does()
}

// reached is closed when a scripted request arrives.
func reached(server *sandbox.Server, fault sandbox.Fault) <-chan struct{} {
	arrived := make(chan struct{})
	fault.Before = func() { close(arrived) }
	server.Script(fault)
	return arrived
}

// start runs the CLI in the background and returns how it is waited for.
func (w *workspace) start(ctx context.Context, args ...string) (*exec.Cmd, func() output) {
	w.t.Helper()
	command := w.command(ctx, args...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	// A group of its own, so that a signal to the CLI is not the test's.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		w.t.Fatal(err)
	}
	return command, func() output {
		_ = command.Wait() // the exit code says it
		return output{w.t, stdout.String(), stderr.String(), command.ProcessState.ExitCode()}
	}
}

func TestInterruptedApplyIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault sandbox.Fault
		added bool // by the interrupted apply, and known to it
	}{
		"waiting at the gate":                {sandbox.Fault{On: sandbox.OpAdd, Do: sandbox.RateLimited("600")}, false},
		"inside a request that is committed": {sandbox.Fault{On: sandbox.OpAdd, Commit: true, Do: sandbox.Delay(1500 * time.Millisecond)}, true},
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, url := newServer(t, sandbox.Options{})
			w := newWorkspace(t, url)
			w.write("main.tf", number(withToken(testToken)))
			arrived := reached(server, tests[name].fault)
			command, wait := w.start(t.Context(), "apply", "-json", "-input=false", "-auto-approve")
			<-arrived
			if err := command.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			interrupted := wait()
			if got := w.attributes(address) != nil; got != tests[name].added {
				t.Errorf("in the state: %v, wanted %v\n%s", got, tests[name].added, interrupted.stdout)
			}
			server.ClearFaults()
			w.apply().succeeded()
			w.plan().succeeded().silent().does()
			if got := server.Numbers(testUser); len(got) != 1 {
				t.Errorf("the account holds %+v", got)
			}
		})
	}
}

// killedWhile applies a write-only number and kills the provider when the add meets the fault.
func killedWhile(t *testing.T, fault sandbox.Fault) (*workspace, *sandbox.Server) {
	t.Helper()
	server, url := newServer(t, sandbox.Options{})
	w := newWorkspace(t, url)
	w.write("main.tf", number(withWriteOnly(testToken, 1)))
	arrived := reached(server, fault)
	command, wait := w.start(t.Context(), "apply", "-json", "-input=false", "-auto-approve")
	<-arrived
	killProviders(t, command.Process.Pid)
	killed := wait()
	if killed.code == 0 {
		t.Fatal("the apply did not notice that the provider was killed")
	}
	for _, secret := range []string{testToken, testKey} {
		if strings.Contains(killed.stdout+killed.stderr, secret) {
			t.Error("the output shows a secret")
		}
	}
	server.ClearFaults()
	return w, server
}

func TestProviderKilledInsideARequest(t *testing.T) {
	t.Parallel()
	w, server := killedWhile(t, sandbox.Fault{On: sandbox.OpAdd, Commit: true, Do: sandbox.Hang()})
	numbers := server.Numbers(testUser)
	if len(numbers) != 1 {
		t.Fatalf("the account holds %+v", numbers)
	}
	id := testUser + "/" + numbers[0].ID
	w.apply().failed("Phone number already exists", "import {", id)
	w.write("import.tf", importBlock(id))
	w.apply().succeeded().does(address, "update")
	w.plan().succeeded().silent().does()
	writes(t, server, 1, 0)
}

func TestProviderKilledAtTheGate(t *testing.T) {
	t.Parallel()
	w, server := killedWhile(t, sandbox.Fault{On: sandbox.OpAdd, Do: sandbox.RateLimited("600")})
	w.apply().succeeded().does(address, "create")
	w.plan().succeeded().silent().does()
	if got := server.Numbers(testUser); len(got) != 1 {
		t.Errorf("the account holds %+v", got)
	}
}

// killProviders kills the children of the CLI that are the provider under test.
func killProviders(t *testing.T, parent int) {
	t.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	killed := 0
	for _, stat := range processes {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue // ended meanwhile
		}
		// pid (name) state ppid …: names are cut to 15 characters.
		var state string
		var ppid int
		behindName := string(text)[strings.LastIndex(string(text), ")")+1:]
		if _, err := fmt.Sscan(behindName, &state, &ppid); err != nil || ppid != parent || !strings.Contains(string(text), "(terraform-provi") {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err == nil {
			killed++
		}
	}
	if killed == 0 {
		t.Fatal("no provider to kill")
	}
}

func TestApplyAndDestroyOfTwoWorkspacesAtOnce(t *testing.T) {
	t.Parallel()
	server, url := newServer(t, sandbox.Options{})
	many := func(from int) string {
		return strings.Replace(number(withToken(testToken), "count = 20"), `"`+whatsAppID+`"`, fmt.Sprintf(`"%d${count.index + 100}"`, from), 1)
	}
	one, two := newWorkspace(t, url), newWorkspace(t, url)
	one.write("main.tf", many(1))
	one.apply().succeeded()
	two.write("main.tf", many(2))
	_, destroyed := one.start(t.Context(), "apply", "-destroy", "-json", "-input=false", "-auto-approve")
	_, added := two.start(t.Context(), "apply", "-json", "-input=false", "-auto-approve")
	destroyed().parse().succeeded()
	added().parse().succeeded()
	if got := len(server.Numbers(testUser)); got != 20 {
		t.Errorf("the account holds %d numbers, wanted 20", got)
	}
	two.plan().succeeded().silent().does()
	one.write("main.tf", "")
	one.plan().succeeded().silent().does()
}

// TestManyReplacementsAtOnceMeetNoGhosts replaces 100 numbers in one apply, while their deletes and
// the listings overlap.
func TestManyReplacementsAtOnceMeetNoGhosts(t *testing.T) {
	t.Parallel()
	server, url := newServer(t, sandbox.Options{MaxPageSize: 10})
	w := newWorkspace(t, url)
	many := func(token string) string {
		return strings.Replace(number(withToken(token), "count = 100"), `"`+whatsAppID+`"`, `"8369${count.index + 100}"`, 1)
	}
	w.write("main.tf", many(testToken))
	w.apply("-parallelism=30").succeeded()
	server.ForgetRequests()
	w.write("main.tf", many(nextToken))
	w.apply("-parallelism=30").succeeded()
	writes(t, server, 100, 100)
	numbers := server.Numbers(testUser)
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
