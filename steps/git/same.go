package git

import (
	"context"

	"github.com/go-git/go-git/v5/plumbing"

	"lockstep/steps/git/trees"
)

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
