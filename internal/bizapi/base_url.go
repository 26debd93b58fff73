// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// ErrInsecureURL is a base URL of plain http to a host that is not loopback.
var ErrInsecureURL = errors.New("plain http would send secrets unencrypted")

// ParseBaseURL reads an API root such as https://api.example.com/v1, with or without a trailing
// slash. It refuses what is not http or https, user info, a query, a fragment and, with
// ErrInsecureURL, plain http to a host that is not loopback unless allowInsecure is set. No error
// repeats raw, which may hold a password.
func ParseBaseURL(raw string, allowInsecure bool) (*url.URL, error) {
	raw = strings.TrimSpace(raw)
	parsed, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("it is not a URL")
	}
	switch {
	case parsed.Scheme != "https" && parsed.Scheme != "http":
		return nil, errors.New("it must start with https://")
	case parsed.Hostname() == "":
		return nil, errors.New("it names no host")
	case !isHost(parsed.Hostname()):
		return nil, errors.New("its host is no name of letters, digits, dots and hyphens and no IP address")
	case parsed.User != nil:
		return nil, errors.New("it holds a user name or password, which belong in no URL")
	case strings.ContainsAny(raw, "?#"):
		return nil, errors.New("it must have no query and no fragment")
	case parsed.Scheme == "http" && !allowInsecure && !isLoopback(parsed.Hostname()):
		return nil, ErrInsecureURL
	}
	return oneSpelling(parsed)
}

// isHost takes a name in ASCII, which has one spelling but for case, or an IP address without a zone.
func isHost(host string) bool {
	if address, err := netip.ParseAddr(host); err == nil {
		return address.Zone() == ""
	}
	return strings.Trim(strings.ToLower(host), "abcdefghijklmnopqrstuvwxyz0123456789.-_") == ""
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && address.IsLoopback()
}

// defaultPorts are what a URL means that names none.
var defaultPorts = map[string]string{"http": "80", "https": "443"}

// oneSpelling writes equal roots as equal text: states remember the base URL and compare it.
func oneSpelling(root *url.URL) (*url.URL, error) {
	host := strings.ToLower(root.Hostname())
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := root.Port(); port != "" && port != defaultPorts[root.Scheme] {
		host += ":" + port
	}
	spelled, err := url.Parse(root.Scheme + "://" + host + strings.TrimRight(root.EscapedPath(), "/"))
	if err != nil {
		return nil, errors.New("it is not a URL")
	}
	return spelled, nil
}
