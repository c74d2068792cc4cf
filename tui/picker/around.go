package picker

import (
	"strconv"

	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// above draws where the environment stands, over the table.
func (p *Picker) above() []string {
	c := p.c
	at := safe.Sprintf("%s is at %s", c.Environment, safe.Show(c.Pin.Short))
	if !c.PinnedAt.IsZero() {
		at = safe.Sprintf("%s (pinned %s ago)", at, age(p.now(), c.PinnedAt))
	}
	ahead := safe.Sprintf("%s is %s ahead · %s this environment", c.Branch, count(c.Ahead, "commit"), touch(len(c.Items)))
	if p.width < 60 {
		at = safe.Sprintf("at %s · %d of %s here", safe.Show(c.Pin.Short), len(c.Items), count(c.Ahead, "commit"))
		ahead = safe.Text{}
	}
	var after safe.Text
	if !c.After.IsEmpty() {
		after = safe.Sprintf("%s verified up to %s", c.After, c.AfterAt)
		if c.AfterAt.IsEmpty() {
			after = safe.Sprintf("%s has verified nothing yet", c.After)
		}
	}
	var out []string
	one := at
	if !ahead.IsEmpty() {
		one = safe.Join([]safe.Text{at, ahead}, " · ")
	}
	if l := look.NewLine(p.width).To(1).Add(p.st.Plain, one); look.Width(one)+2 <= p.width {
		if look.Width(one)+look.Width(after)+6 <= p.width {
			l.Right(p.st.Muted, safe.Sprintf("%s ", after))
			after = safe.Text{}
		}
		out = append(out, l.String())
	} else {
		out = append(out, p.say(p.st.Plain, at)...)
		out = append(out, p.say(p.st.Plain, ahead)...)
	}
	if !after.IsEmpty() {
		out = append(out, p.say(p.st.Muted, after)...)
	}
	for _, n := range c.Notes {
		out = append(out, p.say(p.st.Warning, safe.Sprintf("! %s", n))...)
	}
	if p.height >= 14 {
		out = append(out, look.Blank(p.width))
	}
	return out[:min(len(out), max(p.height/2, 1))]
}

func (p *Picker) say(in look.Style, t safe.Text) []string {
	var out []string
	for _, part := range look.Wrap(t, p.width-2) {
		out = append(out, look.NewLine(p.width).To(1).Add(in, part).String())
	}
	return out
}

// below draws what taking the row with the cursor means.
func (p *Picker) below() []string {
	var out []string
	if p.searching || p.words != "" {
		l := look.NewLine(p.width).Add(p.st.Key, safe.Lit(" /")).Add(p.st.Plain, safe.Show(p.words))
		if p.searching {
			l.Add(p.st.Selected, safe.Lit(" "))
		}
		out = append(out, l.String())
	}
	if n := p.c.Ahead - len(p.c.Items); n > 0 {
		out = append(out, p.say(p.st.Muted, safe.Sprintf("  %s not touching this environment (o shows them)", count(n, "commit")))...)
	}
	return append(append(out, look.Blank(p.width)), p.means()...)
}

func (p *Picker) means() []string {
	i := p.rows.Cursor()
	if i < 0 {
		return p.say(p.st.Plain, safe.Lit("Nothing to deploy: this environment has everything that touches it."))
	}
	c := p.c.Items[i]
	if !c.Disabled.IsEmpty() {
		return p.say(p.st.Warning, safe.Sprintf("%d cannot be taken: %s", i+1, c.Disabled))
	}
	var out []string
	if all := notes(c); len(all) > 1 || len(all) == 1 && !c.Recommended {
		_, style := noteLine(c, p.st)
		out = p.say(style, safe.Sprintf("%d  %s", i+1, safe.Join(all, " · ")))
	}
	t := safe.Sprintf("Taking %d applies one commit.", i+1)
	if c.Takes > 1 {
		t = safe.Sprintf("Taking %d applies %d commits together.", i+1, c.Takes)
	}
	if !c.Reason.IsEmpty() {
		t = safe.Sprintf("%s A reason is asked and recorded: %s", t, c.Reason)
	}
	return append(out, p.say(p.st.Plain, t)...)
}

func count(n int, what string) safe.Text {
	if n == 1 {
		return safe.Show("1 " + what)
	}
	return safe.Show(strconv.Itoa(n) + " " + what + "s")
}

func touch(n int) safe.Text {
	if n == 1 {
		return safe.Lit("1 touches")
	}
	return safe.Sprintf("%d touch", n)
}

var _ look.Pane = (*Picker)(nil)
