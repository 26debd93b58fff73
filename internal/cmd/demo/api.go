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

// graphPath is where Meta is served, beside the API.
const graphPath = "/graph/v24.0"

// api is the sandbox, served on a free port of the loopback interface.
type api struct {
	url     string // the base URL, with the version path
	meta    string // that of the stand-in for Meta
	sandbox *sandbox.Server
	server  *http.Server
}

func startAPI(ctx context.Context) (*api, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the sandbox: %w", err)
	}
	s := sandbox.New(sandbox.Options{Dialect: sandbox.Published, APIKey: apiKey, Users: []string{user}})
	handler := http.NewServeMux()
	handler.Handle("/", s)
	handler.Handle(graphPath+"/", sandbox.NewMeta(sandbox.MetaOptions{Refuse: refuseExpired}))
	host := "http://" + listener.Addr().String()
	a := &api{
		url:     host + "/v1",
		meta:    host + graphPath,
		sandbox: s,
		server:  &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second},
	}
	go func() { _ = a.server.Serve(listener) }() // returns only when closed
	return a, nil
}

func refuseExpired(token, _ string) (sandbox.MetaError, bool) {
	return sandbox.MetaExpired, strings.Contains(token, "expired")
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
	var answer struct{ ID string }
	if response.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("add a number by hand: status %s", response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return "", fmt.Errorf("add a number by hand: %w", err)
	}
	return answer.ID, nil
}

// held is what the API holds, oldest first and numbers before agents.
func (a *api) held() []row {
	var held []row
	for _, n := range a.sandbox.Numbers(user) {
		shown := row{id: n.ID, kind: n.Platform, key: n.MetaPhoneNumberID}
		if n.DisplayName != nil {
			shown.name = *n.DisplayName
		}
		held = append(held, shown)
	}
	for _, agent := range a.sandbox.Agents(user) {
		held = append(held, row{id: agent.ID, kind: "agent", key: agent.PhoneNumberID, name: agent.Name})
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

// operations are all of the API's, as the demo names one of them.
var operations = []struct {
	name    sandbox.Operation
	one     string
	isWrite bool
}{
	{sandbox.OpAdd, "add", true}, {sandbox.OpDelete, "delete", true},
	{sandbox.OpCreateAgent, "agent create", true}, {sandbox.OpUpdateAgent, "agent update", true}, {sandbox.OpDeleteAgent, "agent delete", true},
	{sandbox.OpList, "list", false}, {sandbox.OpListAgents, "agent list", false}, {sandbox.OpReadAgent, "agent read", false},
	{sandbox.OpOther, "other", true},
}

// String reads "2 adds, 1 list", or "none".
func (c requestCounts) String() string {
	var parts []string
	for _, operation := range operations {
		switch count := c[operation.name]; count {
		case 0:
		case 1:
			parts = append(parts, "1 "+operation.one)
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", count, operation.one))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
