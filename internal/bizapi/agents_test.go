// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox/contract"
)

// newAgent is one for the first number of an account.
func (a *api) newAgent(userID string) NewAgent {
	return NewAgent{PhoneNumberID: a.holds(userID)[0], PromptID: "pmpt_1", Name: "Reception"}
}

// agents returns the ids that the sandbox has.
func (a *api) agents(userID string) []string {
	ids := []string{}
	for _, agent := range a.sandbox.Agents(userID) {
		ids = append(ids, agent.ID)
	}
	return ids
}

func (a *api) creates() int { return a.sandbox.Count(sandbox.OpCreateAgent) }

func TestTheLifeOfAnAgent(t *testing.T) {
	inDialects(t, "", func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect}, func(o *Options) { o.Transport = contract.NewTransport(t, o.Transport) })
		api.fill(user, 3)
		created, adopted, err := api.CreateAgent(t.Context(), user, api.newAgent(user))
		must(t, err)
		if held := api.agents(user); adopted || !slices.Equal(held, []string{created.ID}) {
			t.Fatalf("adopted %t %+v, the API holds %v", adopted, created, held)
		}
		pass(time.Hour) // the listing is over
		found, err := api.FindAgent(t.Context(), user, created.ID, created.CreatedAt)
		must(t, err)
		if found != created {
			t.Errorf("found %+v, created %+v", found, created)
		}
		_, err = api.ListAgents(t.Context(), user) // the listing that serves from here on
		must(t, err)
		updated, err := api.UpdateAgent(t.Context(), created, AgentChange{Name: "Front desk"})
		must(t, err)
		if updated.Name != "Front desk" || updated.PromptID != "pmpt_1" || updated.UpdatedAt == created.UpdatedAt || updated.CreatedAt != created.CreatedAt {
			t.Errorf("updated %+v", updated)
		}
		listed, err := api.ListAgents(t.Context(), user)
		must(t, err)
		if !slices.Equal(listed, []Agent{updated}) {
			t.Errorf("listed %+v, updated %+v", listed, updated)
		}
		answering, ok, err := api.AgentOfNumber(t.Context(), user, created.PhoneNumberID)
		must(t, err)
		if !ok || answering != updated {
			t.Errorf("on the number answers %+v", answering)
		}
		for range 2 { // one that is gone already is done
			must(t, api.DeleteAgent(t.Context(), updated))
		}
		_, err = api.FindAgent(t.Context(), user, created.ID, created.CreatedAt)
		isGone(t, err)
		if held := api.agents(user); len(held) > 0 {
			t.Errorf("the API holds %v", held)
		}
	})
}

func TestAnAgentIDIsSentWhereTheServerInsistsOnOne(t *testing.T) {
	for dialect, posts := range map[sandbox.Dialect]int{sandbox.Published: 2, sandbox.Deployed: 3} {
		run(t, string(dialect), func(t *testing.T) {
			api := newAPI(t, sandbox.Options{Dialect: dialect})
			for _, number := range api.fill(user, 2) {
				_, _, err := api.CreateAgent(t.Context(), user, NewAgent{PhoneNumberID: number, PromptID: "pmpt_1", Name: "Reception"})
				must(t, err)
			}
			if api.creates() != posts { // it is refused once a process
				t.Errorf("%d posts, want %d", api.creates(), posts)
			}
			madeUp := regexp.MustCompile(`"agent_id":"agt_[A-Z2-7]{26}"`)
			for at, request := range slices.DeleteFunc(api.sandbox.Requests(), func(r sandbox.Request) bool { return r.Operation != sandbox.OpCreateAgent }) {
				if isFirst := at == 0; dialect == sandbox.Deployed && isFirst == madeUp.Match(request.Body) || isFirst && bytes.Contains(request.Body, []byte("agent_id")) {
					t.Errorf("post %d: %s", at, request.Body)
				}
			}
		})
	}
}

func TestA201WithAnIDIsDoneWhateverElseItSays(t *testing.T) {
	run(t, "", func(t *testing.T) {
		api := newAPI(t, sandbox.Options{Dialect: sandbox.Published})
		api.fill(user, 1)
		const odd = `{"agent_id":"agt_odd","name":["Reception"],"prompt_id":7,"phone_number_id":{},"created_at":"today"}`
		api.sandbox.Script(sandbox.Fault{On: sandbox.OpCreateAgent, Do: sandbox.Respond(201, jsonType, odd)})
		created, adopted, err := api.CreateAgent(t.Context(), user, api.newAgent(user))
		must(t, err)
		if created.ID != "agt_odd" || created.Name != "Reception" || adopted || api.creates() != 1 {
			t.Errorf("created %+v with %d posts, adopted: %t", created, api.creates(), adopted)
		}
	})
}

func TestALostAnswerToACreateIsResolvedByAListing(t *testing.T) {
	for _, commit := range []bool{true, false} {
		for _, fault := range resets(commit) {
			inDialects(t, fault.name, func(t *testing.T, dialect sandbox.Dialect) {
				api := newAPI(t, sandbox.Options{Dialect: dialect})
				api.fill(user, 3)
				skip := 0
				if dialect == sandbox.Deployed { // the refusal that asks for an id
					skip = 1
				}
				api.sandbox.Script(sandbox.Fault{On: sandbox.OpCreateAgent, Skip: skip, Commit: commit, Do: fault.behave})
				created, adopted, err := api.CreateAgent(t.Context(), user, api.newAgent(user))
				must(t, err)
				if held := api.agents(user); !slices.Equal(held, []string{created.ID}) || created.Name != "Reception" {
					t.Errorf("created %+v, the API holds %v", created, held)
				}
				// An id that this process made up is nobody else's.
				if want := commit && dialect == sandbox.Published; adopted != want {
					t.Errorf("adopted: %t", adopted)
				}
			})
		}
	}
}

func TestCreateAgent(t *testing.T) {
	for _, test := range []struct {
		name     string
		arrange  func(api *api, agent *NewAgent)
		want     Kind
		existing bool
		sent     bool
	}{
		{name: "a second agent on a number is named, without a post", arrange: func(api *api, agent *NewAgent) {
			api.sandbox.AddAgent(user, sandbox.Agent{PhoneNumberID: agent.PhoneNumberID, PromptID: "p", Name: "theirs"})
		}, want: KindAlreadyExists, existing: true},
		{name: "an agent that came since the listing is named", arrange: func(api *api, agent *NewAgent) {
			api.sandbox.Script(sandbox.Fault{On: sandbox.OpCreateAgent, Before: func() {
				api.sandbox.AddAgent(user, sandbox.Agent{PhoneNumberID: agent.PhoneNumberID, PromptID: "p", Name: "theirs"})
			}})
			agent.ID = "agt_mine"
		}, want: KindAlreadyExists, existing: true, sent: true},
		{name: "an agent of another name after a lost answer is not adopted", arrange: func(api *api, agent *NewAgent) {
			api.sandbox.Script(sandbox.Fault{On: sandbox.OpCreateAgent, Do: sandbox.Drop(), Before: func() {
				api.sandbox.AddAgent(user, sandbox.Agent{PhoneNumberID: agent.PhoneNumberID, PromptID: "p", Name: "theirs"})
			}})
		}, want: KindAlreadyExists, existing: true, sent: true},
		{name: "a number that the user does not have is not sent", arrange: func(_ *api, agent *NewAgent) {
			agent.PhoneNumberID = "pn_missing"
		}, want: KindNotFound},
		{name: "another user's number is not sent", arrange: func(api *api, agent *NewAgent) {
			agent.PhoneNumberID = api.fill(otherUser, 1)[0]
		}, want: KindNotFound},
		{name: "an id that is taken is the API's own message", arrange: func(api *api, agent *NewAgent) {
			agent.ID = api.sandbox.AddAgent(otherUser, sandbox.Agent{PhoneNumberID: api.fill(otherUser, 1)[0], PromptID: "p", Name: "n"}).ID
		}, want: KindAlreadyExists, sent: true},
		{name: "an id that the server refuses is not replaced", arrange: func(_ *api, agent *NewAgent) {
			agent.ID = "not an id"
		}, want: KindOther, sent: true},
		{name: "a database that is down is asked as often as retries allow", arrange: func(api *api, _ *NewAgent) {
			api.sandbox.Script(sandbox.Fault{On: sandbox.OpCreateAgent, Times: sandbox.Always, Do: sandbox.DatabaseDown()})
		}, want: KindServer, sent: true},
	} {
		run(t, test.name, func(t *testing.T) {
			api := newAPI(t, sandbox.Options{Dialect: sandbox.Deployed})
			api.fill(user, 3)
			agent := api.newAgent(user)
			test.arrange(api, &agent)
			_, _, err := api.CreateAgent(t.Context(), user, agent)
			failure := failureOf(t, err, test.want)
			if (failure.ExistingID != "") != test.existing || test.existing && !slices.Equal(api.agents(user), []string{failure.ExistingID}) {
				t.Errorf("%q is in the way, the API holds %v", failure.ExistingID, api.agents(user))
			}
			if isSent := api.creates() > 0; isSent != test.sent {
				t.Errorf("%d posts", api.creates())
			}
		})
	}
}

// Where the listing before the create failed, only an id that this process chose shows whose an agent is.
func TestALostAnswerWithoutAListingBeforeIt(t *testing.T) {
	for id, want := range map[string]Kind{"agt_mine": succeeds, "": KindAlreadyExists} {
		run(t, "id "+id, func(t *testing.T) {
			api := newAPI(t, sandbox.Options{Dialect: sandbox.Deployed})
			api.fill(user, 3)
			agent := api.newAgent(user)
			agent.ID = id
			if id == "" {
				api.sandbox.AddAgent(user, sandbox.Agent{PhoneNumberID: agent.PhoneNumberID, PromptID: agent.PromptID, Name: agent.Name})
			}
			api.sandbox.Script(
				sandbox.Fault{On: sandbox.OpListAgents, Times: 1 + DefaultMaxRetries, Do: sandbox.Respond(500, "", "")},
				sandbox.Fault{On: sandbox.OpCreateAgent, Commit: true, Do: sandbox.Drop()})
			_, adopted, err := api.CreateAgent(t.Context(), user, agent)
			check(t, err, want)
			if adopted {
				t.Error("an agent of this process is taken for one that may be another's")
			}
		})
	}
}

func TestAnIDThatWasDeletedIsUsedAgain(t *testing.T) {
	for name, test := range map[string]struct {
		lag   time.Duration
		fault sandbox.Fault
	}{
		"while lists still have the old one": {lag: time.Minute},
		"though the answer is lost":          {fault: sandbox.Fault{On: sandbox.OpCreateAgent, Skip: 1, Commit: true, Do: sandbox.Drop()}},
	} {
		run(t, name, func(t *testing.T) {
			api := newAPI(t, sandbox.Options{Dialect: sandbox.Deployed, ListDeletesAfter: test.lag})
			api.fill(user, 3)
			api.sandbox.Script(test.fault)
			agent := api.newAgent(user)
			agent.ID = "agt_front_desk"
			for _, name := range []string{"one", "two"} {
				agent.Name = name
				created, _, err := api.CreateAgent(t.Context(), user, agent)
				must(t, err)
				found, err := api.FindAgent(t.Context(), user, agent.ID, "")
				must(t, err)
				if found != created || found.Name != name {
					t.Errorf("found %+v, created %+v", found, created)
				}
				if name == "one" {
					must(t, api.DeleteAgent(t.Context(), created))
				}
			}
		})
	}
}

func TestUpdateAgent(t *testing.T) {
	for _, test := range []struct {
		name    string
		arrange func(api *api, id string)
		want    Kind
	}{
		{"a database that fails for a moment is asked again", func(api *api, _ string) {
			api.sandbox.Script(sandbox.Fault{On: sandbox.OpUpdateAgent, Times: 2, Do: sandbox.DatabaseDown()})
		}, succeeds},
		{"a lost answer is repeated", func(api *api, _ string) {
			api.sandbox.Script(sandbox.Fault{On: sandbox.OpUpdateAgent, Commit: true, Do: sandbox.Drop()})
		}, succeeds},
		{"an agent that is gone is named", func(api *api, id string) { api.sandbox.RemoveAgent(id) }, KindNotFound},
		{"a page of HTML is an error", func(api *api, _ string) {
			api.sandbox.Script(sandbox.Fault{On: sandbox.OpUpdateAgent, Times: sandbox.Always, Do: sandbox.Respond(200, "text/html", htmlPage)})
		}, KindUnreadable},
	} {
		inDialects(t, test.name, func(t *testing.T, dialect sandbox.Dialect) {
			api := newAPI(t, sandbox.Options{Dialect: dialect})
			api.fill(user, 3)
			agent, _, err := api.CreateAgent(t.Context(), user, api.newAgent(user))
			must(t, err)
			test.arrange(api, agent.ID)
			updated, err := api.UpdateAgent(t.Context(), agent, AgentChange{PromptID: "pmpt_2"})
			check(t, err, test.want)
			if err == nil && (updated.PromptID != "pmpt_2" || api.sandbox.Agents(user)[0].PromptID != "pmpt_2" || updated.Name != agent.Name) {
				t.Errorf("updated %+v", updated)
			}
		})
	}
}

func TestAnAgentThatWentWithItsNumberIsGone(t *testing.T) {
	inDialects(t, "", func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		numbers := api.fill(user, 3)
		id := api.sandbox.AddAgent(user, sandbox.Agent{PhoneNumberID: numbers[0], PromptID: "p", Name: "n"}).ID
		agent, err := api.FindAgent(t.Context(), user, id, "")
		must(t, err)
		api.sandbox.Remove(numbers[0])
		must(t, api.DeleteAgent(t.Context(), agent))
	})
}

// The list of an unknown user is empty, and so is the one of a wrong user_id.
func TestAnUnknownUsersAgentsAreNotGone(t *testing.T) {
	inDialects(t, "", func(t *testing.T, dialect sandbox.Dialect) {
		api := newAPI(t, sandbox.Options{Dialect: dialect})
		_, err := api.FindAgent(t.Context(), "usr_unknown", "agt_1", "")
		check(t, err, KindUnknownUser)
		_, err = api.ListAgents(t.Context(), "usr_unknown")
		check(t, err, KindUnknownUser)
		agents, err := api.ListAgents(t.Context(), user)
		must(t, err)
		if len(agents) > 0 {
			t.Errorf("listed %v", agents)
		}
		_, err = api.FindAgent(t.Context(), user, "agt_1", "")
		isGone(t, err)
	})
}

func TestAFailureRemovesNoAgent(t *testing.T) {
	inDialects(t, "", func(t *testing.T, dialect sandbox.Dialect) {
		for _, on := range []sandbox.Operation{sandbox.OpListAgents, sandbox.OpList} {
			api := newAPI(t, sandbox.Options{Dialect: dialect})
			api.fill(user, 3)
			api.sandbox.Script(sandbox.Fault{On: on, Times: sandbox.Always, Do: sandbox.DatabaseDown()})
			if _, err := api.FindAgent(t.Context(), user, "agt_1", ""); errors.Is(err, ErrNotFound) {
				t.Errorf("%s fails: %v", on, err)
			}
		}
	})
}
