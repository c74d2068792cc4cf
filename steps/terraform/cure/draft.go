package cure

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// A Source is what drafts are made from.
type Source struct {
	Top string // the checkout of the commit that was planned
	Dir string // folder of the root module, from the top
	// Raw returns a shown address as Terraform wrote it. It may be nil.
	Raw func(shown string) string
}

func (s Source) raw(shown string) string {
	if s.Raw == nil {
		return shown
	}
	return s.Raw(shown)
}

// A Proposal is a cure with what is needed to take it.
type Proposal struct {
	Cure   forecast.Cure
	Things []plan.Thing // all that it is for; Cure.Thing is the first
	Edits  []Edit       // none when it cannot be written; Cure.Problem says why
	Patch  []byte       // Cure.Patch is what can be shown of it

	handover int    // which one it is for
	event    string // what happens, such as "x.a is renamed"
	last     bool   // not tried when another cure of the handover does
}

// Propose drafts the cures for the outages of a forecast of a plan, those of the
// worst outage first. It reads files below src.Top and writes none.
func Propose(src Source, p *plan.Plan, f forecast.Forecast) ([]Proposal, error) {
	found := handovers(src, p, f)
	if len(found) == 0 {
		return nil, nil
	}
	root, err := os.OpenRoot(src.Top)
	if err != nil {
		return nil, fmt.Errorf("look for a way round the outage: %w", err)
	}
	defer root.Close()
	d := drafter{plan: p, tree: tree{root: root, dir: path.Clean(filepath.ToSlash(src.Dir)), mods: map[string]*module{}}}
	for i, h := range found {
		d.handover, d.event = i, event(h)
		d.draft(h)
	}
	return d.out, nil
}

type drafter struct {
	plan     *plan.Plan
	tree     tree
	handover int
	event    string
	out      []Proposal
}

// event says what happens in a handover.
func event(h handover) string {
	s := h[0]
	switch old := h.from(); {
	case s.replaces():
		return old + " is replaced"
	case s.canMove():
		return old + " is renamed"
	default:
		return old + " is deleted"
	}
}

func (d *drafter) draft(h handover) {
	first := h[0]
	if first.replaces() {
		if first.old.Action == plan.DeleteThenCreate && h.every(swap.canCreateFirst) {
			d.add(d.createFirst(h))
		}
		return
	}
	moves := h.every(swap.canMove)
	if moves {
		d.add(d.moved(h))
	}
	if h.every(func(s swap) bool { return s.old.Action == plan.Delete }) {
		d.add(d.removed(h))
	}
	if moves && h.every(swap.canCreateFirst) {
		d.add(d.movedCreateFirst(h))
	}
}

// add keeps a draft. What writes the same into the same files is one cure: a
// module can be called more than once.
func (d *drafter) add(c Proposal, err error) {
	c.handover, c.event = d.handover, d.event
	if err == nil {
		c.Patch, err = patch(c.Edits)
	}
	if err != nil {
		c.Edits, c.Patch = nil, nil
		c.Cure.Problem = safe.Sprintf("%v", err)
	}
	for i := range d.out {
		if o := &d.out[i]; len(c.Edits) > 0 && o.Cure.Kind == c.Cure.Kind && bytes.Equal(o.Patch, c.Patch) {
			o.Things = append(o.Things, c.Things...)
			return
		}
	}
	c.Cure.Thing = c.Things[0]
	c.Cure.Patch = safe.Lines(string(c.Patch))
	for _, e := range c.Edits {
		c.Cure.Files = append(c.Cure.Files, safe.Show(e.Path))
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s", c.Cure.Kind, c.Cure.Title, c.Patch))
	c.Cure.ID = hex.EncodeToString(sum[:6])
	d.out = append(d.out, c)
}

// moved says that the old object is the new one.
func (d *drafter) moved(h handover) (Proposal, error) {
	c := Proposal{Things: h.things(), Cure: forecast.Cure{
		Kind:  forecast.CureMoved,
		Title: safe.Sprintf("say that %s moved to %s", h.from(), h.to()),
		Why:   safe.Lit("Terraform keeps the one object under its new address, so nothing has to be deleted."),
	}}
	file, statements, err := d.moves(h)
	if err != nil {
		return c, err
	}
	c.Edits, err = d.append(file, statements...)
	return c, err
}

// movedCreateFirst is for a move that Terraform makes a replacement.
func (d *drafter) movedCreateFirst(h handover) (Proposal, error) {
	c := Proposal{Things: h.things(), last: true, Cure: forecast.Cure{
		Kind:  forecast.CureCreateFirst,
		Title: safe.Sprintf("say that %s moved to %s, and create the new object first", h.from(), h.to()),
		Why:   safe.Lit("A moved object that has to be replaced is then created anew before the old one is deleted; the two have to be able to stand beside each other."),
	}}
	file, statements, err := d.moves(h)
	if err != nil {
		return c, err
	}
	edits, err := d.lifecycle(h[0].b)
	if err != nil {
		return c, err
	}
	if edits[0].Path == file {
		edits[0].New = appended(edits[0].New, statements...)
		c.Edits = edits
		return c, nil
	}
	more, err := d.append(file, statements...)
	c.Edits = append(edits, more...)
	return c, err
}

// moves returns the moved blocks for a handover and the file they go into.
func (d *drafter) moves(h handover) (file string, statements [][]byte, err error) {
	first := h[0]
	depth := first.a.common(first.b)
	m, err := d.tree.at(first.b.path()[:depth])
	if err != nil {
		return "", nil, err
	}
	whole := !d.declared(first.a) && h.every(func(s swap) bool { return sameKey(s.a.key, s.b.key) })
	var seen []string
	for _, s := range h {
		a, b := s.a, s.b
		if whole {
			a, b = a.whole(), b.whole()
		}
		if n := s.a.common(s.b); n != depth {
			return "", nil, errors.New("the objects move between modules in more than one way, which one block cannot say")
		}
		block := movedBlock(a.relative(depth), b.relative(depth))
		if !slices.Contains(seen, string(block)) {
			seen = append(seen, string(block))
			statements = append(statements, block)
		}
	}
	wanted := m.resources[first.b.block()]
	if depth < len(first.b.modules) {
		wanted = m.calls[first.b.modules[depth].name].file
	}
	file, err = m.place(wanted)
	return file, statements, err
}

// removed lets go of the old object.
func (d *drafter) removed(h handover) (Proposal, error) {
	a := h[0].a.plain()
	c := Proposal{Things: h.things(), Cure: forecast.Cure{
		Kind:  forecast.CureForget,
		Title: safe.Sprintf("let go of %s instead of deleting it", h.from()),
		Why:   safe.Lit("Terraform leaves the old object where it is, and the new one is written over it; the provider has to be able to do that."),
	}}
	if others := d.others(h); len(others) > 0 {
		c.Cure.Why = safe.Sprintf("%s It lets go of %s as well, and nothing takes that over.", c.Cure.Why, strings.Join(others, ", "))
	}
	if d.declared(a) {
		return c, fmt.Errorf("the configuration still has %s with other instances, and Terraform lets go of all of them or of none", a.declared())
	}
	m, depth, err := d.tree.nearest(a.path())
	if err != nil {
		return c, err
	}
	wanted := ""
	if b := h[0].b; slices.Equal(a.path()[:depth], b.path()) {
		wanted = m.resources[b.block()]
	}
	file, err := m.place(wanted)
	if err != nil {
		return c, err
	}
	c.Edits, err = d.append(file, removedBlock(a.relative(depth)))
	return c, err
}

// others returns deleted instances of the old block that hold nothing of the handover.
func (d *drafter) others(h handover) []string {
	var out []string
	for _, r := range d.plan.Resources {
		if r.Action != plan.Delete || r.Deposed != "" || !h.every(func(s swap) bool { return s.old.Index != r.Index }) {
			continue
		}
		if x, err := parse(r.Address.String()); err == nil && x.declared() == h[0].a.declared() {
			out = append(out, r.Address.String())
		}
	}
	return out
}

// createFirst turns the order of a replacement round.
func (d *drafter) createFirst(h handover) (Proposal, error) {
	c := Proposal{Things: h.things(), Cure: forecast.Cure{
		Kind:  forecast.CureCreateFirst,
		Title: safe.Sprintf("create the new %s before the old one is deleted", h.from()),
		Why:   safe.Lit("Terraform then makes the new object and switches its users before it deletes the old one; the two have to be able to stand beside each other."),
	}}
	edits, err := d.lifecycle(h[0].b)
	c.Edits = edits
	return c, err
}

// lifecycle gives the block of a resource create_before_destroy.
func (d *drafter) lifecycle(a address) ([]Edit, error) {
	m, err := d.tree.at(a.path())
	if err != nil {
		return nil, err
	}
	name, ok := m.resources[a.block()]
	switch {
	case !ok:
		return nil, fmt.Errorf("no file of %q declares %s", m.dir, a.block())
	case !slices.Contains(m.files, name):
		return nil, fmt.Errorf("%s is JSON, which is not changed here", path.Join(m.dir, name))
	}
	file := path.Join(m.dir, name)
	old, err := d.tree.root.ReadFile(file)
	if err != nil {
		return nil, err
	}
	changed, err := withCreateFirst(old, a.typ, a.name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return []Edit{{Path: file, Old: old, New: changed}}, nil
}

func (d *drafter) append(file string, statements ...[]byte) ([]Edit, error) {
	old, err := d.tree.root.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return []Edit{{Path: file, Old: old, New: appended(old, statements...)}}, nil
}

// declared reports whether the configuration has the block of an address. What
// is outside of the repository cannot be looked into, and counts as not there:
// Terraform will say.
func (d *drafter) declared(a address) bool {
	m, err := d.tree.at(a.path())
	if err != nil {
		return false
	}
	_, ok := m.resources[a.block()]
	return ok
}

// Message returns subject and body of a commit that takes the cure.
func (p Proposal) Message() (subject, body string) {
	c := p.Cure
	name := c.Thing.Name.String()
	if len(p.Things) > 1 {
		name = fmt.Sprintf("%s and %d more", name, len(p.Things)-1)
	}
	subject = fmt.Sprintf("Keep %s while %s", name, p.event)
	var b strings.Builder
	fmt.Fprintf(&b, "This is to %s.\n%s\n", c.Title, c.Why)
	for _, o := range c.Before {
		fmt.Fprintf(&b, "\nWithout it, all in one apply: %s %s.", o.Thing.Name, harmOf(o).words())
	}
	for _, t := range p.Things {
		if h := worst(c.After, t.ID()); h.level == 0 && c.Proved {
			fmt.Fprintf(&b, "\nWith it %s stays.", t.Name)
		} else if c.Proved {
			fmt.Fprintf(&b, "\nWith it %s %s.", t.Name, h.words())
		}
	}
	return subject, b.String() + "\n"
}
