package diffview

import (
	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/safe"
	"lockstep/tui/highlight"
	"lockstep/tui/rows"
)

// blockLines is how many lines are coloured at a time.
const blockLines = 64

// keptBlocks is how many coloured blocks of a file are kept.
const keptBlocks = 512

// A block is a part of a hunk that is coloured at a time.
type block struct{ hunk, part int }

// colouredMsg brings the colours of some blocks of a file.
type colouredMsg struct {
	view   *View
	file   int
	blocks map[block][][]rows.Span
}

// spans returns the colours of a line, if they are there.
func (f *file) spans(line int32) []rows.Span {
	h := f.hunkOf(line)
	at := int(line - f.first[h])
	if lines := f.colours[block{h, at / blockLines}]; lines != nil {
		return lines[at%blockLines]
	}
	return nil
}

// colour returns a command that colours what is on the screen and one page
// around it, or nil when that is done or under way.
func (v *View) colour() tea.Cmd {
	f := v.file()
	if f.state != loaded || len(f.rows) == 0 || f.stack.Height() == 0 {
		return nil
	}
	page := f.stack.Height()
	from, _ := f.stack.At(max(f.stack.Top()-page, 0))
	to, _ := f.stack.At(f.stack.Bottom() + page)
	if len(f.asked) > keptBlocks {
		f.colours, f.asked = map[block][][]rows.Span{}, map[block]bool{}
	}
	var wanted []block
	for i := from; i < min(to+1, len(f.rows)); i++ {
		r := f.rows[i]
		for _, line := range []int32{r.left, r.right} {
			if r.left == head || line < 0 {
				continue
			}
			h := f.hunkOf(line)
			b := block{h, int(line-f.first[h]) / blockLines}
			if !f.asked[b] {
				f.asked[b] = true
				wanted = append(wanted, b)
			}
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	// The lines are not changed any more once they were fetched.
	st, name, diff, index := v.st, v.review.Files[v.cur].Path, f.diff, v.cur
	return func() tea.Msg {
		msg := colouredMsg{view: v, file: index, blocks: map[block][][]rows.Span{}}
		lexer := highlight.For(st, name)
		if lexer == nil {
			return msg
		}
		for _, b := range wanted {
			lines := diff.Hunks[b.hunk].Lines
			begin := b.part * blockLines
			end := min(begin+blockLines, len(lines))
			var context, text []safe.Text
			for _, l := range lines[max(begin-highlight.Context, 0):begin] {
				if l.Op == ' ' || l.Op == '+' {
					context = append(context, l.Text)
				}
			}
			for _, l := range lines[begin:end] {
				if l.Op == ' ' || l.Op == '+' {
					text = append(text, l.Text)
				}
			}
			msg.blocks[b] = spread(lexer.Lines(context, text), func(i int) (op byte) { return lines[begin+i].Op }, end-begin)
		}
		return msg
	}
}

// spread gives the colours back to the lines they were made for. Removed lines
// are one colour: they are not part of the text any more.
func spread(spans [][]rows.Span, op func(i int) byte, n int) [][]rows.Span {
	out := make([][]rows.Span, n)
	at := 0
	for i := range n {
		if o := op(i); o == ' ' || o == '+' {
			out[i] = spans[at]
			at++
		}
	}
	return out
}

// coloured takes the colours of some blocks.
func (v *View) coloured(msg colouredMsg) {
	f := v.files[msg.file]
	for b, spans := range msg.blocks {
		f.colours[b] = spans
	}
	if len(msg.blocks) == 0 {
		return
	}
	f.cache.Clear()
	if msg.file == v.cur {
		v.changed()
	}
}
