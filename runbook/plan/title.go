package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"lockstep/runbook/safe"
)

// title says what a change does, its targets first.
func (s *splitter) title(targets, members []int) safe.Text {
	const named = 2
	p, names := s.p, s.names
	var parts []string
	for _, t := range targets[:min(len(targets), named)] {
		parts = append(parts, verb(p.Resources[t])+" "+names[t].String())
	}
	text := strings.Join(parts, ", ")
	if n := len(targets) - named; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	var with []string
	for _, m := range members {
		if !slices.Contains(targets, m) {
			with = append(with, verb(p.Resources[m])+" "+names[m].String())
		}
	}
	if len(with) > named {
		with = append(with[:named], fmt.Sprintf("%d more", len(with)-named))
	}
	if len(with) > 0 {
		text += ", with " + strings.Join(with, ", ")
	}
	return safe.Show(text)
}

func verb(r ResourceChange) string {
	switch {
	case r.Action.IsReplace():
		return "replace"
	case r.Action == NoOp:
		return "move"
	}
	return string(r.Action)
}

// Identify gives a change of a plan a name that is the same whenever its content is.
func Identify(p *Plan, c Change) string {
	h := sha256.New()
	for _, m := range c.Members {
		fmt.Fprintf(h, "%s %s\n", p.Resources[m].Key(), p.Resources[m].Action)
	}
	fmt.Fprintf(h, "targets %q\n", c.Targets)
	return hex.EncodeToString(h.Sum(nil))[:10]
}

func destroys(p *Plan, c Change) bool {
	return slices.ContainsFunc(c.Members, func(m int) bool { return p.Resources[m].Action.Destroys() })
}
