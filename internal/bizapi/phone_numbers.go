// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"errors"
)

// PhoneNumber is a registered WhatsApp number, Instagram account or web chat channel.
type PhoneNumber struct {
	// ID is the API's own, an opaque text.
	ID string
	// UserID is the user it was listed or added under.
	UserID string
	// Platform is whatsapp, instagram or webchat.
	Platform string
	// MetaPhoneNumberID is Meta's id of the number or account.
	MetaPhoneNumberID string
	// DisplayName is empty when the API has none.
	DisplayName string
	// CreatedAt and UpdatedAt are RFC 3339 in UTC, or empty when the API did not say.
	CreatedAt, UpdatedAt string

	// listedAs is what the API listed it under, where a secret was cut out of the fields above: somebody
	// may have given the Meta id for the token.
	listedAs *registration
}

// registration is what the number is registered under.
func (n PhoneNumber) registration() registration {
	if n.listedAs != nil {
		return *n.listedAs
	}
	return registrationOf(n.Platform, n.MetaPhoneNumberID)
}

// NewPhoneNumber is what adding a number takes.
type NewPhoneNumber struct {
	// Platform is whatsapp, instagram or webchat.
	Platform string `json:"platform"`
	// MetaPhoneNumberID is Meta's id of the number or account.
	MetaPhoneNumberID string `json:"meta_phone_number_id"`
	// AccessToken is Meta's token for it.
	AccessToken string `json:"access_token"`
	// DisplayName is left out of the request when it is empty: a strict server takes no null.
	DisplayName string `json:"display_name,omitempty"`
	// Replaces is the id under which the caller has just deleted the same number, empty for none. It is not
	// sent: a server that has not let go of the number yet says that it exists already.
	Replaces string `json:"-"`
}

// Added is what an add came to.
type Added struct {
	PhoneNumber
	// Adopted says that the answer was lost, and that the number was found in a listing taken after.
	Adopted bool
}

// ErrNotFound is a number that the account does not hold.
var ErrNotFound = errors.New("the account does not hold this phone number")

// List returns the numbers of a user, oldest first, from a listing that all readers share: at most
// 30 s old, or twice as old as it took to read where that is longer. The slice is shared too and
// must not be changed. Every error of a read is an *Error but for ErrNotFound.
func (c *Client) List(ctx context.Context, userID string) ([]PhoneNumber, error) {
	account := c.account(userID)
	listing, err := account.recent(ctx)
	if err != nil {
		return nil, err
	}
	return account.numbers(listing), nil
}

// Find returns the number of userID with that id, from the same listing while it serves a refresh: as
// long as List's, or 100 ms for each of its rows where that is longer. ErrNotFound says that the number
// is gone: two listings that serve lack it, the later begun after the earlier ended. One may be a
// server's mishap, and a number that Terraform hears is gone, it adds again.
func (c *Client) Find(ctx context.Context, userID, id string) (PhoneNumber, error) {
	return c.account(userID).find(ctx, id)
}

// FindByMetaID returns the numbers of userID with that platform and Meta id, from the listing of Find:
// one where the server keeps its own rule, none where the account does not hold it.
func (c *Client) FindByMetaID(ctx context.Context, userID, platform, metaID string) ([]PhoneNumber, error) {
	account := c.account(userID)
	listing, err := account.serving(ctx)
	if err != nil {
		return nil, err
	}
	return account.registered(listing, registrationOf(platform, metaID)), nil
}
