package git

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"

	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
	"lockstep/steps/git/objects"
	"lockstep/steps/git/trees"
)

// A write is a pin that is about to be written. All objects it needs are made
// already, in memory, so that the intent can name them.
type write struct {
	env      safe.Text
	where    safe.Text
	commit   plumbing.Hash          // what the pin will say
	ref      plumbing.ReferenceName // what moves
	old, new plumbing.Hash          // from where to where
	made     []plumbing.Hash        // objects to write first, in order
	file     string                 // the pin file, or ""
	before   objects.Entry          // what the file is now
	after    objects.Entry          // what it will be
	remote   string                 // where it is pushed to, or ""
	base     plumbing.Hash          // where the remote may be when the pin is written here and was not pushed; or zeros
	checks   []engine.CheckLine
}

// prepareWrite makes the objects for a new pin and looks at whether it may be
// written: the pin must be what the run began with, and the commit must be on
// the branch. When the branch moved, only the pin has to be untouched.
func (r *Repository) prepareWrite(ctx context.Context, f *engine.Facts, who object.Signature, message string) (*write, error) {
	if r.env.Pin.File != "" && r.branch.IsRemote() {
		return nil, problem(fmt.Sprintf("Make the branch first: git branch %s %s.", r.env.Branch, r.branch.Short()),
			"there is no local branch %q to write the pin on", r.env.Branch)
	}
	pin, err := r.Pin(ctx)
	if err != nil {
		return nil, err
	}
	w := &write{
		env: safe.Show(r.env.Name), where: pin.Where, commit: plumbing.NewHash(f.Commit.Hash),
		ref: r.branch, old: r.head, file: r.env.Pin.File, before: pin.entry,
	}
	if pin.Hash.String() != f.Pin.Hash && pin.Hash != w.commit {
		return nil, fmt.Errorf("%w: the pin was %s when the run began and is %s now; somebody else deployed",
			engine.ErrStale, f.Pin.Short, short(pin.Hash))
	}
	w.checks = append(w.checks, engine.CheckLine{OK: true, Text: safe.Sprintf("the pin is still %s, as when the run began", short(pin.Hash))})
	if r.head.String() != f.Head {
		w.checks[0].Text = safe.Sprintf("%s moved on since the run began, and the pin in it is still %s", r.Branch(), short(pin.Hash))
	}
	on, err := r.contains(ctx, r.head, w.commit)
	if err != nil {
		return nil, err
	}
	w.checks = append(w.checks, engine.CheckLine{OK: on, Text: choose(on,
		safe.Sprintf("%s is on %s", f.Commit.Short, r.Branch()), safe.Sprintf("%s is not on %s any more", f.Commit.Short, r.Branch()))})
	if w.file == "" {
		if pin.Hash == w.commit {
			w.base = plumbing.NewHash(f.Pin.Hash)
		}
		return w, r.prepareRef(w)
	}
	return w, r.prepareFile(w, who, message)
}

// prepareRef aims at the reference that is the pin.
func (r *Repository) prepareRef(w *write) error {
	w.ref = plumbing.ReferenceName(r.env.Pin.Ref)
	ref, err := r.repo.Reference(w.ref, false)
	if err != nil {
		return fmt.Errorf("read the pin %q: %w", w.ref, err)
	}
	if ref.Type() != plumbing.HashReference {
		return problem("Make it a reference of its own.", "the pin %q only points to %q, which would move instead", w.ref, ref.Target())
	}
	if head, err := r.repo.Reference(plumbing.HEAD, false); err == nil && head.Target() == w.ref {
		return problem("Check out another branch.", "the pin %q is the branch that is checked out", w.ref)
	}
	w.old, w.new = ref.Hash(), w.commit
	return nil
}

// prepareFile makes the commit that writes the pin file, without a work tree:
// the blob, the trees along the path, the commit.
func (r *Repository) prepareFile(w *write, who object.Signature, message string) error {
	l, err := r.objects.Link(r.head)
	if err != nil {
		return r.explain(err)
	}
	blob, err := r.objects.Build(plumbing.BlobObject, []byte(w.commit.String()+"\n"))
	if err != nil {
		return err
	}
	w.after = objects.Entry{Mode: filemode.Regular, Hash: blob}
	tree, made, err := trees.Replace(r.objects, l.Tree, w.file, w.after)
	if err != nil {
		return r.explain(err)
	}
	if tree == l.Tree {
		w.new = w.old // it says so already
		w.base = r.beforePin(w.new, w.commit)
		return nil
	}
	if w.new, err = r.buildCommit(tree, r.head, who, message); err != nil {
		return err
	}
	w.made = append(append([]plumbing.Hash{blob}, made...), w.new)
	return nil
}

// beforePin returns the parent of a commit that Lockstep made to write a pin and
// that does nothing else, and zeros for any other commit.
func (r *Repository) beforePin(h, pin plumbing.Hash) plumbing.Hash {
	c, err := r.objects.Commit(h)
	if err != nil || len(c.ParentHashes) != 1 || own(c.Message)[trailerCommit] != pin.String() {
		return plumbing.ZeroHash
	}
	l, err := r.objects.Link(c.ParentHashes[0])
	if err != nil {
		return plumbing.ZeroHash
	}
	entry, err := trees.Find(r.objects, c.TreeHash, r.env.Pin.File)
	if err != nil {
		return plumbing.ZeroHash
	}
	if tree, _, err := trees.Replace(r.objects, l.Tree, r.env.Pin.File, entry); err != nil || tree != c.TreeHash {
		return plumbing.ZeroHash
	}
	return c.ParentHashes[0]
}

// buildCommit makes a commit with one parent, in memory.
func (r *Repository) buildCommit(tree, parent plumbing.Hash, who object.Signature, message string) (plumbing.Hash, error) {
	c := object.Commit{Author: who, Committer: who, Message: message, TreeHash: tree, ParentHashes: []plumbing.Hash{parent}}
	o := &plumbing.MemoryObject{}
	if err := c.Encode(o); err != nil {
		return plumbing.ZeroHash, fmt.Errorf("make a commit: %w", err)
	}
	rd, err := o.Reader()
	if err != nil {
		return plumbing.ZeroHash, err
	}
	b, err := io.ReadAll(rd)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	return r.objects.Build(plumbing.CommitObject, b)
}

// consequence says what writing the pin does.
func (w *write) consequence() safe.Text {
	t := safe.Sprintf("%s moves from %s to %s", w.ref.Short(), short(w.old), short(w.new))
	if w.file != "" {
		t = safe.Sprintf("a commit on %s writes %s into %s", w.ref.Short(), short(w.commit), w.file)
	}
	if w.remote != "" {
		t = safe.Sprintf("%s, and is pushed to %s", t, w.remote)
	}
	return t
}

// digest binds the answer to what would be written.
func (w *write) digest() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s %s %s", w.ref, w.old, w.new, w.commit, w.remote))
	return hex.EncodeToString(sum[:])
}

// author returns who writes the pin.
func (s *record) author(op engine.Operator, r *Repository) object.Signature {
	return r.signature(op.Run().Actor, s.deps.Now())
}

// signature returns who makes a commit: the name of git's configuration, if
// there is one, and of the operator otherwise.
func (r *Repository) signature(a journal.Actor, now time.Time) object.Signature {
	name, email := a.Name, a.Name+"@"+a.Host
	if cfg, err := r.repo.ConfigScoped(config.GlobalScope); err == nil && cfg.User.Name != "" && cfg.User.Email != "" {
		name, email = cfg.User.Name, cfg.User.Email
	}
	return object.Signature{Name: inHeader(name), Email: inHeader(email), When: now}
}

// inHeader takes out of a name what would end it in the header of a commit.
func inHeader(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == '<' || r == '>' {
			return -1
		}
		return r
	}, s)
	if s = strings.TrimSpace(s); s == "" {
		return "unknown"
	}
	return s
}

// move sets a reference if it still stands for old, in the way git does it: what
// is new is written into a lock file beside it, which then takes its place. Git
// itself and we exclude each other that way, and a crash leaves the old value.
func (r *Repository) move(name plumbing.ReferenceName, old, to plumbing.Hash) error {
	dot := r.store.Filesystem()
	lock := name.String() + ".lock"
	f, err := dot.OpenFile(lock, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, os.ErrExist) {
		return problem("Wait for the other git command to end; if there is none, remove the lock file.",
			"another program is changing %q: its lock file exists", name)
	}
	if err != nil {
		return fmt.Errorf("lock %q: %w", name, err)
	}
	now, err := r.repo.Reference(name, false)
	switch {
	case errors.Is(err, plumbing.ErrReferenceNotFound):
		if err = nil; !old.IsZero() {
			err = fmt.Errorf("%w: %q is gone", engine.ErrStale, name)
		}
	case err == nil && now.Hash() != old:
		err = fmt.Errorf("%w: %q is at %s and not at %s any more", engine.ErrStale, name, short(now.Hash()), short(old))
	}
	if err == nil {
		_, err = io.Copy(f, bytes.NewReader([]byte(to.String()+"\n")))
	}
	if s, ok := f.(interface{ Sync() error }); ok && err == nil {
		err = s.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = dot.Rename(lock, name.String())
	}
	if err != nil {
		return errors.Join(err, dot.Remove(lock))
	}
	return nil
}
