package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// summary says what the run did.
func (e *Engine) summary(result Result, err error) Summary {
	s := Summary{
		Changes: e.facts.Applied, Decisions: e.decisions, Journal: safe.Show(e.cfg.Journal.Path()),
		PlanEmpty: e.facts.PlanEmpty && !e.run.Rehearsal(), Elapsed: e.cfg.Now().Sub(e.started),
	}
	if c := e.facts.Commit; c != nil && e.facts.NewPin != nil {
		s.Commit = safe.Show(c.Hash)
	}
	switch {
	case e.facts.NewPin != nil:
		s.Pin = safe.Show(e.facts.NewPin.Hash)
	case e.facts.Pin != nil:
		s.Pin = safe.Show(e.facts.Pin.Hash)
	}
	e.mu.Lock()
	for _, g := range e.gauges {
		t := g.totals
		if n := len(g.spans); n > 0 && g.spans[n-1].Open {
			t.Dark += g.spans[n-1].For
		}
		s.Probes = append(s.Probes, t)
	}
	e.mu.Unlock()
	slices.SortFunc(s.Probes, func(a, b ProbeTotals) int { return strings.Compare(a.Probe, b.Probe) })
	s.Sentence = e.sentence(result, err)
	return s
}

// sentence says in one sentence what changed and how the run ended.
func (e *Engine) sentence(result Result, err error) safe.Text {
	env := e.run.Environment.Name
	var did string
	n, broken := 0, 0
	for _, c := range e.facts.Applied {
		if c.Result == OK {
			n++
		} else {
			broken++
		}
	}
	switch {
	case e.run.Rehearsal():
		did = fmt.Sprintf("Rehearsed for %s: nothing was changed", env)
	case n == 0 && broken > 0:
		did = fmt.Sprintf("No change of %s was finished", env) // a part of one may well be applied
	case n == 0 && result == Unknown:
		did = fmt.Sprintf("No change of %s is known to be finished", env)
	case n == 0:
		did = fmt.Sprintf("Nothing was applied to %s", env)
	case n == 1:
		did = fmt.Sprintf("One change was applied to %s", env)
	default:
		did = fmt.Sprintf("%d changes were applied to %s, one at a time", n, env)
	}
	switch {
	case broken == 1:
		did += "; one was begun and did not end well"
	case broken > 1:
		did += fmt.Sprintf("; %d were begun and did not end well", broken)
	}
	if c := e.facts.NewPin; c != nil {
		did += fmt.Sprintf(", and its pin is at %s", c.Short)
	} else if len(e.facts.Applied) > 0 {
		did += ", and its pin did not move"
	}
	if outage := Outage(e.darkSpans()); !outage.IsEmpty() {
		did += "; while it ran " + outage.String()
	}
	switch result {
	case OK:
		if err != nil {
			why := oneLine(err)
			return safe.Show(strings.ToUpper(why[:1]) + why[1:] + ".")
		}
		return safe.Show(did + ".")
	case Declined:
		return safe.Show(did + "; you declined.")
	case Stopped:
		if why := oneLine(err); why != ErrStopped.Error() && !errors.Is(err, ErrDeclined) {
			return safe.Show(did + "; stopped: " + strings.TrimPrefix(why, ErrStopped.Error()+": ") + ".")
		}
		return safe.Show(did + "; you stopped.")
	case Unknown:
		return safe.Show(did + "; how the last effect ended is not known.")
	}
	return safe.Show(fmt.Sprintf("%s; it failed: %s", did, oneLine(err)))
}

// close writes the last record.
func (e *Engine) close(result Result, s Summary) error {
	word := string(result)
	if result == OK {
		word = "done"
	}
	_, err := e.append("", 0, journal.KindClose, journal.CloseBody{Result: word, Commit: s.Commit.String(), Summary: s.Sentence})
	return err
}
