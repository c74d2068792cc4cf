package terraform

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/steps/keep"
)

var _ engine.Reconciler = (*applyStep)(nil)

// Reconcile finds out what became of an apply, or of what was done to settle one.
//
// The exit code counts when there is one. Without it nothing is certain: a saved
// plan that Terraform takes again, or a state that did not move, says nothing
// about the objects themselves. So all that can be seen is collected: the state
// against the one of the intent, its lock, a state that could not be saved, and
// what a fresh plan of the same commit still wants.
func (a *applyStep) Reconcile(ctx context.Context, op engine.Operator, u engine.Unsettled) (engine.Finding, error) {
	s := a.tool.session(op)
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.Outcome != nil && u.Outcome.Result != string(engine.Unknown) {
		return recorded(u), nil
	}
	t := traceOf(u)
	switch t.call {
	case "":
		// Something small that can be repeated, such as a patch that was written.
		return settled("repeatable", engine.ThenAgain, engine.Ending{Result: engine.ResultRepeat}, safe.Lit("it is done again when it is asked for again")), nil
	case callPush, callUnlock:
		return s.settleHelp(ctx, op, t)
	}
	job, err := keep.Look(t.kept)
	switch {
	case t.kept == "":
		err = nil
		job = keep.State{Phase: keep.Lost, Why: "nothing is left of the process that was started for it"}
	case err != nil:
		job = keep.State{Phase: keep.Lost, Why: err.Error()}
	}
	if job.Phase == keep.NotStarted {
		f := settled("not-started", engine.ThenAgain, engine.Ending{Result: engine.Stopped, Facts: map[string]any{"recovered": true, "started": false, "why": safe.Show(job.Why)}},
			safe.Lit("Terraform was not started; nothing was applied"))
		f.Lines = []safe.Text{safe.Sprintf("the process: %s", job.Words())}
		f.Learn = func(facts *engine.Facts) { facts.Plan = nil }
		return f, nil
	}
	e := &evidence{trace: t, job: job, unseen: err}
	// What a lost process had said is worth reading, too.
	if t.kept != "" && err == nil {
		if e.end, err = s.follow(ctx, op, t, job); err != nil {
			return engine.Finding{}, err
		}
		if now, err := keep.Look(t.kept); err == nil {
			e.job = now // it has ended meanwhile
		}
	}
	if err := s.collect(ctx, op, e); err != nil {
		return engine.Finding{}, err
	}
	return s.judge(e), nil
}

// recorded is the finding for an effect whose outcome is in the journal.
func recorded(u engine.Unsettled) engine.Finding {
	o := u.Outcome
	end := engine.Ending{Result: engine.Result(o.Result), Detail: o.Detail, Facts: o.Facts}
	f := settled("recorded", engine.ThenAgain, end, safe.Sprintf("how it ended is recorded: %s", o.Result))
	t := traceOf(u)
	switch t.call {
	case callPush, callUnlock:
		f.Then = engine.ThenDone // what follows, the apply says that it was done for
		return f
	case "":
		return f
	}
	if f.Ending.Result == engine.OK {
		f.Then = engine.ThenDone
	}
	// An apply that was refused at the last moment did nothing.
	if started, ok := o.Facts["started"].(bool); !ok || started {
		took := time.Duration(number(o.Facts["took_ms"])) * time.Millisecond
		learn := t.learn(end.Result, took)
		f.Learn = func(facts *engine.Facts) {
			learn(facts)
			if at, ok := o.Facts["errored_state"].(string); ok && at == "" && facts.Keep.IsEmpty() && exists(erroredPath(t.directory)) {
				facts.Keep = onlyCopy(erroredPath(t.directory)) // as it was when that ended
			}
		}
	}
	return f
}

// settled is a finding that nobody has to be asked about.
func settled(verdict string, then engine.Then, end engine.Ending, found safe.Text) engine.Finding {
	if end.Detail.IsEmpty() {
		end.Detail = found
	}
	return engine.Finding{Verdict: verdict, Sure: true, Then: then, Ending: end, Found: found}
}

// What an intent of this step is about.
const (
	callApply  = "apply"
	callPush   = "state push"
	callUnlock = "force-unlock"
)

// A trace is what the intent of an effect says.
type trace struct {
	u    engine.Unsettled
	call string // one of the calls, or ""
	kept string // folder of its process

	// Of an apply.
	change, identity, title string
	commit, directory       string
	lineage                 string
	serial                  int64
	state                   string // digest of the state before, "" when there was none
	copied                  string // path of its copy
	terraform               string // version
	targets                 []string
	counts                  map[plan.Action]int

	file, sum string // what was pushed
	lock      string // id of the lock
}

func traceOf(u engine.Unsettled) *trace {
	f := u.Facts
	text := func(name string) string { s, _ := f[name].(string); return s }
	t := &trace{
		u: u, call: text("call"), kept: text("kept"),
		change: text("change"), identity: text("identity"), title: text("title"),
		commit: text("commit"), directory: text("directory"), lineage: text("lineage"), serial: number(f["serial"]),
		state: text("state"), copied: text("state_copy"), terraform: text("terraform"),
		file: text("file"), sum: text("sha256"), lock: text("lock"), counts: map[plan.Action]int{},
	}
	if _, ok := f["plan_sha256"]; ok && t.call == "" {
		t.call = callApply
	}
	if all, ok := f["targets"].([]any); ok {
		for _, one := range all {
			if s, ok := one.(string); ok {
				t.targets = append(t.targets, s)
			}
		}
	}
	if counts, ok := f["counts"].(map[string]any); ok {
		for name, n := range counts {
			t.counts[plan.Action(name)] = int(number(n))
		}
	}
	return t
}

// learn brings the facts of the run up to date after an apply that may have
// changed something.
func (t *trace) learn(result engine.Result, took time.Duration) func(*engine.Facts) {
	done := engine.ChangeDone{ID: t.identity, Title: safe.Show(t.title), Result: result, Took: took, Counts: t.counts}
	if done.ID == "" {
		done.ID = t.change
	}
	return func(f *engine.Facts) {
		f.Plan, f.Verified, f.PlanEmpty = nil, false, false
		// This process may have applied it itself, and not seen its end.
		if n := len(f.Applied); n > 0 && f.Applied[n-1].ID == done.ID && f.Applied[n-1].Result == engine.Unknown {
			f.Applied = f.Applied[:n-1]
		}
		f.Applied = append(f.Applied, done)
	}
}

// number reads a number of a record.
func number(v any) int64 {
	switch v := v.(type) {
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			return 0
		}
		return n
	case float64:
		return int64(v)
	case int64:
		return v
	case int:
		return int64(v)
	}
	return 0
}

// gone returns why a look ended early, when its context did, and not what was
// looked at.
func gone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
