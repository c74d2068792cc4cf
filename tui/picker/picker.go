// Package picker shows the commits an environment does not have, for the
// operator to choose one: a table of any length, with a search, the whole of one
// commit, and the commits that do not touch the environment.
package picker

import (
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/list"
	"lockstep/tui/look"
)

// A Picker is the pane of a question about candidates.
type Picker struct {
	st    look.Styles
	c     engine.Candidates
	fetch look.Fetcher
	now   func() time.Time

	rows   *list.List
	view   view
	detail detail
	others others

	searching     bool
	words         string
	width, height int
	top           []string // lines above the table
	bottom        []string // lines below it
	cols          columns
}

type view int

const (
	table view = iota
	details
	rest
)

// New returns the picker of a question with a payload of candidates.
func New(st look.Styles, c engine.Candidates, fetch look.Fetcher, now func() time.Time) *Picker {
	p := &Picker{st: st, c: c, fetch: fetch, now: now, rows: &list.List{}}
	p.detail.rows, p.others.rows = list.NewScroll(), list.NewScroll()
	p.rows.SetLen(len(c.Items))
	for i, item := range c.Items {
		if item.Recommended {
			p.rows.Select(i)
			break
		}
	}
	return p
}

// Item returns what the cursor is on, for the answer.
func (p *Picker) Item() (id string, reason, disabled safe.Text) {
	i := p.rows.Cursor()
	if i < 0 {
		return "", safe.Text{}, safe.Text{}
	}
	if p.view == rest {
		return "", safe.Text{}, safe.Lit("not from this list: o goes back")
	}
	c := p.c.Items[i]
	return c.Hash, c.Reason, c.Disabled
}

// Typing reports whether the operator writes the words of a search.
func (p *Picker) Typing() bool { return p.searching }

// SetSize lays the table out.
func (p *Picker) SetSize(width, height int) {
	p.width, p.height = width, height
	p.layout()
}

func (p *Picker) layout() {
	p.top, p.bottom = p.above(), p.below()
	if room := p.height - len(p.top) - 2; len(p.bottom) > max(room-3, 0) {
		p.bottom = p.bottom[:max(room-3, 0)]
	}
	p.rows.SetHeight(max(p.height-len(p.top)-1-len(p.bottom), 1))
	p.cols = measure(p.c, p.now(), p.width)
	p.detail.layout(p)
	p.others.layout(p)
}

// Update moves, searches, and opens the whole of a commit.
func (p *Picker) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case look.FetchedMsg:
		p.got(msg)
	case tea.KeyMsg:
		cmd := p.press(msg)
		p.layout()
		return cmd
	}
	return nil
}

func (p *Picker) got(msg look.FetchedMsg) {
	switch {
	case msg.Request.What == "commit" && msg.Request.Index == p.detail.index:
		p.detail.got(msg)
	case msg.Request.What == "others":
		p.others.got(msg)
	}
	p.layout()
}

func (p *Picker) press(k tea.KeyMsg) tea.Cmd {
	if p.searching {
		p.search(k)
		return nil
	}
	switch k.String() {
	case "d":
		return p.toggle(details)
	case "o":
		return p.toggle(rest)
	case "esc":
		p.view, p.words = table, ""
	case "/":
		p.view, p.searching, p.words = table, true, ""
	case "n":
		p.find(1)
	case "N":
		p.find(-1)
	default:
		return p.move(k.String())
	}
	return nil
}

func (p *Picker) move(key string) tea.Cmd {
	switch p.view {
	case rest:
		p.others.rows.Press(key)
	case details:
		if key == "pgup" || key == "pgdown" {
			p.detail.rows.Press(key)
			return nil
		}
		if p.rows.Press(key) {
			return p.open()
		}
	default:
		p.rows.Press(key)
	}
	return nil
}

func (p *Picker) toggle(v view) tea.Cmd {
	if p.view == v {
		p.view = table
		return nil
	}
	p.view = v
	if v == details {
		return p.open()
	}
	if p.others.items != nil {
		return nil
	}
	return p.fetch(engine.Request{What: "others"})
}

// open fetches the whole of the commit the cursor is on.
func (p *Picker) open() tea.Cmd {
	i := p.rows.Cursor()
	if i < 0 {
		return nil
	}
	p.detail.open(i)
	p.layout()
	return p.fetch(engine.Request{What: "commit", Index: i})
}

func (p *Picker) search(k tea.KeyMsg) {
	switch k.Type {
	case tea.KeyEsc:
		p.searching, p.words = false, ""
	case tea.KeyEnter:
		p.searching = false
	case tea.KeyBackspace:
		if r := []rune(p.words); len(r) > 0 {
			p.words = string(r[:len(r)-1])
		}
	case tea.KeySpace, tea.KeyRunes:
		p.words = safe.Show(p.words + string(k.Runes)).String()
		p.findFrom(p.rows.Cursor(), 1)
	}
}

func (p *Picker) find(step int) {
	if p.words != "" {
		p.findFrom(p.rows.Cursor()+step, step)
	}
}

// findFrom puts the cursor on the next match from row i on, around the end.
func (p *Picker) findFrom(i, step int) {
	n := len(p.c.Items)
	for range n {
		i = (i + n) % n
		if p.matches(p.c.Items[i]) {
			p.rows.Select(i)
			return
		}
		i += step
	}
}

func (p *Picker) matches(c engine.Candidate) bool {
	words := strings.ToLower(p.words)
	for _, t := range []string{c.Hash, c.Subject.String(), c.Author.String()} {
		if strings.Contains(strings.ToLower(t), words) {
			return true
		}
	}
	return false
}

// View draws the table, or what was opened over or beside it.
func (p *Picker) View() string {
	if p.view == rest {
		return look.Stack(p.others.lines(p), p.width, p.height)
	}
	if p.view == details && !p.beside() {
		return look.Stack(p.detail.lines(p, p.width, p.height), p.width, p.height)
	}
	lines := append([]string(nil), p.top...)
	lines = append(lines, p.cols.head(p.st, p.width))
	first, end := p.rows.Visible()
	for i := first; i < end; i++ {
		lines = append(lines, p.cols.row(p, i))
	}
	if p.view == details {
		room := p.height - len(lines)
		return look.Stack(append(lines, p.detail.lines(p, p.width, room)...), p.width, p.height)
	}
	return look.Stack(append(lines, p.bottom...), p.width, p.height)
}

// beside reports whether the table and the details fit one below the other.
func (p *Picker) beside() bool {
	first, end := p.rows.Visible()
	return p.height-len(p.top)-1-(end-first) >= 10
}

// Keys lists what the picker can do now.
func (p *Picker) Keys() []look.Hint {
	switch {
	case p.searching:
		return []look.Hint{{Key: "enter", Label: "keep"}, {Key: "esc", Label: "end the search"}}
	case p.view == details:
		return []look.Hint{{Key: "d", Label: "close details"}, {Key: "↑↓", Label: "other commit"}, {Key: "pgup pgdn", Label: "scroll"}}
	case p.view == rest:
		return []look.Hint{{Key: "o", Label: "back"}, {Key: "↑↓", Label: "scroll"}}
	}
	hints := []look.Hint{{Key: "d", Label: "details"}, {Key: "/", Label: "search"}, {Key: "o", Label: "others"}}
	if p.words != "" {
		hints = append([]look.Hint{{Key: "n N", Label: "next match"}}, hints...)
	}
	return hints
}
