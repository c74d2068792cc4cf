package tui

import (
	"slices"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// A run is what the events so far say: a fold over them, without a clock of its
// own.
type run struct {
	engine.RunStarted
	started  time.Time
	steps    []*step
	probes   []*probe
	rounds   map[string][]*round // of an each_change, by its id
	current  string              // id of the step that runs, or ""
	commit   *engine.Candidate
	changes  int // of the plan that was made last
	recorded int64
	progress *engine.Progressed
	worked   time.Time // since when the step works, without waiting for an answer
	warned   safe.Text
	ending   engine.Interrupt // how the run is to end early, or ""
	since    time.Time        // since when it is
	forced   engine.Interrupt // how the program under way was pressed last, or ""
	forcedAt time.Time
	attended *engine.Attended // who is there; nil when the run does not say
	chosen   map[string]safe.Text
	finished *engine.RunFinished
	ended    time.Time
}

// A step is a step and how far it is.
type step struct {
	engine.StepOutline
	begun   time.Time
	running bool
	result  engine.Result // "" until it finished
	before  bool          // it was done before the run was resumed
	summary safe.Text
	elapsed time.Duration
	attempt int
}

// A round is one change of an each_change.
type round struct {
	number       int
	begun, ended time.Time
	failed       bool
	before       bool // it was over before the run was resumed, as far as is known
	title        safe.Text
}

// samples is how many measurements of a probe a sparkline can show.
const samples = 48

// A probe is a probe and what it measured.
type probe struct {
	engine.ProbeOutline
	last                        []engine.ProbeMeasured // the newest at the end
	asked, failed, inconclusive int
}

// apply takes one event.
func (r *run) apply(e engine.Envelope) {
	switch v := e.Event.(type) {
	case engine.RunStarted:
		r.start(e.Time, v)
	case engine.StepStarted:
		r.beginStep(e.Time, v)
	case engine.StepFinished:
		r.endStep(e.Time, v)
	case engine.RoundStarted:
		r.beginRound(e.Time, v)
	case engine.Progressed:
		r.progress = &v
	case engine.Warned:
		r.warned = v.Text
	case engine.CommitChosen:
		r.commit = &v.Commit
	case engine.PlanMade:
		r.planned(v)
	case engine.QuestionAnswered:
		r.worked, r.progress = e.Time, nil // what was done before it is done
		if t, ok := r.chosen[v.Answer.Item]; ok {
			r.name(t)
		}
	case engine.ProbeMeasured:
		r.measured(v)
	case engine.Recorded:
		r.recorded = v.Seq
	case engine.Interrupted:
		r.interrupted(e.Time, v)
	case engine.Attended:
		r.attended = &v
	case engine.RunFinished:
		r.finished, r.ended = &v, e.Time
	}
}

func (r *run) start(at time.Time, v engine.RunStarted) {
	*r = run{RunStarted: v, started: at, rounds: map[string][]*round{}, chosen: map[string]safe.Text{}, recorded: r.recorded}
	for _, o := range v.Steps {
		r.steps = append(r.steps, &step{StepOutline: o})
	}
	for _, o := range v.Probes {
		r.probes = append(r.probes, &probe{ProbeOutline: o})
	}
}

// resuming reports whether a resumed run still finds out what became of what was
// under way: no step has begun since.
func (r *run) resuming() bool {
	return r.Resumed > 0 && r.finished == nil && !slices.ContainsFunc(r.steps, func(s *step) bool { return !s.begun.IsZero() })
}

func (r *run) beginStep(at time.Time, v engine.StepStarted) {
	s := r.step(v.ID)
	if s == nil {
		return
	}
	s.begun, s.running, s.attempt, s.result, s.summary, s.before = at, true, v.Attempt, "", safe.Text{}, false
	if rounds := r.rounds[s.Parent]; len(rounds) > 0 {
		rounds[len(rounds)-1].before = false
	}
	if s.Kind != runbook.KindEachChange {
		r.current, r.worked, r.progress, r.warned = v.ID, at, nil, safe.Text{}
	}
}

func (r *run) endStep(at time.Time, v engine.StepFinished) {
	s := r.step(v.ID)
	if s == nil {
		return
	}
	s.before = r.Resumed > 0 && s.begun.IsZero()
	s.running, s.result, s.summary, s.elapsed = false, v.Result, v.Summary, v.Elapsed
	r.forced = ""
	if r.current == v.ID {
		r.current, r.progress = "", nil
	}
	if rounds := r.rounds[v.ID]; len(rounds) > 0 {
		rounds[len(rounds)-1].ended = at
	}
	if rounds := r.rounds[s.Parent]; len(rounds) > 0 && s.before {
		rounds[len(rounds)-1].before = true
	}
	if rounds := r.rounds[s.Parent]; len(rounds) > 0 && (v.Result == engine.Failed || v.Result == engine.Unknown) {
		rounds[len(rounds)-1].failed = true
	}
}

func (r *run) beginRound(at time.Time, v engine.RoundStarted) {
	if r.rounds == nil {
		return // no run yet
	}
	rounds := r.rounds[v.ID]
	if len(rounds) > 0 {
		rounds[len(rounds)-1].ended = at
	} else {
		r.changes = 1
	}
	r.changes = max(r.changes-1, 0) // until the next plan says it better
	r.rounds[v.ID] = append(rounds, &round{number: v.Round, begun: at})
	for _, s := range r.steps {
		if s.Parent == v.ID {
			*s = step{StepOutline: s.StepOutline}
		}
	}
}

func (r *run) planned(v engine.PlanMade) {
	if r.chosen == nil {
		return
	}
	r.changes = len(v.Changes)
	for _, c := range v.Changes {
		r.chosen[c.ID] = c.Title
	}
}

// name gives the round that runs the title of the change that was taken.
func (r *run) name(title safe.Text) {
	if s := r.step(r.current); s != nil {
		if rounds := r.rounds[s.Parent]; len(rounds) > 0 {
			rounds[len(rounds)-1].title = title
		}
	}
}

func (r *run) measured(v engine.ProbeMeasured) {
	for _, p := range r.probes {
		if p.Name != v.Probe {
			continue
		}
		p.asked++
		switch v.Outcome {
		case engine.Fail:
			p.failed++
		case engine.Inconclusive:
			p.inconclusive++
		}
		if p.last = append(p.last, v); len(p.last) > 2*samples {
			p.last = append([]engine.ProbeMeasured(nil), p.last[len(p.last)-samples:]...)
		}
	}
}

func (r *run) step(id string) *step {
	for _, s := range r.steps {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// changesOf says how many changes there are in all, as far as is known, for a
// round that runs; 0 when nothing was planned yet.
func (r *run) changesOf(n *round) int {
	if r.changes == 0 || !n.ended.IsZero() {
		return 0
	}
	return n.number - 1 + r.changes
}

// newest returns the last measurement of a probe, or nil.
func (p *probe) newest() *engine.ProbeMeasured {
	if len(p.last) == 0 {
		return nil
	}
	return &p.last[len(p.last)-1]
}

// passed returns the share of measurements that passed, in per cent, rounded
// down, so that 100 means all of them.
func (p *probe) passed() int {
	if p.asked == 0 {
		return 0
	}
	return (p.asked - p.failed - p.inconclusive) * 100 / p.asked
}

// signs of how far something is.
var (
	signDone    = safe.Lit("✓")
	signRunning = safe.Lit("▸")
	signWaiting = safe.Lit("·")
	signFailed  = safe.Lit("✗")
	signLook    = safe.Lit("!")
)

// sign returns the mark before a step.
func (s *step) sign() safe.Text {
	switch s.result {
	case engine.OK:
		return signDone
	case engine.Failed:
		return signFailed
	case engine.Accepted, engine.Unknown, engine.Stopped, engine.Declined:
		return signLook
	case engine.Skipped:
		return signWaiting
	}
	if s.running {
		return signRunning
	}
	return signWaiting
}

// title returns what the step is called.
func (s *step) title() safe.Text {
	if !s.Name.IsEmpty() {
		return s.Name
	}
	return kindName(s.Kind)
}
