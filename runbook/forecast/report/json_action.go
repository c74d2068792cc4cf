package report

import (
	"math/bits"

	"lockstep/runbook/durations"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
)

type actionJSON struct {
	Address string      `json:"address"`
	Action  plan.Action `json:"action"`
	Deposed string      `json:"deposed,omitempty"`
	Start   seconds     `json:"start_s"`
	End     seconds     `json:"end_s"`
}

type takesJSON struct {
	Min     *seconds         `json:"min_s"` // null: nobody knows
	Typical *seconds         `json:"typical_s"`
	Max     *seconds         `json:"max_s"`
	Runs    int              `json:"runs"`
	Source  durations.Source `json:"source"`
}

func takesOf(e durations.Estimate) takesJSON {
	source := e.Source
	if source == "" {
		source = durations.SourceUnknown
	}
	known := e.Known()
	return takesJSON{until(e.Min, known), until(e.Typical, known), until(e.Max, known), e.Runs, source}
}

func (p *printer) actions(as []forecast.Action) {
	labels := make([][]byte, len(as))
	for i, a := range as {
		labels[i], p.err = encode(p.label(a))
		if p.err != nil {
			return
		}
	}
	after := closure(as)
	for i, a := range as {
		if p.err != nil {
			return
		}
		p.element(i)
		head, err := encode(actionJSON{p.r.raw(a.Address), a.Action, a.Deposed, seconds(a.Start.Typical), seconds(a.End.Typical)})
		if err != nil {
			p.err = err
			return
		}
		p.bytes(head[:len(head)-1])
		p.text(`,"after":[`)
		first := true
		for w, left := range after[i] {
			for ; left != 0; left &= left - 1 {
				if !first {
					p.text(",")
				}
				first = false
				p.bytes(labels[w*64+bits.TrailingZeros64(left)])
			}
		}
		p.text("],")
		p.member("takes", takesOf(a.Takes))
		p.text(",")
		p.member("start", lengthOf(a.Start))
		p.text(",")
		p.member("end", lengthOf(a.End))
		p.text("}")
	}
}

// closure returns for each action the set of all that it waits for.
func closure(as []forecast.Action) [][]uint64 {
	words := (len(as) + 63) / 64
	out := make([][]uint64, len(as))
	var visit func(i int)
	visit = func(i int) {
		if out[i] != nil {
			return
		}
		out[i] = make([]uint64, words)
		for _, j := range as[i].WaitsFor {
			if j < 0 || j >= len(as) || j == i {
				continue
			}
			visit(j)
			out[i][j/64] |= 1 << (j % 64)
			for w, b := range out[j] {
				out[i][w] |= b
			}
		}
	}
	for i := range as {
		visit(i)
	}
	return out
}
