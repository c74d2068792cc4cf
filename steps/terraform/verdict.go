package terraform

import (
	"errors"
	"os"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
	"lockstep/steps/keep"
)

// The verdicts on an apply that nobody saw end. Scripts answer by them.
const (
	verdictRecovered  = "recovered-rc"               // the exit code was there
	verdictApplied    = "reconciled-applied"         // the state moved, nothing is left
	verdictNeverMoved = "applied-state-never-moved"  // nothing is left, the state is as before
	verdictUnmoved    = "unknown-state-did-not-move" // the same is left, the state is as before
	verdictPartial    = "reconciled-partial"         // the state moved, something is left
	verdictDamaged    = "state-damaged"              // another state is there, or none
	verdictErrored    = "errored-state"              // Terraform could not save the state, it is in a file
	verdictStranded   = "stranded-lock"              // the dead apply holds the lock
	verdictForeign    = "locked-by-other"            // somebody else holds the lock
	verdictBlind      = "no-evidence"                // the state or a plan cannot be had now
)

// judge says what the evidence means.
func (s *session) judge(e *evidence) engine.Finding {
	f := engine.Finding{Lines: s.lines(e), Facts: e.facts()}
	move, _ := e.state()
	known := e.end.result() == engine.OK || e.end.result() == engine.Failed
	switch {
	case e.rescued != nil && e.blind != nil:
		f.Verdict, f.Found = verdictBlind, safe.Sprintf("Terraform could not save the state, and the one that is there cannot be looked at now: %v", e.blind)
		f.Choices = []engine.Settling{s.stop(), again()}
	case e.lock != nil:
		s.locked(&f, e)
	case e.unsaved():
		s.erroredState(&f, e)
	case known:
		s.recovered(&f, e)
	case e.blind != nil:
		f.Verdict, f.Found = verdictBlind, safe.Sprintf("nobody knows how the apply ended, and nothing can be looked at now: %v", e.blind)
		f.Choices = []engine.Settling{s.stop(), again()}
	case move == damaged:
		s.damagedState(&f, e)
	case e.plan != nil:
		f.Verdict, f.Found = verdictBlind, safe.Sprintf("nobody knows how the apply ended, and a fresh plan cannot be made: %v", e.plan)
		f.Choices = []engine.Settling{s.stop(), again()}
	case move == higher && e.left == 0:
		f.Verdict, f.Found = verdictApplied, safe.Lit("the state was written, and nothing of the apply is left to do: it was applied")
		f.Choices = []engine.Settling{s.stop(), s.done(e, safe.Lit("it is applied: go on"))}
	case move == higher:
		f.Verdict, f.Found = verdictPartial, safe.Lit("the state was written, and something of the apply is left to do: it was applied in part")
		f.Choices = []engine.Settling{s.stop(), s.rest(e)}
	case e.left == 0:
		f.Verdict, f.Found = verdictNeverMoved, safe.Lit("nothing of the apply is left to do, although the state was not written")
		f.Choices = []engine.Settling{s.stop(), s.done(e, safe.Lit("it is applied, or needs nothing: go on"))}
	default:
		f.Verdict = verdictUnmoved
		f.Found = safe.Lit("the state was not written, and the whole apply is still to do. That is no proof that nothing was done: what was made last may exist without the state knowing it")
		f.Choices = []engine.Settling{s.stop(), s.redo(e)}
	}
	return f
}

// recovered is the finding when Terraform's exit code is known.
func (s *session) recovered(f *engine.Finding, e *evidence) {
	a := e.end
	f.Verdict, f.Sure, f.Then = verdictRecovered, true, engine.ThenDone
	f.Found = safe.Sprintf("Terraform ended by itself with exit code %d", a.exit)
	if a.err != nil {
		f.Then = engine.ThenAgain
		f.Found = safe.Sprintf("%s: %v", f.Found, a.err)
		var p *engine.Problem
		if errors.As(a.err, &p) {
			f.Lines = append(f.Lines, p.Lines...)
		}
	}
	f.Ending, f.Learn = s.ending(e, a.result(), f.Found), e.trace.learn(a.result(), a.took)
}

// ending is the outcome of an apply as it was found afterwards.
func (s *session) ending(e *evidence, result engine.Result, detail safe.Text) engine.Ending {
	end := engine.Ending{Result: result, Detail: detail, Facts: map[string]any{
		"recovered": true, "lineage": safe.Show(e.now.Lineage).String(), "serial": e.now.Serial, "state": digestOf(e.raw),
	}}
	if e.blind != nil {
		end.Facts["state_error"] = safe.Show(e.blind.Error())
	}
	if e.rescued != nil {
		end.Facts["errored_state"] = safe.Show(e.rescued.path)
	}
	if a := e.end; a != nil {
		end.Facts["exit"], end.Facts["took_ms"] = a.exit, a.took.Milliseconds()
		end.Facts["items"], end.Facts["output_dropped"] = a.items, a.log.dropped
		end.Blobs = []engine.Blob{{Name: "apply.jsonl", Data: a.log.bytes()}}
	}
	return end
}

func (s *session) erroredState(f *engine.Finding, e *evidence) {
	f.Verdict = verdictErrored
	f.Found = safe.Lit("Terraform could not save the state. What it applied is known to a file that was kept, and to nothing else")
	f.Choices = []engine.Settling{s.stop(), s.push(e, e.rescued, "push", safe.Lit("push the rescued state"))}
	without := engine.Settling{
		Choice: engine.Choice{
			ID: "again", Key: "w", Label: safe.Lit("go on without it"), NeedsReason: true, Typed: s.env.Name, Irreversible: true,
			Consequence: safe.Lit("a new plan is made from the state that is there; it does not know what was applied last"),
		},
		Ending: s.ending(e, engine.Failed, safe.Lit("the state could not be saved, and the operator goes on without it")), Then: engine.ThenAgain,
		Learn: e.trace.learn(engine.Failed, 0),
	}
	f.Choices = append(f.Choices, again(), without)
}

func (s *session) locked(f *engine.Finding, e *evidence) {
	ours, _ := e.holder()
	f.Verdict, f.Found = verdictForeign, safe.Sprintf("somebody else holds the state: %v", e.lock)
	if ours {
		f.Verdict, f.Found = verdictStranded, safe.Lit("the apply is gone and has left the state locked")
	}
	f.Choices = []engine.Settling{s.stop(), again(), s.release(e, ours)}
	if ours {
		f.Choices[0].Choice.Consequence = safe.Lit("nothing is changed; the state stays locked for everybody")
	}
}

func (s *session) damagedState(f *engine.Finding, e *evidence) {
	f.Verdict, f.Found = verdictDamaged, safe.Lit("the state is not the one the apply began with, and not what it should have become")
	f.Choices = []engine.Settling{s.stop(), again()}
	if e.trace.copied == "" {
		return
	}
	before, err := readRescued(e.trace.copied)
	if err != nil || before.sum != e.trace.state {
		f.Lines = append(f.Lines, safe.Sprintf("the copy of the state from before the apply, %s, is not there any more as it was made", e.trace.copied))
		return
	}
	f.Choices = append(f.Choices, s.push(e, before, "restore", safe.Lit("restore the state from before the apply")))
}

// stop ends the run and leaves the effect unknown.
func (s *session) stop() engine.Settling {
	return engine.Settling{
		Choice: engine.Choice{
			ID: "stop", Key: "s", Label: safe.Lit("stop here"), Stops: true, Recommended: true,
			Consequence: safe.Lit("nothing is changed; the run can be resumed when you know more"),
		},
		Ending: engine.Ending{Result: engine.Unknown, Detail: safe.Lit("not settled")}, Then: engine.ThenStop,
	}
}

func again() engine.Settling {
	return engine.Settling{
		Choice: engine.Choice{ID: "look", Key: "l", Label: safe.Lit("look again"), Consequence: safe.Lit("nothing is changed; state, lock and plan are read anew")},
		Then:   engine.ThenLook,
	}
}

// done takes the apply as done.
func (s *session) done(e *evidence, label safe.Text) engine.Settling {
	return engine.Settling{
		Choice: engine.Choice{
			ID: "done", Tags: []string{"recommended"}, Key: "d", Label: label,
			Consequence: safe.Lit("the step counts as done; what follows, such as verifying, goes on"),
		},
		Ending: s.ending(e, engine.OK, safe.Lit("it was applied, as state and plan show")), Then: engine.ThenDone,
		Learn: e.trace.learn(engine.OK, e.took()),
	}
}

// rest plans what an apply left.
func (s *session) rest(e *evidence) engine.Settling {
	return engine.Settling{
		Choice: engine.Choice{
			ID: "again", Tags: []string{"recommended"}, Key: "p", Label: safe.Lit("plan what is left"),
			Consequence: safe.Lit("a new plan is shown, and nothing is applied before you say yes to it"),
		},
		Ending: s.ending(e, engine.Failed, safe.Lit("it was applied in part, as state and plan show")), Then: engine.ThenAgain,
		Learn: e.trace.learn(engine.Failed, e.took()),
	}
}

// redo takes the word of the operator that nothing was done.
func (s *session) redo(e *evidence) engine.Settling {
	return engine.Settling{
		Choice: engine.Choice{
			ID: "again", Key: "a", Label: safe.Lit("it was not done: do it again"), NeedsReason: true, Typed: s.env.Name, Irreversible: true,
			Consequence: safe.Lit("a new plan is shown first; what the state does not know is made a second time"),
		},
		Ending: s.ending(e, engine.Failed, safe.Lit("the operator says that it was not done")), Then: engine.ThenAgain,
		Learn: e.trace.learn(engine.Unknown, e.took()),
	}
}

// push puts a state from a file in the place of the one that is there.
func (s *session) push(e *evidence, r *rescued, id string, label safe.Text) engine.Settling {
	key := "p"
	if id == "restore" {
		key = "r"
	}
	return engine.Settling{
		Choice: engine.Choice{
			ID: id, Key: key, Label: label, Typed: s.env.Name, Irreversible: true, Disabled: e.fits(r),
			Consequence: safe.Sprintf("terraform state push, serial %d → %d; then everything is looked at again", e.now.Serial, r.id.Serial),
		},
		Do: s.pushing(e, r), Then: engine.ThenLook,
	}
}

// release takes the lock away.
func (s *session) release(e *evidence, ours bool) engine.Settling {
	c := engine.Choice{
		ID: "unlock", Key: "u", Label: safe.Lit("release the lock"), Typed: e.lock.ID, Irreversible: true, NeedsReason: !ours,
		Consequence: safe.Lit("terraform force-unlock; then everything is looked at again"),
	}
	if !ours {
		c.Consequence = safe.Lit("if the holder is at work, two write the state at once and it is lost. Ask them first")
	}
	switch {
	case e.job.Phase == keep.Running:
		c.Disabled = safe.Lit("the apply still runs")
	case e.lock.ID == "":
		c.Disabled = safe.Lit("the backend does not say which lock it is")
	}
	return engine.Settling{Choice: c, Do: s.unlocking(e), Then: engine.ThenLook}
}

func (e *evidence) took() time.Duration {
	if e.end == nil {
		return 0
	}
	return e.end.took
}

// lines is the evidence for reading.
func (s *session) lines(e *evidence) []safe.Text {
	t := e.trace
	var out []safe.Text
	add := func(l ...safe.Text) { out = append(out, l...) }
	switch {
	case e.unseen != nil:
		add(safe.Sprintf("nobody knows whether the process runs still: %v", e.unseen))
	case e.job.Phase == keep.Lost && e.job.PID != 0:
		add(safe.Sprintf("process %d is gone, and no exit code was written", e.job.PID))
	case e.job.Phase == keep.Lost:
		add(safe.Sprintf("the process is gone, and no exit code was written: %s", safe.Show(e.job.Why)))
	default:
		add(safe.Sprintf("process %d %s", e.job.PID, e.job.Words()))
	}
	if now := journal.BootID(); t.u.Boot != "" && now != "" && now != t.u.Boot {
		add(safe.Lit("the machine was started anew since, or this is another one"))
	}
	if e.blind != nil {
		add(safe.Sprintf("nothing can be looked at: %v", e.blind))
		var p *engine.Problem
		if errors.As(e.blind, &p) {
			add(p.Lines...)
		}
	} else {
		_, words := e.state()
		add(words)
	}
	if e.broken != nil {
		add(safe.Sprintf("terraform says of the state: %v", e.broken))
	}
	if e.lock != nil {
		_, lines := e.holder()
		add(lines...)
	}
	switch {
	case e.plan != nil:
		add(safe.Sprintf("a fresh plan cannot be made: %v", e.plan))
	case e.what.IsEmpty():
	case e.left == 0 && e.whole.IsEmpty():
		add(safe.Lit("a fresh plan has nothing to do"))
	case e.left == 0:
		add(safe.Lit("a fresh plan of what was applied has nothing to do"), safe.Sprintf("of everything else it still wants %s", e.whole))
	default:
		add(safe.Sprintf("a fresh plan still wants %s", e.what))
	}
	if r := e.rescued; r != nil {
		add(safe.Sprintf("a state that could not be saved is in %s, serial %d; it holds secrets", r.path, r.id.Serial))
		switch why := e.fits(r); {
		case e.blind != nil:
		case !e.unsaved():
			add(safe.Lit("the state that is there holds all of it; that file can be removed"))
		case !why.IsEmpty():
			add(safe.Sprintf("it cannot be pushed: %s", why))
		}
	}
	if t.copied != "" {
		if _, err := os.Lstat(t.copied); err == nil {
			add(safe.Sprintf("the state from before the apply is in %s; it holds secrets", t.copied))
		}
	}
	return out
}

// facts is the evidence for the record.
func (e *evidence) facts() map[string]any {
	move, _ := e.state()
	f := map[string]any{
		"phase": e.job.Phase.String(), "pid": e.job.PID,
		"lineage": safe.Show(e.now.Lineage).String(), "serial": e.now.Serial, "state": digestOf(e.raw),
		"serial_before": e.trace.serial, "lineage_before": e.trace.lineage, "state_before": e.trace.state,
		"state_moved": [...]string{"no", "higher", "damaged"}[move], "left": e.left, "wants": e.what, "wants_of_all": e.whole,
	}
	if e.job.Phase == keep.Ended {
		f["exit"], f["signal"] = e.job.Exit, e.job.Signal
	}
	for name, err := range map[string]error{"blind": e.blind, "unreadable": e.broken, "plan_error": e.plan} {
		if err != nil {
			f[name] = safe.Show(err.Error())
		}
	}
	if e.lock != nil {
		f["lock"] = map[string]any{"id": e.lock.ID, "who": e.lock.Who, "created": e.lock.Created, "operation": e.lock.Operation}
	}
	if e.rescued != nil {
		f["errored_state"] = map[string]any{"file": safe.Show(e.rescued.path), "serial": e.rescued.id.Serial, "lineage": safe.Show(e.rescued.id.Lineage), "sha256": e.rescued.sum}
	}
	return f
}
