package terraform

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// recheck compares everything a saved plan rests on with what was recorded when
// the operator was asked. An error that wraps engine.ErrStale says what moved.
// The caller holds s.mu.
func (s *session) recheck(ctx context.Context, p *saved) error {
	if p.bound == nil {
		return stale("nothing was recorded of what this plan rests on")
	}
	b, err := s.look(ctx, p, gate, p.bound)
	if err != nil {
		return err
	}
	p.checked = b
	return nil
}

// recheckAtStart is recheck with nothing between it and the start of Terraform.
func (s *session) recheckAtStart(ctx context.Context, p *saved) error {
	if p.checked == nil {
		return stale("nobody looked at this plan after the answer")
	}
	_, err := s.look(ctx, p, last, p.checked)
	return err
}

// compare says what is wrong now and what is different from before, all of it.
func compare(before, now *binding) error {
	if before == nil {
		return nil
	}
	all := slices.Clone(now.faults)
	for k := range kinds {
		// A kind that was not looked at on one side says nothing.
		if before.facts[k] != nil && now.facts[k] != nil {
			all = append(all, differences(k, before.facts[k], now.facts[k])...)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return stale(thin(all)...)
}

// thin drops what says the same again: a thing that is wrong by itself is often
// different from before, too.
func thin(all []string) []string {
	var out []string
	for _, t := range all {
		if !slices.ContainsFunc(out, func(o string) bool { return strings.HasPrefix(o, t) }) {
			out = append(out, t)
		}
	}
	return out
}

// inOneLine is how many differences the sentence of a refusal names. All of them
// are in its lines.
const inOneLine = 6

// digits is how much of a digest a sentence holds.
const digits = 12

// told is a value for a sentence.
func told(value string) string {
	switch hash, ok := strings.CutPrefix(value, "sha256:"); {
	case ok:
		return "sha256:" + hash[:min(len(hash), digits)]
	case value == "":
		return `""`
	}
	return value
}

// stale returns the error for what moved.
func stale(what ...string) error {
	what = slices.Clone(what)
	lines := make([]safe.Text, len(what))
	for i, w := range what {
		lines[i] = safe.Show(w)
		what[i] = lines[i].String()
	}
	sentence := strings.Join(what[:min(len(what), inOneLine)], "; ")
	if n := len(what) - inOneLine; n > 0 {
		sentence += fmt.Sprintf("; and %d more", n)
	}
	p := &engine.Problem{
		Err:  fmt.Errorf("%w: %s", engine.ErrStale, sentence),
		Hint: "Plan again: trying this step again does so, and shows the new plan before anything happens.",
	}
	if len(lines) > 1 {
		p.Lines = lines
	}
	return p
}

// refused records that an apply was not started because something moved. The
// plan and the checkout are not used again.
func (s *session) refused(op engine.Operator, err error) error {
	if !errors.Is(err, engine.ErrStale) {
		return err
	}
	op.Facts().Plan = nil
	s.work = nil
	return op.Refuse(safe.Lit("the apply was refused"), err)
}

// differences names what is not the same, in the order of the names.
func differences(k kind, before, now map[string]fact) []string {
	if k == ofState {
		return stateDifferences(before, now)
	}
	var out []string
	for _, name := range eitherName(before, now) {
		was, had := before[name]
		is, has := now[name]
		switch {
		case had && has && was == is:
		case had && has:
			out = append(out, changed(k, name, was, is))
		case had:
			out = append(out, noun(k, name)+" is gone")
		default:
			out = append(out, noun(k, name)+" was added")
		}
	}
	return out
}

func stateDifferences(before, now map[string]fact) []string {
	lineage, serial := "lineage", "serial"
	switch {
	case before[lineage] != now[lineage]:
		return []string{fmt.Sprintf("another state is there than the one the plan was made from: its lineage was %q and is %q",
			before[lineage].value, now[lineage].value)}
	case before[serial] != now[serial]:
		return []string{fmt.Sprintf("the state moved from serial %s to %s after the plan was made: somebody else applied something",
			before[serial].value, now[serial].value)}
	case before["content"] != now["content"]:
		return []string{fmt.Sprintf("the state was edited, although its serial is still %s", now[serial].value)}
	}
	return nil
}

// changed names one difference, with what it was and what it is where that is
// no secret.
func changed(k kind, name string, was, is fact) string {
	n := noun(k, name)
	switch {
	case was.shown && is.shown && was.value != is.value:
		return fmt.Sprintf("%s was %s and is %s", n, told(was.value), told(is.value))
	case was.mode != is.mode:
		n += fmt.Sprintf(" was %s and is %s", was.mode, is.mode)
		if was.value != is.value {
			n += ", and has other content"
		}
		return n
	case strings.HasPrefix(was.value, "link to "), strings.HasPrefix(is.value, "link to "):
		return fmt.Sprintf("%s was a %s and is a %s", n, was.value, is.value)
	case is.value == cannotRead || is.shown:
		return n + " " + is.value
	case k == ofVariable, k == ofEnviron, k == ofBackend && name != writtenByInit:
		return n + " has another value"
	}
	return n + " was changed"
}

// noun is how a bound thing is called in a sentence.
func noun(k kind, name string) string {
	switch k {
	case ofPlan:
		return "the saved plan"
	case ofRun:
		return "the " + name + " of the run"
	case ofCommit:
		return "the " + name
	case ofRunbook:
		return name + " of the runbook"
	case ofCheckout:
		if base := name[strings.LastIndex(name, "/")+1:]; base == lockFile {
			return fmt.Sprintf("the lock file of the providers %q", name)
		}
		return fmt.Sprintf("among the files of the checkout, %q", name)
	case ofVariable:
		return fmt.Sprintf("the variable %q of the runbook", name)
	case ofVarFile:
		return fmt.Sprintf("among the variable files, %q", name)
	case ofEnviron:
		return fmt.Sprintf("the environment variable %s", name)
	case ofWorkspace:
		return "the workspace (" + name + ")"
	case ofBackend:
		if name == writtenByInit {
			return name
		}
		return fmt.Sprintf("the backend setting %q", name)
	case ofTerraform, ofVersion:
		return "Terraform's " + name
	case ofProvider:
		return fmt.Sprintf("the provider file %q", name)
	case ofModule:
		return fmt.Sprintf("among the installed modules, %q", name)
	case ofConfig:
		return fmt.Sprintf("Terraform's configuration file %q", name)
	case ofCall:
		return name
	}
	return fmt.Sprintf("%q in Terraform's data folder", name)
}

// eitherName returns the names in either of two maps, in order.
func eitherName(a, b map[string]fact) []string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]fact{}
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

// envNames returns the names of an environment, for the record.
func envNames(env map[string]string) []string { return slices.Sorted(maps.Keys(env)) }
