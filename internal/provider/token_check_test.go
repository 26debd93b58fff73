// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// testMeta is a stand-in for Meta, and its address.
type testMeta struct {
	*sandbox.Meta
	url string
}

func newMeta(t testing.TB) *testMeta {
	t.Helper()
	return newMetaThatRefuses(t, nil)
}

// newMetaThatRefuses asks refuse about each token and Meta id.
func newMetaThatRefuses(t testing.TB, refuse func(token, metaID string) (sandbox.MetaError, bool)) *testMeta {
	t.Helper()
	meta := sandbox.NewMeta(sandbox.MetaOptions{Refuse: refuse})
	listener := httptest.NewServer(meta)
	t.Cleanup(listener.Close)
	return &testMeta{meta, listener.URL + "/v24.0"}
}

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
			ExpectError: planError("Meta does not show", "another business", says, "code 100", "fbtrace_id", "Unsupported get request"),
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
					api.Script(sandbox.Fault{On: sandbox.OpDelete, Before: func() {
						meta.ForgetRequests()
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

// protocolPlanner plans numbers as the CLI does, in one process of the provider.
type protocolPlanner struct {
	t      testing.TB
	server tfprotov6.ProviderServer
	schema *tfprotov6.Schema
}

func (a *testAPI) planner(t testing.TB, meta *testMeta) *protocolPlanner {
	t.Helper()
	server, err := a.factories()["bizapi"]()
	if err != nil {
		t.Fatal(err)
	}
	found := schemas(t, server)
	done, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		Config: dynamic(t, found.Provider, map[string]any{
			"base_url": a.baseURL, "api_key": testKey, "user_id": testUser, "verify_access_tokens": true, "meta_graph_url": meta.url,
		}),
	})
	if err != nil || len(done.Diagnostics) > 0 {
		t.Fatal(err, done.Diagnostics)
	}
	return &protocolPlanner{t, server, found.ResourceSchemas["bizapi_phone_number"]}
}

// values are a number's.
func numberValues(metaID, token string) map[string]any {
	return map[string]any{"platform": "whatsapp", "meta_phone_number_id": metaID, "access_token": token}
}

// plan plans a number; without a state it is a create.
func (p *protocolPlanner) plan(state, config map[string]any) []*tfprotov6.Diagnostic {
	p.t.Helper()
	none, err := tfprotov6.NewDynamicValue(p.schema.ValueType(), tftypes.NewValue(p.schema.ValueType(), nil))
	if err != nil {
		p.t.Fatal(err)
	}
	proposed, prior := maps.Clone(config), &none
	if state != nil {
		prior = dynamic(p.t, p.schema, state)
		for _, computed := range []string{"id", "user_id"} {
			proposed[computed] = state[computed]
		}
	}
	done, err := p.server.PlanResourceChange(p.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: "bizapi_phone_number", PriorState: prior, ProposedNewState: dynamic(p.t, p.schema, proposed), Config: dynamic(p.t, p.schema, config),
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return done.Diagnostics
}

// numberState is a number as the state has it.
func numberState(id, metaID, token string) map[string]any {
	state := numberValues(metaID, token)
	maps.Copy(state, map[string]any{"id": id, "user_id": testUser, "deletion_protection": false})
	return state
}

// inState shows the provider a number of the state, as the CLI does before all else.
func (p *protocolPlanner) inState(id, metaID string) {
	p.t.Helper()
	raw := fmt.Sprintf(`{"id":%q,"user_id":%q,"platform":"whatsapp","meta_phone_number_id":%q,"deletion_protection":false}`, id, testUser, metaID)
	if _, err := p.server.UpgradeResourceState(p.t.Context(), &tfprotov6.UpgradeResourceStateRequest{
		TypeName: "bizapi_phone_number", RawState: &tfprotov6.RawState{JSON: []byte(raw)},
	}); err != nil {
		p.t.Fatal(err)
	}
}

// The plan waits for the slower of the two, and not for one after the other.
func TestMetaIsAskedWhileTheAPIIs(t *testing.T) {
	t.Parallel()
	for name, plan := range map[string]func(p *protocolPlanner, id string) []*tfprotov6.Diagnostic{
		"of a create": func(p *protocolPlanner, _ string) []*tfprotov6.Diagnostic {
			return p.plan(nil, numberValues("1000", testToken))
		},
		"of a replacement": func(p *protocolPlanner, id string) []*tfprotov6.Diagnostic {
			return p.plan(numberState(id, whatsAppID, testToken), numberValues("1000", testToken))
		},
		"of a taint": func(p *protocolPlanner, id string) []*tfprotov6.Diagnostic {
			p.inState(id, whatsAppID)
			return p.plan(nil, numberValues(whatsAppID, testToken))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, meta := newAPI(t, sandbox.Options{}), newMeta(t)
			id := api.Add(testUser, held(testToken, "")).ID
			var both sync.WaitGroup
			both.Add(2)
			meet := func() {
				both.Done()
				met := make(chan struct{})
				go func() { both.Wait(); close(met) }()
				select {
				case <-met:
				case <-time.After(20 * time.Second):
					t.Error("the two were not in flight at once")
				}
			}
			api.Script(sandbox.Fault{On: sandbox.OpList, Before: meet})
			meta.Script(sandbox.Fault{Before: meet})
			for _, d := range plan(api.planner(t, meta), id) {
				if d.Severity == tfprotov6.DiagnosticSeverityError {
					t.Errorf("%s: %s", d.Summary, d.Detail)
				}
			}
		})
	}
}

// planAll plans the numbers as creates, all at once and each twice as a replacement is, and returns what is said.
func (p *protocolPlanner) planAll(count int, token func(at int) string) (said []*tfprotov6.Diagnostic) {
	var mu sync.Mutex
	var planned sync.WaitGroup
	for at := range count {
		for range 2 {
			planned.Go(func() {
				found := p.plan(nil, numberValues(fmt.Sprint(1000+at), token(at)))
				mu.Lock()
				defer mu.Unlock()
				said = append(said, found...)
			})
		}
	}
	planned.Wait()
	return said
}

var tokensOf = map[string]func(at int) string{
	"one token":         func(int) string { return testToken },
	"a token of theirs": func(at int) string { return fmt.Sprint("EAAfakeTokenNumber", at) },
}

func TestAHundredNumbersAskMetaTenAtATime(t *testing.T) {
	t.Parallel()
	for name, token := range tokensOf {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, meta := newAPI(t, sandbox.Options{}), newMeta(t)
			meta.Script(sandbox.Fault{Times: sandbox.Always, Do: sandbox.Delay(5 * time.Millisecond)})
			if said := api.planner(t, meta).planAll(100, token); len(said) > 0 {
				t.Errorf("%d diagnostics: %v", len(said), said[0])
			}
			if calls, most := meta.Count(sandbox.OpAny), meta.MostAtOnce(); calls != 100 || most > 10 || most < 2 {
				t.Errorf("%d calls, %d at a time", calls, most)
			}
		})
	}
}

func TestWhatEndsTheChecksIsOneWarning(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		do    sandbox.Behaviour
		calls int // for each that runs at a time
		says  string
	}{
		"Meta's rate limit":         {sandbox.RateLimited(""), 1, "request limit reached"},
		"a host that does not talk": {sandbox.Drop(), 2, "cannot be reached"},
		"a page of HTML":            {sandbox.Respond(200, "text/html", "<html>Sign in</html>"), 2, "is not Meta's"},
	} {
		for tokens, token := range tokensOf {
			t.Run(name+" for "+tokens, func(t *testing.T) {
				t.Parallel()
				api, meta := newAPI(t, sandbox.Options{}), newMeta(t)
				meta.Script(sandbox.Fault{Times: sandbox.Always, Do: row.do})
				said := api.planner(t, meta).planAll(100, token)
				if len(said) != 1 || said[0].Severity != tfprotov6.DiagnosticSeverityWarning {
					t.Fatalf("%d diagnostics: %v", len(said), said)
				}
				text := said[0].Summary + " " + said[0].Detail
				for _, part := range []string{"not checked", "nor those of numbers that are planned after it", row.says} {
					if !strings.Contains(text, part) {
						t.Errorf("it warns %q", text)
					}
				}
				if got := meta.Count(sandbox.OpAny); got > 10*row.calls {
					t.Errorf("Meta was asked %d times", got)
				}
			})
		}
	}
}

func TestWhatMetaDoesNotSayIsAWarning(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		e    sandbox.MetaError
		says []string
	}{
		"a permission that is missing": {sandbox.MetaNoPermission, []string{"Token of 1000 was not confirmed", "lacks a permission", "whatsapp_business_management", "code 10", "fbtrace_id"}},
		"a failure of Meta's":          {sandbox.MetaFailure, []string{"Access token was not checked", "number 1000", "code 2", "fbtrace_id"}},
		"a code that nobody knows":     {sandbox.MetaError{Status: 400, Code: 2500, Message: "Unknown path"}, []string{"Access token was not checked", "number 1000", "code 2500"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, meta := newAPI(t, sandbox.Options{}), newMeta(t)
			meta.Refuse(testToken, row.e)
			said := api.planner(t, meta).plan(nil, numberValues("1000", testToken))
			if len(said) != 1 || said[0].Severity != tfprotov6.DiagnosticSeverityWarning {
				t.Fatalf("%d diagnostics: %v", len(said), said)
			}
			for _, part := range row.says {
				if text := said[0].Summary + " " + said[0].Detail; !strings.Contains(text, part) {
					t.Errorf("it lacks %q: %q", part, text)
				}
			}
		})
	}
}

// Meta's own messages for code 100 have over 200 characters: the trace id is not cut off.
func TestLongMessageOfMetaKeepsItsTraceID(t *testing.T) {
	t.Parallel()
	api, meta := newAPI(t, sandbox.Options{}), newMeta(t)
	meta.Refuse(testToken, sandbox.MetaError{Status: 400, Code: 100, Subcode: 33, Message: "Unsupported get request. " + strings.Repeat("Please read the Graph API documentation. ", 20)})
	said := api.planner(t, meta).plan(nil, numberValues("1000", testToken))
	if len(said) != 1 || !strings.Contains(said[0].Detail, "subcode 33, fbtrace_id A") || !strings.Contains(said[0].Detail, "Unsupported get request") {
		t.Errorf("%v", said)
	}
}

// Meta may repeat the token in its message, in any form.
func TestTokenShowsInNoAnswerOfMetas(t *testing.T) {
	t.Parallel()
	const awkward = `EAA/+"&=\<>'!~%42?ü€one`
	for name, do := range map[string]sandbox.Behaviour{
		"in Meta's message": func(w http.ResponseWriter, r *http.Request, answer sandbox.Answer) {
			token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
			sandbox.Respond(400, "application/json", fmt.Sprintf(`{"error":{"message":%q,"code":190,"fbtrace_id":%q}}`, "Bad token "+token, token))(w, r, answer)
		},
		"in a page": func(w http.ResponseWriter, r *http.Request, answer sandbox.Answer) {
			sandbox.Respond(502, "text/html", "<html>"+r.Header.Get("Authorization")+"</html>")(w, r, answer)
		},
		"in a redirect": func(w http.ResponseWriter, r *http.Request, answer sandbox.Answer) {
			sandbox.RedirectTo(302, "https://elsewhere.invalid/"+strings.ReplaceAll(r.Header.Get("Authorization"), " ", "%20"))(w, r, answer)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, meta := newAPI(t, sandbox.Options{}), newMeta(t)
			meta.Script(sandbox.Fault{Times: sandbox.Always, Do: do})
			said := api.planner(t, meta).plan(nil, numberValues("1000", awkward))
			if len(said) != 1 {
				t.Fatalf("%v", said)
			}
			secret := secret{"the token", awkward, nil}
			if found := secret.where(readings(said[0].Summary + said[0].Detail)); found != "" {
				t.Errorf("the token shows %s: %s", found, said[0].Detail)
			}
		})
	}
}

// The real program, its log and its files.
func TestCLITokenCheckShowsNoToken(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		meta := newMeta(t)
		w, api := newEchoingWorkspace(t, dialect)
		w.logs()
		w.Setenv("BIZAPI_VERIFY_ACCESS_TOKENS", "true")
		w.Setenv("BIZAPI_META_GRAPH_URL", meta.url)
		text := secretVariables("ephemeral = true") + number("access_token_wo = var.token\n  access_token_wo_version = ")
		hides := func(args ...string) cliOutcome {
			t.Helper()
			return parsed(t, w.hides(strings.Join(args, " "), w.run(args...), secret{"the token", awkwardToken, nil}, secret{"the next token", nextAwkwardToken, nil}))
		}
		w.write("main.tf", strings.Replace(text, "version = ", "version = 1", 1))
		hides("apply", "-auto-approve", "-json").succeeded()
		meta.Refuse(nextAwkwardToken, sandbox.MetaError{Status: 400, Code: 190, Message: "Malformed access token " + nextAwkwardToken})
		meta.ForgetRequests()
		api.ForgetRequests()
		w.Setenv("TF_VAR_token", nextAwkwardToken)
		w.write("main.tf", strings.Replace(text, "version = ", "version = 2", 1))
		hides("apply", "-auto-approve", "-json").failed("Meta refuses the access token", "code 190", "[redacted]")
		if calls := meta.Count(sandbox.OpAny); calls != 1 || api.Count(sandbox.OpDelete) != 0 || len(api.Numbers(testUser)) != 1 {
			t.Errorf("%d calls to Meta, %d deletes, the account holds %d", calls, api.Count(sandbox.OpDelete), len(api.Numbers(testUser)))
		}
		if logged := w.read("trace.log"); !strings.Contains(logged, "Meta Graph API request") {
			t.Error("the log has no line of a call to Meta: nothing is proven")
		}
		for _, request := range meta.Requests() {
			if request.Header.Get("X-Api-Key") != "" || !strings.HasPrefix(request.Header.Get("User-Agent"), "terraform-provider-bizapi/") {
				t.Errorf("Meta got %v", request.Header)
			}
		}
	})
}

// A proxy is asked for a tunnel, and told nothing of the token.
func TestCLITokenCheckThroughAProxyThatRefuses(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	var seen strings.Builder
	var mu sync.Mutex
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = fmt.Fprintln(&seen, r.Method, r.Host, r.Header)
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(proxy.Close)
	w := newCLIWorkspace(t, api.baseURL)
	w.logs()
	for name, value := range map[string]string{
		"HTTPS_PROXY": proxy.URL, "BIZAPI_VERIFY_ACCESS_TOKENS": "true", "BIZAPI_META_GRAPH_URL": "https://graph.test/v24.0", "TF_VAR_token": testToken, "TF_LOG": "TRACE",
	} {
		w.Setenv(name, value)
	}
	w.write("main.tf", sensitiveToken+number("access_token_wo = var.token\n  access_token_wo_version = 1"))
	done := w.plan().succeeded().warnedOnce("Access token was not checked", "graph.test cannot be reached", "Proxy Authentication Required")
	w.hides("plan", done.Output, secret{"the token", testToken, nil})
	mu.Lock()
	defer mu.Unlock()
	if text := seen.String(); !strings.Contains(text, "CONNECT graph.test:443") || strings.Contains(text, testToken) {
		t.Errorf("the proxy was asked %s", text)
	}
}
