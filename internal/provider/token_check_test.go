// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"strings"
	"sync"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// verifying is a configuration whose provider asks Meta about tokens.
func (a *testAPI) verifying(meta *testMeta, blocks ...string) string {
	return a.configWith(withUser(testUser)+"\n  verify_access_tokens = true\n  meta_graph_url = "+quoted(meta.url), blocks...)
}

// checkCalls expects that Meta was asked so often since the last such check.
func (m *testMeta) checkCalls(want int) check {
	return func(*tfjson.State) error {
		got := m.Count(sandbox.OpAny)
		m.ForgetRequests()
		if got != want {
			return fmt.Errorf("Meta was asked %d times, not %d", got, want)
		}
		return nil
	}
}

// The worst end of a rotation is a number that is deleted and cannot be added again.
func TestTokenThatMetaRefusesIsFoundBeforeAnythingIsDeleted(t *testing.T) {
	t.Parallel()
	const (
		messaging = "whatsapp_business_messaging"
		lifecycle = "\n  lifecycle {\n    replace_triggered_by = [terraform_data.trigger]\n  }"
		triggers  = "of a number that another triggers"
	)
	type refused struct {
		platform    string // empty is WhatsApp
		before      string // empty: the number is new
		after       string
		metaID      string // after the change; empty is the one before
		taint       bool
		isMalformed bool
		says        string // beside Meta's message
	}
	rows := map[string]refused{
		"of a new number":                  {after: withToken(nextToken), says: messaging},
		"of a new number, malformed":       {after: withToken(nextToken), isMalformed: true, says: messaging},
		"of a new number, write-only":      {after: withWriteOnly(nextToken, 1), says: messaging},
		"of a new Instagram account":       {platform: "instagram", after: withToken(nextToken), says: "Page Access Token"},
		"of a rotation":                    {before: withToken(testToken), after: withToken(nextToken), says: messaging},
		"of a rotation, write-only":        {before: withWriteOnly(testToken, 1), after: withWriteOnly(nextToken, 2), says: messaging},
		"of a rotation on Instagram":       {platform: "instagram", before: withToken(testToken), after: withToken(nextToken), says: "Page Access Token"},
		"of a rotation in another way":     {before: withToken(testToken), after: withWriteOnly(nextToken, 1), says: messaging},
		"of a number with another Meta id": {before: withToken(nextToken), after: withToken(nextToken), metaID: otherID, says: otherID},
		triggers:                           {before: withToken(nextToken) + lifecycle, after: withToken(nextToken) + lifecycle, says: "whatsapp"},
		"of a tainted number":              {before: withToken(nextToken), after: withToken(nextToken), taint: true, says: "whatsapp"},
		"of a tainted number, write-only":  {before: withWriteOnly(nextToken, 1), after: withWriteOnly(nextToken, 1), taint: true, says: "whatsapp"},
	}
	var mu sync.Mutex
	refusing, refusals := "", map[string]int{} // the row whose token is refused, and how often it was
	meta := newMetaThatRefuses(t, func(token, metaID string) (sandbox.MetaError, bool) {
		mu.Lock()
		defer mu.Unlock()
		row, isRefused := rows[refusing]
		if !isRefused || token != nextToken || metaID != cmp.Or(row.metaID, metaIDOf(refusing)) {
			return sandbox.MetaError{}, false
		}
		refusals[refusing]++
		return expiredOr(row.isMalformed), true
	})
	refuse := func(row string) {
		mu.Lock()
		defer mu.Unlock()
		refusing = row
	}
	api := newAPI(t, sandbox.Options{})
	// numbers are those of the rows that are changed, as they then are, and of the others as they were.
	numbers := func(isChanged func(row string) bool) string {
		text := knownLater("trigger", fmt.Sprint(isChanged(triggers)))
		for name, row := range rows {
			platform, metaID, arguments := cmp.Or(row.platform, "whatsapp"), metaIDOf(name), row.before
			if isChanged(name) {
				metaID, arguments = cmp.Or(row.metaID, metaID), row.after
			}
			if arguments != "" {
				text += phoneNumber(labelOf(name), platform, metaID, arguments)
			}
		}
		return api.verifying(meta, text)
	}
	before := 0
	for _, row := range rows {
		if row.before != "" {
			before++
		}
	}
	steps := []resource.TestStep{{
		Config:            numbers(func(string) bool { return false }),
		ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(before, 0)},
	}}
	steps = append(steps, stepOfEach(t, rows, func(name string, row refused) resource.TestStep {
		step := resource.TestStep{
			PreConfig:   func() { refuse(name) },
			Config:      numbers(func(row string) bool { return row == name }),
			ExpectError: planError("Meta refuses the access token", addressOf(name), row.says, "code 190", "fbtrace_id", expiredOr(row.isMalformed).Message),
		}
		if row.taint {
			step.Taint = []string{addressOf(name)}
		}
		return step
	})...)
	steps = append(steps, resource.TestStep{ // once Meta takes them, they are sent
		PreConfig: func() {
			refuse("")
			if err := api.checkRequests(0, 0)(nil); err != nil {
				t.Error(err)
			}
		},
		Config:            numbers(func(string) bool { return true }),
		ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(len(rows), before), api.checkStateMatchesAPI()},
	})
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), CheckDestroy: api.checkDestroy, Steps: steps})
	mu.Lock()
	defer mu.Unlock()
	for name := range rows {
		if refusals[name] != 1 {
			t.Errorf("Meta was asked %d times about the token %s", refusals[name], name)
		}
	}
}

// expiredOr is Meta's refusal of a token.
func expiredOr(isMalformed bool) sandbox.MetaError {
	if isMalformed {
		return sandbox.MetaMalformed
	}
	return sandbox.MetaExpired
}

func TestTokenThatMayNotSeeTheNumberIsAnErrorAtPlan(t *testing.T) {
	t.Parallel()
	api, meta := newAPI(t, sandbox.Options{}), newMeta(t)
	numbers := func(whatsApp, instagram string) string {
		return api.verifying(meta, number(withToken(whatsApp)), phoneNumber("insta", "instagram", otherID, withToken(instagram)))
	}
	refused := func(config, says string) resource.TestStep {
		return resource.TestStep{
			PreConfig:   func() { meta.Refuse(nextToken, sandbox.MetaWrongObject) },
			Config:      config,
			ExpectError: planError("Access token cannot see this number", "another business", says, "code 100", "fbtrace_id", "Unsupported get request"),
		}
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: numbers(testToken, testToken), ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpAdd, sandbox.OpAdd)}},
			refused(numbers(nextToken, testToken), "Phone Number ID"),
			refused(numbers(testToken, nextToken), "Instagram Account ID"),
			plansNothing(numbers(testToken, testToken), api.checkWrites()),
		},
	})
}

// What a plan asks: the tokens that it would send, and no others.
func TestMetaIsAskedAboutTokensThatThePlanWouldSend(t *testing.T) {
	t.Parallel()
	api, meta := newAPI(t, sandbox.Options{Dialect: sandbox.Published}), newMeta(t)
	known := func(name, platform, arguments string) string {
		return phoneNumber(labelOf(name), platform, metaIDOf(name), arguments)
	}
	before, after := "", knownLater("token", testToken)+"\n"+knownLater("id", metaIDOf("a Meta id that is not known"))+"\n"
	for name, row := range map[string]struct{ platform, before, after string }{
		"a number that stays":       {"whatsapp", withToken(testToken), withToken(testToken)},
		"a web chat channel":        {"webchat", "", withToken(testToken)},
		"a token that is moved":     {"whatsapp", withToken(testToken), withWriteOnly(testToken, 1)},
		"a token that is not known": {"whatsapp", "", "access_token = terraform_data.token.output"},
		"a rotation":                {"whatsapp", withToken(testToken), withToken(nextToken)},
	} {
		if row.before != "" {
			before += known(name, row.platform, row.before)
		}
		after += known(name, row.platform, row.after)
	}
	before += known("a token that is forgotten", "whatsapp", withToken(testToken))
	after += known("a token that is forgotten", "whatsapp", "") +
		strings.Replace(phoneNumber("a_Meta_id_that_is_not_known", "whatsapp", "", withToken(testToken)), `""`, "terraform_data.id.output", 1)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{Config: api.verifying(meta, before)},
			{
				PreConfig: meta.ForgetRequests,
				Config:    api.verifying(meta, after),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{check(func(*tfjson.State) error {
					var asked []string
					for _, request := range meta.Requests() {
						asked = append(asked, path.Base(request.Path))
					}
					return differ("Meta was asked about other numbers than the one", []string{metaIDOf("a rotation")}, asked)
				})}},
			},
		},
	})
}

// A number whose token was rotated elsewhere is recorded, and not sent.
func TestMetaIsNotAskedAboutATokenThatTheAPIHas(t *testing.T) {
	t.Parallel()
	api, meta := newAPI(t, sandbox.Options{Dialect: sandbox.Deployed}), newMeta(t)
	added := held(nextToken, "")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		CheckDestroy:             api.checkDestroy,
		Steps: []resource.TestStep{
			{
				PreConfig: func() { api.Add(testUser, added) },
				Config:    api.verifying(meta, number(withToken(testToken)), importByID(testUser+"/whatsapp/"+whatsAppID)),
			},
			{
				PreConfig: func() { meta.Refuse(nextToken, sandbox.MetaExpired); meta.ForgetRequests() },
				Config:    api.verifying(meta, number(withToken(nextToken))), ConfigPlanChecks: plans(plancheck.ResourceActionUpdate),
				ConfigStateChecks: []statecheck.StateCheck{meta.checkCalls(0), api.checkWrites()},
			},
		},
	})
}

// Terraform plans the create again after the delete: an answer of Meta's then could only lose the number.
func TestMetaIsNotAskedOnceANumberIsDeleted(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api, meta := newAPI(t, sandbox.Options{Dialect: dialect}), newMeta(t)
		replaced := func(token string, taint ...string) resource.TestStep {
			return resource.TestStep{
				PreConfig: func() {
					meta.Accept(token)
					meta.ForgetRequests()
					api.Script(sandbox.Fault{On: sandbox.OpDelete, Before: func() {
						if err := meta.checkCalls(1)(nil); err != nil { // by the two plans of a replacement
							t.Error(err)
						}
						meta.Refuse(token, sandbox.MetaExpired)
					}})
				},
				Taint: taint, Config: api.verifying(meta, number(withToken(token))), ConfigPlanChecks: plans(plancheck.ResourceActionDestroyBeforeCreate),
				ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpDelete, sandbox.OpAdd), meta.checkCalls(0)},
			}
		}
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: api.factories(),
			CheckDestroy:             api.checkDestroy,
			Steps: []resource.TestStep{
				{Config: api.verifying(meta, number(withToken(testToken))), ConfigStateChecks: []statecheck.StateCheck{api.checkWrites(sandbox.OpAdd)}},
				replaced(nextToken),
				replaced(nextToken, address),
			},
		})
	})
}

func TestTokensAreCheckedWhereTheProviderIsToldTo(t *testing.T) {
	type told struct {
		argument, variable string
		calls              int
	}
	api, meta := newAPI(t, sandbox.Options{}), newMeta(t)
	t.Setenv("BIZAPI_META_GRAPH_URL", meta.url+"/")
	steps := stepOfEach(t, map[string]told{
		"by default":                 {},
		"by the block":               {argument: "true", calls: 1},
		"by the environment":         {variable: "true", calls: 1},
		"by a 1 of the environment":  {variable: "1", calls: 1},
		"not by the environment":     {variable: "false"},
		"by the block first":         {argument: "true", variable: "false", calls: 1},
		"not by the block first":     {argument: "false", variable: "true"},
		"the block's over a typo":    {argument: "false", variable: "maybe"},
		"a value that is not known":  {argument: "terraform_data.verify.output == \"true\""},
		"an address that is unknown": {argument: "true\n  meta_graph_url = terraform_data.address.output"},
	}, func(_ string, row told) resource.TestStep {
		arguments := api.arguments(map[string]string{"verify_access_tokens": row.argument})
		return resource.TestStep{
			PreConfig: func() {
				t.Setenv("BIZAPI_VERIFY_ACCESS_TOKENS", row.variable)
				meta.ForgetRequests()
			},
			Config:   providerBlock(arguments) + number(withToken(testToken)) + knownLater("verify", "true") + "\n" + knownLater("address", meta.url),
			PlanOnly: true, ExpectNonEmptyPlan: true,
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPreRefresh: []plancheck.PlanCheck{meta.checkCalls(row.calls)}},
		}
	})
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: steps})
}

func TestConfigurationOfTokenChecksThatIsRefused(t *testing.T) {
	type refused struct {
		arguments map[string]string
		variables map[string]string
		says      []string
	}
	api := newAPI(t, sandbox.Options{})
	steps := stepOfEach(t, map[string]refused{
		"http to another host":            {arguments: map[string]string{"meta_graph_url": `"http://graph.example.com/v24.0"`}, says: []string{"Meta Graph URL", "plain http"}},
		"http that is allowed to the API": {arguments: map[string]string{"meta_graph_url": `"http://graph.example.com/v24.0"`, "allow_insecure_http": "true"}, says: []string{"Meta Graph URL", "plain http"}},
		"another scheme":                  {arguments: map[string]string{"meta_graph_url": `"ftp://graph.example.com"`}, says: []string{"Meta Graph URL", "https://"}},
		"a password":                      {arguments: map[string]string{"meta_graph_url": `"https://robot:secret@graph.example.com"`}, says: []string{"Meta Graph URL", "password"}},
		"a query":                         {arguments: map[string]string{"meta_graph_url": `"https://graph.example.com/v24.0?access_token=1"`}, says: []string{"Meta Graph URL", "query"}},
		"no URL":                          {arguments: map[string]string{"meta_graph_url": `""`}, says: []string{"Meta Graph URL"}},
		"http of the environment":         {variables: map[string]string{"BIZAPI_META_GRAPH_URL": "http://graph.example.com"}, says: []string{"BIZAPI_META_GRAPH_URL", "plain http"}},
		"a word of the environment":       {arguments: map[string]string{"verify_access_tokens": ""}, variables: map[string]string{"BIZAPI_VERIFY_ACCESS_TOKENS": "maybe"}, says: []string{"BIZAPI_VERIFY_ACCESS_TOKENS", "true or false"}},
	}, func(_ string, row refused) resource.TestStep {
		all := map[string]string{"verify_access_tokens": "true"}
		maps.Copy(all, row.arguments)
		return resource.TestStep{
			PreConfig: func() {
				for _, variable := range []string{"BIZAPI_META_GRAPH_URL", "BIZAPI_VERIFY_ACCESS_TOKENS"} {
					t.Setenv(variable, row.variables[variable])
				}
			},
			Config: providerBlock(api.arguments(all)) + number(withToken(testToken)), PlanOnly: true, ExpectError: planError(row.says...),
		}
	})
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: api.factories(), Steps: steps})
}

// Meta's own messages for code 100 have over 200 characters: the trace id is not cut off.
func TestLongMessageOfMetaKeepsItsTraceID(t *testing.T) {
	t.Parallel()
	api, meta := newAPI(t, sandbox.Options{}), newMeta(t)
	meta.Refuse(testToken, sandbox.MetaError{Status: 400, Code: 100, Subcode: 33, Message: "Unsupported get request. " + strings.Repeat("Please read the Graph API documentation. ", 20)})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: api.factories(),
		Steps: []resource.TestStep{{
			Config: api.verifying(meta, number(withToken(testToken))), PlanOnly: true,
			ExpectError: planError("Access token cannot see this number", "subcode 33, fbtrace_id A", "Unsupported get request"),
		}},
	})
}
