// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

const printed = `Compiling
1. First
   $ terraform plan
   Plan: <1> to add

2. Second

3. Third

4. Fourth
   Error: "no"

5. Fifth
   $ terraform destroy

All 5 steps passed in 5.6 s: 3 adds.
No command printed a token.
`

func TestARecordingHasTheFirstStepsAndTheSum(t *testing.T) {
	got := recordedLines(printed)
	want := []string{
		"$ make demo", "", "1. First", "   $ terraform plan", "   Plan: <1> to add", "", "2. Second", "", "3. Third", "", "4. Fourth", `   Error: "no"`,
		"", "…", "All 5 steps passed in 5.6 s.",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestARecordingIsXML(t *testing.T) {
	decoder := xml.NewDecoder(strings.NewReader(drawRecording(recordedLines(printed))))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
