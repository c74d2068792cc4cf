// Package git holds the steps that work on a git repository: picking the
// commit, reviewing what it changes, and writing the pin. It reads and writes
// the repository in this process, with go-git; no git program is run, except by
// go-git for a remote that is a folder.
//
// # What counts
//
// Only what is committed counts. The work tree and the index are never read as
// input of a deployment; the one file in them that is ever written is the pin
// file, and only while nobody changed it. Hooks, filters, attributes, grafts and
// replacement objects of the repository have no say.
//
// The candidates of an environment are the commits that
//
//	git log --first-parent PIN..BRANCH -- PATHS
//
// lists, with PATHS as [Repository.Paths] puts them together.
//
// A [Repository] may be used by several goroutines at once, except for the
// methods that write.
package git

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/go-git/go-billy/v5"
	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/steps/git/objects"
)

// cacheBytes is how much of the repository go-git keeps unpacked. The default
// is too small for the deltas of a large pack.
const cacheBytes = 256 << 20

// A Repository is a git repository as one environment sees it.
type Repository struct {
	// Note is told what the operator should know and need not decide, such as a
	// submodule that was left out. It may be nil.
	Note func(safe.Text)

	env     *runbook.Environment
	pins    []string // pin files of all environments: they deploy nothing
	repo    *gogit.Repository
	store   *filesystem.Storage
	objects *objects.Store
	branch  plumbing.ReferenceName // what is read: the local branch, or the remote one when there is no local one
	head    plumbing.Hash          // of the branch when it was opened
	cut     map[plumbing.Hash]bool // commits whose parents a shallow clone does not have
	partial bool                   // a partial clone: objects can be missing at the remote's promise
}

// OpenRun opens the repository of a run's environment.
func OpenRun(run engine.Run) (*Repository, error) {
	r, err := Open(run.Environment, run.Folder)
	if err != nil {
		return nil, err
	}
	if run.Runbook != nil {
		r.Exclude(run.Runbook)
	}
	return r, nil
}

// Exclude takes the pin files of all environments of a runbook out of the
// paths: what is written there deploys nothing.
func (r *Repository) Exclude(b *runbook.Runbook) {
	for _, e := range b.Environments {
		if e.Pin.File != "" && !slices.Contains(r.pins, e.Pin.File) {
			r.pins = append(r.pins, e.Pin.File)
		}
	}
	slices.Sort(r.pins)
}

// Open opens the repository of an environment: env.Repository, which is relative
// to folder, or the repository around it. Linked work trees and bare
// repositories will do. The caller closes the repository.
func Open(env *runbook.Environment, folder string) (*Repository, error) {
	at := env.Repository
	if !filepath.IsAbs(at) {
		at = filepath.Join(folder, at)
	}
	repo, err := open(at)
	if err != nil {
		return nil, err
	}
	r := &Repository{env: env, repo: repo, cut: map[plumbing.Hash]bool{}}
	if env.Pin.File != "" {
		r.pins = []string{env.Pin.File}
	}
	r.store = repo.Storer.(*filesystem.Storage)
	r.objects = objects.NewStore(r.store)
	if err := r.prepare(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Close gives the open files back. Readers that are under way are waited for,
// and later ones get an error.
func (r *Repository) Close() error { return r.objects.Close(r.store.Close) }

// Head returns the commit the branch was at when the repository was opened.
func (r *Repository) Head() string { return r.head.String() }

// Branch returns the name of the branch that is read.
func (r *Repository) Branch() safe.Text { return safe.Show(r.branch.Short()) }

func (r *Repository) note(t safe.Text) {
	if r.Note != nil {
		r.Note(t)
	}
}

// open finds the repository and opens it with open packs and a larger cache.
func open(folder string) (*gogit.Repository, error) {
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return nil, problem(`Correct "repository" of the environment in the runbook; it is relative to the runbook's folder.`,
			"the folder %q of the repository does not exist", folder)
	}
	found, err := gogit.PlainOpenWithOptions(folder, &gogit.PlainOpenOptions{
		DetectDotGit: !isBare(folder), EnableDotGitCommonDir: true,
	})
	switch {
	case errors.Is(err, gogit.ErrRepositoryNotExists):
		return nil, problem(`Correct "repository" of the environment in the runbook, or clone the repository there.`,
			"%q is not in a git repository", folder)
	case errors.Is(err, gogit.ErrUnknownExtension), errors.Is(err, gogit.ErrUnsupportedRepositoryFormatVersion),
		errors.Is(err, gogit.ErrUnsupportedExtensionRepositoryFormatVersion):
		return nil, problem("Make a clone in git's usual format (SHA-1, files for references).",
			"the git repository in %q uses a format that cannot be read: %w", folder, err)
	case err != nil:
		return nil, fmt.Errorf("open the git repository in %q: %w", folder, err)
	}
	var tree billy.Filesystem
	if w, err := found.Worktree(); err == nil {
		tree = w.Filesystem
	}
	dot := found.Storer.(*filesystem.Storage).Filesystem()
	store := filesystem.NewStorageWithOptions(dot, cache.NewObjectLRU(cacheBytes), filesystem.Options{KeepDescriptors: true})
	repo, err := gogit.Open(store, tree)
	if err != nil {
		return nil, fmt.Errorf("open the git repository in %q: %w", folder, err)
	}
	return repo, nil
}

// isBare reports whether a folder is itself what .git is elsewhere. Looking for
// a .git from there would find the repository around it, if any.
func isBare(folder string) bool {
	for _, name := range []string{"HEAD", "objects", "refs"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			return false
		}
	}
	_, err := os.Stat(filepath.Join(folder, gogit.GitDirName))
	return errors.Is(err, fs.ErrNotExist)
}

// prepare finds the branch and what is missing from the clone.
func (r *Repository) prepare() error {
	cuts, err := r.store.Shallow()
	if err != nil {
		return fmt.Errorf("read where the clone is cut off: %w", err)
	}
	for _, h := range cuts {
		r.cut[h] = true
	}
	if cfg, err := r.repo.Config(); err == nil && cfg.Raw != nil {
		r.partial = cfg.Raw.HasSection("extensions") && cfg.Raw.Section("extensions").Option("partialclone") != ""
		for _, s := range cfg.Raw.Section("remote").Subsections {
			r.partial = r.partial || s.Option("promisor") == "true"
		}
	}
	return r.findBranch()
}

// findBranch resolves the branch of the environment.
func (r *Repository) findBranch() error {
	name := strings.TrimPrefix(r.env.Branch, "refs/heads/")
	if name == "" {
		name = "main"
	}
	local := plumbing.NewBranchReferenceName(name)
	if err := local.Validate(); err != nil {
		return problem(`Correct "branch" of the environment in the runbook.`, "%q cannot be the name of a branch", name)
	}
	for _, ref := range []plumbing.ReferenceName{local, plumbing.NewRemoteReferenceName("origin", name)} {
		h, err := r.resolve(ref)
		if errors.Is(err, plumbing.ErrReferenceNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read branch %q: %w", name, err)
		}
		r.branch, r.head = ref, h
		return nil
	}
	branches, err := r.branches()
	if err != nil {
		return err
	}
	if len(branches) == 0 {
		return problem("Commit something first, or fetch.", "the repository has no branch %q, and no commit on any branch", name)
	}
	return problem(`Correct "branch" of the environment in the runbook, or fetch the branch.`,
		"the repository has no branch %q; it has %s", name, strings.Join(near(name, branches), ", "))
}

// resolve returns the commit or other object a reference stands for.
func (r *Repository) resolve(name plumbing.ReferenceName) (plumbing.Hash, error) {
	ref, err := r.repo.Reference(name, true)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	return ref.Hash(), nil
}

// branches returns the names of all branches, those of remotes included.
func (r *Repository) branches() ([]string, error) {
	refs, err := r.repo.References()
	if err != nil {
		return nil, fmt.Errorf("list branches: %w", err)
	}
	defer refs.Close()
	var out []string
	err = refs.ForEach(func(ref *plumbing.Reference) error {
		n := ref.Name()
		if n.IsBranch() || n.IsRemote() && !strings.HasSuffix(n.String(), "/HEAD") {
			out = append(out, n.Short())
		}
		return nil
	})
	return out, err
}

// near returns up to five names, those that are most like the wanted one first.
func near(want string, names []string) []string {
	const most = 5
	rank := func(s string) int {
		_, last, _ := strings.Cut(s, "/")
		return min(levenshtein.Distance(want, s, nil), levenshtein.Distance(want, last, nil))
	}
	names = slices.Clone(names)
	slices.SortStableFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
	})
	left := len(names) - most
	if left > 0 {
		names = append(names[:most:most], fmt.Sprintf("and %d more", left))
	}
	return names
}

// problem makes an error that says what to do next.
func problem(hint, format string, args ...any) error {
	return &engine.Problem{Err: fmt.Errorf(format, args...), Hint: hint}
}

// explain puts into words why an object could not be read.
func (r *Repository) explain(err error) error {
	switch {
	case !errors.Is(err, objects.ErrMissing):
		return err
	case r.partial:
		return problem("Fetch everything: git fetch --refetch --no-filter, or make a full clone.",
			"this is a partial clone that left the needed object out: %w", err)
	case len(r.cut) > 0:
		return problem("Run git fetch --unshallow.", "this is a shallow clone that was cut off too early: %w", err)
	}
	return problem("Run git fsck, and fetch from a good copy.", "the repository is damaged: %w", err)
}
