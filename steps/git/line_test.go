package git

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"

	"lockstep/runbook"
	"lockstep/steps/git/trees"
)

// wild writes a random history for git fast-import: several branches that merge
// into each other, files that move, vanish and turn into folders, names that are
// the beginning of other names. With skew, clocks go backwards.
func wild(rnd *rand.Rand, commits int, skew bool) string {
	names := []string{
		"mod", "mod.tf", "modules/a/x.tf", "modules/a/y.tf", "modules/ab/x.tf", "modules/a-b/x.tf", "modules/a.tf",
		"env/prod/deployed", "env/prod/main.tf", "env/staging/main.tf", "README", "deep/er/and/deep/er/f", "modul/x",
	}
	type branch struct {
		files map[string]string
		mark  int
	}
	var b strings.Builder
	branches := map[string]*branch{}
	heads := []string{"main", "side", "other", "late"}
	for mark := 1; mark <= commits; mark++ {
		name := heads[rnd.IntN(len(heads))]
		if mark == 1 || rnd.IntN(3) == 0 {
			name = "main"
		}
		at := branches[name]
		var parents []int
		if at == nil {
			at = &branch{files: map[string]string{}}
			if m := branches["main"]; m != nil {
				at.files, parents = maps.Clone(m.files), []int{m.mark}
			}
			branches[name] = at
		} else {
			parents = []int{at.mark}
		}
		if o := branches[heads[rnd.IntN(len(heads))]]; o != nil && o != at && rnd.IntN(4) == 0 {
			parents = append(parents, o.mark)
			switch rnd.IntN(3) {
			case 0: // theirs on top of ours
				maps.Copy(at.files, o.files)
			case 1: // only theirs
				at.files = maps.Clone(o.files)
			}
		}
		for range rnd.IntN(3) {
			switch n := names[rnd.IntN(len(names))]; rnd.IntN(6) {
			case 0:
				delete(at.files, n)
			case 1: // rename
				if c, ok := at.files[n]; ok {
					delete(at.files, n)
					at.files[names[rnd.IntN(len(names))]] = c
				}
			case 2: // a file where a folder was, or the other way round
				for f := range at.files {
					if strings.HasPrefix(f, "mod/") || f == "mod" {
						delete(at.files, f)
					}
				}
				at.files[[]string{"mod", "mod/in"}[rnd.IntN(2)]] = fmt.Sprint(rnd.IntN(5))
			default:
				if n != "mod" {
					at.files[n] = fmt.Sprint(rnd.IntN(5))
				}
			}
		}
		at.mark = mark
		when := 1_600_000_000 + 1000*mark
		if skew {
			when = 1_600_000_000 + rnd.IntN(100_000_000)
		}
		fmt.Fprintf(&b, "commit refs/heads/%s\nmark :%d\ncommitter ana <ana@example.org> %d +0000\ndata 1\nx\n", name, mark, when)
		for i, p := range parents {
			fmt.Fprintf(&b, "%s :%d\n", []string{"from", "merge"}[min(i, 1)], p)
		}
		b.WriteString("deleteall\n")
		for _, f := range slices.Sorted(maps.Keys(at.files)) {
			mode := "644"
			if at.files[f] == "4" {
				mode = "755"
			}
			fmt.Fprintf(&b, "M %s inline %s\ndata %d\n%s\n", mode, f, len(at.files[f]), at.files[f])
		}
	}
	return b.String()
}

// TestFind_listsWhatGitLogLists compares us with git on random ranges and paths.
func TestFind_listsWhatGitLogLists(t *testing.T) {
	sets := [][]string{
		{"mod"},
		{"modules"},
		{"modules/a"},
		{"modules/a/x.tf"},
		{"modules/ab", "modules/a.tf"},
		{"env/prod"},
		{"env"},
		{"deep/er"},
		{"."},
		{"README", "modul"},
		{"nothing/here"},
		{"modules/a", "env/prod", "mod/in"},
	}
	const pin = "env/prod/deployed"
	pairs, merged, listed := 0, 0, 0
	for seed := uint64(1); seed <= 12; seed++ {
		rnd := rand.New(rand.NewPCG(seed, seed))
		p := newProject(t)
		skew := seed%4 == 0
		p.gitIn(wild(rnd, 90, skew), "fast-import", "--quiet", "--date-format=raw")
		r := p.open(&runbook.Environment{Branch: "main", Pin: runbook.Pin{File: pin}})
		all := strings.Fields(p.git("rev-list", "main"))
		if skew { // git's own answer for a pin off the line depends on the clocks
			all = strings.Fields(p.git("rev-list", "--first-parent", "main"))
		}
		for range 30 {
			from := all[rnd.IntN(len(all))]
			if from == all[0] {
				continue
			}
			paths := sets[rnd.IntN(len(sets))]
			args := append([]string{"log", "--first-parent", "--format=%H", "--reverse", from + "..main", "--"}, paths...)
			want := strings.Fields(p.git(append(args, ":(exclude)"+pin)...))
			at, err := r.locate(context.Background(), plumbing.NewHash(from), nil)
			if err != nil {
				t.Fatalf("seed %d: locate %s: %v", seed, from, err)
			}
			l := &Listing{r: r, place: at, PinNow: Pin{Hash: plumbing.NewHash(from)}, paths: trees.NewPaths(paths, []string{pin})}
			if err := l.find(context.Background(), nil); err != nil {
				t.Fatal(err)
			}
			var got []string
			for i, c := range l.Items {
				got = append(got, c.Hash)
				contains := p.git("merge-base", from, c.Hash) == from
				if l.hasPin(i) != contains {
					t.Errorf("seed %d: %s contains the pin %s: we say %v", seed, c.Hash, from, l.hasPin(i))
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("seed %d: %s..main -- %q\n got %v\nwant %v", seed, from, paths, got, want)
			}
			if _, ok := at.merge(); ok {
				merged++
			}
			pairs, listed = pairs+1, listed+len(got)
		}
	}
	t.Logf("%d pairs, %d of them with a pin behind a merge, %d commits listed", pairs, merged, listed)
	if pairs < 300 || merged < 20 || listed < 1000 {
		t.Errorf("too little was compared: %d pairs, %d behind a merge, %d commits", pairs, merged, listed)
	}
}

func TestChanges_listsWhatGitDiffTreeLists(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	p := newProject(t)
	p.gitIn(wild(rnd, 120, true), "fast-import", "--quiet", "--date-format=raw")
	r := p.open(&runbook.Environment{Branch: "main"})
	all := strings.Fields(p.git("rev-list", "--all"))
	for range 80 {
		a, b := all[rnd.IntN(len(all))], all[rnd.IntN(len(all))]
		want := strings.Fields(p.git("diff-tree", "-r", "--no-renames", "--name-only", a, b, "--", "modules", "mod"))
		x, err := r.objects.Link(plumbing.NewHash(a))
		if err != nil {
			t.Fatal(err)
		}
		y, err := r.objects.Link(plumbing.NewHash(b))
		if err != nil {
			t.Fatal(err)
		}
		changes, err := trees.Changes(context.Background(), r.objects, x.Tree, y.Tree, trees.NewPaths([]string{"modules", "mod"}, nil))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range changes {
			got = append(got, c.Path)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s %s\n got %q\nwant %q", a, b, got, want)
		}
	}
}
