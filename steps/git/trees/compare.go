package trees

import (
	"context"
	"crypto/sha256"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"

	"lockstep/steps/git/objects"
)

// A Comparer tells whether trees differ along a set of paths. It remembers what
// it saw of each folder, so that the next tree costs only what is new in it.
type Comparer struct {
	store *objects.Store
	paths *Paths

	mu   sync.Mutex
	memo map[key][sha256.Size]byte
}

type key struct {
	tree plumbing.Hash
	node int
	all  bool
}

// NewComparer returns a comparer for the set of paths, which must not change any more.
func NewComparer(s *objects.Store, p *Paths) *Comparer {
	return &Comparer{store: s, paths: p, memo: map[key][sha256.Size]byte{}}
}

// Same reports whether two trees are the same along the paths. The zero hash is
// the empty tree.
func (c *Comparer) Same(a, b plumbing.Hash) (bool, error) {
	if a == b {
		return true, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	x, err := c.print(a, c.paths.root, false)
	if err != nil {
		return false, err
	}
	y, err := c.print(b, c.paths.root, false)
	return x == y, err
}

// print returns a digest of what is in the set below a tree, or zeros when
// there is nothing.
func (c *Comparer) print(tree plumbing.Hash, n *node, all bool) (sum [sha256.Size]byte, err error) {
	if tree.IsZero() || n.none {
		return sum, nil
	}
	k := key{tree, n.id, all}
	if sum, ok := c.memo[k]; ok {
		return sum, nil
	}
	entries, err := c.store.Entries(tree)
	if err != nil {
		return sum, err
	}
	h, found := sha256.New(), false
	for _, e := range entries {
		r, next := n.of(e.Name, e.IsTree(), all)
		if r == nothing {
			continue
		}
		id := e.Hash[:]
		if r == part {
			sub, err := c.print(e.Hash, next, all || n.all || next.all)
			if err != nil {
				return sum, err
			}
			if sub == [sha256.Size]byte{} {
				continue
			}
			id = sub[:]
		}
		found = true
		h.Write([]byte(e.Name))
		h.Write([]byte{0, byte(r)})
		h.Write([]byte(e.Mode.String()))
		h.Write(id)
	}
	if found {
		h.Sum(sum[:0])
	}
	c.memo[k] = sum
	return sum, nil
}

// A Change is one file that differs between two trees. The side that does not
// have it is the zero Entry.
type Change struct {
	Path     string // as git stores it: any byte but NUL can be in it
	Old, New objects.Entry
}

// Changes returns the files that differ along the paths, in the order of the
// trees. Nothing is taken for a rename. Only ids are compared.
func Changes(ctx context.Context, s *objects.Store, a, b plumbing.Hash, p *Paths) ([]Change, error) {
	w := walker{ctx: ctx, store: s}
	if p.root.none {
		return nil, nil
	}
	err := w.trees(a, b, "", p.root, false)
	return w.out, err
}

type walker struct {
	ctx   context.Context
	store *objects.Store
	out   []Change
}

// trees compares two folders; n is nil when everything below is wanted.
func (w *walker) trees(a, b plumbing.Hash, at string, n *node, all bool) error {
	if a == b {
		return nil
	}
	if err := w.ctx.Err(); err != nil {
		return err
	}
	x, err := w.store.Entries(a)
	if err != nil {
		return err
	}
	y, err := w.store.Entries(b)
	if err != nil {
		return err
	}
	for len(x) > 0 || len(y) > 0 {
		var l, r objects.Entry
		switch {
		case len(y) == 0:
			l, x = x[0], x[1:]
		case len(x) == 0:
			r, y = y[0], y[1:]
		default:
			switch o := order(x[0], y[0]); {
			case o < 0:
				l, x = x[0], x[1:]
			case o > 0:
				r, y = y[0], y[1:]
			default:
				l, r, x, y = x[0], y[0], x[1:], y[1:]
			}
		}
		if err := w.entries(l, r, at, n, all); err != nil {
			return err
		}
	}
	return nil
}

// order compares the places of two entries: a folder sorts as if its name ended
// in a slash, so a file and a folder of one name are two entries.
func order(a, b objects.Entry) int { return strings.Compare(sortName(a), sortName(b)) }

func sortName(e objects.Entry) string {
	if e.IsTree() {
		return e.Name + "/"
	}
	return e.Name
}

// entries compares what stands at one name; one of the two may be missing.
func (w *walker) entries(l, r objects.Entry, at string, n *node, all bool) error {
	e := l
	if e.Name == "" {
		e = r
	}
	var next *node
	if n != nil {
		how, k := n.of(e.Name, e.IsTree(), all)
		switch how {
		case nothing:
			return nil
		case part:
			next, all = k, all || n.all || k.all
		}
	}
	full := at + e.Name
	if e.IsTree() {
		return w.trees(l.Hash, r.Hash, full+"/", next, all)
	}
	if l.Hash != r.Hash || l.Mode != r.Mode {
		w.out = append(w.out, Change{Path: full, Old: l, New: r})
	}
	return nil
}
