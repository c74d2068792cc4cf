package export

import (
	"encoding/json"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// A report is a run, put together from its records.
type report struct {
	*source
	open     journal.OpenBody
	sections []*section
	effects  []*effect
	asked    []*question
	refused  []refusal
	forced   []forcing
	darks    []dark
	ahead    *foreseen // the last forecast that no effect had yet
}

// A section is one attempt at a step, or what concerns the run as a whole.
type section struct {
	id      string
	attempt int
	body    journal.StepBody // of its last record
	start   time.Time
	end     time.Time // zero while it is not over
	items   []item
}

// An item is one thing that happened in a section. The set is closed.
type item interface{ item() }

// A question is what was asked, and what was answered if anything was.
type question struct {
	seq     int64
	at      time.Time
	body    journal.QuestionBody
	shown   *engine.Question // nil when what was shown cannot be read
	problem error            // why not
	answer  *journal.DecisionBody
	by      journal.Actor
	after   time.Duration // from the question to the answer
	text    []safe.Text   // the whole text that was given
}

// An effect is an intent and its outcome, which is nil when nobody knows it.
type effect struct {
	seq      int64
	step     string
	attempt  int
	at       time.Time
	intent   journal.IntentBody
	outcome  *journal.OutcomeBody
	took     time.Duration
	blobs    []journal.BlobRef
	forecast *foreseen // nil when nothing was forecast
}

// Evidence is something measured or shown.
type evidence struct {
	body  journal.EvidenceBody
	at    time.Time
	blobs []journal.BlobRef
}

// A refusal is something that was not done.
type refusal struct {
	body journal.RefusalBody
	at   time.Time
}

func (*question) item() {}
func (*effect) item()   {}
func (evidence) item()  {}
func (refusal) item()   {}

// unknown reports whether nobody knows how the effect ended.
func (e *effect) unknown() bool {
	return e.outcome == nil || e.outcome.Result == journal.ResultUnknown
}

// newReport puts the records of a run together.
func newReport(s *source) *report {
	r := &report{source: s}
	for _, rec := range s.records {
		r.add(rec)
	}
	return r
}

// add takes in one record. Records were checked when they were read, so that
// each has a body of its kind.
func (r *report) add(rec journal.Record) {
	at := rec.Time()
	switch rec.Kind {
	case journal.KindOpen:
		json.Unmarshal(rec.Body, &r.open)
	case journal.KindStep:
		r.step(rec)
	case journal.KindQuestion:
		q := &question{seq: rec.Seq, at: at}
		json.Unmarshal(rec.Body, &q.body)
		q.shown, q.problem = r.shown(rec)
		r.asked = append(r.asked, q)
		r.put(rec, q)
	case journal.KindDecision:
		r.decision(rec)
	case journal.KindIntent:
		e := &effect{seq: rec.Seq, step: rec.Step, attempt: rec.Attempt, at: at, blobs: rec.Blobs}
		json.Unmarshal(rec.Body, &e.intent)
		r.expect(e)
		r.effects = append(r.effects, e)
		r.put(rec, e)
	case journal.KindOutcome:
		r.outcome(rec)
	case journal.KindEvidence:
		e := evidence{at: at, blobs: rec.Blobs}
		json.Unmarshal(rec.Body, &e.body)
		if isForecast(e.body) {
			r.ahead = foresee(e.body.Facts)
		}
		r.seen(e.body.Facts)
		r.put(rec, e)
	case journal.KindRefusal:
		f := refusal{at: at}
		json.Unmarshal(rec.Body, &f.body)
		r.refused = append(r.refused, f)
		r.put(rec, f)
	default:
		r.attend(rec)
	}
}

// put files an item under the attempt it belongs to.
func (r *report) put(rec journal.Record, i item) {
	s := r.section(rec.Step, rec.Attempt)
	if s == nil {
		s = &section{id: rec.Step, attempt: rec.Attempt, start: rec.Time()}
		r.sections = append(r.sections, s)
	}
	s.items = append(s.items, i)
}

// section returns the last section for an attempt at a step.
func (r *report) section(step string, attempt int) *section {
	for i := len(r.sections) - 1; i >= 0; i-- {
		if s := r.sections[i]; s.id == step && s.attempt == attempt {
			return s
		}
	}
	return nil
}

func (r *report) step(rec journal.Record) {
	var b journal.StepBody
	json.Unmarshal(rec.Body, &b)
	if b.State == "started" {
		r.sections = append(r.sections, &section{id: rec.Step, attempt: rec.Attempt, body: b, start: rec.Time()})
		return
	}
	s := r.section(rec.Step, rec.Attempt)
	if s == nil {
		s = &section{id: rec.Step, attempt: rec.Attempt, start: rec.Time()}
		r.sections = append(r.sections, s)
	}
	s.body, s.end = b, rec.Time()
}

func (r *report) decision(rec journal.Record) {
	var b journal.DecisionBody
	json.Unmarshal(rec.Body, &b)
	if isForce(b) {
		f := forcing{b, rec.Actor, rec.Time()}
		if b.Kind == journal.DecisionForce {
			r.forced = append(r.forced, f)
		}
		r.put(rec, f)
		return
	}
	for i := len(r.asked) - 1; i >= 0; i-- {
		q := r.asked[i]
		if q.body.ID != b.Question || q.answer != nil {
			continue
		}
		q.answer, q.by, q.after = &b, rec.Actor, rec.Time().Sub(q.at)
		q.text = r.text(rec, b)
		return
	}
}

func (r *report) outcome(rec journal.Record) {
	var b journal.OutcomeBody
	json.Unmarshal(rec.Body, &b)
	for _, e := range r.effects {
		if e.seq == b.Intent {
			e.outcome, e.took = &b, rec.Time().Sub(e.at)
			e.blobs = append(e.blobs, rec.Blobs...)
			return
		}
	}
}

// shown returns the question as the operator saw it.
func (r *report) shown(rec journal.Record) (*engine.Question, error) {
	for _, ref := range rec.Blobs {
		if ref.Name != "question" {
			continue
		}
		raw, err := journal.ReadBlob(r.dir, ref)
		if err != nil {
			return nil, err
		}
		q := new(engine.Question)
		if err := json.Unmarshal(raw, q); err != nil {
			return nil, err
		}
		return q, nil
	}
	return nil, errNotKept
}

// text returns the whole text of an answer.
func (r *report) text(rec journal.Record, b journal.DecisionBody) []safe.Text {
	for _, ref := range rec.Blobs {
		if ref.Name == "text" {
			raw, err := journal.ReadBlob(r.dir, ref)
			if err != nil {
				return []safe.Text{safe.Show(err.Error())}
			}
			return safe.Lines(string(raw))
		}
	}
	if b.Text.IsEmpty() {
		return nil
	}
	return []safe.Text{b.Text}
}
