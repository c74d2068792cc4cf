package journal

import (
	"encoding/json"
	"slices"
	"time"

	"lockstep/runbook/safe"
)

// Results of a run that its close does not say.
const (
	ResultOpen    = "open"    // no close yet
	ResultUnknown = "unknown" // an effect started and no record says how it ended
)

// ResultRepeat is the result of an effect that is done once more, because that
// does no harm or the operator said so; nobody looked how the first ended.
const ResultRepeat = "repeat"

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
	Failed      int     // outcomes that are neither ok nor repeat
	Refusals    int     // things that were not done
	Unknown     []int64 // seq of the intents without an outcome
	Resumes     int     // how often it was taken up again
	Recovered   int     // outcomes that were found out afterwards
	// Waiting is the last question that has no answer and was not withdrawn, while
	// the run is open; nil when there is none. It waits since WaitingSince.
	Waiting      *QuestionBody
	WaitingSince time.Time

	asked []asking
}

// An asking is a question that is open.
type asking struct {
	body QuestionBody
	at   time.Time
}

// Withdrawn is what a refusal says was not done when a question was taken back
// before anybody answered it.
func Withdrawn(question string) safe.Text { return safe.Sprintf("question %s was withdrawn", question) }

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
		out[i].wait()
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
		var b QuestionBody
		json.Unmarshal(r.Body, &b)
		i.Questions++
		i.asked = append(i.asked, asking{b, r.Time()})
	case KindDecision:
		var b DecisionBody
		json.Unmarshal(r.Body, &b)
		i.over(func(q QuestionBody) bool { return q.ID == b.Question })
	case KindRefusal:
		var b RefusalBody
		json.Unmarshal(r.Body, &b)
		i.Refusals++
		i.over(func(q QuestionBody) bool { return Withdrawn(q.ID) == b.What })
	case KindResume:
		i.Resumes++
		i.asked = nil // whoever asked is gone
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

// wait finds the question the run waits for, if it does.
func (i *RunInfo) wait() {
	if n := len(i.asked); n > 0 && !i.Closed {
		i.Waiting, i.WaitingSince = &i.asked[n-1].body, i.asked[n-1].at
	}
	i.asked = nil
}

// over takes questions off the list of those that are open.
func (i *RunInfo) over(is func(QuestionBody) bool) {
	i.asked = slices.DeleteFunc(i.asked, func(a asking) bool { return is(a.body) })
}

// settle takes an intent off the list of those nobody knows the end of. An
// outcome that itself says unknown leaves it there, and one that says repeat says
// that it may be done again, whatever became of it.
func (i *RunInfo) settle(b OutcomeBody) {
	if found, _ := b.Facts["recovered"].(bool); found {
		i.Recovered++
	}
	switch b.Result {
	case ResultUnknown:
		return
	case "ok", ResultRepeat:
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
