// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"cmp"
	"strings"
	"time"
)

// Dialect is one of the two forms in which servers of the API answer.
type Dialect string

const (
	// Published answers as the API's page shows: bare objects and arrays,
	// pn_ and agt_ ids, times to the second, 204 without a body to the delete of a
	// number.
	Published Dialect = "published"
	// Deployed answers as a deployed server was seen to: {"success", "data", …}
	// envelopes, UUIDs, times to the millisecond, and the access token echoed.
	Deployed Dialect = "deployed"
)

// Options says which server the sandbox stands in for. The zero value is a
// deployed server with one user and no limits, under /v1.
type Options struct {
	// Dialect of the answers. Default: Deployed.
	Dialect Dialect
	// BasePath is the path that the API is served under; all others are answered
	// with 404. "/" is the root. Default: "/v1".
	BasePath string
	// APIKey is the one valid x-api-key. Default: "sk_test_sandbox".
	APIKey string
	// AnyKey serves requests with any key, and with none.
	AnyKey bool
	// Users that exist. Default: "usr_abc123" alone.
	Users []string
	// Lenient ignores unknown fields in a body, and takes the webchat form of Meta
	// ids on every platform.
	Lenient bool
	// AllowDuplicates lets a platform and Meta id be added more than once.
	AllowDuplicates bool
	// NormalizeName is what the server makes of a display name it is sent. nil: as
	// sent. Names given to Server.Add and Server.Rename do not pass through it.
	NormalizeName func(string) string
	// MinTokenLength is the fewest characters of an access token. Default: 10
	// deployed, 1 published.
	MinTokenLength int

	// PageSize is the rows of a list that names no limit. Default: 50 published,
	// 100 deployed, and 100 for agents. Below zero: all rows.
	PageSize int
	// MaxPageSize caps the rows of any page, in silence. 0: no cap.
	MaxPageSize int
	// MaxLimit answers 400 to a list with a larger limit. 0: any limit is taken.
	MaxLimit int
	// IgnorePaging makes every list answer the first PageSize rows, whatever
	// limit and offset ask for.
	IgnorePaging bool
	// IgnoreOrder makes every list answer newest first, whatever was asked.
	IgnoreOrder bool
	// RefuseQuery answers 400 to a list with any query string.
	RefuseQuery bool
	// ListAddsAfter is how long after its add a row is first listed. A row that
	// Server.Add is given with a created_at in the past counts as added then.
	ListAddsAfter time.Duration
	// ListDeletesAfter is how long a deleted row is still listed.
	ListDeletesAfter time.Duration
	// ReleaseAfter is how long after its delete a number still counts as
	// registered.
	ReleaseAfter time.Duration

	// RequestsPerWindow is how many requests with the valid key are served in a
	// Window; those beyond it are answered 429. 0: no limit.
	RequestsPerWindow int
	// Window begins with the first request after the last window ended. Default:
	// one minute.
	Window time.Duration
	// Now is the clock of everything: rows, timestamps, Date headers, Window, and
	// what is listed or released late. Default: time.Now.
	Now func() time.Time
	// EchoSecrets writes the API key and access tokens into error messages,
	// response headers (the correlation id among them) and success bodies. Such
	// answers are outside the contract.
	EchoSecrets bool
}

func (o Options) withDefaults() Options {
	minTokenLength := 10
	if o.Dialect == Published {
		minTokenLength = 1
	} else {
		o.Dialect = Deployed
	}
	if o.MinTokenLength == 0 {
		o.MinTokenLength = minTokenLength
	}
	o.BasePath = strings.TrimSuffix(cmp.Or(o.BasePath, "/v1"), "/")
	if o.APIKey == "" {
		o.APIKey = "sk_test_sandbox"
	}
	if len(o.Users) == 0 {
		o.Users = []string{"usr_abc123"}
	}
	if o.Window == 0 {
		o.Window = time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
