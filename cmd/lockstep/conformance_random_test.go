package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// randomPair makes two configurations: parts that use each other at random, and
// something that happens to each of them. The same seed makes the same pair.
func randomPair(seed uint64) (pair, error) {
	r := rand.New(rand.NewPCG(seed, 0))
	parts := make([]randomPart, 5+r.IntN(6))
	for i := range parts {
		parts[i] = newRandomPart(r, parts[:i])
	}
	var before, after strings.Builder
	for _, p := range parts {
		if p.fate != fateCreate {
			before.WriteString(p.block(parts, false))
		}
		if p.fate != fateDelete {
			after.WriteString(p.block(parts, true))
		}
	}
	parallelism := usualSlots
	if r.IntN(4) == 0 {
		parallelism = 1 + r.IntN(3)
	}
	return parsePair(fmt.Sprintf("random_%d", seed), &txtar.Archive{
		Comment: fmt.Appendf(nil, "parallelism %d\n", parallelism),
		Files:   []txtar.File{{Name: "before/main.tf", Data: []byte(before.String())}, {Name: "after/main.tf", Data: []byte(after.String())}},
	})
}

// A fate is what the second configuration does to a part.
type fate int

const (
	fateStay fate = iota
	fateUpdate
	fateReplace
	fateCreate
	fateDelete
	fateRename // of the block: a delete and a create of one live thing
	fateMove
	fates
)

type randomPart struct {
	number               int
	fate                 fate
	cbdBefore, cbdAfter  bool
	create, update, gone int
	uses                 []use
}

// A use is a reference to an earlier part, which may be of one configuration only.
type use struct {
	part          int
	attribute     string // id is known late, key is not
	before, after bool
}

func newRandomPart(r *rand.Rand, earlier []randomPart) randomPart {
	length := func() int { return 50 * (1 + r.IntN(5)) }
	p := randomPart{number: len(earlier), fate: fate(r.IntN(int(fates))), create: length(), update: length(), gone: length()}
	if p.cbdBefore = r.IntN(4) == 0; r.IntN(5) == 0 {
		p.cbdAfter = r.IntN(2) == 0
	} else {
		p.cbdAfter = p.cbdBefore
	}
	for i := range earlier {
		if r.IntN(3) > 0 {
			continue
		}
		u := use{part: i, attribute: "id", before: r.IntN(8) > 0, after: r.IntN(8) > 0}
		if r.IntN(3) == 0 {
			u.attribute = "key"
		}
		p.uses = append(p.uses, u)
	}
	return p
}

// label is the name of the block in one of the two configurations.
func (p randomPart) label(after bool) string {
	if after && (p.fate == fateRename || p.fate == fateMove) {
		return fmt.Sprintf("other%d", p.number)
	}
	return fmt.Sprintf("part%d", p.number)
}

func (p randomPart) block(all []randomPart, after bool) string {
	name, version, cbd := "first", 1, p.cbdBefore
	if after {
		cbd = p.cbdAfter
		switch p.fate {
		case fateReplace:
			name = "second"
		case fateUpdate:
			version = 2
		}
	}
	var uses []string
	for _, u := range p.uses {
		of := all[u.part]
		is := after && u.after && of.fate != fateDelete || !after && u.before && of.fate != fateCreate
		if is {
			uses = append(uses, fmt.Sprintf("sandbox_part.%s.%s", of.label(after), u.attribute))
		}
	}
	text := fmt.Sprintf(`resource "sandbox_part" %q {
  name      = %q
  key       = "thing %d"
  version   = "%d"
  uses      = [%s]
  create_ms = %d
  update_ms = %d
  delete_ms = %d
  lifecycle {
    create_before_destroy = %t
  }
}
`, p.label(after), name, p.number, version, strings.Join(uses, ", "), p.create, p.update, p.gone, cbd)
	if after && p.fate == fateMove {
		text += fmt.Sprintf("moved {\n  from = sandbox_part.%s\n  to   = sandbox_part.%s\n}\n", p.label(false), p.label(true))
	}
	return text
}
