// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
	"github.com/bizapi/terraform-provider-bizapi/internal/tfcli"
)

// trouble is a refusal of the API, and what is to be read of it.
type trouble struct {
	platform string // whatsapp where none is named
	// status and message are the API's; zero: the sandbox's own refusal.
	status  int
	message string
	// at is the attribute that the error points at; empty: the resource as a whole.
	at    string
	title string
	says  []string
	// not is what would lead astray.
	not []string
}

// correlation is the correlation id of a refusal.
func correlation(name string) string {
	return "corr-" + strings.ToLower(strings.ReplaceAll(name, " ", "-"))
}

// troublesOfAdding are the errors of the published page, and what else an add may meet. The token of
// the sandbox's own refusals is too short for it.
func troublesOfAdding(dialect sandbox.Dialect) map[string]trouble {
	registered := trouble{status: 409, message: "Phone number already exists"}
	if dialect == sandbox.Deployed {
		registered = trouble{status: 400, message: "Meta phone number 836990829491415 is already registered for whatsapp"}
	}
	const (
		messaging, management = "whatsapp_business_messaging", "whatsapp_business_management"
		messages, pages       = "instagram_manage_messages", "pages_messaging"
	)
	forWhatsApp := []string{"System User Access Token", messaging, management}
	forInstagram := []string{"Page Access Token", messages, pages}
	return map[string]trouble{
		"WhatsApp token":              {title: "Invalid access token", says: forWhatsApp, not: forInstagram},
		"Instagram token":             {platform: "instagram", title: "Invalid access token", says: forInstagram, not: forWhatsApp},
		"web chat token":              {platform: "webchat", title: "Invalid access token", says: []string{"expired"}, not: []string{messaging, messages}},
		"token refused with 401":      {status: 401, message: "Invalid access token: it has expired", title: "Invalid access token", says: forWhatsApp, not: []string{"BIZAPI_API_KEY"}},
		"WhatsApp id":                 {status: 400, message: "Invalid meta_phone_number_id", at: "meta_phone_number_id", title: "Invalid meta_phone_number_id", says: []string{"numeric", "Phone Number ID", "not the phone number itself", "WhatsApp Manager"}, not: []string{"Instagram"}},
		"Instagram id":                {platform: "instagram", status: 400, message: "Invalid meta_phone_number_id", at: "meta_phone_number_id", title: "Invalid meta_phone_number_id", says: []string{"numeric", "Instagram Account ID", "not the username"}, not: []string{"WhatsApp"}},
		"web chat id":                 {platform: "webchat", status: 400, message: "Invalid meta_phone_number_id", at: "meta_phone_number_id", title: "Invalid meta_phone_number_id", says: []string{"does not accept this id"}, not: []string{"WhatsApp", "Instagram"}},
		"number of another user":      {status: registered.status, message: registered.message, at: "meta_phone_number_id", title: "Phone number already exists", says: []string{"another user", "delete it there", "import"}},
		"unknown user":                {status: 400, message: "User with ID usr_abc123 not found", at: "user_id", title: "Unknown user", says: []string{`"usr_abc123"`, "base_url", "API key"}},
		"unknown key":                 {status: 401, message: "Invalid API key", title: "API key refused", says: []string{"BIZAPI_API_KEY", "api_key"}, not: []string{messaging}},
		"key without the right":       {status: 403, message: "Insufficient permissions", title: "Not allowed", says: []string{"add the phone number", "API key", "user_id"}},
		"failure":                     {status: 500, message: "Internal error", title: "API failure", says: []string{"correlation id"}},
		"gateway without an upstream": {status: 502, message: "Bad gateway", title: "API failure", says: []string{"Try again later"}},
		"route that is not served":    {status: 404, message: "Route POST /v2/users/usr_abc123/phone_numbers not found", title: "Wrong base URL", says: []string{"BIZAPI_BASE_URL", "version path"}},
		"refusal of another kind":     {status: 422, message: "The moon is full", title: "API refused the request", says: []string{"add the phone number", "The moon is full"}},
	}
}

func TestCLITroubleshootingOfAnAdd(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect, MinTokenLength: 100})
		w := newCLIWorkspace(t, api.baseURL)
		w.Setenv("BIZAPI_MAX_RETRIES", "0")
		troubles := troublesOfAdding(dialect)
		names := slices.Sorted(maps.Keys(troubles))
		text := ""
		for at, name := range names {
			text += troubled(at, troubles[name].platform)
		}
		w.write("main.tf", text)
		api.Script(sandbox.Fault{On: sandbox.OpAdd, Times: sandbox.Always, Commit: true, Do: func(response http.ResponseWriter, request *http.Request, answer sandbox.Answer) {
			name := names[addOf(t, request)]
			if trouble := troubles[name]; trouble.status != 0 {
				refusal(dialect, trouble.status, trouble.message, correlation(name))(response, request, answer)
				return
			}
			sandbox.Respond(answer.Status, "application/json", string(answer.Body))(response, request, answer)
		}})
		done := w.apply()
		for at, name := range names {
			t.Run(name, func(t *testing.T) {
				troubles[name].isExplained(t, name, done.of(fmt.Sprintf("bizapi_phone_number.n%d", at)))
			})
		}
		// With a literal token in the file, what people read must not quote it.
		w.hides("apply", w.run("apply", "-auto-approve"), secret{"the token", testToken, []string{"main.tf"}})
	})
}

// troubled is a number with a literal token, whose id is what addOf reads.
func troubled(at int, platform string) string {
	if platform == "" {
		platform = "whatsapp"
	}
	return fmt.Sprintf(`
resource "bizapi_phone_number" "n%[1]d" {
  platform             = %[2]q
  access_token         = %[3]q
  user_id              = %[4]q
  meta_phone_number_id = "1000%[1]d"
}
`, at, platform, testToken, testUser)
}

var callPattern = regexp.MustCompile(`status [45]\d\d: .*\(correlation id \S+\)`)

// isExplained fails the test unless the one error says all that it should, and points where it
// should.
func (wanted trouble) isExplained(t *testing.T, name string, done cliOutcome) {
	t.Helper()
	if len(done.Errors) != 1 {
		t.Fatalf("%d errors: %+v", len(done.Errors), done.Errors)
	}
	got := done.Errors[0]
	if !strings.HasPrefix(got.Summary, wanted.title) {
		t.Errorf("the title is %q", got.Summary)
	}
	detail := oneLine(got.Detail)
	for _, part := range wanted.says {
		if !strings.Contains(detail, part) {
			t.Errorf("no %q in: %s", part, detail)
		}
	}
	for _, part := range wanted.not {
		if strings.Contains(detail, part) {
			t.Errorf("%q misleads in: %s", part, detail)
		}
	}
	call := callPattern.FindString(detail)
	if call == "" {
		t.Errorf("no status and correlation id in: %s", detail)
	}
	if wanted.status != 0 && (!strings.Contains(call, fmt.Sprint("status ", wanted.status)) || !strings.Contains(call, correlation(name))) {
		t.Errorf("not status %d and correlation id %s: %s", wanted.status, correlation(name), call)
	}
	if got.Snippet != nil || wanted.at != "" {
		pointsAt(t, got, wanted.at)
	}
}

// pointsAt fails the test unless the line that the CLI prints is the attribute's, or without one the
// first of the resource.
func pointsAt(t *testing.T, got tfcli.Diagnostic, attribute string) {
	t.Helper()
	if got.Snippet == nil {
		t.Fatalf("%s points at nothing", got.Summary)
	}
	line := strings.TrimSpace(got.Snippet.Code)
	start := attribute + " "
	if attribute == "" {
		start = `resource "bizapi_phone_number"`
	}
	if !strings.HasPrefix(line, start) {
		t.Errorf("%s points at %s", got.Summary, line)
	}
}

func TestCLITroubleshootingOfADelete(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		w := newCLIWorkspace(t, api.baseURL)
		w.Setenv("BIZAPI_MAX_RETRIES", "0")
		troubles := map[string]trouble{
			"number of another user":   {status: 403, message: "Phone number belongs to another user", title: "Not allowed", says: []string{"delete phone number", "API key", "user_id", "stays in the state"}},
			"unknown key":              {status: 401, message: "Invalid API key", title: "API key refused", says: []string{"BIZAPI_API_KEY", "stays in the state"}},
			"failure":                  {status: 503, message: "Down", title: "API failure", says: []string{"correlation id", "stays in the state"}},
			"route that is not served": {status: 404, message: "Route DELETE /v2 not found", title: "Wrong base URL", says: []string{"BIZAPI_BASE_URL", "stays in the state"}},
		}
		names := slices.Sorted(maps.Keys(troubles))
		text := ""
		for at := range names {
			text += troubled(at, "")
		}
		w.write("main.tf", text)
		w.apply().succeeded()
		ids := map[string]string{}
		for _, number := range api.Numbers(testUser) {
			at, _ := strings.CutPrefix(number.MetaPhoneNumberID, "1000")
			ids[number.ID] = names[at[0]-'0']
		}
		api.Script(sandbox.Fault{On: sandbox.OpDelete, Times: sandbox.Always, Do: func(response http.ResponseWriter, request *http.Request, answer sandbox.Answer) {
			name := ids[request.URL.Path[strings.LastIndex(request.URL.Path, "/")+1:]]
			refusal(dialect, troubles[name].status, troubles[name].message, correlation(name))(response, request, answer)
		}})
		done := w.apply("-destroy", "-refresh=false")
		for id, name := range ids {
			t.Run(name, func(t *testing.T) {
				// The CLI gives these errors no address: their own text has to name the number.
				found := done
				found.Errors = slices.DeleteFunc(slices.Clone(done.Errors), func(d tfcli.Diagnostic) bool { return !strings.Contains(d.Detail, id) })
				troubles[name].isExplained(t, name, found)
			})
		}
	})
}

func TestCLITroubleshootingAtPlan(t *testing.T) {
	t.Parallel()
	inOneDialect(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		w := newCLIWorkspace(t, api.baseURL)
		w.write("main.tf", number(withToken(testToken), `user_id = "usr_nobody"`))
		nobody := w.plan().failed("Unknown user", `"usr_nobody"`, "status 404", "correlation id")
		pointsAt(t, nobody.Errors[0], "user_id")

		// What the API refuses now it refuses in the apply too. A server or a network that fails may be well by
		// then: a warning, once a user.
		w.write("main.tf", number(withToken(testToken))+phoneNumber("second", "whatsapp", otherID, withToken(testToken)))
		w.Setenv("BIZAPI_MAX_RETRIES", "0")
		for _, refused := range []struct {
			status         int
			message, title string
		}{
			{401, "Invalid API key", "API key refused"},
			{401, "Invalid access token", "API key refused"}, // of a list, which sends no other
			{403, "Refused", "Not allowed"},
			{404, "Route GET /v2 not found", "Wrong base URL"},
			{302, "Moved", "API redirects elsewhere"},
		} {
			api.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: refusal(dialect, refused.status, refused.message, "corr-1")})
			w.plan().failed(refused.title, fmt.Sprintf("status %d", refused.status), "corr-1")
			api.ClearFaults()
		}
		for _, failure := range []sandbox.Behaviour{refusal(dialect, 500, "Down", "corr-1"), sandbox.DatabaseDown()} {
			api.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: failure})
			w.plan().succeeded().warnedOnce("Plan could not be checked", "API failure", "status ", "correlation id")
			api.ClearFaults()
		}
		w.Setenv("BIZAPI_BASE_URL", "http://127.0.0.1:1/v1")
		w.plan().succeeded().warnedOnce("Plan could not be checked", "API cannot be reached")
		w.Setenv("BIZAPI_BASE_URL", api.baseURL)

		w.write("main.tf", number(withToken(testToken)))
		w.apply().succeeded()
		// What a refresh meets.
		for name, trouble := range map[string]trouble{
			"unknown key": {status: 401, message: "Invalid API key", title: "API key refused", says: []string{"BIZAPI_API_KEY", "Nothing was removed from the state"}},
			"rate limit":  {status: 429, message: "Rate limit exceeded", title: "Rate limit outlasts the operation", says: []string{"100 requests a minute", "Nothing was removed from the state"}},
		} {
			api.Script(sandbox.Fault{On: sandbox.OpList, Times: sandbox.Always, Do: func(response http.ResponseWriter, request *http.Request, answer sandbox.Answer) {
				response.Header().Set("Retry-After", "7200")
				response.Header().Set("X-Correlation-Id", correlation(name))
				refusal(dialect, trouble.status, trouble.message, correlation(name))(response, request, answer)
			}})
			trouble.isExplained(t, name, w.plan())
			api.ClearFaults()
		}
	})
}

func TestCLITroubleshootingOfARateLimitThatOutlastsTheAdd(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		w := newCLIWorkspace(t, api.baseURL)
		w.write("main.tf", number(withToken(testToken)))
		api.Script(sandbox.Fault{On: sandbox.OpAdd, Times: sandbox.Always, Do: sandbox.RateLimited("7200")})
		limited := w.apply().failed("Rate limit outlasts the operation", "1,000 an hour", "raise the timeout", "status 429", "correlation id")
		if detail := limited.Errors[0].Detail; !regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d`).MatchString(detail) {
			t.Errorf("the message does not say when to come back: %s", detail)
		}
		cliWrites(t, api, 1, 0)
	})
}

func TestCLITroubleshootingOfAWrongBaseURL(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		wrong := strings.TrimSuffix(api.baseURL, "/v1") + "/api/v7"
		w := newCLIWorkspace(t, wrong)
		w.write("main.tf", number(withToken(testToken)))
		w.apply().failed("Wrong base URL", wrong, "BIZAPI_BASE_URL", "status 404", "correlation id")
		cliWrites(t, api, 0, 0)
	})
}

// importPrinted runs the import command that a message prints, with its address put in.
func (w *cliWorkspace) importPrinted(shown tfcli.Diagnostic) {
	w.t.Helper()
	_, id, ok := strings.Cut(shown.Detail, "\n\n  terraform import bizapi_phone_number.example ")
	if !ok || shown.Address == "" {
		w.t.Fatalf("no command and address to put in: %+v", shown)
	}
	id, _, _ = strings.Cut(id, "\n")
	w.succeeds("import", shown.Address, id)
}

// What the message prints works when the address is put in, and imports instead of replacing.
func TestCLITroubleshootingPrintsAnImportThatWorks(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		name := "Registered by hand"
		byHand := sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: whatsAppID, AccessToken: nextToken, DisplayName: &name}
		for _, appears := range []string{"before the plan", "between the plan and the add"} {
			t.Run(appears, func(t *testing.T) {
				t.Parallel()
				api := newAPI(t, sandbox.Options{Dialect: dialect})
				w := newCLIWorkspace(t, api.baseURL)
				w.write("main.tf", number(`for_each = toset(["the \"shop\""])`, withToken(testToken), named("Shop")))
				if appears == "before the plan" {
					api.Add(testUser, byHand)
				} else {
					api.Script(sandbox.Fault{On: sandbox.OpAdd, Before: func() { api.Add(testUser, byHand) }})
				}
				done := w.apply()
				existing := api.Numbers(testUser)[0]
				done.silent().failed("Phone number already exists", existing.ID)
				if appears != "before the plan" {
					done.failed("status 4", "correlation id")
				}
				for _, shown := range done.Errors {
					pointsAt(t, shown, "meta_phone_number_id")
					w.importPrinted(shown)
					w.plan().succeeded().does(shown.Address, "update").warned("Token of phone number " + existing.ID + " is not sent")
				}
				api.ForgetRequests()
				w.apply().succeeded()
				cliWrites(t, api, 0, 0)
				if got := w.attributes(done.Errors[0].Address)["id"]; got != existing.ID {
					t.Errorf("the state has %v, not the number that was there", got)
				}
				w.plan().succeeded().does()
			})
		}
	})
}

// A number without a token in its block is imported without any change.
func TestCLITroubleshootingImportOfAPlainNumberChangesNothing(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	existing := api.Add(testUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: whatsAppID, AccessToken: nextToken})
	w := newCLIWorkspace(t, api.baseURL)
	w.write("main.tf", number(withToken(testToken)))
	shown := w.plan().failed("Phone number already exists").Errors[0]
	w.write("main.tf", number())
	w.importPrinted(shown)
	w.plan().succeeded().silent().does()
	if got := w.attributes(address)["id"]; got != existing.ID {
		t.Errorf("the state has %v", got)
	}
	cliWrites(t, api, 0, 0)
}

// Every place of a configuration where a literal secret may stand, beside errors that could quote it.
func TestCLITroubleshootingNeverQuotesALiteralSecret(t *testing.T) {
	t.Parallel()
	const key = "sk_test_literal_key"
	short, refused, long := "EAAshort1", "EAArefused1", "EAA"+strings.Repeat("long", 250)
	provider := func(arguments string) string { return "provider \"bizapi\" {\n  " + arguments + "\n}\n" }
	tests := map[string]struct {
		text string
		want string
	}{
		"a token that is too long":         {number(withToken(long)), "Invalid access token"},
		"a token that the API refuses":     {number(withToken(refused)), "status 400: "},
		"a token that is too short":        {number(withToken(short)), "Invalid access token"},
		"a write-only one":                 {number(fmt.Sprintf("access_token_wo = %q", short), "access_token_wo_version = 1"), "Invalid access token"},
		"two tokens":                       {number(withToken(short), fmt.Sprintf("access_token_wo = %q", long), "access_token_wo_version = 1"), "Two access tokens"},
		"a token without a version":        {number(fmt.Sprintf("access_token_wo = %q", short)), "Token without a version"},
		"a key with a line end":            {provider(fmt.Sprintf("api_key = %q", key+"\n")) + number(withToken(short)), "Invalid API key"},
		"a key that the API refuses":       {provider(fmt.Sprintf("api_key = %q", key)) + number(withToken(refused)), "API key refused"},
		"a base URL with the key in it":    {provider(fmt.Sprintf("base_url = %q", "https://"+key+"@api.test/v1")) + number(withToken(short)), "Invalid base URL"},
		"a base URL with a key in a query": {provider(fmt.Sprintf("base_url = %q", "https://api.test/v1?key="+key)) + number(withToken(short)), "Invalid base URL"},
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newCLIWorkspace(t, newAPI(t, sandbox.Options{MinTokenLength: 100}).baseURL)
			w.write("main.tf", tests[name].text)
			kept := []string{"main.tf"}
			done := w.hides("apply", w.run("apply", "-auto-approve"),
				secret{"the key", key, kept}, secret{"the token", short, kept}, secret{"the other token", refused, kept}, secret{"the long token", long[:30], kept})
			if done.Code == 0 || !strings.Contains(done.Stderr, tests[name].want) {
				t.Errorf("exit code %d, no %q in %s", done.Code, tests[name].want, done.Stderr)
			}
		})
	}
}

// What is wrong with a token, and what the message says of it.
var invalidTokens = map[string]struct{ token, says string }{
	"a token of 9 characters":     {"EAAshort9", "has 9 characters, and the API takes 10 to 1000"},
	"a token of 1001 characters":  {strings.Repeat("T", 1001), "has 1001 characters, and the API takes 10 to 1000"},
	"a token with a line end":     {testToken + "\n", "line end around it"},
	"a token with a space before": {" " + testToken, "white space or a line end around it"},
	"a token with a space inside": {testToken + " " + testToken, "white space inside"},
	"a token with a tab inside":   {testToken + "\t" + testToken, "white space inside"},
	"a token with its Bearer":     {"Bearer " + testToken, `begins with "Bearer"`},
}

func TestCLIInvalidTokenIsRefusedAtPlan(t *testing.T) {
	t.Parallel()
	api := newAPI(t, sandbox.Options{})
	w := newCLIWorkspace(t, api.baseURL)
	before, after := "", ""
	for name, row := range invalidTokens {
		for attribute, token := range map[string]string{"plain": withToken(row.token), "write-only": withWriteOnly(row.token, 2)} {
			of := func(change string) string { return name + ", " + attribute + ", " + change }
			before += numberOf(of("a replacement"), withToken(testToken)) + numberOf(of("a change"), withToken(testToken))
			after += numberOf(of("an add"), token) + numberOf(of("a change"), token) +
				phoneNumber(labelOf(of("a replacement")), "whatsapp", metaIDOf(of("another Meta id")), token)
		}
	}
	w.write("main.tf", before)
	w.apply().succeeded()
	w.write("main.tf", after)
	planned := w.plan()
	for name, row := range invalidTokens {
		for _, attribute := range []string{"plain", "write-only"} {
			for _, change := range []string{"an add", "a replacement", "a change"} {
				t.Run(name+", "+attribute+", "+change, func(t *testing.T) {
					found := planned.of(addressOf(name + ", " + attribute + ", " + change))
					found.t = t
					found.failed("Invalid access token", row.says)
					if text := fmt.Sprint(found.Errors); strings.Contains(text, strings.TrimSpace(row.token)) {
						t.Errorf("the token shows: %s", text)
					}
				})
			}
		}
	}
}
