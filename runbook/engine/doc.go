// Package engine runs a runbook for one environment. It knows no screen, no
// git and no Terraform: steps do the work through a small interface, and whoever
// watches and answers does so through a [Console].
//
// Three rules hold for every run. Whatever is asked, answered, refused or done
// is in the journal. An effect starts only after its intent is durable, and its
// outcome follows; in a rehearsal no effect starts at all. Every question has
// exactly one answer.
package engine
