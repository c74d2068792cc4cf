package export

import (
	"io"
	"strings"

	"github.com/mattn/go-runewidth"

	"lockstep/runbook/safe"
)

// minWidth is the narrowest text that Show writes.
const minWidth = 20

// Show writes the report of a run as plain text of the given width in cells,
// without colours. The journal is given by its folder or its file, the run as for
// [Find]. A digest or a name that is longer than a line is broken.
func Show(w io.Writer, path, run string, width int) error {
	s, err := open(path, run)
	if err != nil {
		return err
	}
	p := &page{width: max(width, minWidth)}
	for _, bl := range newReport(s).tell().blocks {
		p.write(bl)
	}
	_, err = io.WriteString(w, p.b.String())
	return err
}

// A page is plain text that is being written.
type page struct {
	b      strings.Builder
	width  int
	listed bool // the last block was a list, a table or a quote
}

func (p *page) write(bl block) {
	listed := false
	switch bl := bl.(type) {
	case heading:
		p.heading(bl)
	case paragraph:
		p.gap(p.listed)
		p.wrap("", "", bl.text.plain())
	case notice:
		p.gap(true)
		p.wrap("!! ", "!! ", bl.text.plain())
	case table:
		p.gap(true)
		p.table(bl)
		listed = true
	case list:
		for _, i := range bl.items {
			p.wrap("  - ", "    ", i.plain())
		}
		listed = true
	case quote:
		for _, l := range bl.lines {
			p.wrap("  | ", "  | ", l.String())
		}
		listed = true
	}
	p.listed = listed
}

// gap leaves an empty line, but not at the top.
func (p *page) gap(yes bool) {
	if yes && p.b.Len() > 0 {
		p.b.WriteByte('\n')
	}
}

func (p *page) heading(h heading) {
	p.gap(true)
	if h.level == 3 {
		p.wrap("", "", h.text.String())
		return
	}
	p.wrap("", "", strings.ToUpper(h.text.String()))
	if h.level == 2 {
		return
	}
	p.b.WriteString(strings.Repeat("=", min(p.width, runewidth.StringWidth(h.text.String()))) + "\n")
}

func (p *page) table(t table) {
	column := 0
	for _, r := range t.rows {
		column = max(column, runewidth.StringWidth(r.name.String()))
	}
	// A column that leaves no room for the values takes a line of its own.
	if column > p.width/2 {
		for _, r := range t.rows {
			p.wrap("", "", r.name.String())
			p.wrap("  ", "  ", r.value.plain())
		}
		return
	}
	for _, r := range t.rows {
		name := r.name.String() + strings.Repeat(" ", column-runewidth.StringWidth(r.name.String())+2)
		p.wrap(name, strings.Repeat(" ", column+2), r.value.plain())
	}
}

// wrap writes text between words, and inside them where a word is longer than
// a line.
func (p *page) wrap(first, rest, text string) {
	room := max(p.width-runewidth.StringWidth(first), 1)
	lead := first
	line := ""
	flush := func() {
		p.b.WriteString(strings.TrimRight(lead+line, " ") + "\n")
		lead, line = rest, ""
	}
	for i, word := range strings.Split(text, " ") {
		if i > 0 {
			if runewidth.StringWidth(line)+1+runewidth.StringWidth(word) <= room {
				line += " " + word
				continue
			}
			if line != "" {
				flush()
			}
		}
		for runewidth.StringWidth(word) > room {
			head := runewidth.Truncate(word, room, "")
			if head == "" {
				break // a rune wider than the room
			}
			line, word = head, word[len(head):]
			flush()
		}
		line = word
	}
	flush()
}

// plain joins the pieces of a line.
func (l inline) plain() string {
	texts := make([]safe.Text, len(l))
	for i, s := range l {
		texts[i] = s.text
	}
	return safe.Join(texts, "").String()
}
