package journal

import (
	"encoding/json"
	"time"

	"lockstep/runbook/safe"
)

// Results of a run that its close does not say.
const (
	ResultOpen    = "open"    // no close yet
	ResultUnknown = "unknown" // an effect started and no record says how it ended
)

// A RunInfo is what a journal says of one run in short.
type RunInfo struct {
	ID          string
	Environment string
	Mode        string // "live" or "rehearsal"
	Title       safe.Text
	Actor       Actor
	Start       time.Time
	End         time.Time // of its last record; it is over when Closed
	Closed      bool
	Result      string // what the close says, ResultOpen, or ResultUnknown
	Commit      string // what was deployed, or ""
	Summary     safe.Text
	Records     int
	Questions   int
	Effects     int     // intents
	Failed      int     // outcomes that are not ok
	Refusals    int     // things that were not done
	Unknown     []int64 // seq of the intents without an outcome
}

// Runs returns the runs of a journal in the order they started.
func Runs(records []Record) []RunInfo {
	var order []string
	byID := make(map[string]*RunInfo)
	for _, r := range records {
		if r.Run == "" {
			continue
		}
		info := byID[r.Run]
		if info == nil {
			info = &RunInfo{ID: r.Run, Actor: r.Actor, Start: r.Time(), Result: ResultOpen}
			byID[r.Run] = info
			order = append(order, r.Run)
		}
		info.add(r)
	}
	out := make([]RunInfo, len(order))
	for i, id := range order {
		out[i] = *byID[id]
		if len(out[i].Unknown) > 0 {
			out[i].Result = ResultUnknown
		}
	}
	return out
}

// add counts one record of the run.
func (i *RunInfo) add(r Record) {
	i.Records++
	i.End = r.Time()
	switch r.Kind {
	case KindOpen:
		var b OpenBody
		json.Unmarshal(r.Body, &b) // a record that was read has a body of its kind
		i.Environment, i.Mode, i.Title = b.Environment, b.Mode, b.Title
	case KindQuestion:
		i.Questions++
	case KindRefusal:
		i.Refusals++
	case KindIntent:
		i.Effects++
		i.Unknown = append(i.Unknown, r.Seq)
	case KindOutcome:
		var b OutcomeBody
		json.Unmarshal(r.Body, &b)
		i.settle(b)
	case KindClose:
		var b CloseBody
		json.Unmarshal(r.Body, &b)
		i.Closed, i.Result, i.Commit, i.Summary = true, b.Result, b.Commit, b.Summary
	}
}

// settle takes an intent off the list of those nobody knows the end of. An
// outcome that itself says unknown leaves it there.
func (i *RunInfo) settle(b OutcomeBody) {
	switch b.Result {
	case ResultUnknown:
		return
	case "ok":
	default:
		i.Failed++
	}
	for n, seq := range i.Unknown {
		if seq == b.Intent {
			i.Unknown = append(i.Unknown[:n:n], i.Unknown[n+1:]...)
			return
		}
	}
}

// Verified reports whether a live run deployed the commit, verified it and
// wrote the pin, and when the last such run ended.
func Verified(records []Record, commit string) (time.Time, bool) {
	var at time.Time
	for _, run := range Runs(records) {
		if run.Closed && run.Mode == "live" && run.Result == "done" && run.Commit == commit && commit != "" {
			at = run.End
		}
	}
	return at, !at.IsZero()
}
