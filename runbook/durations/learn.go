package durations

import (
	"encoding/json"
	"slices"
	"time"

	"lockstep/runbook/journal"
	"lockstep/runbook/plan"
)

// Learned is what earlier applies took. A nil Learned knows nothing.
type Learned struct {
	address, typ map[key][]time.Duration // sorted
}

type key struct {
	who    string
	action plan.Action
}

// An outcome is what the outcome record of an apply says of its actions.
type outcome struct {
	Facts struct {
		Items []struct {
			Address string      `json:"address"`
			Action  plan.Action `json:"action"`
			State   string      `json:"state"`
			TookMS  *int64      `json:"took_ms"`
		} `json:"items"`
	} `json:"facts"`
}

// Learn reads how long actions took from the outcomes of applies in journals.
// Only what ended well counts. Terraform measures no forget and no no-op, and no
// apply of a rehearsal has an outcome with items; records of other kinds are
// passed over.
func Learn(journals ...[]journal.Record) *Learned {
	l := &Learned{map[key][]time.Duration{}, map[key][]time.Duration{}}
	for _, records := range journals {
		for _, r := range records {
			if r.Kind == journal.KindOutcome {
				l.take(r.Body)
			}
		}
	}
	for _, m := range []map[key][]time.Duration{l.address, l.typ} {
		for _, took := range m {
			slices.Sort(took)
		}
	}
	return l
}

// done is the state of an action that ended well, see engine.Done.
const done = "done"

func (l *Learned) take(body json.RawMessage) {
	var o outcome
	if json.Unmarshal(body, &o) != nil {
		return // the outcome of something else than an apply
	}
	for _, it := range o.Facts.Items {
		switch it.Action {
		case plan.Create, plan.Update, plan.Delete, plan.Read:
		default:
			continue
		}
		typ := TypeOf(it.Address)
		if it.State != done || typ == "" || it.TookMS == nil || *it.TookMS < 0 || *it.TookMS > Longest.Milliseconds() {
			continue
		}
		took := time.Duration(*it.TookMS) * time.Millisecond
		a, t := key{it.Address, it.Action}, key{typ, it.Action}
		l.address[a] = append(l.address[a], took)
		l.typ[t] = append(l.typ[t], took)
	}
}

func (l *Learned) of(address, typ string, action plan.Action) (Estimate, bool) {
	if l == nil {
		return Estimate{}, false
	}
	if took := l.address[key{address, action}]; len(took) > 0 {
		return seen(took, SourceAddress), true
	}
	if took := l.typ[key{typ, action}]; len(took) > 0 {
		return seen(took, SourceType), true
	}
	return Estimate{}, false
}

// seen makes an estimate of lengths in their order.
func seen(took []time.Duration, from Source) Estimate {
	n := len(took)
	return Estimate{
		Min: took[0], Typical: (took[(n-1)/2] + took[n/2]) / 2, Max: took[n-1], Runs: n, Source: from,
	}
}
