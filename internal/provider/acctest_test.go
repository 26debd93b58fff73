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
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
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

const (
	testUser  = "usr_abc123"
	otherUser = "usr_other"
	testKey   = "sk_test_not_a_real_key"
	testToken = "EAAfakeTokenNumberOne"
	nextToken = "EAAfakeTokenNumberTwo"

	address    = "bizapi_phone_number.main"
	whatsAppID = "836990829491415"
)

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

// config is a configuration with the provider of testUser.
func (a *testAPI) config(blocks ...string) string {
	return a.configWith(fmt.Sprintf("user_id = %q", testUser), blocks...)
}

// configWith is a configuration whose provider has more arguments as given, and no user_id.
func (a *testAPI) configWith(arguments string, blocks ...string) string {
	return fmt.Sprintf(`
provider "bizapi" {
  base_url = %q
  api_key  = %q
  %s
}
`, a.baseURL, testKey, arguments) + strings.Join(blocks, "\n")
}

// number is a block for the WhatsApp number of the API's page, with more arguments as given.
func number(arguments ...string) string {
	return phoneNumber("main", "whatsapp", whatsAppID, arguments...)
}

// phoneNumber is a block for any number.
func phoneNumber(name, platform, metaID string, arguments ...string) string {
	return fmt.Sprintf(`
resource "bizapi_phone_number" %q {
  platform             = %q
  meta_phone_number_id = %q
  %s
}
`, name, platform, metaID, strings.Join(arguments, "\n  "))
}

func withToken(token string) string { return fmt.Sprintf("access_token = %q", token) }

func withWriteOnly(token string, version int) string {
	return fmt.Sprintf("access_token_wo = %q\n  access_token_wo_version = %d", token, version)
}

func named(name string) string { return fmt.Sprintf("display_name = %q", name) }

func withUser(userID string) string { return fmt.Sprintf("user_id = %q", userID) }

// knownLater is a resource whose output is known after its creation only.
func knownLater(name, output string) string {
	return fmt.Sprintf("resource \"terraform_data\" %q {\n  input = %q\n}", name, output)
}

const protected = "deletion_protection = true"

// forgotten is a block that takes the number out of the state and leaves it alone.
const forgotten = "removed {\n  from = " + address + "\n  lifecycle {\n    destroy = false\n  }\n}\n"

// plans expects what a plan does to the number, before it is applied.
func plans(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, action)}}
}

// planError matches an error of a plan with those words in that order; the CLI breaks lines anywhere.
func planError(words ...string) *regexp.Regexp { return errorOf("Error running [a-z-]* ?plan:", words) }

// applyError matches an error of an apply, whose plan had none.
func applyError(words ...string) *regexp.Regexp {
	return errorOf("Error running (?:apply|destroy):", words)
}

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

// checkStateMatchesAPI expects that the state has each number that the API holds under its id, and no other.
func (a *testAPI) checkStateMatchesAPI() check {
	return func(state *tfjson.State) error {
		inState, onAPI := []string{}, []string{}
		if state.Values != nil {
			for _, r := range state.Values.RootModule.Resources {
				if r.Type == "bizapi_phone_number" {
					inState = append(inState, fmt.Sprint(r.AttributeValues["id"]))
				}
			}
		}
		for _, n := range a.all() {
			onAPI = append(onAPI, n.ID)
		}
		slices.Sort(inState)
		slices.Sort(onAPI)
		if diff := gocmp.Diff(onAPI, inState); diff != "" {
			return errors.New("the state has other ids than the API (-API +state):\n" + diff)
		}
		return nil
	}
}

// checkDestroy is CheckDestroy: it expects that the API holds nothing.
func (a *testAPI) checkDestroy(*terraform.State) error { return a.checkAPIHolds()(nil) }

func (a *testAPI) all() []sandbox.Number {
	return append(a.Numbers(testUser), a.Numbers(otherUser)...)
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

// held is the number that number(withToken(token), named(name)) adds; an empty name is none.
func held(token, name string) sandbox.Number {
	n := sandbox.Number{UserID: testUser, Platform: "whatsapp", MetaPhoneNumberID: whatsAppID, AccessToken: token}
	if name != "" {
		n.DisplayName = &name
	}
	return n
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

// A table whose rows share one configuration has a number for each, with a label and a Meta id by the row's name.

func labelOf(row string) string { return regexp.MustCompile(`\W+`).ReplaceAllString(row, "_") }

func addressOf(row string) string { return "bizapi_phone_number." + labelOf(row) }

func metaIDOf(row string) string {
	return fmt.Sprint(100000000000000 + int(crc32.ChecksumIEEE([]byte(row))))
}

// numberOf is a block for the WhatsApp number of a row.
func numberOf(row string, arguments ...string) string {
	return phoneNumber(labelOf(row), "whatsapp", metaIDOf(row), arguments...)
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

// says matches an error of any command with those words in that order.
func says(words ...string) *regexp.Regexp { return errorOf("", words) }

// account fills the API with three numbers of testUser's, the last one without a name, and one of
// otherUser's, oldest first.
func (a *testAPI) account() (ofUser []sandbox.Number, ofOther sandbox.Number) {
	shop, desk, start := "+1 (234) 567-8900", `The "50% ${off}" %{desk}`, time.Date(2025, 2, 10, 10, 0, 0, 0, time.UTC)
	for at, n := range []sandbox.Number{
		{Platform: "whatsapp", MetaPhoneNumberID: whatsAppID, DisplayName: &shop},
		{Platform: "webchat", MetaPhoneNumberID: "desk@example.com", DisplayName: &desk},
		{Platform: "instagram", MetaPhoneNumberID: "17841234567890123"},
	} {
		n.AccessToken, n.CreatedAt = importedToken, start.Add(time.Duration(at)*time.Hour)
		ofUser = append(ofUser, a.Add(testUser, n))
	}
	return ofUser, a.Add(otherUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: "106540352242922", AccessToken: importedToken})
}

// shows is what data sources and lists show of a number that account added.
func shows(n sandbox.Number) map[string]knownvalue.Check {
	name := knownvalue.Check(knownvalue.Null())
	if n.DisplayName != nil {
		name = knownvalue.StringExact(*n.DisplayName)
	}
	isTime := knownvalue.StringFunc(func(text string) error {
		at, err := time.Parse(time.RFC3339, text)
		if err == nil && !at.Equal(n.CreatedAt) {
			err = fmt.Errorf("%s is not %s", at, n.CreatedAt)
		}
		return err
	})
	return map[string]knownvalue.Check{
		"id": knownvalue.StringExact(n.ID), "user_id": knownvalue.StringExact(n.UserID),
		"platform": knownvalue.StringExact(n.Platform), "meta_phone_number_id": knownvalue.StringExact(n.MetaPhoneNumberID),
		"display_name": name, "created_at": isTime, "updated_at": isTime,
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
