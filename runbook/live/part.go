package live

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"lockstep/runbook/safe"
)

// A part is one item of a key.
type part struct {
	name     string
	sets     [][]path // the first set with a value counts; of a set, the values of all paths together
	optional bool
	form     form
}

// A form is how a value is written, so that two spellings of one name are equal.
type form int

const (
	asIs  form = iota
	host       // DNS name: case and the dot at the end do not count
	upper      // type of a DNS record
)

// readPart reads an item of a key, see the comment of the package.
func readPart(s string) (part, error) {
	p := part{}
	s, p.optional = strings.CutSuffix(s, "?")
	for _, alternative := range strings.Split(s, "|") {
		var set []path
		for _, one := range strings.Split(alternative, "+") {
			at, err := readPath(one)
			if err != nil {
				return p, err
			}
			if p.name == "" {
				p.name = one
			}
			set = append(set, at)
		}
		p.sets = append(p.sets, set)
	}
	return p, nil
}

// An object is what Terraform says about one object.
type object struct{ values, unknown, sensitive any }

// A value is what an object has for a part.
type value struct {
	words     []string // sorted, each once
	unknown   bool
	sensitive bool
}

func (v value) known() bool { return !v.unknown && !v.sensitive }

func (v value) String() string { return strings.Join(v.words, ", ") }

// of returns the value of an object. It never holds what a mask marks.
func (p part) of(o object) value {
	for _, set := range p.sets {
		if v := p.form.value(set, o); len(v.words) > 0 || !v.known() {
			return v
		}
	}
	return value{}
}

// shown is of, except that an alternative counts before one that is not known.
func (p part) shown(o object) value {
	for _, set := range p.sets {
		if v := p.form.value(set, o); len(v.words) > 0 {
			return v
		}
	}
	return p.of(o)
}

// value puts the values of a set of paths together.
func (f form) value(set []path, o object) value {
	var v value
	for _, at := range set {
		switch {
		case at.marked(o.sensitive):
			v.sensitive = true
		case at.marked(o.unknown):
			v.unknown = true
		default:
			v.words = f.words(v.words, at.in(o.values))
		}
	}
	if !v.known() {
		v.words = nil
	}
	slices.Sort(v.words)
	v.words = slices.Compact(v.words)
	return v
}

// words adds the words of a value; an empty text is no word.
func (f form) words(to []string, v any) []string {
	switch v := v.(type) {
	case nil:
	case string:
		if v = f.write(v); v != "" {
			to = append(to, v)
		}
	case []any:
		for _, e := range v {
			to = f.words(to, e)
		}
	case map[string]any:
		if len(v) > 0 {
			// encoding/json sorts the keys; what was decoded can be encoded again.
			if b, err := json.Marshal(v); err == nil {
				to = append(to, string(b))
			}
		}
	default:
		to = append(to, fmt.Sprint(v))
	}
	return to
}

func (f form) write(s string) string {
	switch f {
	case host:
		// Route 53 writes the star of a wildcard as an octal number.
		return strings.ToLower(strings.TrimSuffix(strings.ReplaceAll(s, `\052`, "*"), "."))
	case upper:
		return strings.ToUpper(s)
	}
	return s
}

// longest is the number of bytes of a value that are kept as they are.
const longest = 400

// text makes a value inert. What cannot be kept as it is gets a digest, so that
// two values never look the same.
func text(s string) safe.Text {
	t := safe.Show(s)
	if len(s) <= longest && t.String() == s && !strings.Contains(s, "… #") {
		return t
	}
	sum := sha256.Sum256([]byte(s))
	head := s[:min(len(s), longest)]
	return safe.Sprintf("%s… #%s", safe.Show(strings.ToValidUTF8(head, "")), safe.Show(hex.EncodeToString(sum[:8])))
}

// short returns the telling part of an identifier of a provider: the name in an
// ARN, a path or a URL.
func short(s string) string {
	arn := strings.HasPrefix(s, "arn:")
	if !arn && !strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "projects/") {
		return s
	}
	bits := strings.Split(strings.TrimSuffix(s, "/"), "/")
	last := bits[len(bits)-1]
	switch {
	case arn && len(bits) >= 3:
		return cmp.Or(bits[len(bits)-2], s) // …:loadbalancer/app/NAME/ID
	case arn && len(bits) == 1:
		return cmp.Or(s[strings.LastIndexByte(s, ':')+1:], s)
	}
	return cmp.Or(last, s)
}
