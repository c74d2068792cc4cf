// Package lines compares two files line by line, for a reader.
//
// The comparison is the anchored diff of the Go project: it looks for the lines
// that appear once on either side and are in the same order, and so takes
// n log n steps whatever the files hold. Differs that look for the shortest
// answer, go-git's own among them, take minutes for a rewritten lock file.
package lines

import (
	"bytes"
	"fmt"

	"github.com/rogpeppe/go-internal/diff"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// MaxLines is the number of lines of both files together beyond which they are
// not aligned any more, only shown as removed and added.
const MaxLines = 1 << 20

// note is how the differ says that a file does not end in a line feed.
const note = "\\ No newline at end of file"

// Diff returns the hunks that lead from one file to the other, with three lines
// of context. Files that are equal have none.
func Diff(from, to []byte) (engine.FileDiff, error) { return within(from, to, MaxLines) }

func within(from, to []byte, budget int) (engine.FileDiff, error) {
	if bytes.Equal(from, to) {
		return engine.FileDiff{}, nil
	}
	if count(from)+count(to) > budget {
		return coarse(from, to), nil
	}
	return parse(diff.Diff("a", from, "b", to))
}

// count returns the number of lines, one that is not ended included.
func count(b []byte) int {
	n := bytes.Count(b, []byte("\n"))
	if len(b) > 0 && b[len(b)-1] != '\n' {
		n++
	}
	return n
}

// coarse shows the one file as removed and the other as added.
func coarse(from, to []byte) engine.FileDiff {
	h := engine.Hunk{OldLines: count(from), NewLines: count(to)}
	h.Lines = whole(whole(make([]engine.DiffLine, 0, h.OldLines+h.NewLines+2), '-', from), '+', to)
	h.OldStart, h.NewStart = min(1, h.OldLines), min(1, h.NewLines)
	return engine.FileDiff{Hunks: []engine.Hunk{h}, Removed: h.OldLines, Added: h.NewLines, Coarse: true}
}

func whole(out []engine.DiffLine, op byte, b []byte) []engine.DiffLine {
	if len(b) == 0 {
		return out
	}
	for line := range bytes.Lines(b) {
		out = append(out, engine.DiffLine{Op: op, Text: safe.Show(string(bytes.TrimSuffix(line, []byte("\n"))))})
	}
	if b[len(b)-1] != '\n' {
		out = append(out, engine.DiffLine{Op: '\\', Text: safe.Lit("no line feed at the end of the file")})
	}
	return out
}

// parse reads what the differ wrote: three lines of header, then hunks.
func parse(b []byte) (engine.FileDiff, error) {
	var d engine.FileDiff
	for range 3 {
		_, b, _ = bytes.Cut(b, []byte("\n"))
	}
	var h *engine.Hunk
	left := 0 // lines the hunk still has on both sides together
	for line := range bytes.Lines(b) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		switch {
		case left == 0 && bytes.HasPrefix(line, []byte("@@ ")):
			d.Hunks = append(d.Hunks, engine.Hunk{})
			h = &d.Hunks[len(d.Hunks)-1]
			if _, err := fmt.Sscanf(string(line), "@@ -%d,%d +%d,%d @@", &h.OldStart, &h.OldLines, &h.NewStart, &h.NewLines); err != nil {
				return d, fmt.Errorf("read the header of a hunk %q: %w", line, err)
			}
			left = h.OldLines + h.NewLines
			h.Lines = make([]engine.DiffLine, 0, left)
		case h != nil && string(line) == note:
			h.Lines = append(h.Lines, engine.DiffLine{Op: '\\', Text: safe.Lit("no line feed at the end of the file")})
		case h != nil && len(line) > 0 && bytes.IndexByte([]byte(" +-"), line[0]) >= 0:
			h.Lines = append(h.Lines, engine.DiffLine{Op: line[0], Text: safe.Show(string(line[1:]))})
			switch line[0] {
			case '+':
				d.Added, left = d.Added+1, left-1
			case '-':
				d.Removed, left = d.Removed+1, left-1
			default:
				left -= 2
			}
		default:
			return d, fmt.Errorf("the line %q of a diff does not belong anywhere", line)
		}
	}
	if left != 0 {
		return d, fmt.Errorf("the last hunk of a diff lacks %d lines", left)
	}
	return d, nil
}
