package git

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
)

// take answers every question by taking an item, with a reason.
func take(item, reason string) func(engine.Question) engine.Answer {
	return func(engine.Question) engine.Answer { return engine.Answer{Choice: "take", Item: item, Reason: reason} }
}

func runPick(t *testing.T, o *operator, d Deps) (engine.Report, error) {
	t.Helper()
	st, err := Kit(d)[runbook.KindPickCommit](runbook.Step{PickCommit: &runbook.PickCommit{}})
	if err != nil {
		t.Fatal(err)
	}
	return st.Run(context.Background(), o)
}

// shorts describes a listing: short ids of the items that can be taken, and the
// reason for those that cannot.
func describe(l *Listing) string {
	var out []string
	for _, c := range l.Items {
		s := c.Subject.String()
		if c.Recommended {
			s += " (next)"
		}
		if !c.Disabled.IsEmpty() {
			s += ": " + c.Disabled.String()
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

func TestPick_choosesTheNextCommit(t *testing.T) {
	p := newProject(t)
	first := p.commit("first", "modules/dns/a.tf", "1")
	p.pin(first)
	p.commit("docs", "README", "hello")
	one := p.commit("one", "modules/dns/a.tf", "2", "modules/dns/b.tf", "1", "README", "more")
	p.commit("similar name", "modules/dns2/a.tf", "1", "modules/dnsx", "1")
	two := p.commit("two", "modules/dns/a.tf", "3")
	o := p.operator(production(), take(one, ""))
	o.look = func(q engine.Question) {
		part, err := q.Fetch(engine.Request{What: "commit", Index: 0})
		if err != nil || joined(part.(engine.CommitDetail).Files) != "modules/dns/a.tf | modules/dns/b.tf" {
			t.Errorf("detail %+v, %v", part, err)
		}
		part, err = q.Fetch(engine.Request{What: "others"})
		if err != nil || len(part.(engine.Others).Items) != 3 {
			t.Errorf("others %+v, %v", part, err)
		}
		if _, err := q.Fetch(engine.Request{What: "commit", Index: 7}); err == nil {
			t.Error("a candidate that is not there was described")
		}
	}
	report, err := runPick(t, o, Deps{})
	if err != nil {
		t.Fatal(err)
	}
	q := o.asked[0]
	c := q.Payload.(engine.Candidates)
	if c.Ahead != 5 || len(c.Items) != 2 || c.Items[0].Hash != one || c.Items[1].Hash != two {
		t.Fatalf("ahead %d, items %+v", c.Ahead, c.Items)
	}
	if c.Items[0].Files != 2 || c.Items[0].Takes != 1 || !c.Items[0].Recommended || !c.Items[0].Reason.IsEmpty() {
		t.Errorf("first item is %+v", c.Items[0])
	}
	if c.Items[1].Takes != 2 || c.Items[1].Recommended || c.Items[1].Reason.IsEmpty() {
		t.Errorf("second item is %+v", c.Items[1])
	}
	if c.PinnedAt.IsZero() || c.Pin.Hash != first {
		t.Errorf("pinned %v at %v", c.Pin.Hash, c.PinnedAt)
	}
	if o.facts.Commit.Hash != one || o.facts.Pin.Hash != first || len(o.facts.Commits) != 1 || o.facts.Head != p.git("rev-parse", "main") {
		t.Errorf("facts are %+v", o.facts)
	}
	if report.Summary.String() != one[:7] || len(o.intents) != 0 {
		t.Errorf("report %+v, %d effects", report, len(o.intents))
	}
	if q.Digest == "" || q.Digest != p.list(production(), Sources{}).Digest() {
		t.Errorf("digest %q is not that of the listing", q.Digest)
	}
}

func TestPick_checksTheAnswer(t *testing.T) {
	p := newProject(t)
	first := p.commit("first", "modules/dns/a.tf", "1")
	p.pin(first)
	one := p.commit("one", "modules/dns/a.tf", "2")
	two := p.commit("two", "modules/dns/a.tf", "3")
	docs := p.commit("docs", "README", "1")
	rows := []struct{ name, item, reason, words string }{
		{"unknown", strings.Repeat("0", 40), "", "is not a candidate"},
		{"nothing", "", "", "is not a candidate"},
		{"touches nothing", docs, "", "is not a candidate"},
		{"several without a reason", two, "  ", "give a reason"},
		{"several with a reason", two, "both were tried together", ""},
		{"next", one, "", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			o := p.operator(production(), take(row.item, row.reason))
			_, err := runPick(t, o, Deps{})
			if row.words == "" {
				if err != nil || o.facts.Commit == nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			mustFail(t, err, row.words, "")
			if o.facts.Commit != nil {
				t.Error("a commit was chosen all the same")
			}
		})
	}
	o := p.operator(production(), func(engine.Question) engine.Answer { return engine.Answer{Choice: "stop"} })
	if _, err := runPick(t, o, Deps{}); !errors.Is(err, engine.ErrDeclined) {
		t.Errorf("stopping gave %v", err)
	}
}

func TestPick_nothingToDeploy(t *testing.T) {
	p := newProject(t)
	first := p.commit("first", "modules/dns/a.tf", "1")
	p.pin(first)
	p.commit("docs", "README", "1")
	o := p.operator(production(), take("", ""))
	_, err := runPick(t, o, Deps{})
	const want = "nothing to deploy: production already has everything that touches it; 2 newer commits of main do not touch it"
	if !errors.Is(err, engine.ErrNothingToDo) || err.Error() != want {
		t.Errorf("error is %v", err)
	}
	if len(o.asked) != 0 {
		t.Errorf("asked %d questions", len(o.asked))
	}
}

func TestJudge_trailersAndReverts(t *testing.T) {
	p := newProject(t)
	p.pin(p.commit("first", "modules/dns/a.tf", "1"))
	p.commit("hazard\n\nText.\n\ndeploy-hazard: re-creates the\n  certificate\nDEPLOY-AFTER: staging 24h\n", "modules/dns/a.tf", "2")
	bad := p.commit("bad", "modules/dns/b.tf", "1")
	p.commit("between", "modules/dns/c.tf", "1")
	p.commit("back\n\nThis reverts commit "+bad+".", "modules/dns/b.tf", "0")
	p.commit("alone\n\nDeploy-Alone: yes", "modules/dns/d.tf", "1")
	p.commit("last", "modules/dns/d.tf", "2")
	l := p.list(production(), Sources{})
	back := l.Items[3].Short
	want := strings.Join([]string{
		"hazard (next)",
		"bad: reverted by " + back + ", never deploy it alone",
		"between: contains " + bad[:7] + ", which is reverted by " + back + "; take that one or a later one",
		"back",
		"alone: is to be deployed alone; take " + l.Items[0].Short + " first",
		"last: contains " + l.Items[4].Short + ", which is to be deployed alone; take that one first",
	}, "\n")
	if got := describe(l); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if h := l.Items[0]; joined(h.Hazards) != "re-creates the certificate" || joined(h.After) != "staging 24h" {
		t.Errorf("trailers are %v, %v", h.Hazards, h.After)
	}
	if l.Items[3].Reverts != bad[:7] || l.Items[1].RevertedBy != back {
		t.Errorf("pair: %q and %q", l.Items[3].Reverts, l.Items[1].RevertedBy)
	}
	// With the others deployed, the one that wants to be alone is next.
	p.pin(l.Items[3].Hash)
	l = p.list(production(), Sources{})
	if got := describe(l); !strings.HasPrefix(got, "alone (next)\nlast: contains") {
		t.Errorf("got\n%s", got)
	}
}

func TestJudge_pinBehindAMerge(t *testing.T) {
	p := newProject(t)
	p.commit("first", "modules/dns/a.tf", "1")
	p.git("checkout", "-q", "-b", "side")
	p.commit("side one", "modules/dns/s.tf", "1")
	pin := p.commit("side two", "modules/dns/s.tf", "2")
	more := p.commit("side three", "modules/dns/s.tf", "3")
	p.git("checkout", "-q", "main")
	p.commit("before the merge", "modules/dns/a.tf", "2")
	p.git("merge", "-q", "--no-ff", "-m", "merge side", "side")
	merge := p.git("rev-parse", "HEAD")
	p.commit("after", "modules/dns/a.tf", "3")
	p.pin(pin)
	l := p.list(production(), Sources{})
	want := "before the merge: does not contain the deployed commit " + pin[:7] + ", and would undo it; take " + merge[:7] + " or a later one\nmerge side (next)\nafter"
	if got := describe(l); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if n := joined(l.Notes); !strings.Contains(n, "came to main by the merge "+merge[:7]) {
		t.Errorf("notes are %q", n)
	}
	if l.Items[1].Takes != 2 || l.Items[1].Reason.IsEmpty() {
		t.Errorf("the merge is %+v", l.Items[1])
	}
	_ = more
}

func TestJudge_deployedThenMerged(t *testing.T) {
	p := newProject(t)
	p.commit("first", "modules/dns/a.tf", "1")
	p.git("checkout", "-q", "-b", "side")
	pin := p.commit("side", "modules/dns/s.tf", "1")
	p.git("checkout", "-q", "main")
	p.git("merge", "-q", "--no-ff", "-m", "merge side", "side")
	p.pin(pin)
	o := p.operator(production(), take("", ""))
	_, err := runPick(t, o, Deps{})
	if !errors.Is(err, engine.ErrNothingToDo) {
		t.Errorf("a merge of what is deployed gave %v", err)
	}
	// The same merge with something of its own is not nothing.
	p.git("reset", "-q", "--hard", "HEAD~2")
	p.git("merge", "-q", "--no-ff", "--no-commit", "side")
	p.commit("evil merge", "modules/dns/evil.tf", "1")
	p.pin(pin)
	_, err = runPick(t, p.operator(production(), take("", "")), Deps{})
	mustFail(t, err, "changed 1 files, such as modules/dns/evil.tf", "Deploy the next commit")
}

func TestCandidates_afterAnotherEnvironment(t *testing.T) {
	p := newProject(t)
	p.pin(p.commit("first", "modules/dns/a.tf", "1"))
	one := p.commit("one", "modules/dns/a.tf", "2")
	two := p.commit("two", "modules/dns/a.tf", "3")
	three := p.commit("three", "modules/dns/a.tf", "4")
	env := production()
	env.After = "staging"
	staging := &runbook.Environment{Name: "staging", Repository: ".", Branch: "main", Pin: runbook.Pin{File: "environments/staging/deployed-ref"}}
	book := &runbook.Runbook{Environments: map[string]*runbook.Environment{"staging": staging, "production": env}}
	trailers := func(c, e string) string {
		return "deploy(" + e + "): pin\n\nLockstep-Run: 1\nLockstep-Environment: " + e + "\nLockstep-Commit: " + c + "\n"
	}
	file := staging.Pin.File
	p.commit("by hand", file, one+"\n")                              // proves nothing
	p.commit(trailers(two, "production"), file, two+"\n")            // of another environment
	p.commit(trailers(one, "staging"), file, three+"\n")             // says something else than it writes
	p.commit(trailers(two, "staging")+"\nafterword", file, two+"\n") // trailers that are none
	l := p.list(env, Sources{Runbook: book})
	for _, c := range l.Items {
		if !strings.Contains(c.Disabled.String(), "not verified in staging yet; run staging first") {
			t.Errorf("%s: %q", c.Subject, c.Disabled)
		}
	}
	o := p.operator(env, take(one, ""))
	o.run.Runbook = book
	_, err := runPick(t, o, Deps{})
	mustFail(t, err, "not verified in staging", "")

	p.commit(trailers(one, "staging"), file, one+"\n")
	at := time.Unix(1_800_000_000, 0)
	l = p.list(env, Sources{Runbook: book, Verified: func(e, h string) (time.Time, bool) { return at, e == "staging" && h == three }})
	if got := describe(l); got != "one (next)\ntwo: not verified in staging yet; run staging first\nthree" {
		t.Errorf("got\n%s", got)
	}
	if l.AfterAt.String() != three[:7] || !l.Items[2].Verified.Equal(at) || l.Items[0].Verified.IsZero() {
		t.Errorf("after at %s, %v", l.AfterAt, l.Items[0].Verified)
	}
}

func TestPaths_followLocalModules(t *testing.T) {
	p := newProject(t)
	p.commit("first",
		"environments/production/main.tf", "module \"a\" {\n  source = \"../../modules/a\"\n}\nmodule \"r\" {\n  source = \"hashicorp/consul/aws\"\n}\n",
		"modules/a/main.tf", "module \"b\" { source = \"./inner\" }\nmodule \"c\" { source = \"../c\" }\n",
		"modules/a/inner/x.tf", "",
		"modules/c/main.tf.json", `{"module": {"d": {"source": "../d"}}}`,
		"modules/d/main.tf", "module \"loop\" { source = \"../a\" }\nmodule \"out\" { source = \"../../../elsewhere\" }\n",
		"modules/unused/x.tf", "broken {{{")
	r := p.open(production())
	paths, notes, err := r.Paths(r.head)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(paths.List(), " "); got != "modules/dns modules/a modules/a/inner modules/c modules/d" {
		t.Errorf("paths are %q", got)
	}
	if n := joined(notes); !strings.Contains(n, "modules/d uses a module outside of the repository") {
		t.Errorf("notes are %q", n)
	}
	env := production()
	env.Inputs, env.Terraform.Directory = nil, "."
	if paths, _, _ := p.open(env).Paths(r.head); !paths.Has("x.tf") || paths.Has("docs/x.tf") {
		t.Error("a root module at the top stands for the files there")
	}
	env.Paths = nil
	if paths, _, _ := p.open(env).Paths(r.head); !paths.Has("docs/x.tf") || paths.Has(pinFile) {
		t.Error("without paths everything counts but the pin")
	}
}

func TestCandidates_makeHostileTextInert(t *testing.T) {
	p := newProject(t)
	first := p.commit("first", "modules/dns/a.tf", "1")
	p.pin(first)
	head := p.git("rev-parse", "HEAD")
	stream := "commit refs/heads/main\nauthor e\x1b[31mvil \u202e <e\x07vil@x> 1700100000 +0000\ncommitter x <x@x> 1700100000 +0000\n" +
		"data <<E\nsub\x1b[2Jject\rover\u202e\n\nbody\x9b31m\nDeploy-Hazard: da\x1b]0;x\x07nger\nE\nfrom " + head + "\n" +
		"M 644 inline \"modules/dns/-rf\"\ndata 1\nx\n" +
		"M 644 inline \"modules/dns/new\\nline\\033[2J\"\ndata 1\nx\n"
	p.gitIn(stream, "fast-import", "--quiet", "--force")
	l := p.list(production(), Sources{})
	c := l.Items[0]
	d, err := l.Detail(0)
	if err != nil {
		t.Fatal(err)
	}
	all := c.Subject.String() + c.Author.String() + c.Email.String() + joined(c.Hazards) + joined(d.Message) + joined(d.Files)
	for _, r := range all {
		if r < ' ' || r == 0x9b || r == 0x202e || r == 0x7f {
			t.Errorf("%q got through: %q", r, all)
		}
	}
	if c.Files != 2 || !strings.Contains(joined(d.Files), `modules/dns/-rf`) || c.Subject.String() != `sub\x1b[2Jject\rover\u{202e}` {
		t.Errorf("subject %q, files %q", c.Subject, joined(d.Files))
	}
}

func TestCandidates_noteADirtyWorkTreeAndUseNothingOfIt(t *testing.T) {
	p := newProject(t)
	p.pin(p.commit("first", "modules/dns/a.tf", "1"))
	p.commit("one", "modules/dns/a.tf", "2")
	if n := joined(p.list(production(), Sources{}).Notes); n != "" {
		t.Errorf("a clean clone has the notes %q", n)
	}
	p.write("modules/dns/a.tf", "not committed")
	p.write(pinFile, "rubbish")
	l := p.list(production(), Sources{})
	if n := joined(l.Notes); !strings.Contains(n, "changes that are not committed, such as "+pinFile) {
		t.Errorf("notes are %q", n)
	}
	if len(l.Items) != 1 {
		t.Errorf("%d candidates", len(l.Items))
	}
}

func TestCandidates_endWhenCancelled(t *testing.T) {
	p := newProject(t)
	p.pin(p.commit("first", "modules/dns/a.tf", "1"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := p.open(production()).Candidates(ctx, Sources{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}
