// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/bizapi/terraform-provider-bizapi/internal/sandbox"
)

// Bounds of what the provider must reach.
const (
	mostRequests      = 2    // of a plan of up to 1,000 numbers
	mostTimeRatio     = 1.00 // of a plan, to the floor's
	mostApplyRatio    = 1.15 // of an apply, to the floor's
	mostMemoryRatio   = 1.5
	mostLists         = 2    // of an apply: one for its plan, one for itself
	mostLimitOverhead = 1.05 // of an apply under a rate limit, to the limit's own minimum
)

// sizes say how much work each measure does.
type sizes struct {
	curve   []size // the last but one is the one of the request bound, the last that of memory
	page    int    // cap of pages for the largest size
	added   size   // numbers of an apply
	limited int    // numbers of an apply under a limit
	limit   int    // requests that the limit allows in a window
	window  time.Duration
	users   int // each with as many numbers as the smallest size of the curve
	starts  int // starts that a time is the median of
	// areQuick says that times mean nothing.
	areQuick bool
}

// size is one of the curve.
type size struct {
	numbers int
	runs    int // plans that a time is the median of
}

// fullSizes are those of the bounds. A plan of 10,000 numbers takes the CLI itself some minutes.
func fullSizes() sizes {
	return sizes{
		curve: []size{{100, 5}, {1000, 5}, {10_000, 1}}, page: 100,
		added: size{1000, 3}, limited: 250, limit: 100, window: 15 * time.Second,
		users: 10, starts: 15,
	}
}

func quickSizes() sizes {
	return sizes{
		curve: []size{{10, 1}, {20, 1}, {120, 1}}, page: 50,
		added: size{12, 1}, limited: 25, limit: 12, window: time.Second,
		users: 3, starts: 1,
		areQuick: true,
	}
}

// bench is what the measures work with, and what they found.
type bench struct {
	api   *api
	work  *workspace
	cli   *cli
	sizes sizes
	// progress hears what is being measured.
	progress func(format string, args ...any)

	results []result
	curve   []point
}

func (b *bench) note(results ...result) { b.results = append(b.results, results...) }

// measures are all of them, in the order of the report.
func (b *bench) measures() []func(context.Context) error {
	return []func(context.Context) error{
		b.takeTemplate, b.measureCurve, b.measureCappedPages, b.measureApply, b.measureLimitedApply, b.measureUsers, b.measureStart,
	}
}

// takeTemplate adds one number with the provider and keeps the state that comes of it.
func (b *bench) takeTemplate(ctx context.Context) error {
	b.progress("adding one number, as the template of all states")
	b.api.newAccount(1, sandbox.Options{})
	directory, err := b.work.configure(1, 1)
	if err != nil {
		return err
	}
	if _, err := b.cli.apply(ctx, directory, b.work.provider); err != nil {
		return err
	}
	b.work.template, err = readState(directory)
	return err
}

// measureCurve refreshes and plans one user's numbers, that match their state, in three sizes.
func (b *bench) measureCurve(ctx context.Context) error {
	for _, size := range b.sizes.curve {
		p, err := b.measurePoint(ctx, size)
		if err != nil {
			return err
		}
		b.curve = append(b.curve, p)
	}
	middle, largest := b.curve[len(b.curve)-2], b.curve[len(b.curve)-1]
	plan := fmt.Sprintf("plan of %s numbers: ", grouped(middle.numbers))
	b.note(atMost(plan+"requests", middle.requests, mostRequests), timeRatio(plan+"time, to the floor's", middle))
	b.note(memoryRatio(fmt.Sprintf("plan of %s numbers: memory, to the floor's", grouped(largest.numbers)), largest))
	return nil
}

// measureCappedPages is the largest size on a server that caps its pages. The floor's time is that of
// the curve: it asks no server.
func (b *bench) measureCappedPages(ctx context.Context) error {
	size := b.sizes.curve[len(b.sizes.curve)-1]
	b.progress("planning %s in pages of %d: %s of the provider", numbered(size.numbers, "number"), b.sizes.page, numbered(size.runs, "run"))
	account := b.api.newAccount(1, sandbox.Options{MaxPageSize: b.sizes.page})
	directory, err := b.work.populate(account, size.numbers)
	if err != nil {
		return err
	}
	p := point{floor: b.curve[len(b.curve)-1].floor}
	var provider []figures
	for range size.runs {
		account.forget()
		took, err := b.cli.plan(ctx, directory, b.work.provider)
		if err != nil {
			return err
		}
		provider, p.requests = append(provider, took), max(p.requests, len(account.asked()))
	}
	p.provider = medians(provider)
	plan := fmt.Sprintf("plan of %s numbers in pages of %d: ", grouped(size.numbers), b.sizes.page)
	b.note(atMost(plan+"requests", p.requests, mostPages(size.numbers, b.sizes.page)), timeRatio(plan+"time, to the floor's", p))
	return nil
}

// mostPages is how many requests a listing may take: each page but the first repeats a twentieth of one,
// and two more may show that it has ended.
func mostPages(numbers, page int) int {
	step := page - min(max(page/20, 1), 20)
	return (numbers-page+step-1)/step + 2
}

// measurePoint takes turns between provider and floor, so that what else the machine does falls on
// both.
func (b *bench) measurePoint(ctx context.Context, size size) (point, error) {
	b.progress("planning %s: %s each of the provider and of the floor", numbered(size.numbers, "number"), numbered(size.runs, "run"))
	account := b.api.newAccount(1, sandbox.Options{})
	directory, err := b.work.populate(account, size.numbers)
	if err != nil {
		return point{}, err
	}
	var provider, floor []figures
	p := point{numbers: size.numbers}
	for range size.runs {
		account.forget()
		took, err := b.cli.plan(ctx, directory, b.work.provider)
		if err != nil {
			return point{}, err
		}
		provider, p.requests = append(provider, took), max(p.requests, len(account.asked()))
		if took, err = b.cli.plan(ctx, directory, b.work.floor); err != nil {
			return point{}, err
		}
		floor = append(floor, took)
	}
	p.provider, p.floor = medians(provider), medians(floor)
	return p, nil
}

func timeRatio(measure string, p point) result {
	return ratio(measure, "s", p.provider.time.Seconds(), p.floor.time.Seconds(), mostTimeRatio)
}

func memoryRatio(measure string, p point) result {
	if p.provider.memory == 0 || p.floor.memory == 0 {
		return beside(measure, "not known on this system")
	}
	const perMiB = 1024
	return ratio(measure, "MiB", float64(p.provider.memory)/perMiB, float64(p.floor.memory)/perMiB, mostMemoryRatio)
}

// measureApply adds new numbers, in turns with the floor, which calls nothing.
func (b *bench) measureApply(ctx context.Context) error {
	numbers := b.sizes.added.numbers
	b.progress("adding %s numbers: %s each of the provider and of the floor", grouped(numbers), numbered(b.sizes.added.runs, "run"))
	apply := fmt.Sprintf("apply of %s new numbers: ", grouped(numbers))
	var provider, floor []figures
	for at := range b.sizes.added.runs {
		account, took, found, err := b.add(ctx, numbers, sandbox.Options{})
		if err != nil {
			return err
		}
		provider = append(provider, took)
		if at == 0 {
			asked := account.asked()
			b.note(exactly(apply+"adds", len(with(asked, http.MethodPost)), numbers),
				atMost(apply+"lists", len(with(asked, http.MethodGet)), mostLists),
				found.result(apply+"in the state as on the API"))
		}
		directory, err := b.work.configure(numbers, 1)
		if err != nil {
			return err
		}
		if took, err = b.cli.apply(ctx, directory, b.work.floor); err != nil {
			return err
		}
		floor = append(floor, took)
	}
	b.note(ratio(apply+"time, to the floor's", "s", medians(provider).time.Seconds(), medians(floor).time.Seconds(), mostApplyRatio))
	return nil
}

// measureLimitedApply adds new numbers where the API allows only so many requests in a time.
func (b *bench) measureLimitedApply(ctx context.Context) error {
	s := b.sizes
	b.progress("adding %s numbers at %d requests in %s", grouped(s.limited), s.limit, s.window)
	account, _, found, err := b.add(ctx, s.limited, sandbox.Options{RequestsPerWindow: s.limit, Window: s.window})
	if err != nil {
		return err
	}
	asked := account.asked()
	apply := fmt.Sprintf("apply of %s at %d requests in %s: ", grouped(s.limited), s.limit, s.window)
	b.note(
		exactly(apply+"numbers added", len(account.sandbox.Numbers(account.users[0])), s.limited),
		exactly(apply+"adds that the API served", len(with(served(asked), http.MethodPost)), s.limited),
		found.result(apply+"in the state as on the API"),
		withNote(
			ratio(apply+"time, to the limit's own", "s", span(asked).Seconds(), limitTime(asked).Seconds(), mostLimitOverhead),
			fmt.Sprintf("the limit's own time is that of the windows used up, each from its first request to the end of the wait that the API states in whole seconds; the windows alone are %s",
				time.Duration((len(served(asked))-1)/s.limit)*s.window)))
	return nil
}

// add applies new numbers of one user to an empty account.
func (b *bench) add(ctx context.Context, numbers int, options sandbox.Options) (*account, figures, agreement, error) {
	account := b.api.newAccount(1, options)
	directory, err := b.work.configure(numbers, 1)
	if err != nil {
		return nil, figures{}, agreement{}, err
	}
	took, err := b.cli.apply(ctx, directory, b.work.provider)
	if err != nil {
		return nil, figures{}, agreement{}, err
	}
	ids, err := idsInState(directory)
	return account, took, agree(ids, account.sandbox.Numbers(account.users[0])), err
}

// measureUsers plans the numbers of many users, and then once more with one user's requests left
// without an answer until all others have theirs.
func (b *bench) measureUsers(ctx context.Context) error {
	users, each := b.sizes.users, b.sizes.curve[0].numbers
	b.progress("planning %d users with %s each", users, numbered(each, "number"))
	account := b.api.newAccount(users, sandbox.Options{})
	directory, err := b.work.populate(account, users*each)
	if err != nil {
		return err
	}
	if _, err := b.cli.plan(ctx, directory, b.work.provider); err != nil {
		return err
	}
	requests := len(account.asked())
	account.forget()
	perUser := b.curve[0].requests
	hold := account.holdUser(account.users[0], (users-1)*perUser)
	// With the CLI's ten at a time, ten of the held user's numbers would keep it from asking for more.
	if _, err := b.cli.plan(ctx, directory, b.work.provider, fmt.Sprintf("-parallelism=%d", 2*each)); err != nil {
		return err
	}
	plan := fmt.Sprintf("plan of %d users with %s numbers each: ", users, grouped(each))
	b.note(
		exactly(plan+"requests", requests, users*perUser),
		holds(plan+"none waits for another", hold.isOver(), fmt.Sprintf("with one user's first request left without an answer for %s, not all requests of the others came", longestHold)))
	return nil
}

// measureStart starts both programs in turns.
func (b *bench) measureStart(ctx context.Context) error {
	b.progress("starting provider and floor: %s each", numbered(b.sizes.starts, "run"))
	var provider, floor []time.Duration
	for range b.sizes.starts {
		took, err := timeToSchema(ctx, b.work.provider)
		if err != nil {
			return err
		}
		provider = append(provider, took)
		if took, err = timeToSchema(ctx, b.work.floor); err != nil {
			return err
		}
		floor = append(floor, took)
	}
	itself := func(d time.Duration) time.Duration { return d }
	b.note(beside("start to schema answered", fmt.Sprintf("%s (floor: %s)", milliseconds(median(provider, itself)), milliseconds(median(floor, itself)))))
	return nil
}
