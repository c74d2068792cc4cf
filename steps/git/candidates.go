package git

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/steps/git/trees"
)

// Sources are what a list of candidates is made from beside the repository. All
// of them may be missing.
type Sources struct {
	// Runbook holds the environment that has to come first.
	Runbook *runbook.Runbook
	// Verified says when a commit was verified in an environment.
	Verified func(environment, hash string) (time.Time, bool)
	// Progress is told how far the work is.
	Progress func(what safe.Text, done, total int64)
}

// A Listing is the candidates of an environment and what they were made from.
type Listing struct {
	engine.Candidates
	PinNow Pin

	r       *Repository
	place   place
	paths   *trees.Paths
	items   []int // index into the line of each item
	reverts [][]string
}

// Candidates lists what the environment does not have: the commits of
// PIN..BRANCH on the first-parent line that touch its paths, oldest first, each
// with what keeps it from being taken.
func (r *Repository) Candidates(ctx context.Context, src Sources) (*Listing, error) {
	pin, err := r.Pin(ctx)
	if err != nil {
		return nil, err
	}
	at, err := r.locate(ctx, pin.Hash, src.Progress)
	if err != nil {
		return nil, err
	}
	paths, notes, err := r.Paths(r.head, pin.Hash)
	if err != nil {
		return nil, err
	}
	l := &Listing{PinNow: pin, r: r, place: at, paths: paths}
	l.Environment, l.Branch = safe.Show(r.env.Name), r.Branch()
	l.Ahead, l.Paths = at.ahead, paths.Texts()
	if l.Pin, _, err = r.candidate(pin.Hash); err != nil {
		return nil, err
	}
	l.Notes = append(append(l.Notes, pin.Notes...), l.placeNotes()...)
	l.Notes = append(append(l.Notes, r.stateNotes(ctx)...), notes...)
	if err := l.find(ctx, src.Progress); err != nil {
		return nil, err
	}
	if l.PinnedAt, err = r.pinnedAt(ctx, at); err != nil {
		return nil, err
	}
	if err := l.verify(ctx, src); err != nil {
		return nil, err
	}
	l.judge()
	return l, nil
}

// placeNotes says what is unusual about where the pin stands.
func (l *Listing) placeNotes() []safe.Text {
	m, ok := l.place.merge()
	if !ok {
		return nil
	}
	return []safe.Text{safe.Sprintf("the pin %s came to %s by the merge %s; commits of %s before that merge do not contain what is deployed",
		short(l.PinNow.Hash), l.Branch, short(m.hash), l.Branch)}
}

// find fills the items, comparing each commit with its first parent.
func (l *Listing) find(ctx context.Context, tell progress) error {
	const often = 64
	cmp := trees.NewComparer(l.r.objects, l.paths)
	for i := l.place.ahead - 1; i >= 0; i-- {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if done := l.place.ahead - i; tell != nil && (done%often == 0 || i == 0) {
			tell(safe.Lit("looking for commits that touch this environment"), int64(done), int64(l.place.ahead))
		}
		same, err := cmp.Same(l.place.line[i+1].Tree, l.place.line[i].Tree)
		if err != nil {
			return l.r.explain(err)
		}
		if same {
			continue
		}
		over, err := l.passedOver(ctx, i)
		if err != nil {
			return err
		}
		if !over {
			l.items = append(l.items, i)
		}
	}
	for n, i := range l.items {
		c, full, err := l.r.candidate(l.place.line[i].hash)
		if err != nil {
			return err
		}
		changes, err := l.changes(ctx, i)
		if err != nil {
			return err
		}
		c.Files, c.Takes = len(changes), n+1
		l.Items = append(l.Items, c)
		l.reverts = append(l.reverts, reverted(full.Message))
	}
	return nil
}

// changes returns the files that a commit of the line touches in the environment.
func (l *Listing) changes(ctx context.Context, i int) ([]trees.Change, error) {
	c, err := trees.Changes(ctx, l.r.objects, l.place.line[i+1].Tree, l.place.line[i].Tree, l.paths)
	if err != nil {
		return nil, l.r.explain(err)
	}
	return c, nil
}

// pinnedAt returns when the pin file was written last, as far as the commits
// after the pin say; a pin is written after the commit it names.
func (r *Repository) pinnedAt(ctx context.Context, at place) (time.Time, error) {
	if r.env.Pin.File == "" {
		return time.Time{}, nil
	}
	found := at.writers(ctx, r, r.env.Pin.File, 1)
	if len(found) == 0 {
		return time.Time{}, context.Cause(ctx)
	}
	c, err := r.objects.Commit(found[0].hash)
	if err != nil {
		return time.Time{}, r.explain(err)
	}
	return c.Committer.When, nil
}

// writers returns up to n commits after the pin that changed a file, newest
// first. A tree that cannot be read ends the search.
func (p place) writers(ctx context.Context, r *Repository, file string, n int) []station {
	cmp := trees.NewComparer(r.objects, trees.NewPaths([]string{file}, nil))
	var out []station
	for i := 0; i < p.ahead && len(out) < n && ctx.Err() == nil; i++ {
		same, err := cmp.Same(p.line[i+1].Tree, p.line[i].Tree)
		if err != nil {
			break
		}
		if !same {
			out = append(out, p.line[i])
		}
	}
	return out
}

// index returns the number of an item by its hash, or -1.
func (l *Listing) index(hash string) int {
	for i, c := range l.Items {
		if c.Hash == hash {
			return i
		}
	}
	return -1
}

// Detail returns the whole message of an item and the files it touches.
func (l *Listing) Detail(i int) (engine.CommitDetail, error) {
	if i < 0 || i >= len(l.items) {
		return engine.CommitDetail{}, fmt.Errorf("there is no candidate %d", i)
	}
	at := l.items[i]
	c, err := l.r.objects.Commit(l.place.line[at].hash)
	if err != nil {
		return engine.CommitDetail{}, l.r.explain(err)
	}
	changes, err := l.changes(context.Background(), at)
	if err != nil {
		return engine.CommitDetail{}, err
	}
	d := engine.CommitDetail{Message: safe.Lines(c.Message), Files: make([]safe.Text, len(changes))}
	for i, ch := range changes {
		d.Files[i] = safe.Show(ch.Path)
	}
	return d, nil
}

// Others returns the commits of the branch after the pin that do not touch the
// environment, oldest first.
func (l *Listing) Others() (engine.Others, error) {
	mine := map[int]bool{}
	for _, i := range l.items {
		mine[i] = true
	}
	out := engine.Others{}
	for i := l.place.ahead - 1; i >= 0; i-- {
		if mine[i] {
			continue
		}
		c, _, err := l.r.candidate(l.place.line[i].hash)
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, c)
	}
	return out, nil
}

// Digest binds an answer to what was listed: the pin, the head of the branch,
// and for each item what it takes along and what speaks against it.
func (l *Listing) Digest() string {
	h := sha256.New()
	fmt.Fprintf(h, "pin %s\nhead %s\n", l.PinNow.Hash, l.r.head)
	for _, c := range l.Items {
		fmt.Fprintf(h, "%s %d %q %q\n", c.Hash, c.Takes, c.Disabled.String(), c.Reason.String())
	}
	return hex.EncodeToString(h.Sum(nil))
}

// hasPin reports whether a commit of the line contains what is deployed.
func (l *Listing) hasPin(item int) bool { return l.items[item] < l.place.enter }
