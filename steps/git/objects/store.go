// Package objects reads the objects of one git repository, and builds new ones
// in memory until they are written on purpose.
//
// It stands on go-git's object storage and adds what that lacks: a [Store] may
// be used by several goroutines at once, it finds objects in packs that appeared
// after it was opened, it hands out tree entries as they stand in the tree
// (hostile names included, so that the caller can refuse them in words), and it
// reads of a commit only what walking needs.
package objects

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
)

// maxTrees is how many decoded trees are kept before all of them are forgotten.
const maxTrees = 1 << 15

// ErrMissing says that an object is not in this clone. It wraps nothing; the
// error around it names the object.
var ErrMissing = errors.New("not in this clone")

// A Store reads the objects of one repository.
type Store struct {
	mu    sync.Mutex
	st    storer.EncodedObjectStorer
	trees map[plumbing.Hash][]Entry
	built map[plumbing.Hash]plumbing.EncodedObject
	done  bool
}

// An Entry is one line of a tree. Name is what the tree says, checked by nobody.
type Entry struct {
	Name string
	Mode filemode.FileMode // canonical, as git compares it
	Hash plumbing.Hash
	raw  string // mode as it is written in the tree, kept so that rewriting a tree changes nothing else
}

// IsTree reports whether the entry is a folder.
func (e Entry) IsTree() bool { return e.Mode == filemode.Dir }

// NewStore returns a store over st, which must not be used by anybody else
// while the store is.
func NewStore(st storer.EncodedObjectStorer) *Store {
	return &Store{
		st:    st,
		trees: map[plumbing.Hash][]Entry{},
		built: map[plumbing.Hash]plumbing.EncodedObject{},
	}
}

// Close runs closer, which closes the storage, when nobody reads. Whoever reads
// afterwards gets an error: a screen may ask for a file just when its question
// was answered.
func (s *Store) Close(closer func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = true
	return closer()
}

// object returns an object of the wanted type. The caller holds mu.
func (s *Store) object(t plumbing.ObjectType, h plumbing.Hash) (plumbing.EncodedObject, error) {
	if s.done {
		return nil, fmt.Errorf("read %s %s: the repository is closed", name(t), h)
	}
	if o, ok := s.built[h]; ok && (t == plumbing.AnyObject || o.Type() == t) {
		return o, nil
	}
	o, err := s.st.EncodedObject(t, h)
	if err == nil {
		return o, nil
	}
	// A fetch or a repacking by git may have put the object into a pack that
	// was not there when the indexes were read.
	if r, ok := s.st.(interface{ Reindex() }); ok {
		r.Reindex()
		if o, again := s.st.EncodedObject(t, h); again == nil {
			return o, nil
		}
	}
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return nil, fmt.Errorf("%s %s: %w", name(t), h, ErrMissing)
	}
	return nil, fmt.Errorf("read %s %s: %w", name(t), h, err)
}

// name returns the word for a type in errors.
func name(t plumbing.ObjectType) string {
	if t == plumbing.AnyObject {
		return "object"
	}
	return t.String()
}

// content returns the bytes of an object. The caller holds mu.
func content(o plumbing.EncodedObject) ([]byte, error) {
	r, err := o.Reader()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b := bytes.NewBuffer(make([]byte, 0, o.Size()+bytes.MinRead))
	if _, err := io.Copy(b, r); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Kind returns the type of an object.
func (s *Store) Kind(h plumbing.Hash) (plumbing.ObjectType, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.object(plumbing.AnyObject, h)
	if err != nil {
		return plumbing.InvalidObject, err
	}
	return o.Type(), nil
}

// Blob returns the content of a file.
func (s *Store) Blob(h plumbing.Hash) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.object(plumbing.BlobObject, h)
	if err != nil {
		return nil, err
	}
	b, err := content(o)
	if err != nil {
		return nil, fmt.Errorf("read blob %s: %w", h, err)
	}
	return b, nil
}

// Size returns the length of a file without reading it.
func (s *Store) Size(h plumbing.Hash) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o, ok := s.built[h]; ok {
		return o.Size(), nil
	}
	n, err := int64(0), errors.New("closed")
	if !s.done {
		n, err = s.st.EncodedObjectSize(h)
	}
	if err != nil {
		// The way through the object also looks into alternates and new packs.
		o, err := s.object(plumbing.BlobObject, h)
		if err != nil {
			return 0, err
		}
		return o.Size(), nil
	}
	return n, nil
}

// Commit decodes a whole commit.
func (s *Store) Commit(h plumbing.Hash) (*object.Commit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.object(plumbing.CommitObject, h)
	if err != nil {
		return nil, err
	}
	c, err := object.DecodeCommit(s.st, o)
	if err != nil {
		return nil, fmt.Errorf("read commit %s: %w", h, err)
	}
	return c, nil
}

// Tag decodes an annotated tag.
func (s *Store) Tag(h plumbing.Hash) (*object.Tag, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.object(plumbing.TagObject, h)
	if err != nil {
		return nil, err
	}
	t, err := object.DecodeTag(s.st, o)
	if err != nil {
		return nil, fmt.Errorf("read tag %s: %w", h, err)
	}
	return t, nil
}

// A Link is what walking a history needs of a commit.
type Link struct {
	Tree    plumbing.Hash
	Parents []plumbing.Hash
}

// Link reads the first lines of a commit.
func (s *Store) Link(h plumbing.Hash) (Link, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.object(plumbing.CommitObject, h)
	if err != nil {
		return Link{}, err
	}
	b, err := content(o)
	if err != nil {
		return Link{}, fmt.Errorf("read commit %s: %w", h, err)
	}
	var l Link
	for line := range bytes.Lines(b) {
		key, value, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
		switch string(key) {
		case "tree":
			l.Tree = plumbing.NewHash(string(value))
			continue
		case "parent":
			l.Parents = append(l.Parents, plumbing.NewHash(string(value)))
			continue
		}
		break
	}
	if l.Tree.IsZero() {
		return Link{}, fmt.Errorf("read commit %s: it names no tree", h)
	}
	return l, nil
}

// WithPrefix returns the objects whose ids start with the given hexadecimal
// digits, an even number of which is looked at by the storage.
func (s *Store) WithPrefix(hex string, even []byte) ([]plumbing.Hash, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.st.(interface {
		HashesWithPrefix(prefix []byte) ([]plumbing.Hash, error)
	})
	if !ok {
		return nil, errors.New("this storage cannot look up abbreviated ids")
	}
	all, err := p.HashesWithPrefix(even)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", hex, err)
	}
	var out []plumbing.Hash
	for _, h := range all {
		if len(h.String()) >= len(hex) && h.String()[:len(hex)] == hex {
			out = append(out, h)
		}
	}
	return out, nil
}
