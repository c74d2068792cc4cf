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

	// Earlier says that the edits are of the commit that is deployed now, and help
	// when they are deployed before the planned one. Nothing but the state carries
	// them there, so the deploy has to write it even if its plan is empty.
	Earlier bool

	handover int    // which one it is for
	event    string // what happens, such as "x.a is renamed"
	block    string // of an Earlier one: what is marked in the state
	leaves   bool   // an object stays that nobody needs
	last     bool   // not tried when another cure of the handover does
}

// Propose drafts the cures for the outages of a forecast of a plan, those of the
// worst outage first. It reads files below src.Top and writes none.
func Propose(src Source, p *plan.Plan, f forecast.Forecast) ([]Proposal, error) {
	found := handovers(src, p, f)
	if len(found) == 0 {
		return nil, nil
	}
	var out []Proposal
	err := src.open(func(t tree) {
		d := drafter{plan: p, tree: t}
		for i, h := range found {
			d.handover, d.event = i, event(h)
			d.draft(h)
		}
		out = d.out
	})
	return out, err
}

// open shows the checkout to do.
func (s Source) open(do func(tree)) error {
	root, err := os.OpenRoot(s.Top)
	if err != nil {
		return fmt.Errorf("look for a way round the outage: %w", err)
	}
	defer root.Close()
	do(tree{root: root, dir: path.Clean(filepath.ToSlash(s.Dir)), mods: map[string]*module{}})
	return nil
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
	if !h.every(swap.deletes) {
		return
	}
	d.add(d.removed(h))
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
	if !h.every(func(s swap) bool { return s.thing.Delete.TakesAll() }) {
		c.leaves = true
		c.Cure.Why = safe.Lit("Terraform leaves the old object where it is, beside the new one, and does not know it any more; somebody has to delete it by hand.")
	}
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
	var err error
	c.Edits, err = d.lifecycle(h[0].b)
	return c, err
}
