// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

func TestRequests(t *testing.T) {
	inBothDialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		server, c := serveUnchecked(t, sandbox.Options{Dialect: dialect})
		deleted := map[sandbox.Dialect]int{sandbox.Published: 204, sandbox.Deployed: 200}[dialect]
		server.Script(sandbox.Fault{On: sandbox.OpList, Skip: 1, Do: sandbox.Drop()})

		id := c.whatsapp("1").number().ID
		c.list("?limit=2&offset=0")
		c.try(c.request("GET", numbers, ""))
		c.delete(id)
		c.do("PUT", numbers+"/a%2Fb", "{}")
		c.do("GET", numbers, "", "x-api-key: sk_wrong")

		type asked struct {
			Operation                    sandbox.Operation
			Method, Path, RawQuery, Body string
			Key                          string
			Status                       int
		}
		var got []asked
		for _, r := range server.Requests() {
			got = append(got, asked{r.Operation, r.Method, r.Path, r.RawQuery, string(r.Body), r.Header.Get("x-api-key"), r.Status})
		}
		want := []asked{
			{sandbox.OpAdd, "POST", numbers, "", whatsapp("1"), key, 201},
			{sandbox.OpList, "GET", numbers, "limit=2&offset=0", "", key, 200},
			{sandbox.OpList, "GET", numbers, "", "", key, 0},
			{sandbox.OpDelete, "DELETE", numbers + "/" + id, "", "", key, deleted},
			{sandbox.OpOther, "PUT", numbers + "/a%2Fb", "", "{}", key, 404},
			{sandbox.OpList, "GET", numbers, "", "", "sk_wrong", 401},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}

		counts := map[sandbox.Operation]int{
			sandbox.OpAny: 6, sandbox.OpAdd: 1, sandbox.OpList: 3, sandbox.OpDelete: 1, sandbox.OpOther: 1,
		}
		for op, want := range counts {
			if got := server.Count(op); got != want {
				t.Errorf("%d requests of operation %q, want %d", got, op, want)
			}
		}
		server.ForgetRequests()
		c.list("")
		if got := server.Count(sandbox.OpAny); got != 1 || len(server.Requests()) != 1 {
			t.Errorf("%d requests after forgetting and one more, want 1", got)
		}
	})
}

func TestRequestsThatAreReturnedAreCopies(t *testing.T) {
	server, c := serve(t, sandbox.Options{})
	c.whatsapp("1").wantsStatus(http.StatusCreated)
	r := server.Requests()[0]
	r.Header.Set("x-api-key", "changed")
	r.Body[0] = '!'
	r = server.Requests()[0]
	if r.Header.Get("x-api-key") != key || string(r.Body) != whatsapp("1") {
		t.Errorf("the history was changed from outside: %v %s", r.Header, r.Body)
	}
}

func TestAStatusIsThereOnceTheClientHasIt(t *testing.T) {
	server, c := serve(t, sandbox.Options{})
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { c.try(c.request("GET", numbers, "")) })
	}
	all.Wait()
	for i, r := range server.Requests() {
		if r.Status != http.StatusOK {
			t.Errorf("request %d has status %d", i, r.Status)
		}
	}
}
