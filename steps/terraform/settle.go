package terraform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/steps/keep"
	"lockstep/steps/terraform/cli"
	"lockstep/steps/terraform/planfile"
)

// pushing returns what pushes a state in a file.
func (s *session) pushing(e *evidence, r *rescued) func(context.Context, engine.Operator) error {
	return func(ctx context.Context, op engine.Operator) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		head := op.Facts().Head
		if head == "" {
			head = e.trace.commit
		}
		w, err := s.workplace(ctx, op, e.trace.commit, head)
		if err != nil {
			return err
		}
		return s.pushState(ctx, op, w, e, r)
	}
}

// pushState pushes a state, as an effect of its own. Terraform takes a state of
// another lineage in the place of an empty one without a word, so lineage and
// serial are looked at here.
func (s *session) pushState(ctx context.Context, op engine.Operator, w *workplace, e *evidence, r *rescued) error {
	fresh := &evidence{trace: e.trace}
	if err := fresh.pull(ctx, w); err != nil {
		return err
	}
	if fresh.blind != nil {
		return fresh.blind
	}
	if why := fresh.fits(r); !why.IsEmpty() {
		return op.Refuse(safe.Lit("the state was not pushed"), fmt.Errorf("%s", why))
	}
	if sum, err := planfile.Digest(r.path); err != nil || sum != r.sum {
		return op.Refuse(safe.Lit("the state was not pushed"), stale("the file with the state was changed after it was read"))
	}
	kept, err := s.jobFolder("push")
	if err != nil {
		return err
	}
	_, err = op.Effect(ctx, engine.Intent{
		Effect: runbook.EffectIrreversible,
		What:   safe.Sprintf("push the state in %s to %s: serial %d → %d", r.path, s.env.Name, fresh.now.Serial, r.id.Serial),
		Facts: map[string]any{
			"call": callPush, "kept": kept, "file": safe.Show(r.path), "sha256": r.sum, "commit": e.trace.commit,
			"lineage": safe.Show(r.id.Lineage), "serial": r.id.Serial,
			"lineage_before": safe.Show(fresh.now.Lineage), "serial_before": fresh.now.Serial, "state_before": digestOf(fresh.raw),
			"settles": e.trace.u.Seq,
		},
		Force: forced(kept),
	}, func(ctx context.Context) (engine.Ending, error) {
		// Terraform wants force to put back a state whose serial did not change.
		if err := w.root.PushState(ctx, kept, r.path, r.id == fresh.now); err != nil {
			return engine.Ending{}, err
		}
		after, err := w.root.State(context.WithoutCancel(ctx))
		end := engine.Ending{Facts: map[string]any{"lineage": safe.Show(after.Lineage), "serial": after.Serial}}
		if err == nil && (after.Lineage != r.id.Lineage || after.Serial < r.id.Serial) {
			err = fmt.Errorf("another state is there than the one that was pushed: serial %d", after.Serial)
		}
		return end, err
	})
	if err == nil {
		op.Tell(engine.Warned{Text: safe.Sprintf("the state is saved; %s holds secrets and is not needed any more", r.path)})
	}
	return err
}

// unlocking returns what releases the lock, as an effect of its own.
func (s *session) unlocking(e *evidence) func(context.Context, engine.Operator) error {
	return func(ctx context.Context, op engine.Operator) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		w := s.work
		if w == nil {
			return errors.New("there is no checkout to release the lock from; look again")
		}
		l := e.lock
		kept, err := s.jobFolder("unlock")
		if err != nil {
			return err
		}
		_, err = op.Effect(ctx, engine.Intent{
			Effect: runbook.EffectIrreversible,
			What:   safe.Sprintf("release the lock of %s: %v", s.env.Name, l),
			Facts: map[string]any{
				"call": callUnlock, "kept": kept, "lock": l.ID, "who": l.Who, "created": l.Created, "operation": l.Operation,
				"commit": e.trace.commit, "settles": e.trace.u.Seq,
			},
			Force: forced(kept),
		}, func(ctx context.Context) (engine.Ending, error) {
			return engine.Ending{}, w.root.ForceUnlock(ctx, kept, l.ID)
		})
		return err
	}
}

// settleHelp finds out what became of a push or a release that an earlier process
// did to settle an apply. What counts is what is there now. How the run goes on,
// the apply says.
func (s *session) settleHelp(ctx context.Context, op engine.Operator, t *trace) (engine.Finding, error) {
	job, err := keep.Look(t.kept)
	if err == nil && job.Phase == keep.Running {
		if _, err := keep.Follow(ctx, t.kept, io.Discard, io.Discard); err != nil {
			return engine.Finding{}, err
		}
	}
	head := op.Facts().Head
	if head == "" {
		head = t.commit
	}
	w, err := s.workplace(ctx, op, t.commit, head)
	if err != nil {
		return engine.Finding{}, err
	}
	done, found := false, safe.Text{}
	if t.call == callPush {
		e := &evidence{trace: t}
		if err := e.pull(ctx, w); err != nil {
			return engine.Finding{}, err
		}
		done = e.broken == nil && e.blind == nil && e.now.Lineage == t.lineage && e.now.Serial >= t.serial
		found = choose(done, safe.Lit("the state that was to be pushed is there"), safe.Lit("the state that was to be pushed is not there"))
	} else {
		var l *cli.LockedError
		_, _, err := s.wants(ctx, op, w, nil)
		if gerr := gone(ctx, err); gerr != nil {
			return engine.Finding{}, gerr
		}
		done = !errors.As(err, &l) || l.ID != t.lock
		found = choose(done, safe.Lit("that lock does not hold the state any more"), safe.Lit("that lock still holds the state"))
	}
	end := engine.Ending{Result: engine.Failed, Detail: found, Facts: map[string]any{"recovered": true}}
	if done {
		end.Result = engine.OK
	}
	return settled(verdictRecovered, engine.ThenDone, end, found), nil
}

func choose(ok bool, yes, no safe.Text) safe.Text {
	if ok {
		return yes
	}
	return no
}

// offer asks what to do with a state that Terraform could not save, right after
// the apply that failed. It returns nil when the state is pushed.
func (w *work) offer(ctx context.Context, intent engine.Intent, began time.Time, failed error) error {
	s, op := w.session, w.op
	if w.rescued == "" || ctx.Err() != nil {
		return failed
	}
	r, err := readRescued(w.rescued)
	if err != nil {
		return errors.Join(failed, err)
	}
	e := &evidence{rescued: r, trace: &trace{
		commit: w.p.work.commit, lineage: w.copied.id.Lineage, serial: w.copied.id.Serial,
		state: w.copied.digest, copied: w.copied.path, terraform: w.p.model.Terraform,
	}}
	if err := e.pull(ctx, w.p.work); err != nil || e.blind != nil {
		return failed
	}
	leave := engine.Choice{
		ID: "stop", Key: "s", Label: safe.Lit("leave it in its file"), Recommended: true,
		Consequence: safe.Lit("nothing is changed; the apply has failed, and you are asked what follows"),
	}
	_, moved := e.state()
	a, err := op.Ask(ctx, engine.Question{
		Kind: engine.AskSettle, Title: safe.Lit("Terraform could not save its state"),
		Choices: []engine.Choice{leave, s.push(e, r, "push", safe.Lit("push the rescued state")).Choice},
		Digest:  r.sum,
		Payload: engine.Settlement{
			What: intent.What, Started: began, By: safe.Show(op.Run().Actor.Name + "@" + op.Run().Actor.Host), Verdict: verdictErrored,
			Found: safe.Lit("What was applied is known to a file that was kept, and to nothing else"),
			Lines: []safe.Text{moved, safe.Sprintf("the state that could not be saved is in %s, serial %d; it holds secrets", r.path, r.id.Serial)},
		},
	})
	if err != nil {
		return errors.Join(failed, err)
	}
	if a.Choice != "push" {
		return failed
	}
	if err := s.pushState(ctx, op, w.p.work, e, r); err != nil {
		return errors.Join(failed, err)
	}
	var p *engine.Problem
	if errors.As(failed, &p) {
		saved := *p
		saved.Hint = "The state is saved now. Repair what failed, then plan again: the new plan holds what is left."
		return &saved
	}
	return failed
}

// jobFolder makes the folder of a job that is no apply, before its intent: one that
// is there and was not used shows that nothing ran.
func (s *session) jobFolder(what string) (string, error) {
	folder, err := keep.Folder(s.run.WorkDir, what)
	if err != nil {
		return "", err
	}
	return folder, keep.Make(folder)
}
