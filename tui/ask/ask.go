// Package ask is how the screen takes an answer. A [Chooser] turns keys into the
// one answer of a question, by rules that hold for every kind of question; the
// other types here show what a question is about.
//
// The rules: a question that opened by itself takes no key until the keyboard
// was quiet. Enter takes a choice only when that choice can be undone. What
// cannot be undone wants a word, typed letter by letter. Text that was pasted,
// or came in one burst, chooses nothing. A choice that stops the run wants its key
// twice. A choice that does not work says why, and so does an answer the run
// refused; the question stays.
package ask

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// A Subject is where the rest of an answer comes from, beside the choice. Nil
// functions give nothing.
type Subject struct {
	// Item names what the answer is about, why taking it needs a reason, and why
	// it cannot be taken.
	Item func() (id string, reason, disabled safe.Text)
	// Taking says in words what Item names, for a choice that takes it.
	Taking func() safe.Text
	// Ready reports whether the operator may go on, and why not.
	Ready func() (bool, safe.Text)
	// Acknowledged lists what was seen or ticked.
	Acknowledged func() []string
	// Text is what the operator wrote.
	Text func() string
}

// A Chooser takes the answer of one question.
type Chooser struct {
	st      look.Styles
	q       engine.Question
	subject Subject
	now     func() time.Time
	mode    Mode
	keys    []string

	grace  grace
	cursor int
	stage  stage
	picked int
	armed  int       // the choice that stops the run once its key is pressed again, or -1
	why    safe.Text // why the picked choice needs a reason, when the item does
	answer engine.Answer
	reason entry
	word   entry
	note   safe.Text
	off    safe.Text // why this operator's answers do not count, or empty

	complained bool // that the keyboard was not quiet
}

// A Mode says how much of the choices a chooser draws.
type Mode int

// The modes. The zero value draws nothing of its own: the choices are only keys,
// and the pane above has the cursor.
const (
	Keys   Mode = iota
	Menu        // the choices stand one below the other
	Cursor      // they have a cursor, too
)

type stage int

const (
	choosing stage = iota
	reasoning
	typing
	sent
)

// New returns a chooser for a question that opens now. Reserved keys are left to
// others.
func New(st look.Styles, q engine.Question, subject Subject, mode Mode, reserved map[string]bool, now func() time.Time) *Chooser {
	c := &Chooser{st: st, q: q, subject: subject, now: now, mode: mode, grace: newGrace(now()), armed: -1}
	c.keys = bind(q.Choices, reserved)
	c.cursor = max(c.preferred(), 0)
	for i, ch := range q.Choices {
		if ch.Recommended && ch.Disabled.IsEmpty() {
			c.cursor = i // enter does not take it when it cannot be undone, and takes nothing else
			break
		}
	}
	return c
}

// Waive ends the time in which no key counts, for a question that the operator
// opened.
func (c *Chooser) Waive() { c.grace.over = true }

// Startle makes the keyboard wait once more, because text came that nobody typed:
// a line break at its end must not count as a choice. What is being written is
// left alone.
func (c *Chooser) Startle() {
	if !c.Typing() {
		c.grace = newGrace(c.now())
		c.TakeBack()
	}
}

// TakeBack forgets that the key of a choice that stops the run was pressed once,
// and reports whether it was.
func (c *Chooser) TakeBack() bool {
	was := c.armed >= 0
	if was {
		c.armed, c.note = -1, safe.Text{}
	}
	return was
}

// Awake reports whether a key that is pressed now counts, and remembers that it
// was pressed. It says so once when it does not: an operator who types on has
// read it.
func (c *Chooser) Awake() bool {
	if c.grace.press(c.now()) {
		return true
	}
	if !c.complained {
		c.note, c.complained = safe.Lit("the keyboard was not quiet yet: press the key again"), true
	}
	return false
}

// Press takes a key and returns the answer once there is one. The key was not
// the chooser's when handled is false. A burst is a key that came together with
// others, as pasted text does.
func (c *Chooser) Press(k tea.KeyMsg, burst bool) (answer *engine.Answer, handled bool) {
	if !c.Awake() {
		return nil, true
	}
	if !c.off.IsEmpty() {
		return nil, c.pressOff(k.String())
	}
	armed := c.armed
	if c.armed = -1; c.stage != sent {
		c.note = safe.Text{}
	}
	switch c.stage {
	case sent:
		return nil, true
	case reasoning:
		return c.pressReason(k), true
	case typing:
		return c.pressWord(k), true
	}
	return c.pressChoice(k, burst || k.Paste, armed)
}

// pressChoice takes a key while nothing is picked; armed is what the key before
// it was for.
func (c *Chooser) pressChoice(k tea.KeyMsg, burst bool, armed int) (*engine.Answer, bool) {
	name := k.String()
	if c.mode == Cursor && c.moveCursor(name) {
		return nil, true
	}
	if name == "enter" {
		return c.pressEnter(burst, armed)
	}
	for i, key := range c.keys {
		if key == "" || key != name {
			continue
		}
		if burst {
			c.note = safe.Lit("that came with other keys, so it chooses nothing: press the key alone")
			return nil, true
		}
		return c.pickOrArm(i, armed, name), true
	}
	return nil, false
}

// pressEnter takes the choice the cursor is on, or the preferred one, if it can
// be taken back.
func (c *Chooser) pressEnter(burst bool, armed int) (*engine.Answer, bool) {
	i := c.cursor
	if c.mode != Cursor {
		i = c.preferred()
	}
	if i < 0 || i >= len(c.q.Choices) || burst {
		return nil, true
	}
	if armed >= 0 && armed != i {
		return nil, true // enter after s means the stop, so it takes nothing else
	}
	if sealed(c.q.Choices[i]) {
		c.note = safe.Sprintf("enter does not take this one: press %s", c.keys[i])
		return nil, true
	}
	return c.pickOrArm(i, armed, "enter"), true
}

// preferred returns the choice that enter takes, or -1.
func (c *Chooser) preferred() int {
	first := -1
	for i, ch := range c.q.Choices {
		if sealed(ch) || !ch.Disabled.IsEmpty() {
			continue
		}
		if ch.Recommended {
			return i
		}
		if first < 0 && (c.mode == Cursor || ch.NeedsItem && !ch.Stops) {
			first = i
		}
	}
	return first
}

// sealed reports whether a choice wants a word.
func sealed(ch engine.Choice) bool { return ch.Irreversible || ch.Typed != "" }

// seal returns the word a choice wants, or "".
func seal(ch engine.Choice) string {
	if ch.Typed == "" && ch.Irreversible {
		return "yes"
	}
	return ch.Typed
}

// pickOrArm picks a choice, but one that stops the run only the second time in a
// row, unless it asks for words anyway.
func (c *Chooser) pickOrArm(i, armed int, key string) *engine.Answer {
	ch := c.q.Choices[i]
	if ch.Stops && armed != i && !sealed(ch) && !ch.NeedsReason && c.disabled(i).IsEmpty() {
		c.armed = i
		if c.mode == Cursor {
			c.cursor = i
		}
		c.note = safe.Sprintf("press %s again to stop the run; any other key takes that back", key)
		return nil
	}
	return c.pick(i)
}

func (c *Chooser) pick(i int) *engine.Answer {
	ch := c.q.Choices[i]
	c.picked, c.why = i, safe.Text{}
	a := engine.Answer{Question: c.q.ID, Choice: ch.ID, Digest: c.q.Digest}
	if why := c.disabled(i); !why.IsEmpty() {
		c.note = why
		return nil
	}
	if c.subject.Acknowledged != nil {
		a.Acknowledge = c.subject.Acknowledged()
	}
	if c.subject.Text != nil {
		a.Text = c.subject.Text()
	}
	if ch.NeedsItem && c.subject.Item != nil {
		id, reason, _ := c.subject.Item()
		a.Item, c.why = id, reason
	}
	c.answer = a
	c.cursor = i
	if ch.NeedsReason || !c.why.IsEmpty() {
		c.stage, c.reason = reasoning, newEntry()
		return nil
	}
	return c.sealOrSend()
}

// disabled says why choice i cannot be taken now, or nothing.
func (c *Chooser) disabled(i int) safe.Text {
	ch := c.q.Choices[i]
	if !ch.Disabled.IsEmpty() {
		return ch.Disabled
	}
	if ch.Stops {
		return safe.Text{}
	}
	if ch.NeedsItem && c.subject.Item != nil {
		id, _, why := c.subject.Item()
		if !why.IsEmpty() {
			return why
		}
		if id == "" {
			return safe.Lit("nothing is chosen")
		}
	}
	if c.subject.Ready != nil {
		if ok, why := c.subject.Ready(); !ok {
			return why
		}
	}
	return safe.Text{}
}

func (c *Chooser) sealOrSend() *engine.Answer {
	if seal(c.q.Choices[c.picked]) != "" {
		c.stage, c.word = typing, newEntry()
		return nil
	}
	return c.send()
}

func (c *Chooser) send() *engine.Answer {
	c.stage = sent
	a := c.answer
	return &a
}

func (c *Chooser) pressReason(k tea.KeyMsg) *engine.Answer {
	switch k.Type {
	case tea.KeyEsc:
		c.stage = choosing
	case tea.KeyEnter:
		if c.reason.text() == "" {
			c.note = safe.Lit("a reason is needed; it is recorded")
			return nil
		}
		c.answer.Reason = c.reason.text()
		return c.sealOrSend()
	default:
		c.reason.press(k)
	}
	return nil
}

func (c *Chooser) pressWord(k tea.KeyMsg) *engine.Answer {
	ch := c.q.Choices[c.picked]
	switch {
	case k.Type == tea.KeyEsc:
		c.stage = choosing
	case k.Paste:
		c.note = safe.Lit("pasted text does not count: type the word")
	case k.Type == tea.KeyEnter:
		if c.word.text() != seal(ch) {
			c.note, c.word = safe.Sprintf("nothing was done: that is not the word “%s”", seal(ch)), newEntry()
			return nil
		}
		if ch.Typed != "" {
			c.answer.Typed = c.word.text()
		}
		return c.send()
	default:
		c.word.press(k)
	}
	return nil
}

// Refuse says why the run did not take the answer, and lets the operator choose
// again.
func (c *Chooser) Refuse(why safe.Text) { c.stage, c.note, c.armed = choosing, why, -1 }

// Typing reports whether the operator is writing a reason or a word.
func (c *Chooser) Typing() bool { return c.stage == reasoning || c.stage == typing }

// Sent reports whether the answer is on its way.
func (c *Chooser) Sent() bool { return c.stage == sent }

// Chosen returns the id of the choice the cursor is on.
func (c *Chooser) Chosen() string {
	if c.cursor < len(c.q.Choices) {
		return c.q.Choices[c.cursor].ID
	}
	return ""
}
