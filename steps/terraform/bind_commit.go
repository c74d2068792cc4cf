package terraform

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"lockstep/runbook"
	"lockstep/steps/terraform/planfile"
)

// A Branch is a [Source] that knows where the branch of the environment is now.
type Branch interface {
	// Standing reports whether a commit is on the branch still, and whether the
	// inputs at the branch's head are those of the commit head. Pin files among
	// them do not count: every deployment writes them.
	Standing(ctx context.Context, commit, head string, inputs []string) (on, same bool, err error)
}

// takeCommit takes down which commit is planned and whether the branch still
// stands for it. At the gate the commit is checked out once more into a folder of
// its own, so that a checkout that was never right is found too.
func (s *session) takeCommit(ctx context.Context, b *binding, p *saved, d depth) error {
	w := p.work
	b.say(ofCommit, "commit", w.commit)
	b.say(ofCommit, "tree", w.tree)
	b.say(ofCommit, "head", w.head)
	if d == basis || d == last {
		return nil // what was checked out counts then, and the checkout is compared by itself
	}
	src, err := s.deps.Open(s.env, s.run.Folder)
	if err != nil {
		return err
	}
	if branch, ok := src.(Branch); ok {
		on, same, err := branch.Standing(ctx, w.commit, w.head, s.env.Inputs)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			b.faults = append(b.faults, fmt.Sprintf("whether the branch still holds the commit %.12s cannot be told: %v", w.commit, err))
		case !on:
			b.faults = append(b.faults, fmt.Sprintf("the commit %.12s is not on the branch any more, which was rewritten (start a new run to pick a commit)", w.commit))
		case !same:
			b.faults = append(b.faults, fmt.Sprintf("the branch has other inputs now than at %.12s, where they were reviewed (start a new run to review them)", w.head))
		}
	}
	if d != gate {
		return nil
	}
	base := s.path("fresh")
	defer os.RemoveAll(base) // what cannot be removed goes with the folder of the run
	top := filepath.Join(base, "tree")
	if err := os.MkdirAll(top, 0o700); err != nil {
		return fmt.Errorf("make a folder for a fresh checkout: %w", err)
	}
	tree, err := src.Checkout(ctx, w.commit, w.head, s.env.Inputs, top)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		b.faults = append(b.faults, fmt.Sprintf("the commit %.12s cannot be checked out any more: %v", w.commit, err))
		return nil
	case tree != w.tree:
		b.faults = append(b.faults, fmt.Sprintf("the tree of the commit %.12s was %.12s and is %.12s", w.commit, w.tree, tree))
	}
	b.commit = list(ctx, top)
	return nil
}

// takeRunbook compares the runbook with what the run was opened with.
func (s *session) takeRunbook(b *binding) {
	rb := s.run.Runbook
	if rb == nil || rb.File == "" {
		return
	}
	path := filepath.Join(s.run.Folder, filepath.Base(rb.File))
	digest, err := planfile.Digest(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		digest = "gone"
	case err != nil:
		digest = cannotRead
	}
	b.say(ofRunbook, "the file", "sha256:"+digest)
	if digest != rb.Digest {
		b.faults = append(b.faults, "the runbook "+path+" is not the one any more that this run was opened with (put it back, or start a new run)")
	}
}

// resolved returns the value of a setting of the runbook, as the environment of
// this process has it now.
func (s *session) resolved(name, value string) (string, bool) {
	vars, err := runbook.Terraform{Vars: map[string]string{name: value}}.ResolveVars(s.lookup)
	return vars[name], err == nil
}
