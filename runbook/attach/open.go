package attach

import (
	"sync"

	"lockstep/runbook/engine"
)

// Open returns this console for somebody who answers without looking, such as a
// script: it tells all events but for the questions that had been answered or
// withdrawn before this screen came.
func (c *Client) Open() engine.Console { return open{c} }

type open struct{ *Client }

// Subscribe implements [engine.Console].
func (o open) Subscribe() (<-chan engine.Envelope, func()) {
	all, cancel := o.Client.Subscribe()
	left := make(chan engine.Envelope)
	gone := make(chan struct{})
	go func() {
		defer close(left)
		over := map[string]bool{}
		var before []engine.Envelope
		for env := range all {
			before = append(before, env)
			switch ev := env.Event.(type) {
			case engine.QuestionAnswered:
				over[ev.Answer.Question] = true
			case engine.QuestionWithdrawn:
				over[ev.ID] = true
			}
			if env.Seq >= o.seq {
				break
			}
		}
		for _, env := range before {
			if q, ok := env.Event.(engine.QuestionAsked); ok && over[q.Question.ID] {
				continue
			}
			if !give(left, env, gone) {
				return
			}
		}
		for env := range all {
			if !give(left, env, gone) {
				return
			}
		}
	}()
	var once sync.Once
	return left, func() {
		cancel()
		once.Do(func() { close(gone) })
	}
}

func give(to chan<- engine.Envelope, env engine.Envelope, gone <-chan struct{}) bool {
	select {
	case to <- env:
		return true
	case <-gone:
		return false
	}
}
