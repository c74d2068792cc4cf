package terraform

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"lockstep/runbook/engine"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/steps/terraform/cli"
	"lockstep/steps/terraform/planfile"
)

// A saved plan, read, and everything it rests on.
type saved struct {
	file    string // the saved plan
	doc     *planfile.File
	model   plan.Plan
	order   *plan.Order
	work    *workplace
	targets []string // as given to Terraform

	// What must be the same when it is applied, beside digest and state in model.
	tree    string
	basis   *binding // taken when it was made
	bound   *binding // taken and recorded before the operator was asked; nil before
	checked *binding // taken when the answer was there; nil before
}

// A teller is told how far work is.
type teller interface{ Tell(engine.Event) }

// silent is told of what a measurement does, which is nobody's concern.
type silent struct{}

func (silent) Tell(engine.Event) {}

// plan makes a plan that can be applied. targets are addresses as Terraform wants
// them; nil plans all.
func (s *session) plan(ctx context.Context, op teller, w *workplace, targets []string) (*saved, error) {
	p, err := s.measure(ctx, op, w, targets)
	if err != nil {
		return nil, err
	}
	if err := s.base(ctx, p); err != nil {
		s.drop(p)
		return nil, err
	}
	return p, nil
}

// measure makes a plan and reads it, only to look at it.
func (s *session) measure(ctx context.Context, op teller, w *workplace, targets []string) (*saved, error) {
	dir := s.path("plan")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder for the plan: %w", err)
	}
	p := &saved{file: filepath.Join(dir, "saved"), work: w, targets: targets}
	changes, said, err := w.root.Plan(ctx, cli.PlanArgs{
		Out: p.file, Targets: targets, VarFiles: w.in.varFiles, Vars: w.in.vars,
	}, planProgress(op))
	if err != nil {
		return nil, err
	}
	if err := undeclared(said, w.in.names, s); err != nil {
		return nil, err
	}
	op.Tell(engine.Progressed{What: safe.Lit("reading the plan")})
	if err := s.read(ctx, p, filepath.Join(dir, "plan.json")); err != nil {
		return nil, err
	}
	for _, warning := range cli.Warnings(said, s.words) {
		// Terraform warns of every use of -target; here it is what was asked for.
		if !strings.Contains(warning[0].String(), "Resource targeting is in effect") {
			op.Tell(engine.Warned{Text: safe.Join(warning, " ")})
		}
	}
	if changes && targets == nil && p.model.IsEmpty() && !p.doc.ChecksOnly {
		return nil, errors.New("terraform says that there are changes, but its plan shows none")
	}
	if p.tree, err = treeDigest(ctx, w.top); err != nil {
		return nil, err
	}
	s.plans[p.model.Digest] = p
	return p, nil
}

// planned returns the plan with a digest that was made in this run, or nil.
func (s *session) planned(digest string) *saved {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.plans[digest]
}

// forgetAll removes every plan made so far, and what was proposed for them.
func (s *session) forgetAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.proposals = nil
	for _, p := range s.plans {
		s.drop(p)
	}
}

// drop removes a plan and its files, which hold secrets in clear text.
func (s *session) drop(p *saved) {
	if s.plans[p.model.Digest] == p {
		delete(s.plans, p.model.Digest)
	}
	// What cannot be removed now goes with the folder of the run.
	_ = os.RemoveAll(filepath.Dir(p.file))
}

// read fills the model and the order of a plan.
func (s *session) read(ctx context.Context, p *saved, into string) error {
	r := p.work.root
	if err := r.Show(ctx, p.file, into); err != nil {
		return err
	}
	var err error
	if p.doc, err = planfile.Read(into, s.values, s.table); err != nil {
		return err
	}
	p.model = p.doc.Model
	p.model.Workspace = s.workspace()
	if p.targets != nil {
		for _, t := range p.targets {
			p.model.Targets = append(p.model.Targets, safe.Show(t).String())
		}
	}
	if p.model.Digest, err = planfile.Digest(p.file); err != nil {
		return err
	}
	id, err := planfile.SavedState(p.file)
	if err != nil {
		return err
	}
	p.model.Lineage, p.model.Serial = safe.Show(id.Lineage).String(), id.Serial
	if p.model.IsEmpty() {
		return nil // there is no order of nothing, and maybe no graph
	}
	dot, err := r.Graph(ctx, p.file)
	if err != nil {
		return err
	}
	graph, err := planfile.Graph(dot)
	if err != nil {
		return err
	}
	p.order, err = plan.NewOrder(&p.model, graph)
	return err
}

// undeclared turns the warning about a variable of the runbook that the
// configuration does not have into an error, which it is for an argument and not
// for a file.
func undeclared(said []*tfjson.Diagnostic, names []string, s *session) error {
	for _, d := range said {
		if d.Summary != "Value for undeclared variable" {
			continue
		}
		i := slices.IndexFunc(names, func(n string) bool { return strings.Contains(d.Detail, `"`+n+`"`) })
		if i >= 0 {
			return &engine.Problem{
				Err:   fmt.Errorf("terraform.vars has %q, and the configuration has no such variable", names[i]),
				Hint:  "Check the name in terraform.vars of the environment.",
				Lines: cli.Describe(d, s.words),
			}
		}
	}
	return nil
}

// planProgress tells how far planning is.
func planProgress(op teller) func(cli.Message) {
	var read, planned int64
	return func(m cli.Message) {
		switch m.Type {
		case cli.TypeRefreshComplete:
			read++
			op.Tell(engine.Progressed{What: safe.Lit("planning: resources looked at"), Done: read})
		case cli.TypePlannedChange:
			planned++
			op.Tell(engine.Progressed{What: safe.Lit("planning: changes found"), Done: planned})
		}
	}
}
