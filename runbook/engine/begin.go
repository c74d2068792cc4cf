package engine

import (
	"fmt"

	"lockstep/runbook"
	"lockstep/runbook/failpoint"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// resume writes the first record of a run's next process and takes up what the
// one before knew.
func (e *Engine) resume() error {
	p := e.cfg.Past
	if err := failpoint.Hit("resume.scan"); err != nil {
		return err
	}
	e.recall(p)
	body := journal.ResumeBody{After: p.Last, Why: safe.Lit("the process that ran it ended without closing it")}
	for _, u := range p.Unsettled {
		if u.Outcome == nil {
			body.Unsettled = append(body.Unsettled, u.Seq)
		}
	}
	if _, err := e.append("", 0, journal.KindResume, body); err != nil {
		return fmt.Errorf("the journal cannot be written, so nothing was resumed: %w", err)
	}
	return nil
}

// open writes the first record and tells the first event.
func (e *Engine) open() error {
	rb := e.cfg.Runbook
	resumed := 0
	if p := e.cfg.Past; p != nil {
		resumed = p.Resumes + 1
		if err := e.resume(); err != nil {
			return err
		}
	} else if _, err := e.append("", 0, journal.KindOpen, journal.OpenBody{
		Title: safe.Show(rb.Title), Environment: e.run.Environment.Name, Mode: string(e.run.Mode),
		Runbook: rb.File, Digest: rb.Digest, Lockstep: e.cfg.Version,
	}); err != nil {
		return fmt.Errorf("the journal cannot be written, so nothing was started: %w", err)
	}
	e.recording.set(true)
	started := RunStarted{
		Run: e.run.ID, Title: safe.Show(rb.Title), Environment: safe.Show(e.run.Environment.Name), Mode: e.run.Mode,
		Operator: safe.Show(e.cfg.Actor.Name + "@" + e.cfg.Actor.Host), Journal: safe.Show(e.cfg.Journal.Path()),
		Steps: outline(rb.Steps, ""), Resumed: resumed,
	}
	for _, p := range e.cfg.Probers {
		started.Probes = append(started.Probes, p.Outline())
	}
	e.stream.publish("", started)
	if e.cfg.Detached {
		e.tellSeats()
	}
	return nil
}

func outline(steps []runbook.Step, parent string) []StepOutline {
	var out []StepOutline
	for _, s := range steps {
		out = append(out, StepOutline{
			ID: s.ID, Position: s.Position, Kind: s.Kind(), Name: nameOf(s), Why: safe.Show(s.Why), Parent: parent,
		})
		out = append(out, outline(s.EachChange, s.ID)...)
	}
	return out
}
