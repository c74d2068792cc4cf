package runbook

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"lockstep/runbook/strict"
)

// A Problem is one thing that is wrong with a runbook, and where.
type Problem = strict.Problem

// Problems is everything that is wrong with a runbook. As an error it is a
// *Problems and never empty.
type Problems = strict.Problems

// firstLine is what a runbook begins with.
const firstLine = "lockstep: 1"

// Load reads a runbook from a file. What is wrong with its content comes as a
// *[Problems]; any other error is about the file itself.
func Load(path string) (*Runbook, error) {
	data, err := strict.File(path)
	if err != nil {
		return nil, fmt.Errorf("read runbook %q: %w", path, err)
	}
	rb, err := Parse(path, data)
	if err != nil {
		return nil, err
	}
	return rb, nil
}

// Parse reads a runbook. The name stands in its problems and becomes
// [Runbook.File]. The error is a *[Problems] with all of them.
func Parse(name string, data []byte) (*Runbook, error) {
	rb := &Runbook{}
	doc := strict.Read(name, data, firstLine, spell, rb)
	if doc.Usable() {
		rb.settle()
		c := checker{rb: rb, doc: doc}
		c.check()
		rb.warnings = c.warn(name)
	}
	if err := doc.Err(); err != nil {
		return nil, err
	}
	rb.File = name
	rb.Digest = digest(data)
	placeSteps(rb.Steps, "steps", doc)
	return rb, nil
}

// Warnings returns what is odd about a runbook that was read by [Load] or
// [Parse] and does not make it unusable, in the order of its lines.
func (rb *Runbook) Warnings() []Problem { return rb.warnings }

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
