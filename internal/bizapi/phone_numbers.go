// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"context"
	"errors"
	"hash/maphash"
	"net/http"
	"strings"
)

// PhoneNumber is a registered WhatsApp number, Instagram account or web chat channel.
type PhoneNumber struct {
	// ID is the API's own, an opaque text of at most 50 characters.
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

	token uint64 // hash of the access token that the API listed, 0 for none
}

// NewPhoneNumber is what adding a number takes. Fields other than these are refused by a strict server.
type NewPhoneNumber struct {
	Platform          string `json:"platform"`
	MetaPhoneNumberID string `json:"meta_phone_number_id"`
	AccessToken       string `json:"access_token"`
	// DisplayName is left out of the request when it is empty: a strict server takes no null.
	DisplayName string `json:"display_name,omitempty"`
}

// ListPhoneNumbers returns all numbers of a user, oldest first. Errors are *Errors.
func (c *Client) ListPhoneNumbers(ctx context.Context, userID string) ([]PhoneNumber, error) {
	return c.numbers.of(userID).all(ctx)
}

// FindPhoneNumber returns the number of a user with that id. createdAt is when it was added, in RFC 3339,
// or empty if unknown: lists may lag behind an add. ErrNotFound says that two listings prove it gone; any
// other error is an *Error.
func (c *Client) FindPhoneNumber(ctx context.Context, userID, id, createdAt string) (PhoneNumber, error) {
	return c.numbers.of(userID).find(ctx, wanted{}, idKey(id), createdAt)
}

// FindPhoneNumberByMetaID is FindPhoneNumber by platform and Meta id.
func (c *Client) FindPhoneNumberByMetaID(ctx context.Context, userID, platform, metaID string) (PhoneNumber, error) {
	return c.numbers.of(userID).find(ctx, wanted{}, metaIDKey(platform, metaID), "")
}

// RegisteredPhoneNumber returns the number of a user with that platform and Meta id if the user's
// listing has one. It is for planning an add: that a number is missing takes no second look.
func (c *Client) RegisteredPhoneNumber(ctx context.Context, userID, platform, metaID string) (number PhoneNumber, found bool, err error) {
	return c.numbers.of(userID).look(ctx, wanted{}, metaIDKey(platform, metaID))
}

// LastListed returns the number of a user with that id if the latest listing has it. It makes no call.
func (c *Client) LastListed(userID, id string) (number PhoneNumber, found bool) {
	return c.numbers.of(userID).lastListed(idKey(id))
}

// HasToken reports whether the API's listing shows the number with that access token. known is false
// where the listing shows none.
func (c *Client) HasToken(number PhoneNumber, token string) (has, known bool) {
	return number.token == c.hashToken(token), number.token != 0
}

// AddPhoneNumber registers a number, once: when an answer is lost, a listing decides whether the number
// is sent again. adopted reports that the number was found so, and may be another's. Errors are
// *Errors: KindAlreadyExists names the number in the way where the listing has it. KindUnknownOutcome,
// KindNoAnswer, KindServer and KindCanceled leave open whether the number was added.
func (c *Client) AddPhoneNumber(ctx context.Context, userID string, number NewPhoneNumber) (added PhoneNumber, adopted bool, err error) {
	c.options.Secrets.Add(number.AccessToken)
	numbers := c.numbers.of(userID)
	call := numbers.call(http.MethodPost)
	call.body = number
	return adding[PhoneNumber]{
		listing: numbers, key: metaIDKey(number.Platform, number.MetaPhoneNumberID),
		isSent: func(row PhoneNumber) (isSent, isCertain bool) { return row.DisplayName == number.DisplayName, false },
		post: func(ctx context.Context) (PhoneNumber, error) {
			answer, err := c.do(ctx, call)
			if err != nil {
				return PhoneNumber{}, err
			}
			return c.decodeAddedNumber(call, answer, userID, number)
		},
	}.run(ctx)
}

// DeletePhoneNumber removes a number, given as its state has it. One that is gone already is a
// success. Errors are *Errors.
func (c *Client) DeletePhoneNumber(ctx context.Context, number PhoneNumber) error {
	return c.numbers.of(number.UserID).delete(ctx, number, number.CreatedAt)
}

func (n PhoneNumber) id() string { return n.ID }

func (n PhoneNumber) key() string { return metaIDKey(n.Platform, n.MetaPhoneNumberID) }

func (n PhoneNumber) createdAt() string { return n.CreatedAt }

// Servers were seen to write the platform in capitals.
func metaIDKey(platform, metaID string) string {
	return "meta id " + strings.ToLower(platform) + " " + metaID
}

func idKey(id string) string { return "id " + id }

// phoneNumberBody is a number in both dialects, with what the provider uses of it.
type phoneNumberBody struct {
	ID                string  `json:"id"`
	Platform          string  `json:"platform"`
	MetaPhoneNumberID string  `json:"meta_phone_number_id"`
	DisplayName       *string `json:"display_name"`
	AccessToken       any     `json:"access_token"`
	CreatedAt         any     `json:"created_at"`
	UpdatedAt         any     `json:"updated_at"`
}

func (c *Client) readNumber(body phoneNumberBody, userID string) (PhoneNumber, error) {
	number := PhoneNumber{
		ID: body.ID, UserID: userID, Platform: body.Platform, MetaPhoneNumberID: body.MetaPhoneNumberID,
		CreatedAt: normalTime(body.CreatedAt), UpdatedAt: normalTime(body.UpdatedAt),
	}
	if body.DisplayName != nil {
		number.DisplayName = *body.DisplayName
	}
	if token, ok := body.AccessToken.(string); ok && token != "" {
		number.token = c.hashToken(token)
	}
	switch {
	case number.ID == "":
		return number, errors.New("has no id")
	case number.Platform == "":
		return number, errors.New("has no platform")
	case number.MetaPhoneNumberID == "":
		return number, errors.New("has no meta_phone_number_id")
	}
	return number, nil
}

// decodeAddedNumber reads the answer of an add. Nothing but the id is insisted on: with it the number
// exists, and an error would make Terraform replace it.
func (c *Client) decodeAddedNumber(call call, answer answer, userID string, sent NewPhoneNumber) (PhoneNumber, error) {
	fields, err := decodeRow[map[string]any](c, call, answer)
	if err != nil {
		return PhoneNumber{}, err
	}
	id, _ := fields["id"].(string)
	if id == "" {
		return PhoneNumber{}, c.unreadable(call, answer, "the answer has no id of a phone number")
	}
	name, _ := fields["display_name"].(string)
	return PhoneNumber{
		ID: id, UserID: userID, Platform: sent.Platform, MetaPhoneNumberID: sent.MetaPhoneNumberID, DisplayName: name,
		CreatedAt: normalTime(fields["created_at"]), UpdatedAt: normalTime(fields["updated_at"]), token: c.hashToken(sent.AccessToken),
	}, nil
}

// hashToken stands for an access token in this process: what the API echoes is not kept.
func (c *Client) hashToken(token string) uint64 { return max(1, maphash.String(c.seed, token)) }
