package terraform

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
)

// An apply that was cancelled before it started changed nothing, also for the
// process that reads of it.
func TestRecorded_cancelledBeforeItStartedIsNoChange(t *testing.T) {
	t.Parallel()
	p := newProject(t, `resource "terraform_data" "a" {}`)
	o := p.operator(engine.Live)
	tool := New(p.deps())
	o.mustStep(tool, runbook.KindPlan)
	ctx, cancel := context.WithCancelCause(t.Context())
	o.onIntent = func() { cancel(engine.ErrStopped) }
	if _, err := o.step(ctx, tool, runbook.KindApply); !errors.Is(err, engine.ErrStopped) {
		t.Fatal(err)
	}
	raw, err := json.Marshal(o.endings[0].Facts)
	if err != nil {
		t.Fatal(err)
	}
	u := unsettled(t, o.intents[0])
	u.Outcome = &journal.OutcomeBody{Result: string(o.endings[0].Result)}
	if err := json.Unmarshal(raw, &u.Outcome.Facts); err != nil {
		t.Fatal(err)
	}
	if f := recorded(u); f.Learn != nil || f.Then != engine.ThenAgain {
		t.Errorf("%+v, facts %s", f, raw)
	}
}

// The next process knows that the only copy of the state is in the work folder.
func TestRecorded_keepsTheOnlyCopyOfTheState(t *testing.T) {
	for _, at := range []string{"", "/somewhere/safe"} {
		dir := t.TempDir()
		if err := os.WriteFile(erroredPath(dir), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		f := recorded(engine.Unsettled{
			Facts:   map[string]any{"call": callApply, "directory": dir},
			Outcome: &journal.OutcomeBody{Result: string(engine.Failed), Facts: map[string]any{"errored_state": at}},
		})
		var facts engine.Facts
		f.Learn(&facts)
		if facts.Keep.IsEmpty() != (at != "") {
			t.Errorf("in %q: kept because of %q", at, facts.Keep)
		}
	}
}

// Where nothing is known of the process its lock is not taken for that of a dead one.
func TestReconcile_processThatCannotBeSeen(t *testing.T) {
	t.Parallel()
	p, _ := slowProject(t, slow("a", ""))
	d := p.die("c2")
	if err := os.Chmod(d.kept(), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(d.kept(), 0o700) })
	o := p.operator(engine.Live)
	o.facts = d.before.facts
	f, err := (&applyStep{tool: New(p.deps())}).Reconcile(t.Context(), o, d.u)
	if err != nil || f.Sure {
		t.Fatalf("%+v %v", f, err)
	}
	if said := joined(f); !strings.Contains(said, "runs still") || strings.Contains(said, "is gone") {
		t.Errorf("%s", said)
	}
	if _, err := os.Stat(filepath.Join(d.kept(), "claim")); err == nil {
		t.Error("it was given up")
	}
}

func joined(f engine.Finding) string {
	var out []string
	for _, l := range f.Lines {
		out = append(out, l.String())
	}
	return strings.Join(out, "\n")
}

// A state that can be copied to no safe place is offered from where it is, and
// stays there.
func TestRescue_staysWhereItIsWhenThereIsNoSafePlace(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	blocked := filepath.Join(t.TempDir(), "rescued")
	dir := t.TempDir()
	err := errors.Join(os.WriteFile(blocked, nil, 0o600), os.WriteFile(erroredPath(dir), []byte(`{"version":4,"serial":3,"lineage":"x"}`), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	p := newProject(t, "")
	o := p.operator(engine.Live)
	s := newSession(Deps{Rescue: blocked}, o.run)
	e := &evidence{trace: &trace{directory: dir}}
	s.lookForRescued(o, e)
	if e.rescued == nil || e.rescued.path != erroredPath(dir) || e.rescued.id.Serial != 3 || o.facts.Keep.IsEmpty() {
		t.Errorf("%+v, kept because of %q", e.rescued, o.facts.Keep)
	}
}
