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
		{"Add the WhatsApp number and the Instagram account", addNumbers},
		{"Plan again: nothing to do", planNothing},
		{"Change the WhatsApp token: the API cannot update, so the number is replaced", changeToken},
		{"Bring in a web chat channel that somebody added by hand", importChannel},
		{"Destroy all three", destroyAll},
	}
}

func addNumbers(ctx context.Context, d *demo) error {
	if err := d.terraform(ctx, "apply", "-auto-approve"); err != nil {
		return err
	}
	if err := d.expectRequests(2, 0); err != nil {
		return err
	}
	return d.expectNumbers(ctx, whatsapp, instagram)
}

func planNothing(ctx context.Context, d *demo) error {
	// With -detailed-exitcode a plan that holds any change exits with 2.
	if err := d.terraform(ctx, "plan", "-detailed-exitcode"); err != nil {
		return err
	}
	return d.expectRequests(0, 0)
}

func changeToken(ctx context.Context, d *demo) error {
	before, err := d.work.numbersInState(ctx)
	if err != nil {
		return err
	}
	token := d.work.changeWhatsAppToken()
	d.say("TF_VAR_whatsapp_access_token has a new value")
	if err := d.planAndApply(ctx, map[string]string{whatsapp: "delete, create"}); err != nil {
		return err
	}
	if err := d.expectRequests(1, 1); err != nil {
		return err
	}
	if err := d.expectNumbers(ctx, whatsapp, instagram); err != nil {
		return err
	}
	return d.expectOnlyWhatsAppReplaced(ctx, before, token)
}

// expectOnlyWhatsAppReplaced checks that the WhatsApp number has a new id and
// the new token, and that the Instagram account was left alone.
func (d *demo) expectOnlyWhatsAppReplaced(ctx context.Context, before map[string]number, token string) error {
	after, err := d.work.numbersInState(ctx)
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
	return nil
}

func importChannel(ctx context.Context, d *demo) error {
	id, err := d.api.addByHand(ctx, "webchat", "support.example.com", "Support chat")
	if err != nil {
		return err
	}
	d.say("POST /users/%s/phone_numbers by plain HTTP: 201, id %s", user, id)
	d.api.forgetRequests()
	if err := d.work.uncommentImport(id); err != nil {
		return err
	}
	d.say("imports.tf names that id, comment signs taken off")
	if err := d.planAndApply(ctx, map[string]string{support: "import"}); err != nil {
		return err
	}
	if err := d.terraform(ctx, "plan", "-detailed-exitcode"); err != nil {
		return err
	}
	if err := d.expectRequests(0, 0); err != nil {
		return err
	}
	return d.expectNumbers(ctx, whatsapp, instagram, support)
}

func destroyAll(ctx context.Context, d *demo) error {
	if err := d.terraform(ctx, "destroy", "-auto-approve"); err != nil {
		return err
	}
	if err := d.expectRequests(0, 3); err != nil {
		return err
	}
	return d.expectNumbers(ctx)
}

// terraform runs a command of the CLI, which must succeed, and says the line
// that sums its output up.
func (d *demo) terraform(ctx context.Context, args ...string) error {
	d.say("$ %s", d.work.Line(args))
	output, err := d.work.shown(ctx, args...)
	if err != nil {
		return err
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
	for _, address := range slices.Sorted(maps.Keys(got)) {
		d.say("%s: %s", address, got[address])
	}
	if !maps.Equal(got, want) {
		return fmt.Errorf("the plan is %v, not %v", got, want)
	}
	return d.terraform(ctx, "apply", "demo.tfplan")
}

// expectRequests checks what reached the API in this step: so many adds and
// deletes, any number of lists, nothing else, and nothing that was refused.
func (d *demo) expectRequests(adds, deletes int) error {
	asked := d.api.requests()
	if asked[sandbox.OpAdd] != adds || asked[sandbox.OpDelete] != deletes || asked[sandbox.OpOther] != 0 {
		return fmt.Errorf("the API was asked for %s; expected %d adds and %d deletes", asked, adds, deletes)
	}
	return d.api.refused()
}

// expectNumbers checks that the state holds the resources named, and the API the
// same numbers, and says which.
func (d *demo) expectNumbers(ctx context.Context, addresses ...string) error {
	state, err := d.work.numbersInState(ctx)
	if err != nil {
		return err
	}
	slices.Sort(addresses)
	if got := slices.Sorted(maps.Keys(state)); !slices.Equal(got, addresses) {
		return fmt.Errorf("the state holds %v, not %v", got, addresses)
	}
	held := d.api.numbers()
	if err := compareNumbers(state, held); err != nil {
		return err
	}
	if len(held) == 0 {
		d.say("the state and the API hold nothing")
	}
	for _, n := range held {
		d.say("the API holds %s", n)
	}
	return nil
}
