package export

import (
	"errors"

	"lockstep/runbook/safe"
)

var errNotKept = errors.New("what was shown was not kept")

// A block is one part of a document, whatever it is written as. The set is
// closed.
type block interface{ block() }

type (
	// A heading starts a part; level 1 is the title.
	heading struct {
		level int
		text  safe.Text
	}
	// A paragraph is running text.
	paragraph struct{ text inline }
	// A notice must not be missed.
	notice struct{ text inline }
	// A table is names with their values.
	table struct{ rows []row }
	// A list is items, each on its own.
	list struct{ items []inline }
	// A quote is text of others, line by line.
	quote struct{ lines []safe.Text }
)

type row struct {
	name  safe.Text
	value inline
}

func (heading) block()   {}
func (paragraph) block() {}
func (notice) block()    {}
func (table) block()     {}
func (list) block()      {}
func (quote) block()     {}

// inline is a line of text in pieces.
type inline []span

// A span is a piece of text in one manner.
type span struct {
	manner manner
	text   safe.Text
}

type manner int

const (
	plain  manner = iota
	strong        // stands out
	code          // a name, a digest, an address: to be read letter by letter
)

// say is plain words of our own.
func say(format string, args ...any) inline {
	return inline{{plain, safe.Show(sprintf(format, args...))}}
}

func (l inline) say(format string, args ...any) inline { return append(l, say(format, args...)...) }
func (l inline) text(t safe.Text) inline               { return append(l, span{plain, t}) }
func (l inline) strong(t safe.Text) inline             { return append(l, span{strong, t}) }
func (l inline) code(s string) inline {
	if s == "" {
		return l
	}
	return append(l, span{code, safe.Show(s)})
}

// A document is built block by block.
type document struct{ blocks []block }

func (d *document) add(b block) { d.blocks = append(d.blocks, b) }

func (d *document) heading(level int, format string, args ...any) {
	d.add(heading{level, safe.Show(sprintf(format, args...))})
}

func (d *document) list(items []inline) {
	if len(items) > 0 {
		d.add(list{items})
	}
}

func (d *document) quote(lines []safe.Text) {
	if len(lines) > 0 {
		d.add(quote{lines})
	}
}
