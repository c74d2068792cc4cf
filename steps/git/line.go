package git

import (
	"context"
	"fmt"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"

	"lockstep/runbook/safe"
	"lockstep/steps/git/objects"
)

// progress is told how far long work is; total is 0 when it is not known.
type progress func(what safe.Text, done, total int64)

// A station is one commit of the first-parent line of a branch.
type station struct {
	hash plumbing.Hash
	objects.Link
}

// A place says where a pin stands on the first-parent line of a branch.
type place struct {
	line  []station // newest first; reaches at least one commit beyond count
	ahead int       // commits of the line that are not the pin and not before it
	enter int       // the commits of the line before this index contain the pin; ahead or less
	off   bool      // the pin is not on the line: the last commit that contains it is the merge that brought it
}

// merge returns the merge that brought the pin to the line, or false when the
// pin stands on the line itself.
func (p place) merge() (station, bool) {
	if !p.off {
		return station{}, false
	}
	return p.line[p.enter-1], true
}

// locate finds where a pin stands. It follows first parents from the head until
// it meets the pin; only when it does not, it looks at the history of the pin.
func (r *Repository) locate(ctx context.Context, pin plumbing.Hash, tell progress) (place, error) {
	line, met, err := r.walk(ctx, pin, tell)
	if err != nil {
		return place{}, err
	}
	if met {
		n := len(line) - 1
		return place{line: line, ahead: n, enter: n}, nil
	}
	index := make(map[plumbing.Hash]int, len(line))
	for i, s := range line {
		index[s.hash] = i
	}
	fork, err := r.fork(ctx, pin, index)
	if err != nil {
		return place{}, err
	}
	if fork < 0 && len(r.cut) > 0 {
		return place{}, problem("Run git fetch --unshallow.",
			"this is a shallow clone that was cut off before the pinned commit %s", short(pin))
	}
	if fork > 0 {
		enter, err := r.entered(ctx, pin, line[:fork], index)
		if err != nil {
			return place{}, err
		}
		if enter > 0 {
			return place{line: line[:fork+1], ahead: fork, enter: enter, off: true}, nil
		}
	}
	return place{}, r.notOnBranch(ctx, pin, fork)
}

// walk follows first parents from the head of the branch to its root, or until
// it meets the commit it is to stop at, which is then the last of the line.
func (r *Repository) walk(ctx context.Context, until plumbing.Hash, tell progress) (line []station, met bool, err error) {
	const often = 512
	for h := r.head; ; {
		if err := ctx.Err(); err != nil {
			return nil, false, context.Cause(ctx)
		}
		l, err := r.objects.Link(h)
		if err != nil {
			return nil, false, r.explain(err)
		}
		line = append(line, station{h, l})
		if len(line)%often == 0 && tell != nil {
			tell(safe.Lit("following the branch back to the pin"), int64(len(line)), 0)
		}
		if h == until {
			return line, true, nil
		}
		if len(l.Parents) == 0 || r.cut[h] {
			return line, false, nil
		}
		h = l.Parents[0]
	}
}

// fork returns the index of the newest commit of the line that is the pin or
// comes before it, or -1. A commit of the line has nothing newer of the line in
// its own history, so the search ends wherever it meets the line.
func (r *Repository) fork(ctx context.Context, pin plumbing.Hash, index map[plumbing.Hash]int) (int, error) {
	best := -1
	err := r.before(ctx, pin, func(h plumbing.Hash) (bool, error) {
		i, on := index[h]
		if on && (best < 0 || i < best) {
			best = i
		}
		return !on, nil
	})
	return best, err
}

// entered returns how many commits at the start of the line contain the pin,
// or 0 when none does. Oldest first, each merge is searched for what it brought;
// nothing is looked at twice.
func (r *Repository) entered(ctx context.Context, pin plumbing.Hash, line []station, index map[plumbing.Hash]int) (int, error) {
	seen := map[plumbing.Hash]bool{}
	for i := len(line) - 1; i >= 0; i-- {
		if len(line[i].Parents) < 2 || r.cut[line[i].hash] {
			continue
		}
		found := false
		for _, p := range line[i].Parents[1:] {
			err := r.before(ctx, p, func(h plumbing.Hash) (bool, error) {
				found = found || h == pin
				_, on := index[h]
				old := seen[h]
				seen[h] = true
				return !on && !old && !found, nil
			})
			if err != nil {
				return 0, err
			}
		}
		if found {
			return i + 1, nil
		}
	}
	return 0, nil
}

// before visits a commit and all that come before it, as long as visit says to
// go on from there. It visits nothing twice.
func (r *Repository) before(ctx context.Context, from plumbing.Hash, visit func(plumbing.Hash) (bool, error)) error {
	seen := map[plumbing.Hash]bool{from: true}
	for todo := []plumbing.Hash{from}; len(todo) > 0; {
		h := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		on, err := visit(h)
		if err != nil {
			return err
		}
		if !on || r.cut[h] {
			continue
		}
		l, err := r.objects.Link(h)
		if err != nil {
			return r.explain(err)
		}
		for _, p := range l.Parents {
			if !seen[p] {
				seen[p] = true
				todo = append(todo, p)
			}
		}
	}
	return nil
}

// contains reports whether a commit is another one or comes before it.
func (r *Repository) contains(ctx context.Context, tip, h plumbing.Hash) (bool, error) {
	found := false
	err := r.before(ctx, tip, func(at plumbing.Hash) (bool, error) {
		found = found || at == h
		return !found, nil
	})
	return found, err
}

// notOnBranch says why a pin that the branch does not contain cannot be worked
// with. fork is what the two have in common.
func (r *Repository) notOnBranch(ctx context.Context, pin plumbing.Hash, fork int) error {
	branch := r.branch.Short()
	if fork == 0 {
		return problem(fmt.Sprintf("Bring the branch up to date (git pull, or git push on the machine that deployed) until it contains %s.", short(pin)),
			"the pin %s is ahead of branch %q: what is deployed is not on the branch yet", short(pin), branch)
	}
	on, err := r.branchesWith(ctx, pin)
	if err != nil {
		return err
	}
	hint := fmt.Sprintf("Merge it into %s, or deploy a commit of %s by hand once and write that into the pin.", branch, branch)
	if len(on) == 0 {
		return problem(hint, "the pin %s is on no branch: deploying from %q would undo it", short(pin), branch)
	}
	return problem(hint, "the pin %s is not on branch %q, only on %s: deploying from %q would undo it",
		short(pin), branch, joinNames(on), branch)
}

// branchesWith returns the names of the branches that contain a commit.
func (r *Repository) branchesWith(ctx context.Context, h plumbing.Hash) ([]string, error) {
	names, err := r.branches()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, n := range names {
		tip, err := r.repo.ResolveRevision(plumbing.Revision(n))
		if err != nil {
			continue // a branch that cannot be read does not help to explain the pin
		}
		if ok, err := r.contains(ctx, *tip, h); err != nil {
			return nil, err
		} else if ok {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, nil
}

func short(h plumbing.Hash) string { return h.String()[:7] }
