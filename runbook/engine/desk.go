package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"lockstep/runbook"
	"lockstep/runbook/failpoint"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// desk is the operator as one attempt of one step sees them.
type desk struct {
	engine  *Engine
	step    string
	attempt int
	timer   *timer
}

var _ Operator = (*desk)(nil)

func (d *desk) Tell(ev Event) { d.engine.stream.publish(d.step, ev) }
func (d *desk) Facts() *Facts { return &d.engine.facts }
func (d *desk) Run() Run      { return d.engine.run }

func (d *desk) Ask(ctx context.Context, q Question) (Answer, error) {
	if ctx.Err() != nil {
		return Answer{}, context.Cause(ctx)
	}
	e := d.engine
	q.Step = d.step
	q.ID = e.desk.nextID()
	if err := d.recordQuestion(q); err != nil {
		return Answer{}, err
	}
	d.timer.pause()
	defer d.timer.resume()
	given := e.desk.open(q)
	e.stream.publish(d.step, QuestionAsked{q})
	select {
	case a := <-given:
		return d.answered(q, a)
	case <-ctx.Done():
	case <-e.gone:
	}
	if a, late := e.desk.withdraw(q.ID, given); late {
		return d.answered(q, a)
	}
	e.stream.publish(d.step, QuestionWithdrawn{q.ID})
	cause := context.Cause(ctx)
	if cause == nil {
		cause = errNobody
	}
	_, err := e.append(d.step, d.attempt, journal.KindRefusal, journal.RefusalBody{
		What: journal.Withdrawn(q.ID), Why: safe.Show(cause.Error()),
	})
	return Answer{}, errors.Join(cause, err)
}

// recordQuestion writes down what is asked, with all that is shown, before it is shown.
func (d *desk) recordQuestion(q Question) error {
	raw, err := json.Marshal(q)
	if err != nil {
		return fmt.Errorf("record a question: %w", err)
	}
	blob, err := d.engine.cfg.Journal.PutBlob("question", raw)
	if err != nil {
		return fmt.Errorf("record a question: %w", err)
	}
	_, err = d.engine.append(d.step, d.attempt, journal.KindQuestion, journal.QuestionBody{
		ID: q.ID, Kind: string(q.Kind), Title: q.Title, Digest: q.Digest,
	}, blob)
	return err
}

// answered writes down the answer before anybody acts on it.
func (d *desk) answered(q Question, g given) (Answer, error) {
	e, a := d.engine, g.Answer
	body := journal.DecisionBody{
		Question: q.ID, Kind: string(q.Kind), Choice: a.Choice, Item: a.Item, Reason: safe.Show(a.Reason),
		Acknowledged: a.Acknowledge, Digest: a.Digest,
	}
	var blobs []journal.BlobRef
	if a.Text != "" {
		body.Text = safe.Lines(a.Text)[0]
		blob, err := e.cfg.Journal.PutBlob("text", []byte(a.Text))
		if err != nil {
			return a, fmt.Errorf("record an answer: %w", err)
		}
		blobs = append(blobs, blob)
	}
	if _, err := e.appendAs(g.who, d.step, d.attempt, journal.KindDecision, body, blobs...); err != nil {
		return a, err
	}
	if a.Reason != "" {
		e.decisions = append(e.decisions, safe.Sprintf("%s: %s, because %s", q.Kind, a.Choice, a.Reason))
	}
	e.stream.publish(d.step, QuestionAnswered{a})
	for _, c := range q.Choices {
		if c.ID == a.Choice && c.Stops {
			return a, fmt.Errorf("%w: %s", ErrDeclined, c.Label)
		}
	}
	return a, nil
}

func (d *desk) Effect(ctx context.Context, i Intent, do func(context.Context) (Ending, error)) (Ending, error) {
	e := d.engine
	if ctx.Err() != nil {
		return Ending{}, context.Cause(ctx)
	}
	if err := e.mayAffect(d.step, i); err != nil {
		return Ending{}, d.Refuse(safe.Sprintf("not started: %s", i.What), err)
	}
	if e.run.Rehearsal() {
		if err := d.Evidence(safe.Sprintf("rehearsed, not done: %s", i.What), i.Facts); err != nil {
			return Ending{}, err
		}
		return Ending{}, ErrRehearsed
	}
	err := failpoint.Hit("intent.before")
	var intent journal.Record
	if err == nil {
		intent, err = e.append(d.step, d.attempt, journal.KindIntent, journal.IntentBody{
			Effect: string(i.Effect), What: i.What, Facts: i.Facts,
		})
	}
	if err != nil {
		return Ending{}, fmt.Errorf("nothing was started, because the intent cannot be recorded: %w", err)
	}
	e.effects[intent.Seq] = opened{intent.Seq, d.step, i.What, intent}
	e.setUnderway(&underway{d.step, d.attempt, i.Force})
	_ = failpoint.Hit("intent.after") // it ends or stops the process; there is nothing to fail
	end, err := d.guarded(ctx, do)
	e.setUnderway(nil)
	if errors.Is(err, ErrUnknown) {
		if len(end.Facts) > 0 || len(end.Blobs) > 0 {
			// No outcome, because there is none; but what was seen helps to find out.
			err = errors.Join(err, d.Evidence(safe.Lit("what was seen of an effect whose end is not known"), end.Facts, end.Blobs...))
		}
		return end, err
	}
	if end.Result == "" {
		end.Result = OK
		if err != nil {
			end.Result = Failed
		}
	}
	rerr := failpoint.Hit("outcome.before")
	if rerr == nil {
		rerr = d.recordOutcome(intent.Seq, end, err)
	}
	_ = failpoint.Hit("outcome.after")
	if rerr != nil {
		return end, errors.Join(err, fmt.Errorf("%w: it ended as %q, but that cannot be recorded: %w", ErrUnknown, end.Result, rerr))
	}
	return end, err
}

// mayAffect reports why an effect may not start although its step is under way:
// nobody is there any more, or the operator wants to stop and it cannot be undone.
// What can be repeated goes on then, so that a step does not end half done.
func (e *Engine) mayAffect(step string, i Intent) error {
	if i.Effect == runbook.EffectIrreversible && e.cfg.Detached && !e.unattended[step] {
		if held, _ := e.present.held(); !held {
			return &Problem{Err: errUnwatched, Hint: "It was not started. Try again when you have looked at it once more."}
		}
	}
	switch {
	case e.abandoned():
		return errNobody
	case e.stopping() && i.Effect == runbook.EffectIrreversible:
		return ErrStopped
	}
	return nil
}

func (e *Engine) setUnderway(u *underway) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.underway = u
}

// guarded runs an effect. When it panics nobody knows how far it came.
func (d *desk) guarded(ctx context.Context, do func(context.Context) (Ending, error)) (end Ending, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: internal error: %v", ErrUnknown, r)
		}
	}()
	return do(ctx)
}

// recordOutcome writes down how an effect ended. A blob that cannot be stored is
// named among the facts: the outcome counts more.
func (d *desk) recordOutcome(intent int64, end Ending, err error) error {
	facts := maps.Clone(end.Facts)
	var blobs []journal.BlobRef
	var lost []string
	for _, b := range end.Blobs {
		ref, err := d.engine.cfg.Journal.PutBlob(b.Name, b.Data)
		if err != nil {
			lost = append(lost, safe.Show(b.Name).String())
			continue
		}
		blobs = append(blobs, ref)
	}
	if len(lost) > 0 {
		if facts == nil {
			facts = map[string]any{}
		}
		facts["blobs_lost"] = lost
	}
	detail := end.Detail
	if detail.IsEmpty() && err != nil {
		detail = safe.Show(oneLine(err))
	}
	_, aerr := d.engine.append(d.step, d.attempt, journal.KindOutcome, journal.OutcomeBody{
		Intent: intent, Result: string(end.Result), Detail: detail, Facts: facts,
	}, blobs...)
	if aerr == nil && end.Result != Unknown {
		delete(d.engine.effects, intent)
	}
	return aerr
}

func (d *desk) Evidence(what safe.Text, facts map[string]any, blobs ...Blob) error {
	refs, err := d.blobs(blobs)
	if err != nil {
		return err
	}
	_, err = d.engine.append(d.step, d.attempt, journal.KindEvidence, journal.EvidenceBody{What: what, Facts: facts}, refs...)
	return err
}

func (d *desk) Bind(what safe.Text, things map[string]any) error {
	_, err := d.engine.append(d.step, d.attempt, journal.KindBind, journal.BindBody{What: what, Things: things})
	return err
}

func (d *desk) Refuse(what safe.Text, err error) error {
	_, aerr := d.engine.append(d.step, d.attempt, journal.KindRefusal, journal.RefusalBody{What: what, Why: safe.Show(oneLine(err))})
	return errors.Join(err, aerr)
}

func (d *desk) blobs(blobs []Blob) ([]journal.BlobRef, error) {
	var refs []journal.BlobRef
	for _, b := range blobs {
		ref, err := d.engine.cfg.Journal.PutBlob(b.Name, b.Data)
		if err != nil {
			return nil, fmt.Errorf("record %q: %w", b.Name, err)
		}
		refs = append(refs, ref)
	}
	return refs, nil
}
