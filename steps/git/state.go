package git

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/index"

	"lockstep/runbook/safe"
	"lockstep/steps/git/objects"
)

// maxIndex is the number of files beyond which a work tree is not looked at.
const maxIndex = 100_000

// stateNotes says what is unusual about the clone. None of it changes what is
// deployed, so nothing here is an error.
func (r *Repository) stateNotes(ctx context.Context) []safe.Text {
	var out []safe.Text
	if r.branch.IsRemote() {
		out = append(out, safe.Sprintf("there is no local branch %s, so %s is read", r.env.Branch, r.branch.Short()))
	} else if n := r.remoteNote(ctx); !n.IsEmpty() {
		out = append(out, n)
	}
	if len(r.cut) > 0 {
		out = append(out, safe.Lit("this is a shallow clone"))
	}
	if p := r.dirty(ctx); p != "" {
		out = append(out, safe.Sprintf("the work tree has changes that are not committed, such as %s; they are not deployed", p))
	}
	return out
}

// remoteNote compares the branch with what was fetched of it last.
func (r *Repository) remoteNote(ctx context.Context) safe.Text {
	name := plumbing.NewRemoteReferenceName("origin", r.branch.Short())
	there, err := r.resolve(name)
	if err != nil || there == r.head {
		return safe.Text{}
	}
	behind, err := r.contains(ctx, there, r.head)
	if err != nil {
		return safe.Text{}
	}
	if behind {
		return safe.Sprintf("%s has commits that %s does not have, as fetched last; git pull brings them", name.Short(), r.branch.Short())
	}
	ahead, err := r.contains(ctx, r.head, there)
	switch {
	case err != nil:
		return safe.Text{}
	case ahead:
		return safe.Sprintf("%s has commits that %s does not have, as fetched last: they are not pushed", r.branch.Short(), name.Short())
	}
	return safe.Sprintf("%s and %s have gone different ways, as fetched last", r.branch.Short(), name.Short())
}

// dirty returns a file of the work tree that is not as the checked-out commit
// has it, or "". A file whose time and size are those of the index is taken to
// be unchanged, as git does.
func (r *Repository) dirty(ctx context.Context) string {
	tree, err := r.repo.Worktree()
	if err != nil {
		return ""
	}
	idx, err := r.store.Index()
	head, herr := r.repo.Head()
	if err != nil || herr != nil || len(idx.Entries) > maxIndex {
		return ""
	}
	l, err := r.objects.Link(head.Hash())
	if err != nil {
		return ""
	}
	committed := map[string]objects.Entry{}
	if r.flatten(l.Tree, "", committed) != nil {
		return ""
	}
	for _, e := range idx.Entries {
		if ctx.Err() != nil {
			return ""
		}
		c, ok := committed[e.Name]
		delete(committed, e.Name)
		if !ok || c.Hash != e.Hash || r.changed(tree.Filesystem.Root(), e) {
			return e.Name
		}
	}
	for name := range committed {
		return name
	}
	return ""
}

// flatten collects the files of a tree.
func (r *Repository) flatten(tree plumbing.Hash, at string, into map[string]objects.Entry) error {
	entries, err := r.objects.Entries(tree)
	if err != nil {
		return err
	}
	for _, e := range entries {
		full := path.Join(at, e.Name)
		if e.IsTree() {
			if err := r.flatten(e.Hash, full, into); err != nil {
				return err
			}
			continue
		}
		into[full] = e
	}
	return nil
}

// changed reports whether a file of the work tree is not what the index says.
func (r *Repository) changed(root string, e *index.Entry) bool {
	if e.Mode == filemode.Submodule || e.SkipWorktree {
		return false
	}
	p := filepath.Join(root, filepath.FromSlash(e.Name))
	info, err := os.Lstat(p)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	if info.ModTime().Equal(e.ModifiedAt) && uint32(info.Size()) == e.Size {
		return false
	}
	var b []byte
	if info.Mode()&fs.ModeSymlink != 0 {
		to, err := os.Readlink(p)
		if err != nil {
			return true
		}
		b = []byte(to)
	} else if b, err = os.ReadFile(p); err != nil {
		return true
	}
	return plumbing.ComputeHash(plumbing.BlobObject, b) != e.Hash
}
