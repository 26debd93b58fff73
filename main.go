// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

// The provider's program. Terraform starts it; it is of no use by itself.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/bizapi/terraform-provider-bizapi/internal/provider"
)

// version is set when a release is linked.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "wait for a debugger, and print what Terraform needs to attach to this process")
	flag.Parse()
	if err := provider.Serve(version, *debug); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
