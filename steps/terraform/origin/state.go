package origin

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// A state is the configuration of one view, from the root module on. Views that
// say the same share one.
type state struct {
	past *past
	view view
	top  *place
	memo map[spot]value
	deep map[spot]bool // being looked at: a circle in the configuration

	places int // uses of modules so far
}

// A place is one use of a module: the root, or a module call that is reached
// through the calls above it.
type place struct {
	up     *place
	call   *object // nil for the root
	name   string  // of the call
	prefix string  // of the addresses in it, "" or ending in a dot
	mod    *module // nil when the source is not in the repository
	kids   map[string]*place
}

type spot struct {
	at *place
	r  ref
}

// state returns the configuration of a view.
func (p *past) state(v view) *state {
	if s := p.byView[v]; s != nil {
		return s
	}
	root := p.module(v, p.root)
	// The folders that are reached say whether it is one that is known already.
	seen, broken := map[string]*module{p.root: root}, false
	parts := []string{p.root, root.id}
	for todo := []*module{root}; len(todo) > 0 && len(seen) < maxDirs; todo = todo[1:] {
		m := todo[0]
		broken = broken || m.broken != ""
		for _, r := range m.files {
			parts = append(parts, r.name, p.fileID(v, m.dir, r))
		}
		for _, key := range slices.Sorted(maps.Keys(m.objects)) {
			name, ok := strings.CutPrefix(key, "module ")
			if !ok {
				continue
			}
			if _, dir, local := m.call(name); local && seen[dir] == nil {
				k := p.module(v, dir)
				seen[dir] = k
				parts = append(parts, dir, k.id)
				todo = append(todo, k)
			}
		}
	}
	if broken || len(seen) >= maxDirs {
		parts = append(parts, v.commit, v.inputs) // not all of it is known, so it is like no other
	}
	for _, f := range p.r.VarFiles {
		m := p.module(v, path.Dir(path.Join(p.root, f)))
		parts = append(parts, m.id)
	}
	key := digest(parts...)
	s := p.states[key]
	if s == nil {
		s = &state{past: p, view: v, top: &place{mod: root}, memo: map[spot]value{}, deep: map[spot]bool{}}
		p.states[key] = s
	}
	p.byView[v] = s
	return s
}

// fileID returns the id of another file that a module in a folder refers to.
func (p *past) fileID(v view, dir string, r ref) string {
	at := path.Join(dir, r.name)
	if r.kind == toRootFile {
		at = path.Join(p.root, r.name)
	}
	return p.id(p.of(v, at), at)
}

// child returns the module behind a call, nil when there is no such call. A
// module that uses itself, which Terraform refuses, ends there.
func (s *state) child(at *place, name string) *place {
	if k, ok := at.kids[name]; ok {
		return k
	}
	if at.mod == nil {
		return nil
	}
	o, dir, local := at.mod.call(name)
	var k *place
	if s.places++; s.places > maxPlaces {
		s.past.work = maxWork + 1
		return nil
	}
	if o != nil {
		k = &place{up: at, call: o, name: name, prefix: at.prefix + "module." + name + "."}
		for a := at; a != nil; a = a.up {
			local = local && a.mod.dir != dir
		}
		if local {
			k.mod = s.past.module(s.view, dir)
		}
	}
	if at.kids == nil {
		at.kids = map[string]*place{}
	}
	at.kids[name] = k
	return k
}

// find goes down to the module that holds an address. When the way ends early,
// the last module is returned and whole is false; opaque says that it ends at a
// call whose source is not in the repository.
func (s *state) find(a address) (at *place, whole, opaque bool) {
	at = s.top
	for _, c := range a.calls {
		k := s.child(at, c)
		if k == nil {
			return at, false, false
		}
		if at = k; k.mod == nil {
			return at, false, true
		}
	}
	return at, true, false
}
