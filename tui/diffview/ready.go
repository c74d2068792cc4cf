package diffview

import (
	"fmt"
	"strings"

	"lockstep/runbook/safe"
)

// Acknowledged lists what the operator has seen, as an answer's Acknowledge
// takes it: the key of each viewed file, and "hazard N" for each hazard read.
func (v *View) Acknowledged() []string {
	var out []string
	for i, f := range v.files {
		if f.viewed {
			out = append(out, v.review.ViewedKey(i))
		}
	}
	for i, read := range v.hazards.read {
		if read {
			out = append(out, fmt.Sprintf("hazard %d", i+1))
		}
	}
	return out
}

// Ready reports whether every file is viewed and every hazard read, and if not
// what is missing.
func (v *View) Ready() (bool, safe.Text) {
	var missing []string
	if n := len(v.files) - v.viewed(); n > 0 {
		missing = append(missing, count(n, "file")+" not viewed")
	}
	if n := v.hazards.unread(); n > 0 {
		missing = append(missing, count(n, "hazard")+" not read")
	}
	return len(missing) == 0, safe.Show(strings.Join(missing, ", "))
}

// viewed returns how many files are.
func (v *View) viewed() int {
	n := 0
	for _, f := range v.files {
		if f.viewed {
			n++
		}
	}
	return n
}

// markable reports whether the shown file can be marked as viewed, and if not why.
func (v *View) markable() (bool, safe.Text) {
	f := v.file()
	switch {
	case f == nil:
		return false, safe.Lit("there is no file")
	case f.viewed:
		return false, safe.Lit("viewed already")
	case f.state == failed:
		return false, safe.Lit("it could not be read")
	case f.state != loaded && f.state != unshown:
		return false, safe.Lit("not read yet")
	case !f.seenAny():
		return false, safe.Lit("not on the screen yet")
	}
	return true, safe.Text{}
}

// mark says that the shown file is viewed and opens the next one that is not.
func (v *View) mark() {
	if ok, why := v.markable(); !ok {
		if v.file() != nil && v.file().viewed {
			v.next()
			return
		}
		v.note = why
		return
	}
	v.file().viewed = true
	v.tree.cache.Clear()
	v.next()
}

// next opens the next file that is not viewed, after the shown one and around.
func (v *View) next() {
	for i, n := v.cur, 0; n < len(v.files); n++ {
		if i = v.tree.beside(i, 1); i < 0 {
			i = v.tree.order[0]
		}
		if !v.files[i].viewed {
			v.open(i)
			return
		}
	}
	v.note = safe.Lit("every file is viewed")
	if n := v.hazards.unread(); n > 0 {
		v.note = safe.Sprintf("every file is viewed; %s not read: press h", count(n, "hazard"))
	}
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
