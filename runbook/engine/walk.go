package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lockstep/runbook"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// walk runs steps one after the other until one of them ends the run.
func (e *Engine) walk(ctx context.Context, steps []runbook.Step) error {
	for _, s := range steps {
		var err error
		if s.Kind() == runbook.KindEachChange {
			err = e.eachChange(ctx, s)
		} else {
			err = e.step(ctx, s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// find returns the step with an id.
func find(steps []runbook.Step, id string) (runbook.Step, bool) {
	for _, s := range steps {
		if s.ID == id {
			return s, true
		}
		if child, ok := find(s.EachChange, id); ok {
			return child, true
		}
	}
	return runbook.Step{}, false
}

// step runs one step, again and again as long as it fails and the operator says
// so. The error is nil when the run goes on.
func (e *Engine) step(ctx context.Context, s runbook.Step) error {
	if e.before(s) {
		return nil
	}
	for {
		if err := e.mayStart(ctx); err != nil {
			return err
		}
		if err := e.attended(ctx, s); err != nil {
			return err
		}
		attempt := e.attempt(s)
		report, err := e.once(ctx, s, attempt)
		result, text := OK, report.Summary
		switch {
		case err == nil && report.Result != "":
			result = report.Result
		case err != nil:
			result, text = e.resultOf(err), safe.Show(oneLine(err))
		}
		again, err := e.afterwards(ctx, s, attempt, result, err)
		if errors.Is(err, errAccepted) {
			result, err = Accepted, nil
		}
		if ferr := e.finish(s, attempt, result, text); ferr != nil {
			return errors.Join(err, ferr)
		}
		if !again {
			return err
		}
	}
}

// attempt numbers the starts of a step from 1, over retries and over the rounds of
// its each_change, so that its records can be told apart.
func (e *Engine) attempt(s runbook.Step) int {
	e.attempts[s.ID]++
	return e.attempts[s.ID]
}

// mayStart reports why nothing new may start.
func (e *Engine) mayStart(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if e.abandoned() {
		return errNobody
	}
	if e.stopping() {
		return ErrStopped
	}
	return nil
}

// errNobody says why a run ends whose operator has gone.
var errNobody = fmt.Errorf("%w: nobody is there to answer", ErrStopped)

// once runs a step a single time.
func (e *Engine) once(ctx context.Context, s runbook.Step, attempt int) (report Report, err error) {
	if _, err := e.append(s.ID, attempt, journal.KindStep, stepBody(s, stepStarted, safe.Text{})); err != nil {
		return report, err
	}
	e.stream.publish(s.ID, StepStarted{ID: s.ID, Attempt: attempt})
	if j, ok := e.cfg.Journal.(interface{ Doing(string) }); ok {
		j.Doing(fmt.Sprintf("%s (step %s)", nameOf(s), s.Position))
	}
	timer := newTimer(ctx, s.Timeout.Std())
	defer timer.cancel()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal error in step %s: %v", s.Position, r)
		}
	}()
	e.facts.Dark = e.darkSpans()
	op := &desk{engine: e, step: s.ID, attempt: attempt, timer: timer}
	report, err = e.steps[s.ID].Run(timer.ctx, op)
	if err != nil && timer.ctx.Err() != nil && !errors.Is(err, ErrUnknown) {
		// What the step saw as a cancelled context is what cancelled it.
		if cause := context.Cause(timer.ctx); !errors.Is(err, cause) {
			err = errors.Join(cause, dropCancelled(err))
		}
	}
	switch {
	case errors.Is(err, ErrRehearsed):
		return report, nil
	case errors.Is(err, context.Canceled) && timer.ctx.Err() == nil:
		// Nobody cancelled the step: something of its own ended early, and it failed.
		return report, &cancelledError{err}
	}
	return report, err
}

// A cancelledError is a failure that only looks like the end of the run.
type cancelledError struct{ err error }

func (e *cancelledError) Error() string { return e.err.Error() }

// dropCancelled returns nil for an error that only says that a context ended.
func dropCancelled(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// errAccepted says that the operator goes on in spite of a failure.
var errAccepted = errors.New("accepted")

// afterwards decides what follows a step. again asks for another attempt.
func (e *Engine) afterwards(ctx context.Context, s runbook.Step, attempt int, result Result, err error) (again bool, _ error) {
	if err == nil || result == Declined || result == Stopped || result == Skipped {
		return false, err
	}
	if ctx.Err() != nil || s.OnFailure == runbook.FailureStops || errors.Is(err, ErrGivenUp) {
		return false, err
	}
	op := &desk{engine: e, step: s.ID, attempt: attempt, timer: newTimer(ctx, 0)}
	defer op.timer.cancel()
	q := failureQuestion(s, result, err)
	if _, looks := e.steps[s.ID].(Reconciler); looks && result == Unknown && len(e.openOf(s.ID)) > 0 {
		// Looking is as safe as stopping, and tells more.
		q.Choices[0].Recommended = false
		q.Choices = slices.Insert(q.Choices, 0, lookChoice())
	}
	a, aerr := op.Ask(ctx, q)
	switch {
	case errors.Is(aerr, ErrDeclined):
		return false, err
	case errors.Is(aerr, ErrStopped), errors.Is(aerr, context.Canceled):
		// Nobody answered. What counts is that the step failed.
		return false, fmt.Errorf("%w (%s)", err, aerr)
	case aerr != nil:
		return false, errors.Join(err, aerr)
	case a.Choice == "retry":
		return true, nil
	}
	if a.Choice == lookChoice().ID {
		return e.lookNow(ctx, s, err)
	}
	for _, o := range e.openOf(s.ID) {
		if result != Unknown {
			break // they were not asked about it
		}
		// The operator looked, which is as much as anybody can know.
		if err := op.recordOutcome(o.seq, Ending{
			Result: OK, Detail: safe.Sprintf("the operator says that it happened: %s", a.Reason), Facts: map[string]any{"verdict": verdictNobody},
		}, nil); err != nil {
			return false, err
		}
	}
	return false, errAccepted
}

// failureQuestion is the failure menu.
func failureQuestion(s runbook.Step, result Result, err error) Question {
	f := Failure{What: safe.Show(oneLine(err))}
	acceptable := false
	var p *Problem
	if errors.As(err, &p) {
		f.Hint, f.Lines, acceptable = safe.Show(p.Hint), p.Lines, p.Acceptable
	}
	stop := Choice{
		ID: "stop", Key: "s", Label: safe.Lit("stop here"), Stops: true, Recommended: true,
		Consequence: safe.Lit("what is applied stays, the pin does not move"),
	}
	accept := Choice{
		ID: "accept", Key: "a", Label: safe.Lit("accept as it is"), NeedsReason: true,
		Consequence: safe.Lit("the run goes on; the reason is recorded"),
	}
	q := Question{
		Kind: AskFailure, Title: safe.Sprintf("%s failed", nameOf(s)), Payload: f, Choices: []Choice{stop},
	}
	if result == Unknown {
		q.Kind = AskPostMortem
		q.Title = safe.Sprintf("nobody knows how %s ended", nameOf(s))
		q.Body = []safe.Text{safe.Lit("An effect was started and its end was not seen. Look at the live service and at Terraform's state before you answer; it is never repeated by itself.")}
		q.Choices[0].Consequence = safe.Lit("it stays unknown and the pin does not move; lockstep resume looks for evidence and asks again")
		accept.Label = safe.Lit("go on: I looked, it is done")
		q.Choices = append(q.Choices, accept)
		return q
	}
	q.Choices = append(q.Choices, Choice{
		ID: "retry", Key: "r", Label: safe.Lit("try again now"), Consequence: safe.Lit("the step starts from its beginning"),
	})
	if acceptable {
		q.Choices = append(q.Choices, accept)
	}
	return q
}

// finish records and tells how a step ended.
func (e *Engine) finish(s runbook.Step, attempt int, result Result, text safe.Text) error {
	started := e.stream.startOf(s.ID)
	e.keepEnded(s, result, text)
	memory, err := e.remember()
	var blob journal.BlobRef
	if err == nil {
		blob, err = e.cfg.Journal.PutBlob(memoryBlob, memory)
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", errJournal, err)
	} else {
		_, err = e.append(s.ID, attempt, journal.KindStep, stepBody(s, string(result), text), blob)
	}
	e.stream.publish(s.ID, StepFinished{ID: s.ID, Result: result, Summary: text, Elapsed: e.cfg.Now().Sub(started)})
	return err
}

// oneLine returns the words of an error; those of errors that were joined stand
// on lines of their own.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// resultOf says in a word how something ended.
func (e *Engine) resultOf(err error) Result {
	var late *timeoutError
	switch {
	case err == nil:
		return OK
	case errors.Is(err, ErrUnknown):
		return Unknown
	case errors.Is(err, errJournal), errors.Is(err, ErrGivenUp), errors.As(err, &late):
		return Failed
	case errors.Is(err, ErrDeclined):
		return Declined
	case errors.Is(err, ErrStopped), errors.Is(err, context.Canceled):
		return Stopped
	case errors.Is(err, ErrNothingToDo):
		return Skipped
	}
	return Failed
}

// stepStarted is the state of a step that has begun.
const stepStarted = "started"

func stepBody(s runbook.Step, state string, text safe.Text) journal.StepBody {
	return journal.StepBody{Position: s.Position, Kind: string(s.Kind()), Name: nameOf(s), State: state, Summary: text}
}

// nameOf returns what the operator reads for a step.
func nameOf(s runbook.Step) safe.Text {
	if s.Name != "" {
		return safe.Show(s.Name)
	}
	switch s.Kind() {
	case runbook.KindPickCommit:
		return safe.Lit("Pick the commit")
	case runbook.KindReviewDiff:
		return safe.Lit("Review the diff")
	case runbook.KindPlan:
		return safe.Lit("Plan")
	case runbook.KindApply:
		return safe.Lit("Apply")
	case runbook.KindVerify:
		return safe.Lit("Verify")
	case runbook.KindAnnounce:
		return safe.Lit("Announce")
	case runbook.KindRecordPin:
		return safe.Lit("Record the pin")
	case runbook.KindManual:
		return safe.Lit("By hand")
	case runbook.KindCommand:
		return safe.Lit("Run a program")
	case runbook.KindConfirm:
		return safe.Lit("Confirm")
	case runbook.KindWait:
		return safe.Lit("Wait")
	case runbook.KindEachChange:
		return safe.Lit("One change at a time")
	}
	return safe.Show(string(s.Kind()))
}
