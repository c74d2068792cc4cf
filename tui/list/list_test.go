package list

import (
	"math/rand/v2"
	"testing"
)

func TestList_keepsTheCursorInSight(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	keys := []string{"up", "down", "pgup", "pgdown", "home", "end", "j", "k", "g", "G", "x"}
	for _, l := range []*List{{}, NewScroll()} {
		for range 20000 {
			switch r.IntN(6) {
			case 0:
				l.SetLen(r.IntN(50))
			case 1:
				l.SetHeight(r.IntN(12) - 1)
			case 2:
				l.Select(r.IntN(60) - 5)
			default:
				l.Press(keys[r.IntN(len(keys))])
			}
			first, end := l.Visible()
			if first < 0 || end > l.Len() || end < first && l.height > 0 {
				t.Fatalf("visible %d–%d of %d", first, end, l.Len())
			}
			if c := l.Cursor(); c >= 0 && l.height > 0 && (c < first || c >= end) {
				t.Fatalf("cursor %d is outside of %d–%d", c, first, end)
			}
			if l.height > 0 && end-first < min(l.height, l.Len()) {
				t.Fatalf("%d rows drawn, %d would fit of %d", end-first, l.height, l.Len())
			}
		}
	}
}

func TestList_movesByOneAndByPage(t *testing.T) {
	l := &List{}
	l.SetLen(1_000_000)
	l.SetHeight(10)
	for _, step := range []struct {
		key  string
		want int
	}{{"down", 1}, {"pgdown", 10}, {"up", 9}, {"end", 999_999}, {"pgup", 999_990}, {"home", 0}} {
		if !l.Press(step.key) || l.Cursor() != step.want {
			t.Errorf("after %s the cursor is on %d, want %d", step.key, l.Cursor(), step.want)
		}
	}
	if l.Press("q") {
		t.Error("q is no key of a list")
	}
}

func TestNewScroll_movesTheWindow(t *testing.T) {
	l := NewScroll()
	l.SetHeight(3)
	l.SetLen(5)
	l.Press("down")
	if first, end := l.Visible(); first != 1 || end != 4 {
		t.Errorf("visible %d–%d, want 1–4", first, end)
	}
	if l.Cursor() != -1 {
		t.Error("a scrolled text has no cursor")
	}
	l.Press("end")
	if !l.AtEnd() {
		t.Error("not at the end")
	}
}
