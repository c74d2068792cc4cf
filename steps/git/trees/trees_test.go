package trees

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/storage/memory"

	"lockstep/steps/git/objects"
)

// grow makes a tree of files, given as path and content in turn.
func grow(t *testing.T, s *objects.Store, files ...string) plumbing.Hash {
	t.Helper()
	tree := plumbing.ZeroHash
	for i := 0; i < len(files); i += 2 {
		b, err := s.Build(plumbing.BlobObject, []byte(files[i+1]))
		if err != nil {
			t.Fatal(err)
		}
		if tree, _, err = Replace(s, tree, files[i], objects.Entry{Mode: filemode.Regular, Hash: b}); err != nil {
			t.Fatal(err)
		}
	}
	return tree
}

func TestPaths_nameWholeParts(t *testing.T) {
	p := NewPaths([]string{"mod", "/a/b/", "./c//d"}, []string{"a/b/pin", "mod/x"})
	p.AddFiles("top")
	for path, want := range map[string]bool{
		"mod": true, "mod/y/z": true, "modules": false, "modules/x": false, "mod/x": false, "mod/x/y": false, "mod/xy": true,
		"a": false, "a/b": true, "a/b/c": true, "a/b/pin": false, "a/bc": false, "c/d": true, "c/d/e": true, "c": false,
		"top/file": true, "top/folder/file": false, ".": false,
	} {
		if got := p.Has(path); got != want {
			t.Errorf("Has(%q) = %v", path, got)
		}
	}
	if !NewPaths([]string{"."}, nil).Has("anything/at/all") || !NewPaths([]string{"."}, nil).Has(".") {
		t.Error("the whole tree does not hold everything")
	}
	if NewPaths(nil, nil).Has("x") || NewPaths([]string{"."}, []string{"."}).Has("x") {
		t.Error("nothing holds something")
	}
}

func TestComparer_seesExactlyWhatIsInTheSet(t *testing.T) {
	s := objects.NewStore(memory.NewStorage())
	base := []string{"a/b/f", "1", "a/b/pin", "1", "a/c/f", "1", "top", "1", "ab", "1"}
	old := grow(t, s, base...)
	p := NewPaths([]string{"a/b"}, []string{"a/b/pin"})
	p.AddFiles(".")
	c := NewComparer(s, p)
	for _, row := range []struct {
		path string
		same bool
	}{{"a/b/f", false}, {"a/b/new", false}, {"a/b/pin", true}, {"a/c/f", true}, {"a/c/new", true}, {"top", false}, {"ab", false}, {"new/f", true}} {
		now := grow(t, s, append(base, row.path, "2")...)
		same, err := c.Same(old, now)
		if err != nil || same != row.same {
			t.Errorf("%s changed: same is %v, %v", row.path, same, err)
		}
		changes, err := Changes(context.Background(), s, old, now, p)
		if err != nil || (len(changes) == 0) != row.same {
			t.Errorf("%s changed: %v, %v", row.path, changes, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Changes(ctx, s, old, grow(t, s, "a/b/f", "9"), p); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestReplace_keepsEverythingElse(t *testing.T) {
	s := objects.NewStore(memory.NewStorage())
	old := grow(t, s, "a/b/f", "1", "a.b", "1", "z", "1")
	gone, _, err := Replace(s, old, "a/b/f", objects.Entry{})
	if err != nil {
		t.Fatal(err)
	}
	if gone != grow(t, s, "a.b", "1", "z", "1") {
		t.Error("a folder that became empty stays")
	}
	if same, _, err := Replace(s, old, "not/there", objects.Entry{}); err != nil || same != old {
		t.Errorf("taking away nothing gave %s, %v", same, err)
	}
	if _, _, err := Replace(s, old, "z/f", objects.Entry{Name: "f", Mode: filemode.Regular, Hash: old}); err == nil || !strings.Contains(err.Error(), "is a file, not a folder") {
		t.Errorf("error is %v", err)
	}
	if _, err := Find(s, old, "z/f"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
	over := grow(t, s, "in/x", "new")
	all, err := Overlay(s, grow(t, s, "in/x", "old", "in/y", "old", "keep", "1"), over, []string{"in", "missing"})
	if err != nil || all != grow(t, s, "in/x", "new", "keep", "1") {
		t.Errorf("overlay gave %s, %v", all, err)
	}
}
