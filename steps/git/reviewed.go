package git

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"unicode/utf8"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/steps/git/lines"
	"lockstep/steps/git/objects"
	"lockstep/steps/git/trees"
)

const (
	// eagerBytes is how much content, both sides together, is compared before
	// anybody asks, so that a usual review shows its counts at once.
	eagerBytes = 1 << 20
	// keptLines is how many lines of compared files are kept.
	keptLines = 2 << 20
)

// A Diff is what deploying a commit changes for an environment.
type Diff struct {
	Files  []engine.ReviewFile
	Digest string // of everything that is shown: commits, paths, modes, contents

	r       *Repository
	changes []trees.Change

	mu    sync.Mutex
	known map[[2]plumbing.Hash]engine.FileDiff
	kept  int
}

// Diff compares the pin with a commit along the environment's paths, and its
// inputs with the head of the branch, which they are read from. A file of more
// than max bytes is not compared; 0 is no limit. Whatever cannot be shown is in
// the list with the reason; it is never left out.
func (r *Repository) Diff(ctx context.Context, from, to, head string, max int64, tell progress) (*Diff, error) {
	d := &Diff{r: r, known: map[[2]plumbing.Hash]engine.FileDiff{}}
	var tree [3]plumbing.Hash
	ids := [3]plumbing.Hash{plumbing.NewHash(from), plumbing.NewHash(to), plumbing.NewHash(head)}
	for i, h := range ids {
		l, err := r.objects.Link(h)
		if err != nil {
			return nil, r.explain(err)
		}
		tree[i] = l.Tree
	}
	own, notes, err := r.paths(append(r.pins[:len(r.pins):len(r.pins)], r.env.Inputs...), ids[:]...)
	if err != nil {
		return nil, err
	}
	for _, n := range notes {
		r.note(n)
	}
	deployed, err := trees.Changes(ctx, r.objects, tree[0], tree[1], own)
	if err != nil {
		return nil, r.explain(err)
	}
	inputs, err := trees.Changes(ctx, r.objects, tree[0], tree[2], trees.NewPaths(r.env.Inputs, r.pins))
	if err != nil {
		return nil, r.explain(err)
	}
	d.changes = append(deployed, inputs...)
	sum := sha256.New()
	fmt.Fprintf(sum, "from %s\nto %s\nhead %s\n", from, to, head)
	names, left := map[safe.Text]int{}, int64(eagerBytes)
	for i, c := range d.changes {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if tell != nil && i%64 == 0 {
			tell(safe.Lit("reading what changed"), int64(i), int64(len(d.changes)))
		}
		f, size, err := r.reviewFile(c, max)
		if err != nil {
			return nil, err
		}
		f.Input = i >= len(deployed)
		// Two hostile names can look the same once they are inert; each file still
		// has to be viewed for itself.
		if names[f.Path]++; names[f.Path] > 1 {
			f.Path = safe.Sprintf("%s (%d)", f.Path, names[f.Path])
		}
		d.Files = append(d.Files, f)
		fmt.Fprintf(sum, "%q %v %s %s %s %s\n", c.Path, f.Input, c.Old.Mode, c.New.Mode, c.Old.Hash, c.New.Hash)
		if left -= size; left >= 0 && f.Unreviewable.IsEmpty() {
			fd, err := d.File(i)
			if err != nil {
				return nil, err
			}
			d.Files[i].Added, d.Files[i].Removed = fd.Added, fd.Removed
		}
	}
	d.Digest = hex.EncodeToString(sum.Sum(nil))
	return d, nil
}

// reviewFile says of a changed file what happened to it and whether it can be
// shown. size is the length of both sides.
func (r *Repository) reviewFile(c trees.Change, max int64) (f engine.ReviewFile, size int64, err error) {
	f = engine.ReviewFile{Path: safe.Show(c.Path), Status: status(c), Added: -1, Removed: -1}
	for _, e := range []objects.Entry{c.Old, c.New} {
		why, n, err := r.unreviewable(e, max)
		if err != nil {
			return f, 0, err
		}
		size += n
		if f.Unreviewable.IsEmpty() {
			f.Unreviewable = why
		}
	}
	if safe.Show(c.Path).String() != c.Path {
		f.Unreviewable = safe.Lit("its name has control, invisible or combining characters")
	}
	return f, size, nil
}

func status(c trees.Change) engine.FileStatus {
	switch {
	case c.Old.Name == "":
		return engine.FileAdded
	case c.New.Name == "":
		return engine.FileDeleted
	case c.Old.Hash == c.New.Hash || isRegular(c.Old) != isRegular(c.New):
		return engine.FileMode
	}
	return engine.FileModified
}

// unreviewable says why one side of a change cannot be shown, or nothing.
func (r *Repository) unreviewable(e objects.Entry, max int64) (why safe.Text, size int64, err error) {
	switch {
	case e.Name == "":
		return safe.Text{}, 0, nil
	case e.Mode == filemode.Submodule:
		return safe.Sprintf("a submodule, at %s; its files are not in this repository", short(e.Hash)), 0, nil
	}
	size, err = r.objects.Size(e.Hash)
	if err != nil {
		return why, 0, r.explain(err)
	}
	if max > 0 && size > max {
		return safe.Sprintf("too large to be shown: %d bytes, more than %d", size, max), size, nil
	}
	b, err := r.objects.Blob(e.Hash)
	if err != nil {
		return why, 0, r.explain(err)
	}
	switch {
	case e.Mode == filemode.Symlink:
		return safe.Sprintf("a symbolic link to %s", b), size, nil
	case bytes.IndexByte(b, 0) >= 0:
		return safe.Sprintf("binary, %d bytes", size), size, nil
	case !utf8.Valid(b):
		return safe.Lit("not UTF-8 text"), size, nil
	}
	for line := range bytes.Lines(b) {
		if len(line) > safe.MaxLine {
			return safe.Sprintf("has a line of %d bytes, which is too long to be shown", len(line)), size, nil
		}
	}
	return safe.Text{}, size, nil
}

// File returns the hunks of a file. Several goroutines may call it at once.
func (d *Diff) File(i int) (engine.FileDiff, error) {
	if i < 0 || i >= len(d.changes) {
		return engine.FileDiff{}, fmt.Errorf("there is no file %d in this review", i)
	}
	if w := d.Files[i].Unreviewable; !w.IsEmpty() {
		return engine.FileDiff{}, errors.New(w.String())
	}
	c := d.changes[i]
	key := [2]plumbing.Hash{c.Old.Hash, c.New.Hash}
	d.mu.Lock()
	fd, ok := d.known[key]
	d.mu.Unlock()
	if !ok {
		var err error
		if fd, err = d.compare(c); err != nil {
			return fd, err
		}
		d.keep(key, fd)
	}
	return annotate(fd, c), nil
}

func (d *Diff) compare(c trees.Change) (engine.FileDiff, error) {
	var side [2][]byte
	for i, e := range []objects.Entry{c.Old, c.New} {
		if e.Name == "" {
			continue
		}
		b, err := d.r.objects.Blob(e.Hash)
		if err != nil {
			return engine.FileDiff{}, d.r.explain(err)
		}
		side[i] = b
	}
	return lines.Diff(side[0], side[1])
}

// keep remembers a comparison; when too much is remembered all of it is forgotten.
func (d *Diff) keep(key [2]plumbing.Hash, fd engine.FileDiff) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, h := range fd.Hunks {
		n += len(h.Lines)
	}
	if d.kept += n; d.kept > keptLines {
		clear(d.known)
		d.kept = n
	}
	d.known[key] = fd
}

// annotate says in words what lines do not show: another mode, an empty file.
func annotate(fd engine.FileDiff, c trees.Change) engine.FileDiff {
	var notes []engine.DiffLine
	if c.Old.Name != "" && c.New.Name != "" && c.Old.Mode != c.New.Mode {
		notes = append(notes, engine.DiffLine{Op: '\\', Text: safe.Sprintf("the mode changes from %o to %o", uint32(c.Old.Mode), uint32(c.New.Mode))})
	}
	if len(fd.Hunks) == 0 {
		text := safe.Lit("the content stays the same")
		if c.Old.Name == "" || c.New.Name == "" {
			text = safe.Lit("the file is empty")
		}
		notes = append(notes, engine.DiffLine{Op: '\\', Text: text})
	}
	if len(notes) > 0 {
		fd.Hunks = append([]engine.Hunk{{Lines: notes}}, fd.Hunks...)
	}
	return fd
}
