// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// fault is one way in which a request goes wrong.
type fault struct {
	name   string
	commit bool
	behave sandbox.Behaviour
	unsent error // it gets no connection
	// isWhole marks an answer that a list takes for what it says: none is repeated.
	isWhole bool
}

var errRefusedConnection = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connect: connection refused")}

// resets are the faults after which nobody knows whether the server did what it was asked.
func resets(commit bool) []fault {
	when := map[bool]string{true: " after the commit", false: " before the commit"}[commit]
	faults := []fault{
		{name: "drop", behave: sandbox.Drop()},
		{name: "time-out", behave: sandbox.Hang()},
		{name: "500", behave: sandbox.Respond(500, jsonType, `{"error":"Internal Server Error","message":"boom"}`)},
		{name: "502 HTML", behave: sandbox.Respond(502, "text/html", htmlPage)},
		{name: "503", behave: sandbox.Respond(503, "text/plain", "come back later", "Retry-After: 3")},
		{name: "408", behave: sandbox.Respond(408, "", "")},
		{name: "200 HTML", behave: sandbox.Respond(200, "text/html", htmlPage), isWhole: true},
		{name: "failing database", behave: sandbox.DatabaseDown()},
	}
	if commit {
		faults = append(faults,
			fault{name: "torn answer", behave: sandbox.Torn()},
			fault{name: "torn JSON", behave: sandbox.TornJSON()},
			fault{name: "2xx without an id", behave: sandbox.Respond(201, jsonType, `{"success":true,"data":{"platform":"whatsapp"}}`), isWhole: true},
		)
	}
	for at := range faults {
		faults[at].name += when
		faults[at].commit = commit
	}
	return faults
}

func allFaults() []fault {
	return append(append(resets(false), resets(true)...),
		fault{name: "429", behave: sandbox.RateLimited("30")},
		fault{name: "429 without Retry-After", behave: sandbox.RateLimited("")},
		fault{name: "connection refused", unsent: errRefusedConnection},
		fault{name: "DNS failure", unsent: &net.DNSError{Err: "no such host", Name: "api.example.com", IsNotFound: true}},
		fault{name: "TLS failure", unsent: errors.New("tls: handshake failure")},
	)
}

var methods = map[sandbox.Operation]string{
	sandbox.OpAdd: http.MethodPost, sandbox.OpList: http.MethodGet, sandbox.OpDelete: http.MethodDelete,
}

// goWrong scripts the fault for as many requests of an operation.
func (a *api) goWrong(fault fault, on sandbox.Operation, times int) {
	if fault.unsent == nil {
		a.sandbox.Script(sandbox.Fault{On: on, Times: times, Commit: fault.commit, Do: fault.behave})
		return
	}
	a.wire.unsent = func(request *http.Request) error {
		if request.Method != methods[on] || times == 0 {
			return nil
		}
		times--
		return fault.unsent
	}
}

func (a *api) recover() {
	a.sandbox.ClearFaults()
	a.wire.unsent = nil
	pass(time.Hour)
}

// registered returns the ids under which the API holds the number.
func (a *api) registered(number NewPhoneNumber) (ids []string) {
	for _, n := range a.sandbox.Numbers(user) {
		if n.MetaPhoneNumberID == number.MetaPhoneNumberID {
			ids = append(ids, n.ID)
		}
	}
	return ids
}

// TestFaultMatrix adds, deletes and reads while one operation goes wrong, once and always. After each, the
// caller knows what the API holds or is told what nobody knows; and when the fault is over, doing it again
// ends well.
func TestFaultMatrix(t *testing.T) {
	works := map[string]func(*testing.T, *api, fault, sandbox.Operation, bool){
		"adding": addUnderFault, "deleting": deleteUnderFault, "reading": readUnderFault,
	}
	for _, fault := range allFaults() {
		for _, on := range []sandbox.Operation{sandbox.OpAdd, sandbox.OpList, sandbox.OpDelete} {
			for work, under := range works {
				for times, extent := range map[int]string{1: "once", sandbox.Always: "always"} {
					inDialects(t, fmt.Sprintf("%s while %s has %s %s", work, on, fault.name, extent), func(t *testing.T, dialect sandbox.Dialect) {
						api := newAPI(t, sandbox.Options{Dialect: dialect}, func(o *Options) { o.MaxRetries = 2 })
						api.fill(user, 3)
						api.goWrong(fault, on, times)
						under(t, api, fault, on, times == 1)
					})
				}
			}
		}
	}
}

// enough is more time than three time-outs, their waits and a 429 take.
func enough(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func addUnderFault(t *testing.T, api *api, _ fault, _ sandbox.Operation, isOnce bool) {
	added, _, err := api.AddPhoneNumber(enough(t), user, number)
	held := api.registered(number)
	switch {
	case err == nil && !slices.Equal(held, []string{added.ID}):
		t.Fatalf("the add returned %s, the API holds %v", added.ID, held)
	case err != nil && len(held) > 0:
		check(t, err, KindUnknownOutcome)
	case err != nil && isOnce:
		t.Fatalf("one fault was one too many: %v", err)
	}
	api.recover()
	if err != nil { // the caller applies again
		again, _, err := api.AddPhoneNumber(enough(t), user, number)
		if failure, ok := errors.AsType[*Error](err); ok && failure.Kind == KindAlreadyExists {
			again.ID = failure.ExistingID // and imports it
		} else {
			must(t, err)
		}
		if held := api.registered(number); !slices.Equal(held, []string{again.ID}) {
			t.Fatalf("the second add came to %q, the API holds %v", again.ID, held)
		}
	}
	if held := len(api.holds(user)); held != 4 {
		t.Errorf("the API holds %d numbers, want 4", held)
	}
}

func deleteUnderFault(t *testing.T, api *api, _ fault, on sandbox.Operation, isOnce bool) {
	ids := api.holds(user)
	gone := PhoneNumber{ID: ids[1], UserID: user, Platform: "whatsapp", MetaPhoneNumberID: numberNo(1).MetaPhoneNumberID}
	err := api.DeletePhoneNumber(enough(t), gone)
	switch isThere := slices.Contains(api.holds(user), ids[1]); {
	case err == nil && isThere:
		t.Fatal("the delete succeeded, and the number is still there")
	case err != nil && isOnce:
		t.Fatalf("one fault was one too many: %v", err)
	case err != nil && on == sandbox.OpList:
		t.Fatalf("a delete that takes no list failed: %v", err)
	}
	api.recover()
	must(t, api.DeletePhoneNumber(enough(t), gone))
	if left := api.holds(user); !slices.Equal(left, []string{ids[0], ids[2]}) {
		t.Errorf("the API holds %v of %v", left, ids)
	}
}

func readUnderFault(t *testing.T, api *api, fault fault, _ sandbox.Operation, isOnce bool) {
	ids := api.holds(user)
	for _, id := range ids {
		err := api.find(enough(t), id)
		if errors.Is(err, ErrNotFound) || err != nil && isOnce && !fault.isWhole {
			t.Fatalf("%s is there: %v", id, err)
		}
	}
	api.recover()
	numbers, err := api.ListPhoneNumbers(t.Context(), user)
	must(t, err)
	if got := idsOf(numbers); !slices.Equal(got, ids) {
		t.Errorf("listed %v, want %v", got, ids)
	}
}
