// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	goversion "github.com/hashicorp/go-version"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/bizapi/terraform-provider-bizapi/internal/provider"
	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
	"github.com/bizapi/terraform-provider-bizapi/internal/tfcli"
)

// The acceptance tests run the provider in the test's process against a sandbox of their own. They need
// no TF_ACC, and no CLI but the one that TF_ACC_TERRAFORM_PATH names or the PATH has:
//
//	func TestNumberIsAdded(t *testing.T) {
//		t.Parallel()
//		api := newAPI(t, sandbox.Options{})
//		resource.UnitTest(t, resource.TestCase{
//			ProtoV6ProviderFactories: api.factories(),
//			CheckDestroy:             api.checkDestroy,
//			Steps: []resource.TestStep{{
//				Config:            api.config(number(withToken(testToken))),
//				ConfigStateChecks: []statecheck.StateCheck{api.checkRequests(1, 0)},
//			}},
//		})
//	}

// findCLI finds the CLI under test once.
var findCLI = sync.OnceValues(func() (tfcli.CLI, error) { return tfcli.Find(context.Background(), os.Stderr) })

// TestMain runs the tests alike everywhere: without the settings of the caller's own Terraform, and
// with those that plugin-testing needs.
func TestMain(m *testing.M) {
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		isCallers := strings.HasPrefix(name, "TF_") || strings.HasPrefix(name, "TOFU_") || strings.HasPrefix(name, "BIZAPI_")
		if isCallers && name != tfcli.Variable {
			_ = os.Unsetenv(name)
		}
	}
	if found, err := findCLI(); err == nil { // without one, the tests that need it fail
		_ = os.Setenv(tfcli.Variable, found.Path)
		if found.IsTofu {
			_ = os.Setenv("TF_ACC_PROVIDER_HOST", "registry.opentofu.org")
			_ = os.Setenv("TF_ACC_PROVIDER_NAMESPACE", "hashicorp") // of a source that is left out
		}
	}
	_ = os.Setenv("GOGC", "off") // of the CLI's processes, which live for a tenth of a second
	debug.SetGCPercent(400)
	code := m.Run()
	if builtDir != "" {
		_ = os.RemoveAll(builtDir)
	}
	os.Exit(code)
}

func cli(t testing.TB) tfcli.CLI {
	t.Helper()
	found, err := findCLI()
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// testAPI is a sandbox, and the provider's way to it.
type testAPI struct {
	*sandbox.Server
	baseURL   string
	clock     *testClock
	transport http.RoundTripper // nil is the client's own
}

// newAPI starts a sandbox with testUser and otherUser. Nothing in it waits: the provider and the sandbox
// share a clock on which time passes at once.
func newAPI(t testing.TB, options sandbox.Options) *testAPI {
	t.Helper()
	cli(t)
	clock := &testClock{}
	options.APIKey, options.Users, options.Now = cmp.Or(options.APIKey, testKey), []string{testUser, otherUser}, clock.Now
	server := sandbox.New(options)
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	path := strings.TrimSuffix(cmp.Or(options.BasePath, "/v1"), "/")
	return &testAPI{Server: server, baseURL: listener.URL + path, clock: clock}
}

// dialects runs a test against both.
func dialects(t *testing.T, test func(t *testing.T, dialect sandbox.Dialect)) {
	for _, dialect := range []sandbox.Dialect{sandbox.Published, sandbox.Deployed} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			test(t, dialect)
		})
	}
}

// inOneDialect runs a test of what does not depend on the API's answers against one dialect, chosen by the
// test's name.
func inOneDialect(t *testing.T, test func(t *testing.T, dialect sandbox.Dialect)) {
	t.Helper()
	dialect := []sandbox.Dialect{sandbox.Published, sandbox.Deployed}[crc32.ChecksumIEEE([]byte(t.Name()))%2]
	t.Run(string(dialect), func(t *testing.T) {
		t.Parallel()
		test(t, dialect)
	})
}

// factories make a provider for each command of the CLI, as if each had started one.
func (a *testAPI) factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"bizapi": func() (tfprotov6.ProviderServer, error) {
			return provider.NewServer("test", provider.WithClock(a.clock), provider.WithTransport(a.transport)), nil
		},
	}
}

// What a plan does to a number.
const (
	noop    = plancheck.ResourceActionNoop
	update  = plancheck.ResourceActionUpdate
	replace = plancheck.ResourceActionDestroyBeforeCreate
)

// plans expects what a plan does to the number, before it is applied.
func plans(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, action)}}
}

// plansAgent expects what a plan does to the agent, before it is applied.
func plansAgent(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(agentAddress, action)}}
}

// planError matches an error of a plan with those words in that order; the CLI breaks lines anywhere.
func planError(words ...string) *regexp.Regexp { return errorOf("Error running [a-z-]* ?plan:", words) }

// applyError matches an error of an apply, whose plan had none.
func applyError(words ...string) *regexp.Regexp {
	return errorOf("Error running (?:apply|destroy):", words)
}

// says matches an error of any command with those words in that order.
func says(words ...string) *regexp.Regexp { return errorOf("", words) }

func errorOf(command string, words []string) *regexp.Regexp {
	pattern := "(?s)" + command
	for _, phrase := range words {
		quoted := strings.Fields(phrase)
		for at := range quoted {
			quoted[at] = regexp.QuoteMeta(quoted[at])
		}
		pattern += ".*" + strings.Join(quoted, `\s+`)
	}
	return regexp.MustCompile(pattern)
}

// check is a check of our own: of a state after an apply, or of the state that a plan was made for.
type check func(state *tfjson.State) error

func (c check) CheckState(_ context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	resp.Error = c(req.State)
}

func (c check) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	resp.Error = c(req.Plan.PriorState)
}

// checkRequests expects that many adds and deletes since the last such check.
func (a *testAPI) checkRequests(posts, deletes int) check {
	return func(*tfjson.State) error {
		gotPosts, gotDeletes := a.Count(sandbox.OpAdd), a.Count(sandbox.OpDelete)
		a.ForgetRequests()
		if gotPosts != posts || gotDeletes != deletes {
			return fmt.Errorf("the API got %d POST and %d DELETE, wanted %d and %d", gotPosts, gotDeletes, posts, deletes)
		}
		return nil
	}
}

// checkWrites expects just those writes of numbers and agents, in that order, since the last such check. The
// refusal by which a deployed server asks for an agent_id is none.
func (a *testAPI) checkWrites(operations ...sandbox.Operation) check {
	return func(*tfjson.State) error {
		written := []sandbox.Operation{}
		for _, request := range a.Requests() {
			asksForID := request.Operation == sandbox.OpCreateAgent && request.Status == http.StatusBadRequest
			if request.Method != http.MethodGet && !asksForID {
				written = append(written, request.Operation)
			}
		}
		a.ForgetRequests()
		if diff := gocmp.Diff(operations, written, cmpopts.EquateEmpty()); diff != "" {
			return errors.New("the API got other writes (-want +got):\n" + diff)
		}
		return nil
	}
}

// checkLists expects that many requests for the listings of numbers since the last such check.
func (a *testAPI) checkLists(want int) check {
	return func(*tfjson.State) error {
		got := a.Count(sandbox.OpList)
		a.ForgetRequests()
		if got != want {
			return fmt.Errorf("the API was asked for %d lists, wanted %d", got, want)
		}
		return nil
	}
}

// checkAPIHolds expects that the API holds just these numbers, whatever their ids and times, oldest first
// and those of testUser before those of otherUser.
func (a *testAPI) checkAPIHolds(numbers ...sandbox.Number) check {
	return func(*tfjson.State) error {
		ignored := cmpopts.IgnoreFields(sandbox.Number{}, "ID", "CreatedAt", "UpdatedAt")
		if diff := gocmp.Diff(numbers, a.all(), ignored, cmpopts.EquateEmpty()); diff != "" {
			return errors.New("the API holds other numbers (-want +got):\n" + diff)
		}
		return nil
	}
}

// checkAgents expects that the API holds an agent of each name and prompt, as "name/prompt", oldest first, and that
// the state has just these.
func (a *testAPI) checkAgents(wanted ...string) check {
	return func(state *tfjson.State) error {
		return errors.Join(a.checkAPIHoldsAgents(wanted), a.checkStateHasAgents(state))
	}
}

func (a *testAPI) checkAPIHoldsAgents(wanted []string) error {
	named := []string{}
	for _, agent := range a.allAgents() {
		named = append(named, agent.Name+"/"+agent.PromptID)
	}
	return differ("the API holds other agents", wanted, named)
}

// checkStateMatchesAPI expects that the state has each number and each agent that the API holds, and no other.
func (a *testAPI) checkStateMatchesAPI() check {
	return func(state *tfjson.State) error {
		ids := []string{}
		for _, n := range a.all() {
			ids = append(ids, n.ID)
		}
		slices.Sort(ids)
		return errors.Join(
			differ("the state has other numbers than the API", ids, inState(state, "bizapi_phone_number", "id")), a.checkStateHasAgents(state))
	}
}

func (a *testAPI) checkStateHasAgents(state *tfjson.State) error {
	agents := []string{}
	for _, agent := range a.allAgents() {
		agents = append(agents, strings.Join([]string{agent.UserID, agent.ID, agent.PhoneNumberID, agent.Name, agent.PromptID}, ", "))
	}
	slices.Sort(agents)
	return differ("the state has other agents than the API", agents, inState(state, "bizapi_agent", "user_id", "agent_id", "phone_number_id", "name", "prompt_id"))
}

// inState are the resources of a type in the state, by their attributes.
func inState(state *tfjson.State, typeName string, attributes ...string) []string {
	found := []string{}
	if state.Values == nil {
		return found
	}
	for _, r := range state.Values.RootModule.Resources {
		if r.Type == typeName {
			values := []string{}
			for _, name := range attributes {
				values = append(values, fmt.Sprint(r.AttributeValues[name]))
			}
			found = append(found, strings.Join(values, ", "))
		}
	}
	slices.Sort(found)
	return found
}

// checkDestroy is CheckDestroy: it expects that the API holds no number and no agent.
func (a *testAPI) checkDestroy(*terraform.State) error {
	return errors.Join(a.checkAPIHolds()(nil), a.checkAPIHoldsAgents(nil))
}

func differ(what string, want, got []string) error {
	if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		return errors.New(what + " (-want +got):\n" + diff)
	}
	return nil
}

func (a *testAPI) all() []sandbox.Number {
	return append(a.Numbers(testUser), a.Numbers(otherUser)...)
}

func (a *testAPI) allAgents() []sandbox.Agent {
	return append(a.Agents(testUser), a.Agents(otherUser)...)
}

// theNumber is the only number that the API holds.
func (a *testAPI) theNumber(t *testing.T) sandbox.Number {
	t.Helper()
	numbers := a.all()
	if len(numbers) != 1 {
		t.Fatalf("the API holds %d numbers, not one", len(numbers))
	}
	return numbers[0]
}

// theAgent is the only agent that the API holds.
func (a *testAPI) theAgent(t *testing.T) sandbox.Agent {
	t.Helper()
	agents := a.allAgents()
	if len(agents) != 1 {
		t.Fatalf("the API holds %d agents, not one", len(agents))
	}
	return agents[0]
}

// isTheID is a knownvalue.StringFunc for the id of the only number that the API holds.
func (a *testAPI) isTheID(id string) error {
	if numbers := a.all(); len(numbers) != 1 || numbers[0].ID != id {
		return fmt.Errorf("%q is not the id of the only number that the API holds", id)
	}
	return nil
}

// nameOf is a number's name; empty is none.
func nameOf(n sandbox.Number) string {
	if n.DisplayName == nil {
		return ""
	}
	return *n.DisplayName
}

// stepOfEach makes a step of each row of a table, in the order of their names, for one TestCase. Each logs the
// name first: the last one in the output of a test that failed is the row that failed.
func stepOfEach[Row any](t *testing.T, rows map[string]Row, step func(name string, row Row) resource.TestStep) []resource.TestStep {
	t.Helper()
	var steps []resource.TestStep
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		of := step(name, rows[name])
		prepare := of.PreConfig
		of.PreConfig = func() {
			t.Log(name)
			if prepare != nil {
				prepare()
			}
		}
		steps = append(steps, of)
	}
	return steps
}

// plansNothing is a step that applies nothing: its plan has no change, with and without a refresh. The checks are
// of the state that it was made for.
func plansNothing(config string, checks ...plancheck.PlanCheck) resource.TestStep {
	return resource.TestStep{
		Config: config, PlanOnly: true, ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: checks},
	}
}

// checkOutcomes expects of each row's number on the API what the table wants, and no other number. A number is
// described by its Meta id, which gives its row.
func (a *testAPI) checkOutcomes(want map[string]string, describe func(sandbox.Number) string) check {
	return func(*tfjson.State) error {
		rows, got := map[string]string{}, map[string]string{}
		for row := range want {
			rows[metaIDOf(row)] = row
		}
		for _, n := range a.all() {
			got[cmp.Or(rows[n.MetaPhoneNumberID], n.MetaPhoneNumberID)] += describe(n)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			return errors.New("the API holds other numbers (-want +got):\n" + diff)
		}
		return nil
	}
}

// editState changes each instance in the state of a test with that WorkingDir: states of other versions.
func editState(t *testing.T, workingDir string, edit func(instance map[string]any)) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(workingDir, "work*", "terraform.tfstate"))
	if len(files) != 1 {
		t.Fatalf("%d states in %s", len(files), workingDir)
	}
	var state map[string]any
	text, err := os.ReadFile(files[0])
	if err == nil {
		err = json.Unmarshal(text, &state)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range state["resources"].([]any) {
		for _, instance := range r.(map[string]any)["instances"].([]any) {
			edit(instance.(map[string]any))
		}
	}
	if text, err = json.Marshal(state); err == nil {
		err = os.WriteFile(files[0], text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// skipBelow skips a test of what Terraform got in one version and OpenTofu in another; nil is one that
// lacks it.
func skipBelow(terraform, openTofu *goversion.Version) tfversion.TerraformVersionCheck {
	return versionCheck(func(ctx context.Context, req tfversion.CheckTerraformVersionRequest, resp *tfversion.CheckTerraformVersionResponse) {
		since := terraform
		if found, err := findCLI(); err == nil && found.IsTofu {
			since = openTofu
		}
		if since == nil {
			resp.Skip = "OpenTofu has no support for it"
			return
		}
		tfversion.SkipBelow(since).CheckTerraformVersion(ctx, req, resp)
	})
}

type versionCheck func(context.Context, tfversion.CheckTerraformVersionRequest, *tfversion.CheckTerraformVersionResponse)

func (c versionCheck) CheckTerraformVersion(ctx context.Context, req tfversion.CheckTerraformVersionRequest, resp *tfversion.CheckTerraformVersionResponse) {
	c(ctx, req, resp)
}

// testClock is the real time and what was slept, which passes at once.
type testClock struct {
	mu    sync.Mutex
	slept time.Duration
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.slept)
}

// pass lets time pass between two commands.
func (c *testClock) pass(d time.Duration) { _ = c.Sleep(context.Background(), d) }

func (c *testClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slept += d
	return ctx.Err()
}

// isTime expects an RFC 3339 time.
func isTime(want time.Time) knownvalue.Check {
	return knownvalue.StringFunc(func(text string) error {
		at, err := time.Parse(time.RFC3339, text)
		if err == nil && !at.Equal(want) {
			err = fmt.Errorf("%s is not %s", at, want)
		}
		return err
	})
}

// shows is what data sources and lists show of a number that account added.
func shows(n sandbox.Number) map[string]knownvalue.Check {
	name := knownvalue.Check(knownvalue.Null())
	if n.DisplayName != nil {
		name = knownvalue.StringExact(*n.DisplayName)
	}
	created := isTime(n.CreatedAt)
	return map[string]knownvalue.Check{
		"id": knownvalue.StringExact(n.ID), "user_id": knownvalue.StringExact(n.UserID),
		"platform": knownvalue.StringExact(n.Platform), "meta_phone_number_id": knownvalue.StringExact(n.MetaPhoneNumberID),
		"display_name": name, "created_at": created, "updated_at": created,
	}
}

// showsAgent is what data sources, lists and states show of an agent that addAgent made.
func showsAgent(agent sandbox.Agent) map[string]knownvalue.Check {
	created := isTime(agent.CreatedAt)
	return map[string]knownvalue.Check{
		"agent_id": knownvalue.StringExact(agent.ID), "user_id": knownvalue.StringExact(agent.UserID),
		"phone_number_id": knownvalue.StringExact(agent.PhoneNumberID), "prompt_id": knownvalue.StringExact(agent.PromptID),
		"name": knownvalue.StringExact(agent.Name), "created_at": created, "updated_at": created,
	}
}

// listed expects just those numbers, in that order and by their Meta ids.
func listed(userID string, numbers ...sandbox.Number) []statecheck.StateCheck {
	return listedIn(allAddress, userID, numbers...)
}

func listedIn(address, userID string, numbers ...sandbox.Number) []statecheck.StateCheck {
	inOrder, byMetaID := []knownvalue.Check{}, map[string]knownvalue.Check{}
	for _, n := range numbers {
		inOrder = append(inOrder, knownvalue.ObjectExact(shows(n)))
		byMetaID[n.Platform+"/"+n.MetaPhoneNumberID] = knownvalue.ObjectExact(shows(n))
	}
	return []statecheck.StateCheck{
		statecheck.ExpectKnownValue(address, tfjsonpath.New("user_id"), knownvalue.StringExact(userID)),
		statecheck.ExpectKnownValue(address, tfjsonpath.New("numbers"), knownvalue.ListExact(inOrder)),
		statecheck.ExpectKnownValue(address, tfjsonpath.New("by_meta_id"), knownvalue.MapExact(byMetaID)),
		holdsNoToken,
	}
}

// holdsNoToken expects that no token of account's numbers stands in the state.
var holdsNoToken = check(func(state *tfjson.State) error {
	text, err := json.Marshal(state)
	if err == nil && strings.Contains(string(text), importedToken) {
		err = errors.New("the state shows a token that the API echoed")
	}
	return err
})

func identityOf(n sandbox.Number) map[string]knownvalue.Check {
	return map[string]knownvalue.Check{"user_id": knownvalue.StringExact(n.UserID), "id": knownvalue.StringExact(n.ID)}
}

func identityOfAgent(agent sandbox.Agent) map[string]knownvalue.Check {
	return map[string]knownvalue.Check{"user_id": knownvalue.StringExact(agent.UserID), "agent_id": knownvalue.StringExact(agent.ID)}
}

// queryCase are queries of a provider with those arguments.
func (a *testAPI) queryCase(arguments string, queries ...resource.TestStep) resource.TestCase {
	for at := range queries {
		queries[at].Query = true
	}
	return resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{skipBelow(tfversion.Version1_14_0, nil)},
		ProtoV6ProviderFactories: a.factories(),
		Steps:                    append([]resource.TestStep{{Config: a.configWith(arguments)}}, queries...),
	}
}

// network answers requests in place of one.
type network func(*http.Request) (*http.Response, error)

func (n network) RoundTrip(request *http.Request) (*http.Response, error) { return n(request) }

func refuses(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

// refusal answers in a dialect's form.
func refusal(dialect sandbox.Dialect, status int, message, correlationID string) sandbox.Behaviour {
	field := map[sandbox.Dialect]string{sandbox.Published: "correlation_id", sandbox.Deployed: "correlationId"}[dialect]
	return sandbox.Respond(status, "application/json", fmt.Sprintf(
		`{"error":%q,"message":%q,%q:%q,"timestamp":"2025-02-10T10:00:00Z"}`, http.StatusText(status), message, field, correlationID))
}

// What can go wrong with a request that ends well all the same. The client's fault matrix has the others.
var passingFaults = map[string]sandbox.Fault{
	"a lost answer":      {Commit: true, Do: sandbox.Drop()},
	"a torn answer":      {Commit: true, Do: sandbox.Torn()},
	"a gateway's page":   {Commit: true, Do: sandbox.Respond(502, "text/html", "<html>Bad gateway</html>")},
	"a lost request":     {Do: sandbox.Drop()},
	"a rate limit":       {Do: sandbox.RateLimited("5")},
	"a database is down": {Times: 2, Do: sandbox.DatabaseDown()},
}

// hitEach has each row's fault hit the requests of an operation that name the row's key, such as an id, in their
// path or body.
func (a *testAPI) hitEach(t *testing.T, on sandbox.Operation, faults map[string]sandbox.Fault, key func(row string) string) {
	var mu sync.Mutex
	hits := map[string]int{}
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for row := range faults {
			if hits[row] == 0 {
				t.Errorf("%s: no request met it", row)
			}
		}
	})
	isHit := func(row string) bool {
		mu.Lock()
		defer mu.Unlock()
		hits[row]++
		return hits[row] <= max(faults[row].Times, 1)
	}
	ordinary := sandbox.Delay(0)
	a.Script(sandbox.Fault{On: on, Times: sandbox.Always, Do: func(w http.ResponseWriter, r *http.Request, _ sandbox.Answer) {
		body, _ := io.ReadAll(r.Body) // read from memory
		var answer sandbox.Answer
		for row, fault := range faults {
			if !strings.Contains(r.URL.Path+string(body), key(row)) {
				continue
			}
			if fault.Commit {
				done := httptest.NewRecorder()
				ordinary(done, r, answer)
				answer = sandbox.Answer{Status: done.Code, Header: done.Header(), Body: done.Body.Bytes()}
			}
			if answer.Status < 400 && isHit(row) { // what is refused is not committed
				fault.Do(w, r, answer)
				return
			}
		}
		ordinary(w, r, answer)
	}})
}

// A server whose pages prove nothing about what they lack.
var cutShort = map[string]sandbox.Options{
	"ignores offsets, and gives 50 rows": {IgnorePaging: true, PageSize: 50},
	"gives pages of one row":             {MaxPageSize: 1},
}

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
