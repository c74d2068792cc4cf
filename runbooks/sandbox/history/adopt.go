package history

import (
	"fmt"
	"strings"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
)

// Adopt brings the main branch, and the work tree with it, to another branch of
// the repository in dir whose name starts with prefix, as somebody does who has
// reviewed it. The branch must contain all that main has. Adopt returns the
// commit, or "" when there is no such branch.
func Adopt(dir, prefix string) (string, error) {
	repo, err := git.PlainOpen(dir)
	if err != nil {
		return "", fmt.Errorf("open repository %s: %w", dir, err)
	}
	main := plumbing.NewBranchReferenceName(Branch)
	head, err := repo.Reference(main, true)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", Branch, err)
	}
	branches, err := repo.Branches()
	if err != nil {
		return "", err
	}
	var found *plumbing.Reference
	err = branches.ForEach(func(r *plumbing.Reference) error {
		if strings.HasPrefix(r.Name().Short(), prefix) && r.Hash() != head.Hash() {
			found = r
		}
		return nil
	})
	if err != nil || found == nil {
		return "", err
	}
	ours, err := repo.CommitObject(head.Hash())
	if err != nil {
		return "", err
	}
	theirs, err := repo.CommitObject(found.Hash())
	if err != nil {
		return "", err
	}
	switch ahead, err := ours.IsAncestor(theirs); {
	case err != nil:
		return "", fmt.Errorf("compare %s with %s: %w", found.Name().Short(), Branch, err)
	case !ahead:
		return "", fmt.Errorf("%s does not contain all of %s", found.Name().Short(), Branch)
	}
	wt, err := repo.Worktree()
	if err != nil {
		return "", err
	}
	if err := wt.Reset(&git.ResetOptions{Commit: found.Hash(), Mode: git.MergeReset}); err != nil {
		return "", fmt.Errorf("bring the work tree to %s: %w", found.Name().Short(), err)
	}
	if err := repo.Storer.RemoveReference(found.Name()); err != nil {
		return "", err
	}
	return found.Hash().String(), nil
}
