// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"sync"

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
	// numbers is what this walk has seen of phone numbers.
	numbers walkedNumbers

	mu   sync.Mutex
	made *bizapi.Client
}

// client returns the API client. It is made here, so that plans that call nothing need none.
func (d *providerData) client() (*bizapi.Client, diag.Diagnostics) {
	var diags diag.Diagnostics
	if d.unknown != "" {
		diags.AddError("Provider configuration is not known yet",
			"The provider's "+d.unknown+" is known after apply only, and this operation has to call the API. "+
				"Apply what it depends on first, with -target, or give it a value that is known.")
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

// userOrDefault returns the configured user, or the provider's where none is configured.
func (d *providerData) userOrDefault(configured types.String) (types.String, diag.Diagnostics) {
	var diags diag.Diagnostics
	switch {
	case !configured.IsNull():
		return configured, diags
	case d.userID.IsUnknown():
		diags.AddAttributeError(path.Root("user_id"), "User is not known yet",
			"user_id is not set here, and the provider's is known after apply only. "+
				"Set user_id to a known value, or apply what it depends on first, with -target.")
	case d.userID.IsNull():
		diags.AddAttributeError(path.Root("user_id"), "Missing user",
			"user_id is set neither here nor in the provider. Set one of the two, or the environment variable BIZAPI_USER_ID.")
	}
	return d.userID, diags
}

// numberKey is what the API allows once over all users.
type numberKey struct{ platform, metaID string }

// stateNumber is a number in Terraform's state.
type stateNumber struct {
	ID                 string `json:"id"`
	UserID             string `json:"user_id"`
	Platform           string `json:"platform"`
	MetaPhoneNumberID  string `json:"meta_phone_number_id"`
	AccessToken        string `json:"access_token"`
	DeletionProtection bool   `json:"deletion_protection"`
}

// walkedNumbers is what a walk has seen of phone numbers. Terraform shows a provider one resource at a
// time and never its address, so this is how two plans of one number are recognised. The zero value is
// ready to use.
type walkedNumbers struct {
	mu         sync.Mutex
	inState    map[numberKey]stateNumber
	destroyed  map[numberKey]string // ids that are planned to be destroyed
	created    map[numberKey]bool   // planned to be added
	kept       map[string]bool      // ids of instances that are planned with a prior state
	unlisted   map[string]bool      // users whose numbers could not be listed, as a warning has said
	hasDeleted bool                 // this walk is an apply that has deleted a number
}

func set[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[key] = value
}

// noteState notes a number of the state.
func (w *walkedNumbers) noteState(number stateNumber) {
	w.mu.Lock()
	defer w.mu.Unlock()
	set(&w.inState, numberKey{number.Platform, number.MetaPhoneNumberID}, number)
}

// forget notes that a number has left the state.
func (w *walkedNumbers) forget(key numberKey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.inState, key)
}

// find returns the number of the state with a key.
func (w *walkedNumbers) find(key numberKey) (stateNumber, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	number, ok := w.inState[key]
	return number, ok
}

// planDestroy notes a planned destroy. It reports whether another resource of this plan adds or keeps
// that number.
func (w *walkedNumbers) planDestroy(key numberKey, id string) (isKept bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	set(&w.destroyed, key, id)
	return w.created[key] || w.kept[id]
}

// planCreate notes a planned add. It returns the id of that number where this plan destroys it.
func (w *walkedNumbers) planCreate(key numberKey) (destroyedID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	set(&w.created, key, true)
	return w.destroyed[key]
}

// planChange notes an instance that is planned with a prior state. It reports whether this plan destroys
// its number at another address.
func (w *walkedNumbers) planChange(key numberKey, id string) (isDestroyed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	set(&w.kept, id, true)
	return w.destroyed[key] == id
}

// warnUnlisted reports whether a user's numbers could not be listed for the first time.
func (w *walkedNumbers) warnUnlisted(userID string) (isFirst bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	isFirst = !w.unlisted[userID]
	set(&w.unlisted, userID, true)
	return isFirst
}

// noteDeleted notes that this walk has deleted a number.
func (w *walkedNumbers) noteDeleted(key numberKey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.inState, key)
	w.hasDeleted = true
}

// isDeleting reports whether this walk has deleted a number: what it adds now may be the second half of a
// replacement, and an error would lose that number.
func (w *walkedNumbers) isDeleting() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hasDeleted
}
