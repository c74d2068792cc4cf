package runbook

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"lockstep/runbook/strict"
)

// settle fills in what the document says only by its order and its keys: the
// names of environments, probes and channels, and the ids and positions of steps.
func (rb *Runbook) settle() {
	for name, e := range rb.Environments {
		e.Name = name
		for name, p := range e.Probes {
			p.Name = name
		}
	}
	for name, p := range rb.Probes {
		p.Name = name
	}
	for name, c := range rb.Channels {
		c.Name = name
	}
	ids := idMaker{taken: map[string]bool{}, last: map[string]int{}}
	everyStep(rb.Steps, "steps", func(s *Step, _ string) { ids.taken[s.ID] = true })
	position(rb.Steps, "")
	everyStep(rb.Steps, "steps", func(s *Step, _ string) {
		if s.ID == "" {
			s.ID = ids.free(string(s.Kind()))
		}
	})
}

// An idMaker finds ids for steps that have none.
type idMaker struct {
	taken map[string]bool
	last  map[string]int // number that was tried last, by kind
}

// free returns the first of kind, kind-2, kind-3 … that is not taken, and takes it.
func (m idMaker) free(kind string) string {
	for {
		m.last[kind]++
		id := kind
		if n := m.last[kind]; n > 1 {
			id = fmt.Sprintf("%s-%d", kind, n)
		}
		if !m.taken[id] {
			m.taken[id] = true
			return id
		}
	}
}

func position(steps []Step, before string) {
	for i := range steps {
		steps[i].Position = before + strconv.Itoa(i+1)
		position(steps[i].EachChange, steps[i].Position+".")
	}
}

// placeSteps sets where each step stands in its file.
func placeSteps(steps []Step, path string, doc *strict.Document) {
	everyStep(steps, path, func(s *Step, p string) {
		at := doc.Place(p)
		s.Line, s.Column = at.Line, at.Column
	})
}

var stepPath = regexp.MustCompile(`^steps\[\d+\](\.each_change\[\d+\])*`)

var indexes = regexp.MustCompile(`\d+`)

// spell turns a path such as steps[3].each_change[1].apply into "step 4.2 apply":
// people count from 1, and positions are what they see on the screen.
func spell(path string) string {
	steps := stepPath.FindString(path)
	if steps == "" {
		return path
	}
	var at []string
	for _, i := range indexes.FindAllString(steps, -1) {
		n, _ := strconv.Atoi(i)
		at = append(at, strconv.Itoa(n+1))
	}
	return strings.TrimSpace("step " + strings.Join(at, ".") + " " + strings.TrimPrefix(path[len(steps):], "."))
}

// everyStep calls f for each step with its path, parents before their children.
func everyStep(steps []Step, path string, f func(*Step, string)) {
	for i := range steps {
		p := fmt.Sprintf("%s[%d]", path, i)
		f(&steps[i], p)
		everyStep(steps[i].EachChange, p+".each_change", f)
	}
}
