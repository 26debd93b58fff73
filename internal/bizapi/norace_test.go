// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

//go:build !race

package bizapi

// raceEnabled is false: see race_test.go.
const raceEnabled = false
