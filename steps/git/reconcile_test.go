package git

import (
	"errors"
	"strings"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
)

// died returns what a process left that died right after the intent to write and
// push the pin.
func died(t *testing.T, o *operator) engine.Unsettled {
	t.Helper()
	o.dies = true
	if _, err := runRecord(t, o, true); !errors.Is(err, errDied) {
		t.Fatal(err)
	}
	o.dies = false
	i := o.intents[len(o.intents)-1]
	return engine.Unsettled{Seq: 9, Step: "pin", Attempt: 1, Effect: i.Effect, What: i.What, Facts: i.Facts}
}

func reconcile(t *testing.T, o *operator, u engine.Unsettled) engine.Finding {
	t.Helper()
	s := step(t, runbook.Step{RecordPin: &runbook.RecordPin{Push: true, Remote: "origin"}})
	f, err := s.(engine.Reconciler).Reconcile(t.Context(), o, u)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestReconcile_pinThatWasWrittenInPart(t *testing.T) {
	for _, env := range []*runbook.Environment{production(), refProduction()} {
		p, o, pin, commit := deployed(t, env)
		bare := p.remote("main")
		ref := "refs/heads/main"
		if env.Pin.Ref != "" {
			ref = env.Pin.Ref
			p.git("push", "-q", "origin", ref)
		}
		u := died(t, o)
		before := p.git("rev-parse", ref)

		f := reconcile(t, o, u)
		if f.Verdict != "pin-not-written" || !f.Sure || f.Then != engine.ThenAgain || f.Ending.Result == engine.OK {
			t.Errorf("%s: nothing was written: %+v", ref, f)
		}
		if p.git("rev-parse", ref) != before {
			t.Errorf("%s: looking moved it", ref)
		}

		// The same as the process that died would have written, and not pushed.
		if _, err := runRecord(t, o, false); err != nil {
			t.Fatal(err)
		}
		if p.git("rev-parse", ref) != u.Facts["to"] {
			t.Fatalf("%s: the pin is not made the same way again", ref)
		}
		f = reconcile(t, o, u)
		if f.Verdict != "pin-not-pushed" || !f.Sure || f.Then != engine.ThenAgain || !strings.Contains(joined(f.Lines), "of origin is at "+before[:7]) {
			t.Errorf("%s: not pushed: %+v", ref, f)
		}

		// The step can be done again and pushes what is there.
		o.facts.NewPin = nil
		if _, err := runRecord(t, o, true); err != nil {
			t.Fatalf("%s: %v", ref, err)
		}
		if bare.git("rev-parse", ref) != u.Facts["to"] || p.git("rev-parse", ref) != u.Facts["to"] {
			t.Errorf("%s: the remote has %s", ref, bare.git("rev-parse", ref))
		}
		o.facts.NewPin = nil
		f = reconcile(t, o, u)
		if f.Verdict != "pin-written" || !f.Sure || f.Then != engine.ThenDone || f.Ending.Result != "" {
			t.Errorf("%s: written: %+v", ref, f)
		}
		if f.Learn(&o.facts); o.facts.NewPin == nil || o.facts.NewPin.Hash != commit {
			t.Errorf("%s: facts %+v", ref, o.facts.NewPin)
		}

		// Somebody else deploys.
		if env.Pin.Ref != "" {
			p.git("update-ref", ref, p.git("rev-parse", "main"))
		} else {
			p.pin(p.git("rev-parse", pin+"^0"))
			p.pin(p.git("rev-parse", "main"))
		}
		f = reconcile(t, o, u)
		if f.Verdict != "pin-moved" || f.Sure || !f.Choices[0].Choice.Stops || f.Choices[0].Then != engine.ThenStop || !strings.Contains(f.Found.String(), "somebody else deployed") {
			t.Errorf("%s: moved: %+v", ref, f)
		}
	}
}

func TestReconcile_remoteHasMoreOnTopOfThePin(t *testing.T) {
	p, o, _, _ := deployed(t, production())
	p.remote("main")
	u := died(t, o)
	if _, err := runRecord(t, o, true); err != nil {
		t.Fatal(err)
	}
	p.commit("more", "README", "later")
	p.git("push", "-q", "origin", "main")
	if f := reconcile(t, o, u); f.Verdict != "pin-written" {
		t.Errorf("%+v", f)
	}
}

func TestReconcile_pinWhoseRemoteIsSilent(t *testing.T) {
	p, o, _, _ := deployed(t, production())
	bare := p.remote("main")
	u := died(t, o)
	if _, err := runRecord(t, o, false); err != nil {
		t.Fatal(err)
	}
	p.git("remote", "set-url", "origin", bare.dir+"-gone")
	f := reconcile(t, o, u)
	if f.Verdict != "pin-not-pushed" || f.Then != engine.ThenAgain || !strings.Contains(joined(f.Lines), "origin cannot be asked") {
		t.Errorf("%+v", f)
	}
}

func TestReconcile_pinThatIsKnownNotToBeWritten(t *testing.T) {
	_, o, _, _ := deployed(t, production())
	u := engine.Unsettled{Outcome: &journal.OutcomeBody{Result: "failed"}}
	if f := reconcile(t, o, u); f.Verdict != "recorded" || !f.Sure || f.Then != engine.ThenAgain || f.Ending.Result != engine.Failed {
		t.Errorf("%+v", f)
	}
}
