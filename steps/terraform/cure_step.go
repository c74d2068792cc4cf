package terraform

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/journal"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/steps/terraform/cure"
)

// CureBranches is how the names of branches begin that are made of a cure.
const CureBranches = "lockstep/cure-"

// A Brancher is a Source that can make a branch.
type Brancher interface {
	// Branch makes a branch with one commit on the head of the environment's
	// branch, in which the files are what edits say, and returns the commit. It
	// fails when they are not what the edits were made for. The work tree and the
	// environment's branch stay as they are.
	Branch(ctx context.Context, name, subject, body string, edits []cure.Edit, who journal.Actor) (commit string, err error)
}

// curable reports whether anything is forecast that a cure may help.
func (c *choice) curable() bool {
	return slices.ContainsFunc(c.atOnce.Outages, func(o forecast.Outage) bool {
		return o.Verdict == forecast.Window || o.Verdict == forecast.Gone || o.Unordered
	})
}

// blocked reports whether some change of the sequence is held back.
func (c *choice) blocked() bool {
	for _, change := range c.changes {
		if !change.Blocked.IsEmpty() {
			return true
		}
	}
	return false
}

// cure tries out the ways round what is forecast, once, and lets the operator
// look at them and take one along, until they want to go back.
func (c *choice) cure(ctx context.Context, op engine.Operator) error {
	if c.cures == nil {
		pin := ""
		if at := op.Facts().Pin; at != nil {
			pin = at.Hash
		}
		found, err := c.session.cures(ctx, op, c.full, pin, c.atOnce, c.look)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil: // the plan is as good as before
			op.Tell(engine.Warned{Text: safe.Sprintf("ways round could not be looked for: %v", err)})
			found = []forecast.Cure{}
		}
		c.cures = &found
		var shown []map[string]any
		for _, p := range found {
			shown = append(shown, map[string]any{
				"id": p.ID, "kind": string(p.Kind), "title": p.Title, "proved": p.Proved, "problem": p.Problem,
				"dark_ms": p.Dark.Typical.Milliseconds(), "files": p.Files,
			})
		}
		if err := op.Evidence(safe.Lit("cures that were tried out"), map[string]any{"cures": shown}); err != nil {
			return err
		}
	}
	var done safe.Text
	for {
		a, err := op.Ask(ctx, c.cureQuestion(op, done))
		if err != nil || a.Choice == "back" {
			return err
		}
		if done, err = c.take(ctx, op, c.session.proposals[a.Item], a.Choice); err != nil {
			return err
		}
	}
}

// cureQuestion shows the cures. done says what was made of one before.
func (c *choice) cureQuestion(op engine.Operator, done safe.Text) engine.Question {
	facts := op.Facts()
	review := engine.CureReview{Commit: *facts.Commit, Branch: safe.Show(c.branch(op))}
	review.Cures = *c.cures
	proved := slices.ContainsFunc(review.Cures, func(p forecast.Cure) bool { return p.Proved })
	q := engine.Question{
		Kind:   engine.AskCure,
		Title:  safe.Lit("take one of these ways round?"),
		Digest: c.full.model.Digest,
		Check: func(a engine.Answer) error {
			if _, ok := c.session.proposals[a.Item]; !ok && a.Choice != "back" {
				return fmt.Errorf("there is no cure %q", safe.Show(a.Item))
			}
			return nil
		},
		Choices: []engine.Choice{{
			ID: "back", Key: "b", Label: safe.Lit("back"), Consequence: safe.Lit("the plan is as it was"),
		}, {
			ID: "patch", Key: "p", NeedsItem: true, Label: safe.Lit("write a patch"),
			Consequence: safe.Lit("for git apply; your repository stays as is"),
		}, {
			ID: "branch", Key: "B", NeedsItem: true, Label: safe.Lit("make a branch"),
			Consequence: safe.Sprintf("%s, one commit on top of %s, which stays as it is", c.branch(op), op.Run().Environment.Branch),
		}, {
			ID: "stop", Key: "s", Stops: true, Label: safe.Lit("stop here"),
			Consequence: safe.Lit("merge the cure first, then deploy it"),
		}},
		Payload: review,
	}
	back, patch, branch, stop := &q.Choices[0], &q.Choices[1], &q.Choices[2], &q.Choices[3]
	for _, ch := range []*engine.Choice{patch, branch} {
		if len(review.Cures) == 0 {
			ch.Disabled = safe.Lit("there is none")
		}
	}
	if _, ok := c.session.source().(Brancher); !ok {
		branch.Disabled = safe.Lit("this repository takes no branches")
	}
	recommended := branch
	switch {
	case !done.IsEmpty():
		q.Body = append(q.Body, done)
		recommended = stop
	case !proved:
		q.Body = append(q.Body, safe.Lit("None of them was proved to help."))
		recommended = back
	case !c.blocked() && c.sequence.Dark == (forecast.Span{}):
		q.Body = append(q.Body, safe.Lit("One change at a time is forecast without any dark time, too."))
		recommended = back
	}
	recommended.Recommended, recommended.Tags = true, []string{"recommended"}
	return q
}

// look forecasts a plan: everything at once, and one change at a time.
func (c *choice) look(p *plan.Plan, o *plan.Order) (forecast.Forecast, forecast.Sequence) {
	changes := plan.Split(p, o)
	return forecast.AtOnce(p, o, c.options), forecast.OneAtATime(p, o, changes, c.options)
}

func (c *choice) branch(op engine.Operator) string { return CureBranches + op.Run().ID }

// take writes a cure down where the operator wants it, and says where it is.
func (c *choice) take(ctx context.Context, op engine.Operator, p cure.Proposal, how string) (safe.Text, error) {
	var made safe.Text
	i := engine.Intent{
		Effect: runbook.EffectRepeatable,
		Facts:  map[string]any{"cure": p.Cure.ID, "kind": string(p.Cure.Kind), "files": p.Cure.Files},
	}
	var do func(ctx context.Context) error
	switch how {
	case "patch":
		file := filepath.Join(c.session.patches(), fmt.Sprintf("%s-%s.patch", op.Run().ID, p.Cure.ID))
		i.What = safe.Sprintf("write the patch of %q to %s", p.Cure.Title, file)
		do = func(context.Context) error {
			made = safe.Sprintf("The patch is in %s. Review it, apply it with git apply, commit it, and deploy that commit.", file)
			if p.Earlier {
				made = safe.Sprintf("The patch is in %s. It is for the commit that is deployed now: apply it there and run terraform apply, even though its plan is empty; then deploy this commit.", file)
			}
			return writePatch(file, p)
		}
	case "branch":
		if p.Earlier {
			return safe.Lit("This one is for the commit that is deployed now, so a branch on top of the newest one would not do: take the patch."), nil
		}
		b, ok := c.session.source().(Brancher)
		if !ok {
			return made, errors.New("this repository takes no branches")
		}
		i.What = safe.Sprintf("make the branch %s with %q", c.branch(op), p.Cure.Title)
		do = func(ctx context.Context) error {
			subject, body := p.Message()
			commit, err := b.Branch(ctx, c.branch(op), subject, body, p.Edits, op.Run().Actor)
			made = safe.Sprintf("The branch %s is made, at %.12s. Review and merge it, then deploy that commit instead of this one.", c.branch(op), commit)
			return err
		}
	default:
		return made, fmt.Errorf("%q is not one of the choices", safe.Show(how))
	}
	var failed error
	_, err := op.Effect(ctx, i, func(ctx context.Context) (engine.Ending, error) {
		if failed = do(ctx); failed != nil {
			return engine.Ending{Result: engine.Failed}, failed
		}
		return engine.Ending{Detail: made}, nil
	})
	switch {
	case errors.Is(err, engine.ErrRehearsed):
		return safe.Lit("Nothing is written in a rehearsal."), nil
	case failed != nil && ctx.Err() == nil && !errors.Is(err, engine.ErrUnknown):
		// The plan is as good as before, and there are other ways to take the cure.
		return safe.Sprintf("It could not be done: %v", failed), nil
	}
	return made, err
}

// patches returns the folder that patches are written to.
func (s *session) patches() string {
	if s.deps.Patches != "" {
		return s.deps.Patches
	}
	return filepath.Join(s.run.Folder, "patches")
}

func writePatch(file string, p cure.Proposal) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("make a folder for the patch: %w", err)
	}
	return p.WritePatch(file)
}
