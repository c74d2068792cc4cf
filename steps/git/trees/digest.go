package trees

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"unicode"
)

// Digest returns the SHA-256 over everything in a folder, in hexadecimal: over
// path, kind, permission bits and content of each entry, sorted by path. Links
// count as the text they hold. Paths in skip, relative to the folder, and all
// below them do not count.
func Digest(dir string, skip ...string) (string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", fmt.Errorf("digest of a checkout: %w", err)
	}
	defer root.Close()
	sum := sha256.New()
	err = fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if slices.Contains(skip, p) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		return entry(sum, root, p, d)
	})
	if err != nil {
		return "", fmt.Errorf("digest of a checkout: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// entry adds one entry. Lengths stand before what could be taken for a border.
func entry(sum io.Writer, root *os.Root, p string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	fmt.Fprintf(sum, "%d:%s %s\n", len(p), p, info.Mode())
	switch {
	case d.IsDir():
		return nil
	case info.Mode()&fs.ModeSymlink != 0:
		to, err := root.Readlink(p)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%d:%s\n", len(to), to)
		return nil
	case !info.Mode().IsRegular():
		return fmt.Errorf("%q is not a file", p)
	}
	f, err := root.Open(p)
	if err != nil {
		return err
	}
	defer f.Close()
	one := sha256.New()
	n, err := io.Copy(one, f)
	if err != nil {
		return err
	}
	fmt.Fprintf(sum, "%d:%x\n", n, one.Sum(nil))
	return nil
}

// isMark reports whether a rune is a combining mark.
func isMark(r rune) bool { return unicode.Is(unicode.M, r) }
