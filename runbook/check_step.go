package runbook

import (
	"errors"
	"fmt"
	"strings"
	"text/template"
)

// maxTemplate is the number of bytes of an announcement's own text. The parser
// of templates descends for each bracket, so its depth is bounded by this.
const maxTemplate = 16 << 10

// ids checks that the ids of steps are names and unique.
func (c *checker) ids() {
	seen := map[string]string{}
	everyStep(c.rb.Steps, "steps", func(s *Step, path string) {
		if !c.doc.Has(path + ".id") {
			return
		}
		c.name(path+".id", "a step", s.ID)
		if first, ok := seen[s.ID]; ok {
			c.say(path+".id", "give one of them another id", "the id %q is that of %s already", s.ID, spell(first))
			return
		}
		seen[s.ID] = path
	})
}

// step checks one step by itself.
func (c *checker) step(at string, s *Step) {
	switch {
	case s.Apply != nil:
		c.known(at+".apply.watch", "probe", s.Apply.Watch, c.probes)
	case s.Verify != nil:
		c.verify(at+".verify", s.Verify)
	case s.Announce != nil:
		c.announce(at+".announce", s.Announce)
	case s.RecordPin != nil:
		if r := s.RecordPin.Remote; strings.HasPrefix(r, "-") || strings.ContainsAny(r, " \t\r\n") {
			c.say(at+".record_pin.remote", "such as origin", "%q cannot be the name of a remote", r)
		}
	case s.Manual != nil:
		c.filled(at+".manual.instructions", s.Manual.Instructions)
	case s.Command != nil:
		c.argv(at+".command.argv", s.Command.Argv)
		c.allowList(at+".command.environment", s.Command.Environment)
	case s.Confirm != nil:
		if t := s.Confirm.Typed; t != strings.TrimSpace(t) || strings.ContainsAny(t, "\r\n\t") {
			c.say(at+".confirm.typed", "one word", "the word of %s cannot be typed as it is", spell(at+".confirm.typed"))
		}
	case s.Wait != nil:
		if c.doc.Has(at + ".wait.for") {
			c.longerThanZero(at+".wait.for", s.Wait.For)
		}
		c.known(at+".wait.watch", "probe", s.Wait.Watch, c.probes)
	}
}

func (c *checker) verify(at string, v *Verify) {
	c.known(at+".probes", "probe", v.Probes, c.probes)
	c.longerThanZero(at+".within", v.Within)
	if v.For > v.Within && v.Within > 0 && !c.doc.Troubled(at+".within") {
		c.say(at+".for", "make within longer", "the probes must pass for %s within %s, which is shorter", v.For, v.Within)
	}
}

func (c *checker) announce(at string, a *Announce) {
	c.known(at+".to", "channel", a.To, c.channels)
	switch hasTemplate, hasText := c.doc.Has(at+".template"), c.doc.Has(at+".text"); {
	case hasTemplate && hasText:
		c.say(at+".text", "keep one of them", "%s has both template and text", spell(at))
		return
	case !hasTemplate && !hasText:
		c.say(at, "add template: start, done or stopped, or a text of your own", "%s says neither template nor text", spell(at))
		return
	case !hasText:
		return
	}
	switch {
	case strings.TrimSpace(a.Text) == "":
		c.say(at+".text", "write what is announced", "%s is empty", spell(at+".text"))
	case len(a.Text) > maxTemplate:
		c.say(at+".text", "shorten it", "%s is longer than %d bytes", spell(at+".text"), maxTemplate)
	default:
		t, err := template.New("text").Parse(a.Text)
		if err == nil && len(t.Templates()) > 1 {
			err = errors.New("define and block are not allowed")
		}
		if err != nil {
			c.say(at+".text", "fields are written as {{.Name}}; there are no functions beyond those of Go's text/template",
				"%s cannot be read: %s", spell(at+".text"), strings.TrimPrefix(err.Error(), "template: text:"))
		}
	}
}

// stepWords names a step in a sentence.
func stepWords(s *Step) string { return fmt.Sprintf("%s (step %s)", s.Kind(), s.Position) }
