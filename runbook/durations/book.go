package durations

import (
	"time"

	"lockstep/runbook/plan"
)

// Sources are what a book is made of.
type Sources struct {
	Given   map[string]time.Duration
	Learned *Learned
	Runbook map[string]time.Duration
}

// Learned is what earlier applies took.
type Learned struct{}

// A Book says how long actions take.
type Book struct{ o Sources }

// NewBook makes a book.
func NewBook(o Sources) *Book { return &Book{o} }

// Of returns how long an action of a resource takes.
func (b *Book) Of(address, typ string, action plan.Action) Estimate {
	if b == nil {
		return Estimate{Source: SourceUnknown}
	}
	for _, key := range []string{address, typ} {
		if d, ok := b.o.Given[key+"."+string(action)]; ok {
			return Estimate{Min: d, Typical: d, Max: d, Source: SourceGiven}
		}
	}
	return Estimate{Source: SourceUnknown}
}
