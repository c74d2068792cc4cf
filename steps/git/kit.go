package git

import (
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// Deps is what the steps need beside the repository.
type Deps struct {
	// Verified says when a commit was verified in an environment, as the records
	// of this machine know it. It may be nil.
	Verified func(environment, hash string) (time.Time, bool)
	// Now is the clock for the commits that are written; time.Now when nil.
	Now func() time.Time
}

// Kit returns the builders of the steps on git: pick_commit, review_diff and record_pin.
func Kit(d Deps) engine.Kit {
	if d.Now == nil {
		d.Now = time.Now
	}
	return engine.Kit{
		runbook.KindPickCommit: func(runbook.Step) (engine.Step, error) { return &pick{deps: d}, nil },
		runbook.KindReviewDiff: func(s runbook.Step) (engine.Step, error) {
			return &review{max: int64(s.ReviewDiff.MaxFileBytes)}, nil
		},
		runbook.KindRecordPin: func(s runbook.Step) (engine.Step, error) {
			return &record{deps: d, push: s.RecordPin.Push, remote: s.RecordPin.Remote}, nil
		},
	}
}

// openFor opens the repository for a running step, which sees its notes as warnings.
func openFor(op engine.Operator) (*Repository, error) {
	r, err := OpenRun(op.Run())
	if err != nil {
		return nil, err
	}
	r.Note = func(t safe.Text) { op.Tell(engine.Warned{Text: t}) }
	return r, nil
}

// telling passes progress on to the operator.
func telling(op engine.Operator) progress {
	return func(what safe.Text, done, total int64) {
		op.Tell(engine.Progressed{What: what, Done: done, Total: total})
	}
}
