package engine

import (
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// Note records and tells something that concerns the run as a whole and no step
// of it, such as that the machine was suspended.
func (e *Engine) Note(what safe.Text, facts map[string]any) error {
	if err := e.appendUnlessOver(e.cfg.Actor, "", 0, journal.KindEvidence, journal.EvidenceBody{What: what, Facts: facts}); err != nil {
		return err
	}
	e.stream.publish("", Warned{what})
	return nil
}
