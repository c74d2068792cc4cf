package strict

import (
	"fmt"
	"strings"

	"lockstep/runbook/safe"
)

// maxProblems is the number of problems that are kept. Beyond it they are only
// counted: nobody reads on, and garbage must not cost time.
const maxProblems = 500

// A Place is a position in a document, both from 1. The zero value is nowhere.
type Place struct{ Line, Column int }

// A Document is what is known about a document besides its values: where
// everything stands and what is wrong with it.
type Document struct {
	name     string
	spell    func(path string) string
	places   map[string]Place
	troubled map[string]bool // a problem here or further in
	broken   map[string]bool // nothing was decoded here
	unknown  map[string]bool // a mapping with unknown keys
	problems []Problem
	more     int
	unusable bool
}

func newDocument(name string, spell func(string) string) *Document {
	return &Document{name: name, spell: spell, places: map[string]Place{}, troubled: map[string]bool{}, broken: map[string]bool{}, unknown: map[string]bool{}}
}

// Place returns where a path stands: the value of a scalar, the key of anything
// else. For a path that is not in the document it is the place of the nearest
// one around it.
func (d *Document) Place(path string) Place {
	for {
		if p, ok := d.places[path]; ok {
			return p
		}
		if path == "" {
			return Place{1, 1}
		}
		path = parent(path)
	}
}

// Has reports whether the document gives a value for the path.
func (d *Document) Has(path string) bool {
	_, ok := d.places[path]
	return ok
}

// Troubled reports whether the path, or something in it, has a problem already,
// or could not be decoded together with what is around it: its value means little.
func (d *Document) Troubled(path string) bool {
	if d.unusable || d.troubled[path] {
		return true
	}
	return d.Broken(path)
}

// Broken reports whether nothing was decoded at the path, or around it.
func (d *Document) Broken(path string) bool {
	for p := path; p != ""; p = parent(p) {
		if d.broken[p] {
			return true
		}
	}
	return false
}

// Usable reports whether the document could be decoded at all.
func (d *Document) Usable() bool { return !d.unusable }

// Spell returns how a path reads in a sentence.
func (d *Document) Spell(path string) string {
	switch {
	case path == "":
		return "the document"
	case d.spell == nil:
		return path
	}
	return d.spell(path)
}

// Report adds a problem at the place of the path.
func (d *Document) Report(path, text, suggestion string) {
	d.report(d.Place(path), path, text, suggestion)
}

func (d *Document) report(at Place, path, text, suggestion string) {
	if d.full() {
		d.more++
		return
	}
	for p := path; ; p = parent(p) {
		d.troubled[p] = true
		if p == "" {
			break
		}
	}
	d.problems = append(d.problems, Problem{
		File: d.name, Line: max(at.Line, 1), Column: max(at.Column, 1),
		Path: safe.Show(path).String(), Text: safe.Show(text).String(), Suggestion: safe.Show(suggestion).String(),
	})
}

// maxSuggested is the number of problems for which a near word is looked for:
// that takes time, and a document with so many has other troubles.
const maxSuggested = 50

// DidYouMean is [DidYouMean] as long as there are few problems, and "" afterwards.
func (d *Document) DidYouMean(word string, candidates []string) string {
	if len(d.problems) >= maxSuggested {
		return ""
	}
	return DidYouMean(word, candidates)
}

// full reports whether further problems are only counted.
func (d *Document) full() bool { return len(d.problems) >= maxProblems }

// refuse ends the reading with a problem that leaves nothing to decode.
func (d *Document) refuse(at Place, text, suggestion string) {
	d.report(at, "", text, suggestion)
	d.unusable = true
}

// Err returns nil, or all problems as a *[Problems].
func (d *Document) Err() error {
	if len(d.problems) == 0 {
		return nil
	}
	out := append(Problems(nil), d.problems...)
	Sort(out)
	if d.more > 0 {
		last := out[len(out)-1]
		out = append(out, Problem{
			File: d.name, Line: last.Line, Column: last.Column,
			Text: fmt.Sprintf("and %d problems more", d.more),
		})
	}
	return &out
}

// parent returns the path around a path, or "".
func parent(path string) string {
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}

// under returns the path of a key in a mapping.
func under(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// item returns the path of an item of a list, counted from 0.
func item(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
