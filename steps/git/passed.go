package git

import (
	"context"

	"github.com/go-git/go-git/v5/plumbing"

	"lockstep/steps/git/trees"
)

// passedOver reports whether git log leaves out a commit although it differs
// from its first parent. It does so with one merge, at the lower end of a range
// whose pin came by a merge: where git, going from new to old, has learned
// already that the first parent is out of the range and not that the second one
// is, it counts the merge as unchanged. For the usual case, a pull request that
// was deployed and then merged, that is right: the merge has nothing that the
// pin has not. See [Listing.unlisted] for the others.
func (l *Listing) passedOver(ctx context.Context, i int) (bool, error) {
	m := l.place.line[i]
	if !l.place.off || i != l.place.ahead-1 || len(m.Parents) < 2 {
		return false, nil
	}
	at, err := l.r.objects.Commit(m.hash)
	if err != nil {
		return false, l.r.explain(err)
	}
	out := map[plumbing.Hash]bool{}
	err = l.r.before(ctx, l.PinNow.Hash, func(h plumbing.Hash) (bool, error) {
		c, err := l.r.objects.Commit(h)
		if err != nil {
			return false, l.r.explain(err)
		}
		seen := c.Committer.When.After(at.Committer.When)
		if !seen && h != l.PinNow.Hash {
			return false, nil
		}
		for _, p := range c.ParentHashes {
			out[p] = true
			if !seen || l.r.cut[p] {
				continue
			}
			// Git looks one generation ahead of what it has seen.
			k, err := l.r.objects.Link(p)
			if err != nil {
				return false, l.r.explain(err)
			}
			for _, g := range k.Parents {
				out[g] = true
			}
		}
		return true, nil
	})
	return out[m.Parents[0]] && !out[m.Parents[1]], err
}

// unlisted returns what the branch changes against the pin when it is not in
// any of the items: what a merge changed that git log passes over.
func (l *Listing) unlisted(ctx context.Context) ([]trees.Change, error) {
	if len(l.items) > 0 {
		return nil, nil
	}
	pinned, err := l.r.objects.Link(l.PinNow.Hash)
	if err != nil {
		return nil, l.r.explain(err)
	}
	c, err := trees.Changes(ctx, l.r.objects, pinned.Tree, l.place.line[0].Tree, l.paths)
	if err != nil {
		return nil, l.r.explain(err)
	}
	return c, nil
}
