// Package history writes a git repository whose past is shaped like that of the
// incident: a registry's infrastructure, locked per environment to a commit, and
// then weeks of work that staging and production do not have yet. Among
// documentation there are four commits that change the infrastructure:
//
//   - a shorter TTL (one update in place);
//   - a redirect less (one update in place; a merge commit);
//   - the dangerous one: the block of the live DNS record is renamed and gets a
//     set identifier, so that the record is deleted at one address and created at
//     another, and the certificate gets another name, so that it is replaced. The
//     new record waits for the distribution, this for the validation, and this for
//     the certificate; the deletion of the old one waits for nothing;
//   - a comment on the distribution (one update in place).
//
// The dates are relative to a time that is given, and with the same time the
// same commits come out, to the hash.
package history

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

//go:embed all:tree
var tree embed.FS

// Branch is the branch everything happens on.
const Branch = "main"

// Environments are the environments, each a folder under environments/.
var Environments = []string{"staging", "production"}

// PinFile returns the path of the file that locks an environment.
func PinFile(environment string) string { return "environments/" + environment + "/deployed-ref" }

// Paths are the folders whose changes have to be deployed.
var Paths = []string{"modules/crates-io", "modules/acm-certificate"}

// A Commit is one on the first-parent line.
type Commit struct {
	Hash    string
	Subject string
	Deploys bool // changes the infrastructure
}

// A Repository is what Build wrote.
type Repository struct {
	Dir     string
	Commits []Commit // the first-parent line, oldest first
}

// Baseline returns the commit both environments are locked to.
func (r *Repository) Baseline() string { return r.Commits[0].Hash }

// Head returns the newest commit.
func (r *Repository) Head() string { return r.Commits[len(r.Commits)-1].Hash }

// Candidates returns the commits after the baseline that change the
// infrastructure, oldest first.
func (r *Repository) Candidates() []Commit {
	return slices.DeleteFunc(slices.Clone(r.Commits[1:]), func(c Commit) bool { return !c.Deploys })
}

// Build writes the repository with a work tree at the newest commit into dir,
// which must be empty or missing. now is the time the story ends.
func Build(dir string, now time.Time) (*Repository, error) {
	repo, err := git.PlainInitWithOptions(dir, &git.PlainInitOptions{
		InitOptions: git.InitOptions{DefaultBranch: plumbing.NewBranchReferenceName(Branch)},
	})
	if err != nil {
		return nil, fmt.Errorf("create repository %s: %w", dir, err)
	}
	// What the person at the sandbox commits, such as a pin, has a name as well.
	cfg, err := repo.Config()
	if err != nil {
		return nil, err
	}
	cfg.User.Name, cfg.User.Email = "Sandbox operator", "operator@crates.test"
	if err := repo.SetConfig(cfg); err != nil {
		return nil, err
	}
	wt, err := repo.Worktree()
	if err != nil {
		return nil, err
	}
	w := &writer{dir: dir, wt: wt, now: now.UTC().Truncate(time.Second)}
	r := &Repository{Dir: dir}
	for _, c := range story {
		hash, err := w.write(c)
		if err != nil {
			return nil, fmt.Errorf("write commit %q: %w", c.subject, err)
		}
		r.Commits = append(r.Commits, Commit{hash.String(), c.subject, c.stage != ""})
	}
	return r, nil
}

// A writer makes one commit after the other.
type writer struct {
	dir  string
	wt   *git.Worktree
	now  time.Time
	head plumbing.Hash // zero before the first
}

func (w *writer) write(c chapter) (plumbing.Hash, error) {
	files, err := w.files(c)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	for name, content := range files {
		file := filepath.Join(w.dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return plumbing.ZeroHash, err
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			return plumbing.ZeroHash, err
		}
		if _, err := w.wt.Add(name); err != nil {
			return plumbing.ZeroHash, fmt.Errorf("add %s: %w", name, err)
		}
	}
	var parents []plumbing.Hash
	if !w.head.IsZero() {
		parents = append(parents, w.head)
	}
	if c.merged != "" {
		side, err := w.commit(c.merged, c.author, c.age+time.Hour, parents)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		parents = append(parents, side)
	}
	message := c.subject
	if c.body != "" {
		message += "\n\n" + c.body
	}
	w.head, err = w.commit(message, c.author, c.age, parents)
	return w.head, err
}

// files returns the whole new content of what a chapter writes, by path.
func (w *writer) files(c chapter) (map[string]string, error) {
	files := map[string]string{}
	for name, note := range c.notes {
		old, err := os.ReadFile(filepath.Join(w.dir, filepath.FromSlash(name)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if len(old) > 0 {
			note = string(old) + "\n" + note
		}
		files[name] = note
	}
	if c.pins {
		for _, e := range Environments {
			files[PinFile(e)] = w.head.String() + "\n"
		}
	}
	if c.stage == "" {
		return files, nil
	}
	root := path.Join("tree", c.stage)
	err := fs.WalkDir(tree, root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := tree.ReadFile(name)
		files[strings.TrimPrefix(name, root+"/")] = string(b)
		return err
	})
	return files, err
}

func (w *writer) commit(message, author string, age time.Duration, parents []plumbing.Hash) (plumbing.Hash, error) {
	who := &object.Signature{Name: author, Email: author + "@crates.test", When: w.now.Add(-age)}
	return w.wt.Commit(message+"\n", &git.CommitOptions{
		Author: who, Committer: who, Parents: parents,
		AllowEmptyCommits: true, // a merge commit has the tree of what it merges
	})
}
