package cure

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// A part is a name with the instance key behind it, if there is one.
type part struct {
	name string
	key  cty.Value // cty.NilVal when there is none
}

func (p part) equals(o part) bool { return p.name == o.name && sameKey(p.key, o.key) }

func sameKey(a, b cty.Value) bool {
	if a == cty.NilVal || b == cty.NilVal {
		return a == cty.NilVal && b == cty.NilVal
	}
	return a.RawEquals(b)
}

// An address is that of one instance of a managed resource.
type address struct {
	modules []part
	typ     string
	part    // name and key of the resource
}

// parse reads an address as Terraform writes it, which is a traversal in its language.
func parse(s string) (address, error) {
	t, diags := hclsyntax.ParseTraversalAbs([]byte(s), "", hcl.InitialPos)
	if diags.HasErrors() {
		return address{}, fmt.Errorf("%q is no address: %w", s, diags)
	}
	var parts []part
	for _, step := range t {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			parts = append(parts, part{name: step.Name})
		case hcl.TraverseAttr:
			parts = append(parts, part{name: step.Name})
		case hcl.TraverseIndex:
			parts[len(parts)-1].key = step.Key
		default:
			return address{}, fmt.Errorf("%q is no address", s)
		}
	}
	var a address
	for len(parts) > 2 && parts[0].name == "module" {
		a.modules = append(a.modules, parts[1])
		parts = parts[2:]
	}
	if len(parts) != 2 || parts[0].name == "module" {
		return address{}, fmt.Errorf("%q is not the address of a managed resource", s)
	}
	a.typ, a.part = parts[0].name, parts[1]
	return a, nil
}

// path returns the names of the modules around the resource.
func (a address) path() []string {
	var out []string
	for _, m := range a.modules {
		out = append(out, m.name)
	}
	return out
}

// block names the block of the resource in its module.
func (a address) block() string { return a.typ + "." + a.name }

// declared names the block in the whole configuration: no instance keys.
func (a address) declared() string { return text(a.plain().relative(0)) }

// plain returns the address without instance keys.
func (a address) plain() address {
	out := a.whole()
	out.modules = nil
	for _, m := range a.modules {
		out.modules = append(out.modules, part{name: m.name})
	}
	return out
}

// whole returns the address of all instances of the block.
func (a address) whole() address {
	a.key = cty.NilVal
	return a
}

// common returns how many modules around both are the same, from the root.
func (a address) common(b address) int {
	n := 0
	for n < len(a.modules) && n < len(b.modules) && a.modules[n].equals(b.modules[n]) {
		n++
	}
	return n
}

// relative writes the address as the module at this depth knows it.
func (a address) relative(depth int) hcl.Traversal {
	var t hcl.Traversal
	add := func(p part) {
		if t == nil {
			t = append(t, hcl.TraverseRoot{Name: p.name})
		} else {
			t = append(t, hcl.TraverseAttr{Name: p.name})
		}
		if p.key != cty.NilVal {
			t = append(t, hcl.TraverseIndex{Key: p.key})
		}
	}
	for _, m := range a.modules[depth:] {
		add(part{name: "module"})
		add(m)
	}
	add(part{name: a.typ})
	add(a.part)
	return t
}

// text writes a traversal as it stands in a file.
func text(t hcl.Traversal) string {
	return strings.TrimSpace(string(hclwrite.TokensForTraversal(t).Bytes()))
}
