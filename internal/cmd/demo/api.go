// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

const (
	user   = "usr_abc123" // as in examples/quickstart
	apiKey = "sk_test_demo"
)

// api is the sandbox, served on a free port of the loopback interface.
type api struct {
	url     string // the base URL, with the version path
	sandbox *sandbox.Server
	server  *http.Server
}

func startAPI(ctx context.Context) (*api, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the sandbox: %w", err)
	}
	s := sandbox.New(sandbox.Options{APIKey: apiKey, Users: []string{user}})
	a := &api{
		url:     "http://" + listener.Addr().String() + "/v1",
		sandbox: s,
		server:  &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second},
	}
	go func() { _ = a.server.Serve(listener) }() // returns only when closed
	return a, nil
}

func (a *api) close() error {
	if err := a.server.Close(); err != nil {
		return fmt.Errorf("stop the sandbox: %w", err)
	}
	return nil
}

// addByHand adds a number as a person with curl would, and returns its id.
func (a *api) addByHand(ctx context.Context, platform, metaID, displayName string) (string, error) {
	body, err := json.Marshal(map[string]string{
		"platform":             platform,
		"meta_phone_number_id": metaID,
		"access_token":         "EAAfakeWebchatToken1",
		"display_name":         displayName,
	})
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url+"/users/"+user+"/phone_numbers", strings.NewReader(string(body)))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("x-api-key", apiKey)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("add a number by hand: %w", err)
	}
	defer response.Body.Close()
	var answer struct{ Data struct{ ID string } }
	if response.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("add a number by hand: status %s", response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return "", fmt.Errorf("add a number by hand: %w", err)
	}
	return answer.Data.ID, nil
}

// numbers is what the API holds, oldest first.
func (a *api) numbers() []number {
	var held []number
	for _, n := range a.sandbox.Numbers(user) {
		shown := number{id: n.ID, platform: n.Platform, metaID: n.MetaPhoneNumberID}
		if n.DisplayName != nil {
			shown.displayName = *n.DisplayName
		}
		held = append(held, shown)
	}
	return held
}

// tokenOf is empty for an id that the API does not hold.
func (a *api) tokenOf(id string) string {
	for _, n := range a.sandbox.Numbers(user) {
		if n.ID == id {
			return n.AccessToken
		}
	}
	return ""
}

func (a *api) forgetRequests() { a.sandbox.ForgetRequests() }

// requests counts what reached the API since the last forgetRequests.
func (a *api) requests() requestCounts {
	counts := requestCounts{}
	for _, r := range a.sandbox.Requests() {
		counts[r.Operation]++
	}
	return counts
}

// refused reports the first request that the API did not answer with success.
func (a *api) refused() error {
	for _, r := range a.sandbox.Requests() {
		if r.Status/100 != 2 {
			return fmt.Errorf("the API answered %d to %s %s", r.Status, r.Method, r.Path)
		}
	}
	return nil
}

// requestCounts is how many requests asked for an operation.
type requestCounts map[sandbox.Operation]int

func (c requestCounts) plus(other requestCounts) requestCounts {
	sum := requestCounts{}
	for _, counts := range []requestCounts{c, other} {
		for operation, count := range counts {
			sum[operation] += count
		}
	}
	return sum
}

// String reads "2 adds, 1 list", or "none".
func (c requestCounts) String() string {
	var parts []string
	for _, operation := range []sandbox.Operation{sandbox.OpAdd, sandbox.OpList, sandbox.OpDelete, sandbox.OpOther} {
		switch count := c[operation]; count {
		case 0:
		case 1:
			parts = append(parts, "1 "+string(operation))
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", count, operation))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
