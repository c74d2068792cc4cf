package verify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/steps/probe"
)

// maxLog is how much of the measurements is recorded line by line. The totals
// count all of them.
const maxLog = 8 << 20

// board is where each probe of a verification stands. Its methods may be called
// by several goroutines: an answer is checked by another one than measures.
type board struct {
	mu     sync.Mutex
	need   time.Duration
	needN  int
	states []*state
	since  time.Time     // measurements that began before do not count
	began  time.Time     // of the present window
	window time.Duration // its length
	within time.Duration // all windows since the last beginning
	start  time.Time     // of the first of them

	lines bytes.Buffer
	cut   int // measurements that are not in lines
}

// state is one probe.
type state struct {
	outline  engine.ProbeOutline
	timeout  time.Duration
	required bool

	last   engine.ProbeMeasured
	seen   int // measurements that count since the beginning
	passes int // in a row
	first  time.Time
	blind  time.Time // since when it is inconclusive; zero when it is not
	totals engine.ProbeTotals
}

func newBoard(spec runbook.Verify, rb *runbook.Runbook, hub *probe.Hub, now time.Time) *board {
	b := &board{need: spec.For.Std(), needN: max(1, spec.Attempts), since: now, start: now}
	for _, name := range spec.Probes {
		o, _ := hub.Outline(name)
		s := &state{outline: o, timeout: 5 * time.Second, totals: engine.ProbeTotals{Probe: name}}
		if p := rb.Probes[name]; p != nil {
			s.required = p.Required
			if p.Timeout > 0 {
				s.timeout = p.Timeout.Std()
			}
		}
		b.states = append(b.states, s)
	}
	return b
}

// deadline opens a window of the given length.
func (b *board) deadline(now time.Time, window time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.began, b.window = now, window
	b.within = now.Sub(b.start) + window
}

// reset starts from the beginning. The totals stay.
func (b *board) reset(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.since, b.start = now, now
	for _, s := range b.states {
		s.passes, s.seen, s.blind = 0, 0, time.Time{}
	}
}

// take counts a measurement.
func (b *board) take(m engine.ProbeMeasured) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.At.Before(b.since) {
		return
	}
	for _, s := range b.states {
		if s.outline.Name == m.Probe {
			s.take(m)
		}
	}
	line, err := json.Marshal(m)
	if err != nil || b.lines.Len()+len(line) >= maxLog {
		b.cut++
		return
	}
	b.lines.Write(append(line, '\n'))
}

func (s *state) take(m engine.ProbeMeasured) {
	s.last = m
	s.seen++
	s.totals.Asked++
	s.totals.Missed += m.Missed
	switch m.Outcome {
	case engine.Pass:
		if s.passes == 0 {
			s.first = m.At
		}
		s.passes++
		s.blind = time.Time{}
	case engine.Fail:
		s.totals.Failed++
		s.passes, s.blind = 0, time.Time{}
	default:
		s.totals.Inconclusive++
		if s.blind.IsZero() {
			s.blind = m.At
		}
		if m.At.Add(m.Took).Sub(s.blind) > s.timeout {
			s.passes = 0
		}
	}
}

// held is how far the first and the last of the row are apart.
func (s *state) held() time.Duration {
	if s.passes == 0 {
		return 0
	}
	end := s.last.At
	if !s.blind.IsZero() {
		end = s.blind
	}
	return end.Sub(s.first)
}

func (b *board) metBy(s *state) bool {
	return s.last.Outcome == engine.Pass && s.passes >= b.needN && s.held() >= b.need
}

// met reports whether all probes are met.
func (b *board) met() bool { return len(b.unmet()) == 0 }

// measured reports whether every probe was looked at often enough for a rehearsal.
func (b *board) measured() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.states {
		if s.seen < b.needN {
			return false
		}
	}
	return true
}

func (b *board) row(s *state) engine.VerifyRow {
	r := engine.VerifyRow{
		Probe: s.outline.Name, Target: s.outline.Target, Outcome: s.last.Outcome, Word: s.last.Word, Got: s.last.Got,
		HeldFor: s.held(), Need: b.need, Passes: s.passes, NeedN: b.needN, Met: b.metBy(s),
	}
	if s.seen == 0 {
		r.Outcome, r.Word, r.Got = engine.Inconclusive, safe.Lit("not measured yet"), safe.Text{}
	}
	return r
}

func (b *board) rows() []engine.VerifyRow {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []engine.VerifyRow
	for _, s := range b.states {
		out = append(out, b.row(s))
	}
	return out
}

func (b *board) unmet() []engine.VerifyRow {
	var out []engine.VerifyRow
	for _, r := range b.rows() {
		if !r.Met {
			out = append(out, r)
		}
	}
	return out
}

// required says why the board cannot be accepted, or "".
func (b *board) required() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.states {
		if s.required && !b.metBy(s) {
			return fmt.Sprintf("the probe %s is required and does not pass", safe.Show(s.outline.Name))
		}
	}
	return ""
}

func (b *board) moved(now time.Time, deciding bool) engine.VerifyMoved {
	rows := b.rows()
	b.mu.Lock()
	defer b.mu.Unlock()
	return engine.VerifyMoved{Rows: rows, Elapsed: now.Sub(b.start), Within: b.within, Deciding: deciding}
}

// summary says in a few words where the probes stand.
func (b *board) summary() safe.Text {
	var no []string
	rows := b.rows()
	for _, r := range rows {
		if !r.Met {
			no = append(no, fmt.Sprintf("%s %s", r.Probe, r.Word))
		}
	}
	switch {
	case len(no) == 0 && b.need > 0:
		return safe.Sprintf("%d of %d probes pass for %v", len(rows), len(rows), b.need)
	case len(no) == 0:
		return safe.Sprintf("%d of %d probes pass", len(rows), len(rows))
	}
	return safe.Sprintf("%d of %d probes pass: %s", len(rows)-len(no), len(rows), strings.Join(no, ", "))
}

// facts is what is recorded. Its values keep their form when they are read back.
func (b *board) facts(verdict string, elapsed time.Duration) map[string]any {
	var probes []any
	rows := b.rows()
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, s := range b.states {
		r := rows[i]
		outcome := string(r.Outcome)
		if r.Outcome == engine.Inconclusive {
			outcome = "inconclusive"
		}
		probes = append(probes, map[string]any{
			"probe": r.Probe, "target": r.Target.String(), "outcome": outcome, "word": r.Word.String(), "got": r.Got.String(),
			"met": r.Met, "in_a_row": r.Passes, "held_ms": r.HeldFor.Milliseconds(),
			"asked": s.totals.Asked, "failed": s.totals.Failed, "inconclusive": s.totals.Inconclusive, "missed": s.totals.Missed,
		})
	}
	return map[string]any{
		"verdict": verdict, "elapsed_ms": elapsed.Milliseconds(), "for_ms": b.need.Milliseconds(), "attempts": b.needN,
		"probes": probes, "not_listed": b.cut,
	}
}

// log is every measurement that counted, a line of JSON each.
func (b *board) log() engine.Blob {
	b.mu.Lock()
	defer b.mu.Unlock()
	return engine.Blob{Name: "measurements.jsonl", Data: bytes.Clone(b.lines.Bytes())}
}
