package journal

import (
	"fmt"
	"strings"

	"lockstep/runbook/safe"
)

// Sentences says the verdict in four sentences: whether the journal is intact,
// who signed it, up to where it is anchored, and whether it is complete.
func (v Verdict) Sentences() []safe.Text {
	return []safe.Text{v.intact(), v.signed(), v.anchored(), v.complete()}
}

func (v Verdict) intact() safe.Text {
	if !v.Intact {
		return safe.Sprintf("NOT INTACT: %s, the first in line %d: %s", count(len(v.Faults), "fault"), v.Faults[0].Line, v.Faults[0].What)
	}
	if v.Records == 0 {
		return safe.Lit("intact: it holds no records")
	}
	locks := ""
	if v.Epoch > 0 {
		locks = fmt.Sprintf(", locked %s", times(v.Epoch))
	}
	return safe.Sprintf("intact: %s in one chain, %s%s, last digest %s", count(int(v.Records), "record"), count(v.Blobs, "blob"), locks, v.Head)
}

func (v Verdict) signed() safe.Text {
	if len(v.SignedBy) == 0 {
		return safe.Lit("unsigned: nobody vouches for it; whoever may write the file could have written all of it")
	}
	return safe.Sprintf("signed by %s", strings.Join(v.SignedBy, ", "))
}

func (v Verdict) anchored() safe.Text {
	if v.Anchored == 0 {
		return safe.Lit("not anchored: records cut off at its end, or a changed last record, would not show")
	}
	return safe.Sprintf("anchored up to record %d of %d", v.Anchored, v.Records)
}

func (v Verdict) complete() safe.Text {
	if v.Complete {
		return safe.Lit("complete: every run is closed and every effect has an outcome")
	}
	var why []string
	if n := len(v.Unknown); n > 0 {
		why = append(why, fmt.Sprintf("%s of UNKNOWN outcome (record %s)", count(n, "effect"), join(v.Unknown)))
	}
	if n := len(v.Open); n > 0 {
		why = append(why, fmt.Sprintf("%s not closed (%s)", count(n, "run"), strings.Join(v.Open, ", ")))
	}
	if v.Torn > 0 {
		why = append(why, fmt.Sprintf("an incomplete last line of %d bytes, which was never acknowledged", v.Torn))
	}
	return safe.Sprintf("open: %s", strings.Join(why, "; "))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func join(n []int64) string {
	words := make([]string, len(n))
	for i, v := range n {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, ", ")
}
