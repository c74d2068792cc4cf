package git

import (
	"context"

	"github.com/go-git/go-git/v5/plumbing"

	"lockstep/steps/git/trees"
)

// Checkout writes the tree of a commit into an empty folder, with the inputs as
// the head of the branch has them, and returns the id of the tree that was
// written. What was left out without harm goes to Note. See [trees.Checkout]
// for what is refused.
func (r *Repository) Checkout(ctx context.Context, commit, head string, inputs []string, into string) (tree string, err error) {
	c, h := plumbing.NewHash(commit), plumbing.NewHash(head)
	l, err := r.objects.Link(c)
	if err != nil {
		return "", r.explain(err)
	}
	over, err := r.objects.Link(h)
	if err != nil {
		return "", r.explain(err)
	}
	all, err := trees.Overlay(r.objects, l.Tree, over.Tree, inputs)
	if err != nil {
		return "", r.explain(err)
	}
	needed, _, err := r.Paths(c, h)
	if err != nil {
		return "", err
	}
	wanted := trees.NewPaths(append(needed.List(), inputs...), nil)
	if err := trees.Checkout(ctx, r.objects, all, into, wanted, r.note); err != nil {
		return "", r.explain(err)
	}
	return all.String(), nil
}

// CheckoutDigest returns a digest over everything in a folder that was checked
// out, so that a later look tells whether it is still the same. Paths in skip,
// relative to the folder, do not count.
func CheckoutDigest(dir string, skip ...string) (string, error) { return trees.Digest(dir, skip...) }
