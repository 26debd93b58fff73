// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

//go:build race

package provider_test

// raceEnabled builds the provider program with the race detector, as its tests are.
const raceEnabled = true

// raceOptions end the provider program at its first race, which the test then sees: what it would print
// goes to Terraform's log. They also take out a wait of a second at the end of each program.
const raceOptions = "halt_on_error=1 atexit_sleep_ms=0"
