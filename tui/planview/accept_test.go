package planview

import (
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// accept goes to the next hazard and types a code.
func accept(v *View, code string) {
	press(v, "h", " ")
	typed(v, code)
}

func TestReady_wantsEachHazardAcceptedByItsCode(t *testing.T) {
	v := open(engine.AskApply, 120, 60)
	if ok, why := v.Ready(); ok || why != safe.Lit("2 hazards not accepted") {
		t.Fatalf("at first %v, %q", ok, why)
	}
	accept(v, plan.NameHandover)
	if got := v.Acknowledged(); !slices.Equal(got, []string{"NAME_HANDOVER dns_record.static"}) {
		t.Fatalf("after the first %v", got)
	}
	accept(v, plan.ReplaceInUse)
	if ok, why := v.Ready(); !ok {
		t.Fatalf("after both: %q", why)
	}
	press(v, " ")
	if ok, _ := v.Ready(); ok {
		t.Fatal("taken back, and still ready")
	}
}

func TestAccept_takesNothingButTheTypedCode(t *testing.T) {
	for name, try := range map[string]func(v *View){
		"wrong":      func(v *View) { typed(v, "REPLACE_IN_USE") },
		"case":       func(v *View) { typed(v, "name_handover") },
		"beginning":  func(v *View) { typed(v, "NAME_HANDOVE") },
		"nothing":    func(v *View) { press(v, "enter") },
		"left":       func(v *View) { press(v, "N", "esc", "enter") },
		"with blank": func(v *View) { typed(v, "NAME_HANDOVER ") },
		"pasted": func(v *View) {
			v.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("NAME_HANDOVER"), Paste: true})
			press(v, "enter")
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := open(engine.AskApply, 120, 60)
			press(v, "h", "enter")
			if !v.Typing() || !v.Sealing() || !strings.Contains(said(v.View()), "type NAME_HANDOVER to accept") {
				t.Fatalf("no prompt:\n%s", v.View())
			}
			try(v)
			if got := v.Acknowledged(); len(got) > 0 {
				t.Errorf("accepted %v", got)
			}
		})
	}
}

func TestAccept_aChangeIsChosenWithoutIt(t *testing.T) {
	v := open(engine.AskChange, 120, 60)
	press(v, "h", " ")
	if v.Typing() || len(v.Acknowledged()) > 0 {
		t.Error("a hazard can be accepted before there is an apply")
	}
	if ok, why := v.Ready(); !ok {
		t.Errorf("not ready: %q", why)
	}
}

func TestAcknowledged_namesAKeyOnlyWhenAllItsHazardsAreAccepted(t *testing.T) {
	r, parts := incident()
	r.Hazards[1] = r.Hazards[0]
	v := New(look.New(false), engine.Question{ID: "q1", Kind: engine.AskApply, Payload: r}, fetcher(parts))
	v.SetSize(80, 24)
	accept(v, plan.NameHandover)
	if got := v.Acknowledged(); len(got) != 0 {
		t.Fatalf("one of two accepted: %v", got)
	}
	accept(v, plan.NameHandover)
	if got := v.Acknowledged(); len(got) != 1 {
		t.Fatalf("both accepted: %v", got)
	}
}

func TestReady_wantsEveryHazardOnTheScreen(t *testing.T) {
	v := open(engine.AskApply, 80, 14)
	if ok, why := v.Ready(); ok || why != safe.Lit("3 hazards not read, 2 not accepted, read to the end: G") {
		t.Fatalf("at first %v, %q", ok, why)
	}
	accept(v, plan.NameHandover)
	accept(v, plan.ReplaceInUse)
	for range 10 {
		press(v, "h")
	}
	if ok, why := v.Ready(); ok || strings.Contains(why.String(), "hazard") {
		t.Fatalf("h does not go to every hazard: %q", why)
	}
	press(v, "end")
	if ok, why := v.Ready(); !ok {
		t.Fatalf("at the end: %q", why)
	}
}

// A hazard that is taller than the window is read when both of its ends were.
func TestReady_aTallHazardIsReadToItsEnd(t *testing.T) {
	r, parts := incident()
	r.Hazards = []plan.Hazard{{Code: plan.DriftFound, Text: safe.Show(strings.Repeat("a word ", 200))}}
	r.Changes, r.Plan.Drift, r.Plan.Outputs = nil, nil, nil
	v := New(look.New(false), engine.Question{ID: "q1", Kind: engine.AskApply, Payload: r}, fetcher(parts))
	v.SetSize(60, 16)
	drive(v, v.Init())
	press(v, "h")
	if v.unseen != 1 {
		t.Fatal("it counts as read before its end was on the screen")
	}
	press(v, "end")
	if v.unseen != 0 {
		t.Fatal("it does not count as read")
	}
}

func TestReady_wantsTheEndOfAnApplyOnTheScreen(t *testing.T) {
	small := open(engine.AskApply, 80, 14)
	accept(small, plan.NameHandover)
	if ok, why := small.Ready(); ok || !strings.Contains(why.String(), "read to the end: G") {
		t.Fatalf("the end was never shown: %v, %q", ok, why)
	}
	accept(small, plan.ReplaceInUse)
	press(small, "end")
	if ok, why := small.Ready(); !ok {
		t.Fatalf("at the end: %q", why)
	}
	tall := open(engine.AskApply, 80, 200)
	accept(tall, plan.NameHandover)
	accept(tall, plan.ReplaceInUse)
	if ok, why := tall.Ready(); !ok {
		t.Fatalf("all of it fits: %q", why)
	}
}
