package answers

import (
	"fmt"
	"slices"
	"strings"

	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
)

// build makes the answer to a question of what the script says, or says why
// there is none.
func build(said Answer, q engine.Question) (_ engine.Answer, why string) {
	choice, why := choose(said.Choose, q.Choices)
	if why != "" {
		return engine.Answer{}, why
	}
	a := engine.Answer{
		Question: q.ID, Choice: choice.ID, Reason: said.Reason, Typed: said.Typed, Text: said.Text, Digest: q.Digest,
		Acknowledge: acknowledge(said.Acknowledge, q.Payload),
	}
	if m, ok := q.Payload.(engine.Message); ok && a.Text == "" {
		a.Text = m.Text
	}
	if choice.Stops {
		return a, ""
	}
	needsReason := choice.NeedsReason
	if choice.NeedsItem {
		var needs bool
		if a.Item, needs, why = item(said.Item, q.Payload); why != "" {
			return engine.Answer{}, why
		}
		needsReason = needsReason || needs
	}
	switch {
	case needsReason && strings.TrimSpace(a.Reason) == "":
		return engine.Answer{}, fmt.Sprintf("%q needs a reason", said.Choose)
	case choice.Typed != "" && a.Typed != choice.Typed:
		return engine.Answer{}, fmt.Sprintf("%q needs the word %q typed", said.Choose, choice.Typed)
	}
	return a, ""
}

// choose finds a choice by its id, or else by a tag.
func choose(word string, choices []engine.Choice) (engine.Choice, string) {
	i := slices.IndexFunc(choices, func(c engine.Choice) bool { return c.ID == word })
	if i < 0 {
		i = slices.IndexFunc(choices, func(c engine.Choice) bool { return slices.Contains(c.Tags, word) && c.Disabled.IsEmpty() })
	}
	if i < 0 {
		i = slices.IndexFunc(choices, func(c engine.Choice) bool { return slices.Contains(c.Tags, word) })
	}
	switch {
	case i < 0:
		return engine.Choice{}, fmt.Sprintf("%q is not one of the choices", word)
	case !choices[i].Disabled.IsEmpty():
		return engine.Choice{}, fmt.Sprintf("%q cannot be chosen: %s", word, choices[i].Disabled)
	}
	return choices[i], ""
}

// item finds what an answer is about. needsReason says that taking it has to be
// explained.
func item(word string, p engine.Payload) (id string, needsReason bool, why string) {
	switch p := p.(type) {
	case engine.Candidates:
		c, why := commit(word, p.Items)
		return c.Hash, !c.Reason.IsEmpty(), why
	case engine.PlanReview:
		if len(p.Changes) == 0 {
			return "", false, "there is no change to take"
		}
		if word == "" || word == Next {
			return next(p.Changes)
		}
		if strings.HasPrefix(word, "only:") {
			return word, false, "" // the run checks the resources
		}
		for _, id := range strings.Split(word, "+") {
			if !slices.ContainsFunc(p.Changes, func(c plan.Change) bool { return c.ID == id }) {
				return "", false, fmt.Sprintf("there is no change %q", id)
			}
		}
		return word, false, ""
	case engine.CureReview:
		if len(p.Cures) == 0 {
			return "", false, "there is no cure to take"
		}
		if word == "" || word == Next {
			return p.Cures[0].ID, false, ""
		}
		if !slices.ContainsFunc(p.Cures, func(c forecast.Cure) bool { return c.ID == word }) {
			return "", false, fmt.Sprintf("there is no cure %q", word)
		}
		return word, false, ""
	}
	if word == "" {
		return "", false, "the answer has no item"
	}
	return word, false, ""
}

// next returns the first change of a sequence. One that cannot be gone to its end
// is not begun without somebody who names the change.
func next(changes []plan.Change) (id string, needsReason bool, why string) {
	for i, c := range changes {
		if !c.Blocked.IsEmpty() {
			return "", false, fmt.Sprintf("change %d of the sequence is held back, so a script does not begin it: %s; what helps: %s; an answer that names the change by its id takes it all the same",
				i+1, c.Blocked, c.Remedy)
		}
	}
	return changes[0].ID, false, ""
}

// shortest is how many digits of a hash are enough to name a commit.
const shortest = 4

// commit finds a candidate.
func commit(word string, items []engine.Candidate) (engine.Candidate, string) {
	var found []engine.Candidate
	for _, c := range items {
		open := c.Disabled.IsEmpty()
		switch {
		case (word == "" || word == Next) && c.Recommended && open && len(found) == 0:
			found = append(found, c)
		case word == Newest && open:
			found = []engine.Candidate{c}
		case len(word) >= shortest && strings.HasPrefix(c.Hash, strings.ToLower(word)):
			found = append(found, c)
		}
	}
	switch {
	case len(found) == 0 && (word == "" || word == Next):
		return engine.Candidate{}, "no candidate is recommended"
	case len(found) == 0:
		return engine.Candidate{}, fmt.Sprintf("there is no candidate %q", word)
	case len(found) > 1:
		return engine.Candidate{}, fmt.Sprintf("%d candidates begin with %q", len(found), word)
	case !found[0].Disabled.IsEmpty():
		return engine.Candidate{}, fmt.Sprintf("the commit %s cannot be chosen: %s", found[0].Short, found[0].Disabled)
	}
	return found[0], ""
}

// acknowledge lists what is acknowledged: what the script names, and for "all"
// everything the payload asks for, each once. The code of a hazard alone stands
// for every hazard of a plan that has it.
func acknowledge(said []string, p engine.Payload) []string {
	var out []string
	add := func(what string) {
		if !slices.Contains(out, what) {
			out = append(out, what)
		}
	}
	for _, s := range said {
		if s != All {
			for _, key := range named(s, p) {
				add(key)
			}
			continue
		}
		switch p := p.(type) {
		case engine.Review:
			for i := range p.Files {
				out = append(out, p.ViewedKey(i)) // paths differ, and there can be many
			}
			for i := range p.Hazards {
				add(fmt.Sprintf("hazard %d", i+1))
			}
		case engine.PlanReview:
			for _, h := range p.Hazards {
				if h.Accept {
					add(h.Key())
				}
			}
		case engine.Checklist:
			for i := range p.Items {
				add(fmt.Sprintf("item %d", i+1))
			}
		}
	}
	return out
}

// named returns what one word of a script acknowledges: the keys of the hazards
// that have it as their code, or the word itself.
func named(word string, p engine.Payload) []string {
	var out []string
	if r, ok := p.(engine.PlanReview); ok {
		for _, h := range r.Hazards {
			if h.Code == word {
				out = append(out, h.Key())
			}
		}
	}
	if out == nil {
		return []string{word}
	}
	return out
}
