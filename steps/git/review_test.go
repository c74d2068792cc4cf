package git

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// picked returns an operator for whom a commit was picked already.
func (p *project) picked(env *runbook.Environment, pin, commit string, answer func(engine.Question) engine.Answer) *operator {
	p.t.Helper()
	o := p.operator(env, answer)
	l := p.list(env, Sources{})
	i := l.index(commit)
	if i < 0 || l.Pin.Hash != pin {
		p.t.Fatalf("%s is no candidate after %s", commit, pin)
	}
	o.facts.Commit, o.facts.Pin, o.facts.Commits, o.facts.Head = &l.Items[i], &l.Pin, l.taken(i), p.open(env).Head()
	return o
}

// readAll answers a review the way a careful reader does.
func readAll(q engine.Question) engine.Answer {
	r := q.Payload.(engine.Review)
	a := engine.Answer{Choice: "continue", Digest: q.Digest}
	for i := range r.Files {
		a.Acknowledge = append(a.Acknowledge, r.ViewedKey(i))
	}
	for i := range r.Hazards {
		a.Acknowledge = append(a.Acknowledge, fmt.Sprintf("hazard %d", i+1))
	}
	return a
}

func runReview(t *testing.T, o *operator, max int) error {
	t.Helper()
	_, err := step(t, runbook.Step{ReviewDiff: &runbook.ReviewDiff{MaxFileBytes: max}}).Run(context.Background(), o)
	return err
}

func TestReview_showsPathsAndInputs(t *testing.T) {
	p := newProject(t)
	pin := p.commit("first", "modules/dns/a.tf", "one\ntwo\nthree\n", "modules/dns/gone.tf", "x\n", "other/x", "1", "environments/production/vars.tf", "a\n")
	p.pin(pin)
	p.git("rm", "-q", "modules/dns/gone.tf")
	one := p.commit("one\n\nDeploy-Hazard: careful", "modules/dns/a.tf", "one\n2\nthree\n", "modules/dns/new.tf", "n\n", "other/x", "2")
	p.commit("input only", "environments/production/vars.tf", "b\n")
	p.commit("later", "modules/dns/a.tf", "later\n")
	o := p.picked(production(), pin, one, readAll)
	o.look = func(q engine.Question) {
		part, err := q.Fetch(engine.Request{What: "file", Index: 0})
		if err != nil {
			t.Fatal(err)
		}
		h := part.(engine.FileDiff).Hunks[0]
		if len(h.Lines) != 4 || h.Lines[1].Op != '-' || h.Lines[1].Text.String() != "two" || h.Lines[2].Text.String() != "2" {
			t.Errorf("hunk is %+v", h)
		}
	}
	if err := runReview(t, o, 1<<20); err != nil {
		t.Fatal(err)
	}
	q := o.asked[0]
	r := q.Payload.(engine.Review)
	var got []string
	for _, f := range r.Files {
		got = append(got, fmt.Sprintf("%s %s %v +%d -%d", f.Status, f.Path, f.Input, f.Added, f.Removed))
	}
	want := "M modules/dns/a.tf false +1 -1\nD modules/dns/gone.tf false +0 -1\nA modules/dns/new.tf false +1 -0\nM environments/production/vars.tf true +1 -1"
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	if len(r.Hazards) != 1 || r.Hazards[0] != safe.Sprintf("%s: careful", one[:7]) {
		t.Errorf("hazards are %v", r.Hazards)
	}
	if o.facts.Reviewed == "" || o.facts.Reviewed != q.Digest || o.evidence[0]["digest"] != q.Digest || len(o.intents) != 0 {
		t.Errorf("reviewed %q, evidence %v", o.facts.Reviewed, o.evidence)
	}
}

func TestReview_wantsEveryFileAndHazard(t *testing.T) {
	p := newProject(t)
	pin := p.commit("first", "modules/dns/a.tf", "1")
	p.pin(pin)
	one := p.commit("one\n\nDeploy-Hazard: a\nDeploy-Hazard: b", "modules/dns/a.tf", "2", "modules/dns/b.tf", "\x00")
	for _, drop := range []struct{ key, words string }{
		{"file modules/dns/a.tf", "modules/dns/a.tf was not viewed yet"},
		{"file modules/dns/b.tf", "modules/dns/b.tf was not viewed yet"},
		{"hazard 1", "hazard 1 is not acknowledged"},
		{"hazard 2", "hazard 2 is not acknowledged"},
	} {
		o := p.picked(production(), pin, one, func(q engine.Question) engine.Answer {
			a := readAll(q)
			var kept []string
			for _, k := range a.Acknowledge {
				if k != drop.key {
					kept = append(kept, k)
				}
			}
			a.Acknowledge = kept
			return a
		})
		mustFail(t, runReview(t, o, 1<<20), drop.words, "")
		if o.facts.Reviewed != "" || len(o.evidence) != 0 {
			t.Errorf("without %q it counts as reviewed", drop.key)
		}
	}
}

func TestReview_neverHidesWhatItCannotShow(t *testing.T) {
	p := newProject(t)
	pin := p.commit("first", "modules/dns/mode.sh", "echo\n", "modules/dns/lf", "a")
	p.pin(pin)
	head := p.git("rev-parse", "HEAD")
	long := strings.Repeat("x", safe.MaxLine+1)
	files := map[string]string{
		"modules/dns/binary":       "M 644 inline %s\ndata 3\na\x00b\n",
		"modules/dns/latin":        "M 644 inline %s\ndata 3\na\xffb\n",
		"modules/dns/large":        "M 644 inline %s\ndata 200000\n" + strings.Repeat("abcd\n", 40000) + "\n",
		"modules/dns/long":         fmt.Sprintf("M 644 inline %%s\ndata %d\n%s\n", len(long), long),
		"modules/dns/link":         "M 120000 inline %s\ndata 11\n/etc/passwd\n",
		"modules/dns/sub":          "M 160000 " + head + " %s\n",
		`"modules/dns/esc\033[2J"`: "M 644 inline %s\ndata 1\nx\n",
		`"modules/dns/new\nline"`:  "M 644 inline %s\ndata 1\nx\n",
		"modules/dns/empty":        "M 644 inline %s\ndata 0\n",
		"modules/dns/-rf":          "M 644 inline %s\ndata 6\na\x1b[2Jb\n",
		"modules/dns/mode.sh":      "M 755 inline %s\ndata 5\necho\n",
		"modules/dns/lf":           "M 644 inline %s\ndata 2\na\n\n",
	}
	var b strings.Builder
	fmt.Fprintf(&b, "commit refs/heads/main\ncommitter x <x@x> 1700100000 +0000\ndata 1\nm\nfrom %s\n", head)
	for name, how := range files {
		fmt.Fprintf(&b, how, name)
	}
	p.gitIn(b.String(), "fast-import", "--quiet", "--force")
	want := map[string]string{
		"modules/dns/binary": "binary, 3 bytes", "modules/dns/latin": "not UTF-8", "modules/dns/large": "too large to be shown: 200000 bytes",
		"modules/dns/long": "a line of", "modules/dns/link": "a symbolic link to /etc/passwd", "modules/dns/sub": "a submodule, at " + head[:7],
		`modules/dns/esc\x1b[2J`: "control", `modules/dns/new\nline`: "control",
		"modules/dns/empty": "", "modules/dns/-rf": "", "modules/dns/mode.sh": "", "modules/dns/lf": "",
	}
	o := p.picked(production(), pin, p.git("rev-parse", "main"), readAll)
	o.look = func(q engine.Question) {
		r := q.Payload.(engine.Review)
		if len(r.Files) != len(want) {
			t.Errorf("%d files, want %d", len(r.Files), len(want))
		}
		for i, f := range r.Files {
			why, known := want[f.Path.String()]
			if !known || (why == "") != f.Unreviewable.IsEmpty() || !strings.Contains(f.Unreviewable.String(), why) {
				t.Errorf("%s: unreviewable because %q, want %q", f.Path, f.Unreviewable, why)
			}
			part, err := q.Fetch(engine.Request{What: "file", Index: i})
			if why != "" {
				if err == nil {
					t.Errorf("%s was shown all the same: %+v", f.Path, part)
				}
				continue
			}
			if err != nil || len(part.(engine.FileDiff).Hunks) == 0 {
				t.Errorf("%s: nothing to see, %v", f.Path, err)
				continue
			}
			text := fmt.Sprint(part)
			switch f.Path.String() {
			case "modules/dns/mode.sh":
				if f.Status != engine.FileMode || !strings.Contains(text, "the mode changes from 100644 to 100755") {
					t.Errorf("mode: %s %s", f.Status, text)
				}
			case "modules/dns/empty":
				if !strings.Contains(text, "the file is empty") {
					t.Errorf("empty: %s", text)
				}
			case "modules/dns/-rf":
				if strings.Contains(text, "\x1b") {
					t.Errorf("an escape got through: %q", text)
				}
			}
		}
	}
	if err := runReview(t, o, 100_000); err != nil {
		t.Fatal(err)
	}
}

func TestReview_digestCoversEverything(t *testing.T) {
	p := newProject(t)
	pin := p.commit("first", "modules/dns/a.tf", "1", "environments/production/v", "1")
	p.pin(pin)
	digests := map[string]string{}
	digest := func(what string) {
		t.Helper()
		r := p.open(production())
		d, err := r.Diff(context.Background(), pin, r.Head(), r.Head(), 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		if before, ok := digests[d.Digest]; ok {
			t.Errorf("%s has the digest of %s", what, before)
		}
		digests[d.Digest] = what
	}
	digest("nothing")
	p.commit("content", "modules/dns/a.tf", "2")
	digest("content")
	p.git("update-index", "--chmod=+x", "modules/dns/a.tf")
	p.git("commit", "-qm", "mode")
	digest("mode")
	p.git("mv", "modules/dns/a.tf", "modules/dns/b.tf")
	p.git("commit", "-qm", "rename")
	digest("rename")
	p.commit("input", "environments/production/v", "2")
	digest("input")
	p.commit("other head", "README", "2")
	digest("head")
}

func TestReview_emptyDiffIsSaid(t *testing.T) {
	p := newProject(t)
	pin := p.commit("first", "modules/dns/a.tf", "1")
	p.pin(pin)
	p.commit("there", "modules/dns/a.tf", "2")
	back := p.commit("and back", "modules/dns/a.tf", "1")
	o := p.picked(production(), pin, back, readAll)
	if err := runReview(t, o, 0); err != nil {
		t.Fatal(err)
	}
	if q := o.asked[0]; len(q.Payload.(engine.Review).Files) != 0 || !strings.Contains(joined(q.Body), "changes no file of this environment") {
		t.Errorf("asked %+v", q)
	}
	o = p.operator(production(), readAll)
	mustFail(t, runReview(t, o, 0), "no commit was picked", "Put pick_commit before")
	o = p.picked(production(), pin, back, func(engine.Question) engine.Answer { return engine.Answer{Choice: "stop"} })
	if err := runReview(t, o, 0); !errors.Is(err, engine.ErrDeclined) || o.facts.Reviewed != "" {
		t.Errorf("stopping gave %v", err)
	}
}

func TestDiff_servesSeveralReadersAtOnce(t *testing.T) {
	p := newProject(t)
	pin := p.commit("first", "modules/dns/a0", "1\n")
	p.pin(pin)
	var files []string
	for i := range 40 {
		files = append(files, fmt.Sprintf("modules/dns/a%d", i), strings.Repeat(fmt.Sprintf("line %d\n", i), 50))
	}
	p.commit("many", files...)
	p.git("gc", "-q")
	r := p.open(production())
	d, err := r.Diff(context.Background(), pin, r.Head(), r.Head(), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	clear(d.known)
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for i := range d.Files {
				if fd, err := d.File((i + n) % len(d.Files)); err != nil || fd.Added == 0 {
					t.Errorf("file %d: %+v, %v", i, fd, err)
				}
			}
		})
	}
	wg.Wait()
}
