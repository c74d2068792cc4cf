package terraform

import (
	"slices"

	"lockstep/runbook/plan"
)

// choose keeps what a change was to do, since its id alone does not tell when
// the operator put it together.
func (s *session) choose(full *saved, change plan.Change) {
	keys := make([]string, len(change.Members))
	for k, m := range change.Members {
		keys[k] = full.model.Resources[m].Key()
	}
	s.chosen[change.ID] = keys
}

// rehearsed returns the keys of all that changes with these ids were to do.
func (s *session) rehearsed(ids []string) map[string]bool {
	keys := map[string]bool{}
	for _, id := range ids {
		for _, key := range s.chosen[id] {
			keys[key] = true
		}
	}
	return keys
}

// remaining leaves out what a rehearsal went through already, as these changes
// or put together in another way.
func (s *session) remaining(full *saved, changes []plan.Change, ids []string) []plan.Change {
	if slices.Contains(ids, everything) {
		return nil
	}
	keys := s.rehearsed(ids)
	return slices.DeleteFunc(changes, func(c plan.Change) bool {
		if slices.Contains(ids, c.ID) {
			return true
		}
		return c.Targets != nil && !slices.ContainsFunc(c.Members, func(m int) bool { return !keys[full.model.Resources[m].Key()] })
	})
}

// pending returns the addresses of moves that a rehearsal went through. They
// are still to come, and Terraform refuses all other targets without them.
func (c *choice) pending(change plan.Change) []string {
	var out []string
	for _, r := range c.full.model.Resources {
		if !r.Previous.IsEmpty() && c.rehearsed[r.Key()] && !slices.Contains(change.Members, r.Index) {
			out = append(out, r.Address.String(), r.Previous.String())
		}
	}
	return out
}

// left counts the changes of the sequence that stay when one is taken.
func (c *choice) left(taken plan.Change) int {
	if taken.ID == everything {
		return 0
	}
	in := map[int]bool{}
	for _, m := range taken.Members {
		in[m] = true
	}
	n := 0
	for _, other := range c.changes {
		stays := len(other.Members) == 0 || slices.ContainsFunc(other.Members, func(m int) bool { return !in[m] })
		if stays && other.ID != taken.ID {
			n++
		}
	}
	return n
}
