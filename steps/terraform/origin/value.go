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
