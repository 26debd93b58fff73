// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/bizapi/terraform-provider-bizapi/internal/bizapi"
)

// MoveState takes registrations over that people made with generic REST providers. Nothing is asked
// of the API: the provider is not configured yet, so all that is known stands in the source's state.
func (r *phoneNumberResource) MoveState(ctx context.Context) []resource.StateMover {
	var own resource.SchemaResponse
	r.Schema(ctx, resource.SchemaRequest{}, &own)
	return []resource.StateMover{
		{StateMover: moveGeneric},
		{StateMover: moveOwn, SourceSchema: &own.Schema},
		{StateMover: refuseMove},
	}
}

// moveOwn takes over a number of this provider from another host or namespace, such as OpenTofu's
// registry or a private one, as it is.
func moveOwn(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	if req.SourceTypeName != "bizapi_phone_number" || !isOfProvider(req.SourceProviderAddress, "bizapi/bizapi") || req.SourceState == nil {
		return
	}
	var number phoneNumberModel
	resp.Diagnostics.Append(req.SourceState.Get(ctx, &number)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.TargetState.Raw = req.SourceState.Raw
	resp.Diagnostics.Append(setIdentity(ctx, resp.TargetIdentity, number.UserID.ValueString(), "id", number.ID.ValueString())...)
	resp.Diagnostics.Append(writePrivate(ctx, resp.TargetPrivate, numberPrivateKey, readNumberPrivate(ctx, req.SourcePrivate))...)
}

// genericProviders are those that registrations can be moved from, by their resource type: namespace and name,
// in lower case.
var genericProviders = map[string]string{"restapi_object": "mastercard/restapi", "restful_resource": "magodo/restful"}

func moveGeneric(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	provider, isKnown := genericProviders[req.SourceTypeName]
	if !isKnown || !isOfProvider(req.SourceProviderAddress, provider) {
		return
	}
	source, err := readGenericObject(req.SourceRawState.JSON)
	if err != nil {
		resp.Diagnostics.Append(moveRefused(req.SourceTypeName, "Its state is not that of any version of the provider that is known."))
		return
	}
	found, problem := source.registration()
	if problem != "" {
		resp.Diagnostics.Append(moveRefused(req.SourceTypeName, problem+source.whichOne()))
		return
	}
	resp.Diagnostics.Append(found.store(ctx, provider, resp)...)
}

// isOfProvider reports whether an address is that of a provider, given as namespace and name in lower
// case. Mirrors and private registries serve it under another host. OpenTofu gives the name alone
// before 1.12.4, and since then this provider's own address for all instances but the first of a
// resource with count or for_each, so both are taken for the one that the type belongs to.
func isOfProvider(address, provider string) bool {
	parts := strings.Split(strings.ToLower(address), "/")
	_, name, _ := strings.Cut(provider, "/")
	switch last := parts[len(parts)-1]; {
	case len(parts) == 1:
		return last == name
	case last == "bizapi":
		return true
	default:
		return strings.Join(parts[len(parts)-2:], "/") == provider
	}
}

// refuseMove answers for every other source, in plainer words than the framework's.
func refuseMove(_ context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	resp.Diagnostics.Append(moveRefused(req.SourceTypeName, fmt.Sprintf(
		"It is a %s of the provider %s. Registrations can be moved from restapi_object of Mastercard/restapi and from restful_resource of magodo/restful.",
		req.SourceTypeName, req.SourceProviderAddress)))
}

// moveRefused is what cannot be taken over, with the way that always works.
func moveRefused(typeName, reason string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(fmt.Sprintf("%s cannot be moved to bizapi_phone_number", typeName), reason+"\n\n"+
		"Nothing was changed. To import a phone number instead, replace the moved block with two others: "+
		"a removed block with destroy = false for the old resource, and an import block for the new one, "+
		"with the id <user_id>/<id> or <user_id>/<platform>/<meta_phone_number_id>.")
}

// registration is a number as a generic provider knows it.
type registration struct {
	userID      string
	id          string
	key         numberKey
	displayName string
}

// store makes the registration the target's state, identity and memory. Whatever access token the
// source holds is left behind: a number whose token is not known plans no replacement, whichever
// token is configured, since that one is recorded.
func (r registration) store(ctx context.Context, provider string, resp *resource.MoveStateResponse) diag.Diagnostics {
	diags := setNumber(ctx, &resp.TargetState, bizapi.PhoneNumber{
		ID: r.id, UserID: r.userID, Platform: r.key.platform, MetaPhoneNumberID: r.key.metaID, DisplayName: r.displayName,
	})
	diags.Append(setIdentity(ctx, resp.TargetIdentity, r.userID, "id", r.id)...)
	moved := numberPrivate{
		// A name that differs may have been changed elsewhere long ago: it is no wish to replace.
		AnyName: true, Nameless: r.displayName == "",
		// The source's base URL is not in its state. This stands for it until the number is seen: if
		// it is missing then, this provider may ask another API, and the state must not be emptied.
		lastSeen: lastSeen{"the API that " + provider + " was configured with"},
	}
	diags.Append(writePrivate(ctx, resp.TargetPrivate, numberPrivateKey, moved)...)
	return diags
}

// problem says what the registration lacks to be a phone number; empty is fine.
func (r registration) problem() string {
	switch {
	case r.userID == "":
		return "Its state does not say which user the number belongs to: it contains neither a path like /users/<user_id>/phone_numbers nor a user_id."
	case !idForm.MatchString(r.userID):
		return "The user id in its path or data is invalid: it must be 1 to 50 letters, digits, - or _."
	case r.id == "":
		return "Its state does not contain the API's id of the number."
	case !isPlatform(r.key.platform):
		return "Its state does not name a known platform: whatsapp, instagram or webchat."
	}
	return metaIDProblem(r.key.platform, r.key.metaID)
}

// genericObject is what the state of a generic provider says of a REST object.
type genericObject struct {
	// id is the provider's; empty where that is a path. Which field of the API it comes from is a
	// matter of the provider's configuration.
	id string
	// paths are those that the object is reached by, as far as the state has them.
	paths []string
	// answers are the API's, the latest first; sent is the body of the request.
	answers []json.RawMessage
	sent    json.RawMessage
}

// registration finds the number in the object, or says what keeps it from being one. What the API
// answered counts before what was sent.
func (o genericObject) registration() (found registration, problem string) {
	place, isPhoneNumber := o.place()
	if !isPhoneNumber {
		return found, "It is not a phone number: its path is not like /users/<user_id>/phone_numbers."
	}
	var sent fields
	if rows, _ := rowsOf(o.sent); len(rows) == 1 {
		sent = rows[0]
	}
	answered := o.answered(place.id, sent)
	found = registration{
		userID:      cmp.Or(place.userID, answered["user_id"], sent["user_id"]),
		id:          cmp.Or(answered["id"], place.id, o.id),
		displayName: cmp.Or(answered["display_name"], sent["display_name"]),
		key: numberKey{
			platform: normalPlatform(cmp.Or(answered["platform"], sent["platform"])),
			metaID:   cmp.Or(answered["meta_phone_number_id"], sent["meta_phone_number_id"]),
		},
	}
	if found.id == found.key.metaID { // the source was told to read it by Meta's
		found.id = ""
	}
	return found, found.problem()
}

// whichOne names the object in a message: the CLI gives no address with it. The query of a path may hold a key.
func (o genericObject) whichOne() string {
	var names []string
	for _, name := range append([]string{o.id}, o.paths...) {
		name, _, _ = strings.Cut(name, "?")
		if name != "" && !slices.Contains(names, strconv.Quote(name)) {
			names = append(names, strconv.Quote(name))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " Its id and path: " + strings.Join(names, ", ") + "."
}

// place is where a path leads: a user's numbers, or one of them.
type place struct{ userID, id string }

// place puts together what the paths say. One of them has to be of phone numbers.
func (o genericObject) place() (found place, isPhoneNumber bool) {
	for _, text := range o.paths {
		here, ok := placeOf(text)
		found.userID, found.id = cmp.Or(found.userID, here.userID), cmp.Or(found.id, here.id)
		isPhoneNumber = isPhoneNumber || ok
	}
	return found, isPhoneNumber
}

// placeOf reads [...]/users/<user_id>/phone_numbers[/<id>]. The user may be missing, as it is where
// the generic provider's base URL ends in it.
func placeOf(text string) (found place, isPhoneNumber bool) {
	text, _, _ = strings.Cut(text, "?")
	parts := strings.Split(strings.Trim(text, "/"), "/")
	at := slices.Index(parts, "phone_numbers")
	if at < 0 || len(parts) > at+2 {
		return place{}, false
	}
	if len(parts) == at+2 && !strings.ContainsAny(parts[at+1], "{$") { // no placeholder such as {id} or $(body.id)
		found.id, _ = url.PathUnescape(parts[at+1])
	}
	if at >= 2 && parts[at-2] == "users" {
		found.userID, _ = url.PathUnescape(parts[at-1])
	}
	return found, true
}

// answered is the number in the latest of the API's answers that has it. An answer may be the number
// itself or, since the API reads numbers by listing alone, all of the user's.
func (o genericObject) answered(id string, sent fields) fields {
	for _, answer := range o.answers {
		rows, isList := rowsOf(answer)
		for _, row := range rows {
			if !isList && row["id"]+row["meta_phone_number_id"] != "" || isList && o.isIn(row, id, sent) {
				return row
			}
		}
	}
	return nil
}

// isIn reports whether a row of a list is this object: by the id that is known, or else by what was
// sent.
func (o genericObject) isIn(row fields, id string, sent fields) bool {
	// An id of Meta's may stand under two platforms.
	isOfPlatform := sent["platform"] == "" || normalPlatform(row["platform"]) == normalPlatform(sent["platform"])
	if known := cmp.Or(id, o.id); known != "" {
		return row["id"] == known || row["meta_phone_number_id"] == known && isOfPlatform
	}
	return row["meta_phone_number_id"] == sent["meta_phone_number_id"] && isOfPlatform
}

// fields are the texts of a JSON object.
type fields map[string]string

// rowsOf returns the objects of an answer in either of the API's dialects; none for what is not JSON.
func rowsOf(answer []byte) (rows []fields, isList bool) {
	decoder := json.NewDecoder(bytes.NewReader(answer))
	decoder.UseNumber() // an id that somebody wrote as a number keeps its digits
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, false
	}
	switch value := unwrapped(value).(type) {
	case string:
		return rowsOf([]byte(value))
	case []any:
		for _, element := range value {
			if object, ok := element.(map[string]any); ok {
				rows = append(rows, textsOf(object))
			}
		}
		return rows, true
	case map[string]any:
		rows = []fields{textsOf(value)}
	}
	return rows, false
}

// unwrapped takes a value out of what a state of Terraform and a deployed server wrap it in.
func unwrapped(value any) any {
	object, _ := value.(map[string]any)
	switch {
	case object["type"] != nil && object["value"] != nil:
		return unwrapped(object["value"])
	case object["data"] != nil && object["id"] == nil:
		return object["data"]
	}
	return value
}

func textsOf(object map[string]any) fields {
	texts := fields{}
	for name, value := range object {
		switch value := value.(type) {
		case string:
			texts[name] = value
		case json.Number:
			texts[name] = value.String()
		}
	}
	return texts
}

// readGenericObject reads a state of either provider. restapi_object has JSON in strings, and restful_resource
// the same or, since version 0.14, values of any type; its id is the path that it is read by.
func readGenericObject(state []byte) (genericObject, error) {
	var object struct {
		ID             string          `json:"id"`
		Path           string          `json:"path"`
		CreatePath     string          `json:"create_path"`
		Data           json.RawMessage `json:"data"`
		APIResponse    json.RawMessage `json:"api_response"`
		APIData        json.RawMessage `json:"api_data"`
		CreateResponse json.RawMessage `json:"create_response"`
		Body           json.RawMessage `json:"body"`
		Output         json.RawMessage `json:"output"`
	}
	err := json.Unmarshal(state, &object)
	read := genericObject{
		id: object.ID, paths: []string{object.ID, object.Path, object.CreatePath},
		answers: []json.RawMessage{object.APIResponse, object.APIData, object.CreateResponse, object.Output},
		sent:    object.Data,
	}
	if read.sent == nil {
		read.sent = object.Body
	}
	if strings.Contains(object.ID, "/") {
		read.id = ""
	}
	return read, err
}
