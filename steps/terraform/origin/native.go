package origin

import (
	"slices"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// A source is a file in Terraform's native syntax.
type source struct {
	tokens hclsyntax.Tokens // without comments and line ends
	body   *hclsyntax.Body
}

// parse reads a file; it must be right from end to end.
func parse(b []byte) (*source, bool) {
	start := hcl.Pos{Line: 1, Column: 1}
	tokens, _ := hclsyntax.LexConfig(b, "", start)
	if tooDeep(tokens) {
		return nil, false
	}
	f, diags := hclsyntax.ParseConfig(b, "", start)
	if diags.HasErrors() || f == nil {
		return nil, false
	}
	body, ok := f.Body.(*hclsyntax.Body)
	if !ok {
		return nil, false
	}
	tokens = slices.DeleteFunc(tokens, func(t hclsyntax.Token) bool {
		return t.Type == hclsyntax.TokenComment || t.Type == hclsyntax.TokenNewline
	})
	return &source{tokens, body}, true
}

// tooDeep reports whether the recursive parser would need a deep stack. No
// configuration that a person or a generator writes comes near the limits.
func tooDeep(tokens hclsyntax.Tokens) bool {
	const most, choices = 500, 5000
	depth, signs, questions := 0, 0, 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenBang, hclsyntax.TokenMinus:
			signs++
		case hclsyntax.TokenNewline, hclsyntax.TokenComment:
		default:
			signs = 0
		}
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOQuote,
			hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote,
			hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			depth = max(depth-1, 0)
		case hclsyntax.TokenQuestion:
			questions++
		}
		if depth > most || signs > most || questions > choices {
			return true
		}
	}
	return false
}

// sum returns a digest of the tokens in a range.
func (s *source) sum(r hcl.Range) string {
	i := sort.Search(len(s.tokens), func(i int) bool { return s.tokens[i].Range.Start.Byte >= r.Start.Byte })
	var parts []string
	for ; i < len(s.tokens) && s.tokens[i].Range.End.Byte <= r.End.Byte; i++ {
		parts = append(parts, string(s.tokens[i].Bytes))
	}
	return digest(parts...)
}

// expr returns the text of an expression.
func (s *source) expr(e hclsyntax.Expression) text {
	return text{s.sum(e.Range()), refs(e)}
}

// attr returns the text of an attribute of a body, if it is there.
func (s *source) attr(b *hclsyntax.Body, name string) text {
	if a := b.Attributes[name]; a != nil {
		return s.expr(a.Expr)
	}
	return text{}
}

// whole returns the text of a body. The order of the attributes does not count,
// that of the blocks does. What skip names is left out of the references.
func (s *source) whole(b *hclsyntax.Body, skip ...string) text {
	var parts []string
	var all []ref
	names := make([]string, 0, len(b.Attributes))
	for n := range b.Attributes {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		t := s.expr(b.Attributes[n].Expr)
		parts = append(parts, n, t.sum)
		if !slices.Contains(skip, n) {
			all = append(all, t.refs...)
		}
	}
	for _, k := range b.Blocks {
		t := s.whole(k.Body)
		parts = append(parts, "{", k.Type, digest(k.Labels...), t.sum, "}")
		all = append(all, t.refs...)
	}
	return text{digest(parts...), unique(all)}
}

func unique(refs []ref) []ref {
	slices.SortFunc(refs, func(a, b ref) int {
		if a.kind != b.kind {
			return int(a.kind) - int(b.kind)
		}
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.sub, b.sub)
	})
	return slices.Compact(refs)
}

func nativeValues(f *file, b []byte) bool {
	s, ok := parse(b)
	if !ok {
		return false
	}
	for name, a := range s.body.Attributes {
		f.values[name] = s.sum(a.Expr.Range())
	}
	return true
}

func nativeConfig(f *file, b []byte) bool {
	s, ok := parse(b)
	if !ok {
		return false
	}
	for _, k := range s.body.Blocks {
		s.block(f, k)
	}
	return true
}

// block adds what one block at the top of a file declares.
func (s *source) block(f *file, k *hclsyntax.Block) {
	labels, b := k.Labels, k.Body
	switch {
	case k.Type == "resource" && len(labels) == 2:
		f.add(resourceKey(labels[0]+"."+labels[1]), s.resource(b))
	case k.Type == "data" && len(labels) == 2:
		f.add(resourceKey("data."+labels[0]+"."+labels[1]), s.resource(b))
	case k.Type == "module" && len(labels) == 1:
		f.add(callKey(labels[0]), s.moduleCall(b))
	case k.Type == "locals":
		for name, a := range b.Attributes {
			f.add(localKey(name), &object{all: s.expr(a.Expr)})
		}
	case k.Type == "variable" && len(labels) == 1:
		t := text{sum: digest("variable")}
		for _, n := range []string{"default", "type", "nullable"} {
			t = t.plus(s.attr(b, n))
			t.sum = digest(t.sum, n)
		}
		f.add(variableKey(labels[0]), &object{all: t})
	case k.Type == "output" && len(labels) == 1:
		f.add(outputKey(labels[0]), &object{all: s.attr(b, "value")})
	case k.Type == "provider" && len(labels) == 1:
		name := labels[0]
		if alias := constant(b, "alias"); alias != "" {
			name += "." + alias
		}
		f.add(providerKey(name), &object{all: s.whole(b)})
	case k.Type == "terraform":
		for _, inner := range b.Blocks {
			if inner.Type == "required_providers" {
				for name, a := range inner.Body.Attributes {
					f.add(neededKey(name), &object{all: s.expr(a.Expr)})
				}
			}
		}
	case k.Type == "moved" || k.Type == "removed" || k.Type == "import":
		f.namings = append(f.namings, naming{
			kind: k.Type, from: pointed(b, "from"), to: pointed(b, "to"),
			sum: digest(k.Type, s.whole(b).sum),
		})
	}
}

func (s *source) resource(b *hclsyntax.Body) *object {
	o := &object{
		all:   s.whole(b, "depends_on", "provider"),
		meta:  s.attr(b, "count").plus(s.attr(b, "for_each")),
		parts: s.parts(b),
		waits: s.attr(b, "depends_on").refs,
	}
	if a := b.Attributes["provider"]; a != nil {
		o.provider = providerName(a.Expr)
	}
	return o
}

func (s *source) moduleCall(b *hclsyntax.Body) *object {
	o := &object{
		all:    s.whole(b, "depends_on", "providers"),
		meta:   s.attr(b, "count").plus(s.attr(b, "for_each")),
		parts:  s.parts(b),
		waits:  s.attr(b, "depends_on").refs,
		source: constant(b, "source"),
	}
	if a := b.Attributes["providers"]; a != nil {
		o.passed = map[string]string{}
		if c, ok := a.Expr.(*hclsyntax.ObjectConsExpr); ok {
			for _, item := range c.Items {
				o.passed[providerName(item.KeyExpr)] = providerName(item.ValueExpr)
			}
		}
	}
	return o
}

// parts returns the text of each argument, and of the nested blocks of a type together.
func (s *source) parts(b *hclsyntax.Body) map[string]text {
	out := map[string]text{}
	for n, a := range b.Attributes {
		out[n] = s.expr(a.Expr)
	}
	for _, k := range b.Blocks {
		name := k.Type
		if name == "dynamic" && len(k.Labels) == 1 {
			name = k.Labels[0]
		}
		t := s.whole(k.Body)
		if had, ok := out[name]; ok {
			t = had.plus(t)
		}
		out[name] = t
	}
	return out
}

// constant returns an attribute that is a plain string.
func constant(b *hclsyntax.Body, name string) string {
	a := b.Attributes[name]
	if a == nil {
		return ""
	}
	return literal(a.Expr)
}

// literal returns the value of an expression that is a plain string.
func literal(e hclsyntax.Expression) string {
	if t, ok := e.(*hclsyntax.TemplateExpr); ok {
		switch len(t.Parts) {
		case 0:
			return ""
		case 1:
			return literal(t.Parts[0])
		}
		return ""
	}
	if l, ok := e.(*hclsyntax.LiteralValueExpr); ok && l.Val.Type() == cty.String && l.Val.IsKnown() && !l.Val.IsNull() {
		return l.Val.AsString()
	}
	return ""
}

// providerName returns what an expression such as aws or aws.west names.
func providerName(e hclsyntax.Expression) string {
	t, diags := hcl.AbsTraversalForExpr(e)
	if diags.HasErrors() {
		return literal(e) // the quoted way of old configurations
	}
	return strings.Join(steps(t), ".")
}

// pointed returns the address that an attribute of a moved, removed or import
// block names.
func pointed(b *hclsyntax.Body, name string) []string {
	a := b.Attributes[name]
	if a == nil {
		return nil
	}
	for _, t := range a.Expr.Variables() {
		return steps(t)
	}
	return nil
}
