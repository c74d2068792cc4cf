package ask

import (
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

var epoch = time.Date(2026, 11, 22, 9, 15, 2, 0, time.UTC)

func pressed(s string) tea.KeyMsg {
	switch s {
	case "enter":
		return tea.KeyMsg{Type: tea.KeyEnter}
	case "esc":
		return tea.KeyMsg{Type: tea.KeyEsc}
	case "down":
		return tea.KeyMsg{Type: tea.KeyDown}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(s)}
}

func chooser(mode Mode, s Subject, choices ...engine.Choice) *Chooser {
	c := New(look.New(false), engine.Question{ID: "q", Choices: choices}, s, mode, nil, func() time.Time { return epoch })
	c.Waive()
	return c
}

func press(t *testing.T, c *Chooser, keys ...string) *engine.Answer {
	t.Helper()
	for i, k := range keys {
		if a, _ := c.Press(pressed(k), false); a != nil {
			if i != len(keys)-1 {
				t.Fatalf("answered after %v", keys[:i+1])
			}
			return a
		}
	}
	return nil
}

func TestBind_givesEveryChoiceAKeyOfItsOwn(t *testing.T) {
	var choices []engine.Choice
	for range 30 {
		choices = append(choices, engine.Choice{ID: "stop", Key: "s", Label: safe.Lit("stop")})
	}
	choices = append(choices, engine.Choice{ID: "enter", Key: "enter"}, engine.Choice{Key: "ctrl+d"}, engine.Choice{Key: "é"})
	seen := map[string]bool{"q": true, "x": true, "enter": true}
	for i, k := range bind(choices, map[string]bool{"q": true, "x": true}) {
		if !oneKey(k) || seen[k] {
			t.Errorf("choice %d has the key %q", i, k)
		}
		seen[k] = true
	}
	if !seen["s"] || !seen["S"] || !seen["é"] {
		t.Error("a wish that could be met was not")
	}
}

func TestChooser_enterTakesTheRecommendedOneOnly(t *testing.T) {
	stop := engine.Choice{ID: "stop", Key: "s", Stops: true}
	send := engine.Choice{ID: "send", Key: "y", Recommended: true, Irreversible: true}
	for _, mode := range []Mode{Keys, Menu, Cursor} {
		if a := press(t, chooser(mode, Subject{}, stop, send), "enter", "enter"); a != nil {
			t.Errorf("mode %d: enter answered %+v", mode, a)
		}
	}
	send.Irreversible = false
	for _, mode := range []Mode{Keys, Menu, Cursor} {
		if a := press(t, chooser(mode, Subject{}, stop, send), "enter"); a == nil || a.Choice != "send" {
			t.Errorf("mode %d: enter answered %+v", mode, a)
		}
	}
}

func TestChooser_aStopNeedsNothingRead(t *testing.T) {
	unread := Subject{Ready: func() (bool, safe.Text) { return false, safe.Lit("2 files not viewed") }}
	stop := engine.Choice{ID: "stop", Key: "s", Stops: true}
	on := engine.Choice{ID: "on", Key: "c"}
	c := chooser(Keys, unread, stop, on)
	if a := press(t, c, "c"); a != nil {
		t.Errorf("answered %+v", a)
	}
	if lines := strings.Join(c.Lines(80, 10, 10, 10), "\n"); !strings.Contains(lines, "2 files not viewed") {
		t.Errorf("it does not say why: %q", lines)
	}
	if a := press(t, c, "s", "s"); a == nil || a.Choice != "stop" {
		t.Errorf("answered %+v", a)
	}
}

func TestChooser_aStopWantsItsKeyTwice(t *testing.T) {
	stop := engine.Choice{ID: "stop", Key: "s", Stops: true}
	on := engine.Choice{ID: "on", Key: "c", Recommended: true}
	for _, mode := range []Mode{Keys, Menu, Cursor} {
		c := chooser(mode, Subject{}, on, stop)
		for _, other := range []string{"x", "esc"} {
			if a := press(t, c, "s", other, "s"); a != nil {
				t.Errorf("mode %d: %s does not take it back", mode, other)
			}
			if lines := strings.Join(c.Lines(80, 10, 10, 10), "\n"); !strings.Contains(lines, "press s again to stop the run") {
				t.Errorf("mode %d: it does not say so: %q", mode, lines)
			}
			if !c.TakeBack() {
				t.Errorf("mode %d: nothing to take back", mode)
			}
		}
		c.Press(pressed("s"), false)
		a, _ := c.Press(pressed("enter"), false)
		if mode == Cursor {
			if a == nil || a.Choice != "stop" {
				t.Errorf("enter on it answered %+v", a)
			}
			continue
		}
		if a != nil {
			t.Errorf("mode %d: enter after s answered %+v", mode, a)
		}
		if a := press(t, c, "s", "s"); a == nil || a.Choice != "stop" {
			t.Errorf("mode %d: answered %+v", mode, a)
		}
	}
}

func TestChooser_enterOnARecommendedStopIsAskedTwice(t *testing.T) {
	for _, mode := range []Mode{Keys, Menu, Cursor} {
		c := chooser(mode, Subject{}, engine.Choice{ID: "stop", Key: "s", Stops: true, Recommended: true})
		if a := press(t, c, "enter"); a != nil {
			t.Errorf("mode %d: answered %+v", mode, a)
		}
		if a := press(t, c, "enter"); a == nil {
			t.Errorf("mode %d: no answer", mode)
		}
	}
}

func TestChooser_complainsOfAKeyboardOnce(t *testing.T) {
	now := epoch
	c := New(look.New(false), engine.Question{ID: "q", Choices: []engine.Choice{{ID: "on", Key: "c"}}}, Subject{}, Keys, nil, func() time.Time { return now })
	complains := func() bool { return strings.Contains(strings.Join(c.Lines(80, 10, 10, 10), "\n"), "not quiet") }
	c.Press(pressed("x"), false)
	if !complains() {
		t.Fatal("it takes a key at once, or does not say that it did not")
	}
	now = now.Add(quiet)
	c.Press(pressed("x"), false)
	for range 5 { // quick, but the question has taken a key already
		now = now.Add(quiet / 8)
		c.Press(pressed("x"), false)
		if complains() {
			t.Fatal("it complains after it took a key")
		}
	}
	c.Startle()
	if a, _ := c.Press(pressed("c"), false); a != nil || complains() {
		t.Errorf("after a paste: answered %+v, complains %v", a, complains())
	}
}

func TestHints_offerEnterOnlyWhereItTakesSomething(t *testing.T) {
	yes := engine.Choice{ID: "yes", Key: "y", Irreversible: true, Recommended: true}
	c := chooser(Cursor, Subject{}, yes, engine.Choice{ID: "no", Key: "n"})
	if h, _ := c.Hints(); h[0].Key != "↑↓" {
		t.Errorf("it offers %q", h[0].Key)
	}
	press(t, c, "down")
	if h, _ := c.Hints(); h[0].Key != "↑↓ enter" {
		t.Errorf("it offers %q", h[0].Key)
	}
}

func TestChooser_aDisabledChoiceSaysWhy(t *testing.T) {
	c := chooser(Cursor, Subject{}, engine.Choice{ID: "write", Key: "w", Disabled: safe.Lit("the plan is not empty")})
	if a := press(t, c, "w", "enter"); a != nil {
		t.Errorf("answered %+v", a)
	}
	if lines := strings.Join(c.Lines(80, 10, 10, 10), "\n"); !strings.Contains(lines, "! the plan is not empty") {
		t.Errorf("it does not say why: %q", lines)
	}
}

func TestChooser_escGoesBack(t *testing.T) {
	accept := engine.Choice{ID: "accept", Key: "a", NeedsReason: true, Typed: "accept"}
	c := chooser(Cursor, Subject{}, accept)
	press(t, c, "a", "x", "enter")
	if !c.Typing() {
		t.Fatal("no word is asked for after the reason")
	}
	press(t, c, "esc")
	if c.Typing() {
		t.Fatal("esc does not go back")
	}
	if a := press(t, c, "a", "w", "h", "y", "enter", "a", "c", "c", "e", "p", "t", "enter"); a == nil || a.Reason != "why" || a.Typed != "accept" {
		t.Errorf("answered %+v", a)
	}
}

func TestChooser_neverHidesAChoiceItHasRoomFor(t *testing.T) {
	var choices []engine.Choice
	for _, id := range []string{"one", "two", "three", "four", "five", "six"} {
		choices = append(choices, engine.Choice{ID: id, Label: safe.Show(id), Consequence: safe.Lit("what happens then, in more words than fit on one line of a narrow terminal")})
	}
	c := chooser(Cursor, Subject{}, choices...)
	for _, width := range []int{40, 80, 120} {
		lines := c.Lines(width, 4, 4, 8)
		if len(lines) > 8 {
			t.Errorf("%d lines at %d", len(lines), width)
		}
		all := strings.Join(lines, "\n")
		for _, ch := range choices {
			if !strings.Contains(all, ch.ID) {
				t.Errorf("%q is hidden at %d", ch.ID, width)
			}
		}
		for _, l := range lines {
			if ansi.StringWidth(l) != width {
				t.Errorf("a line of %d cells at %d", ansi.StringWidth(l), width)
			}
		}
	}
	for range 5 {
		press(t, c, "down")
	}
	if lines := strings.Join(c.Lines(40, 1, 1, 2), "\n"); !strings.Contains(lines, "six") {
		t.Errorf("the choice with the cursor is hidden: %q", lines)
	}
}

func TestEntry_isInert(t *testing.T) {
	e := newEntry()
	e.press(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("a\u202eb\u200b"), Paste: true})
	if got := e.text(); strings.ContainsAny(got, "\u202e\u200b") {
		t.Errorf("it holds %q", got)
	}
}

func TestEditor_keepsTextInertAndItsLines(t *testing.T) {
	e := NewEditor(look.New(false), engine.Question{}, engine.Message{Text: "one\n\ntwo\n", Channels: []engine.MessageChannel{{Name: "ops"}}})
	e.SetSize(80, 20)
	if e.Text() != "one\n\ntwo\n" {
		t.Errorf("text %q", e.Text())
	}
	e.Update(pressed("e"))
	e.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("x\u202ey"), Paste: true})
	if strings.ContainsRune(e.Text(), '\u202e') {
		t.Errorf("text %q", e.Text())
	}
}
