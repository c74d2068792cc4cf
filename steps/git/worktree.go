package git

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/index"

	"lockstep/runbook/safe"
)

// follow brings the pin file in the work tree and in the index up to date, if
// the branch is checked out here and nobody changed the file. The pin itself is
// written by then, so whatever goes wrong is only said.
func (r *Repository) follow(w *write) {
	for _, p := range r.otherTrees(w.ref) {
		r.note(safe.Sprintf("%s is also checked out in %s; its files there are as before, git status will show that", w.ref.Short(), p))
	}
	head, err := r.repo.Reference(plumbing.HEAD, false)
	if err != nil || head.Target() != w.ref {
		return
	}
	tree, err := r.repo.Worktree()
	if err != nil {
		return
	}
	if err := r.refresh(tree, w); err != nil {
		r.note(safe.Sprintf("the pin is written, but %s in the work tree was left as it is: %s", w.file, err))
	}
}

// errTouched says that the work tree's pin file is not as it was committed.
var errTouched = errors.New("it was changed and not committed")

// refresh writes the file and its line of the index. The index is locked the
// way git does it, so that git and we do not overwrite each other.
func (r *Repository) refresh(tree *gogit.Worktree, w *write) error {
	dot := r.store.Filesystem()
	lock, err := dot.OpenFile("index.lock", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return fmt.Errorf("lock the index: %w", err)
	}
	err = r.refreshLocked(tree, w, lock)
	if err = errors.Join(err, lock.Close()); err != nil {
		return errors.Join(err, dot.Remove("index.lock"))
	}
	return dot.Rename("index.lock", "index")
}

func (r *Repository) refreshLocked(tree *gogit.Worktree, w *write, lock io.Writer) error {
	idx, err := r.store.Index()
	if err != nil {
		return fmt.Errorf("read the index: %w", err)
	}
	line, err := idx.Entry(w.file)
	if err != nil || line.Hash != w.before.Hash || line.Stage != 0 {
		return errTouched
	}
	root, err := os.OpenRoot(tree.Filesystem.Root())
	if err != nil {
		return err
	}
	defer root.Close()
	name := filepath.FromSlash(w.file)
	if info, err := root.Lstat(name); err != nil || !info.Mode().IsRegular() {
		return errTouched
	}
	old, err := root.ReadFile(name)
	if err != nil {
		return err
	}
	if plumbing.ComputeHash(plumbing.BlobObject, old) != w.before.Hash {
		return errTouched
	}
	if err := replaceFile(root, name, []byte(w.commit.String()+"\n")); err != nil {
		return err
	}
	info, err := root.Lstat(name)
	if err != nil {
		return err
	}
	line.Hash, line.Mode = w.after.Hash, w.after.Mode
	line.ModifiedAt, line.Size = info.ModTime(), uint32(info.Size())
	var b bytes.Buffer
	if err := index.NewEncoder(&b).Encode(idx); err != nil {
		return fmt.Errorf("write the index: %w", err)
	}
	_, err = lock.Write(b.Bytes())
	return err
}

// replaceFile puts new content in the place of a file at once.
func replaceFile(root *os.Root, name string, content []byte) error {
	temp := name + ".lockstep"
	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err == nil {
		err = root.Rename(temp, name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(temp))
	}
	return nil
}

// otherTrees returns the work trees beside this one that have a branch checked out.
func (r *Repository) otherTrees(branch plumbing.ReferenceName) []string {
	common, mine := r.folders()
	all, err := filepath.Glob(filepath.Join(common, "worktrees", "*", "HEAD"))
	if err != nil {
		return nil
	}
	if !r.bare() {
		all = append(all, filepath.Join(common, "HEAD"))
	}
	var out []string
	for _, h := range all {
		if filepath.Dir(h) == mine {
			continue
		}
		b, err := os.ReadFile(h)
		if err != nil || strings.TrimSpace(string(b)) != "ref: "+branch.String() {
			continue
		}
		at := common
		if g, err := os.ReadFile(filepath.Join(filepath.Dir(h), "gitdir")); err == nil {
			at = strings.TrimSpace(string(g))
		}
		out = append(out, path.Dir(filepath.ToSlash(at)))
	}
	return out
}

// folders returns the folder that all work trees share and the one of this work tree.
func (r *Repository) folders() (common, mine string) {
	mine = filepath.Clean(r.store.Filesystem().Root())
	b, err := os.ReadFile(filepath.Join(mine, "commondir"))
	if err != nil {
		return mine, mine
	}
	common = strings.TrimSpace(string(b))
	if !filepath.IsAbs(common) {
		common = filepath.Join(mine, common)
	}
	return filepath.Clean(common), mine
}

// bare reports whether the repository has no work tree of its own.
func (r *Repository) bare() bool {
	cfg, err := r.repo.Config()
	return err == nil && cfg.Core.IsBare
}
