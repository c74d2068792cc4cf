package history

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Export writes the files of a commit of the repository in dir into another
// folder, which is made. Nothing of git comes along.
func Export(dir, commit, into string) error {
	repo, err := git.PlainOpen(dir)
	if err != nil {
		return fmt.Errorf("open repository %s: %w", dir, err)
	}
	c, err := repo.CommitObject(plumbing.NewHash(commit))
	if err != nil {
		return fmt.Errorf("find commit %s: %w", commit, err)
	}
	files, err := c.Files()
	if err != nil {
		return fmt.Errorf("read commit %s: %w", commit, err)
	}
	return files.ForEach(func(f *object.File) error {
		to := filepath.Join(into, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return write(f, to)
	})
}

func write(f *object.File, to string) error {
	r, err := f.Reader()
	if err != nil {
		return fmt.Errorf("read %s: %w", f.Name, err)
	}
	defer r.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, r); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
