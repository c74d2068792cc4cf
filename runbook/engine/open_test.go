package engine

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// A run has no last record while the end of an effect is not known, whatever its
// steps made of that.
func TestEngine_closesNoRunWithAnOpenEffect(t *testing.T) {
	unknown := func(context.Context) (Ending, error) { return Ending{}, ErrUnknown }
	for name, end := range map[string]error{"says nothing of it": nil, "says no": ErrDeclined, "failed": ErrGivenUp} {
		h := &harness{t: t, mode: Live, steps: []runbook.Step{confirm("a")}, do: map[string]does{
			"a": func(ctx context.Context, op Operator) (Report, error) {
				_, _ = op.Effect(ctx, Intent{Effect: runbook.EffectIrreversible, What: safe.Lit("x")}, unknown)
				return Report{}, end
			},
		}}
		if r, err := h.run(t.Context()); r != Unknown || !errors.Is(err, ErrUnknown) || h.journal.count(journal.KindClose) != 0 {
			t.Errorf("%s: %s %v, %q", name, r, err, h.journal.kinds())
		}
	}
}

// Who says that a step is done says it of every effect of it that is open.
func TestEngine_acceptingAnUnknownStepSettlesAllOfIt(t *testing.T) {
	for choice, want := range map[string]int{"accept": 2, "look": 2} {
		steps := []runbook.Step{confirm("a")}
		p := &trip{
			t: t, journal: &keeping{}, steps: steps, say: map[string]Answer{"unknown": {Choice: choice, Reason: "I looked"}},
			kit: func(*[]string) map[string]Step {
				return map[string]Step{"a": looker{does(func(ctx context.Context, op Operator) (Report, error) {
					var err error
					for range 2 {
						_, err = op.Effect(ctx, Intent{What: safe.Lit("x")}, func(context.Context) (Ending, error) { return Ending{}, ErrUnknown })
					}
					return Report{}, err
				}), func(Unsettled) Finding { return Finding{Verdict: "seen", Sure: true, Then: ThenDone} }}}
			},
		}
		if r, err := p.run(0); r != OK || p.journal.count(journal.KindOutcome) != want {
			t.Errorf("%s: %s %v, %q", choice, r, err, p.journal.kinds())
		}
	}
}

// full has no room for the first outcome.
type full struct {
	keeping
	refused bool
}

func (f *full) Append(d journal.Draft) (journal.Record, error) {
	if d.Kind == journal.KindOutcome && !f.refused {
		f.refused = true
		return journal.Record{}, journal.ErrNoRoom
	}
	return f.keeping.Append(d)
}

// An outcome that found no room is still missing when the operator goes on: then
// there is one, or the run stays open.
func TestEngine_recordsAnOutcomeThatFoundNoRoomBefore(t *testing.T) {
	log := &full{}
	build := func(runbook.Step) (Step, error) {
		return does(func(ctx context.Context, op Operator) (Report, error) {
			_, err := op.Effect(ctx, Intent{What: safe.Lit("x")}, func(context.Context) (Ending, error) { return Ending{}, nil })
			return Report{}, err
		}), nil
	}
	e, err := New(Config{
		Run: "r1", Mode: Live, Environment: "production", Journal: log, Kit: Kit{runbook.KindConfirm: build},
		Runbook: &runbook.Runbook{Steps: []runbook.Step{confirm("a")}, Environments: map[string]*runbook.Environment{"production": {Name: "production"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	events, cancel := e.Subscribe()
	defer cancel()
	go func() {
		for ev := range events {
			if q, ok := ev.Event.(QuestionAsked); ok {
				_ = e.Answer(Answer{Question: q.Question.ID, Choice: "accept", Reason: "I looked"})
			}
		}
	}()
	if r, err := e.Run(t.Context()); r != OK || log.count(journal.KindOutcome) != 1 {
		t.Errorf("%s %v, %q", r, err, log.kinds())
	}
}

// What a step keeps the work folder for outlives the settling of another effect,
// and the process.
func TestEngine_keepsWhatAStepStillNeeds(t *testing.T) {
	p := &trip{t: t, journal: &keeping{}, steps: []runbook.Step{confirm("a"), confirm("b")}, work: filepath.Join(t.TempDir(), "work")}
	p.kit = func(effects *[]string) map[string]Step {
		return map[string]Step{
			"a": does(func(_ context.Context, op Operator) (Report, error) {
				op.Facts().Keep = safe.Lit("it holds the only copy of the state")
				return Report{}, nil
			}),
			"b": causes(effects, "b", runbook.EffectRepeatable),
		}
	}
	if err := os.Mkdir(p.work, 0o700); err != nil {
		t.Fatal(err)
	}
	// open, a: step step, b: step intent
	if _, err := p.run(5); err == nil {
		t.Fatal("the run did not die")
	}
	if r, err := p.run(0); r != OK {
		t.Fatal(r, err)
	}
	var b journal.OutcomeBody
	for _, r := range p.journal.records {
		if r.Kind == journal.KindOutcome {
			_ = json.Unmarshal(r.Body, &b)
			break
		}
	}
	if b.Result != string(ResultRepeat) {
		t.Fatalf("nothing was settled: %q", p.journal.kinds())
	}
	if _, err := os.Stat(p.work); err != nil {
		t.Errorf("the work folder is gone: %v", err)
	}
}
