// Package highlight colours source text by the kind of its words: keywords,
// strings, comments, numbers and names. The lexers are chroma's; the colours
// are ours, so that a text looks the same wherever it stands on the screen.
//
// Only lines that are about to be seen are worth the price of about 60 µs each.
// [Lexer.Lines] takes a few lines before them as context, enough for a comment
// or a here-document that began there; what began earlier is coloured wrongly
// rather than slowly. Callers run it off the screen's loop.
package highlight

import (
	"path"
	"strings"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"

	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
)

// Context is how many lines before those to be coloured are worth giving.
const Context = 40

// Longest is the number of bytes above which a line is not coloured: nobody
// reads it, and a lexer may take very long for it.
const Longest = 1000

// A Lexer colours the lines of one kind of file. It may be used by several
// goroutines at once.
type Lexer struct {
	lexer chroma.Lexer
	style func(chroma.TokenType) (look.Style, bool)
	name  look.Style
}

// For returns the lexer for a file, or nil when its kind is not known.
func For(st look.Styles, file safe.Text) *Lexer {
	lx := pick(path.Base(file.String()))
	if lx == nil {
		return nil
	}
	return &Lexer{lexer: lx, style: styler(st), name: st.Name}
}

// pick finds chroma's lexer by a file's name. It corrects those that the kinds
// of file in an infrastructure repository get wrong.
func pick(name string) chroma.Lexer {
	switch ext := path.Ext(name); {
	case ext == ".tfvars", ext == ".tftest", strings.HasSuffix(name, ".tfbackend"):
		return lexers.Get("terraform")
	case name == "go.mod", name == "go.sum", name == "go.work":
		return nil // taken for AMPL
	case name == ".terraformrc", name == "terraform.rc":
		return lexers.Get("hcl")
	case ext == ".tfstate":
		return lexers.Get("json")
	}
	return lexers.Match(name)
}

// Lines returns the spans of each line. context are the lines just before the
// first one.
func (x *Lexer) Lines(context, lines []safe.Text) [][]rows.Span {
	out := make([][]rows.Span, len(lines))
	if len(context) > Context {
		context = context[len(context)-Context:]
	}
	var b strings.Builder
	add := func(t safe.Text) {
		if len(t.String()) <= Longest {
			b.WriteString(t.String())
		}
		b.WriteByte('\n')
	}
	for _, t := range context {
		add(t)
	}
	for _, t := range lines {
		add(t)
	}
	tokens, err := x.lexer.Tokenise(nil, b.String())
	if err != nil {
		return out // plain text is a good second
	}
	line, at, first := -len(context), 0, true // first: only blanks so far on this line
	for token := tokens(); token != chroma.EOF; token = tokens() {
		style, coloured := x.style(token.Type)
		if token.Type == chroma.NameOther && first {
			style, coloured = x.name, true // an attribute or a block, by its place
		}
		for value := token.Value; value != ""; {
			part, rest, broken := strings.Cut(value, "\n")
			if coloured && part != "" && line >= 0 && line < len(lines) {
				out[line] = append(out[line], rows.Span{From: at, To: at + len(part), Style: style})
			}
			at += len(part)
			first = first && strings.TrimSpace(part) == ""
			if broken {
				line, at, first = line+1, 0, true
			}
			value = rest
		}
	}
	return out
}

// styler maps chroma's kinds of token to ours.
func styler(st look.Styles) func(chroma.TokenType) (look.Style, bool) {
	return func(t chroma.TokenType) (look.Style, bool) {
		switch {
		case t.InCategory(chroma.Comment):
			return st.Comment, true
		case t.InCategory(chroma.Keyword):
			return st.Keyword, true
		case t == chroma.LiteralStringInterpol, t == chroma.LiteralStringEscape:
			return st.Number, true
		case t.InSubCategory(chroma.LiteralString):
			return st.String, true
		case t.InSubCategory(chroma.LiteralNumber):
			return st.Number, true
		case t == chroma.NameTag, t == chroma.NameAttribute, t == chroma.NameFunction, t == chroma.NameClass,
			t == chroma.NameBuiltin, t == chroma.NameEntity:
			return st.Name, true
		case t == chroma.GenericHeading, t == chroma.GenericSubheading:
			return st.Bold, true
		}
		return look.Style{}, false
	}
}
