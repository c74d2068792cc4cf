package git

import (
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// A runner is open for hours while people fetch and git tidies up.
func TestObjects_areFoundAfterGitRepacked(t *testing.T) {
	p := newProject(t)
	first := p.commit("first", "a", "1")
	p.git("gc", "-q")
	r := p.open(production())
	if _, err := r.objects.Link(plumbing.NewHash(first)); err != nil {
		t.Fatal(err)
	}
	second := p.commit("second", "a", "2")
	p.git("repack", "-adq")
	p.git("prune-packed")
	l, err := r.objects.Link(plumbing.NewHash(second))
	if err != nil {
		t.Fatal(err)
	}
	if l.Tree.String() != p.git("rev-parse", "HEAD^{tree}") || len(l.Parents) != 1 || l.Parents[0].String() != first {
		t.Errorf("link is %+v", l)
	}
	if c, err := r.objects.Commit(plumbing.NewHash(first)); err != nil || c.Message != "first" {
		t.Errorf("%v, %v", c, err)
	}
}
