package origin

import (
	"slices"
	"strings"
)

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
