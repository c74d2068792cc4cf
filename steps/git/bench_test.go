package git

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
)

// long makes a packed repository with a long line of commits over many folders,
// pinned at its first commit, and returns it.
func long(b *testing.B, commits int) *project {
	b.Helper()
	p := newProject(b)
	rnd := rand.New(rand.NewPCG(5, 6))
	var s strings.Builder
	for i := range commits {
		fmt.Fprintf(&s, "commit refs/heads/main\nmark :%d\ncommitter a <a@x> %d +0000\ndata 8\nsubject\n\n", i+1, 1_600_000_000+i*60)
		if i == 0 {
			for d := range 200 {
				for f := range 10 {
					fmt.Fprintf(&s, "M 644 inline modules/m%d/f%d.tf\ndata 2\n0\n\n", d, f)
				}
			}
			continue
		}
		text := fmt.Sprintf("%d\n", i)
		fmt.Fprintf(&s, "M 644 inline modules/m%d/f%d.tf\ndata %d\n%s\n", rnd.IntN(200), rnd.IntN(10), len(text), text)
	}
	p.gitIn(s.String(), "fast-import", "--quiet")
	p.git("reset", "-q", "--hard")
	first := p.git("rev-list", "--max-parents=0", "main")
	p.pin(first)
	p.git("repack", "-adq")
	p.git("pack-refs", "--all")
	return p
}

func BenchmarkCandidates_5000commits(b *testing.B) {
	p := long(b, 5000)
	env := production()
	env.Paths = []string{"modules/m7", "modules/m8"}
	for b.Loop() {
		r, err := Open(env, p.dir)
		if err != nil {
			b.Fatal(err)
		}
		l, err := r.Candidates(context.Background(), Sources{})
		if err != nil || len(l.Items) < 10 {
			b.Fatalf("%v", err)
		}
		r.Close()
	}
}

// BenchmarkGitLog_5000commits is the anchor: git on the same repository.
func BenchmarkGitLog_5000commits(b *testing.B) {
	p := long(b, 5000)
	first := p.git("rev-list", "--max-parents=0", "main")
	for b.Loop() {
		cmd := exec.Command("git", "log", "--first-parent", "--name-only", first+"..main", "--", "modules/m7", "modules/m8")
		cmd.Dir = p.dir
		if out, err := cmd.Output(); err != nil || len(out) == 0 {
			b.Fatal(err)
		}
	}
}
