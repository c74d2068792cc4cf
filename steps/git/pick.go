package git

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// pick is the step pick_commit.
type pick struct{ deps Deps }

// Run lists the candidates and asks for one.
func (p *pick) Run(ctx context.Context, op engine.Operator) (engine.Report, error) {
	r, err := openFor(op)
	if err != nil {
		return engine.Report{}, op.Refuse(safe.Lit("no commit was picked"), err)
	}
	defer r.Close()
	if err := r.canPush(op.Run().Runbook.Steps); err != nil {
		return engine.Report{}, op.Refuse(safe.Lit("no commit was picked, because its pin could not be written"), err)
	}
	l, err := r.Candidates(ctx, Sources{Runbook: op.Run().Runbook, Verified: p.deps.Verified, Progress: telling(op)})
	if err != nil {
		return engine.Report{}, op.Refuse(safe.Lit("no commit was picked"), err)
	}
	if len(l.Items) == 0 {
		return engine.Report{}, nothing(ctx, op, l)
	}
	a, err := op.Ask(ctx, l.question())
	if err != nil {
		return engine.Report{}, err
	}
	i := l.index(a.Item)
	if i < 0 {
		return engine.Report{}, op.Refuse(safe.Lit("no commit was picked"), fmt.Errorf("%q is not a candidate", a.Item))
	}
	chosen, pin := l.Items[i], l.Pin
	f := op.Facts()
	f.Commit, f.Pin, f.Head = &chosen, &pin, r.Head()
	f.Commits = l.taken(i)
	op.Tell(engine.CommitChosen{Commit: chosen, Reason: safe.Show(a.Reason)})
	return engine.Report{Summary: safe.Sprintf("%s", chosen.Short)}, nil
}

// nothing ends a run for which there is nothing to do.
func nothing(ctx context.Context, op engine.Operator, l *Listing) error {
	left, err := l.unlisted(ctx)
	if err != nil {
		return op.Refuse(safe.Lit("no commit was picked"), err)
	}
	if len(left) > 0 {
		return op.Refuse(safe.Lit("no commit was picked"), problem("Deploy the next commit that touches the environment; the difference comes with it.",
			"no commit of %s touches %s, but the merge that brought the pin %s changed %d files, such as %s", l.Branch, l.Environment, l.Pin.Short, len(left), left[0].Path))
	}
	text := safe.Sprintf("%s already has everything that touches it", l.Environment)
	switch {
	case l.Ahead == 1:
		text = safe.Sprintf("%s; the one newer commit of %s does not touch it", text, l.Branch)
	case l.Ahead > 1:
		text = safe.Sprintf("%s; %d newer commits of %s do not touch it", text, l.Ahead, l.Branch)
	}
	for _, n := range l.Notes {
		op.Tell(engine.Warned{Text: n})
	}
	if err := op.Evidence(safe.Sprintf("nothing to deploy: %s", text), map[string]any{"pin": l.Pin.Hash, "head": l.r.Head()}); err != nil {
		return err
	}
	return fmt.Errorf("%w: %s", engine.ErrNothingToDo, text)
}

// question asks which candidate is deployed.
func (l *Listing) question() engine.Question {
	take := engine.Choice{
		ID: "take", Tags: []string{"next", "recommended"}, Key: "t", Label: safe.Lit("take this commit"), NeedsItem: true,
		Consequence: safe.Lit("nothing is applied yet; the diff comes next"), Recommended: true,
	}
	open := 0
	for _, c := range l.Items {
		if c.Disabled.IsEmpty() {
			open++
		}
	}
	if open == 0 {
		take.Disabled, take.Recommended = l.Items[0].Disabled, false
	}
	return engine.Question{
		Kind:  engine.AskCommit,
		Title: safe.Sprintf("which commit does %s get?", l.Environment),
		Body: []safe.Text{safe.Sprintf("%s is at %s; %s is %d commits ahead, %d of them touch it.",
			l.Environment, l.Pin.Short, l.Branch, l.Ahead, len(l.Items))},
		Choices: []engine.Choice{
			{ID: "stop", Key: "s", Label: safe.Lit("stop here"), Stops: true, Recommended: open == 0, Consequence: safe.Lit("nothing was changed")},
			take,
		},
		Digest: l.Digest(), Payload: l.Candidates, Check: l.check, Fetch: l.fetch,
	}
}

// check refuses an answer that takes what cannot be taken.
func (l *Listing) check(a engine.Answer) error {
	if a.Choice != "take" {
		return nil
	}
	i := l.index(a.Item)
	if i < 0 {
		return fmt.Errorf("%q is not a candidate", excerpt(a.Item))
	}
	c := l.Items[i]
	if !c.Disabled.IsEmpty() {
		return fmt.Errorf("%s cannot be taken: %s", c.Short, c.Disabled)
	}
	if !c.Reason.IsEmpty() && strings.TrimSpace(a.Reason) == "" {
		return fmt.Errorf("%s %s: give a reason, which is recorded", c.Short, c.Reason)
	}
	return nil
}

// fetch gives the details of a candidate, or the commits that are none.
func (l *Listing) fetch(r engine.Request) (engine.Part, error) {
	switch r.What {
	case "commit":
		return l.Detail(r.Index)
	case "others":
		return l.Others()
	}
	return nil, errors.New("there is no such part of a list of candidates")
}
