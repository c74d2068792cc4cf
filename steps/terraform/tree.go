package terraform

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// treeDigest returns one SHA-256 over every file of a folder: path, kind,
// whether it can be run, and content.
func treeDigest(ctx context.Context, top string) (string, error) {
	h := sha256.New()
	// WalkDir goes in lexical order, so the digest is the same for the same tree.
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		rel, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		return hashEntry(h, path, rel, d)
	})
	if err != nil {
		return "", fmt.Errorf("hash the checkout: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func hashEntry(h io.Writer, path, rel string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	fmt.Fprintf(h, "%q %v %t %d\n", rel, info.Mode().Type(), info.Mode()&0o100 != 0, size(info))
	switch {
	case info.Mode().IsRegular():
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(h, f)
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		to, err := os.Readlink(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%q\n", to)
	case !info.IsDir():
		return errors.New(rel + " is neither file, folder nor link")
	}
	return nil
}

func size(info fs.FileInfo) int64 {
	if info.Mode().IsRegular() {
		return info.Size()
	}
	return 0
}
