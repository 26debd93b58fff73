// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
	"github.com/bizapi/terraform-provider-bizapi/internal/tfcli"
)

// configuration is count numbers, spread over users.
const configuration = `terraform {
  required_providers {
    bizapi = {
      source = "registry.terraform.io/bizapi/bizapi"
    }
  }
}

variable "access_token" {
  type      = string
  ephemeral = true
}

resource "bizapi_phone_number" "bench" {
  count                   = %d
  user_id                 = "usr_${count.index %% %d}"
  platform                = %q
  meta_phone_number_id    = tostring(100000000000000 + count.index)
  access_token_wo         = var.access_token
  access_token_wo_version = 1
  display_name            = "Number ${count.index}"
}
`

// program is a provider's: the real one or the floor.
type program struct {
	path      string
	cliConfig string // a CLI configuration that names its directory
}

// workspace is the temporary directory of one run.
type workspace struct {
	directory string
	provider  program
	floor     program
	// template is the state of one number as the provider writes it.
	template map[string]any
}

// newWorkspace makes the directory, with both programs built in it.
func newWorkspace(ctx context.Context) (*workspace, error) {
	directory, err := os.MkdirTemp("", "bizapi-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a temporary directory: %w", err)
	}
	w := &workspace{directory: directory}
	if w.provider, err = w.build(ctx, "provider", "."); err == nil {
		w.floor, err = w.build(ctx, "floor", "./internal/cmd/bench/floor")
	}
	if err != nil {
		return nil, errors.Join(err, w.remove())
	}
	return w, nil
}

// build makes a program that the CLI takes for the provider. It is linked as releases are.
func (w *workspace) build(ctx context.Context, name, main string) (program, error) {
	directory := filepath.Join(w.directory, name)
	path, err := tfcli.Build(ctx, directory, main, "-trimpath", "-ldflags", "-s -w")
	if err != nil {
		return program{}, err
	}
	p := program{path, directory + ".tfrc"}
	return p, tfcli.WriteOverrides(p.cliConfig, map[string]string{"bizapi/bizapi": directory})
}

func (w *workspace) remove() error {
	if err := os.RemoveAll(w.directory); err != nil {
		return fmt.Errorf("remove the temporary directory: %w", err)
	}
	return nil
}

// configure makes a directory whose configuration has so many numbers, and no state.
func (w *workspace) configure(numbers, users int) (string, error) {
	directory, err := os.MkdirTemp(w.directory, "numbers-")
	if err != nil {
		return "", fmt.Errorf("make a directory: %w", err)
	}
	text := fmt.Sprintf(configuration, numbers, users, platform)
	if err := os.WriteFile(filepath.Join(directory, "main.tf"), []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("write the configuration: %w", err)
	}
	return directory, nil
}

// populate makes a directory whose configuration and state have so many numbers, and adds these to
// the account. The state is the template's, many times: applying 10,000 numbers takes minutes.
func (w *workspace) populate(account *account, numbers int) (string, error) {
	directory, err := w.configure(numbers, len(account.users))
	if err != nil {
		return "", err
	}
	instances := make([]any, numbers)
	for at := range instances {
		instances[at] = instanceOf(w.template, at, addNumber(account, at))
	}
	state := maps.Clone(w.template)
	resource := maps.Clone(state["resources"].([]any)[0].(map[string]any))
	resource["instances"] = instances
	state["resources"] = []any{resource}
	text, err := json.Marshal(state)
	if err == nil {
		err = os.WriteFile(filepath.Join(directory, stateFile), text, 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("write the state: %w", err)
	}
	return directory, nil
}

const stateFile = "terraform.tfstate"

// addNumber adds the number at an index of the configuration behind Terraform's back.
func addNumber(account *account, at int) sandbox.Number {
	name := fmt.Sprintf("Number %d", at)
	return account.sandbox.Add(account.users[at%len(account.users)], sandbox.Number{
		Platform:          platform,
		MetaPhoneNumberID: fmt.Sprint(100_000_000_000_000 + at),
		AccessToken:       accessToken,
		DisplayName:       &name,
		CreatedAt:         time.Date(2025, time.February, 10, 10, 0, 0, 0, time.UTC).Add(time.Duration(at) * time.Second),
	})
}

// instanceOf is the template's only instance, made the one at an index.
func instanceOf(template map[string]any, at int, number sandbox.Number) map[string]any {
	instance := maps.Clone(template["resources"].([]any)[0].(map[string]any)["instances"].([]any)[0].(map[string]any))
	attributes := maps.Clone(instance["attributes"].(map[string]any))
	attributes["id"] = number.ID
	attributes["user_id"] = number.UserID
	attributes["meta_phone_number_id"] = number.MetaPhoneNumberID
	attributes["display_name"] = *number.DisplayName
	attributes["created_at"] = number.CreatedAt.UTC().Format(time.RFC3339Nano)
	attributes["updated_at"] = number.UpdatedAt.UTC().Format(time.RFC3339Nano)
	instance["index_key"], instance["attributes"] = at, attributes
	if instance["identity"] != nil { // a CLI that knows no identities writes none
		instance["identity"] = map[string]any{"id": number.ID, "user_id": number.UserID}
	}
	return instance
}

// readState reads the state that a directory has.
func readState(directory string) (map[string]any, error) {
	text, err := os.ReadFile(filepath.Join(directory, stateFile)) //nolint:gosec // of the workspace
	if err != nil {
		return nil, fmt.Errorf("read the state: %w", err)
	}
	var state map[string]any
	if err := json.Unmarshal(text, &state); err != nil {
		return nil, fmt.Errorf("read the state: %w", err)
	}
	return state, nil
}

// idsInState are the ids of the numbers in a directory's state.
func idsInState(directory string) (map[string]bool, error) {
	text, err := os.ReadFile(filepath.Join(directory, stateFile)) //nolint:gosec // of the workspace
	if err != nil {
		return nil, fmt.Errorf("read the state: %w", err)
	}
	var state struct {
		Resources []struct {
			Instances []struct {
				Attributes struct {
					ID string `json:"id"`
				} `json:"attributes"`
			} `json:"instances"`
		} `json:"resources"`
	}
	if err := json.Unmarshal(text, &state); err != nil {
		return nil, fmt.Errorf("read the state: %w", err)
	}
	ids := map[string]bool{}
	for _, resource := range state.Resources {
		for _, instance := range resource.Instances {
			ids[instance.Attributes.ID] = true
		}
	}
	return ids, nil
}
