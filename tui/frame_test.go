package tui

import (
	"math/rand/v2"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/words"
)

// FuzzFrame sends random sizes, keys, events and texts, and wants every frame to
// be exactly as large as the terminal.
func FuzzFrame(f *testing.F) {
	for seed := range uint64(60) {
		f.Add(seed, "plain")
	}
	f.Add(uint64(3), "日本語 wide \x1b[31m\u202e\t\r naïve 👩‍👩‍👧 \xff")
	f.Add(uint64(9), "a very long line that does not fit anywhere at all and has to be cut or wrapped in every place")
	f.Fuzz(func(t *testing.T, seed uint64, text string) {
		r := rand.New(rand.NewPCG(seed, uint64(len(text))))
		w, h := 1+r.IntN(180), 1+r.IntN(60)
		d := newDesk(t, w, h)
		if r.IntN(2) == 0 {
			d.sit()
		}
		keys := []string{"i", "c", "ctrl+z", "enter", "up", "down", "j", "k", "q", "?", "L", "S", "tab", "esc", "d", "o", "/", "n", "e", " ", "s", "y", "a", "r", "t", "ctrl+c", "pgdown", "pgup", "G", "left", "right", text}
		for range 60 {
			switch r.IntN(12) {
			case 0:
				w, h = 1+r.IntN(180), 1+r.IntN(60)
				d.send(tea.WindowSizeMsg{Width: w, Height: h})
			case 1, 2, 3:
				d.tell(anyEvent(r, text))
			default:
				d.wait(time.Duration(r.IntN(1500)) * time.Millisecond)
				if k := keys[r.IntN(len(keys))]; k != "" {
					d.send(keyMsg(k))
				}
			}
			exact(t, d.m.View(), w, h)
		}
	})
}

func anyEvent(r *rand.Rand, text string) engine.Event {
	said := safe.Show(text)
	switch r.IntN(24) {
	case 0:
		s := started([]engine.Mode{engine.Live, engine.Rehearsal}[r.IntN(2)])
		s.Title, s.Environment, s.Operator, s.Resumed = said, said, said, r.IntN(3)
		s.Steps[0].Name, s.Steps[2].Why, s.Probes[0].Name = said, said, text
		return s
	case 1:
		return engine.StepStarted{ID: []string{"pick", "review", "plan", "each", "apply", "verify", "nobody"}[r.IntN(7)], Attempt: 1}
	case 2:
		return engine.StepFinished{ID: "pick", Result: engine.OK, Summary: said, Elapsed: time.Duration(r.Int64N(int64(time.Hour)))}
	case 3:
		return engine.RoundStarted{ID: "each", Round: 1 + r.IntN(12)}
	case 4:
		return engine.Progressed{What: said, Done: r.Int64N(20), Total: r.Int64N(20)}
	case 5:
		return engine.OutputWritten{Lines: safe.Lines(text), Dropped: r.IntN(2)}
	case 6:
		return engine.ProbeMeasured{Probe: "site", Outcome: []engine.Outcome{engine.Pass, engine.Fail, ""}[r.IntN(3)], Word: said, Got: said, Took: time.Duration(r.Int64N(1e9))}
	case 7:
		return engine.Warned{Text: said}
	case 8:
		f := finished()
		f.Summary.Sentence, f.Summary.Decisions, f.Summary.Changes[0].Title = said, safe.Lines(text), said
		return f
	case 9:
		q := announceQuestion(text)
		m := q.Payload.(engine.Message)
		m.Text = text
		q.Payload = m
		return engine.QuestionAsked{Question: q}
	case 10:
		q := commitQuestion()
		c := q.Payload.(engine.Candidates)
		c.Items[1].Subject, c.Items[2].Author, c.Notes = said, said, safe.Lines(text)
		q.Payload = c
		return engine.QuestionAsked{Question: q}
	case 11:
		return engine.QuestionAsked{Question: manualQuestion()}
	case 12:
		q := pinQuestion()
		q.Title, q.Choices[0].Label, q.Choices[1].Consequence = said, said, said
		return engine.QuestionAsked{Question: q}
	case 13:
		q := verifyQuestion()
		q.Body = safe.Lines(text)
		return engine.QuestionAsked{Question: q}
	case 14:
		return engine.QuestionAsked{Question: failureQuestion()}
	case 15:
		q := reviewQuestion()
		q.Payload.(engine.Review).Files[0].Path = said
		return engine.QuestionAsked{Question: q}
	case 18:
		a := []engine.Attended{alone(), watched(), watcher(), unheld(text), {}}[r.IntN(5)]
		for i := range a.Seats {
			a.Seats[i].Actor.Name, a.Seats[i].Where = text, said
		}
		return a
	case 19:
		q := []engine.Question{strandedLock(), stateDidNotMove()}[r.IntN(2)]
		p := q.Payload.(engine.Settlement)
		p.What, p.Found, p.Verdict, p.Lines = said, said, text, append(p.Lines, safe.Lines(text)...)
		q.Payload, q.Choices[1].Consequence = p, said
		return engine.QuestionAsked{Question: q}
	case 20:
		return engine.Interrupted{How: append(words.Forces, engine.CancelNow, engine.StopSoon, engine.GoOn, engine.Abandon)[r.IntN(6)], By: said}
	case 21:
		a := cutOver()
		a.Title, a.Items[0].Address = said, said
		return a
	case 22:
		return engine.ResourceMoved{Item: r.IntN(5), State: []engine.ApplyState{engine.Running, engine.Done, engine.Errored}[r.IntN(3)]}
	case 17:
		q := cureQuestion()
		c := q.Payload.(engine.CureReview)
		c.Cures[0].Title, c.Cures[1].Problem = said, said
		return engine.QuestionAsked{Question: q}
	case 16:
		q := planQuestion()
		q.Payload.(engine.PlanReview).Plan.Resources[0].Address = said
		return engine.QuestionAsked{Question: q}
	}
	return engine.QuestionWithdrawn{ID: "q1"}
}

func TestView_isMadeOnceWhileNothingChanges(t *testing.T) {
	d := newDesk(t, 120, 40)
	d.begin(engine.Live)
	d.m.View()
	if n := testing.AllocsPerRun(100, func() { d.m.View() }); n > 0 {
		t.Errorf("%v allocations for a frame that did not change", n)
	}
}
