package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"lockstep/runbook"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// ReadPast reads what a journal says of a run, for [Config.Past]. blob returns
// the content of a blob; it is called for the newest memory of the run only.
func ReadPast(records []journal.Record, run string, blob func(journal.BlobRef) ([]byte, error)) (*Past, error) {
	p := &Past{Run: run, attempts: map[string]int{}}
	r := reader{past: p}
	for _, rec := range records {
		if rec.Run != run {
			continue
		}
		if err := r.take(rec); err != nil {
			return nil, fmt.Errorf("record %d: %w", rec.Seq, err)
		}
		p.Last = rec.Seq
	}
	if p.Environment == "" {
		return nil, fmt.Errorf("the journal has no run %q", run)
	}
	if r.memory == nil {
		p.Unsettled = r.unsettled()
		return p, nil
	}
	raw, err := blob(*r.memory)
	if err != nil {
		return nil, fmt.Errorf("read what the run knew: %w", err)
	}
	if err := json.Unmarshal(raw, &p.memory); err != nil {
		return nil, fmt.Errorf("read what the run knew: %w", err)
	}
	p.Unsettled = r.unsettled()
	return p, nil
}

// reader goes through the records of a run.
type reader struct {
	past    *Past
	memory  *journal.BlobRef
	asked   journal.Actor // who decided last
	effects []*effect
}

// effect is an intent and what the journal says became of it.
type effect struct {
	Unsettled
	over bool // the attempt it was part of has ended
}

func (r *reader) take(rec journal.Record) error {
	p := r.past
	switch rec.Kind {
	case journal.KindOpen:
		var b journal.OpenBody
		if err := json.Unmarshal(rec.Body, &b); err != nil {
			return err
		}
		p.Began = rec.Time()
		p.Mode, p.Environment, p.Runbook, p.Digest = Mode(b.Mode), b.Environment, b.Runbook, b.Digest
		r.asked = rec.Actor
	case journal.KindResume:
		p.Resumes++
	case journal.KindClose:
		p.Closed = true
	case journal.KindQuestion:
		p.questions++
	case journal.KindDecision:
		var b journal.DecisionBody
		if err := json.Unmarshal(rec.Body, &b); err != nil {
			return err
		}
		if b.Question != "" { // and not an interrupt
			r.asked = rec.Actor
		}
	case journal.KindStep:
		return r.step(rec)
	case journal.KindIntent:
		return r.intent(rec)
	case journal.KindOutcome:
		var b journal.OutcomeBody
		if err := json.Unmarshal(rec.Body, &b); err != nil {
			return err
		}
		if i := slices.IndexFunc(r.effects, func(e *effect) bool { return e.Seq == b.Intent }); i >= 0 && b.Result != string(Unknown) {
			r.effects[i].Outcome = &b
		}
	}
	return nil
}

func (r *reader) step(rec journal.Record) error {
	var b journal.StepBody
	if err := json.Unmarshal(rec.Body, &b); err != nil {
		return err
	}
	p := r.past
	p.attempts[rec.Step] = max(p.attempts[rec.Step], rec.Attempt)
	if b.State == stepStarted {
		return nil
	}
	for _, ref := range rec.Blobs {
		if ref.Name == memoryBlob {
			r.memory = &ref
		}
	}
	for _, e := range r.effects {
		if e.Step == rec.Step && e.Attempt == rec.Attempt {
			e.over = true
		}
	}
	return nil
}

func (r *reader) intent(rec journal.Record) error {
	u, err := unsettledBy(rec, r.asked)
	r.effects = append(r.effects, &effect{Unsettled: u})
	return err
}

// unsettledBy returns the effect of an intent that somebody had said yes to.
func unsettledBy(rec journal.Record, who journal.Actor) (Unsettled, error) {
	var b journal.IntentBody
	dec := json.NewDecoder(bytes.NewReader(rec.Body))
	dec.UseNumber()
	err := dec.Decode(&b)
	return Unsettled{
		Seq: rec.Seq, Step: rec.Step, Attempt: rec.Attempt, Effect: runbook.Effect(b.Effect), What: b.What, Facts: b.Facts,
		At: rec.Time(), Boot: rec.Boot, Actor: who,
	}, err
}

// unsettled returns the effects without an outcome, and those of an attempt that
// did not end. What an earlier attempt did has nothing to say any more once its
// outcome is known, nor has one that the newest memory has taken in.
func (r *reader) unsettled() []Unsettled {
	var out []Unsettled
	for _, e := range r.effects {
		known := slices.Contains(r.past.memory.Settled, e.Seq)
		if e.Outcome == nil || !known && !e.over && e.Attempt == r.past.attempts[e.Step] {
			out = append(out, e.Unsettled)
		}
	}
	return out
}

// check refuses a past that is not one of this run.
func (p *Past) check(c Config) error {
	switch {
	case p.Closed:
		return fmt.Errorf("run %s is closed", safe.Show(p.Run))
	case p.Run != c.Run, p.Environment != c.Environment, p.Mode != c.Mode:
		return fmt.Errorf("run %s was another one: %s of %s", safe.Show(p.Run), safe.Show(string(p.Mode)), safe.Show(p.Environment))
	case p.Digest != c.Runbook.Digest:
		return errors.New("the runbook is not the one that the run was started with")
	}
	return nil
}
