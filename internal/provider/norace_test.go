// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

//go:build !race

package provider_test

const raceEnabled = false

const raceOptions = ""
