package trees

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"lockstep/steps/git/objects"
)

// Find returns the entry at a path below a tree. The whole tree is ".". An
// error wraps [fs.ErrNotExist] when there is nothing at the path.
func Find(s *objects.Store, tree plumbing.Hash, path string) (objects.Entry, error) {
	at := objects.Entry{Mode: filemode.Dir, Hash: tree}
	if path = Clean(path); path == "." {
		return at, nil
	}
	for part := range strings.SplitSeq(path, "/") {
		if !at.IsTree() {
			return objects.Entry{}, fmt.Errorf("%q: %w", path, fs.ErrNotExist)
		}
		entries, err := s.Entries(at.Hash)
		if err != nil {
			return objects.Entry{}, err
		}
		i := slices.IndexFunc(entries, func(e objects.Entry) bool { return e.Name == part })
		if i < 0 {
			return objects.Entry{}, fmt.Errorf("%q: %w", path, fs.ErrNotExist)
		}
		at = entries[i]
	}
	return at, nil
}

// Replace returns the id of a tree in which the path holds the entry, or
// nothing for the zero Entry, and the ids of the trees that had to be made for
// it, each before the ones that refer to it. They are in memory only. A folder
// that becomes empty goes away, and a file in the way of a folder is an error.
func Replace(s *objects.Store, tree plumbing.Hash, path string, e objects.Entry) (plumbing.Hash, []plumbing.Hash, error) {
	if path = Clean(path); path == "." {
		return plumbing.ZeroHash, nil, errors.New("the whole tree cannot be replaced")
	}
	entries, err := s.Entries(tree)
	if err != nil {
		return plumbing.ZeroHash, nil, err
	}
	name, rest, deeper := strings.Cut(path, "/")
	i := slices.IndexFunc(entries, func(e objects.Entry) bool { return e.Name == name })
	var made []plumbing.Hash
	if deeper {
		sub := objects.Entry{Mode: filemode.Dir}
		if i >= 0 {
			sub = entries[i]
		}
		if !sub.IsTree() {
			return plumbing.ZeroHash, nil, fmt.Errorf("%q is a file, not a folder", name)
		}
		sub.Hash, made, err = Replace(s, sub.Hash, rest, e)
		if err != nil {
			return plumbing.ZeroHash, nil, fmt.Errorf("in %q: %w", name, err)
		}
		if e = sub; sub.Hash.IsZero() {
			e = objects.Entry{}
		}
	}
	e.Name = name
	entries = slices.Clone(entries)
	switch {
	case e.Hash.IsZero() && i < 0:
		return tree, made, nil
	case e.Hash.IsZero():
		entries = slices.Delete(entries, i, i+1)
	case i < 0:
		entries = append(entries, e)
	default:
		entries[i] = e
	}
	if len(entries) == 0 {
		return plumbing.ZeroHash, made, nil
	}
	h, err := s.BuildTree(entries)
	return h, append(made, h), err
}

// Overlay returns the id of the tree in which each of the paths is as it is in
// over. A path that over does not have is missing in the result too.
func Overlay(s *objects.Store, tree, over plumbing.Hash, paths []string) (plumbing.Hash, error) {
	for _, p := range paths {
		if Clean(p) == "." {
			return over, nil
		}
		e, err := Find(s, over, p)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return plumbing.ZeroHash, err
		}
		if tree, _, err = Replace(s, tree, p, e); err != nil {
			return plumbing.ZeroHash, err
		}
	}
	return tree, nil
}
