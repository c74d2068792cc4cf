package plan

import (
	"slices"
	"strings"
	"time"

	"lockstep/runbook/safe"
)

// A Thing is a live thing: what users see of an object, whatever address
// Terraform gives it. It is found by its natural key, which a table of the
// resource types says how to read.
type Thing struct {
	Kind string    `json:"kind"` // such as "DNS record"; types of one kind can hold the same thing
	Name safe.Text `json:"name"` // for people, such as "static.crates.io CNAME"
	Key  []KeyPart `json:"key"`  // in the order of the table
	// Unknown names the parts of the key that are known only after the apply, or
	// that are secret. Which thing this is cannot be told while there are any.
	Unknown []string `json:"unknown"`
	// Data tells the data of one object from that of another with the same key.
	// It is empty when it is not known.
	Data   string        `json:"data"`
	Delete DeleteMode    `json:"delete"`
	DNS    bool          `json:"dns"` // resolvers remember it, and that it was missing
	TTL    time.Duration `json:"ttl"` // how long resolvers may remember it; 0 when not known
	// Spare says that the object has no name of the kind that users know, and the key
	// is another one, which it keeps when it gets such a name.
	Spare bool `json:"spare,omitempty"`
}

// Listed stands between the values of a part of a key that has several.
const Listed = ", "

// Covers reports whether whoever uses thing o is served by this one: it is the
// same, or the parts of its key list the values of o and more. A certificate for
// two names covers one for the first of them.
func (t Thing) Covers(o Thing) bool {
	if t.ID() == "" || o.ID() == "" || t.Kind != o.Kind || len(t.Key) != len(o.Key) {
		return false
	}
	for i, k := range t.Key {
		if k.Name != o.Key[i].Name || !within(o.Key[i].Value.String(), k.Value.String()) {
			return false
		}
	}
	return true
}

// Lists reports whether a part of the key has several values.
func (t Thing) Lists() bool {
	return slices.ContainsFunc(t.Key, func(k KeyPart) bool { return strings.Contains(k.Value.String(), Listed) })
}

// within reports whether every value of a list is in another.
func within(some, all string) bool {
	if some == all {
		return true
	}
	values := strings.Split(all, Listed)
	for _, v := range strings.Split(some, Listed) {
		if !slices.Contains(values, v) {
			return false
		}
	}
	return true
}

// A KeyPart is one attribute of a natural key.
type KeyPart struct {
	Name  string    `json:"name"`
	Value safe.Text `json:"value"`
}

// ID is the same for two things exactly when they are the same live thing. It is
// "" when that cannot be told.
func (t Thing) ID() string {
	if len(t.Unknown) > 0 || len(t.Key) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(t.Kind)
	for _, k := range t.Key {
		b.WriteByte(0)
		b.WriteString(k.Name)
		b.WriteByte(0)
		b.WriteString(k.Value.String())
	}
	return b.String()
}

// Losses are live things that lose an object.
type Losses struct {
	ids   map[string]bool
	kinds map[string][]Thing // one of each, by kind
	blind map[string]bool    // kinds of which something is lost that cannot be told
	pairs int                // left for comparing keys with lists
}

// Losses returns the live things that lose an object when the plan is applied.
func (p *Plan) Losses() *Losses {
	l := &Losses{ids: map[string]bool{}, kinds: map[string][]Thing{}, blind: map[string]bool{}, pairs: 1_000_000}
	for _, r := range p.Resources {
		if r.Was == nil || !r.Action.Destroys() && (r.Becomes == nil || r.Becomes.ID() == r.Was.ID()) {
			continue
		}
		switch id := r.Was.ID(); {
		case id == "":
			l.blind[r.Was.Kind] = true
		case !l.ids[id]:
			l.ids[id] = true
			l.kinds[r.Was.Kind] = append(l.kinds[r.Was.Kind], *r.Was)
		}
	}
	return l
}

// Matter reports whether an object that holds t has a part in what becomes of
// them: it holds one of them, or covers one, or may do so, as far as can be told.
func (l *Losses) Matter(t Thing) bool {
	id := t.ID()
	switch {
	case l.ids[id], l.blind[t.Kind]:
		return true
	case id == "":
		return len(l.kinds[t.Kind]) > 0
	case !t.Lists():
		return false
	}
	return slices.ContainsFunc(l.kinds[t.Kind], func(lost Thing) bool {
		l.pairs--
		return l.pairs < 0 || t.Covers(lost)
	})
}

// Hold takes into a plan that is limited to targets what it does not mention: the
// objects of the full plan that are there now and hold a live thing which the
// targeted plan deletes.
func (p *Plan) Hold(full *Plan) {
	lost, listed := p.Losses(), map[string]bool{}
	for _, r := range p.Resources {
		listed[r.Key()] = true
	}
	for _, h := range p.Standing {
		listed[h.Address.String()] = true
	}
	hold := func(address safe.Text, key string, t *Thing) {
		if t != nil && !listed[key] && lost.Matter(*t) {
			listed[key] = true
			p.Standing = append(p.Standing, Holder{Address: address, Thing: *t})
		}
	}
	for _, h := range full.Standing {
		hold(h.Address, h.Address.String(), &h.Thing)
	}
	for _, r := range full.Resources {
		hold(r.Address, r.Key(), r.Was)
	}
}

// A DeleteMode says what deleting an object takes with it.
type DeleteMode string

// The modes. The zero value is the most careful reading, like DeleteUnknown.
const (
	DeleteOwnData   DeleteMode = "own-data"   // only what the object itself put there
	DeleteWholeName DeleteMode = "whole-name" // everything under the same key, whoever put it there
	DeleteUnknown   DeleteMode = "unknown"    // counts as whole-name
)

// TakesAll reports whether a delete may take the data of other objects along.
func (m DeleteMode) TakesAll() bool { return m != DeleteOwnData }

// A Holder is an object that a plan leaves as it is and that holds a live thing
// which something in the plan deletes.
type Holder struct {
	Address safe.Text `json:"address"`
	Thing   Thing     `json:"thing"`
}

// An Origin says which commits bring a resource change.
type Origin struct {
	// Commits are full hashes of candidates, oldest first. More than one means that
	// it cannot be told which of them it is. None means that no candidate explains
	// the change; Why says what does, when that is known.
	Commits []string  `json:"commits"`
	Why     safe.Text `json:"why"`
}
