// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

// Package contract checks exchanges with the API against the sandbox's OpenAPI
// file. It is for tests, and apart from package sandbox so that a program that
// runs the sandbox does not carry a validator.
package contract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// Contract is a parsed OpenAPI file. It is safe for concurrent use.
type Contract struct {
	document  *openapi3.T
	templates []string // its paths, the longest first
}

// Load parses and validates the sandbox's OpenAPI file.
func Load() (*Contract, error) {
	document, err := openapi3.NewLoader().LoadFromData(sandbox.Contract)
	if err != nil {
		return nil, fmt.Errorf("parse the contract: %w", err)
	}
	if err := document.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("validate the contract: %w", err)
	}
	templates := slices.Collect(maps.Keys(document.Paths.Map()))
	slices.SortFunc(templates, func(a, b string) int { return strings.Count(b, "/") - strings.Count(a, "/") })
	return &Contract{document: document, templates: templates}, nil
}

// NewTransport passes requests on to next (nil: http.DefaultTransport) and
// reports with t.Errorf each request and each answer that is outside the
// contract. What passes through is not changed; a request that got no whole
// answer is checked itself alone.
func NewTransport(t testing.TB, next http.RoundTripper) http.RoundTripper {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if next == nil {
		next = http.DefaultTransport
	}
	return &transport{t: t, contract: c, next: next}
}

type transport struct {
	t        testing.TB
	contract *Contract
	next     http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (tr *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := r.Clone(r.Context()) // a transport may not change what it is given
	if err := tr.contract.CheckRequest(sent); err != nil {
		tr.t.Errorf("request outside the contract: %v", err)
	}
	answer, err := tr.next.RoundTrip(sent)
	if err != nil {
		return nil, err
	}
	answer.Request = r
	if err := tr.contract.CheckResponse(sent, answer); err != nil {
		tr.t.Errorf("response outside the contract: %v", err)
	}
	return answer, nil
}

// CheckRequest returns what is wrong with a request, nil if nothing. It reads
// the body and puts it back.
func (c *Contract) CheckRequest(r *http.Request) error {
	input, err := c.input(r)
	if err != nil {
		return err
	}
	if err := checkQuery(input.Route.Operation, r.URL.RawQuery); err != nil {
		return fmt.Errorf("%s %s: %w", r.Method, r.URL.Path, err)
	}
	if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
		return fmt.Errorf("%s %s: %w", r.Method, r.URL.Path, err)
	}
	return nil
}

// CheckResponse returns what is wrong with the answer to a request, whatever the
// request was like; nil if nothing. It reads the body and puts it back; one that
// ends early is put back as it came and is not checked.
func (c *Contract) CheckResponse(r *http.Request, answer *http.Response) error {
	input, err := c.input(r)
	if err != nil {
		return err
	}
	body, torn := io.ReadAll(answer.Body)
	if err := answer.Body.Close(); torn == nil {
		torn = err
	}
	answer.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), ending{torn}))
	if torn == nil {
		err = c.checkAnswer(input, answer, body)
	}
	if err != nil {
		return fmt.Errorf("%s %s answered %d: %w", r.Method, r.URL.Path, answer.StatusCode, err)
	}
	return nil
}

func (c *Contract) checkAnswer(input *openapi3filter.RequestValidationInput, answer *http.Response, body []byte) error {
	// openapi3filter passes over redirects, and over bodies where none is due.
	documented := input.Route.Operation.Responses.Status(answer.StatusCode)
	switch {
	case documented == nil:
		return errors.New("the status is not documented")
	case len(documented.Value.Content) == 0 && len(body) > 0:
		return errors.New("a body where none is due")
	}
	response := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input,
		Status:                 answer.StatusCode,
		Header:                 answer.Header,
		Options:                input.Options,
	}
	response.SetBodyBytes(body)
	return openapi3filter.ValidateResponse(context.Background(), response)
}

// ending gives a reader of what came before it the error that ended it; nil is
// io.EOF.
type ending struct{ err error }

func (e ending) Read([]byte) (int, error) {
	if e.err == nil {
		return 0, io.EOF
	}
	return 0, e.err
}

// input finds what the contract says of a request. Base URLs differ, so a path
// is found by its end.
func (c *Contract) input(r *http.Request) (*openapi3filter.RequestValidationInput, error) {
	path, parameters, ok := c.match(r.URL.EscapedPath())
	if !ok {
		return nil, fmt.Errorf("%s %s: the path is not documented", r.Method, r.URL.Path)
	}
	item := c.document.Paths.Find(path)
	operation := item.GetOperation(r.Method)
	if operation == nil {
		return nil, fmt.Errorf("%s %s: the method is not documented", r.Method, r.URL.Path)
	}
	return &openapi3filter.RequestValidationInput{
		Request:     r,
		PathParams:  parameters,
		QueryParams: r.URL.Query(),
		Route: &routers.Route{
			Spec: c.document, Path: path, PathItem: item, Method: r.Method, Operation: operation,
		},
		Options: &openapi3filter.Options{
			AuthenticationFunc:                checkKey,
			IncludeResponseStatus:             true,
			RejectWhenRequestBodyNotSpecified: true,
			SkipSettingDefaults:               true,
		},
	}, nil
}

// match finds the contract's path at the end of an escaped one.
func (c *Contract) match(escaped string) (template string, parameters map[string]string, ok bool) {
	elements := strings.Split(escaped, "/")
	for i, element := range elements {
		plain, err := url.PathUnescape(element)
		if err != nil {
			return "", nil, false
		}
		elements[i] = plain
	}
	for _, template := range c.templates {
		names := strings.Split(template, "/")[1:]
		if first := len(elements) - len(names); first > 0 {
			if parameters, ok := matchElements(names, elements[first:]); ok {
				return template, parameters, true
			}
		}
	}
	return "", nil, false
}

// matchElements gives the elements of a path to the {names} of a template.
func matchElements(names, elements []string) (parameters map[string]string, ok bool) {
	parameters = map[string]string{}
	for i, name := range names {
		if parameter, isParameter := strings.CutPrefix(name, "{"); isParameter {
			parameters[strings.TrimSuffix(parameter, "}")] = elements[i]
		} else if name != elements[i] {
			return nil, false
		}
	}
	return parameters, true
}

// checkQuery refuses what openapi3filter passes over: parameters that are not
// documented, given twice or malformed.
func checkQuery(operation *openapi3.Operation, raw string) error {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return err
	}
	for name, values := range query {
		if operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			return fmt.Errorf("query parameter %q is not documented", name)
		}
		if len(values) > 1 {
			return fmt.Errorf("query parameter %q is given %d times", name, len(values))
		}
	}
	return nil
}

// checkKey wants a key, whichever: a wrong one makes a documented 401.
func checkKey(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	if input.RequestValidationInput.Request.Header.Get(input.SecurityScheme.Name) == "" {
		return fmt.Errorf("no %s header", input.SecurityScheme.Name)
	}
	return nil
}
