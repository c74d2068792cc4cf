package export

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

type (
	// A seat is somebody who came to the run, left it, or took the answers.
	seat struct {
		body journal.SeatBody
		by   journal.Actor
		at   time.Time
	}
	// A resumption is the run going on in another process.
	resumption struct {
		body journal.ResumeBody
		by   journal.Actor
		at   time.Time
	}
	// A binding is what an approval held for.
	binding struct{ body journal.BindBody }
	// A forcing is a decision that answers no question: somebody pressed a program, or
	// wanted the run to end early.
	forcing struct {
		body journal.DecisionBody
		by   journal.Actor
		at   time.Time
	}
)

func (seat) item()       {}
func (resumption) item() {}
func (binding) item()    {}
func (forcing) item()    {}

// isForce reports whether a decision answers no question.
func isForce(b journal.DecisionBody) bool {
	return (b.Kind == journal.DecisionForce || b.Kind == journal.DecisionInterrupt) && b.Question == ""
}

// attend takes in a record about who was at the run and how it was held together.
func (r *report) attend(rec journal.Record) {
	at := rec.Time()
	switch rec.Kind {
	case journal.KindSeat:
		s := seat{by: rec.Actor, at: at}
		json.Unmarshal(rec.Body, &s.body)
		r.put(rec, s)
	case journal.KindResume:
		s := resumption{by: rec.Actor, at: at}
		json.Unmarshal(rec.Body, &s.body)
		r.put(rec, s)
	case journal.KindBind:
		var b binding
		json.Unmarshal(rec.Body, &b.body)
		r.put(rec, b)
	}
}

func (s seat) line() inline {
	l := say("%s: ", stamp(s.at)).strong(safe.Show(s.by.Name + " on " + s.by.Host))
	switch s.body.Move {
	case "attached":
		l = l.say(" came")
	case "left":
		l = l.say(" left")
	case "took":
		l = l.say(" took the answers from %s", orNobody(s.body.From))
		if !s.body.Reason.IsEmpty() {
			l = l.say(", because ").text(s.body.Reason)
		}
	default:
		l = l.say(" %s", s.body.Move)
	}
	if !s.body.Where.IsEmpty() {
		l = l.say(" (").text(s.body.Where).say(")")
	}
	if s.body.Holds && s.body.Move == "attached" {
		l = l.say(" and holds the answers")
	}
	switch s.body.There {
	case 0:
		return l.say("; nobody is there then")
	case 1:
		return l.say("; 1 screen is there then")
	}
	return l.say("; %d screens are there then", s.body.There)
}

func orNobody(name string) string {
	if name == "" {
		return "nobody"
	}
	return name
}

func (s resumption) line() inline {
	l := inline{}.strong(safe.Lit("Resumed ")).say("%s by %s on %s, after record %d", stamp(s.at), s.by.Name, s.by.Host, s.body.After)
	if !s.body.Why.IsEmpty() {
		l = l.say("; ").text(s.body.Why)
	}
	if n := len(s.body.Unsettled); n > 0 {
		return l.say("; %s without an outcome then (record %s)", count(n, "effect"), numbers(s.body.Unsettled))
	}
	return l.say("; every effect had its outcome")
}

func numbers(n []int64) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(n), " ", ", "), "[]")
}

func (b binding) tell(d *document) {
	d.add(paragraph{inline{}.strong(safe.Lit("The approval holds for: ")).text(b.body.What)})
	tellFacts(d, b.body.Things, nil)
}

func (f forcing) line() inline {
	word, how := safe.Lit("Forced: "), f.body.Choice
	if f.body.Kind == journal.DecisionInterrupt {
		word = safe.Lit("Interrupted: ")
		switch how {
		case "stop":
			how = "stop after the step in flight"
		case "cancel":
			how = "cancel what is under way"
		case "abandon":
			how = "stop, because nobody is there any more"
		case "go on":
			how = "take the stop back"
		}
	}
	l := inline{}.strong(word).say("%s, by %s on %s at %s", how, f.by.Name, f.by.Host, stamp(f.at))
	if !f.body.Reason.IsEmpty() {
		l = l.say(" (").text(f.body.Reason).say(")")
	}
	return l
}

// holders tells who held the environment for the run, one row a lock.
func (r *report) holders() []row {
	var rows []row
	for _, rec := range r.locks {
		var b journal.LockBody
		json.Unmarshal(rec.Body, &b)
		rows = append(rows, row{safe.Lit("Held by"), say("%s on %s, process %d, to %s, from %s (epoch %d)",
			b.User, b.Host, b.PID, orNothing(b.Purpose), stamp(rec.Time()), rec.Epoch)})
	}
	return rows
}

func orNothing(purpose string) string {
	if purpose == "" {
		return "write"
	}
	return purpose
}

// lost returns the names of what an outcome should have kept and could not.
func lost(facts map[string]any) []string {
	list, _ := facts["blobs_lost"].([]any)
	var names []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			names = append(names, s)
		}
	}
	return names
}

// locksOf returns the locks under which a run was written.
func locksOf(all, run []journal.Record) []journal.Record {
	var epochs []int64
	for _, r := range run {
		if len(epochs) == 0 || epochs[len(epochs)-1] != r.Epoch {
			epochs = append(epochs, r.Epoch)
		}
	}
	var locks []journal.Record
	for _, r := range all {
		if r.Kind == journal.KindLock && slices.Contains(epochs, r.Epoch) {
			locks = append(locks, r)
		}
	}
	return locks
}
