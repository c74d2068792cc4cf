package tui

import (
	"errors"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// attached returns a desk at a detached run that waits for an answer.
func attached(t testing.TB, who engine.Attended) (*desk, *seated) {
	d := newDesk(t, 100, 30)
	s := d.sit()
	d.begin(engine.Live)
	d.tell(who)
	d.upTo("plan")
	d.tell(engine.QuestionAsked{Question: failureQuestion()})
	d.wait(time.Second)
	return d, s
}

func TestDetach_leavesTheRunAlone(t *testing.T) {
	d, _ := attached(t, alone())
	d.press("q")
	d.has("detach", "come back with lockstep", "attach 7f3a91c2-aa", "nothing new starts until somebody")
	d.press("d")
	if !errors.Is(d.m.err, ErrDetached) || len(d.con.interrupts) > 0 {
		t.Errorf("error %v, interrupts %v", d.m.err, d.con.interrupts)
	}
	d.noAnswer()
}

func TestDetach_isNotOfferedAtARunOfOnesOwn(t *testing.T) {
	d := opened(t, failureQuestion())
	d.press("q")
	d.hasNot("detach")
	d.press("d")
	if d.m.err != nil {
		t.Errorf("error %v", d.m.err)
	}
}

func TestSuspend_opensTheMenuInstead(t *testing.T) {
	d, _ := attached(t, alone())
	d.send(tea.KeyMsg{Type: tea.KeyCtrlZ})
	d.has("What now?")
	d.send(tea.KeyMsg{Type: tea.KeyCtrlZ})
	d.has("What now?")
}

func TestCancel_isNotTakenBack(t *testing.T) {
	d := newDesk(t, 100, 30)
	d.sit()
	d.cancelling()
	d.press("q", "g")
	d.tell(engine.Interrupted{How: engine.GoOn})
	if len(d.con.interrupts) > 0 {
		t.Errorf("interrupts %v", d.con.interrupts)
	}
	d.has("CANCELLING")
}

func TestForce_wantsItsWordTyped(t *testing.T) {
	for key, want := range map[string]engine.Interrupt{"i": engine.SecondInterrupt, "k": engine.Kill} {
		d := newDesk(t, 100, 30)
		s := d.sit()
		d.cancelling()
		d.press("q")
		d.has("Terraform has not ended yet", "certificate.static", "for 5 min")
		word := engine.ForceWord(want)
		d.press(key, "enter")
		d.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(word), Paste: true})
		d.press("enter")
		d.send(keyMsg(word)) // a terminal that does not mark pastes
		d.press("enter")
		d.write(word[:len(word)-1])
		d.press("enter")
		if len(s.forced) > 0 {
			t.Fatalf("%s: forced %q", key, s.forced)
		}
		d.has("that is not the word")
		s.refused = &engine.RefusedError{Why: "nothing is under way that could be forced"}
		d.write(word)
		d.press("enter")
		d.has("nothing is under way that could be forced")
		s.refused = nil
		d.press(key)
		d.write(word)
		d.press("enter")
		if len(s.forced) != 2 || s.forced[1] != string(want)+" "+word {
			t.Errorf("%s: forced %q", key, s.forced)
		}
		d.tell(engine.Interrupted{How: want, By: safe.Lit("ana")})
		d.wait(7 * time.Second)
		d.has("CANCELLING", "7 s ago")
	}
}

func TestForce_isOfferedOnlyWhileSomethingIsUnderWay(t *testing.T) {
	d := newDesk(t, 100, 30)
	d.sit()
	d.cancelling()
	d.press("q")
	d.has("kill Terraform")
	d.press("k")
	d.write("kill")
	d.tell(engine.ApplyFinished{Result: engine.Stopped})
	d.hasNot("kill")
	d.write("\nterraform")
	if len(d.con.forced) > 0 {
		t.Errorf("forced %q", d.con.forced)
	}
}

func TestWatcher_answersNothing(t *testing.T) {
	for _, q := range []engine.Question{failureQuestion(), confirmQuestion(), commitQuestion(), manualQuestion(), announceQuestion(""), pinQuestion(), reviewQuestion(), planQuestion(), strandedLock()} {
		d, s := attached(t, watcher())
		d.tell(engine.QuestionAsked{Question: q})
		d.wait(time.Minute)
		d.has("ana@ops1 answers", "you watch", "press t to take over", "t take over")
		d.m.View()
		for _, k := range strings.Split("enter s a r y w c e d k l  v A h down pgdown", " ") {
			d.press(k, k, "enter")
			d.m.View()
		}
		d.press("q")
		d.has("watch on")
		d.press("s", "c", "esc")
		if len(s.answers)+len(s.interrupts)+len(s.took) > 0 {
			t.Errorf("%s: answers %v, interrupts %v, took %v", q.Kind, s.answers, s.interrupts, s.took)
		}
	}
}

func TestTake_asksForAReasonAndItsWords(t *testing.T) {
	d, s := attached(t, watcher())
	d.press("t")
	d.has("Take over the answers?", "reason, recorded:")
	d.press("enter")
	d.has("a reason is needed")
	d.write("ana is asleep")
	d.press("enter")
	d.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("take over"), Paste: true})
	d.press("enter")
	if len(s.took) > 0 {
		t.Fatalf("took %q", s.took)
	}
	d.write("take over")
	d.press("enter")
	if len(s.took) != 1 || s.took[0] != "ana is asleep" {
		t.Fatalf("took %q", s.took)
	}
	a := watcher()
	a.Seats[0].Holds, a.Seats[1].Holds = false, true
	d.tell(a)
	d.has("you answer · ana watches")
	d.send(keyMsg("r")) // typed for something else
	d.noAnswer()
	d.wait(time.Second)
	d.send(keyMsg("r"))
	d.theAnswer()
}

func TestTake_wantsNoReasonWhenNobodyAnswers(t *testing.T) {
	d, s := attached(t, unheld(""))
	d.has("nobody answers")
	d.press("t")
	d.hasNot("reason, recorded")
	d.write("take over")
	d.press("enter")
	if len(s.took) != 1 {
		t.Fatalf("took %q", s.took)
	}
}

func TestTake_saysWhyItWasRefused(t *testing.T) {
	d, s := attached(t, unheld(""))
	s.refused = &engine.RefusedError{Why: "cy@ops3 was quicker"}
	d.press("t")
	d.write("take over")
	d.press("enter")
	d.has("cy@ops3 was quicker")
	d.press("esc")
	d.has("Plan failed")
}

func TestTaken_isToldAtOnceAndDropsWhatIsHalfTyped(t *testing.T) {
	d, s := attached(t, watched())
	d.press("a")
	d.write("known, I looked at")
	a := watched()
	a.Seats[0].Holds, a.Seats[1].Holds = false, true
	d.tell(a)
	d.has("bo@ops2 took over from you", "bo@ops2 answers (pts/5) · you watch")
	d.hasNot("known, I looked at")
	d.press("enter")
	d.noAnswer()
	left := watched()
	left.Seats = left.Seats[:1]
	left.Seats[0].Holds = false
	d.tell(left) // who took over is gone
	d.has("nobody answers now; press t to answer")
	d.hasNot("took over from you")
	d.tell(watched())
	d.hasNot("took over from you", "known, I looked at")
	d.wait(time.Second)
	d.press("a")
	d.hasNot("known")
	if len(s.took) > 0 {
		t.Errorf("took %q", s.took)
	}
}

func TestTaken_closesTheMenuOfTheOneWhoLost(t *testing.T) {
	d := newDesk(t, 100, 30)
	s := d.sit()
	d.cancelling()
	d.press("q", "k")
	d.write("kill terrafor")
	a := watched()
	a.Seats[0].Holds, a.Seats[1].Holds = false, true
	d.tell(a)
	d.write("m")
	d.press("enter", "k", "enter")
	if len(s.forced) > 0 {
		t.Errorf("forced %q", s.forced)
	}
	d.has("bo@ops2 answers")
}

func TestSettle_takesNothingByEnterAlone(t *testing.T) {
	d := newDesk(t, 80, 24)
	d.sit()
	d.resumed()
	d.tell(engine.QuestionAsked{Question: strandedLock()})
	d.has("37 min 12 s ago, by ana@ops1", "record 58", "stranded-lock", "still held")
	d.wait(time.Minute)
	d.send(secondMsg{})
	d.has("38 min 12 s ago")
	d.press("down", "down", "enter", "enter")
	d.noAnswer()
	d.press("r")
	d.write("process 48213 is gone")
	d.press("enter")
	d.write("7c1e4a90")
	d.noAnswer()
	d.press("enter")
	if a := d.theAnswer(); a.Choice != "release" || a.Typed != "7c1e4a90" || !strings.HasPrefix(a.Reason, "process") {
		t.Errorf("answer %+v", a)
	}
}

func TestSettle_allOfTheEvidenceCanBeRead(t *testing.T) {
	for _, size := range sizes {
		d := newDesk(t, size.w, size.h)
		d.sit()
		d.resumed()
		d.tell(engine.QuestionAsked{Question: stateDidNotMove()})
		seen := ""
		for range 40 {
			seen += d.m.View()
			d.press("pgdown")
		}
		for _, words := range []string{"stop here", "verdict", "NXDOMAIN", "errored.tfstate", "8 h 3 min"} {
			if !strings.Contains(seen, words) {
				t.Errorf("%dx%d never shows %q", size.w, size.h, words)
			}
		}
	}
}

// replay gives a new screen everything that happened, at once.
func replay(t *testing.T, play func(*desk), after time.Duration) *desk {
	first := newDesk(t, 100, 30)
	var past []engine.Envelope
	first.keep = &past
	first.sit()
	play(first)
	second := newDesk(t, 100, 30)
	second.at = first.at.Add(after)
	second.sit()
	second.send(eventsMsg(past))
	return second
}

func TestReplay_doesNotAskWhatWasAnswered(t *testing.T) {
	d := replay(t, func(d *desk) {
		d.begin(engine.Live)
		d.tell(alone())
		d.upTo("plan")
		d.tell(engine.QuestionAsked{Question: reviewQuestion()})
		d.tell(engine.QuestionAnswered{Answer: engine.Answer{Question: d.lastID()}})
		d.tell(engine.QuestionAsked{Question: confirmQuestion()})
		d.tell(engine.QuestionWithdrawn{ID: d.lastID()})
		d.tell(engine.QuestionAsked{Question: failureQuestion()})
	}, time.Hour)
	d.has("Plan failed")
	if len(d.con.fetched) > 0 {
		t.Errorf("it fetched %v for a question that is over", d.con.fetched)
	}
	d.wait(time.Second)
	d.press("r")
	d.theAnswer()
}

func TestReplay_countsFromWhenItHappened(t *testing.T) {
	d := replay(t, func(d *desk) {
		d.begin(engine.Live)
		d.tell(alone())
		d.upTo("apply")
		d.tell(cutOver(), engine.ResourceMoved{Item: 0, State: engine.Running})
	}, 7*time.Minute+5*time.Second)
	d.has("certificate.static", "7 min 5 s", "1 running")
	d.tell(engine.Interrupted{How: engine.CancelNow})
	d.wait(3 * time.Second)
	d.has("CANCELLING 3 s")
}

func TestResumed_saysWhatWasDoneBefore(t *testing.T) {
	d := newDesk(t, 120, 40)
	d.sit()
	d.resumed()
	d.has("resumed", "before", "finding out what became of")
	d.tell(engine.StepStarted{ID: "pin", Attempt: 1})
	d.over("pin", "4b226e2")
	d.hasNot("4b226e2 · before")
}

func TestResumed_doesNotTimeAChangeOfBefore(t *testing.T) {
	d := newDesk(t, 120, 40)
	d.sit()
	d.resumed()
	d.tell(engine.StepStarted{ID: "each", Attempt: 1}, engine.RoundStarted{ID: "each", Round: 1})
	for _, id := range []string{"plan", "apply", "verify"} {
		d.tell(engine.StepFinished{ID: id, Result: engine.OK})
	}
	d.tell(engine.RoundStarted{ID: "each", Round: 2}, engine.StepStarted{ID: "plan", Attempt: 2})
	d.has("4.1 ✓ change 1        before")
}

func TestSummary_saysThatNothingIsLeft(t *testing.T) {
	d := newDesk(t, 100, 30)
	d.sit()
	d.begin(engine.Live)
	d.tell(alone(), finished())
	d.has("The run is over")
	d.press("q")
	if d.m.err != nil {
		t.Errorf("error %v", d.m.err)
	}
}

// A run whose last effect nobody knows the end of is not over.
func TestSummary_saysHowToGoOnWhenUnknown(t *testing.T) {
	d := newDesk(t, 100, 30)
	d.sit()
	d.begin(engine.Live)
	over := finished()
	over.Result = engine.Unknown
	d.tell(alone(), over)
	d.has("The run stays open: lockstep resume 7f3a91c2")
	d.hasNot("nothing to come back to")
}

func TestResuming_saysThatACancelLeavesProgramsAlone(t *testing.T) {
	d := newDesk(t, 120, 40)
	d.sit()
	d.resumed()
	d.press("q")
	d.has("no more is looked for")
	d.hasNot("Terraform is asked once to stop")
}

func TestLost_saysHowToFindOut(t *testing.T) {
	d, _ := attached(t, alone())
	d.send(endedMsg{})
	if err := d.m.err; !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), "lockstep resume 7f3a91c2-aa") {
		t.Errorf("error %v", err)
	}
}
