// Package verify is the step that measures until the probes pass.
//
// A probe is met when its last measurement passed, `attempts` of them passed in
// a row, and the first and the last of that row are at least `for` apart. The
// verification passes at the moment all its probes are met together. Only
// measurements that began after the step count: what was seen before the last
// change says nothing about it.
//
// A measurement that failed breaks the row and the count starts again. One that
// is inconclusive neither passes nor fails, and does not break the row, unless
// the probe has been blind for longer than its timeout: a single hiccup of our
// own network is forgiven, not knowing is not.
//
// When `within` has passed and the probes are not met, the operator is asked:
// try again from the beginning, wait as long once more, accept with a reason, or
// stop. Measuring goes on while they think, and what they see stays current.
// The question is never answered by itself; but when everything is met by the
// time they say retry or wait, the verification passes at once. A failing probe
// that is required cannot be accepted. With on_failure: stop nobody is asked.
//
// A rehearsal changes nothing, so that waiting would not help: every probe is
// measured until it has `attempts` measurements, a failure is reported as a
// warning, and the rehearsal goes on.
//
// However it ends, the record holds the verdict, the totals and the last
// measurement of each probe, and every measurement as a line of JSON.
package verify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/steps/probe"
)

// Deps is what the step needs from outside.
type Deps struct {
	Hub *probe.Hub // the probes of the runbook
	// NoChanges plans for probes of kind no_changes: how many changes are left,
	// and a few words about them. Without it they are inconclusive.
	NoChanges func(ctx context.Context, op engine.Operator) (changes int, what safe.Text, err error)
}

// tick is how often the board is told at most.
const tick = 250 * time.Millisecond

// defaultWithin is the time of a verification that does not say one.
const defaultWithin = 5 * time.Minute

// Kit returns the builder of the step.
func Kit(d Deps) engine.Kit {
	return engine.Kit{runbook.KindVerify: func(s runbook.Step) (engine.Step, error) {
		if d.Hub == nil {
			return nil, errors.New("there are no probes")
		}
		for _, name := range s.Verify.Probes {
			if _, ok := d.Hub.Outline(name); !ok {
				return nil, fmt.Errorf("there is no probe %q", safe.Show(name))
			}
		}
		return &step{deps: d, spec: *s.Verify, asks: s.OnFailure != runbook.FailureStops}, nil
	}}
}

type step struct {
	deps Deps
	spec runbook.Verify
	asks bool
}

// ErrNotMet says that the probes did not pass in time.
var ErrNotMet = errors.New("the probes did not pass in time")

// Run measures until the verification is decided.
func (s *step) Run(ctx context.Context, op engine.Operator) (engine.Report, error) {
	op.Facts().Verified = false
	var planned probe.NoChanges
	if s.deps.NoChanges != nil {
		planned = func(ctx context.Context) (int, safe.Text, error) { return s.deps.NoChanges(ctx, op) }
	}
	spec := s.spec
	if op.Run().Rehearsal() {
		spec.For = 0 // nothing was changed, so there is nothing to wait out
	}
	b := newBoard(spec, op.Run().Runbook, s.deps.Hub, time.Now())
	feed, err := s.deps.Hub.Follow(s.spec.Probes, planned)
	if err != nil {
		return engine.Report{}, err
	}
	v := &verification{step: s, op: op, board: b, feed: feed, began: time.Now()}
	report, err := v.run(ctx)
	feed.Close()
	verdict := verdictOf(report, err)
	if rerr := op.Evidence(safe.Sprintf("verification: %s", verdict), b.facts(verdict, time.Since(v.began)), b.log()); rerr != nil {
		return report, errors.Join(err, rerr)
	}
	if err == nil && (!op.Run().Rehearsal() || b.met()) {
		op.Facts().Verified = true
	}
	return report, err
}

func verdictOf(r engine.Report, err error) string {
	switch {
	case err == nil && r.Result != "":
		return string(r.Result)
	case err == nil:
		return string(engine.OK)
	case errors.Is(err, ErrNotMet):
		return string(engine.Failed)
	}
	return string(engine.Stopped)
}

// verification is one attempt of the step.
type verification struct {
	step  *step
	op    engine.Operator
	board *board
	feed  *probe.Feed
	began time.Time

	told  time.Time
	dirty bool
	asked chan answer // nil while no question is open
}

type answer struct {
	engine.Answer
	err error
}

func (v *verification) run(ctx context.Context) (engine.Report, error) {
	// An open question must be over before the step is.
	asking, cancel := context.WithCancel(ctx)
	defer func() {
		cancel()
		if v.asked != nil {
			<-v.asked
		}
	}()
	within := v.step.spec.Within.Std()
	if within <= 0 {
		within = defaultWithin
	}
	v.board.deadline(time.Now(), within)
	late := time.NewTimer(within)
	defer late.Stop()
	pulse := time.NewTicker(tick)
	defer pulse.Stop()
	v.tell()
	for {
		select {
		case <-ctx.Done():
			v.take() // what was measured last is part of the record
			return engine.Report{}, context.Cause(ctx)
		case <-v.feed.Wake():
			v.take()
			if report, done := v.judge(false); done {
				v.tell()
				return report, nil
			}
		case <-late.C:
			v.take()
			if report, done := v.judge(true); done {
				v.tell()
				return report, nil
			}
			if err := v.fail(asking); err != nil {
				return engine.Report{}, err
			}
			v.tell()
		case a := <-v.asked:
			v.asked = nil
			report, done, err := v.answered(a)
			if done || err != nil {
				return report, err
			}
			v.board.deadline(time.Now(), within)
			late.Reset(within)
			v.tell()
		case <-pulse.C:
			if v.dirty || time.Since(v.told) >= time.Second {
				v.tell()
			}
		}
	}
}

// take counts what was measured since the last time.
func (v *verification) take() {
	for _, m := range v.feed.Take() {
		v.board.take(m)
		v.dirty = true
	}
}

// judge reports whether it is decided without a person.
func (v *verification) judge(late bool) (engine.Report, bool) {
	if v.asked != nil {
		return engine.Report{}, false // whoever was asked decides
	}
	if v.board.met() {
		return engine.Report{Summary: v.board.summary()}, true
	}
	if v.op.Run().Rehearsal() && (late || v.board.measured()) {
		for _, r := range v.board.unmet() {
			v.op.Tell(engine.Warned{Text: safe.Sprintf("%s does not pass now (%s: %s); a real run would measure on and then ask", r.Probe, r.Word, r.Got)})
		}
		return engine.Report{Summary: safe.Sprintf("%s; rehearsed", v.board.summary())}, true
	}
	return engine.Report{}, false
}

// fail asks the operator, or gives up when the runbook says so.
func (v *verification) fail(ctx context.Context) error {
	if !v.step.asks {
		return v.problem()
	}
	q := v.question()
	asked := make(chan answer, 1)
	go func() {
		a, err := v.op.Ask(ctx, q)
		asked <- answer{a, err}
		close(asked)
	}()
	v.asked = asked
	return nil
}

func (v *verification) problem() error {
	p := &engine.Problem{Err: fmt.Errorf("%w: %s", ErrNotMet, v.board.summary()), Hint: "look at what the probes say"}
	for _, r := range v.board.unmet() {
		p.Lines = append(p.Lines, safe.Sprintf("%s: %s, %s", r.Probe, r.Word, r.Got))
	}
	return p
}

// answered acts on what the operator said.
func (v *verification) answered(a answer) (r engine.Report, done bool, err error) {
	v.take()
	switch {
	case errors.Is(a.err, engine.ErrDeclined):
		// They stop because it failed: that is a failure, and no refusal.
		return r, true, fmt.Errorf("%w: %w", engine.ErrGivenUp, v.problem())
	case a.err != nil:
		return r, true, a.err
	}
	switch {
	case a.Choice == accept:
		return engine.Report{Summary: safe.Sprintf("%s; accepted", v.board.summary()), Result: engine.Accepted}, true, nil
	case v.board.met():
		return engine.Report{Summary: v.board.summary()}, true, nil
	case a.Choice == retry:
		v.board.reset(time.Now())
	}
	return r, false, nil
}

func (v *verification) tell() {
	v.told, v.dirty = time.Now(), false
	v.op.Tell(v.board.moved(v.told, v.asked != nil))
}
