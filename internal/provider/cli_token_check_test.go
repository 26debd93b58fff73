// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// verifies has the provider ask Meta about tokens.
func (w *cliWorkspace) verifies(metaURL string) {
	w.Setenv("BIZAPI_VERIFY_ACCESS_TOKENS", "true")
	w.Setenv("BIZAPI_META_GRAPH_URL", metaURL)
}

// newVerifyingWorkspace is a workspace whose provider asks Meta about tokens.
func newVerifyingWorkspace(t *testing.T) (*cliWorkspace, *testMeta) {
	t.Helper()
	w, meta := newCLIWorkspace(t, newAPI(t, sandbox.Options{}).baseURL), newMeta(t)
	w.verifies(meta.url)
	return w, meta
}

// The plan waits for the slower of the two, and not for one after the other.
func TestCLIMetaIsAskedWhileTheAPIIs(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(w *cliWorkspace){
		"of a create": func(w *cliWorkspace) {
			w.write("main.tf", number(withToken(testToken))+phoneNumber("second", "whatsapp", otherID, withToken(testToken)))
		},
		"of a replacement": func(w *cliWorkspace) {
			w.write("main.tf", phoneNumber("main", "whatsapp", otherID, withToken(testToken)))
		},
		"of a taint": func(w *cliWorkspace) { w.succeeds("taint", address) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, api, _ := cliApplied(t, sandbox.Options{}, withToken(testToken))
			prepare(w)
			meta := newMeta(t)
			w.verifies(meta.url)
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
			w.plan("-refresh=false").succeeded()
		})
	}
}

// hundred are the tokens of a hundred numbers.
var hundred = map[string]string{"one token": testToken, "a token of theirs": "EAAfakeTokenNumber${count.index}"}

// hundredNumbers is a block for them.
func hundredNumbers(token string) string {
	return strings.Replace(phoneNumber("main", "whatsapp", "", "count = 100", withToken(token)), `= ""`, "= tostring(1000 + count.index)", 1)
}

func TestCLIHundredNumbersAskMetaTenAtATime(t *testing.T) {
	t.Parallel()
	for name, token := range hundred {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, meta := newVerifyingWorkspace(t)
			meta.Script(sandbox.Fault{Times: sandbox.Always, Do: sandbox.Delay(5 * time.Millisecond)})
			w.write("main.tf", hundredNumbers(token))
			w.plan("-parallelism=100").succeeded().silent()
			if calls, most := meta.Count(sandbox.OpAny), meta.MostAtOnce(); calls != 100 || most > 10 || most < 2 {
				t.Errorf("%d calls, %d at a time", calls, most)
			}
		})
	}
}

func TestCLIWhatEndsTheChecksIsOneWarning(t *testing.T) {
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
		for tokens, token := range hundred {
			t.Run(name+" for "+tokens, func(t *testing.T) {
				t.Parallel()
				w, meta := newVerifyingWorkspace(t)
				meta.Script(sandbox.Fault{Times: sandbox.Always, Do: row.do})
				w.write("main.tf", hundredNumbers(token))
				w.plan("-parallelism=100").succeeded().warnedOnce("not checked", "nor those of numbers that are planned after it", row.says)
				if got := meta.Count(sandbox.OpAny); got > 10*row.calls {
					t.Errorf("Meta was asked %d times", got)
				}
			})
		}
	}
}

func TestCLIWhatMetaSaysOfItselfIsAWarning(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		e    sandbox.MetaError
		says []string
	}{
		"a permission that is missing": {sandbox.MetaNoPermission, []string{"could not be confirmed", "lacks a permission", "whatsapp_business_management", "code 10", "fbtrace_id"}},
		"a failure of Meta's":          {sandbox.MetaFailure, []string{"Access token was not checked", "code 2", "fbtrace_id"}},
		"a code that nobody knows":     {sandbox.MetaError{Status: 400, Code: 2500, Message: "Unknown path"}, []string{"Access token was not checked", "code 2500"}},
	}
	w, meta := newVerifyingWorkspace(t)
	text := ""
	for name, row := range rows {
		token := "EAAtokenOf" + metaIDOf(name)
		text += numberOf(name, withToken(token))
		meta.Refuse(token, row.e)
	}
	w.write("main.tf", text)
	planned := w.plan().succeeded()
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			found := planned.of(addressOf(name))
			found.t = t
			found.warnedOnce(append(row.says, metaIDOf(name))...)
		})
	}
}

// Meta may repeat the token in its message, in any form.
func TestCLITokenShowsInNoAnswerOfMetas(t *testing.T) {
	t.Parallel()
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
			w, meta := newVerifyingWorkspace(t)
			w.Setenv("TF_VAR_token", awkwardToken)
			meta.Script(sandbox.Fault{Times: sandbox.Always, Do: do})
			w.write("main.tf", sensitiveToken+number("access_token_wo = var.token", "access_token_wo_version = 1"))
			done := parsed(t, w.hides("plan", w.run("plan", "-json"), secret{"the token", awkwardToken, nil}))
			if len(done.Errors)+len(done.Warnings) != 1 {
				t.Errorf("it says %+v %+v", done.Errors, done.Warnings)
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
		w.verifies(meta.url)
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
	w.verifies("https://graph.test/v24.0")
	for name, value := range map[string]string{"HTTPS_PROXY": proxy.URL, "TF_VAR_token": testToken, "TF_LOG": "TRACE"} {
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
