package git

import (
	"context"
	"errors"
	"fmt"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// record is the step record_pin.
type record struct {
	deps   Deps
	push   bool
	remote string
}

// Run writes the pin when the environment is at the chosen commit, and only then.
func (s *record) Run(ctx context.Context, op engine.Operator) (engine.Report, error) {
	f, refused := op.Facts(), safe.Lit("the pin was not written")
	if f.Commit == nil || f.Pin == nil {
		return engine.Report{}, op.Refuse(refused, problem("Put pick_commit before record_pin in the runbook.", "no commit was picked"))
	}
	if err := unfinished(f); err != nil && !op.Run().Rehearsal() {
		return engine.Report{}, op.Refuse(refused, err)
	}
	r, err := openFor(op)
	if err != nil {
		return engine.Report{}, op.Refuse(refused, err)
	}
	defer r.Close()
	w, err := r.prepareWrite(ctx, f, s.author(op, r), s.message(op))
	if err != nil {
		return engine.Report{}, op.Refuse(refused, err)
	}
	if s.push {
		w.remote = s.remote
		w.checks = append(w.checks, r.remoteCheck(ctx, w))
	}
	for _, c := range w.checks {
		if !c.OK && !op.Run().Rehearsal() {
			return engine.Report{}, op.Refuse(refused, problem("Put that right, for example with git pull or git push, and try again.", "the pin of %s cannot be written: %s", w.env, c.Text))
		}
	}
	if err := s.ask(ctx, op, w); err != nil {
		return engine.Report{}, err
	}
	_, err = op.Effect(ctx, w.intent(), func(ctx context.Context) (engine.Ending, error) { return r.write(ctx, w) })
	report := engine.Report{Summary: safe.Sprintf("%s", f.Commit.Short)}
	if errors.Is(err, engine.ErrRehearsed) {
		report.Result = engine.Skipped
	}
	if err != nil {
		return report, err
	}
	if err := confirm(ctx, op, w); err != nil {
		return engine.Report{}, err
	}
	f.NewPin = f.Commit
	op.Tell(engine.PinRecorded{Commit: safe.Show(f.Commit.Short), Where: w.where, Pushed: w.remote != ""})
	return report, nil
}

// unfinished says why the environment is not at the commit yet, or returns nil.
// When a run applied nothing, there is nothing to verify.
func unfinished(f *engine.Facts) error {
	switch {
	case !f.PlanEmpty:
		return problem("Plan and apply until the plan is empty; the pin follows.",
			"the last plan was not empty, so the environment is not at %s yet", f.Commit.Short)
	case !f.Verified && len(f.Applied) > 0:
		return problem("Verify what was applied; the pin follows.",
			"what was applied was not verified, so nobody knows whether %s works", f.Commit.Short)
	}
	return nil
}

// ask shows what will be written and where, with everything that was looked at.
func (s *record) ask(ctx context.Context, op engine.Operator, w *write) error {
	f := op.Facts()
	checks := append([]engine.CheckLine{
		{OK: f.PlanEmpty, Text: choose(f.PlanEmpty, safe.Lit("the plan is empty: the state is what the commit says"), safe.Lit("the plan is not empty yet"))},
		verifiedCheck(f),
	}, w.checks...)
	if outage := engine.Outage(f.Dark); !outage.IsEmpty() {
		checks = append(checks, engine.CheckLine{Text: safe.Sprintf("while this ran %s", outage)})
	}
	do := engine.Choice{
		ID: "write", Tags: []string{"recommended"}, Key: "w", Label: safe.Lit("write the pin"), Recommended: true,
		Consequence: w.consequence(),
	}
	_, err := op.Ask(ctx, engine.Question{
		Kind:  engine.AskPin,
		Title: safe.Sprintf("write down that %s is at %s?", w.env, f.Commit.Short),
		Choices: []engine.Choice{
			{
				ID: "stop", Key: "s", Label: safe.Lit("stop here"), Stops: true,
				Consequence: safe.Sprintf("what is applied stays, and the pin stays at %s", f.Pin.Short),
			},
			do,
		},
		Digest:  w.digest(),
		Payload: engine.PinReview{Environment: w.env, From: *f.Pin, To: *f.Commit, Where: w.where, Checks: checks},
	})
	return err
}

func verifiedCheck(f *engine.Facts) engine.CheckLine {
	switch {
	case f.Verified:
		return engine.CheckLine{OK: true, Text: safe.Lit("the verification passed")}
	case len(f.Applied) == 0:
		return engine.CheckLine{OK: true, Text: safe.Lit("nothing was applied, so there was nothing to verify")}
	}
	return engine.CheckLine{Text: safe.Lit("the verification has not passed")}
}

func choose(ok bool, yes, no safe.Text) safe.Text {
	if ok {
		return yes
	}
	return no
}

// confirm reads the pin again, as the next run will.
func confirm(ctx context.Context, op engine.Operator, w *write) error {
	r, err := openFor(op)
	if err != nil {
		return err
	}
	defer r.Close()
	pin, err := r.Pin(ctx)
	if err != nil {
		return fmt.Errorf("read the pin that was written: %w", err)
	}
	if pin.Hash != w.commit {
		return fmt.Errorf("%w: the pin says %s right after %s was written", engine.ErrStale, short(pin.Hash), short(w.commit))
	}
	l, err := r.objects.Link(r.head)
	if err != nil {
		return r.explain(err)
	}
	return op.Evidence(safe.Sprintf("the pin of %s reads %s", w.env, short(w.commit)), map[string]any{
		"pin": w.commit.String(), "head": r.Head(), "tree": l.Tree.String(), "where": w.where.String(),
	})
}

// message returns the message of the commit that writes the pin.
func (s *record) message(op engine.Operator) string {
	run, c := op.Run(), op.Facts().Commit
	return fmt.Sprintf("deploy(%s): pin %s\n\nLockstep-Run: %s\nLockstep-Environment: %s\nLockstep-Commit: %s\n",
		run.Environment.Name, c.Short, run.ID, run.Environment.Name, c.Hash)
}

// intent says what is about to be written, so that a later look can tell
// whether it was.
func (w *write) intent() engine.Intent {
	facts := map[string]any{
		"pin": w.commit.String(), "ref": w.ref.String(), "from": w.old.String(), "to": w.new.String(), "where": w.where.String(),
	}
	if w.remote != "" {
		facts["remote"] = w.remote
	}
	return engine.Intent{
		Effect: runbook.EffectRepeatable,
		What:   safe.Sprintf("write %s into the pin of %s", short(w.commit), w.env), Facts: facts,
	}
}
