package git

import (
	"context"

	"github.com/go-git/go-git/v5/plumbing"

	"lockstep/steps/git/trees"
)

// Standing reports whether a commit is on the branch as it was when the
// repository was opened, and whether the inputs at its head are those of the
// commit head.
func (r *Repository) Standing(ctx context.Context, commit, head string, inputs []string) (on, same bool, err error) {
	if on, err = r.contains(ctx, r.head, plumbing.NewHash(commit)); err != nil {
		return false, false, r.explain(err)
	}
	if len(inputs) == 0 || r.head.String() == head {
		return on, true, nil
	}
	same, err = r.Same(ctx, head, r.head.String(), inputs)
	return on, same, err
}

// Same reports whether files and folders are the same in two commits. Pin files,
// which every deployment writes, do not count.
func (r *Repository) Same(ctx context.Context, a, b string, paths []string) (bool, error) {
	var tree [2]plumbing.Hash
	for i, h := range []string{a, b} {
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		l, err := r.objects.Link(plumbing.NewHash(h))
		if err != nil {
			return false, r.explain(err)
		}
		tree[i] = l.Tree
	}
	same, err := trees.NewComparer(r.objects, trees.NewPaths(paths, r.pins)).Same(tree[0], tree[1])
	return same, r.explain(err)
}
