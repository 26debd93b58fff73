// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// How many numbers the figures are of.
const fleetSize = 300

const fleet = `
terraform {
  required_providers {
    bizapi = {
      source = "bizapi/bizapi"
    }
  }
}

provider "bizapi" {
  user_id = "usr_abc123"
}

variable "whatsapp_access_token" {
  type      = string
  ephemeral = true
}

resource "bizapi_phone_number" "this" {
  for_each = toset([for n in range(%d) : format("channel-%%03d.example.com", n)])

  platform                = "webchat"
  meta_phone_number_id    = each.key
  access_token_wo         = var.whatsapp_access_token
  access_token_wo_version = 1
}
`

const fleetImports = `
import {
  for_each = toset([for n in range(%d) : format("channel-%%03d.example.com", n)])
  to       = bizapi_phone_number.this[each.key]
  id       = "webchat/${each.key}"
}
`

// figures measures what the README compares.
func figures(ctx context.Context, out io.Writer) error {
	_, err := withWorkspace(ctx, out, func(d *demo) (outcome, error) {
		fmt.Fprintf(out, "\n%s with %d numbers on a sandbox of the API:\n\n", d.work.CLI.Name, fleetSize)
		return outcome{}, errors.Join(d.measureFleet(ctx), d.measureImport(ctx))
	})
	return err
}

func (d *demo) figure(what string, count int) { fmt.Fprintf(d.out, "%-55s %3d\n", what, count) }

// measureFleet adds the numbers, losing the answer to one of the adds, and plans them again.
func (d *demo) measureFleet(ctx context.Context) error {
	d.work.Dir = filepath.Join(d.work.directory, "fleet")
	if err := d.work.Write("main.tf", fmt.Sprintf(fleet, fleetSize)); err != nil {
		return err
	}
	d.api.sandbox.Script(sandbox.Fault{On: sandbox.OpAdd, Commit: true, Do: sandbox.Drop()})
	if _, err := d.work.shown(ctx, "apply", "-auto-approve"); err != nil {
		return err
	}
	rows, err := d.work.rowsInState(ctx)
	if err != nil {
		return err
	}
	adds := fmt.Sprintf("%d adds, one answer lost: numbers ", fleetSize)
	d.figure(adds+"on the API", len(d.api.held()))
	d.figure(adds+"in the state", len(rows))
	state, err := os.ReadFile(filepath.Join(d.work.Dir, "terraform.tfstate"))
	if err != nil {
		return err
	}
	d.figure(fmt.Sprintf("access tokens in the state of those %d", fleetSize), strings.Count(string(state), d.work.secrets["TF_VAR_whatsapp_access_token"]))
	d.api.forgetRequests()
	if _, err := d.work.shown(ctx, "plan", "-detailed-exitcode"); err != nil {
		return err
	}
	d.figure(fmt.Sprintf("requests of a plan of %d numbers", fleetSize), len(d.api.sandbox.Requests()))
	return nil
}

// measureImport imports all of them into another state.
func (d *demo) measureImport(ctx context.Context) error {
	d.work.Dir = filepath.Join(d.work.directory, "imported")
	err := errors.Join(
		d.work.Write("main.tf", fmt.Sprintf(fleet, fleetSize)),
		d.work.Write("imports.tf", fmt.Sprintf(fleetImports, fleetSize)),
	)
	if err != nil {
		return err
	}
	d.api.forgetRequests()
	if _, err := d.work.shown(ctx, "apply", "-auto-approve"); err != nil {
		return err
	}
	asked := d.api.requests()
	d.figure(fmt.Sprintf("import of those %d with tokens: adds and deletes", fleetSize), asked[sandbox.OpAdd]+asked[sandbox.OpDelete])
	return nil
}
