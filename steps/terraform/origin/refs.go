package origin

import (
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// readers are the functions whose first argument is the path of a file.
var readers = []string{
	"file", "filebase64", "filemd5", "filesha1", "filesha256", "filesha512", "filebase64sha256", "filebase64sha512",
	"templatefile", "fileset",
}

// refs returns what an expression reads.
func refs(e hclsyntax.Expression) []ref {
	var out []ref
	for _, t := range e.Variables() {
		if r, ok := reference(steps(t)); ok {
			out = append(out, r)
		}
	}
	_ = hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics {
		switch n := n.(type) {
		case *hclsyntax.TemplateExpr:
			if r, ok := beside(n); ok {
				out = append(out, r)
			}
		case *hclsyntax.FunctionCallExpr:
			if len(n.Args) > 0 && slices.Contains(readers, n.Name) {
				if p := literal(n.Args[0]); p != "" && !path.IsAbs(p) {
					out = append(out, ref{kind: toRootFile, name: path.Clean(p)})
				}
			}
		}
		return nil
	})
	return unique(out)
}

// beside reads a path that starts at a module, such as "${path.module}/x".
func beside(t *hclsyntax.TemplateExpr) (ref, bool) {
	if len(t.Parts) != 2 {
		return ref{}, false
	}
	start, ok := t.Parts[0].(*hclsyntax.ScopeTraversalExpr)
	if !ok {
		return ref{}, false
	}
	r := ref{name: path.Clean(strings.TrimLeft(literal(t.Parts[1]), "/"))}
	if r.name == "." || r.name == ".." {
		return ref{}, false
	}
	switch strings.Join(steps(start.Traversal), ".") {
	case "path.module":
		r.kind = toFile
	case "path.root":
		r.kind = toRootFile
	default:
		return ref{}, false
	}
	return r, true
}

// steps returns the names of a traversal, without keys.
func steps(t hcl.Traversal) []string {
	var out []string
	for _, s := range t {
		switch s := s.(type) {
		case hcl.TraverseRoot:
			out = append(out, s.Name)
		case hcl.TraverseAttr:
			out = append(out, s.Name)
		}
	}
	return out
}

// reference tells what a traversal leads to.
func reference(names []string) (ref, bool) {
	if len(names) == 0 {
		return ref{}, false
	}
	if names[0] == "each" || names[0] == "count" {
		return ref{kind: toEach}, true
	}
	if len(names) < 2 {
		return ref{}, false
	}
	switch names[0] {
	case "var":
		return ref{kind: toVariable, name: names[1]}, true
	case "local":
		return ref{kind: toLocal, name: names[1]}, true
	case "module":
		r := ref{kind: toOutput, name: names[1]}
		if len(names) > 2 {
			r.sub = names[2]
		}
		return r, true
	case "data":
		if len(names) < 3 {
			return ref{}, false
		}
		return ref{kind: toObject, name: strings.Join(names[:3], ".")}, true
	case "path", "self", "terraform":
		return ref{}, false
	}
	return ref{kind: toObject, name: names[0] + "." + names[1]}, true
}
