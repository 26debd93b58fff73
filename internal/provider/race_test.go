// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

//go:build race

package provider_test

// raceEnabled builds the provider program with the race detector, as its tests are.
const raceEnabled = true
