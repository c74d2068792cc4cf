package origin

import (
	"path"
	"slices"
	"strings"
)

// A value stands for what a piece of the configuration says, together with all
// that it refers to.
type value struct {
	sum string
	// unknown is a digest of the files that could not be read and in which what was
	// not found may stand; "" when everything was found, or could not be there.
	unknown string
	// looked is a digest of all files that could not be read where something was
	// looked for. When it is the same for two values, what they differ in stands in
	// files that could be read.
	looked string
}

// join puts values together.
func join(sum string, values ...value) value {
	parts := []string{sum}
	var unknown, looked []string
	for _, v := range values {
		parts = append(parts, v.sum)
		unknown, looked = append(unknown, v.unknown), append(looked, v.looked)
	}
	return value{digest(parts...), union(unknown), union(looked)}
}

// union returns one digest for several, of which some may be the same or empty.
func union(digests []string) string {
	slices.Sort(digests)
	digests = slices.Compact(digests)
	if len(digests) > 0 && digests[0] == "" {
		digests = digests[1:]
	}
	switch len(digests) {
	case 0:
		return ""
	case 1:
		return digests[0]
	}
	return digest(digests...)
}

// missing is the value of what the module does not declare, as far as it could be read.
func missing(m *module) value {
	return value{sum: "missing", unknown: m.broken, looked: m.broken}
}

// lost is the value of what stands behind a module call that the module does not
// declare, as far as it could be read. If the call stands in a file that cannot
// be read, no commit in between is known to leave it alone.
func (s *state) lost(m *module) value {
	v := missing(m)
	if m.broken != "" {
		v.unknown = digest(m.broken, s.view.commit)
		v.looked = v.unknown
	}
	return v
}

// A reader computes values in the states of a range. A resource passes on what
// it refers to only when it changes in the plan itself.
type reader struct {
	past    *past
	changes map[string]bool // addresses, without keys, that the plan changes
}

// text returns the value of a piece of source that stands in a module.
func (r *reader) text(s *state, at *place, t text, each *object) value {
	return join(t.sum, r.refs(s, at, t.refs, each)...)
}

// refs returns the values of references that stand in a module; each is the
// block around them.
func (r *reader) refs(s *state, at *place, refs []ref, each *object) []value {
	var out []value
	for _, to := range refs {
		if to.kind == toEach {
			if each != nil {
				out = append(out, r.text(s, at, each.meta, nil))
			}
			continue
		}
		out = append(out, r.ref(s, at, to))
	}
	return out
}

// ref returns the value that a reference in a module leads to.
func (r *reader) ref(s *state, at *place, to ref) value {
	k := spot{at, to}
	if v, ok := s.memo[k]; ok {
		return v
	}
	r.past.work++
	if s.deep[k] || r.past.work > maxWork || at.mod == nil {
		return value{sum: "circle"}
	}
	s.deep[k] = true
	v := r.follow(s, at, to)
	v.looked = union([]string{v.looked, at.mod.broken})
	delete(s.deep, k)
	s.memo[k] = v
	return v
}

func (r *reader) follow(s *state, at *place, to ref) value {
	m := at.mod
	switch to.kind {
	case toLocal:
		if o := m.objects[localKey(to.name)]; o != nil {
			return r.text(s, at, o.all, nil)
		}
	case toVariable:
		return r.variable(s, at, to.name)
	case toOutput:
		return r.output(s, at, to)
	case toProvider:
		return r.provider(s, at, to.name)
	case toFile, toRootFile:
		return value{sum: s.past.fileID(s.view, m.dir, to)}
	case toObject:
		if o := m.objects[resourceKey(to.name)]; o != nil {
			return r.object(s, at, to.name, o)
		}
	}
	return missing(m)
}

// object returns the value of a resource or data source that something refers to.
func (r *reader) object(s *state, at *place, name string, o *object) value {
	if strings.HasPrefix(name, "data.") || r.changes[at.prefix+name] {
		return join(o.all.sum, r.around(s, at, name, o))
	}
	return value{sum: o.all.sum}
}

// around returns the value of all that a resource refers to.
func (r *reader) around(s *state, at *place, name string, o *object) value {
	values := r.refs(s, at, o.all.refs, o)
	if strings.HasPrefix(name, "data.") {
		// A data source waits for what it depends on, and is then read anew.
		values = append(values, r.refs(s, at, o.waits, nil)...)
		for a := at; a.up != nil; a = a.up {
			values = append(values, r.refs(s, a.up, a.call.waits, nil)...)
		}
	}
	values = append(values, r.ref(s, at, ref{kind: toProvider, name: providerOf(name, o)}))
	return join("around", values...)
}

// providerOf returns the local name of the provider of a resource.
func providerOf(name string, o *object) string {
	if o != nil && o.provider != "" {
		return o.provider
	}
	local, _, _ := strings.Cut(address{name: name}.kind(), "_")
	return local
}

// provider returns the settings of a provider as a module sees it.
func (r *reader) provider(s *state, at *place, name string) value {
	if o := at.mod.objects[providerKey(name)]; o != nil {
		return r.text(s, at, o.all, nil)
	}
	if at.up == nil {
		return missing(at.mod)
	}
	if to, ok := at.call.passed[name]; ok {
		return r.ref(s, at.up, ref{kind: toProvider, name: to})
	}
	if strings.Contains(name, ".") {
		return missing(at.mod)
	}
	return r.ref(s, at.up, ref{kind: toProvider, name: name})
}

// variable returns what a variable is set to: by the call of the module, by a
// variable file for the root, else by its default.
func (r *reader) variable(s *state, at *place, name string) value {
	if at.up != nil {
		if t, ok := at.call.parts[name]; ok {
			return r.text(s, at.up, t, at.call)
		}
	} else {
		for _, f := range slices.Backward(r.past.r.VarFiles) {
			file := path.Join(at.mod.dir, f)
			if v, ok := r.past.module(s.view, path.Dir(file)).valueIn(path.Base(file), name); ok {
				return value{sum: v}
			}
		}
		if v, ok := at.mod.value(name); ok {
			return value{sum: v}
		}
	}
	if o := at.mod.objects[variableKey(name)]; o != nil {
		return r.text(s, at, o.all, nil)
	}
	return missing(at.mod)
}

// output returns an output of a module, or all of them. Of a module that is not
// in the repository only the call is known.
func (r *reader) output(s *state, at *place, to ref) value {
	k := s.child(at, to.name)
	switch {
	case k == nil:
		return s.lost(at.mod)
	case k.mod == nil:
		return r.text(s, at, k.call.all, k.call)
	}
	names := []string{to.sub}
	if to.sub == "" {
		names = k.mod.outputs
	}
	var values []value
	for _, n := range names {
		if o := k.mod.objects[outputKey(n)]; o != nil {
			values = append(values, r.text(s, k, o.all, nil))
		} else {
			values = append(values, missing(k.mod))
		}
	}
	return join("output", values...)
}

// placed is where an address leads to in a state.
type placed struct {
	at     *place
	obj    *object // the block, or the call of a module that is not in the repository; nil when there is none
	opaque bool
	gone   value // when obj is nil
}

func (r *reader) look(s *state, a address) placed {
	at, whole, opaque := s.find(a)
	switch {
	case opaque:
		return placed{at: at.up, obj: at.call, opaque: true}
	case !whole:
		return placed{at: at, gone: s.lost(at.mod)}
	}
	return placed{at: at, obj: at.mod.objects[resourceKey(a.name)], gone: missing(at.mod)}
}

// found returns the value of something in the block of an address.
func (r *reader) found(s *state, a address, of func(placed) value) value {
	p := r.look(s, a)
	if p.obj == nil {
		return p.gone
	}
	v := of(p)
	v.looked = union([]string{v.looked, p.at.mod.broken})
	return v
}

// exists says whether there is a block for the address.
func (r *reader) exists(s *state, a address) value {
	return r.found(s, a, func(placed) value { return value{sum: "there"} })
}

// own is the block itself.
func (r *reader) own(s *state, a address) value {
	return r.found(s, a, func(p placed) value { return value{sum: digest(p.obj.all.sum, p.obj.provider)} })
}

// instances is what says how many of the block there are: count and for_each of
// it and of the module calls around it.
func (r *reader) instances(s *state, a address) value {
	return r.found(s, a, func(p placed) value {
		values := []value{r.text(s, p.at, p.obj.meta, nil)}
		for at := p.at; at.up != nil; at = at.up {
			values = append(values, r.text(s, at.up, at.call.meta, nil))
		}
		return join("instances", values...)
	})
}

// forcing is what some attributes of the block are set to.
func (r *reader) forcing(s *state, a address, names []string) value {
	return r.found(s, a, func(p placed) value {
		if p.opaque {
			return value{} // the attributes stand elsewhere
		}
		var values []value
		for _, n := range names {
			values = append(values, r.text(s, p.at, p.obj.parts[n], p.obj))
		}
		return join("forcing", values...)
	})
}

// reached is all that the block refers to.
func (r *reader) reached(s *state, a address) value {
	return r.found(s, a, func(p placed) value {
		if p.opaque {
			return join("reached", r.refs(s, p.at, p.obj.all.refs, p.obj)...)
		}
		return r.around(s, p.at, a.name, p.obj)
	})
}

// version is what the modules around the block ask of its provider.
func (r *reader) version(s *state, a address) value {
	return r.found(s, a, func(p placed) value {
		of := p.obj
		if p.opaque {
			of = nil
		}
		name, _, _ := strings.Cut(providerOf(a.name, of), ".")
		var parts []string
		for at := p.at; at != nil; at = at.up {
			if o := at.mod.objects[neededKey(name)]; o != nil {
				parts = append(parts, o.all.sum)
			}
		}
		return value{sum: digest(parts...)}
	})
}

// names are the blocks of a kind, moved, removed or import, that name the
// address, or, for moved, lead away from the previous one.
func (r *reader) names(s *state, kind string, a address, previous *address) value {
	var sums []string
	var known []value
	visit := func(of address, match func(n naming, rest []string) bool) {
		whole, at := of.full(), s.top
		for i := 0; ; i++ {
			if at == nil || at.mod == nil {
				return
			}
			known = append(known, missing(at.mod))
			for _, n := range at.mod.namings {
				if n.kind == kind && match(n, whole[2*i:]) {
					sums = append(sums, n.sum)
				}
			}
			if i == len(of.calls) {
				return
			}
			if k := s.child(at, of.calls[i]); k == nil {
				known = append(known, s.lost(at.mod))
				return
			} else {
				at = k
			}
		}
	}
	visit(a, func(n naming, rest []string) bool {
		return starts(rest, n.to) || kind == "removed" && starts(rest, n.from)
	})
	if previous != nil {
		visit(*previous, func(n naming, rest []string) bool { return starts(rest, n.from) })
	}
	v := join("names", known...)
	slices.Sort(sums)
	v.sum = digest(slices.Compact(sums)...)
	return v
}

// starts reports whether an address is the other or stands in it.
func starts(whole, start []string) bool {
	return len(start) > 0 && len(whole) >= len(start) && slices.Equal(whole[:len(start)], start)
}
