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
	return strings.Replace(cliNumber(cliPlain(cliToken), repetition), fmt.Sprintf("%q", cliMetaID), metaID, 1)
}

func movedTo(pairs ...string) string {
	var blocks strings.Builder
	for pair := range slices.Chunk(pairs, 2) {
		fmt.Fprintf(&blocks, "moved {\n  from = %s\n  to   = %s\n}\n", pair[0], pair[1])
	}
	return blocks.String()
}

const (
	renamedAddress = "bizapi_phone_number.renamed"
	atAnother      = "would be deleted at another address"
)

var (
	renamedBlock = cliNumberNamed("renamed", cliMetaID, cliPlain(cliToken))
	renames      = map[string]rename{
		"a block": {
			before: cliNumber(cliPlain(cliToken)), after: renamedBlock, want: []string{atAnother, "moved block"},
			recovery: renamedBlock + movedTo(cliAddress, renamedAddress), does: []string{renamedAddress, "move"},
		},
		"a key of for_each": {
			before: numbersBy(`for_each = { shop = "`+cliMetaID+`" }`, "each.value"),
			after:  numbersBy(`for_each = { store = "`+cliMetaID+`" }`, "each.value"), want: []string{atAnother, "moved block"},
			recovery: numbersBy(`for_each = { store = "`+cliMetaID+`" }`, "each.value") + movedTo(cliAddress+`["shop"]`, cliAddress+`["store"]`),
			does:     []string{cliAddress + `["store"]`, "move"},
		},
		"count that becomes for_each": {
			before: numbersBy("count = 2", `"100${count.index}"`),
			after:  numbersBy(`for_each = toset(["1000", "1001"])`, "each.key"), want: []string{atAnother, "moved block"},
			recovery: numbersBy(`for_each = toset(["1000", "1001"])`, "each.key") +
				movedTo(cliAddress+"[0]", cliAddress+`["1000"]`, cliAddress+"[1]", cliAddress+`["1001"]`),
			does: []string{cliAddress + `["1000"]`, "move", cliAddress + `["1001"]`, "move"},
		},
		"the indexes of a shortened count": {
			before: numbersBy("count = 3", `["1000", "1001", "1002"][count.index]`),
			after:  numbersBy("count = 2", `["1001", "1002"][count.index]`),
			want:   []string{"Phone number already exists", "addresses have shifted", "for_each with a moved block for each key"},
			recovery: numbersBy(`for_each = toset(["1001", "1002"])`, "each.key") +
				movedTo(cliAddress+"[1]", cliAddress+`["1001"]`, cliAddress+"[2]", cliAddress+`["1002"]`),
			does: []string{cliAddress + "[0]", "delete", cliAddress + `["1001"]`, "move", cliAddress + `["1002"]`, "move"},
		},
		"a block beside its import block": {
			before: cliNumber(cliPlain(cliToken)),
			after:  renamedBlock + strings.Replace(cliImportBlock(cliUser+"/ID"), cliAddress, renamedAddress, 1), want: []string{atAnother, "moved block"},
			recovery: renamedBlock + movedTo(cliAddress, renamedAddress), does: []string{renamedAddress, "move"},
		},
	}
)

func TestCLIRenameDeletesNothing(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(renames)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := renames[name]
			server, url := newCLIServer(t, sandbox.Options{})
			w := newCLIWorkspace(t, url)
			w.write("main.tf", row.before)
			w.apply().succeeded()
			numbers, before := server.Numbers(cliUser), w.read("terraform.tfstate")
			server.ForgetRequests()
			w.write("main.tf", strings.ReplaceAll(row.after, "ID", numbers[0].ID))
			w.plan("-parallelism=1").failed(row.want...)
			w.plan("-refresh=false").failed(row.want...)
			w.apply().failed(row.want...)
			cliWrites(t, server, 0, 0)
			if w.read("terraform.tfstate") != before {
				t.Error("the state changed")
			}
			w.write("main.tf", row.recovery)
			w.apply().succeeded().does(row.does...)
			left := len(slices.DeleteFunc(slices.Clone(row.does), func(word string) bool { return word != "move" }))
			if got := len(server.Numbers(cliUser)); got != left {
				t.Errorf("the account holds %d numbers, not %d", got, left)
			}
			cliWrites(t, server, 0, len(numbers)-left)
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
			server, url := newCLIServer(t, sandbox.Options{})
			w := newCLIWorkspace(t, url)
			w.write("main.tf", row.before)
			w.apply().succeeded()
			numbers := server.Numbers(cliUser)
			server.ForgetRequests()
			after := row.after
			if strings.Contains(after, "import {") { // a destroy imports nothing
				after = renamedBlock
			}
			w.write("main.tf", after)
			w.apply("-destroy", "-refresh=false").succeeded()
			cliWrites(t, server, 0, len(numbers))
			if got := server.Numbers(cliUser); len(got) != 0 {
				t.Errorf("the account holds %+v", got)
			}
		})
	}
}

// The other two ways that the message names.
func TestCLIRenameByStateCommandAndInTwoApplies(t *testing.T) {
	t.Parallel()
	w, server, added := cliApplied(t, sandbox.Options{}, cliPlain(cliToken))
	w.write("main.tf", renamedBlock)
	w.plan().failed(atAnother, added.ID, "`terraform state mv`", "an apply of its own", "-refresh=false")
	if moved := w.run("state", "mv", cliAddress, renamedAddress); moved.Code != 0 {
		t.Fatal(moved.Stderr)
	}
	w.plan().succeeded().silent().does()
	w.write("main.tf", "")
	w.apply().succeeded().does(renamedAddress, "delete")
	w.write("main.tf", cliNumber(cliPlain(cliToken)))
	w.apply().succeeded().does(cliAddress, "create")
	cliWrites(t, server, 1, 1)
}
