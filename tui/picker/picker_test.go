package picker

import (
	"errors"
	"fmt"
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

func many(n int) engine.Candidates {
	c := engine.Candidates{Environment: safe.Show("production"), Branch: safe.Show("main"), Ahead: n}
	for i := range n {
		c.Items = append(c.Items, engine.Candidate{
			Hash: fmt.Sprintf("%040x", i), Short: fmt.Sprintf("%07x", i), When: epoch, Takes: i + 1,
			Author: safe.Lit("ana"), Subject: safe.Sprintf("change number %d", i+1),
		})
	}
	return c
}

func open(t testing.TB, c engine.Candidates, fetched *[]engine.Request) *Picker {
	p := New(look.New(false), c, func(r engine.Request) tea.Cmd {
		*fetched = append(*fetched, r)
		return nil
	}, func() time.Time { return epoch })
	p.SetSize(100, 30)
	return p
}

func press(p *Picker, keys ...string) {
	for _, k := range keys {
		switch k {
		case "down":
			p.Update(tea.KeyMsg{Type: tea.KeyDown})
		case "enter":
			p.Update(tea.KeyMsg{Type: tea.KeyEnter})
		default:
			p.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)})
		}
	}
}

func says(t *testing.T, p *Picker, words string) {
	t.Helper()
	if frame := ansi.Strip(p.View()); !strings.Contains(frame, words) {
		t.Errorf("it does not say %q:\n%s", words, frame)
	}
}

func TestPicker_drawsOnlyWhatIsInSight(t *testing.T) {
	var asked []engine.Request
	few, lots := open(t, many(1000), &asked), open(t, many(200_000), &asked)
	press(lots, "G")
	says(t, lots, "change number 200000")
	measure := func(p *Picker) float64 {
		return testing.AllocsPerRun(20, func() {
			press(p, "down", "k")
			p.View()
		})
	}
	if a, b := measure(few), measure(lots); b > a*1.2 {
		t.Errorf("1,000 rows cost %v allocations, 200,000 rows %v", a, b)
	}
}

func TestPicker_findsWhatIsSearched(t *testing.T) {
	var asked []engine.Request
	p := open(t, many(5000), &asked)
	press(p, "/", "n", "u", "m", "b", "e", "r", " ", "4", "3", "2", "1", "enter")
	if id, _, _ := p.Item(); id != fmt.Sprintf("%040x", 4320) {
		t.Errorf("at %s", id)
	}
	if p.Typing() {
		t.Error("the search is still open")
	}
}

func TestPicker_showsTheWholeOfACommit(t *testing.T) {
	var asked []engine.Request
	p := open(t, many(3), &asked)
	press(p, "d")
	says(t, p, "reading the commit")
	if len(asked) != 1 || asked[0].What != "commit" || asked[0].Index != 0 {
		t.Fatalf("asked for %+v", asked)
	}
	p.Update(look.FetchedMsg{Request: asked[0], Part: engine.CommitDetail{Message: safe.Lines("the message"), Files: safe.Lines("main.tf")}})
	says(t, p, "the message")
	press(p, "down")
	says(t, p, "reading the commit")
	p.Update(look.FetchedMsg{Request: asked[0], Part: engine.CommitDetail{Message: safe.Lines("too late")}})
	if strings.Contains(p.View(), "too late") {
		t.Error("the details are those of another commit")
	}
	p.Update(look.FetchedMsg{Request: asked[1], Err: errors.New("object not found")})
	says(t, p, "the commit could not be read: object not found")
}

func TestPicker_aCommitThatDoesNotTouchCannotBeTaken(t *testing.T) {
	var asked []engine.Request
	p := open(t, many(3), &asked)
	press(p, "o")
	if _, _, why := p.Item(); why.IsEmpty() {
		t.Error("it can be taken")
	}
	press(p, "o")
	if id, _, why := p.Item(); id == "" || !why.IsEmpty() {
		t.Errorf("%q cannot be taken: %s", id, why)
	}
}

func TestPicker_hasNothingToTakeWhenThereIsNothing(t *testing.T) {
	var asked []engine.Request
	p := open(t, many(0), &asked)
	press(p, "d", "G", "/", "x", "enter", "n")
	if id, _, _ := p.Item(); id != "" {
		t.Errorf("took %q", id)
	}
	says(t, p, "Nothing to deploy")
}

func TestTable_cutsHazardsLast(t *testing.T) {
	c := many(4)
	c.Items[0].Subject = safe.Lit("Remove redirects from the certificate module")
	c.Items[2].Hazards = []safe.Text{safe.Lit("re-creates the certificate")}
	var asked []engine.Request
	p := open(t, c, &asked)
	for _, width := range []int{140, 120, 100, 87, 80} {
		p.SetSize(width, 30)
		says(t, p, "⚠ re-creates the certificate ")
		if width >= 120 {
			says(t, p, "Remove redirects from the certificate module ")
		}
		if width >= 87 {
			says(t, p, "author")
		}
	}
}
