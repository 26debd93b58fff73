// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// rename is a configuration that has the numbers of another one at other addresses.
type rename struct {
	before, after string
	want          []string // parts of an error of the plan
	// recovery is what the error says to write; it plans these actions. ID stands for the id of a number.
	recovery string
	does     []string
}

// numbersBy is a block with a number for each key, or for each position of a list.
func numbersBy(repetition, metaID string) string {
	return strings.Replace(number(withToken(testToken), repetition), fmt.Sprintf("%q", whatsAppID), metaID, 1)
}

const (
	renamedAddress = "bizapi_phone_number.renamed"
	atAnother      = "would be deleted at another address"
)

var (
	renamedBlock = phoneNumber("renamed", "whatsapp", whatsAppID, withToken(testToken))
	renames      = map[string]rename{
		"a block": {
			before: number(withToken(testToken)), after: renamedBlock, want: []string{atAnother, "moved block"},
			recovery: renamedBlock + moved(address, renamedAddress), does: []string{renamedAddress, "move"},
		},
		"a key of for_each": {
			before: numbersBy(`for_each = { shop = "`+whatsAppID+`" }`, "each.value"),
			after:  numbersBy(`for_each = { store = "`+whatsAppID+`" }`, "each.value"), want: []string{atAnother, "its key changed", "moved block"},
			recovery: numbersBy(`for_each = { store = "`+whatsAppID+`" }`, "each.value") + moved(address+`["shop"]`, address+`["store"]`),
			does:     []string{address + `["store"]`, "move"},
		},
		"count that becomes for_each": {
			before: numbersBy("count = 2", `"100${count.index}"`),
			after:  numbersBy(`for_each = toset(["1000", "1001"])`, "each.key"), want: []string{atAnother, "moved block"},
			recovery: numbersBy(`for_each = toset(["1000", "1001"])`, "each.key") +
				moved(address+"[0]", address+`["1000"]`) + moved(address+"[1]", address+`["1001"]`),
			does: []string{address + `["1000"]`, "move", address + `["1001"]`, "move"},
		},
		"the indexes of a shortened count": {
			before: numbersBy("count = 3", `["1000", "1001", "1002"][count.index]`),
			after:  numbersBy("count = 2", `["1001", "1002"][count.index]`),
			want:   []string{"Phone number already exists", "addresses have shifted", "for_each with a moved block for each key", "terraform state mv"},
			recovery: numbersBy(`for_each = toset(["1001", "1002"])`, "each.key") +
				moved(address+"[1]", address+`["1001"]`) + moved(address+"[2]", address+`["1002"]`),
			does: []string{address + "[0]", "delete", address + `["1001"]`, "move", address + `["1002"]`, "move"},
		},
		"two keys that swap": {
			before: numbersBy(`for_each = { a = "1000", b = "1001" }`, "each.value"),
			after:  numbersBy(`for_each = { a = "1001", b = "1000" }`, "each.value"), want: []string{"Phone number already exists", "terraform state mv"},
			recovery: numbersBy(`for_each = { c = "1000", d = "1001" }`, "each.value") +
				moved(address+`["a"]`, address+`["c"]`) + moved(address+`["b"]`, address+`["d"]`),
			does: []string{address + `["c"]`, "move", address + `["d"]`, "move"},
		},
		"a block, and its token": {
			before: number(withToken(testToken)),
			after:  phoneNumber("renamed", "whatsapp", whatsAppID, withToken(nextToken)), want: []string{atAnother, "moved block"},
			recovery: renamedBlock + moved(address, renamedAddress), does: []string{renamedAddress, "move"},
		},
		"a block whose Meta id is not known yet": {
			before:   number(withToken(testToken)),
			after:    strings.Replace(renamedBlock, `"`+whatsAppID+`"`, "terraform_data.id.output", 1) + knownLater("id", whatsAppID),
			want:     []string{"may be deleted at another address", "moved block", "apply of its own"},
			recovery: renamedBlock + moved(address, renamedAddress), does: []string{renamedAddress, "move"},
		},
		"an element in front of a count": {
			before: numbersBy("count = 1", `["1000"][count.index]`),
			after:  numbersBy("count = 2", `["1001", "1000"][count.index]`), want: []string{atAnother, "in front of others", "moved block for each key"},
			recovery: numbersBy(`for_each = toset(["1000"])`, "each.key") + moved(address+"[0]", address+`["1000"]`), does: []string{address + `["1000"]`, "move"},
		},
		"a number that goes to a new key": {
			before: numbersBy(`for_each = { x = "1000" }`, "each.value"),
			after:  numbersBy(`for_each = { x = "1001", y = "1000" }`, "each.value"), want: []string{atAnother, "moved block"},
			recovery: numbersBy(`for_each = { y = "1000" }`, "each.value") + moved(address+`["x"]`, address+`["y"]`), does: []string{address + `["y"]`, "move"},
		},
		"a number that is imported to a new key": {
			before: numbersBy(`for_each = { x = "1000" }`, "each.value"),
			after: numbersBy(`for_each = { x = "1001", y = "1000" }`, "each.value") +
				strings.Replace(importByID(testUser+"/ID"), address, address+`["y"]`, 1), want: []string{atAnother, "moved block"},
			recovery: numbersBy(`for_each = { y = "1000" }`, "each.value") + moved(address+`["x"]`, address+`["y"]`), does: []string{address + `["y"]`, "move"},
		},
		"a second block": {
			before: number(withToken(testToken)),
			after:  number(withToken(testToken)) + renamedBlock, want: []string{atAnother, "add it a second time"},
			recovery: renamedBlock + moved(address, renamedAddress), does: []string{renamedAddress, "move"},
		},
		"a block beside its import block": {
			before: number(withToken(testToken)),
			after:  renamedBlock + strings.Replace(importByID(testUser+"/ID"), address, renamedAddress, 1), want: []string{atAnother, "moved block"},
			recovery: renamedBlock + moved(address, renamedAddress), does: []string{renamedAddress, "move"},
		},
	}
)

func TestCLIRenameDeletesNothing(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(renames)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := renames[name]
			api := newAPI(t, sandbox.Options{})
			w := newCLIWorkspace(t, api.baseURL)
			w.write("main.tf", row.before)
			w.apply().succeeded()
			numbers, before := api.Numbers(testUser), w.read("terraform.tfstate")
			api.ForgetRequests()
			w.write("main.tf", strings.ReplaceAll(row.after, "ID", numbers[0].ID))
			w.plan("-parallelism=1").failed(row.want...)
			w.plan("-refresh=false").failed(row.want...)
			w.apply().failed(row.want...)
			cliWrites(t, api, 0, 0)
			if w.read("terraform.tfstate") != before {
				t.Error("the state changed")
			}
			w.write("main.tf", row.recovery)
			w.apply().succeeded().does(row.does...)
			left := len(slices.DeleteFunc(slices.Clone(row.does), func(word string) bool { return word != "move" }))
			if got := len(api.Numbers(testUser)); got != left {
				t.Errorf("the account holds %d numbers, not %d", got, left)
			}
			cliWrites(t, api, 0, len(numbers)-left)
			w.plan().succeeded().silent().does()
		})
	}
}

// A destroy makes an ordinary plan before its own, unless that is switched off.
func TestCLIDestroyAfterARenameDoesAsItsMessageSays(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(renames)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := renames[name]
			api := newAPI(t, sandbox.Options{})
			w := newCLIWorkspace(t, api.baseURL)
			w.write("main.tf", row.before)
			w.apply().succeeded()
			numbers := api.Numbers(testUser)
			api.ForgetRequests()
			after := row.after
			if strings.Contains(after, "import {") { // a destroy imports nothing
				after = renamedBlock
			}
			w.write("main.tf", after)
			w.apply("-destroy", "-refresh=false").succeeded()
			cliWrites(t, api, 0, len(numbers))
			if got := api.Numbers(testUser); len(got) != 0 {
				t.Errorf("the account holds %+v", got)
			}
		})
	}
}

// The other two ways that the message names.
func TestCLIRenameByStateCommandAndInTwoApplies(t *testing.T) {
	t.Parallel()
	w, api, added := cliApplied(t, sandbox.Options{}, withToken(testToken))
	w.write("main.tf", renamedBlock)
	w.plan().failed(atAnother, added.ID, "`terraform state mv`", "an apply of its own", "-refresh=false")
	w.succeeds("state", "mv", address, renamedAddress)
	w.plan().succeeded().silent().does()
	w.write("main.tf", "")
	w.apply().succeeded().does(renamedAddress, "delete")
	w.write("main.tf", number(withToken(testToken)))
	w.apply().succeeded().does(address, "create")
	cliWrites(t, api, 1, 1)
}
