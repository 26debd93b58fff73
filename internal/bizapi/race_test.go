// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

//go:build race

package bizapi

// raceEnabled makes the property tests smaller: the race detector takes ten times as long.
const raceEnabled = true
