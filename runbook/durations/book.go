package durations

import (
	"fmt"
	"strings"
	"time"

	"lockstep/runbook/plan"
)

// Sources are what a book is made of besides the table that comes with the
// program. Each may be missing. The keys of the maps are those of [Read].
type Sources struct {
	Given   map[string]time.Duration
	Learned *Learned
	Runbook map[string]time.Duration
}

// A Book tells how long an action takes. It may be used by several goroutines.
type Book struct{ from Sources }

// NewBook makes a book. The sources must not be changed afterwards.
func NewBook(from Sources) *Book { return &Book{from} }

// Of returns how long an action on an address takes, from the first source that
// knows it: what was given for this call, earlier applies of the address, earlier
// applies of the type, the runbook, the table that comes with the program. What
// is said of the address counts before what is said of its type. A nil Book knows
// the table only.
//
// Letting go of an object, a no-op and a replacement as a whole are nothing that
// takes time by itself: a replacement is a delete and a create.
func (b *Book) Of(address, typ string, action plan.Action) Estimate {
	if action == plan.Forget || action == plan.NoOp {
		return Estimate{Source: SourceShipped} // Terraform only writes its state
	}
	if !isAction(string(action)) {
		return Estimate{Source: SourceUnknown}
	}
	if b != nil {
		if d, ok := look(b.from.Given, address, typ, action); ok {
			return exactly(d, SourceGiven)
		}
		if e, ok := b.from.Learned.of(address, typ, action); ok {
			return e
		}
		if d, ok := look(b.from.Runbook, address, typ, action); ok {
			return exactly(d, SourceRunbook)
		}
	}
	if e, ok := shipped().of(typ, action); ok {
		return e
	}
	return Estimate{Source: SourceUnknown}
}

func look(m map[string]time.Duration, address, typ string, action plan.Action) (time.Duration, bool) {
	if len(m) == 0 {
		return 0, false
	}
	for _, who := range []string{address, typ} {
		if d, ok := m[who+"."+string(action)]; ok {
			return d, true
		}
	}
	return 0, false
}

func exactly(d time.Duration, from Source) Estimate {
	return Estimate{Min: d, Typical: d, Max: d, Source: from}
}

// Actions are the words that a key ends in.
var Actions = []string{string(plan.Create), string(plan.Update), string(plan.Delete), string(plan.Read), string(plan.Forget)}

func isAction(s string) bool {
	switch plan.Action(s) {
	case plan.Create, plan.Update, plan.Delete, plan.Read, plan.Forget:
		return true
	}
	return false
}

// SplitKey splits a key such as aws_eip.create or module.a.aws_eip.b["x.y"].create
// at its last dot.
func SplitKey(key string) (who string, action plan.Action, err error) {
	at := strings.LastIndexByte(key, '.')
	switch {
	case at <= 0:
		return "", "", fmt.Errorf("%q names no action", key)
	case !isAction(key[at+1:]):
		return "", "", fmt.Errorf("%q ends in %q, which is no action", key, key[at+1:])
	case !isWho(key[:at]):
		return "", "", fmt.Errorf("%q is neither a resource type nor the address of a resource", key[:at])
	}
	return key[:at], plan.Action(key[at+1:]), nil
}
