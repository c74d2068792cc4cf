package export

import (
	"encoding/json"
	"strings"
	"time"

	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// A foreseen is what was forecast of one apply, as a record keeps it. A journal
// of an earlier version has none.
type foreseen struct {
	TakesMS  *int64    `json:"takes_ms"`
	DarkMS   *int64    `json:"dark_ms"`
	Verdicts []verdict `json:"verdicts"`
	Hazards  []string  `json:"hazards"` // their keys
	Sentence safe.Text `json:"sentence"`
	Unknown  int       `json:"unknown_durations"`
}

// A verdict is what was forecast to become of one live thing.
type verdict struct {
	Thing    safe.Text `json:"thing"`
	Verdict  string    `json:"verdict"`
	LengthMS *int64    `json:"length_ms"`
	Why      safe.Text `json:"why"`
}

// foresee reads the facts of a forecast, or returns nil when these are none.
func foresee(facts any) *foreseen {
	m, ok := facts.(map[string]any)
	if !ok {
		return nil
	}
	_, takes := m["takes_ms"]
	_, verdicts := m["verdicts"]
	if !takes && !verdicts {
		return nil
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return nil
	}
	f := new(foreseen)
	if json.Unmarshal(raw, f) != nil {
		return nil
	}
	return f
}

// isForecast reports whether evidence is a forecast.
func isForecast(b journal.EvidenceBody) bool {
	return strings.HasPrefix(b.What.String(), "forecast") && foresee(b.Facts) != nil
}

// A dark is a time in which a probe failed.
type dark struct {
	Probe string        `json:"probe"`
	Word  safe.Text     `json:"word"`
	From  time.Time     `json:"from"`
	For   time.Duration `json:"-"`
	Open  bool          `json:"open"` // it never passed again in this run
}

// seen takes in evidence of a probe that began to fail or passes again.
func (r *report) seen(facts map[string]any) {
	probe, _ := facts["probe"].(string)
	word, _ := facts["word"].(string)
	stamp, _ := facts["from"].(string)
	from, err := time.Parse(time.RFC3339Nano, stamp)
	if probe == "" || err != nil {
		return
	}
	ms, over := facts["milliseconds"].(float64)
	for i := range r.darks {
		d := &r.darks[i]
		if d.Probe == probe && d.From.Equal(from) {
			d.For, d.Open = time.Duration(ms)*time.Millisecond, d.Open && !over
			return
		}
	}
	r.darks = append(r.darks, dark{probe, safe.Show(word), from, time.Duration(ms) * time.Millisecond, !over})
}

// during returns the times in which a probe failed while an effect was under way.
func (r *report) during(e *effect) []dark {
	var out []dark
	for _, d := range r.darks {
		began := e.outcome == nil || d.From.Before(e.at.Add(e.took))
		if began && (d.Open || d.From.Add(d.For).After(e.at)) {
			out = append(out, d)
		}
	}
	return out
}

// expect gives an effect the forecast that it was started with: its own, or the
// last one that was recorded before and that no effect had.
func (r *report) expect(e *effect) {
	if own := foresee(e.intent.Facts["forecast"]); own != nil {
		e.forecast, r.ahead = own, nil
		return
	}
	if s := r.section(e.step, e.attempt); s != nil && s.body.Kind == "apply" {
		e.forecast, r.ahead = r.ahead, nil
	}
}
