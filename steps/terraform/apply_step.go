package terraform

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/steps/terraform/cli"
	"lockstep/steps/terraform/planfile"
)

// applyStep applies exactly the saved plan that was shown.
type applyStep struct {
	tool  *Tool
	watch []string
}

func (a *applyStep) Run(ctx context.Context, op engine.Operator) (engine.Report, error) {
	facts := op.Facts()
	if facts.Plan == nil {
		// Tried again after it failed, or without a plan step: a plan can be used
		// once, so there has to be a new one.
		report, err := (&planStep{a.tool}).Run(ctx, op)
		if err != nil || facts.Plan == nil {
			return report, err
		}
	}
	s := a.tool.session(op)
	p := s.planned(facts.Plan.Plan.Digest)
	if p == nil {
		return engine.Report{}, errors.New("the plan was not made by this program")
	}
	if err := s.bind(ctx, op, p); err != nil {
		return engine.Report{}, err
	}
	if _, err := op.Ask(ctx, a.question(op, p)); err != nil {
		return engine.Report{}, err
	}
	planned := facts.Plan
	s.mu.Lock()
	defer s.mu.Unlock()
	op.Tell(engine.Progressed{What: safe.Lit("looking again at all that was approved")})
	if err := s.recheck(ctx, p); err != nil {
		return engine.Report{}, s.refused(op, err)
	}
	kept, err := s.keepFolder("apply", p.work.root.Binary.Path)
	if err != nil {
		return engine.Report{}, err
	}
	w := &work{session: s, op: op, p: p, planned: planned, watch: a.watch, kept: kept}
	intent := engine.Intent{
		Effect: runbook.EffectIrreversible,
		What:   safe.Sprintf("apply to %s: %s", s.env.Name, planned.Change.Title),
		Facts:  intentFacts(p, planned, kept),
		Force:  forced(kept),
	}
	if !op.Run().Rehearsal() {
		if w.copied, err = s.copyState(ctx, p); err != nil {
			facts.Plan = nil
			return engine.Report{}, op.Refuse(safe.Lit("nothing was applied, because the state could not be copied first"), err)
		}
		w.copied.record(intent.Facts)
	}
	began := time.Now()
	_, err = op.Effect(ctx, intent, w.do)
	if errors.Is(err, engine.ErrRehearsed) {
		facts.Plan = nil
		facts.Rehearsed = append(facts.Rehearsed, planned.Change.ID)
		return engine.Report{Summary: safe.Sprintf("rehearsed: would apply %s", planned.Change.Title)}, nil
	}
	if w.started {
		facts.Plan = nil
		facts.Verified, facts.PlanEmpty = false, false
		facts.Applied = append(facts.Applied, w.done)
	}
	s.settleCopies(op, w.copied, w.started, err == nil)
	if err != nil {
		return engine.Report{}, w.offer(ctx, intent, began, err)
	}
	return engine.Report{Summary: safe.Sprintf("%s in %s", planned.Change.Title, w.done.Took.Round(time.Second))}, nil
}

// question shows the plan that would be applied.
func (a *applyStep) question(op engine.Operator, p *saved) engine.Question {
	facts, run := op.Facts(), op.Run()
	planned := facts.Plan
	apply := engine.Choice{
		ID: "apply", Tags: []string{"recommended"}, Key: "a", Irreversible: true, Recommended: true,
		Label:       safe.Lit("apply this plan"),
		Consequence: safe.Sprintf("%s in %s", countWords(&p.model), run.Environment.Name),
	}
	if planned.Change.Destroys {
		apply.Typed = run.Environment.Name
	}
	q := engine.Question{
		Kind:   engine.AskApply,
		Title:  safe.Sprintf("apply to %s: %s", run.Environment.Name, planned.Change.Title),
		Body:   a.body(p, planned.Forecast),
		Digest: p.model.Digest,
		Payload: engine.PlanReview{
			Commit: *facts.Commit, Plan: p.model, Chosen: planned.Change, Hazards: planned.Hazards, Round: facts.Round,
			Forecast: planned.Forecast, Commits: facts.Commits,
		},
		Fetch: p.fetch,
		Check: func(a engine.Answer) error {
			if h := unaccepted(planned.Hazards, a.Acknowledge); h != nil {
				return fmt.Errorf("the hazard %s is not accepted: %s", h.Key(), h.Text)
			}
			return nil
		},
		Choices: []engine.Choice{{
			ID: "stop", Key: "s", Stops: true, Label: safe.Lit("stop here"),
			Consequence: safe.Lit("nothing is applied, and the pin does not move"),
		}, apply},
	}
	if run.Rehearsal() {
		q.Title = safe.Sprintf("rehearsal, nothing is applied: %s", planned.Change.Title)
		q.Choices[1].Label = safe.Lit("go through this plan (rehearsal: nothing is applied)")
	}
	return q
}

// madeShown is how many files the question names that the commit does not have.
const madeShown = 5

func (a *applyStep) body(p *saved, f forecast.Forecast) []safe.Text {
	body := []safe.Text{
		safe.Sprintf("%s; state serial %d; terraform %s", countWords(&p.model), p.model.Serial, p.model.Terraform),
	}
	if ws := p.model.Workspace; ws != "default" {
		body = append(body, safe.Sprintf("workspace %s", ws))
	}
	body = append(body, safe.Sprintf("forecast: %s; takes %s", f.Sentence(), f.Takes.Words()))
	for _, name := range p.bound.made[:min(len(p.bound.made), madeShown)] {
		body = append(body, safe.Sprintf("not in the commit, made while planning: %s", name))
	}
	if n := len(p.bound.made) - madeShown; n > 0 {
		body = append(body, safe.Sprintf("not in the commit, made while planning: %s more", count(n, "file")))
	}
	for _, i := range p.order.Dropped(&p.model) {
		body = append(body, safe.Sprintf("%s: the old object stays aside for now", p.model.Resources[i].Address))
	}
	return body
}

// intentFacts is all that is needed to find out later what became of the apply.
func intentFacts(p *saved, planned *engine.Planned, kept string) map[string]any {
	f := planFacts(p)
	f["kept"] = kept
	f["call"] = callApply
	f["change"], f["title"] = planned.Change.ID, planned.Change.Title
	f["identity"] = plan.Identify(&p.model, planned.Change)
	f["argv"] = p.work.root.ApplyArgv(p.file)
	f["directory"] = p.work.root.Dir
	f["environment"] = envNames(p.work.root.Env)
	f["bound"] = "sha256:" + p.bound.digest()
	f["forecast"] = forecastFacts(planned.Forecast, planned.Hazards)
	return f
}

// work is one apply under way.
type work struct {
	session *session
	op      engine.Operator
	p       *saved
	planned *engine.Planned
	watch   []string
	kept    string // folder of the job

	started bool
	printed []byte // a state that Terraform could only print
	rescued string // path of the state that Terraform could not save, when it is in a safe place
	copied  stateCopy
	done    engine.ChangeDone
}

// do runs Terraform. It is the effect: the intent is durable when it is called.
func (w *work) do(ctx context.Context) (engine.Ending, error) {
	ahead := w.planned.Forecast
	board := newBoard(w.op, w.session.words, w.p, ahead)
	log := &applyLog{net: w.session.words}
	// Once more, with nothing in between: all is what was shown and approved.
	if err := w.session.recheckAtStart(ctx, w.p); err != nil && ctx.Err() == nil {
		return engine.Ending{Result: engine.Failed, Facts: map[string]any{"started": false}}, w.session.refused(w.op, err)
	}
	if ctx.Err() != nil {
		return engine.Ending{Result: engine.Stopped, Facts: map[string]any{"started": false}}, context.Cause(ctx)
	}
	began := time.Now()
	w.started = true
	w.op.Tell(engine.ApplyStarted{Title: w.planned.Change.Title, Items: board.items, Watch: w.watch, Outages: board.outages, Takes: ahead.Takes})
	exit, err := w.p.work.root.Apply(ctx, w.kept, w.p.file, func(m cli.Message) {
		if len(m.State) > 0 {
			w.printed = m.State
		}
		log.take(m)
		board.take(m)
	})
	if errors.Is(err, cli.ErrNotStarted) {
		w.started = false
	}
	board.finish(err == nil)
	result := resultOf(ctx, err)
	took := time.Since(began)
	after, serr := w.stateAfter(ctx)
	w.op.Tell(engine.ApplyFinished{Result: result, Took: took, Serial: after.Serial})
	w.done = engine.ChangeDone{
		ID: plan.Identify(&w.p.model, w.planned.Change), Title: w.planned.Change.Title, Result: result, Took: took, Counts: w.p.model.Count(),
		Expected: ahead.Takes, Dark: ahead.Dark, Forecast: ahead.Sentence(),
	}
	end := engine.Ending{
		Result: result,
		Facts: map[string]any{
			"exit": exit, "lineage": safe.Show(after.Lineage).String(), "serial": after.Serial,
			"took_ms": took.Milliseconds(), "items": board.outcome(), "output_dropped": log.dropped,
		},
		Blobs: []engine.Blob{{Name: "apply.jsonl", Data: log.bytes()}},
	}
	if !w.started {
		end.Facts["started"] = false
	}
	if serr != nil {
		end.Facts["state_error"] = safe.Show(serr.Error())
		w.op.Tell(engine.Warned{Text: safe.Sprintf("the state after the apply could not be read: %v", serr)})
	}
	if err == nil && serr == nil && unmoved(&w.p.model, after) {
		end.Facts["state_moved"] = false
		w.op.Tell(engine.Warned{Text: safe.Sprintf("Terraform says that it applied all of it, and the state is as before, serial %d: look at the real objects", after.Serial)})
	}
	return end, w.rescue(end, err)
}

// unmoved reports whether a state is the one that a plan was made from, although
// the plan makes, changes or deletes something.
func unmoved(p *plan.Plan, now planfile.StateID) bool {
	if now.Serial != p.Serial || safe.Show(now.Lineage).String() != p.Lineage {
		return false
	}
	return slices.ContainsFunc(p.Resources, func(r plan.ResourceChange) bool {
		return r.Action != plan.NoOp && r.Action != plan.Read
	})
}

func resultOf(ctx context.Context, err error) engine.Result {
	switch {
	case err == nil:
		return engine.OK
	case errors.Is(err, engine.ErrUnknown):
		return engine.Unknown
	case ctx.Err() != nil:
		return engine.Stopped
	}
	return engine.Failed
}

// stateTimeout bounds the look at the state after an apply that was interrupted.
const stateTimeout = 2 * time.Minute

// stateAfter reads the state even when the run is being cancelled.
func (w *work) stateAfter(ctx context.Context) (planfile.StateID, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stateTimeout)
	defer cancel()
	return w.p.work.root.State(ctx)
}
