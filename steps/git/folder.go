package git

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"lockstep/steps/git/objects"
	"lockstep/steps/git/trees"
)

const (
	maxConfigFile   = 1 << 20  // beyond it a file is given as its id
	maxConfigFolder = 16 << 20 // beyond it the rest of a folder is
	maxLinks        = 8        // that lead on to each other
)

// isTerraform reports whether Terraform may read a file for its name.
func isTerraform(name string) bool {
	if strings.HasPrefix(name, ".") {
		return false
	}
	for _, end := range []string{".tf", ".tf.json", ".tfvars", ".tfvars.json"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// Folder returns Terraform's files that stand directly in a folder at a commit,
// by name. Links are followed inside of the repository. Of what is too large, or
// is no file, the content is its id, which is not a configuration. A folder that
// is missing has no files.
func (r *Repository) Folder(ctx context.Context, commit, dir string) (map[string][]byte, error) {
	tree, e, err := r.entry(ctx, commit, dir)
	if err != nil || !e.IsTree() {
		return nil, err
	}
	entries, err := r.objects.Entries(e.Hash)
	if err != nil {
		return nil, r.explain(err)
	}
	files, total := map[string][]byte{}, int64(0)
	for _, f := range entries {
		if f.IsTree() || !isTerraform(f.Name) {
			continue
		}
		if f, err = r.config(tree, path.Join(trees.Clean(dir), f.Name), f); err != nil {
			return nil, err
		}
		name := f.Name
		files[name] = []byte(f.Hash.String())
		if !isRegular(f) {
			continue
		}
		n, err := r.objects.Size(f.Hash)
		if err != nil {
			return nil, r.explain(err)
		}
		if n > maxConfigFile || total+n > maxConfigFolder {
			continue
		}
		total += n
		if files[name], err = r.objects.Blob(f.Hash); err != nil {
			return nil, r.explain(err)
		}
	}
	return files, nil
}

// ID returns what is the same for two commits when the file or folder at a path
// is the same in both; "" when there is none. For a folder the targets of the
// links among Terraform's files directly in it count as well.
func (r *Repository) ID(ctx context.Context, commit, at string) (string, error) {
	tree, e, err := r.entry(ctx, commit, at)
	if err != nil || e.Hash.IsZero() {
		return "", err
	}
	if !e.IsTree() {
		e, err = r.target(tree, trees.Clean(at), e)
		return e.Hash.String(), err
	}
	entries, err := r.objects.Entries(e.Hash)
	if err != nil {
		return "", r.explain(err)
	}
	id := e.Hash.String()
	for _, f := range entries {
		if f.Mode != filemode.Symlink || !isTerraform(f.Name) {
			continue
		}
		to, err := r.config(tree, path.Join(trees.Clean(at), f.Name), f)
		if err != nil {
			return "", err
		}
		id += " " + to.Hash.String()
	}
	return id, nil
}

// Parents returns the first parent of each commit, "" where there is none.
func (r *Repository) Parents(ctx context.Context, commits []string) ([]string, error) {
	out := make([]string, len(commits))
	for i, c := range commits {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		l, err := r.objects.Link(plumbing.NewHash(c))
		if err != nil {
			return nil, r.explain(err)
		}
		if len(l.Parents) > 0 {
			out[i] = l.Parents[0].String()
		}
	}
	return out, nil
}

// entry returns the tree of a commit and the entry at a path of it, the zero
// Entry when there is none.
func (r *Repository) entry(ctx context.Context, commit, at string) (plumbing.Hash, objects.Entry, error) {
	if ctx.Err() != nil {
		return plumbing.ZeroHash, objects.Entry{}, context.Cause(ctx)
	}
	l, err := r.objects.Link(plumbing.NewHash(commit))
	if err != nil {
		return plumbing.ZeroHash, objects.Entry{}, r.explain(err)
	}
	e, err := trees.Find(r.objects, l.Tree, at)
	if errors.Is(err, fs.ErrNotExist) {
		return l.Tree, objects.Entry{}, nil
	}
	if err != nil {
		return plumbing.ZeroHash, objects.Entry{}, r.explain(err)
	}
	return l.Tree, e, nil
}

// config follows a link to a file; one that leads to something else stays as it is.
func (r *Repository) config(tree plumbing.Hash, at string, e objects.Entry) (objects.Entry, error) {
	to, err := r.target(tree, at, e)
	if err != nil || !isRegular(to) {
		return e, err
	}
	return to, nil
}

// target follows a link to what it leads to, under the name of the link. One
// that leads to nothing or out of the repository stays as it is.
func (r *Repository) target(tree plumbing.Hash, at string, e objects.Entry) (objects.Entry, error) {
	to := e
	for range maxLinks {
		if to.Mode != filemode.Symlink {
			to.Name = e.Name
			return to, nil
		}
		n, err := r.objects.Size(to.Hash)
		if err != nil {
			return e, r.explain(err)
		}
		if n > maxPath {
			return e, nil
		}
		b, err := r.objects.Blob(to.Hash)
		if err != nil {
			return e, r.explain(err)
		}
		if path.IsAbs(string(b)) {
			return e, nil
		}
		at = path.Join(path.Dir(at), string(b))
		if at == ".." || strings.HasPrefix(at, "../") {
			return e, nil
		}
		to, err = trees.Find(r.objects, tree, at)
		if errors.Is(err, fs.ErrNotExist) {
			return e, nil
		}
		if err != nil {
			return e, r.explain(err)
		}
	}
	return e, nil
}

// maxPath is how long the target of a link can be.
const maxPath = 4096
