package runbook

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"lockstep/runbook/strict"
)

// A checker looks at what a runbook means. What a type or a tag can say was
// looked at when it was decoded; a value that was found wrong there is not looked
// at again.
type checker struct {
	rb  *Runbook
	doc *strict.Document

	// Names in their order. They are made once: a document can hold thousands.
	environments, probes, channels []string
}

func (c *checker) check() {
	c.environments, c.probes, c.channels = sorted(c.rb.Environments), sorted(c.rb.Probes), sorted(c.rb.Channels)
	if !c.doc.Troubled("lockstep") && c.rb.Version != Version {
		c.doc.Report("lockstep", fmt.Sprintf("lockstep is %d, a version of the format that is not known", c.rb.Version),
			fmt.Sprintf("write lockstep: %d", Version))
	}
	for _, name := range c.environments {
		c.environment("environments."+name, c.rb.Environments[name])
	}
	c.afterCycles()
	for _, name := range c.probes {
		c.probe("probes."+name, c.rb.Probes[name])
	}
	for _, env := range c.environments {
		at := "environments." + env + ".probes"
		own := c.rb.Environments[env].Probes
		for _, name := range sorted(own) {
			c.probe(at+"."+name, own[name])
			if c.rb.Probes[name] == nil {
				c.say(at+"."+name, c.doc.DidYouMean(name, c.probes), "there is no general probe %q that it could take the place of", name)
			}
		}
	}
	for _, name := range c.channels {
		c.channel("channels."+name, c.rb.Channels[name])
	}
	for _, typ := range sorted(c.rb.Identities) {
		c.identity("identities."+typ, typ, c.rb.Identities[typ])
	}
	c.ids()
	everyStep(c.rb.Steps, "steps", func(s *Step, path string) { c.step(path, s) })
	c.order()
}

// say reports a problem unless the value at the path has one already.
func (c *checker) say(path, hint, format string, args ...any) {
	if !c.doc.Troubled(path) {
		c.doc.Report(path, fmt.Sprintf(format, args...), hint)
	}
}

// NamePattern is what names of environments, probes, channels and steps look
// like, as a regular expression: they become parts of file names and of keys in
// other documents.
const NamePattern = `^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`

var nameRule = regexp.MustCompile(NamePattern)

const nameHint = "letters, digits, dots, dashes and underscores, at most 64, beginning with a letter or digit"

func (c *checker) name(path, what, name string) {
	if !nameRule.MatchString(name) {
		c.say(path, nameHint, "%q cannot be the name of %s", name, what)
	}
}

// known reports a reference to something that does not exist, and things that are named twice.
func (c *checker) known(path, what string, refs, names []string) {
	seen := make(map[string]bool, len(refs))
	for i, ref := range refs {
		p := fmt.Sprintf("%s[%d]", path, i)
		_, exists := slices.BinarySearch(names, ref)
		switch {
		case !exists:
			hint := c.doc.DidYouMean(ref, names)
			if len(names) == 0 {
				hint = fmt.Sprintf("the runbook has no %ss yet", what)
			}
			c.say(p, hint, "there is no %s %q", what, ref)
		case seen[ref]:
			c.say(p, "remove one", "%s %q is named twice", what, ref)
		}
		seen[ref] = true
	}
}

// filled reports items of a list that are empty.
func (c *checker) filled(path string, items []string) {
	for i, v := range items {
		if strings.TrimSpace(v) == "" {
			c.say(fmt.Sprintf("%s[%d]", path, i), "remove it", "an item of %s is empty", spell(path))
		}
	}
}

// argv reports a command line that has no program.
func (c *checker) argv(path string, argv []string) {
	if len(argv) > 0 && strings.TrimSpace(argv[0]) == "" {
		c.say(path+"[0]", "the first item is the program", "the program of %s is empty", spell(path))
	}
}

// longerThanZero reports a length of time that must not be zero.
func (c *checker) longerThanZero(path string, d Duration) {
	if d <= 0 {
		c.say(path, "such as 30s", "%s must be longer than zero", spell(path))
	}
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
