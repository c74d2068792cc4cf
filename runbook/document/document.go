// Package document writes a runbook as a Markdown document that somebody who has
// never seen it, or this program, can follow by hand: what it is for, what the
// environment is made of, what each step does and why, how to do it without
// Lockstep, and how the probes measure.
//
// The document holds no secret: of variables, backend settings and headers only
// the names are written, and channels are described by where their address
// comes from. Text of the runbook is made inert, see package safe, and escaped so
// that it cannot become Markdown of its own.
package document

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lockstep/runbook"
	"lockstep/runbook/safe"
)

// Markdown returns the document for one environment. When env is "" or not one
// of the runbook's, commands name the environment as ENVIRONMENT and are those
// of the first one by name.
func Markdown(rb *runbook.Runbook, env string) []byte {
	w := &writer{rb: rb.For(env), env: rb.Environments[env]}
	w.heading(1, prose(rb.Title))
	w.paragraphs(rb.Description)
	w.use(env)
	w.environments()
	w.identities()
	w.steps()
	w.probes()
	w.channels()
	w.line("")
	w.line("Made by `lockstep docs` from %s. Do not edit it by hand.", code(or(rb.File, "a runbook")))
	return w.b.Bytes()
}

// A writer collects the document.
type writer struct {
	b   bytes.Buffer
	rb  *runbook.Runbook
	env *runbook.Environment // nil when none was chosen
}

func (w *writer) line(format string, args ...any) {
	fmt.Fprintf(&w.b, format+"\n", args...)
}

// heading writes a heading whose text is Markdown already.
func (w *writer) heading(level int, text string) {
	if w.b.Len() > 0 {
		w.line("")
	}
	w.line("%s %s", strings.Repeat("#", level), text)
}

// paragraphs writes text of the runbook. Lines are joined as Markdown does,
// empty lines separate paragraphs.
func (w *writer) paragraphs(text string) {
	for _, p := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if strings.TrimSpace(p) == "" {
			continue
		}
		w.line("")
		for _, l := range strings.Split(strings.TrimSpace(p), "\n") {
			w.line("%s", prose(strings.TrimSpace(l)))
		}
	}
}

// shell writes commands to copy.
func (w *writer) shell(commands ...string) {
	w.line("")
	w.line("```sh")
	for _, c := range commands {
		w.line("%s", strings.ReplaceAll(safe.Show(c).String(), "```", "` ` `"))
	}
	w.line("```")
}

func (w *writer) use(env string) {
	w.heading(2, "How to use this document")
	file := or(w.rb.File, "RUNBOOK")
	w.line("")
	if w.env == nil {
		w.line("Environments: %s. With Lockstep, rehearse first, which changes nothing, and then run it:", list(names(w.rb.Environments)))
		env = "ENVIRONMENT"
	} else {
		w.line("This is for the environment **%s**. With Lockstep, rehearse first, which changes nothing, and then run it:", prose(env))
	}
	w.shell("lockstep rehearse "+quote(file)+" --env "+quote(env), "lockstep run "+quote(file)+" --env "+quote(env))
	w.line("")
	w.line("Without Lockstep, go through the steps below in their order. Stop at the first thing that is not as described.")
	w.line("Write down what you do and when; Lockstep would have kept a journal.")
}

func (w *writer) environments() {
	w.heading(2, "Environments")
	w.line("")
	w.line("| Environment | Branch | Pin | Only after | Terraform in | Touched by |")
	w.line("| --- | --- | --- | --- | --- | --- |")
	for _, name := range names(w.rb.Environments) {
		e := w.rb.Environments[name]
		pin := "reference " + code(e.Pin.Ref)
		if e.Pin.File != "" {
			pin = "file " + code(e.Pin.File)
		}
		w.line("| %s | %s | %s | %s | %s | %s |", cell(prose(name)), cell(code(e.Branch)), cell(pin), cell(or(prose(e.After), "–")),
			cell(code(e.Terraform.Directory)), cell(or(codes(e.Paths), "the modules that Terraform uses")))
	}
	for _, name := range names(w.rb.Environments) {
		w.environment(w.rb.Environments[name])
	}
}

// environment writes what the table has no room for.
func (w *writer) environment(e *runbook.Environment) {
	if w.env != nil && w.env != e {
		return
	}
	t := e.Terraform
	var facts []string
	add := func(ok bool, format string, args ...any) {
		if ok {
			facts = append(facts, fmt.Sprintf(format, args...))
		}
	}
	add(e.Repository != ".", "The git repository is %s, seen from the runbook.", code(e.Repository))
	add(len(e.Inputs) > 0, "Read from the head of the branch and not from the chosen commit: %s.", codes(e.Inputs))
	add(t.Binary != "terraform", "The Terraform program is %s.", code(t.Binary))
	add(t.Version != "", "Terraform must be %s.", code(t.Version))
	add(t.Workspace != "", "The Terraform workspace is %s.", code(t.Workspace))
	add(len(t.Vars) > 0, "Variables are given for %s. Their values are not written here.", codes(names(t.Vars)))
	add(len(t.VarFiles) > 0, "Variable files: %s.", codes(t.VarFiles))
	add(len(t.Backend) > 0, "Backend settings are given for %s. Their values are not written here.", codes(names(t.Backend)))
	add(len(t.Environment) > 0, "Terraform sees these environment variables and no others: %s.", codes(t.Environment))
	add(t.Parallelism != 10, "At most %d resources are worked on at once.", t.Parallelism)
	add(len(e.Durations) > 0, "Where no earlier apply was measured: %s.", lengths(e.Durations))
	add(e.NegativeTTL > 0, "Resolvers remember for %s that a name is missing.", span(e.NegativeTTL))
	add(e.ManyDestroys != 10, "More than %d objects destroyed by one plan are a hazard.", e.ManyDestroys)
	if len(facts) == 0 {
		return
	}
	w.line("")
	w.line("For **%s**:", prose(e.Name))
	w.line("")
	for _, f := range facts {
		w.line("- %s", f)
	}
}

func names[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
