package plain

import (
	"strings"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/tui/words"
)

// A story is what was told so far, as far as what comes next depends on it.
type story struct {
	run     engine.RunStarted
	records int64
	probes  map[string]string
	told    string // the last progress
	tenth   int64
	verify  string
	items   []engine.ApplyItem
	seat    string // of the session
	there   string // who is there, as it was told last
	current string // id of the step that runs, or ""
	begun   map[string]bool
	work    map[int]time.Time // items of an apply that are under way, and since when
	ending  engine.Interrupt
}

// event tells one event and follows the open question.
func (s *session) event(e engine.Envelope) {
	var asked *engine.Question
	switch v := e.Event.(type) {
	case engine.QuestionAsked:
		s.open = &v.Question
		if !s.holds() && !s.late && s.lines != nil {
			asked = s.open
		}
	case engine.QuestionAnswered:
		s.closeQuestion(v.Answer.Question)
	case engine.QuestionWithdrawn:
		s.closeQuestion(v.ID)
	case engine.Attended:
		asked = s.attended(v)
	case engine.RunFinished:
		s.open, s.finished = nil, true
	}
	at := safe.Show(e.Time.UTC().Format("15:04:05"))
	for i, t := range s.story.tell(e) {
		if i == 0 {
			s.say(safe.Sprintf("%s %s", at, t))
		} else {
			s.say(safe.Sprintf("  %s", t))
		}
	}
	if asked != nil {
		s.watch(e.Time, *asked)
	}
	if v, ok := e.Event.(engine.RunFinished); ok {
		s.end(v)
	}
}

func (s *session) closeQuestion(id string) {
	if s.open != nil && s.open.ID == id {
		s.open = nil
	}
}

// tell puts an event into words: its line, and lines that belong to it.
func (y *story) tell(e engine.Envelope) []safe.Text {
	one := func(t safe.Text) []safe.Text { return []safe.Text{t} }
	switch v := e.Event.(type) {
	case engine.RunStarted:
		return y.start(v)
	case engine.StepStarted:
		y.told, y.verify, y.current = "", "", v.ID
		if y.begun != nil {
			y.begun[v.ID] = true
		}
		if v.Attempt > 1 {
			return one(safe.Sprintf("%s begins, time %d.", y.step(v.ID), v.Attempt))
		}
		return one(safe.Sprintf("%s begins.", y.step(v.ID)))
	case engine.StepFinished:
		if y.work, y.current = nil, ""; y.run.Resumed > 0 && !y.begun[v.ID] {
			return one(safe.Sprintf("%s: %s before the run was resumed. %s", y.step(v.ID), word(v.Result), v.Summary))
		}
		return one(safe.Sprintf("%s: %s. %s", y.step(v.ID), word(v.Result), v.Summary))
	case engine.RoundStarted:
		return one(safe.Sprintf("%s: change %d.", y.step(v.ID), v.Round))
	case engine.Progressed:
		return y.progress(v)
	case engine.OutputWritten:
		out := make([]safe.Text, 0, len(v.Lines)+1)
		if v.Dropped > 0 {
			out = append(out, safe.Sprintf("output: %d lines left out", v.Dropped))
		}
		for _, t := range v.Lines {
			out = append(out, safe.Sprintf("output: %s", t))
		}
		return out
	case engine.Warned:
		if strings.HasPrefix(v.Text.String(), "warning: ") { // Terraform's own begin so
			return one(v.Text)
		}
		return one(safe.Sprintf("warning: %s", v.Text))
	case engine.QuestionAnswered:
		return one(safe.Sprintf("answered by %s: %s", safe.Show(v.Answer.By), safe.Show(v.Answer.Choice)))
	case engine.QuestionWithdrawn:
		return one(safe.Lit("the question was withdrawn"))
	case engine.CommitChosen:
		return one(safe.Sprintf("commit %s, %s", safe.Show(v.Commit.Short), v.Commit.Subject))
	case engine.PlanMade:
		if v.Plan.IsEmpty() {
			return one(safe.Lit("the plan is empty: nothing is left to do"))
		}
		if len(v.Changes) == 0 {
			return one(safe.Sprintf("the plan still holds %s; all of it was rehearsed", counted(v.Plan.Count())))
		}
		return one(safe.Sprintf("the plan holds %s, split into single changes: %d", counted(v.Plan.Count()), len(v.Changes)))
	case engine.ApplyStarted:
		y.items, y.work = v.Items, map[int]time.Time{}
		out := one(safe.Sprintf("apply begins: %s, %d resources", v.Title, len(v.Items)))
		if v.Takes != (forecast.Span{}) {
			out = append(out, safe.Sprintf("expected to take %s", words.About(v.Takes)))
			for _, t := range outages(forecast.Forecast{Outages: v.Outages}) {
				out = append(out, safe.Sprintf("forecast: %s", t))
			}
		}
		return out
	case engine.ResourceMoved:
		y.worked(v, e.Time)
		return y.resource(v)
	case engine.ApplyFinished:
		y.work = nil
		return one(safe.Sprintf("apply %s after %s, state serial %d", word(v.Result), v.Took.Round(time.Second), v.Serial))
	case engine.ProbeMeasured:
		return y.probe(v)
	case engine.VerifyMoved:
		return y.verification(v)
	case engine.AnnouncementSent:
		return one(safe.Sprintf("announcement to %s: %s. %s", safe.Show(v.Channel), word(v.Result), v.Detail))
	case engine.PinRecorded:
		t := safe.Sprintf("the pin is at %s, in %s", v.Commit, v.Where)
		if v.Pushed {
			t = safe.Sprintf("%s, pushed", t)
		}
		return one(t)
	case engine.Recorded:
		y.records = v.Seq
	case engine.Interrupted:
		return y.interrupted(v, e.Time)
	case engine.Attended:
		return y.attended(v)
	}
	return nil
}

func (y *story) start(v engine.RunStarted) []safe.Text {
	y.run, y.probes, y.begun = v, map[string]string{}, map[string]bool{}
	mode := safe.Lit("REHEARSAL: nothing is changed and nothing is sent.")
	if v.Mode == engine.Live {
		mode = safe.Lit("LIVE.")
	}
	out := []safe.Text{
		safe.Sprintf("%s %s, environment %s, run %s, operator %s.", mode, v.Title, v.Environment, safe.Show(v.Run), v.Operator),
		safe.Sprintf("journal: %s", v.Journal),
	}
	if v.Resumed > 0 {
		out = append(out, safe.Sprintf("the run was interrupted and is resumed, time %d", v.Resumed))
	}
	for _, st := range v.Steps {
		out = append(out, safe.Sprintf("step %s: %s", safe.Show(st.Position), name(st)))
	}
	for _, p := range v.Probes {
		out = append(out, safe.Sprintf("probe %s: %s %s every %s", safe.Show(p.Name), safe.Show(p.Kind), p.Target, p.Every))
	}
	return out
}

func (y *story) step(id string) safe.Text {
	for _, st := range y.run.Steps {
		if st.ID == id {
			return safe.Sprintf("step %s, %s", safe.Show(st.Position), name(st))
		}
	}
	return safe.Sprintf("step %s", safe.Show(id))
}

func name(st engine.StepOutline) safe.Text {
	if !st.Name.IsEmpty() {
		return st.Name
	}
	if st.Kind == runbook.KindEachChange {
		return safe.Lit("one change at a time")
	}
	return safe.Show(strings.ReplaceAll(string(st.Kind), "_", " "))
}

func (y *story) progress(v engine.Progressed) []safe.Text {
	tenth := int64(0)
	if v.Total > 0 {
		tenth = v.Done * 10 / v.Total
	}
	if v.What.String() == y.told && tenth == y.tenth {
		return nil
	}
	y.told, y.tenth = v.What.String(), tenth
	if v.Total > 0 {
		return []safe.Text{safe.Sprintf("%s, %d of %d", v.What, v.Done, v.Total)}
	}
	return []safe.Text{v.What}
}

func (y *story) resource(v engine.ResourceMoved) []safe.Text {
	what := safe.Sprintf("resource %d", v.Item)
	if v.Item >= 0 && v.Item < len(y.items) {
		it := y.items[v.Item]
		what = safe.Sprintf("%s %s", safe.Show(string(it.Action)), it.Address)
	}
	state := safe.Show(string(v.State))
	switch {
	case v.State == engine.Waiting:
		state = safe.Lit("waiting")
	case v.State == engine.Running && v.Item >= 0 && v.Item < len(y.items) && y.items[v.Item].Takes.Known():
		state = safe.Sprintf("%s, %s", state, words.Takes(y.items[v.Item].Takes))
	}
	return append([]safe.Text{safe.Sprintf("%s: %s", what, state)}, v.Error...)
}

// probe tells a measurement that says something else than the one before.
func (y *story) probe(v engine.ProbeMeasured) []safe.Text {
	says := string(v.Outcome) + v.Word.String()
	before, known := y.probes[v.Probe]
	if y.probes == nil || known && before == says {
		return nil
	}
	y.probes[v.Probe] = says
	switch v.Outcome {
	case engine.Pass:
		return []safe.Text{safe.Sprintf("probe %s passes", safe.Show(v.Probe))}
	case engine.Fail:
		return []safe.Text{safe.Sprintf("probe %s FAILS: %s %s", safe.Show(v.Probe), v.Word, v.Got)}
	}
	return []safe.Text{safe.Sprintf("probe %s says nothing: %s %s", safe.Show(v.Probe), v.Word, v.Got)}
}

// verification tells the rows when the state of one has changed.
func (y *story) verification(v engine.VerifyMoved) []safe.Text {
	met, says := 0, ""
	for _, r := range v.Rows {
		says += string(r.Outcome) + r.Word.String() + "\n"
		if r.Met {
			met++
			says += "met"
		}
	}
	if says == y.verify {
		return nil
	}
	y.verify = says
	out := []safe.Text{safe.Sprintf("verified %d of %d after %s of %s", met, len(v.Rows), v.Elapsed.Round(time.Second), v.Within.Round(time.Second))}
	for _, r := range v.Rows {
		if !r.Met {
			out = append(out, safe.Sprintf("not yet: %s: %s %s", safe.Show(r.Probe), r.Word, r.Got))
		}
	}
	return out
}

func word(r engine.Result) safe.Text {
	if r == engine.OK || r == "" {
		return safe.Lit("done")
	}
	return safe.Show(string(r))
}

func counted(n map[plan.Action]int) safe.Text {
	var parts []safe.Text
	for _, a := range []plan.Action{plan.Delete, plan.DeleteThenCreate, plan.CreateThenDelete, plan.Create, plan.Update, plan.Read, plan.Forget} {
		if n[a] > 0 {
			parts = append(parts, safe.Sprintf("%d %s", n[a], safe.Show(string(a))))
		}
	}
	return safe.Join(parts, ", ")
}

// end tells the summary.
func (s *session) end(v engine.RunFinished) {
	y := v.Summary
	unknown := s.seat != "" && v.Result == engine.Unknown
	if unknown {
		s.say(safe.Sprintf("The run has ended and stays open: %s, after %s.", word(v.Result), y.Elapsed.Round(time.Second)))
	} else {
		s.say(safe.Sprintf("The run is over: %s, after %s.", word(v.Result), y.Elapsed.Round(time.Second)))
	}
	s.say(y.Sentence)
	if unknown {
		s.say(safe.Sprintf("lockstep resume %s looks for what became of it, and goes on.", safe.Show(s.story.run.Run)))
	}
	for i, c := range y.Changes {
		s.say(safe.Sprintf("change %d: %s, %s, %s, %s", i+1, c.Title, word(c.Result), c.Took.Round(time.Second), counted(c.Counts)))
		if words.Foreseen(c) {
			s.say(safe.Sprintf("change %d, %s", i+1, words.Compared(c)))
		}
	}
	for _, p := range y.Probes {
		t := safe.Sprintf("probe %s: asked %d, failed %d, inconclusive %d, not asked in time %d", safe.Show(p.Probe), p.Asked, p.Failed, p.Inconclusive, p.Missed)
		if p.Dark > 0 {
			t = safe.Sprintf("%s, failing for %s in all", t, p.Dark.Round(100*time.Millisecond))
		}
		s.say(t)
	}
	if t := words.Measured(y); !t.IsEmpty() {
		s.say(t)
	}
	for _, d := range y.Decisions {
		s.say(safe.Sprintf("decided: %s", d))
	}
	if !y.Pin.IsEmpty() {
		s.say(safe.Sprintf("pin: %s", y.Pin))
	}
	s.say(safe.Sprintf("journal: %s, %d records, head %s", y.Journal, y.Records, safe.Show(y.Head)))
	s.say(safe.Sprintf("to hand this run to somebody: %s", s.o.Export(s.story.run.Run)))
}
