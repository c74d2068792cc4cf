package command

import (
	"context"
	"errors"
	"slices"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/steps/command/process"
	"lockstep/steps/keep"
)

var _ engine.Reconciler = (*step)(nil)

// Reconcile finds out what became of a program whose starter died. It goes on by
// itself, so it is waited for; when it left no exit code, only the operator can
// tell what it did.
func (s *step) Reconcile(ctx context.Context, op engine.Operator, u engine.Unsettled) (engine.Finding, error) {
	if o := u.Outcome; o != nil {
		f := engine.Finding{
			Verdict: "recorded", Sure: true, Then: engine.ThenAgain, Found: safe.Sprintf("how it ended is recorded: %s", o.Result),
			Ending: engine.Ending{Result: engine.Result(o.Result), Detail: o.Detail, Facts: o.Facts},
		}
		if o.Result == string(engine.OK) {
			f.Then = engine.ThenDone
		}
		return f, nil
	}
	kept, _ := u.Facts["kept"].(string)
	job, err := keep.Look(kept)
	switch {
	case kept == "":
		return s.lost(keep.State{Phase: keep.Lost, Why: "nothing is left of the process that was started for it"}), nil
	case err != nil:
		return s.unseen(err), nil
	case job.Phase == keep.NotStarted:
		return engine.Finding{
			Verdict: "not-started", Sure: true, Then: engine.ThenAgain, Found: safe.Lit("the program was not started"),
			Ending: engine.Ending{Result: engine.Stopped, Facts: map[string]any{"why": safe.Show(job.Why)}},
		}, nil
	case job.Phase == keep.Running:
		op.Tell(engine.Warned{Text: safe.Sprintf("the program goes on without the process that started it (%s); it is waited for", job.Words())})
	}
	return s.rejoin(ctx, op, u, kept)
}

// rejoin follows the program to its end.
func (s *step) rejoin(ctx context.Context, op engine.Operator, u engine.Unsettled, kept string) (engine.Finding, error) {
	dir, _ := u.Facts["dir"].(string)
	spec := s.process(op, dir)
	clean := s.knows(u)
	if !clean {
		// What it prints may hold values that are not known here.
		spec.Lines = nil
	}
	e, err := process.Rejoin(ctx, kept, spec)
	switch {
	case ctx.Err() != nil:
		return engine.Finding{}, context.Cause(ctx)
	case errors.Is(err, process.ErrLost):
		job, lerr := keep.Look(kept)
		if lerr != nil {
			job = keep.State{Phase: keep.Lost, Why: lerr.Error()}
		}
		return s.lost(job), nil
	case err != nil:
		return engine.Finding{}, err
	}
	f := engine.Finding{
		Verdict: "recovered-rc", Sure: true, Then: engine.ThenDone, Found: safe.Sprintf("the program ended by itself: %s", e.Describe()),
		Ending: engine.Ending{Detail: e.Describe(), Facts: s.facts(dir, e)},
	}
	f.Ending.Facts["recovered"] = true
	if clean {
		f.Ending.Blobs = []engine.Blob{blob(e)}
	} else {
		f.Ending.Facts["output_withheld"] = "variables that it saw are not set here"
	}
	if e.Exit != 0 {
		f.Then, f.Ending.Result = engine.ThenAgain, engine.Failed
		op.Tell(engine.Warned{Text: safe.Sprintf("%s: %s; you are asked about it again", process.Quote(s.spec.Argv), e.Describe())})
	}
	return f, nil
}

// knows reports whether this process has every variable that the program saw, so
// that their values can be taken out of what it printed.
func (s *step) knows(u engine.Unsettled) bool {
	_, allowed := process.Environ(s.spec.Environment, s.deps.Environ())
	saw, _ := u.Facts["environment"].([]any)
	return !slices.ContainsFunc(saw, func(name any) bool {
		n, _ := name.(string)
		_, ok := allowed[n]
		return !ok
	})
}

// unseen is the finding when nothing can be seen of the program, not even whether
// it runs still. So it is not run again, whatever it is.
func (s *step) unseen(err error) engine.Finding {
	f := s.undecided("unseen", safe.Sprintf("nobody knows how the program ended, or whether it runs still: %v", err))
	look := engine.Settling{
		Choice: engine.Choice{ID: "look", Key: "l", Label: safe.Lit("look again"), Consequence: safe.Lit("nothing is changed")},
		Then:   engine.ThenLook,
	}
	f.Choices = slices.Insert(f.Choices, 1, look)
	f.Lines = []safe.Text{process.Quote(s.spec.Argv)}
	return f
}

// lost is the finding when nobody wrote down how the program ended.
func (s *step) lost(job keep.State) engine.Finding {
	f := s.undecided("lost", safe.Lit("nobody knows how the program ended, or how far it came"))
	f.Lines = []safe.Text{process.Quote(s.spec.Argv), safe.Sprintf("the process is gone, and no exit code was written: %s", safe.Show(job.Why))}
	f.Facts = map[string]any{"phase": job.Phase.String(), "pid": job.PID, "why": safe.Show(job.Why)}
	if job.PID != 0 {
		f.Lines[1] = safe.Sprintf("process %d is gone, and no exit code was written: %s", job.PID, safe.Show(job.Why))
	}
	if s.spec.Effect == runbook.EffectRepeatable {
		f.Sure, f.Then, f.Choices = true, engine.ThenAgain, nil
		f.Found = safe.Lit("nobody knows how the program ended; it can be repeated without harm")
		f.Ending = engine.Ending{Result: engine.ResultRepeat, Detail: f.Found}
	}
	return f
}

// undecided is a finding that only the operator can decide on.
func (s *step) undecided(verdict string, found safe.Text) engine.Finding {
	return engine.Finding{Verdict: verdict, Found: found, Choices: []engine.Settling{
		{
			Choice: engine.Choice{
				ID: "stop", Key: "s", Label: safe.Lit("stop here"), Stops: true, Recommended: true,
				Consequence: safe.Lit("nothing runs; the run can be resumed when you know more"),
			},
			Ending: engine.Ending{Result: engine.Unknown}, Then: engine.ThenStop,
		},
		{
			Choice: engine.Choice{
				ID: "done", Key: "d", Label: safe.Lit("I looked: it did its work"), NeedsReason: true,
				Consequence: safe.Lit("the step counts as done; the reason is recorded"),
			},
			Ending: engine.Ending{Detail: safe.Lit("the operator says that it did its work")}, Then: engine.ThenDone,
		},
		{
			Choice: engine.Choice{
				ID: "again", Key: "a", Label: safe.Lit("run it again"), NeedsReason: true, Typed: "again", Irreversible: true,
				Consequence: safe.Lit("what it did before it was lost is done a second time"),
			},
			Ending: engine.Ending{Result: engine.Failed, Detail: safe.Lit("the operator says that it has to run again")}, Then: engine.ThenAgain,
		},
	}}
}
