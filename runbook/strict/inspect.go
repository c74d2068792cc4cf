package strict

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Short tags of the YAML library.
const (
	nullTag  = "!!null"
	mergeTag = "!!merge"
	strTag   = "!!str"
	intTag   = "!!int"
	boolTag  = "!!bool"
)

// A trail is the way from the root to a node. It becomes a path only for a
// problem: the paths of all nodes could take many times the memory of the nodes.
type trail struct {
	up    *trail
	key   string // of a mapping, or "" and index counts
	index int
}

func (t *trail) path() string {
	var way []*trail
	for ; t != nil; t = t.up {
		way = append(way, t)
	}
	var b strings.Builder
	for _, t := range slices.Backward(way) {
		switch {
		case t.key == "":
			fmt.Fprintf(&b, "[%d]", t.index)
		case b.Len() > 0:
			b.WriteString("." + t.key)
		default:
			b.WriteString(t.key)
		}
	}
	return b.String()
}

// blame reports a problem of a node.
func (d *Document) blame(n *yaml.Node, at *trail, text, suggestion string) {
	if d.full() {
		d.more++
		return
	}
	d.report(place(n), at.path(), text, suggestion)
}

func place(n *yaml.Node) Place { return Place{n.Line, n.Column} }

// inspect reports what is wrong with the shape of a node and of all nodes in it:
// what YAML allows and a strict document does not.
func (d *Document) inspect(n *yaml.Node, at *trail, depth int) {
	if depth > MaxDepth && n.Kind != yaml.ScalarNode {
		if !d.unusable {
			d.refuse(place(n), fmt.Sprintf("more than %d levels of mappings and lists in one another", MaxDepth), "make it flatter")
		}
		return
	}
	if n.Anchor != "" {
		d.blame(n, at, fmt.Sprintf("the anchor &%s is not allowed", n.Anchor), "write the value out where it is needed")
	}
	switch {
	case n.Kind == yaml.AliasNode:
		d.blame(n, at, fmt.Sprintf("the alias *%s is not allowed", n.Value), "write the value out")
		return
	case n.Style&yaml.TaggedStyle != 0:
		d.blame(n, at, fmt.Sprintf("the tag %s is not allowed", n.Tag), "remove it")
	case n.Kind == yaml.ScalarNode && len(n.Value) > MaxText:
		d.blame(n, at, fmt.Sprintf("the value is longer than %d bytes", MaxText), "shorten it")
	}
	switch n.Kind {
	case yaml.SequenceNode:
		for i, c := range n.Content {
			d.inspect(c, &trail{up: at, index: i}, depth+1)
		}
	case yaml.MappingNode:
		d.inspectKeys(n, at, depth)
	}
}

func (d *Document) inspectKeys(n *yaml.Node, at *trail, depth int) {
	lines := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.Kind == yaml.AliasNode || k.Anchor != "" || k.Style&yaml.TaggedStyle != 0:
			d.blame(k, at, "a key with an anchor, an alias or a tag is not allowed", "write the key out")
			continue
		case k.Kind != yaml.ScalarNode:
			d.blame(k, at, "a key must be text, not "+describe(k), "")
			continue
		case k.ShortTag() == mergeTag:
			d.blame(k, at, "the merge key << is not allowed", "write the keys out")
			continue
		case k.ShortTag() != strTag:
			d.blame(k, at, fmt.Sprintf("the key %q is read as %s and not as text", k.Value, describe(k)), "put it in quotes")
			continue
		case len(k.Value) > MaxKey:
			d.refuse(place(k), fmt.Sprintf("a key is longer than %d bytes", MaxKey), "shorten it")
			return
		}
		if line, ok := lines[k.Value]; ok {
			d.blame(k, &trail{up: at, key: k.Value}, fmt.Sprintf("the key %q is there twice", k.Value),
				fmt.Sprintf("the first one is on line %d; keep one", line))
		} else {
			lines[k.Value] = k.Line
		}
		d.inspect(v, &trail{up: at, key: k.Value}, depth+1)
	}
}

// describe says in words what a node is.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch n.ShortTag() {
	case nullTag:
		return "empty"
	case boolTag:
		return "true or false"
	case intTag, "!!float":
		return "a number"
	case "!!timestamp":
		return "a date"
	}
	return "text"
}
