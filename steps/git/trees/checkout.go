package trees

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"lockstep/runbook/safe"
	"lockstep/steps/git/objects"
)

// Checkout writes a tree into an empty folder: files that only can be read
// (0444, or 0555 when they can be executed) in folders that can be written
// beside (0755). Bytes are written as they are in the repository: no filter, no
// attribute and no hook has a say. What could reach outside of the folder or
// deceive a reader is refused: names with control characters, a .git, links
// that lead out. A submodule is refused when it stands in needed, and reported
// to skipped otherwise. What was written before an error stays for the caller
// to remove.
func Checkout(ctx context.Context, s *objects.Store, tree plumbing.Hash, into string, needed *Paths, skipped func(safe.Text)) error {
	left, err := os.ReadDir(into)
	if err != nil {
		return fmt.Errorf("check out: %w", err)
	}
	if len(left) > 0 {
		return fmt.Errorf("check out into %q: the folder is not empty", into)
	}
	root, err := os.OpenRoot(into)
	if err != nil {
		return fmt.Errorf("check out: %w", err)
	}
	defer root.Close()
	c := checkout{ctx: ctx, store: s, root: root, needed: needed, skipped: skipped}
	if err := c.folder(tree, ""); err != nil {
		return fmt.Errorf("check out: %w", err)
	}
	// A link can lead out through another link, so each is followed once all of
	// them are there. Root refuses to leave the folder.
	for _, l := range c.links {
		if _, err := root.Stat(l); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("check out: the link %q does not stay inside: %w", safe.Show(l), err)
		}
	}
	return nil
}

type checkout struct {
	ctx     context.Context
	store   *objects.Store
	root    *os.Root
	needed  *Paths
	skipped func(safe.Text)
	links   []string
}

// folder writes the entries of a tree; at is "" or ends in a slash.
func (c *checkout) folder(tree plumbing.Hash, at string) error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	entries, err := c.store.Entries(tree)
	if err != nil {
		return err
	}
	for _, e := range entries {
		full := at + e.Name
		if why := badName(e.Name); why != "" {
			return fmt.Errorf("the path %q %s", safe.Show(full), why)
		}
		switch e.Mode {
		case filemode.Dir:
			if err = c.root.Mkdir(full, 0o755); err == nil {
				err = c.folder(e.Hash, full+"/")
			}
		case filemode.Symlink:
			err = c.link(e, full)
		case filemode.Submodule:
			if c.needed.Has(full) {
				return fmt.Errorf("%q is a submodule, which cannot be checked out; move its files into the repository", safe.Show(full))
			}
			c.skipped(safe.Sprintf("the submodule %s was left out: this environment does not need it", full))
		default:
			err = c.file(e, full)
		}
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%q exists already: two names differ only in a way this file system does not see", safe.Show(full))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// badName says why a name cannot be written, or returns "".
func badName(name string) string {
	switch {
	case name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\"):
		return "is not a name of a file"
	case strings.EqualFold(name, ".git"):
		return "would be taken for a repository"
	case hasControl(name):
		return "has control or invisible characters"
	}
	return ""
}

// hasControl reports whether a name cannot be shown as it is.
func hasControl(name string) bool {
	return !utf8.ValidString(name) || safe.Show(name).String() != name && !onlyMarks(name)
}

// onlyMarks reports whether all that cannot be shown in a name are combining
// marks, as decomposed letters have them: unusual, and no danger.
func onlyMarks(name string) bool {
	for _, r := range name {
		if s := string(r); safe.Show(s).String() != s && !isMark(r) {
			return false
		}
	}
	return true
}

func (c *checkout) file(e objects.Entry, full string) error {
	b, err := c.store.Blob(e.Hash)
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o444)
	if e.Mode == filemode.Executable {
		mode = 0o555
	}
	f, err := c.root.OpenFile(full, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, bytes.NewReader(b)); err != nil {
		return errors.Join(err, f.Close())
	}
	// The mode given at creation went through the umask.
	return errors.Join(f.Chmod(mode), f.Close())
}

func (c *checkout) link(e objects.Entry, full string) error {
	b, err := c.store.Blob(e.Hash)
	if err != nil {
		return err
	}
	target := string(b)
	inside := path.Join(path.Dir(full), target)
	if path.IsAbs(target) || strings.ContainsRune(target, 0) || inside == ".." || strings.HasPrefix(inside, "../") {
		return fmt.Errorf("the link %q leads out of the repository, to %q", safe.Show(full), safe.Show(target))
	}
	c.links = append(c.links, full)
	return c.root.Symlink(target, full)
}
