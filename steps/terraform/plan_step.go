package terraform

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// planStep makes a full plan, lets the operator choose one change of it, and
// plans that change.
type planStep struct{ tool *Tool }

func (p *planStep) Run(ctx context.Context, op engine.Operator) (engine.Report, error) {
	s := p.tool.session(op)
	facts := op.Facts()
	if facts.Commit == nil {
		return engine.Report{}, &engine.Problem{
			Err:  errors.New("no commit was chosen, so there is nothing to plan"),
			Hint: "Put a pick_commit step before plan.",
		}
	}
	facts.Plan, facts.Remaining, facts.PlanEmpty = nil, 0, false
	s.forgetAll()
	full, err := s.fullPlan(ctx, op, facts.Commit.Hash, facts.Head)
	if err != nil {
		return engine.Report{}, err
	}
	if err := op.Evidence(safe.Lit("full plan"), planFacts(full)); err != nil {
		return engine.Report{}, err
	}
	if full.model.IsEmpty() {
		op.Tell(engine.PlanMade{Plan: full.model})
		facts.PlanEmpty = true
		return engine.Report{Summary: safe.Lit("nothing to do")}, nil
	}
	s.trace(ctx, op, facts, full)
	changes := s.remaining(full, plan.Split(&full.model, full.order), facts.Rehearsed)
	c := s.newChoice(ctx, facts, full, changes)
	if err := op.Evidence(safe.Lit("forecast of everything at once"), forecastFacts(c.atOnce, c.hazards)); err != nil {
		return engine.Report{}, err
	}
	op.Tell(engine.PlanMade{Plan: full.model, Changes: changes})
	if len(changes) == 0 {
		if n := len(facts.Rehearsed); n > 0 {
			facts.PlanEmpty = true
			return engine.Report{Summary: safe.Sprintf("rehearsed %s", count(n, "change"))}, nil
		}
		return engine.Report{}, errors.New("the plan is not empty, but holds nothing that can be applied")
	}
	chosen, reason, err := c.ask(ctx, op)
	if err != nil {
		return engine.Report{}, err
	}
	s.choose(full, chosen)
	ready, change, err := c.narrow(ctx, op, chosen)
	if err != nil {
		return engine.Report{}, err
	}
	ahead := forecast.AtOnce(&ready.model, ready.order, c.options)
	hazards := append(slices.Clone(ahead.Hazards), s.moved(ctx, facts)...)
	facts.Plan = &engine.Planned{
		Forecast: ahead, Hazards: hazards,
		Plan: ready.model, Change: change, Commit: ready.work.commit, Tree: ready.work.tree,
		File: ready.file, Dir: ready.work.root.Dir, Order: ready.order.Waits(len(ready.model.Resources)), Reason: reason,
	}
	facts.Remaining = c.left(chosen)
	what := planFacts(ready)
	what["change"], what["title"] = change.ID, change.Title
	if err := op.Evidence(safe.Lit("plan of the chosen change"), what); err != nil {
		facts.Plan = nil
		return engine.Report{}, err
	}
	if err := op.Evidence(safe.Lit("forecast of the chosen change"), forecastFacts(ahead, hazards)); err != nil {
		facts.Plan = nil
		return engine.Report{}, err
	}
	return engine.Report{Summary: change.Title}, nil
}

// fullPlan checks a commit out and plans all of it.
func (s *session) fullPlan(ctx context.Context, op engine.Operator, commit, head string) (*saved, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warnOfWorkspace(op)
	w, err := s.workplace(ctx, op, commit, head)
	if err != nil {
		return nil, err
	}
	return s.plan(ctx, op, w, nil)
}

// warnOfWorkspace says that the shell's choice of a workspace does not count.
func (s *session) warnOfWorkspace(op engine.Operator) {
	if ws, ok := s.lookup("TF_WORKSPACE"); ok && ws != "" && ws != s.workspace() {
		op.Tell(engine.Warned{Text: safe.Sprintf("TF_WORKSPACE is set in the shell and does not count; the workspace is %q, as the runbook says", s.workspace())})
	}
}

// planFacts is what the journal keeps of a plan. No value is part of it.
func planFacts(p *saved) map[string]any {
	counts := map[string]int{}
	for a, n := range p.model.Count() {
		counts[string(a)] = n
	}
	return map[string]any{
		"plan_sha256": p.model.Digest,
		"commit":      p.work.commit,
		"tree":        p.work.tree,
		"files":       p.tree,
		"lineage":     p.model.Lineage,
		"serial":      p.model.Serial,
		"workspace":   p.model.Workspace,
		"terraform":   p.model.Terraform,
		"targets":     slices.Clone(p.model.Targets),
		"counts":      counts,
		"outputs":     len(p.model.Outputs),
	}
}

// countWords says how many resources have which action, such as "2 create, 1 delete".
func countWords(p *plan.Plan) string {
	var parts []string
	n := p.Count()
	for _, a := range slices.Sorted(maps.Keys(n)) {
		parts = append(parts, fmt.Sprintf("%d %s", n[a], actionWord(a)))
	}
	if k := len(p.Outputs); k > 0 {
		parts = append(parts, count(k, "output"))
	}
	return strings.Join(parts, ", ")
}

func actionWord(a plan.Action) string {
	switch a {
	case plan.NoOp:
		return "move"
	case plan.DeleteThenCreate:
		return "replace (old object first)"
	case plan.CreateThenDelete:
		return "replace (new object first)"
	}
	return string(a)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
