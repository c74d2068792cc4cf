package engine

import (
	"sync"

	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// A recording is the time from the first record of a run until before its last
// one. What concerns the run as a whole can be recorded then only.
type recording struct {
	mu   sync.RWMutex
	open bool
}

func (r *recording) set(open bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open = open
}

// write calls record, unless the run has no first record yet or has its last one.
func (r *recording) write(record func() error) error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if !r.open {
		return nil
	}
	return record()
}

// appendUnlessOver writes a record that no step causes, if there can be one now.
func (e *Engine) appendUnlessOver(who journal.Actor, step string, attempt int, kind journal.Kind, body any) error {
	return e.recording.write(func() error {
		_, err := e.appendAs(who, step, attempt, kind, body)
		return err
	})
}

// Note records and tells something that concerns the run as a whole and no step
// of it, such as that the machine was suspended.
func (e *Engine) Note(what safe.Text, facts map[string]any) error {
	if err := e.appendUnlessOver(e.cfg.Actor, "", 0, journal.KindEvidence, journal.EvidenceBody{What: what, Facts: facts}); err != nil {
		return err
	}
	e.stream.publish("", Warned{what})
	return nil
}

// noteInterrupt records who wants the run to end early, or not any more. The wish
// counts even when that cannot be recorded; the next record ends the run then.
func (e *Engine) noteInterrupt(who journal.Actor, how Interrupt) {
	_ = e.appendUnlessOver(who, "", 0, journal.KindDecision, journal.DecisionBody{Kind: journal.DecisionInterrupt, Choice: string(how)})
}
