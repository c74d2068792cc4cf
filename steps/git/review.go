package git

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// review is the step review_diff.
type review struct{ max int64 }

// Run shows what the chosen commit changes and waits until all of it was read.
func (s *review) Run(ctx context.Context, op engine.Operator) (engine.Report, error) {
	f := op.Facts()
	if f.Commit == nil || f.Pin == nil {
		return engine.Report{}, op.Refuse(safe.Lit("nothing was reviewed"),
			problem("Put pick_commit before review_diff in the runbook.", "no commit was picked"))
	}
	r, err := openFor(op)
	if err != nil {
		return engine.Report{}, op.Refuse(safe.Lit("nothing was reviewed"), err)
	}
	defer r.Close()
	d, err := r.Diff(ctx, f.Pin.Hash, f.Commit.Hash, f.Head, s.max, telling(op))
	if err != nil {
		return engine.Report{}, op.Refuse(safe.Lit("nothing was reviewed"), err)
	}
	q, payload := d.question(f)
	a, err := op.Ask(ctx, q)
	if err != nil {
		return engine.Report{}, err
	}
	blocked := 0
	for _, file := range d.Files {
		if !file.Unreviewable.IsEmpty() {
			blocked++
		}
	}
	err = op.Evidence(safe.Sprintf("the diff from %s to %s was reviewed", f.Pin.Short, f.Commit.Short), map[string]any{
		"from": f.Pin.Hash, "to": f.Commit.Hash, "head": f.Head, "digest": d.Digest,
		"files": len(d.Files), "unreviewable": blocked, "hazards": len(payload.Hazards), "acknowledged": len(a.Acknowledge),
	})
	if err != nil {
		return engine.Report{}, err
	}
	f.Reviewed = d.Digest
	return engine.Report{Summary: countOf(len(d.Files), "file")}, nil
}

// question asks whether the diff was read, with everything that must have been.
func (d *Diff) question(f *engine.Facts) (engine.Question, engine.Review) {
	p := engine.Review{From: *f.Pin, To: *f.Commit, Commits: f.Commits, Files: d.Files}
	for _, c := range f.Commits {
		for _, h := range c.Hazards {
			p.Hazards = append(p.Hazards, safe.Sprintf("%s: %s", c.Short, h))
		}
	}
	q := engine.Question{
		Kind:  engine.AskReview,
		Title: safe.Sprintf("does this diff do what you expect? %s → %s", f.Pin.Short, f.Commit.Short),
		Choices: []engine.Choice{
			{ID: "stop", Key: "s", Label: safe.Lit("stop here"), Stops: true, Consequence: safe.Lit("nothing was changed")},
			{
				ID: "continue", Tags: []string{"recommended"}, Key: "c", Label: safe.Lit("go on"), Recommended: true,
				Consequence: safe.Lit("nothing is applied yet; the plan comes next"),
			},
		},
		Digest: d.Digest, Payload: p, Fetch: d.fetch,
		Check: func(a engine.Answer) error { return unread(p, a.Acknowledge) },
	}
	if len(d.Files) == 0 {
		q.Body = append(q.Body, safe.Lit("The commit changes no file of this environment: every file is as it is deployed."))
	}
	return q, p
}

// unread says what of a review has not been acknowledged.
func unread(p engine.Review, seen []string) error {
	files := 0
	var first safe.Text
	for i, file := range p.Files {
		if !slices.Contains(seen, p.ViewedKey(i)) {
			if files++; files == 1 {
				first = file.Path
			}
		}
	}
	switch {
	case files == 1:
		return fmt.Errorf("%s was not viewed yet", first)
	case files > 1:
		return fmt.Errorf("%d files were not viewed yet, the first is %s", files, first)
	}
	for i := range p.Hazards {
		if !slices.Contains(seen, fmt.Sprintf("hazard %d", i+1)) {
			return fmt.Errorf("hazard %d is not acknowledged: %s", i+1, p.Hazards[i])
		}
	}
	return nil
}

// fetch gives the lines of a file.
func (d *Diff) fetch(r engine.Request) (engine.Part, error) {
	if r.What != "file" {
		return nil, errors.New("there is no such part of a review")
	}
	return d.File(r.Index)
}

// countOf returns a number with its noun.
func countOf(n int, noun string) safe.Text {
	if n == 1 {
		return safe.Sprintf("1 %s", noun)
	}
	return safe.Sprintf("%d %ss", n, noun)
}
