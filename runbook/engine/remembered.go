package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/safe"
)

// memoryBlob is the name of the blob that the record of an ended step has.
const memoryBlob = "memory"

// remembered is what a run knows when a step has ended. It stands in the journal
// beside that step's last record, so that another process can go on from there.
// A plan is not part of it: plan and approval are always made anew.
type remembered struct {
	Facts     Facts            `json:"facts"`
	Decisions []safe.Text      `json:"decisions"`
	Done      map[string]ended `json:"done"`    // step → how it ended; of an each_change, those of its round
	Pending   bool             `json:"pending"` // a plan was chosen and not applied yet
	Rounds    cycle            `json:"rounds"`
	Gauges    []remembering    `json:"gauges"`
	Settled   []int64          `json:"settled"` // intents that were settled on a resume and are part of all this
}

// ended is how a step ended that the run needs not do again.
type ended struct {
	Result  Result    `json:"result"`
	Summary safe.Text `json:"summary"`
}

// cycle is how far an each_change is.
type cycle struct {
	Done    int `json:"done"`    // changes that went through all steps
	Applied int `json:"applied"` // applies of the run before the round that is under way
}

// remembering is what a probe said so far.
type remembering struct {
	Totals ProbeTotals `json:"totals"`
	Spans  []DarkSpan  `json:"spans"`
}

// remember returns the blob that goes with the end of a step.
func (e *Engine) remember() ([]byte, error) {
	m := remembered{
		Facts: e.facts, Decisions: e.decisions, Done: e.done, Pending: e.facts.Plan != nil || e.pending,
		Rounds: e.rounds, Settled: e.settled,
	}
	m.Facts.Plan, m.Facts.Dark = nil, nil
	e.mu.Lock()
	for _, g := range e.gauges {
		m.Gauges = append(m.Gauges, remembering{g.totals, slices.Clone(g.spans)})
	}
	e.mu.Unlock()
	slices.SortFunc(m.Gauges, func(a, b remembering) int { return strings.Compare(a.Totals.Probe, b.Totals.Probe) })
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("record what the run knows: %w", err)
	}
	return raw, nil
}

// recall takes over what an earlier process of the run knew.
func (e *Engine) recall(p *Past) {
	m := p.memory
	e.facts, e.decisions, e.rounds = m.Facts, slices.Clone(m.Decisions), m.Rounds
	e.recallOpen(p)
	e.done = map[string]ended{}
	maps.Copy(e.done, m.Done)
	e.pending, e.settled = m.Pending, slices.Clone(m.Settled)
	maps.Copy(e.attempts, p.attempts)
	e.desk.count = p.questions
	for _, g := range m.Gauges {
		e.gauges[g.Totals.Probe] = &gauge{totals: g.Totals, spans: slices.Clone(g.Spans)}
	}
}

// reopen takes the plan step back whose plan went with the process that made it,
// and what was confirmed since with that plan in view.
func (e *Engine) reopen(steps []runbook.Step) {
	if !e.pending {
		return
	}
	var since []string
	for _, s := range steps {
		switch s.Kind() {
		case runbook.KindEachChange:
			e.reopen(s.EachChange)
		case runbook.KindPlan:
			since = []string{s.ID}
		case runbook.KindConfirm:
			if len(since) > 0 {
				since = append(since, s.ID)
			}
		case runbook.KindApply:
			if _, applied := e.done[s.ID]; !applied {
				for _, id := range since {
					delete(e.done, id)
				}
			}
			since = nil
		}
	}
}

// keepEnded remembers how a step ended, if that is how it stays.
func (e *Engine) keepEnded(s runbook.Step, result Result, text safe.Text) {
	switch result {
	case OK, Accepted, Skipped:
		e.done[s.ID] = ended{result, text}
	default:
		delete(e.done, s.ID)
	}
}

// before reports whether a step ended in an earlier process of the run, and tells
// that: its end alone, because it does not start.
func (e *Engine) before(s runbook.Step) bool {
	d, ok := e.done[s.ID]
	if !ok {
		return false
	}
	e.stream.publish(s.ID, StepFinished{ID: s.ID, Result: d.Result, Summary: d.Summary})
	return true
}

// A Past is what the journal says of a run that did not come to its end.
type Past struct {
	Run         string
	Mode        Mode
	Environment string
	Runbook     string // path, as the run was started with
	Digest      string // of the runbook's bytes
	Began       time.Time
	Closed      bool  // it has its last record, and cannot be resumed
	Resumes     int   // how often it was resumed before
	Last        int64 // seq of its last record
	Unsettled   []Unsettled

	memory    remembered
	attempts  map[string]int
	questions int
}
