package origin

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"path"
	"slices"
	"strings"
)

// A kind of reference.
type kind byte

const (
	toObject   kind = iota // name is TYPE.NAME or data.TYPE.NAME
	toLocal                // name
	toVariable             // name
	toOutput               // name is the call, sub the output or "" for all
	toProvider             // name is NAME or NAME.ALIAS
	toFile                 // name is a path from the folder of the module
	toRootFile             // name is a path from the folder of the root module
	toEach                 // the count or for_each around it
)

// A ref is something that an expression reads.
type ref struct {
	kind kind
	name string
	sub  string
}

// A text is a piece of source: a digest of it and what it refers to.
type text struct {
	sum  string
	refs []ref
}

// plus returns both pieces as one.
func (t text) plus(u text) text {
	switch {
	case t.sum == "" && len(t.refs) == 0:
		return u
	case u.sum == "" && len(u.refs) == 0:
		return t
	}
	return text{digest(t.sum, u.sum), append(slices.Clip(t.refs), u.refs...)}
}

// An object is what a module declares under a name.
type object struct {
	all      text            // the whole block
	meta     text            // count and for_each
	parts    map[string]text // resources and calls: by argument or nested block
	waits    []ref           // depends_on
	provider string          // resources: the provider argument, or ""
	source   string          // calls
	passed   map[string]string
}

// merge puts two declarations of one name together, as override files make them.
func (o *object) merge(p *object) *object {
	m := &object{
		all: o.all.plus(p.all), meta: o.meta.plus(p.meta), parts: maps.Clone(o.parts), passed: maps.Clone(o.passed),
		waits: append(slices.Clip(o.waits), p.waits...), provider: o.provider, source: o.source,
	}
	for k, t := range p.parts {
		if m.parts == nil {
			m.parts = map[string]text{}
		}
		m.parts[k] = m.parts[k].plus(t)
	}
	for k, v := range p.passed {
		if m.passed == nil {
			m.passed = map[string]string{}
		}
		m.passed[k] = v
	}
	if p.provider != "" {
		m.provider = p.provider
	}
	if p.source != "" {
		m.source = p.source
	}
	return m
}

// A naming is a moved, removed or import block.
type naming struct {
	kind     string // moved, removed, import
	from, to []string
	sum      string
}

// A file is what one file says.
type file struct {
	objects map[string]*object // "resource TYPE.NAME", "local NAME", …; see the keys below
	namings []naming
	values  map[string]string // variable files: digest by name
	broken  string            // digest of the content when it cannot be read
}

// A module is what the files of one folder say together.
type module struct {
	id      string // the same for modules that say the same
	dir     string
	objects map[string]*object
	namings []naming
	values  map[string]map[string]string // by variable file
	unread  map[string]string            // variable files that are broken: digest
	broken  string                       // digest of the configuration that cannot be read, or ""
	files   []ref                        // other files that something refers to
	outputs []string                     // sorted
}

// Keys of objects.
func resourceKey(name string) string { return "resource " + name }
func localKey(name string) string    { return "local " + name }
func variableKey(name string) string { return "variable " + name }
func outputKey(name string) string   { return "output " + name }
func callKey(name string) string     { return "module " + name }
func providerKey(name string) string { return "provider " + name }
func neededKey(name string) string   { return "required_provider " + name }

func digest(parts ...string) string {
	h := sha256.New()
	var n [8]byte
	for _, p := range parts {
		for i := range n {
			n[i] = byte(len(p) >> (8 * i))
		}
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// isConfig and isValues tell the files of a folder apart.
func isConfig(name string) bool {
	return strings.HasSuffix(name, ".tf") || strings.HasSuffix(name, ".tf.json")
}

func isValues(name string) bool {
	return strings.HasSuffix(name, ".tfvars") || strings.HasSuffix(name, ".tfvars.json")
}

// readFile takes one file apart.
func readFile(name string, b []byte) *file {
	f := &file{objects: map[string]*object{}, values: map[string]string{}}
	ok := false
	switch isJSON := strings.HasSuffix(name, ".json"); {
	case isValues(name) && isJSON:
		ok = jsonValues(f, b)
	case isValues(name):
		ok = nativeValues(f, b)
	case isJSON:
		ok = jsonConfig(f, b)
	default:
		ok = nativeConfig(f, b)
	}
	if !ok {
		return &file{broken: digest(name, string(b))}
	}
	return f
}

func (f *file) add(key string, o *object) {
	if had := f.objects[key]; had != nil {
		o = had.merge(o)
	}
	f.objects[key] = o
}

// newModule puts the files of a folder together, which are given by name.
func newModule(dir string, files map[string]*file) *module {
	m := &module{
		dir: dir, objects: map[string]*object{},
		values: map[string]map[string]string{}, unread: map[string]string{},
	}
	var broken []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f := files[name]
		switch {
		case isValues(name) && f.broken != "":
			m.unread[name] = f.broken
		case isValues(name):
			m.values[name] = f.values
		case f.broken != "":
			broken = append(broken, f.broken)
		default:
			for key, o := range f.objects {
				if had := m.objects[key]; had != nil {
					o = had.merge(o)
				}
				m.objects[key] = o
			}
			m.namings = append(m.namings, f.namings...)
		}
	}
	if len(broken) > 0 {
		m.broken = digest(broken...)
	}
	seen := map[ref]bool{}
	for key, o := range m.objects {
		if name, ok := strings.CutPrefix(key, "output "); ok {
			m.outputs = append(m.outputs, name)
		}
		for _, r := range o.all.refs {
			if (r.kind == toFile || r.kind == toRootFile) && !seen[r] {
				seen[r] = true
				m.files = append(m.files, r)
			}
		}
	}
	slices.Sort(m.outputs)
	slices.SortFunc(m.files, func(a, b ref) int { return strings.Compare(a.name, b.name) })
	m.id = m.sign()
	return m
}

// sign returns a digest over all that the module says.
func (m *module) sign() string {
	parts := []string{m.broken}
	for _, key := range slices.Sorted(maps.Keys(m.objects)) {
		o := m.objects[key]
		parts = append(parts, key, o.all.sum, o.meta.sum, o.source)
	}
	for _, n := range m.namings {
		parts = append(parts, n.sum)
	}
	for _, name := range slices.Sorted(maps.Keys(m.values)) {
		parts = append(parts, name)
		for _, k := range slices.Sorted(maps.Keys(m.values[name])) {
			parts = append(parts, k, m.values[name][k])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.unread)) {
		parts = append(parts, name, m.unread[name])
	}
	return digest(parts...)
}

// call returns a module call and the folder it leads to; local is false for a
// source that is not in the repository.
func (m *module) call(name string) (o *object, dir string, local bool) {
	o = m.objects[callKey(name)]
	if o == nil || !strings.HasPrefix(o.source, "./") && !strings.HasPrefix(o.source, "../") {
		return o, "", false
	}
	dir = path.Join(m.dir, o.source)
	if dir == ".." || strings.HasPrefix(dir, "../") {
		return o, "", false
	}
	return o, dir, true
}
