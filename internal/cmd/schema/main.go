// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

// Command schema prints the provider's schemas as `terraform providers schema
// -json` does, for tfplugindocs to make docs/ from. `make generate` runs it.
//
// A CLI would do it too, but leaves out what its version does not know: docs of
// list resources would come and go with the CLI of whoever ran it. And where there
// is no terraform, only OpenTofu, tfplugindocs would download one.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/bizapi/terraform-provider-bizapi/internal/provider"
)

// name is the key under which tfplugindocs looks for the provider.
const name = "bizapi"

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	server, err := providerserver.NewProtocol6WithError(provider.New("dev")())()
	if err != nil {
		return err
	}
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return err
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return err
	}
	if problems := slices.Concat(schemas.Diagnostics, identities.Diagnostics); len(problems) > 0 {
		return errors.New(problems[0].Summary + ": " + problems[0].Detail)
	}
	converted, err := convert(name, schemas, identities)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(converted)
}
