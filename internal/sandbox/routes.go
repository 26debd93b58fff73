// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"net/http"
	"net/url"
	"strings"
)

// Operation is what a request asked for.
type Operation string

// The operations of the API. OpAny, the zero value, matches all of them and is
// never the operation of a Request.
const (
	OpAny    Operation = ""
	OpAdd    Operation = "add"
	OpList   Operation = "list"
	OpDelete Operation = "delete"

	OpCreateAgent Operation = "agent create"
	OpListAgents  Operation = "agent list"
	OpReadAgent   Operation = "agent read"
	OpUpdateAgent Operation = "agent update"
	OpDeleteAgent Operation = "agent delete"

	OpCheckToken Operation = "token check" // of Meta alone
	OpOther      Operation = "other"       // no route serves it
)

// routes are the operations by method and resource; ofOne has an id behind it.
var routes = map[string]struct{ ofAll, ofOne map[string]Operation }{
	"phone_numbers": {
		ofAll: map[string]Operation{http.MethodPost: OpAdd, http.MethodGet: OpList},
		ofOne: map[string]Operation{http.MethodDelete: OpDelete},
	},
	"agents": {
		ofAll: map[string]Operation{http.MethodPost: OpCreateAgent, http.MethodGet: OpListAgents},
		ofOne: map[string]Operation{
			http.MethodGet: OpReadAgent, http.MethodPatch: OpUpdateAgent, http.MethodDelete: OpDeleteAgent,
		},
	},
}

// perform does what a request that is admitted asks for.
func (e *exchange) perform() (Answer, error) {
	switch e.route.operation {
	case OpAdd:
		return e.addNumber()
	case OpList:
		return e.listNumbers()
	case OpDelete:
		return e.deleteNumber()
	case OpCreateAgent:
		return e.createAgent()
	case OpListAgents:
		return e.listAgents()
	case OpReadAgent:
		return e.readAgent()
	case OpUpdateAgent:
		return e.updateAgent()
	default:
		return e.deleteAgent()
	}
}

// route is what a method and path ask for.
type route struct {
	operation Operation
	userID    string
	id        string // of a number or an agent
}

// findRoute splits the escaped path, so that an escaped slash stays in its id.
func findRoute(base string, r *http.Request) route {
	none := route{operation: OpOther}
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), base+"/users/")
	if !ok {
		return none
	}
	elements := strings.Split(path, "/")
	for i, element := range elements {
		plain, err := url.PathUnescape(element)
		if err != nil || plain == "" {
			return none
		}
		elements[i] = plain
	}
	found := route{userID: elements[0]}
	switch len(elements) {
	case 2:
		found.operation = routes[elements[1]].ofAll[r.Method]
	case 3:
		found.operation, found.id = routes[elements[1]].ofOne[r.Method], elements[2]
	}
	if found.operation == "" {
		return none
	}
	return found
}
