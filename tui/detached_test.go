package tui

import (
	"testing"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// A seated console is one of several at a detached run.
type seated struct {
	*fake
	took    []string
	refused error
}

func (s *seated) Seat() string { return "s1" }

func (s *seated) Take(reason string) error {
	if s.refused == nil {
		s.took = append(s.took, reason)
	}
	return s.refused
}

func (s *seated) Force(how engine.Interrupt, typed string) error {
	s.fake.Force(how, typed)
	return s.refused
}

var _ engine.Attached = (*seated)(nil)

// sit puts the desk at a detached run, in seat s1.
func (d *desk) sit() *seated {
	s := &seated{fake: d.con}
	d.send(consoleMsg{s})
	return s
}

func seat(id, name, host, where string, holds bool) engine.Seat {
	return engine.Seat{ID: id, Actor: journal.Actor{Name: name, Host: host}, Where: safe.Show(where), Holds: holds, Since: epoch.Add(-25 * time.Minute)}
}

// alone, watched and watcher are who is there, as the desk's seat s1 sees it.
func alone() engine.Attended {
	return engine.Attended{Seats: []engine.Seat{seat("s1", "ana", "ops1", "pts/3, process 812", true)}}
}

func watched() engine.Attended {
	return engine.Attended{Seats: []engine.Seat{seat("s1", "ana", "ops1", "pts/3, process 812", true), seat("s2", "bo", "ops2", "pts/5, process 99", false)}}
}

func watcher() engine.Attended {
	return engine.Attended{Seats: []engine.Seat{seat("s2", "ana", "ops1", "pts/3, process 812", true), seat("s1", "bo", "ops2", "pts/5, process 99", false)}}
}

func unheld(holding string) engine.Attended {
	return engine.Attended{Seats: []engine.Seat{seat("s1", "bo", "ops2", "pts/5, process 99", false)}, Holding: safe.Show(holding)}
}

// cutOver is an apply of the second change, with two things under way.
func cutOver() engine.ApplyStarted {
	return engine.ApplyStarted{
		Title: safe.Show("certificate.static and its validation"), Watch: []string{"static", "site"},
		Items: []engine.ApplyItem{
			{Address: safe.Show("certificate.static"), Action: plan.Create},
			{Address: safe.Show("certificate_validation.static"), Action: plan.Create, WaitsFor: []int{0}},
			{Address: safe.Show("distribution.static"), Action: plan.Update, WaitsFor: []int{1}},
			{Address: safe.Show("dns_record.caa"), Action: plan.Create},
		},
	}
}

// cancelling brings a run to where a cancel waits for Terraform.
func (d *desk) cancelling() {
	d.begin(engine.Live)
	d.tell(watched())
	d.upTo("apply")
	d.tell(cutOver(), engine.ResourceMoved{Item: 0, State: engine.Running})
	d.wait(3 * time.Minute)
	d.tell(engine.ResourceMoved{Item: 3, State: engine.Running})
	d.wait(9 * time.Second)
	d.tell(engine.Interrupted{How: engine.CancelNow, By: safe.Lit("ana")})
	d.wait(134 * time.Second)
	d.send(secondMsg{})
}

func strandedLock() engine.Question {
	release := choice("release", "r", "release the lock and look again", "Terraform's lock 7c1e4a90 is forced open, which is recorded before and after; then the state is looked at again")
	release.Typed, release.NeedsReason, release.Irreversible = "7c1e4a90", true, true
	wait := choice("look", "l", "look again", "in case it still ends by itself; nothing is changed")
	return engine.Question{
		Kind: engine.AskSettle, Title: safe.Lit("Nobody recorded how this apply ended"), Digest: "d9",
		Choices: []engine.Choice{stopping(), wait, release},
		Payload: engine.Settlement{
			What:    safe.Lit("apply plan 5f2c81d0: create certificate.static and certificate_validation.static, update distribution.static"),
			Started: epoch.Add(-37*time.Minute - 12*time.Second), By: safe.Lit("ana@ops1"), Intent: 58, Verdict: "stranded-lock",
			Found: safe.Lit("Terraform is gone without an exit code, and its lock on the state is still held. Nothing else runs on it."),
			Lines: []safe.Text{
				safe.Lit("program: terraform apply, process 48213 on ops1, started 08:37:51 UTC; it is gone and left no exit code"),
				safe.Lit("last said: 08:41:07 UTC certificate_validation.static: Still creating... [3m10s elapsed]"),
				safe.Lit("lock: 7c1e4a90, held by ana@ops1 for 37 min, operation OperationTypeApply, Terraform 1.11.4"),
				safe.Lit("state: lineage 2e0f9d41 as before, serial 119 (118 before the apply)"),
				safe.Lit("in the state: certificate.static is there, certificate_validation.static is not"),
				safe.Lit("pin: production is at 35e2041, as before"),
				safe.Lit("probe static: CNAME static.crates.io = cloudfront-static.crates.io at ns1, ns2 and 9.9.9.9"),
				safe.Lit("probe cert: static.crates.io:443 serves the old certificate, 12 days left"),
			},
		},
	}
}

func stateDidNotMove() engine.Question {
	done := choice("done", "d", "it was done", "the step counts as done, which goes on with verify; the state does not know it")
	done.NeedsReason, done.Typed, done.Irreversible = true, "done", true
	redo := choice("redo", "r", "plan and apply it again", "a new plan is made and shown first; objects that exist already may be created a second time")
	redo.NeedsReason, redo.Typed, redo.Irreversible = true, "again", true
	return engine.Question{
		Kind: engine.AskSettle, Title: safe.Lit("Nobody recorded how this apply ended"), Digest: "d9",
		Choices: []engine.Choice{stopping(), redo, done},
		Payload: engine.Settlement{
			What:    safe.Lit("apply plan 91ab07f3: delete dns_record.static, create dns_record.weighted"),
			Started: epoch.Add(-8*time.Hour - 3*time.Minute), By: safe.Lit("ana@ops1"), Intent: 71, Verdict: "unknown-state-did-not-move",
			Found: safe.Lit("The state did not move, and a fresh plan wants the same changes. That does not prove that nothing was done: objects may exist that the state does not know."),
			Lines: []safe.Text{
				safe.Lit("program: terraform apply, process 51877 on ops1; the machine was started anew since, and there is no exit code"),
				safe.Lit("lock: free"),
				safe.Lit("state: lineage 2e0f9d41, serial 121, digest 4be01c77: all as before the apply"),
				safe.Lit("fresh plan: the same 2 changes"),
				safe.Lit("probe static: NXDOMAIN at ns1 and ns2, since 01:12:20 UTC; the record that the plan deletes is gone"),
				safe.Lit("copy of state: kept from before the apply, serial 121"),
				safe.Lit("errored.tfstate: none was left"),
			},
		},
	}
}

// resumed is a run that was resumed: its first steps were done before.
func (d *desk) resumed() {
	s := started(engine.Live)
	s.Resumed = 1
	d.tell(s, engine.Recorded{Seq: 74, Kind: "resume"}, alone())
	for id, summary := range map[string]string{"pick": "4b226e2", "review": "4 files", "tell": "sent to ops"} {
		d.tell(engine.StepFinished{ID: id, Result: engine.OK, Summary: safe.Show(summary)})
	}
	d.step = ""
}

var detachedScreens = []screen{
	{"interrupt_attached", func(d *desk) {
		d.sit()
		d.begin(engine.Live)
		d.tell(alone())
		d.upTo("plan")
		d.press("q")
	}},
	{"interrupt_cancelling", func(d *desk) {
		d.sit()
		d.cancelling()
		d.press("q", "down", "down")
	}},
	{"interrupt_word", func(d *desk) {
		d.sit()
		d.cancelling()
		d.press("q", "k")
		d.write("kill terr")
	}},
	{"board_cancelling", func(d *desk) {
		d.sit()
		d.cancelling()
	}},
	{"watcher", func(d *desk) {
		d.sit()
		d.begin(engine.Live)
		d.tell(watcher())
		d.upTo("plan")
		d.tell(engine.QuestionAsked{Question: failureQuestion()})
	}},
	{"taken_over", func(d *desk) {
		d.sit()
		d.begin(engine.Live)
		d.tell(alone())
		d.upTo("plan")
		d.tell(engine.QuestionAsked{Question: failureQuestion()})
		d.press("a")
		d.write("known")
		a := watched()
		a.Seats[0].Holds, a.Seats[1].Holds = false, true
		d.tell(a)
	}},
	{"take_over", func(d *desk) {
		d.sit()
		d.begin(engine.Live)
		d.tell(watcher())
		d.upTo("plan")
		d.tell(engine.QuestionAsked{Question: failureQuestion()})
		d.press("t")
		d.write("ana is asleep")
	}},
	{"holding", func(d *desk) {
		d.sit()
		d.begin(engine.Live)
		d.tell(unheld(""))
		d.upTo("plan")
		d.over("plan", "2 changes")
		d.tell(unheld("step 4.2, Apply"))
	}},
	{"settle_lock", func(d *desk) {
		d.sit()
		d.resumed()
		d.tell(engine.QuestionAsked{Question: strandedLock()})
	}},
	{"settle_same", func(d *desk) {
		d.sit()
		d.resumed()
		d.tell(engine.QuestionAsked{Question: stateDidNotMove()})
		d.press("down")
	}},
	{"settle_word", func(d *desk) {
		d.sit()
		d.resumed()
		d.tell(engine.QuestionAsked{Question: strandedLock()})
		d.press("r")
		d.write("process 48213 is gone")
		d.press("enter")
		d.write("7c1e")
	}},
	{"resumed", func(d *desk) {
		d.sit()
		d.resumed()
		d.tell(engine.StepStarted{ID: "each", Attempt: 1}, engine.RoundStarted{ID: "each", Round: 1}, engine.StepStarted{ID: "plan", Attempt: 2})
		d.tell(engine.Progressed{What: safe.Lit("reading the state"), Done: 120, Total: 400})
		d.wait(34 * time.Second)
	}},
	{"resuming", func(d *desk) {
		d.sit()
		d.resumed()
		d.wait(4 * time.Second)
	}},
	{"resuming_follows", func(d *desk) {
		d.sit()
		d.resumed()
		d.tell(
			engine.Warned{Text: safe.Lit("Terraform goes on without the process that started it (running as process 4711); it is waited for")},
			engine.Progressed{What: safe.Lit("applying, as Terraform says")},
			engine.OutputWritten{Lines: safe.Lines("certificate.static, create: started\ncertificate.static: Still creating... [3m10s elapsed]")},
		)
		d.wait(14 * time.Second)
	}},
	{"summary_attached", func(d *desk) {
		d.sit()
		d.begin(engine.Live)
		d.tell(alone())
		d.upTo("done")
		d.over("done", "sent to ops")
		d.tell(finished())
	}},
}

func TestDetached_looksAsRecorded(t *testing.T) { recorded(t, detachedScreens) }
