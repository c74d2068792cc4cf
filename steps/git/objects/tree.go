package objects

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// Entries returns the lines of a tree in its own order. The zero hash is the
// empty tree. The result is shared and must not be changed.
func (s *Store) Entries(h plumbing.Hash) ([]Entry, error) {
	if h.IsZero() {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.trees[h]; ok {
		return e, nil
	}
	o, err := s.object(plumbing.TreeObject, h)
	if err != nil {
		return nil, err
	}
	b, err := content(o)
	if err != nil {
		return nil, fmt.Errorf("read tree %s: %w", h, err)
	}
	e, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("read tree %s: %w", h, err)
	}
	if len(s.trees) >= maxTrees {
		clear(s.trees)
	}
	s.trees[h] = e
	return e, nil
}

// parse reads the content of a tree. The names share one string.
func parse(b []byte) ([]Entry, error) {
	const usual = 32 // bytes of an entry with a short name
	text := string(b)
	out := make([]Entry, 0, len(b)/usual+1)
	for len(text) > 0 {
		mode, rest, ok := strings.Cut(text, " ")
		if !ok {
			return nil, fmt.Errorf("entry %d has no mode", len(out)+1)
		}
		name, rest, ok := strings.Cut(rest, "\x00")
		if !ok || len(rest) < len(plumbing.Hash{}) {
			return nil, fmt.Errorf("entry %d is cut off", len(out)+1)
		}
		m, err := strconv.ParseUint(mode, 8, 32)
		if err != nil {
			return nil, fmt.Errorf("entry %d has the mode %q", len(out)+1, mode)
		}
		e := Entry{Name: name, Mode: canonical(uint32(m)), raw: mode}
		text = rest[copy(e.Hash[:], rest):]
		out = append(out, e)
	}
	return out, nil
}

// canonical returns the mode as git compares it: of a file only whether it can
// be executed counts.
func canonical(m uint32) filemode.FileMode {
	switch m & 0o170000 {
	case 0o100000:
		if m&0o100 != 0 {
			return filemode.Executable
		}
		return filemode.Regular
	case 0o120000:
		return filemode.Symlink
	case 0o040000:
		return filemode.Dir
	}
	return filemode.Submodule
}

// BuildTree makes a tree of the entries, in git's order, and returns its id. It
// is kept in memory; [Store.Write] puts it into the repository.
func (s *Store) BuildTree(entries []Entry) (plumbing.Hash, error) {
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b Entry) int { return cmp.Compare(sortName(a), sortName(b)) })
	var b bytes.Buffer
	for _, e := range entries {
		mode := e.raw
		if mode == "" {
			mode = strconv.FormatUint(uint64(e.Mode), 8)
		}
		fmt.Fprintf(&b, "%s %s\x00", mode, e.Name)
		b.Write(e.Hash[:])
	}
	return s.Build(plumbing.TreeObject, b.Bytes())
}

// sortName is what git sorts the entries of a tree by.
func sortName(e Entry) string {
	if e.IsTree() {
		return e.Name + "/"
	}
	return e.Name
}

// Build makes an object in memory and returns its id.
func (s *Store) Build(t plumbing.ObjectType, content []byte) (plumbing.Hash, error) {
	o := &plumbing.MemoryObject{}
	o.SetType(t)
	if _, err := o.Write(content); err != nil {
		return plumbing.ZeroHash, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.built[o.Hash()] = o
	return o.Hash(), nil
}

// Write puts objects that were built in memory into the repository, in the
// given order: what an object refers to comes before it.
func (s *Store) Write(ids ...plumbing.Hash) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range ids {
		o, ok := s.built[h]
		if !ok {
			continue
		}
		if s.st.HasEncodedObject(h) == nil {
			continue
		}
		if _, err := s.st.SetEncodedObject(o); err != nil {
			return fmt.Errorf("write %s %s: %w", o.Type(), h, err)
		}
	}
	return nil
}
