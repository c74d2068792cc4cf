package forecast

import (
	"slices"
	"strings"

	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// tooMany is the number of destroyed objects from which on they are a hazard.
const tooMany = 10

// A finder collects the hazards of a run, each once.
type finder struct {
	*run
	out  []Outage
	list []plan.Hazard
	at   map[string]int // key → its place in list
	more map[int]int    // place in list → findings that joined it
}

// hazards returns the findings of a run with these outages, by code and then in
// the order of the outages or the plan. What concerns the whole plan comes along
// only with whole.
func (s *study) hazards(r *run, out []Outage, whole bool) []plan.Hazard {
	f := &finder{run: r, out: out, list: []plan.Hazard{}, at: map[string]int{}, more: map[int]int{}}
	f.handovers()
	f.absences()
	f.slow()
	f.certificates()
	f.destroys()
	f.inUse()
	f.swaps()
	f.forgotten()
	if whole {
		for _, d := range s.p.Drift {
			f.add(plan.DriftFound, d.Address, false, safe.Sprintf("%s was changed outside of Terraform since the last apply", d.Address))
		}
	}
	for _, o := range out {
		if o.Verdict == Unknown {
			f.add(plan.UnknownName, f.actions[o.OpenedBy].Address, true, safe.Sprintf("whether %s goes dark cannot be told: %s", o.Thing.Name, o.Why))
		}
	}
	f.masked()
	f.unknown()
	return f.list
}

// add adds a finding. A second one at the same address joins the first.
func (f *finder) add(code string, address safe.Text, accept bool, text safe.Text) {
	h := plan.Hazard{Code: code, Address: address, Text: text, Accept: accept}
	n, ok := f.at[h.Key()]
	if !ok {
		f.at[h.Key()] = len(f.list)
		f.list = append(f.list, h)
		return
	}
	first := &f.list[n]
	first.Accept = first.Accept || accept
	if f.more[n]++; f.more[n] <= 2 && !strings.Contains(first.Text.String(), text.String()) {
		first.Text = safe.Sprintf("%s; %s", first.Text, text)
	} else if f.more[n] == 3 {
		first.Text = safe.Sprintf("%s; and others", first.Text)
	}
}

func (f *finder) handovers() {
	for _, o := range f.out {
		if !o.Handover {
			continue
		}
		d := f.actions[o.OpenedBy]
		text := safe.Sprintf("%s is deleted at %s and made at another address", o.Thing.Name, d.Name)
		if o.ClosedBy >= 0 && f.actions[o.ClosedBy].Resource != d.Resource {
			text = safe.Sprintf("%s is deleted at %s and made at %s", o.Thing.Name, d.Name, f.actions[o.ClosedBy].Name)
		}
		f.add(plan.NameHandover, d.Address, false, text)
	}
}

func (f *finder) absences() {
	for _, o := range f.out {
		if o.Verdict == Window {
			long := "about " + Length(o.Length.Typical)
			if least, most := Length(o.Length.Min), Length(o.Length.Max); least != most {
				long += " (" + least + "–" + most + ")"
			}
			if o.Length.Open {
				long = "at least " + Length(o.Length.Min)
				if o.Length.Min == 0 {
					long = "nobody knows how long"
				}
			}
			f.add(plan.OutageWindow, f.actions[o.OpenedBy].Address, true, safe.Sprintf("%s is absent for %s: %s", o.Thing.Name, long, o.Why))
		}
	}
	for _, o := range f.out {
		if o.Verdict == Gone {
			f.add(plan.Gone, f.actions[o.OpenedBy].Address, true, safe.Sprintf("%s is gone: %s", o.Thing.Name, o.Why))
		}
	}
}

// slow names what stands between a delete and its create, with the things that
// wait for it.
func (f *finder) slow() {
	const named = 2
	waiting := map[int][]string{}
	var order []int
	for _, o := range f.out {
		if o.Verdict != Window {
			continue
		}
		for _, k := range o.WaitingFor {
			if known := f.actions[k].Takes.Known(); known && f.takes[k].Typical < noticeable {
				continue
			}
			if waiting[k] == nil {
				order = append(order, k)
			}
			waiting[k] = append(waiting[k], o.Thing.Name.String())
		}
	}
	for _, k := range order {
		a, names := f.actions[k], waiting[k]
		things := strings.Join(names[:min(named, len(names))], " and ")
		if n := len(names) - named; n > 0 {
			things = safe.Sprintf("%s and %d more", things, n).String()
		}
		takes := "takes nobody knows how long"
		if a.Takes.Known() {
			takes = "takes about " + Length(a.Takes.Typical)
		}
		f.add(plan.SlowBetween, a.Address, false, safe.Sprintf("%s %s and stands between the delete and the create of %s", a.Name, takes, things))
	}
}

func (f *finder) certificates() {
	for _, a := range f.actions {
		r := f.p.Resources[a.Resource]
		if a.Action != plan.Create || !r.Action.IsReplace() || !certificate(r.Was) && !certificate(r.Becomes) {
			continue
		}
		if r.Action == plan.DeleteThenCreate {
			f.add(plan.CertReplaced, a.Address, true, safe.Sprintf("the certificate %s is replaced, the old one first: there is none until the new one is issued", a.Name))
			continue
		}
		f.add(plan.CertReplaced, a.Address, false, safe.Sprintf("the certificate %s is replaced; the old one goes after the new one is issued", a.Name))
	}
}

func certificate(t *plan.Thing) bool {
	return t != nil && strings.Contains(strings.ToLower(t.Kind), "certificate")
}

func (f *finder) destroys() {
	n := 0
	for _, a := range f.actions {
		if a.Action == plan.Delete {
			n++
		}
	}
	limit := f.opt.ManyDestroys
	if limit <= 0 {
		limit = tooMany
	}
	if n >= limit {
		f.add(plan.ManyDestroys, safe.Text{}, false, safe.Sprintf("%d objects are destroyed", n))
	}
}

// inUse finds what is replaced, the old object first, while something that
// exists is changed only afterwards to use the new one.
func (f *finder) inUse() {
	users := make([]int, len(f.actions)) // action → one that uses it, plus one
	for _, k := range slices.Backward(f.sequence) {
		a := f.actions[k]
		u := users[k]
		switch {
		case a.Action == plan.Update, a.Action == plan.Create && f.p.Resources[a.Resource].Action.IsReplace():
			u = k + 1
		case a.Action == plan.Delete, a.Action == plan.Forget, u == 0:
			continue
		}
		for _, j := range a.WaitsFor {
			users[j] = u
		}
	}
	for k, a := range f.actions {
		u := users[k] - 1
		if u >= 0 && a.Action == plan.Create && f.p.Resources[a.Resource].Action == plan.DeleteThenCreate && !InStateOnly(f.p.Resources[a.Resource]) {
			f.add(plan.ReplaceInUse, a.Address, true, safe.Sprintf("%s is replaced, the old one first, while %s uses it", a.Name, f.actions[u].Name))
		}
	}
}

// InStateOnly reports whether objects of a resource's type are nothing but a
// record in the state: to delete one does nothing to anybody.
func InStateOnly(r plan.ResourceChange) bool {
	switch t := r.Type.String(); t {
	case "terraform_data", "null_resource", "tls_private_key", "tls_cert_request", "tls_self_signed_cert", "tls_locally_signed_cert":
		return true
	default:
		// A validation only waits: to delete it does nothing.
		return strings.HasPrefix(t, "random_") || strings.HasPrefix(t, "time_") || strings.HasSuffix(t, "_certificate_validation")
	}
}

func (f *finder) swaps() {
	for _, o := range f.out {
		if o.Unordered && o.Verdict != None {
			text := safe.Sprintf("nothing says whether %s is deleted at %s before it is made anew", o.Thing.Name, f.actions[o.OpenedBy].Name)
			if o.Slow() {
				text = safe.Sprintf("%s; it may be absent for up to %s", text, Length(o.Length.Max))
			}
			f.add(plan.UnorderedSwap, f.actions[o.OpenedBy].Address, o.Thing.Delete.TakesAll() || o.Slow(), text)
		}
	}
}

func (f *finder) forgotten() {
	for _, a := range f.actions {
		if a.Action == plan.Forget {
			f.add(plan.ForgetObject, a.Address, false, safe.Sprintf("Terraform lets go of %s; the object stays and nothing manages it", a.Name))
		}
	}
}

func (f *finder) masked() {
	for _, a := range f.actions {
		if f.p.Resources[a.Resource].Sensitive && a.Action != plan.Delete {
			f.add(plan.SensitiveChange, a.Address, false, safe.Sprintf("something of %s changes that is sensitive and cannot be shown", a.Name))
		}
	}
}

// unknown names what takes nobody knows how long while a thing is absent.
func (f *finder) unknown() {
	for _, o := range f.out {
		if o.Verdict != Window || !o.Length.Open {
			continue
		}
		at, found := o.ClosedBy, false
		for _, k := range append([]int{o.ClosedBy}, o.WaitingFor...) {
			if k >= 0 && !f.actions[k].Takes.Known() {
				at, found = k, true
				f.add(plan.UnknownDuration, f.actions[k].Address, false,
					safe.Sprintf("nobody knows how long %s takes, and %s waits for it", f.actions[k].Name, o.Thing.Name))
			}
		}
		if !found { // it may wait for a slot behind such an action
			f.add(plan.UnknownDuration, f.actions[at].Address, false,
				safe.Sprintf("nobody knows when %s is its turn, and %s waits for it", f.actions[at].Name, o.Thing.Name))
		}
	}
}
