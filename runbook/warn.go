package runbook

import (
	"cmp"
	"fmt"
	"slices"

	"lockstep/runbook/safe"
)

// warn finds what is odd about a runbook without making it unusable.
func (c *checker) warn(file string) []Problem {
	var out []Problem
	say := func(path, hint, format string, args ...any) {
		at := c.doc.Place(path)
		out = append(out, Problem{
			File: file, Line: at.Line, Column: at.Column, Path: safe.Show(path).String(),
			Text: safe.Show(fmt.Sprintf(format, args...)).String(), Suggestion: hint,
		})
	}
	probes, channels := map[string]bool{}, map[string]bool{}
	use := func(names map[string]bool, used []string) {
		for _, n := range used {
			names[n] = true
		}
	}
	has := map[Kind]string{}
	everyStep(c.rb.Steps, "steps", func(s *Step, path string) {
		has[s.Kind()] = path
		switch {
		case s.Apply != nil:
			use(probes, s.Apply.Watch)
		case s.Verify != nil:
			use(probes, s.Verify.Probes)
		case s.Wait != nil:
			use(probes, s.Wait.Watch)
		case s.Announce != nil:
			use(channels, s.Announce.To)
		}
	})
	for _, name := range c.probes {
		if !probes[name] {
			say("probes."+name, "name it in a verify, or in watch", "no step uses the probe %q", name)
		}
	}
	for _, name := range c.channels {
		if !channels[name] {
			say("channels."+name, "name it in an announce", "no step uses the channel %q", name)
		}
	}
	if at, ok := has[KindApply]; ok {
		for kind, miss := range map[Kind]string{
			KindReviewDiff: "nobody reads the diff before it is applied",
			KindVerify:     "nothing is verified after it is applied",
			KindRecordPin:  "the pin does not move when everything is applied",
		} {
			if has[kind] == "" {
				say(at, fmt.Sprintf("add a %s step", kind), "%s", miss)
			}
		}
	}
	slices.SortFunc(out, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Text, b.Text))
	})
	return out
}
