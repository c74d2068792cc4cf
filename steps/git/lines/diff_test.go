package lines

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gitdiff "github.com/go-git/go-git/v5/utils/diff"

	"lockstep/runbook/engine"
)

// apply rebuilds the new file from the old one and the hunks.
func apply(t *testing.T, from string, d engine.FileDiff) string {
	t.Helper()
	old := strings.SplitAfter(from, "\n")
	if old[len(old)-1] == "" {
		old = old[:len(old)-1]
	}
	var out []string
	at := 0 // lines of old that were taken
	for _, h := range d.Hunks {
		start := h.OldStart - 1
		if h.OldLines == 0 {
			start = h.OldStart
		}
		out = append(out, old[at:start]...)
		at = start
		o, n := 0, 0
		for i, l := range h.Lines {
			end := "\n"
			if i+1 < len(h.Lines) && h.Lines[i+1].Op == '\\' {
				end = ""
			}
			switch l.Op {
			case ' ', '-':
				if old[at] != l.Text.String()+end {
					t.Fatalf("line %d of the old file is %q, the hunk says %q", at+1, old[at], l.Text)
				}
				at++
				o++
				if l.Op == '-' {
					continue
				}
				n++
				out = append(out, l.Text.String()+end)
			case '+':
				n++
				out = append(out, l.Text.String()+end)
			}
		}
		if o != h.OldLines || n != h.NewLines {
			t.Fatalf("hunk says -%d +%d and has -%d +%d", h.OldLines, h.NewLines, o, n)
		}
	}
	return strings.Join(append(out, old[at:]...), "")
}

func TestDiff_leadsFromOneFileToTheOther(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for n := range 400 {
		var a []string
		for range rnd.IntN(40) {
			a = append(a, fmt.Sprint("line ", rnd.IntN(30)))
		}
		b := append([]string(nil), a...)
		for range rnd.IntN(8) {
			i := rnd.IntN(len(b) + 1)
			if rnd.IntN(2) == 0 && i < len(b) {
				b = append(b[:i], b[i+1:]...)
			} else {
				b = append(b[:i], append([]string{[]string{"new", "@@ -1,2 +3,4 @@", "\\ No newline at end of file", "-- x", "++ y"}[rnd.IntN(5)]}, b[i:]...)...)
			}
		}
		from, to := strings.Join(a, "\n"), strings.Join(b, "\n")
		if rnd.IntN(2) == 0 && from != "" {
			from += "\n"
		}
		if rnd.IntN(2) == 0 && to != "" {
			to += "\n"
		}
		for _, budget := range []int{MaxLines, 0} {
			d, err := within([]byte(from), []byte(to), budget)
			if err != nil {
				t.Fatal(err)
			}
			if got := apply(t, from, d); got != to {
				t.Fatalf("round %d: from %q\n got %q\nwant %q\nhunks %+v", n, from, got, to, d)
			}
			if from != to && d.Coarse != (budget == 0) {
				t.Errorf("round %d: coarse is %v", n, d.Coarse)
			}
		}
	}
}

func TestDiff_equalFilesHaveNoHunks(t *testing.T) {
	d, err := Diff([]byte("a"), []byte("a"))
	if err != nil || len(d.Hunks) != 0 || d.Added+d.Removed != 0 {
		t.Errorf("%+v, %v", d, err)
	}
}

// TestDiff_isNotQuadratic compares the work for a file and for one four times as
// long, all lines changed. A quadratic differ takes sixteen times as long.
func TestDiff_isNotQuadratic(t *testing.T) {
	took := func(n int) time.Duration {
		a, b := rewritten(n)
		best := time.Hour
		for range 5 {
			start := time.Now()
			if d, err := Diff(a, b); err != nil || d.Added < n/2 {
				t.Fatalf("%d added, %v", d.Added, err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	small, large := took(20_000), took(80_000)
	t.Logf("20k lines %v, 80k lines %v, %.1f times", small, large, float64(large)/float64(small))
	if large > 10*small {
		t.Errorf("four times the lines take %.1f times as long", float64(large)/float64(small))
	}
}

// rewritten returns a file of n lines and one with every line changed. Lines
// repeat by chance, as they do in configuration.
func rewritten(n int) (a, b []byte) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for i := range n {
		a = fmt.Appendf(a, "  key_%d = %d\n", i%997, rnd.IntN(n))
		b = fmt.Appendf(b, "  name_%d = %d\n", i%997, rnd.IntN(n))
	}
	return a, b
}

func BenchmarkDiff_rewritten40k(b *testing.B) {
	x, y := rewritten(40_000)
	for b.Loop() {
		if _, err := Diff(x, y); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGit_rewritten40k is the anchor: git on the same files, process included.
func BenchmarkGit_rewritten40k(b *testing.B) {
	x, y := rewritten(40_000)
	dir := b.TempDir()
	for name, content := range map[string][]byte{"a": x, "b": y} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		cmd := exec.Command("git", "diff", "--no-index", "a", "b")
		cmd.Dir = dir
		if out, err := cmd.Output(); len(out) == 0 {
			b.Fatal(err)
		}
	}
}

// BenchmarkGoGit_rewritten4k is go-git's own differ on a tenth of the lines.
func BenchmarkGoGit_rewritten4k(b *testing.B) {
	x, y := rewritten(4_000)
	for b.Loop() {
		gitdiff.Do(string(x), string(y))
	}
}

func BenchmarkDiff_rewritten4k(b *testing.B) {
	x, y := rewritten(4_000)
	for b.Loop() {
		if _, err := Diff(x, y); err != nil {
			b.Fatal(err)
		}
	}
}
