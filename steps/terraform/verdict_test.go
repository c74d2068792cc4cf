package terraform

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
)

func TestReconcile_killedBeforeTheStateMoved(t *testing.T) {
	t.Parallel()
	p, log := slowProject(t, slow("a", ""))
	d := p.die("c2")
	d.start()
	d.killAt(log + ".a")
	f, o, _ := d.reconcile()
	expect(t, f, "unknown-state-did-not-move", "ended by the signal killed", "serial 1 as before", "1 create: terraform_data.a", "no proof", "holds secrets")
	redo := choiceOf(t, f, "again")
	if f.Sure || ids(f) != "stop again" || redo.Choice.Typed != "production" || !redo.Choice.NeedsReason || !redo.Choice.Irreversible || redo.Then != engine.ThenAgain || redo.Ending.Result != engine.Failed {
		t.Errorf("%s %+v", ids(f), redo)
	}
	redo.Learn(&o.facts)
	if len(o.facts.Applied) != 1 || o.facts.Applied[0].Result != engine.Unknown || o.facts.Verified {
		t.Errorf("facts %+v", o.facts)
	}
	if effects(t, log+".a") != 1 || len(o.intents) != 0 {
		t.Error("looking had an effect")
	}
}

func TestReconcile_killedHalfWay(t *testing.T) {
	t.Parallel()
	p, log := slowProject(t, "\nresource \"terraform_data\" \"first\" {}\n"+slow("a", "  input = terraform_data.first.id"))
	d := p.die("c2")
	d.start()
	d.killAt(log + ".a")
	f, o, _ := d.reconcile()
	expect(t, f, "reconciled-partial", "serial 1 → ", "1 create: terraform_data.a", "in part")
	rest := choiceOf(t, f, "again")
	if f.Sure || ids(f) != "stop again" || rest.Then != engine.ThenAgain || rest.Ending.Result != engine.Failed {
		t.Errorf("%s %+v", ids(f), rest)
	}
	rest.Learn(&o.facts)
	if len(o.facts.Applied) != 1 || o.facts.Applied[0].Result != engine.Failed || o.facts.Verified {
		t.Errorf("facts %+v", o.facts)
	}
	// What is left is a new plan with its own yes.
	writeFile(t, log+".go", "")
	o.rounds(New(p.deps()))
	if got := p.resources(); !slices.Equal(got, []string{"a", "base", "first"}) {
		t.Errorf("state %q", got)
	}
}

func TestReconcile_endedAndNobodyKnowsHow(t *testing.T) {
	t.Parallel()
	p, log := slowProject(t, slow("a", ""))
	writeFile(t, log+".go", "")
	d := p.die("c2")
	d.start()
	d.wait()
	if err := os.RemoveAll(d.kept()); err != nil {
		t.Fatal(err)
	}
	f, o, _ := d.reconcile()
	expect(t, f, "reconciled-applied", "no exit code was written", "serial 1 → ", "a fresh plan has nothing to do")
	done := choiceOf(t, f, "done")
	if f.Sure || ids(f) != "stop done" || done.Then != engine.ThenDone || done.Ending.Result != engine.OK || done.Ending.Facts["recovered"] != true {
		t.Errorf("%s %+v", ids(f), done)
	}
	o.facts.Applied = []engine.ChangeDone{{ID: d.u.Facts["identity"].(string), Result: engine.Unknown}}
	done.Learn(&o.facts) // in the place of what this process had seen itself
	if len(o.facts.Applied) != 1 || o.facts.Applied[0].Result != engine.OK || o.facts.PlanEmpty {
		t.Errorf("facts %+v", o.facts)
	}
}

// The effect is what the plan looks at, so that nothing is left to do when it was
// done, whether the state knows or not.
func TestReconcile_appliedAlthoughTheStateNeverMoved(t *testing.T) {
	t.Parallel()
	const main = `
variable "mark" {}
resource "terraform_data" "base" {
  input = fileexists(var.mark) ? "old" : "new"
}
`
	p := newProject(t, main)
	mark := filepath.Join(p.dir, "mark")
	p.env.Terraform.Vars = map[string]string{"mark": mark}
	writeFile(t, mark, "")
	p.apply("c1")
	if err := os.Remove(mark); err != nil {
		t.Fatal(err)
	}
	d := p.die("c1")
	if err := os.RemoveAll(d.kept()); err != nil {
		t.Fatal(err)
	}
	writeFile(t, mark, "")
	f, _, _ := d.reconcile()
	expect(t, f, "applied-state-never-moved", "serial 1 as before", "a fresh plan has nothing to do")
	if f.Sure || ids(f) != "stop done" {
		t.Errorf("%s", ids(f))
	}
}

func TestReconcile_ofOneChangeLooksAtThatChange(t *testing.T) {
	t.Parallel()
	p, log := slowProject(t, slow("a", "")+"\nresource \"terraform_data\" \"other\" {}\n")
	writeFile(t, log+".go", "")
	o := p.operator(engine.Live)
	o.facts.Commit, o.facts.Head = &engine.Candidate{Hash: "c2"}, "c2"
	d := p.dieAs(o)
	if len(d.u.Facts["targets"].([]any)) != 1 {
		t.Fatalf("targets %v", d.u.Facts["targets"])
	}
	d.start()
	d.wait()
	if err := os.RemoveAll(d.kept()); err != nil {
		t.Fatal(err)
	}
	f, _, _ := d.reconcile()
	expect(t, f, "reconciled-applied", "of what was applied has nothing to do", "of everything else it still wants 1 create")
}

func TestReconcile_damagedStates(t *testing.T) {
	t.Parallel()
	p, _ := slowProject(t, "\nresource \"terraform_data\" \"a\" {}\n")
	good := p.state()
	d := p.die("c2")
	if err := os.RemoveAll(d.kept()); err != nil {
		t.Fatal(err)
	}
	o, a := d.next()
	for _, row := range []struct{ state, words, choices string }{
		{`{"version": 4, "ser`, "it cannot be read", "stop look restore(disabled)"},
		{strings.Replace(good, `"lineage": "`, `"lineage": "f`, 1), "another lineage", "stop look restore(disabled)"},
		{strings.Replace(good, `"serial": 1`, `"serial": 0`, 1), "serial went back from 1 to 0", "stop look restore"},
		{strings.Replace(good, `"triggers_replace": null`, `"triggers_replace": "x"`, 1), "the content is another", "stop look restore"},
		{"", "state: it is empty; it was serial 1", "stop look restore"},
	} {
		if err := os.WriteFile(p.statePath(), []byte(row.state), 0o600); err != nil {
			t.Fatal(err)
		}
		f := d.again(o, a)
		expect(t, f, "state-damaged", row.words, "holds secrets")
		if f.Sure || ids(f) != row.choices {
			t.Errorf("%s: %s", row.words, ids(f))
		}
		if strings.Contains(row.choices, "disabled") {
			if err := choiceOf(t, f, "restore").Do(t.Context(), o); err == nil || len(o.intents) != 0 {
				t.Errorf("%s: pushed all the same: %v, %d effects", row.words, err, len(o.intents))
			}
		}
	}
	// The same serial with other content needs force, an empty state does not.
	if err := os.WriteFile(p.statePath(), []byte(strings.Replace(good, `"triggers_replace": null`, `"triggers_replace": "x"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := choiceOf(t, d.again(o, a), "restore").Do(t.Context(), o); err != nil || !strings.Contains(p.state(), `"triggers_replace": null`) {
		t.Fatalf("%v\n%s\n%s", err, linesOf(err), p.state())
	}
	expect(t, d.again(o, a), "unknown-state-did-not-move", "serial 1 → 2, with the content of before")
	if err := os.WriteFile(p.statePath(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	restore := choiceOf(t, d.again(o, a), "restore")
	if restore.Choice.Typed != "production" || !restore.Choice.Irreversible || restore.Then != engine.ThenLook {
		t.Errorf("%+v", restore.Choice)
	}
	if err := restore.Do(t.Context(), o); err != nil {
		t.Fatalf("%v\n%s", err, linesOf(err))
	}
	if i := o.intents[1]; i.Effect != runbook.EffectIrreversible || i.Facts["call"] != "state push" || i.Facts["settles"] != int64(7) {
		t.Errorf("intent %+v", i)
	}
	if got := p.resources(); !slices.Equal(got, []string{"base"}) {
		t.Errorf("state %q", got)
	}
	expect(t, d.again(o, a), "unknown-state-did-not-move", "serial 1 as before")
	// What settled it can be left without an outcome itself.
	f, err := a.Reconcile(t.Context(), o, unsettled(t, o.intents[0]))
	if err != nil || !f.Sure || f.Ending.Result != engine.OK || f.Then != engine.ThenDone {
		t.Errorf("%+v %v", f, err)
	}
}
