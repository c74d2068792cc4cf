package verify

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
	"lockstep/steps/probe"
)

// thing is a live thing whose state changes at times after the start of a test.
type thing struct {
	name  string
	every time.Duration
	born  time.Time
	plan  []phase // in order of until; the last one lasts
}

type phase struct {
	until   time.Duration
	outcome engine.Outcome
	word    string
}

func (th *thing) Outline() engine.ProbeOutline {
	return engine.ProbeOutline{Name: th.name, Kind: "dns", Target: safe.Show(th.name), Every: th.every}
}

func (th *thing) Measure(context.Context) probe.Measurement {
	at := time.Now()
	now := th.plan[len(th.plan)-1]
	for _, p := range th.plan {
		if at.Sub(th.born) < p.until {
			now = p
			break
		}
	}
	return probe.Measurement{At: at, Outcome: now.outcome, Word: safe.Show(now.word), Got: safe.Show("got " + now.word)}
}

// trial is one run of a verification with the real engine and the real journal.
type trial struct {
	t        *testing.T
	mode     engine.Mode
	spec     runbook.Verify
	things   []*thing
	required bool
	failing  runbook.OnFailure
	timeout  time.Duration
	deps     Deps
	answer   func(c engine.Console, q engine.Question)
	cancel   time.Duration
	beside   bool // the probes are measured beside the steps, too, as in a real run

	started  time.Time
	took     time.Duration
	events   []engine.Envelope
	result   engine.Result
	err      error
	records  []journal.Record
	dir      string
	verified *bool
}

func (tr *trial) run() { tr.t.Helper(); tr.runWith(func(*runbook.Runbook) {}) }

// runWith runs the verification in a runbook that was changed.
func (tr *trial) runWith(change func(*runbook.Runbook)) {
	tr.t.Helper()
	tr.dir = tr.t.TempDir()
	j, err := journal.Open(tr.dir, journal.Options{Log: "lockstep/test"})
	if err != nil {
		tr.t.Fatal(err)
	}
	defer func() { _ = j.Close() }()
	rb := &runbook.Runbook{
		Environments: map[string]*runbook.Environment{"e": {Name: "e"}}, Probes: map[string]*runbook.Probe{},
		Steps: []runbook.Step{
			{ID: "verify", Position: "1", Verify: &tr.spec, OnFailure: tr.failing, Timeout: runbook.Duration(tr.timeout)},
			{ID: "after", Position: "2", Confirm: &runbook.Confirm{}},
		},
	}
	var probers []probe.Prober
	for _, th := range tr.things {
		th.born = time.Now()
		probers = append(probers, th)
		tr.spec.Probes = append(tr.spec.Probes, th.name)
		rb.Probes[th.name] = &runbook.Probe{Name: th.name, Required: tr.required, Timeout: runbook.Duration(5 * time.Second)}
	}
	change(rb)
	if tr.deps.Hub == nil {
		tr.deps.Hub = probe.HubOf(probers...)
	}
	kit := Kit(tr.deps)
	kit[runbook.KindConfirm] = func(runbook.Step) (engine.Step, error) { return after{&tr.verified}, nil }
	c := engine.Config{Run: "r1", Mode: tr.mode, Runbook: rb, Environment: "e", Kit: kit, Journal: j}
	if tr.beside {
		c.Probers = tr.deps.Hub.Probers()
	}
	e, err := engine.New(c)
	if err != nil {
		tr.t.Fatal(err)
	}
	events, unsubscribe := e.Subscribe()
	var wg sync.WaitGroup
	wg.Go(func() {
		for ev := range events {
			tr.events = append(tr.events, ev)
			if q, ok := ev.Event.(engine.QuestionAsked); ok {
				wg.Go(func() { tr.answer(e, q.Question) })
			}
		}
	})
	ctx, cancel := context.WithCancel(tr.t.Context())
	if tr.cancel > 0 {
		time.AfterFunc(tr.cancel, cancel)
	}
	tr.started = time.Now()
	tr.result, tr.err = e.Run(ctx)
	tr.took = time.Since(tr.started)
	cancel()
	wg.Wait()
	unsubscribe()
	tr.read()
}

// after notes what the run knows once the verification is over.
type after struct{ verified **bool }

func (a after) Run(_ context.Context, op engine.Operator) (engine.Report, error) {
	v := op.Facts().Verified
	*a.verified = &v
	return engine.Report{}, nil
}

func (tr *trial) read() {
	tr.t.Helper()
	b, err := os.ReadFile(filepath.Join(tr.dir, "journal.jsonl"))
	if err != nil {
		tr.t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var r journal.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			tr.t.Fatal(err)
		}
		tr.records = append(tr.records, r)
	}
}

// evidence returns what was recorded about the verification, and its log.
func (tr *trial) evidence() (facts map[string]any, log []engine.ProbeMeasured) {
	tr.t.Helper()
	for _, r := range tr.records {
		if r.Kind != journal.KindEvidence {
			continue
		}
		var body journal.EvidenceBody
		if err := json.Unmarshal(r.Body, &body); err != nil {
			tr.t.Fatal(err)
		}
		raw, err := journal.ReadBlob(tr.dir, r.Blobs[0])
		if err != nil {
			tr.t.Fatal(err)
		}
		for line := range strings.Lines(string(raw)) {
			var m engine.ProbeMeasured
			if err := json.Unmarshal([]byte(line), &m); err != nil {
				tr.t.Fatal(err)
			}
			log = append(log, m)
		}
		return body.Facts, log
	}
	tr.t.Fatal("no evidence was recorded")
	return nil, nil
}

func (tr *trial) moved() []engine.VerifyMoved {
	var out []engine.VerifyMoved
	for _, e := range tr.events {
		if m, ok := e.Event.(engine.VerifyMoved); ok {
			out = append(out, m)
		}
	}
	return out
}

// is checks how the step and the run ended.
func (tr *trial) is(run, step engine.Result, verified bool) {
	tr.t.Helper()
	var got engine.Result
	for _, e := range tr.events {
		if f, ok := e.Event.(engine.StepFinished); ok && f.ID == "verify" {
			got = f.Result
		}
	}
	if tr.result != run || got != step {
		tr.t.Errorf("run %q and step %q, want %q and %q: %v", tr.result, got, run, step, tr.err)
	}
	if tr.verified == nil && verified || tr.verified != nil && *tr.verified != verified {
		tr.t.Errorf("verified is %v", tr.verified)
	}
}

func unasked(t *testing.T) func(engine.Console, engine.Question) {
	return func(_ engine.Console, q engine.Question) { t.Errorf("asked %q", q.Title) }
}

// say answers the questions of a run one after the other, each after a while.
func say(t *testing.T, think time.Duration, choices ...string) func(engine.Console, engine.Question) {
	return func(c engine.Console, q engine.Question) {
		time.Sleep(think) // the bubble's clock
		if len(choices) == 0 {
			t.Errorf("asked once more: %q", q.Title)
			return
		}
		a := engine.Answer{Question: q.ID, Choice: choices[0], Reason: "because"}
		choices = choices[1:]
		if err := c.Answer(a); err != nil {
			t.Errorf("%s: %v", a.Choice, err)
		}
	}
}

var (
	good  = phase{outcome: engine.Pass, word: "ok"}
	bad   = phase{outcome: engine.Fail, word: "NXDOMAIN"}
	blind = phase{outcome: engine.Inconclusive, word: "no route"}
)

func (p phase) till(d time.Duration) phase { p.until = d; return p }

func secs(n float64) runbook.Duration { return runbook.Duration(n * float64(time.Second)) }
