package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/steps/git/objects"
	"lockstep/steps/git/trees"
)

// An Offer is one commit on a branch of its own, for people to review and merge.
type Offer struct {
	Branch  string // that does not exist yet, such as lockstep/keep-static
	Subject string
	Body    string
	Files   []OfferedFile
}

// An OfferedFile is a file with its new content.
type OfferedFile struct {
	Path     string
	Old, New []byte // Old is what it has to hold on the branch of the environment
}

// Offer makes the branch, with its commit on top of the branch of the
// environment, and returns the commit. Objects and reference are all that is
// written: no work tree, no index, no remote. Nothing is written when the branch
// exists, or when the files are not what the offer was made for.
func (r *Repository) Offer(ctx context.Context, o Offer, who journal.Actor, now time.Time) (commit string, err error) {
	name, err := r.newBranch(o.Branch)
	if err != nil {
		return "", err
	}
	l, err := r.objects.Link(r.head)
	if err != nil {
		return "", r.explain(err)
	}
	tree, made := l.Tree, []plumbing.Hash{}
	for _, f := range o.Files {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		e, err := r.offered(tree, f)
		if err != nil {
			return "", err
		}
		var more []plumbing.Hash
		made = append(made, e.Hash)
		if tree, more, err = trees.Replace(r.objects, tree, f.Path, e); err != nil {
			return "", r.explain(err)
		}
		made = append(made, more...)
	}
	if tree == l.Tree {
		return "", errors.New("the commit would change nothing")
	}
	id, err := r.buildCommit(tree, r.head, r.signature(who, now), o.message())
	if err != nil {
		return "", err
	}
	if err := r.objects.Write(append(made, id)...); err != nil {
		return "", err
	}
	return id.String(), r.move(name, plumbing.ZeroHash, id)
}

// message writes the message of the commit: a subject of one line, and a body.
func (o Offer) message() string {
	subject := strings.Join(strings.Fields(o.Subject), " ")
	if body := strings.TrimSpace(o.Body); body != "" {
		return subject + "\n\n" + body + "\n"
	}
	return subject + "\n"
}

// newBranch returns the reference of a branch that can be made.
func (r *Repository) newBranch(name string) (plumbing.ReferenceName, error) {
	ref := plumbing.NewBranchReferenceName(name)
	if err := ref.Validate(); err != nil || name == "" {
		return "", problem("Choose another name for the branch.", "%q cannot be the name of a branch", name)
	}
	refs, err := r.repo.References()
	if err != nil {
		return "", fmt.Errorf("list branches: %w", err)
	}
	defer refs.Close()
	err = refs.ForEach(func(other *plumbing.Reference) error {
		n := other.Name().String()
		switch {
		case n == ref.String():
			return problem("Choose another name, or delete the branch if nobody needs it.", "there is a branch %q already", name)
		case strings.HasPrefix(n, ref.String()+"/"), strings.HasPrefix(ref.String(), n+"/"):
			return problem("Choose another name.", "%q cannot stand beside %q: git keeps one where the folder of the other is", name, other.Name().Short())
		}
		return nil
	})
	return ref, err
}

// offered returns the entry with the new content of a file, in memory.
func (r *Repository) offered(tree plumbing.Hash, f OfferedFile) (objects.Entry, error) {
	if f.Path != path.Clean(f.Path) || !fs.ValidPath(f.Path) || slices.Contains(strings.Split(strings.ToLower(f.Path), "/"), ".git") {
		return objects.Entry{}, fmt.Errorf("%q is no path of a file in the repository", f.Path)
	}
	e, err := trees.Find(r.objects, tree, f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && f.Old == nil:
		e = objects.Entry{Mode: filemode.Regular}
	case errors.Is(err, fs.ErrNotExist):
		return e, r.moved(f.Path, "is not there any more")
	case err != nil:
		return e, r.explain(err)
	case e.Mode != filemode.Regular && e.Mode != filemode.Executable:
		return e, r.moved(f.Path, "is no plain file")
	default:
		now, err := r.objects.Blob(e.Hash)
		if err != nil {
			return e, r.explain(err)
		}
		if f.Old == nil || !bytes.Equal(now, f.Old) {
			return e, r.moved(f.Path, "is another one than in the commit that was planned")
		}
	}
	e.Hash, err = r.objects.Build(plumbing.BlobObject, f.New)
	return e, err
}

func (r *Repository) moved(file, how string) error {
	return &engine.Problem{
		Err:  fmt.Errorf("%w: on %s, %s %s", engine.ErrStale, r.Branch(), file, how),
		Hint: "Take the patch instead and apply it where it belongs, or plan the newest commit and see what is proposed then.",
	}
}
