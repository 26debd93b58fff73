// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// The resources of examples/quickstart; support is the one in imports.tf.
const (
	whatsapp  = "bizapi_phone_number.whatsapp"
	instagram = "bizapi_phone_number.instagram"
	agent     = "bizapi_agent.sales"
	support   = "bizapi_phone_number.support"
)

// step is one thing that a person does. run does it, says what it saw, and
// returns an error when that is not what the title promises.
type step struct {
	title string
	run   func(context.Context, *demo) error
}

func steps() []step {
	return []step{
		{"Add a WhatsApp number with its agent, and an Instagram account", addNumbers},
		{"Plan again: nothing to do", planNothing},
		{"Rotate the WhatsApp token to an expired one: the plan is refused, and nothing is deleted", expiredToken},
		{"Rotate it to a valid one: the number is replaced, and its agent comes back", changeToken},
		{"Import a web chat channel that somebody added by hand", importChannel},
		{"Destroy everything", destroyAll},
	}
}

func addNumbers(ctx context.Context, d *demo) error {
	if err := d.terraform(ctx, "apply", "-auto-approve"); err != nil {
		return err
	}
	if err := d.expectWrites(requestCounts{sandbox.OpAdd: 2, sandbox.OpCreateAgent: 1}); err != nil {
		return err
	}
	return d.expectOnAPI(ctx, whatsapp, agent, instagram)
}

func planNothing(ctx context.Context, d *demo) error {
	// With -detailed-exitcode a plan that holds any change exits with 2.
	if err := d.terraform(ctx, "plan", "-detailed-exitcode"); err != nil {
		return err
	}
	return d.expectWrites(requestCounts{})
}

func expiredToken(ctx context.Context, d *demo) error {
	before := d.api.held()
	d.work.setWhatsAppToken("EAAexpiredWhatsAppToken")
	if err := d.work.incrementVersion(); err != nil {
		return err
	}
	d.say("in main.tf: access_token_wo_version = 2; in TF_VAR_whatsapp_access_token: the new token")
	d.say("$ %s", d.work.Line([]string{"plan"}))
	title, err := d.work.refusal(ctx, "plan")
	if err != nil {
		return err
	}
	d.say("Error: %s", title)
	if want := "Meta refuses the access token"; title != want {
		return fmt.Errorf("the error is %q, not %q", title, want)
	}
	if !slices.Equal(before, d.api.held()) {
		return errors.New("the API does not hold what it held before")
	}
	return d.expectWrites(requestCounts{})
}

func changeToken(ctx context.Context, d *demo) error {
	before, err := d.work.rowsInState(ctx)
	if err != nil {
		return err
	}
	const token = "EAAfakeWhatsAppToken2"
	d.work.setWhatsAppToken(token)
	d.say("in TF_VAR_whatsapp_access_token: a token that Meta accepts")
	if err := d.planAndApply(ctx, map[string]string{whatsapp: "delete, create", agent: "delete, create"}); err != nil {
		return err
	}
	if err := d.expectWrites(requestCounts{sandbox.OpAdd: 1, sandbox.OpDelete: 1, sandbox.OpCreateAgent: 1, sandbox.OpDeleteAgent: 1}); err != nil {
		return err
	}
	if err := d.expectOnAPI(ctx, whatsapp, agent, instagram); err != nil {
		return err
	}
	return d.expectOnlyWhatsAppReplaced(ctx, before, token)
}

// expectOnlyWhatsAppReplaced checks that the WhatsApp number has a new id and
// the new token, that its agent answers on it, and that the Instagram account was
// left alone.
func (d *demo) expectOnlyWhatsAppReplaced(ctx context.Context, before map[string]row, token string) error {
	after, err := d.work.rowsInState(ctx)
	if err != nil {
		return err
	}
	if after[instagram] != before[instagram] {
		return fmt.Errorf("%s was %v and is %v: it should have been left alone", instagram, before[instagram], after[instagram])
	}
	if after[whatsapp].id == before[whatsapp].id {
		return fmt.Errorf("%s still has the id %s", whatsapp, after[whatsapp].id)
	}
	if d.api.tokenOf(after[whatsapp].id) != token {
		return errors.New("the API does not hold the new token")
	}
	if after[agent].key != after[whatsapp].id {
		return fmt.Errorf("%s answers on %s, not on %s", agent, after[agent].key, after[whatsapp].id)
	}
	return nil
}

func importChannel(ctx context.Context, d *demo) error {
	id, err := d.api.addByHand(ctx, "webchat", "support.example.com", "Support chat")
	if err != nil {
		return err
	}
	d.say("POST /users/%s/phone_numbers, as curl would send it: 201, id %s", user, id)
	d.api.forgetRequests()
	if err := d.work.uncommentImport(id); err != nil {
		return err
	}
	d.say("in imports.tf: an import block with that id")
	if err := d.planAndApply(ctx, map[string]string{support: "import"}); err != nil {
		return err
	}
	if err := d.terraform(ctx, "plan", "-detailed-exitcode"); err != nil {
		return err
	}
	if err := d.expectWrites(requestCounts{}); err != nil {
		return err
	}
	return d.expectOnAPI(ctx, whatsapp, agent, instagram, support)
}

func destroyAll(ctx context.Context, d *demo) error {
	if err := d.terraform(ctx, "destroy", "-auto-approve"); err != nil {
		return err
	}
	if err := d.expectWrites(requestCounts{sandbox.OpDelete: 3, sandbox.OpDeleteAgent: 1}); err != nil {
		return err
	}
	return d.expectOnAPI(ctx)
}

// terraform runs a command of the CLI, which must succeed, and says the
// provider's warnings and the line that sums its output up.
func (d *demo) terraform(ctx context.Context, args ...string) error {
	d.say("$ %s", d.work.Line(args))
	output, err := d.work.shown(ctx, args...)
	if err != nil {
		return err
	}
	for _, title := range titles(output, "Warning: ") {
		d.say("Warning: %s", title)
	}
	d.say("%s", resultLine(output))
	return nil
}

// planAndApply saves a plan, checks that it does the actions given and nothing
// else, and applies it.
func (d *demo) planAndApply(ctx context.Context, want map[string]string) error {
	if err := d.terraform(ctx, "plan", "-out=demo.tfplan"); err != nil {
		return err
	}
	got, err := d.work.plannedActions(ctx, "demo.tfplan")
	if err != nil {
		return err
	}
	if !maps.Equal(got, want) {
		return fmt.Errorf("the plan is %v, not %v", got, want)
	}
	return d.terraform(ctx, "apply", "demo.tfplan")
}

// expectWrites checks what reached the API in this step: so many writes, any
// number of lists, nothing else, and nothing that was refused.
func (d *demo) expectWrites(want requestCounts) error {
	asked := d.api.requests()
	for _, operation := range operations {
		if operation.isWrite && asked[operation.name] != want[operation.name] {
			return fmt.Errorf("the API was asked for %s; expected %s", asked, want)
		}
	}
	return d.api.refused()
}

// expectOnAPI checks that the state holds the resources named, and the API the
// same, and says which.
func (d *demo) expectOnAPI(ctx context.Context, addresses ...string) error {
	state, err := d.work.rowsInState(ctx)
	if err != nil {
		return err
	}
	slices.Sort(addresses)
	if got := slices.Sorted(maps.Keys(state)); !slices.Equal(got, addresses) {
		return fmt.Errorf("the state holds %v, not %v", got, addresses)
	}
	held := d.api.held()
	if err := compareRows(state, held); err != nil {
		return err
	}
	if err := d.work.checkState(); err != nil {
		return err
	}
	if len(held) == 0 {
		d.say("neither the state nor the API contains anything")
	}
	for _, n := range held {
		d.say("on the API: %s", n)
	}
	return nil
}
