package engine

import (
	"context"
	"strings"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// fixed is a prober that tells what it is told to.
type fixed struct{ outcomes []Outcome }

func (f *fixed) Outline() ProbeOutline { return ProbeOutline{Name: "static", Kind: "dns"} }

func (f *fixed) Run(_ context.Context, tell func(ProbeMeasured)) {
	start := time.Date(2023, 1, 25, 9, 15, 0, 0, time.UTC)
	for i, o := range f.outcomes {
		word := safe.Lit("ok")
		if o == Fail {
			word = safe.Lit("NXDOMAIN")
		}
		tell(ProbeMeasured{Probe: "static", At: start.Add(time.Duration(i) * time.Second), Outcome: o, Word: word})
	}
}

// probed runs one empty step beside a prober.
func probed(t *testing.T, outcomes ...Outcome) (*harness, RunFinished) {
	t.Helper()
	h := &harness{t: t, mode: Live, steps: []runbook.Step{confirm("a")}}
	h.probers = []Prober{&fixed{outcomes}}
	h.do = map[string]does{"a": func(context.Context, Operator) (Report, error) { return Report{}, nil }}
	if r, err := h.run(t.Context()); r != OK || err != nil {
		t.Fatal(r, err)
	}
	return h, h.events[len(h.events)-1].Event.(RunFinished)
}

func TestEngine_recordsWhenALiveThingGoesDarkAndComesBack(t *testing.T) {
	h, fin := probed(t, Pass, Fail, Fail, Inconclusive, Fail, Pass, Pass)
	var said []string
	for _, r := range h.journal.records {
		if r.Kind == journal.KindEvidence {
			said = append(said, string(r.Body))
		}
	}
	if len(said) != 2 || !strings.Contains(said[0], "static fails: NXDOMAIN") || !strings.Contains(said[1], `"milliseconds":4000`) {
		t.Errorf("recorded %q", said)
	}
	p := fin.Summary.Probes[0]
	if p.Asked != 7 || p.Failed != 3 || p.Inconclusive != 1 || p.Dark != 4*time.Second {
		t.Errorf("totals %+v", p)
	}
	if got := fin.Summary.Sentence.String(); !strings.Contains(got, "while it ran static failed for 4s") {
		t.Errorf("the last sentence is %q", got)
	}
}

func TestEngine_saysThatALiveThingIsStillDark(t *testing.T) {
	_, fin := probed(t, Pass, Fail, Fail)
	if got := fin.Summary.Sentence.String(); !strings.Contains(got, "static failed for 1s and fails still") {
		t.Errorf("the last sentence is %q", got)
	}
}

func TestEngine_saysNothingOfProbesThatPass(t *testing.T) {
	h, fin := probed(t, Pass, Inconclusive, Pass)
	if h.journal.count(journal.KindEvidence) != 0 || strings.Contains(fin.Summary.Sentence.String(), "static") {
		t.Errorf("journal %q, sentence %q", h.journal.kinds(), fin.Summary.Sentence)
	}
}
