// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// unknownFields is what becomes of fields that a call does not have.
type unknownFields bool

const (
	refuseUnknown unknownFields = false
	ignoreUnknown unknownFields = true
)

// fields reads the body's text fields one by one: encoding/json would take
// another case and null in place of a string.
func (e *exchange) fields(unknown unknownFields, known ...string) (map[string]string, error) {
	object, err := e.object()
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for name, raw := range object {
		if !slices.Contains(known, name) {
			if unknown == ignoreUnknown {
				continue
			}
			return nil, e.breaksRule("Unknown field %q", name)
		}
		var value string
		if err := json.Unmarshal(raw, &value); err != nil || bytes.Equal(raw, []byte("null")) {
			return nil, e.breaksRule("%s must be a string", name)
		}
		values[name] = value
	}
	return values, nil
}

// object reads the body as one JSON object.
func (e *exchange) object() (map[string]json.RawMessage, error) {
	var object map[string]json.RawMessage
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(e.bodyErr, &tooLarge):
		return nil, refuse(http.StatusRequestEntityTooLarge, "Request body is over %d bytes", maxBodyBytes)
	case e.bodyErr != nil:
		return nil, refuse(http.StatusBadRequest, "Request body ended early")
	case !isJSON(e.request.Header.Get("Content-Type")):
		return nil, refuse(http.StatusBadRequest, "Content-Type must be application/json")
	case !utf8.Valid(e.body):
		return nil, refuse(http.StatusBadRequest, "Request body is not UTF-8")
	case json.Unmarshal(e.body, &object) != nil || object == nil:
		return nil, refuse(http.StatusBadRequest, "Request body is not a JSON object")
	}
	return object, nil
}

func isJSON(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && mediaType == "application/json"
}

// length counts UTF-16 units, as the language of a deployed server does.
func length(text string) int { return len(utf16.Encode([]rune(text))) }

// isStorable reports whether a database takes the texts: none takes a NUL.
func isStorable(texts ...string) bool {
	return !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, "\x00") })
}
