package tui

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/tui/ask"
)

// opened returns a desk with a question open, and the keyboard quiet.
func opened(t testing.TB, q engine.Question) *desk {
	d := newDesk(t, 100, 30)
	d.begin(engine.Live)
	d.upTo("tell")
	d.tell(engine.QuestionAsked{Question: q})
	d.wait(time.Second)
	return d
}

func (d *desk) noAnswer() {
	d.t.Helper()
	if len(d.con.answers) > 0 {
		d.t.Fatalf("there is an answer: %+v", d.con.answers)
	}
}

func (d *desk) theAnswer() engine.Answer {
	d.t.Helper()
	if len(d.con.answers) != 1 {
		d.t.Fatalf("%d answers, want 1", len(d.con.answers))
	}
	return d.con.answers[0]
}

func TestQuestion_ignoresKeysUntilTheKeyboardIsQuiet(t *testing.T) {
	d := newDesk(t, 100, 30)
	d.begin(engine.Live)
	d.upTo("plan")
	d.tell(engine.QuestionAsked{Question: failureQuestion()})
	for range 3 { // typed for something else
		d.wait(100 * time.Millisecond)
		d.send(keyMsg("r"))
	}
	d.noAnswer()
	d.has("not quiet yet")
	d.wait(399 * time.Millisecond)
	d.send(keyMsg("r"))
	d.noAnswer()
	d.wait(400 * time.Millisecond)
	d.send(keyMsg("r"))
	if a := d.theAnswer(); a.Choice != "retry" || a.Question == "" {
		t.Errorf("answer %+v", a)
	}
}

func TestQuestion_takesKeysAfterTwoSecondsOfTyping(t *testing.T) {
	d := newDesk(t, 100, 30)
	d.begin(engine.Live)
	d.upTo("plan")
	d.tell(engine.QuestionAsked{Question: failureQuestion()})
	for range 19 {
		d.wait(100 * time.Millisecond)
		d.send(keyMsg("r"))
	}
	d.noAnswer()
	d.wait(100 * time.Millisecond)
	d.send(keyMsg("r"))
	d.theAnswer()
}

func TestQuestion_enterTakesNothingIrreversible(t *testing.T) {
	d := opened(t, confirmQuestion())
	d.press("down", "enter", "enter")
	d.noAnswer()
	d.has("enter does not take this one: press y")
}

func TestQuestion_wantsTheWord(t *testing.T) {
	d := opened(t, confirmQuestion())
	d.press("y")
	d.write("yes")
	d.press("enter")
	d.noAnswer()
	d.has("nothing was done", "switch")
	d.write("switch")
	d.noAnswer()
	d.press("enter")
	if a := d.theAnswer(); a.Choice != "yes" || a.Typed != "switch" || a.Digest != "d2" {
		t.Errorf("answer %+v", a)
	}
}

func TestQuestion_wantsAWordForWhateverCannotBeUndone(t *testing.T) {
	d := opened(t, pinQuestion())
	d.press("w", "enter")
	d.noAnswer()
	d.write("yes")
	d.press("enter")
	if a := d.theAnswer(); a.Choice != "write" || a.Typed != "" {
		t.Errorf("answer %+v", a)
	}
}

func TestQuestion_pasteChoosesNothing(t *testing.T) {
	d := opened(t, confirmQuestion())
	d.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("y"), Paste: true})
	d.send(keyMsg("yswitch")) // a terminal that does not mark pastes
	d.send(keyMsg("enter"))
	d.noAnswer()
	d.hasNot("type “switch” to go on")
	d.press("y")
	d.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("switch"), Paste: true})
	d.has("type the word")
	d.press("enter")
	d.noAnswer()
}

func TestQuestion_asksForAReason(t *testing.T) {
	d := opened(t, failureQuestion())
	d.press("a", "enter")
	d.noAnswer()
	d.has("a reason is needed")
	d.write("known, q ? S L")
	d.press("enter")
	if a := d.theAnswer(); a.Choice != "accept" || a.Reason != "known, q ? S L" {
		t.Errorf("answer %+v", a)
	}
}

func TestQuestion_showsWhyAnAnswerWasRefused(t *testing.T) {
	d := opened(t, failureQuestion())
	d.con.refuse = "the state moved meanwhile"
	d.press("r")
	d.theAnswer()
	d.has("the state moved meanwhile", "Plan failed")
	d.con.refuse = ""
	d.press("r")
	if len(d.con.answers) != 2 {
		t.Error("the question did not stay open")
	}
}

func TestQuestion_anAnswerIsSentOnce(t *testing.T) {
	d := opened(t, failureQuestion())
	d.press("r", "r", "s", "enter")
	d.theAnswer()
	d.tell(engine.QuestionAnswered{Answer: engine.Answer{Question: d.con.answers[0].Question}})
	d.hasNot("Plan failed")
}

func TestQuestion_closesWhenItIsWithdrawn(t *testing.T) {
	d := opened(t, failureQuestion())
	d.tell(engine.QuestionWithdrawn{ID: d.m.asked.q.ID})
	d.hasNot("Plan failed")
	d.press("r")
	d.noAnswer()
}

func TestQuestion_aStopIsTakenBackByAnyOtherKey(t *testing.T) {
	for _, q := range []engine.Question{commitQuestion(), reviewQuestion(), planQuestion(), pinQuestion(), manualQuestion(), announceQuestion("")} {
		d := opened(t, q)
		stop := d.m.asked.stopKey(t)
		for _, other := range []string{"?", "L", "S", "q", "enter", "down", "g"} {
			d.press(stop)
			d.has("press " + stop + " again to stop the run")
			if other == "enter" && d.m.asked.mode == ask.Cursor {
				other = "up"
			}
			d.press(other)
			d.hasNot("again to stop the run")
			if other == "?" || other == "L" || other == "S" || other == "q" {
				d.press("esc")
			}
		}
		d.noAnswer()
		d.press(stop, stop)
		if a := d.theAnswer(); a.Choice != "stop" {
			t.Errorf("answer %+v", a)
		}
	}
}

// stopKey returns the key that stops the run.
func (a *asked) stopKey(t *testing.T) string {
	_, stopping := a.chooser.Hints()
	if len(stopping) != 1 {
		t.Fatalf("%d choices stop the run", len(stopping))
	}
	return stopping[0].Key
}

func TestPick_asksWhyNotTheNextOne(t *testing.T) {
	d := opened(t, commitQuestion())
	d.press("down", "enter")
	d.noAnswer()
	d.write("tested together")
	d.press("enter")
	a := d.theAnswer()
	if a.Choice != "take" || !strings.HasPrefix(a.Item, "09dd16f") || a.Reason != "tested together" || a.Digest != "d1" {
		t.Errorf("answer %+v", a)
	}
}

func TestPick_takesTheNextWithoutAReason(t *testing.T) {
	d := opened(t, commitQuestion())
	d.press("enter")
	if a := d.theAnswer(); !strings.HasPrefix(a.Item, "8d2be59") || a.Reason != "" {
		t.Errorf("answer %+v", a)
	}
}

func TestPick_saysWhyACommitCannotBeTaken(t *testing.T) {
	d := opened(t, commitQuestion())
	d.press("G", "enter")
	d.noAnswer()
	d.has("staging has not verified it")
}

func TestPick_movesByEachOfTheKeysThatCameTogether(t *testing.T) {
	d := opened(t, commitQuestion())
	d.send(keyMsg("jjj"))
	d.has("4 cannot be taken")
}

func TestPick_searches(t *testing.T) {
	d := opened(t, commitQuestion())
	d.press("/")
	d.write("weighted s")
	d.press("backspace", "backspace", "enter", "enter")
	d.noAnswer()
	d.has("it takes 3 commits at once")
}

func TestManual_wantsEveryTick(t *testing.T) {
	d := opened(t, manualQuestion())
	d.press(" ", "enter", "d")
	d.noAnswer()
	d.has("2 items not ticked")
	d.press(" ", " ", "enter")
	if a := d.theAnswer(); strings.Join(a.Acknowledge, ",") != "item 1,item 2,item 3" {
		t.Errorf("answer %+v", a)
	}
}

func TestAnnounce_sendsTheEditedText(t *testing.T) {
	d := opened(t, announceQuestion(""))
	d.press("e")
	d.write(" q?S")
	d.noAnswer()
	d.press("enter")
	d.write("x")
	d.press("esc", "s")
	if a := d.theAnswer(); a.Choice != "send" || !strings.HasSuffix(a.Text, "time. q?S\nx") {
		t.Errorf("answer %+v", a)
	}
}

func TestAnnounce_saysOnTheButtonThatNothingIsSent(t *testing.T) {
	d := opened(t, announceQuestion("not sent in a rehearsal"))
	d.has("send it [not sent in a rehearsal]")
}

func TestWhy_standsAboveTheStepThatAsks(t *testing.T) {
	long := safe.Show(strings.Repeat("because it was so before and nobody remembers ", 20))
	for _, size := range []struct{ w, h int }{{120, 40}, {80, 24}, {80, 19}, {40, 20}} {
		for _, q := range []engine.Question{failureQuestion(), planQuestion()} {
			s := started(engine.Live)
			s.Steps[4].Why = long
			d := newDesk(t, size.w, size.h)
			d.tell(s)
			d.upTo("plan")
			d.tell(engine.QuestionAsked{Question: q})
			frame := d.m.View()
			exact(t, frame, size.w, size.h)
			want := 2
			if size.h < whyFrom {
				want = 0
			}
			if n := strings.Count(frame, "nobody") + strings.Count(frame, "because it was so"); (n > 0) != (want > 0) || len(d.m.divide().why) != want {
				t.Errorf("%v: %d lines:\n%s", size, len(d.m.divide().why), frame)
			}
			d.press("S")
			d.has("because it was")
		}
	}
}

func TestInterrupt_endsNothingByAccident(t *testing.T) {
	d := newDesk(t, 100, 30)
	d.begin(engine.Live)
	d.upTo("plan")
	d.press("ctrl+c", "ctrl+c", "ctrl+c", "enter")
	d.press("q", "q", "q", "down", "down", "enter")
	if len(d.con.interrupts) > 0 {
		t.Fatalf("interrupted: %v", d.con.interrupts)
	}
	d.press("c")
	if len(d.con.interrupts) != 1 || d.con.interrupts[0] != engine.CancelNow {
		t.Fatalf("interrupted: %v", d.con.interrupts)
	}
}

func TestInterrupt_isSeenForAsLongAsItHolds(t *testing.T) {
	for _, q := range []engine.Question{commitQuestion(), confirmQuestion(), reviewQuestion()} {
		for _, size := range append(sizes, struct{ w, h int }{60, 10}) {
			d := newDesk(t, size.w, size.h)
			d.begin(engine.Live)
			d.upTo("tell")
			d.tell(engine.QuestionAsked{Question: q}, engine.Interrupted{How: engine.StopSoon})
			exact(t, d.m.View(), size.w, size.h)
			d.has("LIVE", "STOPPING after this step")
			d.tell(engine.Interrupted{How: engine.GoOn})
			d.hasNot("STOPPING")
			d.tell(engine.Interrupted{How: engine.CancelNow})
			d.has("CANCELLING")
			d.tell(finished())
			d.hasNot("CANCELLING")
		}
	}
}

func TestInterrupt_canBeTakenBack(t *testing.T) {
	d := newDesk(t, 100, 30)
	d.begin(engine.Live)
	d.upTo("plan")
	d.press("q", "s")
	d.tell(engine.Interrupted{How: engine.StopSoon})
	d.has("stopping after this step")
	d.press("q", "g")
	if n := len(d.con.interrupts); n != 2 || d.con.interrupts[1] != engine.GoOn {
		t.Fatalf("interrupted: %v", d.con.interrupts)
	}
	d.tell(engine.Interrupted{How: engine.GoOn})
	d.hasNot("stopping after this step")
}

func TestScreen_staysUntilTheRunIsOver(t *testing.T) {
	d := newDesk(t, 100, 30)
	d.begin(engine.Live)
	d.upTo("plan")
	for _, k := range []string{"q", "ctrl+c", "ctrl+c", "q", "q"} {
		if _, cmd := d.m.Update(keyMsg(k)); quits(cmd) {
			t.Fatalf("%s left while the run goes on", k)
		}
	}
	d.press("esc")
	d.tell(finished())
	if _, cmd := d.m.Update(keyMsg("q")); !quits(cmd) {
		t.Fatal("q does not leave at the end")
	}
}

func quits(cmd tea.Cmd) bool {
	if cmd == nil {
		return false
	}
	switch msg := cmd().(type) {
	case tea.QuitMsg:
		return true
	case tea.BatchMsg:
		for _, c := range msg {
			if quits(c) {
				return true
			}
		}
	}
	return false
}

func TestScreen_shownTextIsInert(t *testing.T) {
	d := opened(t, failureQuestion())
	d.tell(engine.Warned{Text: safe.Show("\x1b[2J\u202eevil\x07")})
	if frame := d.m.View(); strings.Contains(frame, "\x1b[2J") || strings.ContainsAny(frame, "\u202e\x07") {
		t.Errorf("outside text reached the terminal: %q", frame)
	}
}

// Whatever keys are pressed: a choice that cannot be undone is taken only after
// its word was typed.
func TestQuestion_noOtherKeysTakeWhatCannotBeUndone(t *testing.T) {
	keys := strings.Split("enter,y,w,s,a,r,d,t,k,j,n,up,down,esc,tab,pgdown,?,q,L,S,/,e,ctrl+c,backspace,left,x, ,1,2,I,c,o,g", ",")
	asks := []func() engine.Question{confirmQuestion, pinQuestion}
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 7))
		d := newDesk(t, 40+r.IntN(100), 12+r.IntN(30))
		d.begin(engine.Live)
		d.upTo("tell")
		d.tell(engine.QuestionAsked{Question: asks[seed%2]()})
		for range 120 {
			d.wait(time.Duration(r.IntN(900)) * time.Millisecond)
			k := keyMsg(keys[r.IntN(len(keys))])
			k.Paste = r.IntN(12) == 0 && k.Type == tea.KeyRunes
			if r.IntN(10) == 0 {
				k = tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune([]string{"yswitch", "switch", "wyes", "yy"}[r.IntN(4)]), Paste: r.IntN(2) == 0}
				if d.m.asked != nil && d.m.asked.chooser.Typing() && !k.Paste {
					continue // that would be typing the word
				}
			}
			d.send(k)
		}
		for _, a := range d.con.answers {
			if a.Choice != "stop" {
				t.Fatalf("seed %d: taken without its word: %+v", seed, a)
			}
		}
	}
}

// The code of a hazard has to be typed: what came at once, as pasted text does,
// accepts nothing, and neither does what was typed before there was a prompt.
func TestHazard_isNotAcceptedByAPaste(t *testing.T) {
	q := planQuestion()
	q.Kind = engine.AskApply
	apply := choice("apply", "a", "apply this plan", "")
	apply.Irreversible = true
	q.Choices = []engine.Choice{apply, stopping()}
	r := q.Payload.(engine.PlanReview)
	r.Hazards = []plan.Hazard{{Code: plan.Gone, Address: safe.Lit("dns_record.static"), Accept: true, Text: safe.Lit("The name is gone for good.")}}
	q.Payload = r
	d := opened(t, q)
	d.m.View()
	d.press("h")
	d.wait(time.Second)
	d.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(" GONE")})
	d.press("enter", "a")
	d.noAnswer()
	d.press("esc")
	d.wait(3 * time.Second)
	d.press("h", "enter")
	d.has("type GONE to accept")
	d.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("GONE")})
	d.press("enter")
	d.has("not the code")
	d.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("GONE"), Paste: true})
	d.has("pasted text does not count")
	d.press("enter")
	d.has("not the code")
	d.write("GONE")
	d.press("enter", "a")
	d.write("yes")
	d.press("enter")
	if a := d.theAnswer(); a.Choice != "apply" || len(a.Acknowledge) != 1 || a.Acknowledge[0] != "GONE dns_record.static" {
		t.Errorf("answer %+v", a)
	}
}

func TestPlan_takesMarkedChangesTogether(t *testing.T) {
	d := opened(t, planQuestion())
	d.m.View()
	d.has("enter take change 1")
	d.press(" ", "j", " ")
	d.has("take changes 1 and 2 together")
	d.press("enter")
	if a := d.theAnswer(); a.Item != "c1+c2" {
		t.Errorf("answer %+v", a)
	}
}
