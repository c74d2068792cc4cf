package planfile

import (
	"slices"

	tfjson "github.com/hashicorp/terraform-json"

	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// things fills in which live things an object holds before and after.
func (r *reader) things(m *plan.ResourceChange, rc *tfjson.ResourceChange) {
	if rc.Mode == tfjson.DataResourceMode {
		return
	}
	c := rc.Change
	m.Was = r.table.Find(rc.Type, c.Before, nil, c.BeforeSensitive)
	if m.Action == plan.Forget {
		m.Becomes = m.Was // the object stays; only Terraform does not know it any more
		return
	}
	if m.Action != plan.Delete {
		m.Becomes = r.table.Find(rc.Type, c.After, c.AfterUnknown, c.AfterSensitive)
	}
}

// stand takes down an object that the plan leaves as it is. Whether it matters is
// known when everything was read.
func (r *reader) stand(rc *tfjson.ResourceChange) {
	if rc.Mode == tfjson.DataResourceMode {
		return
	}
	if t := r.table.Find(rc.Type, rc.Change.After, nil, rc.Change.AfterSensitive); t != nil && t.ID() != "" {
		r.standing = append(r.standing, plan.Holder{Address: safe.Show(rc.Address), Thing: *t})
	}
}

// keepStanding keeps the objects that have a part in what becomes of the live
// things that lose one.
func (r *reader) keepStanding() {
	lost := r.f.Model.Losses()
	for _, h := range r.standing {
		if lost.Matter(h.Thing) {
			r.f.Model.Standing = append(r.f.Model.Standing, h)
		}
	}
	r.standing = nil
}

// cleanThings takes secrets out of the things that no mask marks there, now that
// all of them are known.
func (r *reader) cleanThings() {
	clean := func(t *plan.Thing) {
		if t == nil {
			return
		}
		t.Name = r.f.net.Show(t.Name.String())
		t.Data = r.f.net.Show(t.Data).String()
		t.Key = slices.DeleteFunc(t.Key, func(k plan.KeyPart) bool {
			secret := r.f.net.Show(k.Value.String()) != k.Value
			if secret && !slices.Contains(t.Unknown, k.Name) {
				t.Unknown = append(t.Unknown, k.Name)
			}
			return secret
		})
	}
	for _, list := range [][]plan.ResourceChange{r.f.Model.Resources, r.f.Model.Drift} {
		for i := range list {
			clean(list[i].Was)
			if list[i].Becomes != list[i].Was {
				clean(list[i].Becomes)
			}
		}
	}
	for i := range r.f.Model.Standing {
		clean(&r.f.Model.Standing[i].Thing)
	}
}
