// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// Always is a Fault's Times that hits every request that follows.
const Always = -1

// Fault is a misbehaviour that is scripted for requests to come.
type Fault struct {
	// On is the operation it hits; the zero value, OpAny, hits all.
	On Operation
	// Skip is how many matching requests pass it first.
	Skip int
	// Times is how many requests it hits; 0 means one.
	Times int
	// Commit has the operation take effect before the fault shows.
	Commit bool
	// Before is called before anything else of a hit request: for pages that
	// shift, or a number that appears meanwhile. No lock is held.
	Before func()
	// Do is what the client sees; nil: the ordinary answer.
	Do Behaviour
}

// Behaviour answers a request in place of the server. Answer is the ordinary
// answer where the fault commits, and the zero Answer where it does not.
type Behaviour func(w http.ResponseWriter, r *http.Request, answer Answer)

// script is the faults to come.
type script struct {
	mu     sync.Mutex
	faults []*scriptedFault
}

// Script adds faults behind those already scripted. A request is hit by the
// first fault that matches it and has hits left; those before it, which it
// passed, count it in their Skip.
func (s *script) Script(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		if f.Times == 0 {
			f.Times = 1
		}
		s.faults = append(s.faults, &scriptedFault{Fault: f})
	}
}

// ClearFaults ends all faults, those with hits left too.
func (s *script) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// scriptedFault is a fault and how far it has got.
type scriptedFault struct {
	Fault
	passed, hit int
}

func (f *scriptedFault) isSpent() bool { return f.Times != Always && f.hit >= f.Times }

// nextFault counts a request against the script.
func (s *script) nextFault(op Operation) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		switch {
		case f.isSpent() || f.On != OpAny && f.On != op:
		case f.passed < f.Skip:
			f.passed++
		default:
			f.hit++
			return f.Fault, true
		}
	}
	return Fault{}, false
}

// play answers a request: with the fault that is scripted for it, else in the
// ordinary way.
func (s *script) play(w http.ResponseWriter, r *http.Request, op Operation, answers responder) {
	fault, isScripted := s.nextFault(op)
	if isScripted && fault.Before != nil {
		fault.Before()
	}
	if !isScripted || fault.Do == nil {
		answers.ordinary().write(w)
		return
	}
	var answer Answer
	if fault.Commit {
		answer = answers.ordinary()
	}
	fault.Do(w, withResponder(r, answers), answer)
}

// Drop closes the connection without an answer. On a connection that was used
// before, Go's client repeats a GET of its own accord: such a request shows up
// twice.
func Drop() Behaviour {
	return func(http.ResponseWriter, *http.Request, Answer) { dropConnection() }
}

// Hang answers nothing until the client goes away.
func Hang() Behaviour {
	return func(_ http.ResponseWriter, r *http.Request, _ Answer) {
		<-r.Context().Done()
		dropConnection()
	}
}

// Respond answers with what is given, and with header lines such as
// "Retry-After: 3". An empty contentType leaves that header out.
func Respond(status int, contentType, body string, header ...string) Behaviour {
	return func(w http.ResponseWriter, _ *http.Request, _ Answer) {
		a := Answer{Status: status, Header: http.Header{"Content-Type": nil}, Body: []byte(body)}
		if contentType != "" {
			a.Header.Set("Content-Type", contentType)
		}
		for _, line := range header {
			name, value, _ := strings.Cut(line, ":")
			a.Header.Add(name, strings.TrimSpace(value))
		}
		a.write(w)
	}
}

// Torn sends the ordinary answer's header and half of its body, and closes the
// connection. An answer without a body is dropped whole. It takes the
// operation's effect with or without Commit.
func Torn() Behaviour {
	return func(w http.ResponseWriter, r *http.Request, answer Answer) {
		answer = ordinaryAnswer(r, answer)
		if len(answer.Body) > 0 {
			half := answer.Body[:len(answer.Body)/2]
			answer.writeHeader(w)
			_, _ = w.Write(half)
			_ = http.NewResponseController(w).Flush()
		}
		dropConnection()
	}
}

// TornJSON sends half of the ordinary answer's body as if it were all of it. It
// takes the operation's effect with or without Commit.
func TornJSON() Behaviour {
	return func(w http.ResponseWriter, r *http.Request, answer Answer) {
		answer = ordinaryAnswer(r, answer)
		answer.Body = answer.Body[:len(answer.Body)/2]
		answer.write(w)
	}
}

// RedirectTo sends the client elsewhere.
func RedirectTo(status int, location string) Behaviour {
	return Respond(status, "", "", "Location: "+location)
}

// Delay gives the ordinary answer after d. With Commit the operation takes
// effect before the wait; without it, after the wait, and not at all when the
// client went away meanwhile.
func Delay(d time.Duration) Behaviour {
	return func(w http.ResponseWriter, r *http.Request, answer Answer) {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			ordinaryAnswer(r, answer).write(w)
		case <-r.Context().Done():
			dropConnection()
		}
	}
}

// RateLimited answers the server's refusal of one request too many, with a
// Retry-After of the value given unless it is empty.
func RateLimited(retryAfter string) Behaviour {
	return func(w http.ResponseWriter, r *http.Request, _ Answer) {
		responderOf(r).refused(rateLimited(retryAfter)).write(w)
	}
}

// DatabaseDown answers as a deployed server does while its database is down: a
// list, a read, an update or a delete with 404, an add or a create with 400. With
// Commit the operation has taken effect.
func DatabaseDown() Behaviour {
	return func(w http.ResponseWriter, r *http.Request, _ Answer) {
		responderOf(r).databaseDown().write(w)
	}
}

// ordinaryAnswer has the operation take effect now where the fault did not
// commit.
func ordinaryAnswer(r *http.Request, answer Answer) Answer {
	if answer.Status != 0 {
		return answer
	}
	return responderOf(r).ordinary()
}

// dropConnection is net/http's way to end a connection in a handler.
func dropConnection() { panic(http.ErrAbortHandler) }
