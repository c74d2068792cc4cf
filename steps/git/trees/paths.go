// Package trees compares the trees of a git repository along a set of paths,
// changes single files in them, and writes them out as folders.
//
// Comparing goes by the ids of the entries and never opens a file: what has the
// same id is the same, so an unchanged folder costs nothing, however large.
package trees

import (
	"path"
	"slices"
	"strings"

	"lockstep/runbook/safe"
)

// Paths is a set of files and folders of a tree. A folder stands for all that
// is in it. A path names whole parts: mod is not the start of modules.
type Paths struct {
	root  *node
	list  []string
	nodes int
}

// A node is one part of a path.
type node struct {
	id    int
	all   bool // everything from here on
	files bool // the files that stand directly here
	none  bool // nothing from here on; stronger than all
	kids  map[string]*node
}

// NewPaths returns the set of the included paths without the excluded ones. An
// included "." is the whole tree. Exclusion wins.
func NewPaths(include, exclude []string) *Paths {
	p := &Paths{root: &node{}}
	for _, s := range include {
		s = Clean(s)
		p.at(s).all = true
		if !slices.Contains(p.list, s) {
			p.list = append(p.list, s)
		}
	}
	for _, s := range exclude {
		p.at(Clean(s)).none = true
	}
	return p
}

// AddFiles adds the files that stand directly in a folder, and not its folders.
func (p *Paths) AddFiles(folder string) {
	folder = Clean(folder)
	p.at(folder).files = true
	p.list = append(p.list, path.Join(folder, "*"))
}

// Clean returns the path as the functions of this package want it: without a
// slash at its ends, "." for the whole tree.
func Clean(s string) string {
	return path.Clean(strings.Trim(s, "/"))
}

// at returns the node for a clean path and makes it where it is missing.
func (p *Paths) at(s string) *node {
	n := p.root
	if s == "." {
		return n
	}
	for part := range strings.SplitSeq(s, "/") {
		k := n.kids[part]
		if k == nil {
			p.nodes++
			k = &node{id: p.nodes}
			if n.kids == nil {
				n.kids = map[string]*node{}
			}
			n.kids[part] = k
		}
		n = k
	}
	return n
}

// List returns what was included, in the order in which it was.
func (p *Paths) List() []string { return slices.Clone(p.list) }

// Texts returns the list for a view.
func (p *Paths) Texts() []safe.Text {
	out := make([]safe.Text, len(p.list))
	for i, s := range p.list {
		out[i] = safe.Show(s)
	}
	return out
}

// Has reports whether a path, or something above it, is in the set.
func (p *Paths) Has(s string) bool {
	n, all := p.root, p.root.all
	if n.none {
		return false
	}
	if s = Clean(s); s == "." {
		return all
	}
	parts := strings.Split(s, "/")
	for i, part := range parts {
		if n == nil {
			return all
		}
		if n.files && i == len(parts)-1 {
			all = true
		}
		if n = n.kids[part]; n != nil {
			if n.none {
				return false
			}
			all = all || n.all
		}
	}
	return all
}

// reach says how much of an entry is in the set.
type reach int

const (
	nothing reach = iota
	whole
	part // only what the node below says
)

// of returns how much of an entry is in the set, and the node to go on with.
// all says that the folder the entry stands in is in the set as a whole.
func (n *node) of(name string, isTree, all bool) (reach, *node) {
	all = all || n.all
	k := n.kids[name]
	switch {
	case k == nil && (all || n.files && !isTree):
		return whole, nil
	case k == nil || k.none:
		return nothing, nil
	case !isTree:
		if all || k.all || n.files {
			return whole, nil
		}
		return nothing, nil
	case (all || k.all) && len(k.kids) == 0:
		return whole, nil
	}
	return part, k
}
