// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// page is what a list asks for.
type page struct {
	platform    string // "": all
	limit       int    // below zero: no limit
	offset      int
	oldestFirst bool
}

// parsePage reads the query strictly: an unknown or repeated parameter is
// refused, since one that is silently ignored would hide a client's mistake.
// filter is the parameter of this list alone.
func (e *exchange) parsePage(defaultSize int, filter string) (page, error) {
	o := e.server.options
	if o.RefuseQuery && e.request.URL.RawQuery != "" {
		return page{}, refuse(http.StatusBadRequest, "Query parameters are not allowed")
	}
	query, err := url.ParseQuery(e.request.URL.RawQuery)
	if err != nil {
		return page{}, refuse(http.StatusBadRequest, "Invalid query string")
	}
	if o.PageSize != 0 {
		defaultSize = o.PageSize
	}
	p := page{limit: defaultSize}
	for name, values := range query {
		isKnown := name == filter || slices.Contains(pagingParameters, name)
		if !isKnown || len(values) != 1 || !p.set(name, values[0]) {
			return page{}, refuse(http.StatusBadRequest, "Invalid query parameter %q", name)
		}
	}
	if o.MaxLimit > 0 && query.Has("limit") && p.limit > o.MaxLimit {
		return page{}, refuse(http.StatusBadRequest, "limit must be at most %d", o.MaxLimit)
	}
	p.serveAs(o, defaultSize)
	return p, nil
}

var pagingParameters = []string{"limit", "offset", "orderBy", "orderDirection"}

// set takes one query parameter and reports whether its value is valid.
func (p *page) set(name, value string) bool {
	var err error
	switch name {
	case "platform":
		p.platform = value
		return slices.Contains(platforms, value)
	case "phone_number_id":
		return true // a deployed server ignores it
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

// serveAs changes what was asked for into what the server honours.
func (p *page) serveAs(o Options, defaultSize int) {
	if o.Dialect == Deployed && p.platform != "" {
		p.limit, p.offset = -1, 0 // as seen
	}
	if o.IgnorePaging {
		p.limit, p.offset = defaultSize, 0
	}
	if o.IgnoreOrder {
		p.oldestFirst = false
	}
	if o.MaxPageSize > 0 && (p.limit < 0 || p.limit > o.MaxPageSize) {
		p.limit = o.MaxPageSize
	}
}
