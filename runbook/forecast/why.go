package forecast

import (
	"slices"
	"strings"

	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// nameOf returns the name of an object of a thing.
func (r *run) nameOf(t *thing, object int) safe.Text {
	if object < 0 {
		return safe.Lit("the other one")
	}
	if b := t.objects[object]; b.resource < 0 {
		return b.address
	}
	return r.names[t.objects[object].resource]
}

// lost says what action d does to the object that holds a thing.
func (r *run) lost(d int) safe.Text {
	a := r.actions[d]
	if a.Action == plan.Update {
		return safe.Sprintf("%s gets another name", a.Name)
	}
	return safe.Sprintf("%s is deleted", a.Name)
}

func (r *run) whyGap(o Outage) safe.Text {
	d, c := r.actions[o.OpenedBy], r.actions[o.ClosedBy]
	same := d.Resource == c.Resource
	switch {
	case o.Unordered:
		return safe.Sprintf("%s and %s is made, and nothing says which comes first", r.lost(o.OpenedBy), c.Name)
	case len(o.WaitingFor) > 0 && same:
		return safe.Sprintf("%s is replaced, the old object first, and the new one waits for %s", d.Name, r.list(o.WaitingFor))
	case len(o.WaitingFor) > 0:
		return safe.Sprintf("%s, and %s, which takes its place, waits for %s", r.lost(o.OpenedBy), c.Name, r.list(o.WaitingFor))
	case o.Length.Open:
		return safe.Sprintf("%s, and nobody knows how long it takes until %s is there", r.lost(o.OpenedBy), c.Name)
	case same:
		return safe.Sprintf("%s is replaced, the old object first", d.Name)
	}
	return safe.Sprintf("%s before %s takes its place", r.lost(o.OpenedBy), c.Name)
}

// list names actions, those whose length nobody knows with a note.
func (r *run) list(actions []int) safe.Text {
	const named = 2
	var parts []string
	for _, k := range actions {
		name := r.actions[k].Name.String()
		if !r.actions[k].Takes.Known() {
			name += ", which takes nobody knows how long"
		}
		if !slices.Contains(parts, name) { // a replacement is two actions
			parts = append(parts, name)
		}
	}
	text := strings.Join(parts[:min(named, len(parts))], " and ")
	if n := len(parts) - named; n > 0 {
		return safe.Sprintf("%s and %d more", text, n)
	}
	return safe.Show(text)
}

func (r *run) whyGone(t *thing, g gap, o Outage) safe.Text {
	d := r.actions[o.OpenedBy]
	may := "takes"
	if o.Thing.Delete != plan.DeleteWholeName {
		may = "may take"
	}
	switch {
	case g.taken < 0:
		return safe.Sprintf("%s and nothing brings it back", r.lost(o.OpenedBy))
	case o.Unordered && o.Thing.Delete.TakesAll():
		return safe.Sprintf("nothing says whether %s is deleted before %s is made; if it comes last, the delete %s the whole name", d.Name, r.nameOf(t, g.taken), may)
	case o.Unordered:
		return safe.Sprintf("nothing says whether %s is deleted before %s is made; both hold the same data, so if it comes last, the delete takes it away", d.Name, r.nameOf(t, g.taken))
	case o.Thing.Delete.TakesAll():
		return safe.Sprintf("deleting %s %s everything under the name along, %s too", d.Name, may, r.nameOf(t, g.taken))
	}
	return safe.Sprintf("%s holds the same data, so deleting %s takes that away", r.nameOf(t, g.taken), d.Name)
}

func (r *run) whyNone(t *thing, o Outage) safe.Text {
	if o.ClosedBy >= 0 && r.actions[o.ClosedBy].Address == r.actions[o.OpenedBy].Address {
		return safe.Sprintf("the new object of %s is there before the old one is deleted", r.actions[o.ClosedBy].Name)
	}
	if o.ClosedBy >= 0 {
		return safe.Sprintf("%s is there before %s", r.actions[o.ClosedBy].Name, r.lost(o.OpenedBy))
	}
	for k, there := range t.present {
		switch {
		case there && t.objects[k].address == r.actions[o.OpenedBy].Address:
			return safe.Sprintf("another object of %s stays", r.nameOf(t, k))
		case there:
			return safe.Sprintf("%s stays while %s", r.nameOf(t, k), r.lost(o.OpenedBy))
		}
	}
	return safe.Lit("another object of it stays")
}
