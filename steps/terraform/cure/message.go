package cure

import (
	"fmt"
	"strings"
)

// Message returns subject and body of a commit that takes the cure.
func (p Proposal) Message() (subject, body string) {
	c := p.Cure
	name := c.Thing.Name.String()
	if len(p.Things) > 1 {
		name = fmt.Sprintf("%s and %d more", name, len(p.Things)-1)
	}
	subject = fmt.Sprintf("Keep %s while %s", name, p.event)
	var b strings.Builder
	fmt.Fprintf(&b, "This is to %s.\n%s\n", c.Title, c.Why)
	for _, o := range c.Before {
		fmt.Fprintf(&b, "\nWithout it, all in one apply: %s %s.", o.Thing.Name, harmOf(o).words())
	}
	for _, t := range p.Things {
		if h := worst(c.After, t.ID()); h.level == 0 && c.Proved {
			fmt.Fprintf(&b, "\nWith it %s stays.", t.Name)
		} else if c.Proved {
			fmt.Fprintf(&b, "\nWith it %s %s.", t.Name, h.words())
		}
	}
	return subject, b.String() + "\n"
}
