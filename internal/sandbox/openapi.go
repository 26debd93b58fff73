// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import _ "embed" // for Contract

// Contract is openapi.yaml: what the sandbox promises, in both dialects, as an
// OpenAPI 3.0 document.
//
//go:embed openapi.yaml
var Contract []byte
