package strict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"lockstep/runbook/safe"
)

// A Problem is one thing that is wrong with a document, and where.
type Problem struct {
	File       string
	Line       int    // from 1
	Column     int    // from 1, in characters
	Path       string // such as steps[3].verify, indexes from 0; "" for the document
	Text       string // one sentence without a full stop; inert, see package safe
	Suggestion string // what to do about it, or ""
}

// String returns "file:line:column: text (suggestion)".
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(safe.Show(p.File).String() + ":")
	}
	fmt.Fprintf(&b, "%d:%d: %s", p.Line, p.Column, p.Text)
	if p.Suggestion != "" {
		b.WriteString(" (" + p.Suggestion + ")")
	}
	return b.String()
}

// Problems is everything that is wrong with a document, in the order of its
// lines. It is an error and never empty as one.
type Problems []Problem

// Error returns one line for each problem.
func (p *Problems) Error() string {
	lines := make([]string, len(*p))
	for i, one := range *p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// Sort puts problems in the order of the document.
func Sort(ps []Problem) {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
