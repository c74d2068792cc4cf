package live

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// A rule says how to find the live thing that objects of one resource type hold.
type rule struct {
	kind     string
	key      []part
	name     []piece
	delete   plan.DeleteMode
	dns      bool
	record   string // type of the DNS record, where the resource type says it
	relative *part  // the zone that the part "name" is relative to
	spare    *part  // the attribute of the key that counts where there is no better name
	ttl      path
	auto     time.Duration // what a TTL of 1 means, or 0
	data     []part
	hosts    []string // parts that are DNS names
	source   string
	why      string
}

// A piece of the name for people is either words or the value of a part.
type piece struct {
	words string
	part  *part
}

// readName reads a name such as "listener {port} of {load_balancer_arn}".
func (r *rule) readName(s string) ([]piece, error) {
	var out []piece
	for s != "" {
		before, rest, found := strings.Cut(s, "{")
		if before != "" {
			out = append(out, piece{words: before})
		}
		if !found {
			break
		}
		expr, after, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, fmt.Errorf("%q has no } for its {", s)
		}
		p, err := readPart(expr)
		if err != nil {
			return nil, err
		}
		if p.form = r.form(p.name); r.dns && p.form == asIs {
			p.form = host
		}
		out, s = append(out, piece{part: &p}), after
	}
	return out, nil
}

// setKey sets the key and the form of each part.
func (r *rule) setKey(key []string) error {
	if len(key) > MaxKey {
		return fmt.Errorf("the key has more than %d attributes", MaxKey)
	}
	r.key = nil
	for _, k := range key {
		p, err := readPart(k)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(r.key, func(q part) bool { return q.name == p.name }) {
			return fmt.Errorf("%q is in the key twice", p.name)
		}
		p.form = r.form(p.name)
		r.key = append(r.key, p)
	}
	return nil
}

func (r *rule) form(name string) form {
	switch {
	case r.dns && name == "type":
		return upper
	case slices.Contains(r.hosts, name), r.dns && (name == "name" || name == "zone"):
		return host
	}
	return asIs
}

// find returns the thing, or nil when the object has nothing of the key.
func (r *rule) find(o object) *plan.Thing {
	t := &plan.Thing{Kind: r.kind, Delete: r.delete, DNS: r.dns, Key: []plan.KeyPart{}, Unknown: []string{}}
	values := make(map[string]value, len(r.key))
	some := false
	for _, p := range r.key {
		v := r.value(p, o)
		values[p.name] = v
		switch {
		case !v.known():
			t.Unknown = append(t.Unknown, p.name)
			some = true
		case len(v.words) > 0 || !p.optional:
			t.Key = append(t.Key, plan.KeyPart{Name: p.name, Value: text(v.String())})
			t.Spare = t.Spare || r.isSpare(p, o)
			some = some || len(v.words) > 0 && p.name != "type"
		}
	}
	if !some {
		return nil
	}
	t.Name = r.title(o, values)
	t.TTL = r.seconds(o)
	t.Data = r.own(o)
	return t
}

// isSpare reports whether the part has its value from the spare attribute.
func (r *rule) isSpare(p part, o object) bool {
	return r.spare != nil && len(p.sets) > 1 && len(p.form.value(p.sets[0], o).words) == 0 && len(r.spare.of(o).words) > 0
}

// value is what the object has for a part of the key.
func (r *rule) value(p part, o object) value {
	v := p.of(o)
	switch {
	case p.name == "type" && r.record != "" && v.known() && len(v.words) == 0:
		v.words = []string{r.record}
	case p.name == "name" && r.relative != nil:
		v = r.full(p, v, o)
	}
	return v
}

// full makes the whole name of one that is relative to its zone. A name with a
// dot at the end is whole already.
func (r *rule) full(p part, name value, o object) value {
	if s, ok := p.sets[0][0].in(o.values).(string); ok && strings.HasSuffix(s, ".") || !name.known() {
		return name
	}
	zone := r.relative.of(o)
	switch n := name.String(); {
	case !zone.known():
		return zone
	case len(zone.words) == 0:
	case n == "" || n == "@":
		name.words = zone.words
	default:
		name.words = []string{n + "." + zone.String()}
	}
	return name
}

// title is the name for people.
func (r *rule) title(o object, values map[string]value) safe.Text {
	var b strings.Builder
	for _, p := range r.name {
		if p.part == nil {
			b.WriteString(p.words)
			continue
		}
		v, ok := values[p.part.name]
		if !ok || len(p.part.sets) > 1 {
			v = p.part.shown(o)
		}
		switch {
		case v.sensitive:
			b.WriteString("(sensitive)")
		case v.unknown:
			b.WriteString("(known after apply)")
		case len(v.words) == 0 && !p.part.optional:
			return r.plainTitle(values)
		case len(v.words) > 3:
			fmt.Fprintf(&b, "%s and %d more", strings.Join(v.words[:2], ", "), len(v.words)-2)
		default:
			b.WriteString(short(v.String()))
		}
	}
	if len(r.name) == 0 {
		return r.plainTitle(values)
	}
	return safe.Show(strings.TrimSpace(b.String()))
}

// plainTitle names a thing by its kind and its key.
func (r *rule) plainTitle(values map[string]value) safe.Text {
	words := []string{r.kind}
	for _, p := range r.key {
		switch v := values[p.name]; {
		case !v.known():
			words = append(words, "("+p.name+" known after apply)")
		case len(v.words) > 0:
			words = append(words, short(v.String()))
		}
	}
	return safe.Show(strings.Join(words, " "))
}

// longestTTL is the largest TTL that DNS knows, RFC 2181 section 8.
const longestTTL = 1<<31 - 1

func (r *rule) seconds(o object) time.Duration {
	if len(r.ttl) == 0 || r.ttl.marked(o.sensitive) || r.ttl.marked(o.unknown) {
		return 0
	}
	n, ok := number(r.ttl.in(o.values))
	switch {
	case !ok, n < 0, n > longestTTL:
		return 0
	case n == 1 && r.auto > 0:
		return r.auto
	}
	return time.Duration(n * float64(time.Second))
}

// own tells the data of the object from that of others with the same key.
func (r *rule) own(o object) string {
	var out []string
	for _, p := range r.data {
		v := p.of(o)
		if !v.known() {
			return ""
		}
		out = append(out, p.name+"="+text(v.String()).String())
	}
	return strings.Join(out, " ")
}
