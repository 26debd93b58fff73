// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unicode/utf16"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
	"github.com/bizapi/terraform-provider-bizapi/internal/tfcli"
)

// Secrets with what URLs, JSON and base64 write otherwise. The key is limited to what a header can
// carry.
const (
	awkwardKey       = `sk_test/+"&=\<>'!~%41?key`
	awkwardToken     = `EAA/+"&=\<>'!~%42?ü€𝄞one`
	nextAwkwardToken = `EAA/+"&=\<>'!~%43?ü€𝄞two`
)

// secret is a text that must not show. kept are the files where Terraform keeps what it was given,
// and which the provider therefore cannot keep it out of.
type secret struct {
	name, text string
	kept       []string
}

// where says how the secret is written in a text that was read in all ways; "" is not at all.
func (s secret) where(readings []reading) string {
	for _, reading := range readings {
		if at := strings.Index(reading.text, s.text); at >= 0 {
			return fmt.Sprintf("%s, behind %q", reading.how, reading.text[max(0, at-120):at])
		}
	}
	return ""
}

// reading is a text as somebody may read it who looks for a secret.
type reading struct{ how, text string }

// readings undoes every way of writing that tools reach for. They are undone as a whole, and not
// looked for form by form: then it does not matter which characters a tool leaves as they are.
func readings(text string) []reading {
	all := readingsOf("", text)
	for _, escaped := range all[1:] {
		all = append(all, reading{escaped.how + ", in it base64", base64Decoded(escaped.text)})
	}
	// Base64 within base64: private state is wrapped so, and what Go's JSON makes of bytes in it again.
	how := "base64 of "
	for inner := base64Decoded(text); inner != ""; inner = base64Decoded(inner) {
		all = append(all, readingsOf(how, inner)...)
		how += "base64 of "
	}
	return all
}

// readingsOf are the text itself and what differs from it once it is decoded.
func readingsOf(how, text string) []reading {
	all := []reading{{how + "plain", text}}
	for _, decoded := range []reading{
		{how + "URL-encoded", percentDecoded(text)},
		{how + "URL-encoded as a query", percentDecoded(strings.ReplaceAll(text, "+", " "))},
		{how + "JSON-escaped", jsonUnescaped(text)},
	} {
		if decoded.text != text {
			all = append(all, decoded)
		}
	}
	return all
}

// percentDecoded undoes URL escapes and leaves everything else.
func percentDecoded(text string) string {
	return decoded(text, '%', func(escape string) (string, int) {
		value, err := strconv.ParseUint(escape[1:min(3, len(escape))], 16, 8)
		if err != nil {
			return "%", 1
		}
		return string([]byte{byte(value)}), 3
	})
}

// jsonUnescaped undoes JSON's escapes in any text.
func jsonUnescaped(text string) string {
	return decoded(text, '\\', func(escape string) (string, int) {
		var units []uint16
		for at := 0; strings.HasPrefix(escape[at:], `\u`) && len(escape) >= at+6; at += 6 {
			unit, err := strconv.ParseUint(escape[at+2:at+6], 16, 16)
			if err != nil {
				break
			}
			units = append(units, uint16(unit))
		}
		switch {
		case units != nil:
			return string(utf16.Decode(units)), 6 * len(units)
		case len(escape) < 2:
			return escape, len(escape)
		}
		if at := strings.IndexByte("bfnrt", escape[1]); at >= 0 {
			return "\b\f\n\r\t"[at : at+1], 2
		}
		return escape[1:2], 2
	})
}

// decoded is text with each escape, which mark begins, as undo gives it with the escape's length.
func decoded(text string, mark byte, undo func(escape string) (string, int)) string {
	var plain strings.Builder
	for {
		at := strings.IndexByte(text, mark)
		if at < 0 {
			return plain.String() + text
		}
		undone, length := undo(text[at:])
		plain.WriteString(text[:at] + undone)
		text = text[at+length:]
	}
}

// base64Decoded is what every run of base64 in a text holds, read from each of its first four
// characters: what stands before it may belong to the alphabet too.
func base64Decoded(text string) string {
	runs := strings.FieldsFunc(strings.NewReplacer("-", "+", "_", "/").Replace(text), func(r rune) bool {
		return r != '+' && r != '/' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	var decoded strings.Builder
	for _, run := range runs {
		for skip := 0; skip < 4 && len(run)-skip >= 12; skip++ {
			whole := run[skip:]
			if len(whole)%4 == 1 {
				whole = whole[:len(whole)-1]
			}
			plain, err := base64.RawStdEncoding.DecodeString(whole)
			if err == nil {
				decoded.Write(append(plain, '\n'))
			}
		}
	}
	return decoded.String()
}

// hides fails the test if a secret stands in what a command printed, or in any file of the
// workspace but those that Terraform keeps it in. shown names the command.
func (w *cliWorkspace) hides(shown string, printed tfcli.Output, secrets ...secret) tfcli.Output {
	w.t.Helper()
	texts := w.files()
	texts[shown] = printed.Stdout + "\n" + printed.Stderr
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		read := readings(texts[name])
		for _, secret := range secrets {
			if found := secret.where(read); found != "" && !slices.Contains(secret.kept, name) {
				w.t.Errorf("%s after %s: %s holds it %s", secret.name, shown, name, found)
			}
		}
	}
	return printed
}

// files are the texts of all files in the workspace. A saved plan is an archive: its members are
// what is searched.
func (w *cliWorkspace) files() map[string]string {
	w.t.Helper()
	texts := map[string]string{}
	err := fs.WalkDir(os.DirFS(w.Dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(w.Dir, name))
		texts[name] = unpacked(content)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return texts
}

func unpacked(content []byte) string {
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return string(content)
	}
	var text strings.Builder
	for _, member := range archive.File {
		file, err := member.Open()
		if err != nil {
			return string(content)
		}
		_, _ = io.Copy(&text, file) // a damaged member is as good as its start
		text.WriteByte('\n')
	}
	return text.String()
}

func TestCLISecretSearchFindsEveryWriting(t *testing.T) {
	t.Parallel()
	asJSON := func(text string) string {
		encoded, err := json.Marshal(map[string]string{"token": text})
		if err != nil {
			t.Fatal(err)
		}
		return string(encoded)
	}
	encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	var ascii strings.Builder
	for _, unit := range utf16.Encode([]rune(awkwardToken)) {
		fmt.Fprintf(&ascii, `\u%04X`, unit)
	}
	component := strings.NewReplacer("%21", "!", "%27", "'", "%7E", "~", "+", "%20").Replace(url.QueryEscape(awkwardToken))
	writings := map[string]string{
		"plain":                                        "the token " + awkwardToken + " is bad",
		"query-escaped":                                url.Values{"token": {awkwardToken}}.Encode(),
		"query-escaped in lower case":                  strings.ToLower(url.QueryEscape(strings.ToLower(awkwardToken))),
		"path-escaped":                                 "/users/" + url.PathEscape(awkwardToken),
		"escaped as the path of a URL":                 (&url.URL{Path: "/users/" + awkwardToken}).String(),
		"escaped as by encodeURIComponent":             component,
		"JSON-escaped":                                 asJSON(awkwardToken),
		"JSON-escaped, ASCII alone":                    ascii.String(),
		"JSON-escaped slashes":                         strings.ReplaceAll(asJSON(awkwardToken), "/", `\/`),
		"base64 of JSON, as private state":             base64.StdEncoding.EncodeToString([]byte(asJSON(awkwardToken))),
		"base64 in base64 in base64, as a fingerprint": encode(asJSON(encode(asJSON(encode("salt" + awkwardToken))))),
		"base64 behind more of its letters":            "a/Path/" + base64.RawURLEncoding.EncodeToString([]byte(awkwardToken)),
	}
	for before := range 3 {
		text := "user:sec"[:5+before] + awkwardToken + "@host"
		writings[fmt.Sprintf("base64 behind %d bytes", 5+before)] = "Basic " + base64.StdEncoding.EncodeToString([]byte(text))
		writings[fmt.Sprintf("URL-safe base64 behind %d bytes", 5+before)] = base64.URLEncoding.EncodeToString([]byte(text))
	}
	var archive bytes.Buffer
	packer := zip.NewWriter(&archive)
	member, err := packer.Create("tfplan")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(member, strings.Repeat("plan ", 100)+awkwardToken)
	if err := packer.Close(); err != nil {
		t.Fatal(err)
	}
	writings["packed in a saved plan"] = archive.String()
	for _, name := range slices.Sorted(maps.Keys(writings)) {
		wanted := secret{text: awkwardToken}
		if strings.Contains(name, "lower case") {
			wanted.text = strings.ToLower(awkwardToken)
		}
		if wanted.where(readings(unpacked([]byte(writings[name])))) == "" {
			t.Errorf("%s: not found in %s", name, writings[name])
		}
	}
	if found := (secret{text: awkwardToken}).where(readings("the token " + nextAwkwardToken)); found != "" {
		t.Errorf("found in a text that does not hold it: %s", found)
	}
}

// newEchoingWorkspace is one whose server writes the secrets that it is sent, and those that it has,
// into everything that it answers. It gets its secrets from variables.
func newEchoingWorkspace(t *testing.T, dialect sandbox.Dialect) (*cliWorkspace, *testAPI) {
	t.Helper()
	api := newAPI(t, sandbox.Options{Dialect: dialect, APIKey: awkwardKey, EchoSecrets: true})
	w := newCLIWorkspace(t, api.baseURL)
	for name, value := range map[string]string{
		"BIZAPI_API_KEY": "", "TF_VAR_key": awkwardKey, "TF_VAR_token": awkwardToken,
		"BIZAPI_MAX_RETRIES": "0", "TF_LOG": "TRACE",
	} {
		w.Setenv(name, value)
	}
	return w, api
}

// secretVariables declares the variables of newEchoingWorkspace.
func secretVariables(ofToken string) string {
	return fmt.Sprintf(`
variable "key" {
  type      = string
  ephemeral = true
}
variable "token" {
  type = string
  %s
}
provider "bizapi" {
  api_key = var.key
}
`, ofToken)
}

func TestCLISecretsNeverShow(t *testing.T) {
	t.Parallel()
	// Where Terraform keeps an access_token that is not write-only.
	kept := []string{"terraform.tfstate", "terraform.tfstate.backup", "tfplan", "show -json tfplan", "show -json"}
	flows := map[string]struct {
		variable string
		argument string
		kept     []string
	}{
		"write-only": {"ephemeral = true", "access_token_wo = var.token\n  access_token_wo_version = ", nil},
		"plain":      {"sensitive = true", "access_token = var.token # ", kept},
	}
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		for _, name := range slices.Sorted(maps.Keys(flows)) {
			if name == "plain" && dialect == sandbox.Published { // the deployed one shows tokens
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				flow := flows[name]
				w, api := newEchoingWorkspace(t, dialect)
				hides := func(args ...string) tfcli.Output {
					t.Helper()
					return w.hides(strings.Join(args, " "), w.run(args...),
						secret{"the key", awkwardKey, nil}, secret{"a wrong key", awkwardKey + "wrong", nil},
						secret{"the token", awkwardToken, flow.kept}, secret{"the next token", nextAwkwardToken, flow.kept})
				}
				write := func(version int) {
					w.write("main.tf", secretVariables(flow.variable)+number(flow.argument+strconv.Itoa(version), named("Shop")))
				}
				ends := func(code int, done tfcli.Output) {
					t.Helper()
					if done.Code != code {
						t.Fatalf("exit code %d, wanted %d: %s", done.Code, code, done.Stdout)
					}
				}

				write(1)
				inTheWay := api.Add(otherUser, sandbox.Number{Platform: "whatsapp", MetaPhoneNumberID: whatsAppID, AccessToken: "EAAofSomebodyElse"})
				ends(1, hides("apply", "-auto-approve"))
				api.Remove(inTheWay.ID)

				ends(0, hides("plan", "-out=tfplan"))
				ends(0, hides("show", "-json", "tfplan"))
				ends(0, hides("apply", "-json", "tfplan"))
				ends(0, hides("show", "-json"))
				w.remove("tfplan")

				w.logs()
				w.Setenv("TF_VAR_token", nextAwkwardToken)
				write(2)
				ends(0, hides("apply", "-auto-approve", "-json"))
				if logged := w.read("trace.log"); !strings.Contains(logged, "API request") {
					t.Error("the log has no line of a request: nothing is proven")
				}
				w.remove("trace.log")
				w.Setenv("TF_LOG_PATH", "")

				// Without a refresh: that is given no write-only token, and this server has it in what it says.
				w.Setenv("TF_VAR_key", awkwardKey+"wrong")
				w.write("another.tf", phoneNumber("another", "whatsapp", otherID, flow.argument+"1"))
				ends(1, hides("plan", "-json", "-refresh=false"))
				w.remove("another.tf")
				w.Setenv("TF_VAR_key", awkwardKey)
				api.Script(sandbox.Fault{On: sandbox.OpDelete, Do: echoOf(http.StatusForbidden)})
				ends(1, hides("destroy", "-auto-approve", "-json"))
				ends(0, hides("destroy", "-auto-approve", "-json"))
			})
		}
	})
}

// echoOf answers with everything that it was sent, in every form that is cut out.
func echoOf(status int) sandbox.Behaviour {
	return func(w http.ResponseWriter, r *http.Request, answer sandbox.Answer) {
		sent, _ := io.ReadAll(r.Body) // read from memory
		key := r.Header.Get("x-api-key")
		encoded, _ := json.Marshal(map[string]string{"error": "Refused", "message": strings.Join([]string{
			"sent", key, string(sent), url.QueryEscape(key),
		}, " ")})
		sandbox.Respond(status, "application/json", string(encoded), "X-Correlation-Id: "+key)(w, r, answer)
	}
}

func TestCLISecretsOfCrashesNeverShow(t *testing.T) {
	t.Parallel()
	w, api := newEchoingWorkspace(t, sandbox.Deployed)
	w.write("main.tf", secretVariables("ephemeral = true")+number("access_token_wo = var.token\n  access_token_wo_version = 1"))
	w.logs()
	// While the add is on its way, the provider is told to end as a Go program does that panics: it
	// prints what each of its goroutines was doing.
	arrived := arrival(api, sandbox.Fault{On: sandbox.OpAdd, Do: sandbox.Hang()})
	_, wait := w.start()
	<-arrived
	if err := w.provider().Signal(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	crashed := w.hides("a crash", wait(), secret{"the key", awkwardKey, nil}, secret{"the token", awkwardToken, nil})
	if crashed.Code == 0 || !strings.Contains(w.read("trace.log"), "SIGQUIT") {
		t.Errorf("the provider did not crash: %s\n%s", crashed.Stdout, crashed.Stderr)
	}
}

// The secrets are in places where they are easily passed on: cut in half, in what is no API's answer, and
// in fields that are shown elsewhere.
func TestCLISecretsInMisleadingAnswers(t *testing.T) {
	const strangersToken = "EAAtokenOfAnotherNumberThatNobodyGave"
	both := awkwardKey + " " + awkwardToken
	quoted := func(text string) string { encoded, _ := json.Marshal(text); return string(encoded) }
	answers := map[string]sandbox.Behaviour{
		"a body that ends within the secret once it is cut": sandbox.Respond(400, "text/plain", strings.Repeat("x", 110)+both),
		"a long body that holds it at its cut":              sandbox.Respond(400, "text/plain", strings.Repeat(" ", 590)+both),
		"a message that holds it at its cut":                sandbox.Respond(400, "application/json", `{"message":`+quoted(strings.Repeat("x ", 245)+both)+`}`),
		"a page":                                            sandbox.Respond(400, "text/html", "<title>"+both+"</title>"),
		"a page for a success":                              sandbox.Respond(201, "text/html", "<title>"+both+"</title>"),
		"a row of another number for an error":              sandbox.Respond(400, "application/json", `{"rows":[{"access_token":"`+strangersToken+`"}]}`),
		"a token in an envelope of its own":                 sandbox.Respond(201, "application/json", `[{"access_token":"`+strangersToken+`"}]`),
		"a time that is the token":                          sandbox.Respond(201, "application/json", `{"id":"n1","created_at":`+quoted(awkwardToken)+`}`),
		"a redirect to a path with the token":               sandbox.RedirectTo(302, "https://sign.in.test/"+url.PathEscape(awkwardToken)+"/x?key="+url.QueryEscape(awkwardKey)),
		"a redirect with user info":                         sandbox.RedirectTo(302, "https://"+url.PathEscape(awkwardKey)+":"+url.QueryEscape(awkwardToken)+"@sign.in.test/"),
		"a redirect to what is no address":                  sandbox.RedirectTo(302, "https://[::1/%zz"+awkwardToken),
		"a content type":                                    sandbox.Respond(400, both, "no"),
		"a correlation id":                                  sandbox.Respond(400, "application/json", `{"message":"no","correlationId":`+quoted(both)+`}`, "X-Correlation-Id: "+both),
		"a wait":                                            sandbox.Respond(503, "text/plain", "later", "Retry-After: "+both),
		"a failure with everything sent":                    echoOf(500),
		"a torn success":                                    sandbox.Torn(),
		"half a success":                                    sandbox.TornJSON(),
		"URL escapes of JavaScript":                         sandbox.Respond(400, "text/plain", strings.NewReplacer("%21", "!", "%27", "'", "%7E", "~").Replace(url.QueryEscape(awkwardToken))),
		"URL escapes of Python":                             sandbox.Respond(400, "text/plain", strings.NewReplacer("%2F", "/", "%7E", "~").Replace(url.QueryEscape(awkwardToken))),
		"JSON of Python within a message":                   sandbox.Respond(400, "text/plain", strings.NewReplacer("ü", `\u00fc`, "€", `\u20ac`, "𝄞", `\ud834\udd1e`, `"`, `\"`, `\`, `\\`).Replace(awkwardToken)),
	}
	t.Parallel()
	names := slices.Sorted(maps.Keys(answers))
	w, api := newEchoingWorkspace(t, sandbox.Deployed)
	blocks := secretVariables("ephemeral = true")
	for at, name := range names {
		blocks += fmt.Sprintf(`
resource "bizapi_phone_number" "n%[1]d" { # %[2]s
  platform                = "whatsapp"
  meta_phone_number_id    = "1000%[1]d"
  access_token_wo         = var.token
  access_token_wo_version = 1
}
`, at, name)
	}
	w.write("main.tf", blocks)
	api.Script(sandbox.Fault{On: sandbox.OpAdd, Times: sandbox.Always, Do: func(response http.ResponseWriter, request *http.Request, answer sandbox.Answer) {
		answers[names[addOf(t, request)]](response, request, answer)
	}})
	done := w.run("apply", "-auto-approve", "-json")
	w.hides("apply", done, secret{"the key", awkwardKey, nil}, secret{"the token", awkwardToken, nil},
		secret{"the token of another number", strangersToken, nil},
		// Half of a secret is one too. The first characters are those of every test key and token.
		secret{"the start of the key", awkwardKey[:12], nil}, secret{"the start of the token", awkwardToken[:10], nil},
		secret{"the start of another number's token", strangersToken[:20], nil})
	if done.Code == 0 {
		t.Error("the apply ended without an error")
	}
}

// addOf is which of the numbers 10000, 10001, … a request adds, from 0.
func addOf(t *testing.T, request *http.Request) int {
	t.Helper()
	var sent struct {
		MetaID string `json:"meta_phone_number_id"`
	}
	if err := json.NewDecoder(request.Body).Decode(&sent); err != nil {
		t.Errorf("not an add: %v", err)
	}
	at, err := strconv.Atoi(strings.TrimPrefix(sent.MetaID, "1000"))
	if err != nil {
		t.Errorf("not a number of this test: %s", sent.MetaID)
	}
	return at
}

// A token that was read from a file with its line end is a common slip. What a server makes of it in
// a header has no line end any more.
func TestCLISecretsWithALineEnd(t *testing.T) {
	t.Parallel()
	w, api := newEchoingWorkspace(t, sandbox.Deployed)
	w.Setenv("TF_VAR_token", testToken+"\n")
	w.write("main.tf", secretVariables("ephemeral = true")+number("access_token_wo = var.token\n  access_token_wo_version = 1"))
	api.Script(sandbox.Fault{On: sandbox.OpAdd, Do: sandbox.Respond(400, "application/json",
		`{"message":"Invalid access token `+testToken+`"}`, "X-Correlation-Id: "+testToken)})
	done := w.hides("apply", w.run("apply", "-auto-approve", "-json"), secret{"the token", testToken, nil})
	parsed(t, done).failed("Invalid access token")
}

// A refresh and a delete are given no write-only token, and the process before this one knew it: what has the
// form of Meta's tokens is cut out all the same.
func TestCLISecretsOfMetasFormThatAnotherProcessSent(t *testing.T) {
	t.Parallel()
	token := "EAA" + strings.Repeat("fakeToken9", 5)
	refused := sandbox.Respond(http.StatusForbidden, "application/json",
		fmt.Sprintf(`{"error":"Forbidden","message":"refused (%[1]s), token=%[1]s","correlationId":%[1]q}`, token), "X-Correlation-Id: "+token)
	dialects(t, func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		w := newCLIWorkspace(t, api.baseURL)
		w.logs()
		w.Setenv("TF_VAR_token", token)
		w.write("main.tf", "variable \"token\" {\n  type      = string\n  ephemeral = true\n}\n"+number("access_token_wo = var.token", "access_token_wo_version = 1"))
		w.apply().succeeded()
		hides := func(shown string, done cliOutcome) cliOutcome {
			t.Helper()
			w.hides(shown, done.Output, secret{"the token", token, nil})
			return done
		}
		api.Script(sandbox.Fault{On: sandbox.OpList, Do: refused})
		hides("a refused listing", w.plan("-refresh-only")).failed("Not allowed", "status 403", "correlation id")
		api.Script(sandbox.Fault{On: sandbox.OpDelete, Do: refused})
		hides("a refused delete", w.apply("-destroy")).failed("Not allowed", "status 403", "correlation id")
		if logged := w.read("trace.log"); !strings.Contains(logged, "API request") {
			t.Error("the log has no line of a request: nothing is proven")
		}
	})
}

func TestCLISecretsInBytesThatNobodyAskedFor(t *testing.T) {
	t.Parallel()
	w, api, _ := cliApplied(t, sandbox.Options{}, withWriteOnly(testToken, 1))
	w.logs()
	api.Script(sandbox.Fault{On: sandbox.OpList, Commit: true, Do: unsolicited(testToken)})
	w.hides("a refresh", w.plan("-refresh-only").succeeded().Output, secret{"the token", testToken, []string{"main.tf"}})
	if logged := w.read("trace.log"); !strings.Contains(logged, "API request") {
		t.Error("the log has no line of a request: nothing is proven")
	}
}

// unsolicited gives the ordinary answer, and then another that nobody asked for: Go's client logs how
// such a one begins.
func unsolicited(text string) sandbox.Behaviour {
	return func(w http.ResponseWriter, _ *http.Request, answer sandbox.Answer) {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(connection, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s%s", len(answer.Body), answer.Body, text)
		_, _ = io.Copy(io.Discard, connection) // until the client has seen it and gone
		_ = connection.Close()
	}
}
