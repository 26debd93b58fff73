// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Bounds of the fields, as API.md's "Field rules seen" has them.
const (
	maxUserIDLength      = 50
	maxMetaIDLength      = 100
	maxTokenLength       = 1000
	maxDisplayNameLength = 255
)

var (
	platforms     = []string{"whatsapp", "instagram", "webchat"}
	addFields     = []string{"platform", "meta_phone_number_id", "access_token", "display_name"}
	digits        = regexp.MustCompile(`^[0-9]+$`)
	webchatID     = regexp.MustCompile(`^[A-Za-z0-9@._+-]+$`)
	userIDPattern = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
)

// add registers the number of the request's body.
func (e *exchange) add() (Answer, error) {
	asked, err := e.decodeAdd()
	if err != nil {
		return Answer{}, err
	}
	if err := e.validate(asked); err != nil {
		return Answer{}, err
	}
	added, err := e.server.register(asked)
	if err != nil {
		return Answer{}, err
	}
	return e.added(added), nil
}

// decodeAdd reads the body field by field: encoding/json would take an unknown
// field, another case and null in place of a string, which a strict server does
// not.
func (e *exchange) decodeAdd() (Number, error) {
	var fields map[string]json.RawMessage
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(e.bodyErr, &tooLarge):
		return Number{}, refuse(http.StatusRequestEntityTooLarge, "Request body is over %d bytes", maxBodyBytes)
	case e.bodyErr != nil:
		return Number{}, refuse(http.StatusBadRequest, "Request body ended early")
	case !isJSON(e.request.Header.Get("Content-Type")):
		return Number{}, refuse(http.StatusBadRequest, "Content-Type must be application/json")
	case !utf8.Valid(e.body):
		return Number{}, refuse(http.StatusBadRequest, "Request body is not UTF-8")
	case json.Unmarshal(e.body, &fields) != nil || fields == nil:
		return Number{}, refuse(http.StatusBadRequest, "Request body is not a JSON object")
	}
	values := map[string]string{}
	for name, raw := range fields {
		if !slices.Contains(addFields, name) {
			return Number{}, refuse(http.StatusBadRequest, "Unknown field %q", name)
		}
		var value string
		if err := json.Unmarshal(raw, &value); err != nil || bytes.Equal(raw, []byte("null")) {
			return Number{}, refuse(http.StatusBadRequest, "%s must be a string", name)
		}
		values[name] = value
	}
	return Number{
		UserID:            e.route.userID,
		Platform:          values["platform"],
		MetaPhoneNumberID: values["meta_phone_number_id"],
		AccessToken:       values["access_token"],
		DisplayName:       nameOrNone(values["display_name"]),
	}, nil
}

// validate checks the fields before it looks for the user, so that what is said
// does not depend on what the account holds.
func (e *exchange) validate(n Number) error {
	switch {
	case !slices.Contains(platforms, n.Platform):
		return refuse(http.StatusBadRequest, "Invalid platform: must be whatsapp, instagram or webchat")
	case !isMetaID(n.Platform, n.MetaPhoneNumberID):
		return refuse(http.StatusBadRequest, "Invalid meta_phone_number_id")
	case !e.server.isToken(n.AccessToken):
		return refuse(http.StatusBadRequest, "Invalid access token")
	case n.DisplayName != nil && utf8.RuneCountInString(*n.DisplayName) > maxDisplayNameLength:
		return refuse(http.StatusBadRequest, "display_name must be at most %d characters", maxDisplayNameLength)
	}
	return e.knownUser(http.StatusBadRequest)
}

func isMetaID(platform, id string) bool {
	if len(id) > maxMetaIDLength {
		return false
	}
	if platform == "webchat" {
		return webchatID.MatchString(id)
	}
	return digits.MatchString(id)
}

// isToken knows an upper bound for a deployed server alone: the published page
// gives none.
func (s *Server) isToken(token string) bool {
	length := utf8.RuneCountInString(token)
	return length >= s.options.MinTokenLength && (s.options.Dialect == Published || length <= maxTokenLength)
}

// knownUser refuses a malformed user id with 400 and an unknown one with the
// status given.
func (e *exchange) knownUser(unknown int) error {
	id := e.route.userID
	if e.server.hasUser(id) {
		return nil
	}
	if len(id) > maxUserIDLength || !userIDPattern.MatchString(id) {
		return refuse(http.StatusBadRequest, "Invalid user_id")
	}
	return refuse(unknown, "User with ID %s not found", id)
}

// list answers one page.
func (e *exchange) list() (Answer, error) {
	if err := e.knownUser(http.StatusNotFound); err != nil {
		return Answer{}, err
	}
	p, err := e.parsePage()
	if err != nil {
		return Answer{}, err
	}
	return e.listed(e.server.page(e.route.userID, p)), nil
}

// page is what a list asks for.
type page struct {
	platform    string // "": all
	limit       int    // below zero: no limit
	offset      int
	oldestFirst bool
}

// parsePage reads the query strictly: an unknown or repeated parameter is
// refused, since one that is silently ignored would hide a client's mistake.
func (e *exchange) parsePage() (page, error) {
	o := e.server.options
	if o.RefuseQuery && e.request.URL.RawQuery != "" {
		return page{}, refuse(http.StatusBadRequest, "Query parameters are not allowed")
	}
	query, err := url.ParseQuery(e.request.URL.RawQuery)
	if err != nil {
		return page{}, refuse(http.StatusBadRequest, "Invalid query string")
	}
	p := page{limit: o.PageSize}
	for name, values := range query {
		if len(values) != 1 || !p.set(name, values[0]) {
			return page{}, refuse(http.StatusBadRequest, "Invalid query parameter %q", name)
		}
	}
	if o.IgnorePaging {
		p.limit, p.offset = o.PageSize, 0
	}
	if o.IgnoreOrder {
		p.oldestFirst = false
	}
	if o.MaxPageSize > 0 && (p.limit < 0 || p.limit > o.MaxPageSize) {
		p.limit = o.MaxPageSize
	}
	return p, nil
}

// set takes one query parameter and says whether it is one of the API's.
func (p *page) set(name, value string) bool {
	var err error
	switch name {
	case "platform":
		p.platform = value
		return slices.Contains(platforms, value)
	case "limit":
		p.limit, err = strconv.Atoi(value)
		return err == nil && p.limit > 0
	case "offset":
		p.offset, err = strconv.Atoi(value)
		return err == nil && p.offset >= 0
	case "orderBy":
		return value == "created_at"
	case "orderDirection":
		p.oldestFirst = value == "ASC"
		return value == "ASC" || value == "DESC"
	}
	return false
}

// delete removes one number of the user.
func (e *exchange) delete() (Answer, error) {
	if err := e.server.unregister(e.route.userID, e.route.numberID); err != nil {
		return Answer{}, err
	}
	return e.deleted(), nil
}
