package tui

import (
	"fmt"
	"testing"
	"time"

	"github.com/charmbracelet/x/exp/golden"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// A screen is brought about by events and keys.
type screen struct {
	name string
	play func(*desk)
}

// screens are the screens an operator can meet, each brought about by events and
// keys only. The panes of diffs, plans and boards have golden frames of their own.
var screens = []screen{
	{"preparing", func(d *desk) {
		d.m.o.Title = safe.Lit("Sandbox")
		d.m.console = nil
		d.send(preparedMsg{safe.Lit("a git repository with the history of the incident")})
		d.send(preparedMsg{safe.Lit("the name server and the delivery network")})
		d.wait(8 * time.Second)
	}},
	{"pick", func(d *desk) {
		d.begin(engine.Live)
		d.upTo("pick")
		d.tell(engine.QuestionAsked{Question: commitQuestion()})
	}},
	{"pick_details", func(d *desk) {
		d.begin(engine.Live)
		d.upTo("pick")
		d.tell(engine.QuestionAsked{Question: commitQuestion()})
		d.press("down", "down", "d")
	}},
	{"pick_others", func(d *desk) {
		d.begin(engine.Live)
		d.upTo("pick")
		d.tell(engine.QuestionAsked{Question: commitQuestion()})
		d.press("o")
	}},
	{"pick_reason", func(d *desk) {
		d.begin(engine.Live)
		d.upTo("pick")
		d.tell(engine.QuestionAsked{Question: commitQuestion()})
		d.press("down", "down", "enter")
		d.write("tested together")
	}},
	{"confirm", func(d *desk) {
		d.begin(engine.Rehearsal)
		d.upTo("tell")
		d.tell(engine.QuestionAsked{Question: confirmQuestion()})
	}},
	{"confirm_word", func(d *desk) {
		d.begin(engine.Live)
		d.upTo("tell")
		d.tell(engine.QuestionAsked{Question: confirmQuestion()})
		d.press("y")
		d.write("swit")
	}},
	{"manual", func(d *desk) {
		d.begin(engine.Live)
		d.upTo("tell")
		d.tell(engine.QuestionAsked{Question: manualQuestion()})
		d.press(" ")
	}},
	{"announce", func(d *desk) {
		d.begin(engine.Live)
		d.upTo("tell")
		d.tell(engine.QuestionAsked{Question: announceQuestion("")})
	}},
	{"announce_rehearsal", func(d *desk) {
		d.begin(engine.Rehearsal)
		d.upTo("tell")
		d.tell(engine.QuestionAsked{Question: announceQuestion("not sent in a rehearsal")})
		d.press("e")
		d.write("Hi ")
	}},
	{"plan_forecast", func(d *desk) {
		d.begin(engine.Live)
		d.upTo("plan")
		d.tell(engine.QuestionAsked{Question: foreseenPlan()})
	}},
	{"cures", func(d *desk) {
		d.begin(engine.Live)
		d.upTo("plan")
		d.tell(engine.QuestionAsked{Question: cureQuestion()})
	}},
	{"pin", func(d *desk) {
		d.begin(engine.Live)
		d.upTo("pin")
		d.tell(engine.QuestionAsked{Question: pinQuestion()})
	}},
	{"failure", func(d *desk) {
		d.begin(engine.Live)
		d.upTo("plan")
		d.tell(engine.QuestionAsked{Question: failureQuestion()})
	}},
	{"working", func(d *desk) {
		d.begin(engine.Live)
		d.upTo("plan")
		d.tell(engine.Progressed{What: safe.Lit("reading the state"), Done: 120, Total: 400})
		d.tell(engine.OutputWritten{Lines: safe.Lines("data.dns_zone.main: Reading...\ndata.dns_zone.main: Read complete after 0s")})
		d.tell(engine.Warned{Text: safe.Lit("the state was changed 3 minutes ago by someone else")})
		d.wait(34 * time.Second)
	}},
	{"log", func(d *desk) {
		d.begin(engine.Live)
		d.upTo("plan")
		for i := range 60 {
			d.tell(engine.OutputWritten{Lines: []safe.Text{safe.Sprintf("certificate.static: Still creating... [%ds elapsed]", 10*i)}})
		}
		d.press("L", "pgup")
	}},
	{"interrupt", func(d *desk) {
		d.begin(engine.Live)
		d.upTo("plan")
		d.press("ctrl+c", "ctrl+c")
	}},
	{"help", func(d *desk) {
		d.begin(engine.Live)
		d.upTo("pick")
		d.tell(engine.QuestionAsked{Question: commitQuestion()})
		d.press("?")
	}},
	{"steps", func(d *desk) {
		d.begin(engine.Live)
		d.upTo("plan")
		d.tell(engine.ProbeMeasured{Probe: "static", Outcome: engine.Fail, Word: safe.Lit("NXDOMAIN"), Got: safe.Show("ns1 has no such name")})
		d.press("S")
	}},
	{"summary_forecast", func(d *desk) {
		d.begin(engine.Live)
		d.upTo("done")
		d.over("done", "sent to ops")
		d.tell(foreseen())
	}},
	{"summary", func(d *desk) {
		d.begin(engine.Live)
		d.upTo("done")
		d.over("done", "sent to ops")
		d.tell(finished())
		d.press("e")
	}},
}

var sizes = []struct{ w, h int }{{120, 40}, {80, 24}, {40, 12}}

func TestScreens_lookAsRecorded(t *testing.T) { recorded(t, screens) }

// recorded compares screens at every size with their golden frames.
func recorded(t *testing.T, screens []screen) {
	for _, s := range screens {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s_%dx%d", s.name, size.w, size.h), func(t *testing.T) {
				d := newDesk(t, size.w, size.h)
				s.play(d)
				frame := d.m.View()
				exact(t, frame, size.w, size.h)
				golden.RequireEqual(t, []byte(frame))
			})
		}
	}
}
