// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

// providerData is what the provider's configuration leads to. Resources, data sources and list
// resources share it. Configure makes a new one for each walk of Terraform: a plan, an apply, a refresh.
type providerData struct {
	// userID is the default user: null when not configured, unknown while it is known after apply only.
	userID types.String
	// secrets are cut out of messages and log lines.
	secrets bizapi.Secrets
	// options make the client when it is first used.
	options bizapi.Options
	// unknown names an argument that is known after apply only, without which there is no client yet.
	unknown string
	walk    walk
	// tokenChecks asks Meta about tokens; nil where that is not asked for.
	tokenChecks *tokenChecks

	mu   sync.Mutex
	made *bizapi.Client
}

// client returns the API client. It is made here, so that plans that call nothing need none.
func (d *providerData) client() (*bizapi.Client, diag.Diagnostics) {
	var diags diag.Diagnostics
	if d.unknown != "" {
		diags.AddError("Provider configuration is not known yet",
			"The provider's "+d.unknown+" is known only after apply, and this operation has to call the API. "+
				"Apply what it depends on first, with -target, or set it to a known value.")
		return nil, diags
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.made == nil {
		made, err := bizapi.New(d.options)
		if err != nil {
			diags.AddError("Invalid provider configuration", err.Error())
			return nil, diags
		}
		d.made = made
	}
	return d.made, diags
}

// begin returns what an operation calls the API with: a context that ends at its timeout, and the client. What
// keeps the operation from calling the API is added to diags.
func (d *providerData) begin(ctx context.Context, timeoutOf func(context.Context, time.Duration) (time.Duration, diag.Diagnostics), byDefault time.Duration, diags *diag.Diagnostics) (context.Context, context.CancelFunc, *bizapi.Client) {
	timeout, timeoutDiags := timeoutOf(ctx, byDefault)
	client, clientDiags := d.client()
	diags.Append(timeoutDiags...)
	diags.Append(clientDiags...)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	return ctx, cancel, client
}

// fixedTimeout is that of an operation without a timeouts block.
func fixedTimeout(_ context.Context, byDefault time.Duration) (time.Duration, diag.Diagnostics) {
	return byDefault, nil
}

// userOrDefault returns the configured user, or the provider's where none is configured.
func (d *providerData) userOrDefault(configured types.String, diags *diag.Diagnostics) types.String {
	switch {
	case !configured.IsNull():
		return configured
	case d.userID.IsUnknown():
		diags.AddAttributeError(path.Root("user_id"), "User is not known yet",
			"user_id is not set here, and the provider's user_id is known only after apply. "+
				"Set user_id to a known value, or apply what it depends on first, with -target.")
	case d.userID.IsNull():
		diags.Append(missingUser())
	}
	return d.userID
}

func missingUser() diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("user_id"), "Missing user",
		"user_id is not set here or in the provider. Set one of the two, or the environment variable BIZAPI_USER_ID.")
}

// isUnavailable reports whether an error may be none when the plan is applied. Such an error does not keep
// anything new from being planned.
func isUnavailable(err error) bool {
	switch bizapi.KindOf(err) {
	case bizapi.KindUnreachable, bizapi.KindNoAnswer, bizapi.KindServer, bizapi.KindRateLimited:
		return true
	}
	return false
}

// unlisted is a plan of something new for a user whose listing failed: a warning, once a user, where the
// apply may succeed, and otherwise an error.
func (d *providerData) unlisted(err error, userID string) diag.Diagnostics {
	failed := d.listFailed(err, userID)
	switch {
	case !isUnavailable(err):
		return diag.Diagnostics{failed}
	case d.walk.warnUnlisted(userID):
		return diag.Diagnostics{uncheckedWarning(failed)}
	}
	return nil
}
