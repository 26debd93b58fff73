// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

// account is what the provider's configuration leads to. Resources and data sources share it.
type account struct {
	// userID is the user for resources that name none: null when not configured, unknown while it
	// is known after apply only.
	userID types.String
	// secrets are cut out of every diagnostic.
	secrets bizapi.Secrets
	// tokens are those that are known by their fingerprints alone. They are looked for in what the API says.
	tokens fingerprints
	// options make the client when it is first used.
	options bizapi.Options
	// unknown names an argument without which there is no client yet.
	unknown string

	mu       sync.Mutex
	made     *bizapi.Client
	unlisted map[string]error   // why the numbers of a user could not be listed while planning
	held     map[metaID]holding // numbers that stand in the state
	gone     map[metaID]string  // ids that this process deleted
	becoming map[metaID]string  // ids that are planned to be replaced, by what they become
	adding   map[metaID]int     // how often a number was planned to be added
}

// metaID is what makes a number one of a kind on the whole API.
type metaID struct{ platform, id string }

// client returns the API client, which is made here so that plans that call nothing need none.
func (a *account) client() (*bizapi.Client, diag.Diagnostics) {
	var diags diag.Diagnostics
	if a.unknown != "" {
		diags.AddError("Provider configuration is not known yet",
			"The provider's "+a.unknown+" depends on something that is known after apply only, and this operation has to call the API. "+
				"Apply what it depends on first, with -target, or give it a value that is known.")
		return nil, diags
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.made == nil {
		made, err := bizapi.New(a.options)
		if err != nil {
			diags.AddError("Unusable provider configuration", err.Error())
			return nil, diags
		}
		a.made = made
	}
	return a.made, diags
}

// close closes the client, if one was made.
func (a *account) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.made != nil {
		a.made.Close()
	}
}

// holding is a number that stands in the state.
type holding struct {
	id, userID  string
	isProtected bool
}

// hold notes a number that stands in the state: finding it on the account is no surprise, and a plan
// that adds it is the second half of a replacement.
func (a *account) hold(number phoneNumberModel) {
	a.note(number.metaID(), holding{number.ID.ValueString(), number.UserID.ValueString(), number.DeletionProtection.ValueBool()})
}

func (a *account) note(number metaID, held holding) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.held == nil {
		a.held = map[metaID]holding{}
	}
	a.held[number] = held
}

// holdRaw notes a number that stands in the state, as the state has it. Of a tainted number, planned
// without a refresh, the provider sees nothing else.
func (a *account) holdRaw(state []byte) {
	var number struct {
		ID                 string `json:"id"`
		UserID             string `json:"user_id"`
		Platform           string `json:"platform"`
		MetaPhoneNumberID  string `json:"meta_phone_number_id"`
		AccessToken        string `json:"access_token"`
		DeletionProtection bool   `json:"deletion_protection"`
	}
	if json.Unmarshal(state, &number) != nil || number.ID == "" {
		return // of another version; a refresh reads it
	}
	a.secrets.Hold(number.AccessToken)
	a.note(metaID{number.Platform, number.MetaPhoneNumberID}, holding{number.ID, number.UserID, number.DeletionProtection})
}

// holds returns what stands in the state under a platform and Meta id.
func (a *account) holds(number metaID) (held holding, isHeld bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	held, isHeld = a.held[number]
	return held, isHeld
}

// deleted notes that this process deleted a number, for the message of an add that then fails. It does not
// stand in the state any more: a plan that adds it now must not be kept from it.
func (a *account) deleted(number metaID, id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.gone == nil {
		a.gone = map[metaID]string{}
	}
	a.gone[number] = id
	delete(a.held, number)
}

// isDeleted tells whether this process has deleted that id of a number.
func (a *account) isDeleted(number metaID, id string) bool {
	same, _ := a.deletedIDs(number)
	return same == id
}

// letGo forgets a number that is gone from the API and the state.
func (a *account) letGo(number metaID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.held, number)
}

// added forgets a deletion whose number is there again.
func (a *account) added(number metaID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.gone, number)
}

// deletedIDs returns the id under which this process deleted that number, empty for none, and what it
// deleted else and did not add again, for a message.
func (a *account) deletedIDs(number metaID) (same string, others []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for deleted, id := range a.gone {
		if deleted != number {
			others = append(others, fmt.Sprintf("phone number %s (%s %s)", id, deleted.platform, deleted.id))
		}
	}
	slices.Sort(others)
	const most = 5
	if more := len(others) - most; more > 0 {
		others = append(others[:most], fmt.Sprintf("%d more", more))
	}
	return a.gone[number], others
}

// noteUnlisted remembers that a user's numbers cannot be listed, so that a plan of many numbers without
// a network waits for that once. It tells whether this is the first to say so.
func (a *account) noteUnlisted(userID string, err error) (isFirst bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.unlisted == nil {
		a.unlisted = map[string]error{}
	}
	isFirst = a.unlisted[userID] == nil
	a.unlisted[userID] = err
	return isFirst
}

// whyUnlisted is why a user's numbers could not be listed; nil where nobody tried or it went well.
func (a *account) whyUnlisted(userID string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.unlisted[userID]
}

// planReplacement notes what a number is planned to become. It returns the id of another one that is to
// become the same, empty for none.
func (a *account) planReplacement(number metaID, id string) (other string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if other, isTaken := a.becoming[number]; isTaken && other != id {
		return other
	}
	if a.becoming == nil {
		a.becoming = map[metaID]string{}
	}
	a.becoming[number] = id
	return ""
}

// planAdd notes that a number is planned to be added, by a resource that is new or a replacement. It tells
// whether one was before, and the id of a number that is to become this one, empty for none.
func (a *account) planAdd(number metaID) (replaced string, isTwice bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.adding == nil {
		a.adding = map[metaID]int{}
	}
	a.adding[number]++
	return a.becoming[number], a.adding[number] > 1
}

// isAdded tells whether a number is planned to be added.
func (a *account) isAdded(number metaID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.adding[number] > 0
}
