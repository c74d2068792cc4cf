package git

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
)

func sayWrite(engine.Question) engine.Answer { return engine.Answer{Choice: "write"} }

// deployed returns a project with a pin, a commit that was deployed, and the
// operator of a run that came as far as writing the pin.
func deployed(t *testing.T, env *runbook.Environment) (p *project, o *operator, pin, commit string) {
	t.Helper()
	p = newProject(t)
	pin = p.commit("first", "modules/dns/a.tf", "1")
	p.pin(pin)
	if env.Pin.Ref != "" {
		p.git("update-ref", env.Pin.Ref, pin)
	}
	commit = p.commit("one", "modules/dns/a.tf", "2")
	p.commit("other", "README", "x")
	o = p.picked(env, pin, commit, sayWrite)
	o.facts.PlanEmpty, o.facts.Verified, o.facts.Applied = true, true, make([]engine.ChangeDone, 1)
	return p, o, pin, commit
}

func runRecord(t *testing.T, o *operator, push bool) (engine.Report, error) {
	t.Helper()
	return step(t, runbook.Step{RecordPin: &runbook.RecordPin{Push: push, Remote: "origin"}}).Run(context.Background(), o)
}

func TestRecord_writesTheFileOnTheCheckedOutBranch(t *testing.T) {
	p, o, _, commit := deployed(t, production())
	before := p.git("rev-parse", "main")
	p.write("README", "somebody's work")
	p.write("staged", "x")
	p.git("add", "staged")
	if _, err := runRecord(t, o, false); err != nil {
		t.Fatal(err)
	}
	if got := p.read(pinFile); got != commit+"\n" {
		t.Errorf("the pin file holds %q", got)
	}
	if got := p.git("status", "--porcelain"); got != "M README\nA  staged" {
		t.Errorf("git status says %q, told %q", got, o.warnings())
	}
	if p.git("rev-parse", "main^") != before || p.git("diff", "--name-only", "main^", "main") != pinFile {
		t.Error("the commit is not one file on top of the branch")
	}
	message := p.git("log", "-1", "--format=%an <%ae>%n%B")
	want := "ana <ana@ops1>\ndeploy(production): pin " + commit[:7] + "\n\nLockstep-Run: 7f3a\nLockstep-Environment: production\nLockstep-Commit: " + commit
	if message != want {
		t.Errorf("message is %q\nwant %q", message, want)
	}
	p.git("fsck", "--strict")
	if o.facts.NewPin == nil || o.facts.NewPin.Hash != commit {
		t.Errorf("facts: %+v", o.facts.NewPin)
	}
	i := o.intents[0]
	if i.Effect != runbook.EffectRepeatable || i.Facts["to"] != p.git("rev-parse", "main") || i.Facts["from"] != before {
		t.Errorf("intent is %+v", i)
	}
	last := o.events[len(o.events)-1].(engine.PinRecorded)
	if last.Pushed || last.Commit.String() != commit[:7] || o.evidence[0]["pin"] != commit {
		t.Errorf("told %+v, evidence %v", last, o.evidence)
	}
	// A second time there is nothing left to write.
	head := p.git("rev-parse", "main")
	if _, err := runRecord(t, o, false); err != nil {
		t.Fatal(err)
	}
	if p.git("rev-parse", "main") != head {
		t.Error("the same pin was written twice")
	}
}

func TestRecord_touchesNoWorkTreeOfAnotherBranch(t *testing.T) {
	p, o, pin, commit := deployed(t, production())
	p.git("checkout", "-q", "-b", "mine", "main")
	p.write("README", "somebody's work")
	index, err := os.ReadFile(filepath.Join(p.dir, ".git/index"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := runRecord(t, o, false); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(filepath.Join(p.dir, ".git/index"))
	if err != nil {
		t.Fatal(err)
	}
	if string(index) != string(after) || p.read(pinFile) != pin+"\n" || p.git("symbolic-ref", "HEAD") != "refs/heads/mine" {
		t.Error("the work tree or the index was touched")
	}
	if got := p.git("show", "main:"+pinFile); got != commit {
		t.Errorf("main has %q", got)
	}
}

func TestRecord_leavesAChangedPinFileAlone(t *testing.T) {
	p, o, _, commit := deployed(t, production())
	p.write(pinFile, "my own\n")
	if _, err := runRecord(t, o, false); err != nil {
		t.Fatal(err)
	}
	if got := p.read(pinFile); got != "my own\n" {
		t.Errorf("the work tree's pin file was overwritten with %q", got)
	}
	if got := p.git("show", "main:"+pinFile); got != commit || !strings.Contains(o.warnings(), "left as it is") {
		t.Errorf("main has %q, told %q", got, o.warnings())
	}
	if _, err := os.Stat(filepath.Join(p.dir, ".git/index.lock")); err == nil {
		t.Error("the index stays locked")
	}
}

func TestRecord_inALinkedWorkTree(t *testing.T) {
	p, o, _, commit := deployed(t, production())
	p.git("checkout", "-q", "--detach")
	linked := filepath.Join(t.TempDir(), "linked")
	p.git("worktree", "add", "-q", linked, "main")
	o.run.Folder = linked
	if _, err := runRecord(t, o, false); err != nil {
		t.Fatal(err)
	}
	l := &project{t: t, dir: linked}
	if l.read(pinFile) != commit+"\n" || l.git("status", "--porcelain") != "" || p.git("show", "main:"+pinFile) != commit {
		t.Errorf("linked work tree: %q, %q", l.read(pinFile), l.git("status", "--porcelain"))
	}
	// Seen from the other work tree, the branch is checked out elsewhere.
	next := l.commit("next", "modules/dns/a.tf", "3")
	o2 := p.picked(production(), commit, next, sayWrite)
	o2.facts.PlanEmpty = true
	if _, err := runRecord(t, o2, false); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(o2.warnings(), "is also checked out in "+linked) {
		t.Errorf("told %q", o2.warnings())
	}
}

func TestRecord_refusesBeforeTheEnvironmentIsThere(t *testing.T) {
	p, o, _, _ := deployed(t, production())
	before := p.git("rev-parse", "main")
	for _, row := range []struct {
		set         func(*engine.Facts)
		words, hint string
	}{
		{func(f *engine.Facts) { f.PlanEmpty = false }, "the last plan was not empty", "Plan and apply"},
		{func(f *engine.Facts) { f.PlanEmpty, f.Verified = true, false }, "was not verified", "Verify"},
		{func(f *engine.Facts) { f.Commit = nil }, "no commit was picked", "Put pick_commit"},
	} {
		row.set(&o.facts)
		_, err := runRecord(t, o, false)
		mustFail(t, err, row.words, row.hint)
	}
	if p.git("rev-parse", "main") != before || len(o.intents)+len(o.asked) != 0 || len(o.refused) != 3 {
		t.Errorf("something happened: %d intents, %d questions, %d refusals", len(o.intents), len(o.asked), len(o.refused))
	}
}

func TestRecord_whenTheBranchMoves(t *testing.T) {
	t.Run("elsewhere", func(t *testing.T) {
		p, o, _, commit := deployed(t, production())
		moved := p.commit("meanwhile", "README", "y")
		if _, err := runRecord(t, o, false); err != nil {
			t.Fatal(err)
		}
		if p.git("rev-parse", "main^") != moved || p.read(pinFile) != commit+"\n" {
			t.Error("the pin is not on top of what came meanwhile")
		}
		if c := o.asked[0].Payload.(engine.PinReview).Checks; !strings.Contains(c[2].Text.String(), "main moved on") {
			t.Errorf("checks are %+v", c)
		}
	})
	t.Run("in the pin", func(t *testing.T) {
		p, o, _, _ := deployed(t, production())
		other := p.pin(p.git("rev-parse", "main"))
		_, err := runRecord(t, o, false)
		if !errors.Is(err, engine.ErrStale) || !strings.Contains(err.Error(), "somebody else deployed") {
			t.Errorf("error is %v", err)
		}
		if p.git("rev-parse", "main") != other || len(o.intents) != 0 {
			t.Error("the pin of somebody else was overwritten")
		}
	})
	t.Run("at the last moment", func(t *testing.T) {
		p, o, _, _ := deployed(t, production())
		moved := ""
		o.during = func() { moved = p.commit("meanwhile", "README", "y") }
		_, err := runRecord(t, o, false)
		if !errors.Is(err, engine.ErrStale) {
			t.Errorf("error is %v", err)
		}
		if p.git("rev-parse", "main") != moved || o.facts.NewPin != nil {
			t.Error("a commit was lost")
		}
	})
	t.Run("away from the commit", func(t *testing.T) {
		p, o, _, _ := deployed(t, production())
		p.git("reset", "-q", "--hard", "HEAD~2")
		_, err := runRecord(t, o, false)
		mustFail(t, err, "is not on main any more", "")
		if len(o.intents) != 0 {
			t.Error("written all the same")
		}
	})
	t.Run("while another git holds the lock", func(t *testing.T) {
		p, o, _, _ := deployed(t, production())
		before := p.git("rev-parse", "main")
		lock := filepath.Join(p.dir, ".git/refs/heads/main.lock")
		if err := os.WriteFile(lock, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := runRecord(t, o, false)
		mustFail(t, err, "its lock file exists", "Wait for the other git")
		if _, err := os.Stat(lock); err != nil || p.git("rev-parse", "main") != before {
			t.Error("the lock of another program was broken")
		}
	})
}

func TestRecord_rehearsalWritesNothing(t *testing.T) {
	p, o, pin, _ := deployed(t, production())
	o.run.Mode = engine.Rehearsal
	o.facts.PlanEmpty, o.facts.Verified = false, false
	before := p.git("rev-parse", "main")
	objects := p.git("count-objects")
	report, err := runRecord(t, o, false)
	if !errors.Is(err, engine.ErrRehearsed) || report.Result != engine.Skipped {
		t.Errorf("report %+v, %v", report, err)
	}
	if p.git("rev-parse", "main") != before || p.read(pinFile) != pin+"\n" || p.git("count-objects") != objects || o.facts.NewPin != nil {
		t.Error("a rehearsal wrote something")
	}
}

func TestRecord_references(t *testing.T) {
	env := production()
	env.Pin = runbook.Pin{Ref: "refs/heads/deployed/production"}
	p, o, pin, commit := deployed(t, env)
	p.git("pack-refs", "--all")
	main := p.git("rev-parse", "main")
	if _, err := runRecord(t, o, false); err != nil {
		t.Fatal(err)
	}
	if p.git("rev-parse", env.Pin.Ref) != commit || p.git("rev-parse", "main") != main {
		t.Error("the reference is not at the commit, or the branch moved")
	}
	// Somebody else sets it at the last moment.
	p.git("update-ref", env.Pin.Ref, pin)
	o.during = func() { p.git("update-ref", env.Pin.Ref, main) }
	if _, err := runRecord(t, o, false); !errors.Is(err, engine.ErrStale) {
		t.Errorf("error is %v", err)
	}
	if p.git("rev-parse", env.Pin.Ref) != main {
		t.Error("the reference of somebody else was overwritten")
	}
	p.git("update-ref", env.Pin.Ref, pin)
	p.git("symbolic-ref", "refs/heads/alias", env.Pin.Ref)
	env.Pin.Ref = "refs/heads/alias"
	o.during = nil
	_, err := runRecord(t, o, false)
	mustFail(t, err, "only points to", "")
}

func TestRecord_pushes(t *testing.T) {
	for _, env := range []*runbook.Environment{production(), refProduction()} {
		p, o, _, commit := deployed(t, env)
		bare := p.remote("main")
		if _, err := runRecord(t, o, true); err != nil {
			t.Fatal(err)
		}
		ref := "refs/heads/main"
		if env.Pin.Ref != "" {
			ref = env.Pin.Ref
		}
		if got, want := bare.git("rev-parse", ref), p.git("rev-parse", ref); got != want {
			t.Errorf("%s: remote has %s, here is %s", ref, got, want)
		}
		if env.Pin.Ref == "" && (bare.git("show", "main:"+pinFile) != commit || p.git("rev-parse", "origin/main") != p.git("rev-parse", "main")) {
			t.Error("the remote does not have the pin")
		}
		if last := o.events[len(o.events)-1].(engine.PinRecorded); !last.Pushed {
			t.Error("not told as pushed")
		}
	}
}

func refProduction() *runbook.Environment {
	env := production()
	env.Pin = runbook.Pin{Ref: "refs/heads/deployed/production"}
	return env
}

// remote gives the project a bare remote named origin with some branches.
func (p *project) remote(branches ...string) *project {
	p.t.Helper()
	bare := &project{t: p.t, dir: filepath.Join(p.t.TempDir(), "up.git")}
	p.git("init", "-q", "--bare", "-b", "main", bare.dir)
	p.git("remote", "add", "origin", bare.dir)
	p.git(append([]string{"push", "-q", "origin"}, branches...)...)
	return bare
}

func TestRecord_pushRefused(t *testing.T) {
	t.Run("the remote has more", func(t *testing.T) {
		p, o, pin, _ := deployed(t, production())
		bare := p.remote("main")
		other := &project{t: t, dir: filepath.Join(t.TempDir(), "other")}
		p.git("clone", "-q", bare.dir, other.dir)
		theirs := other.commit("theirs", "README", "z")
		other.git("push", "-q")
		before := p.git("rev-parse", "main")
		_, err := runRecord(t, o, true)
		mustFail(t, err, "of origin is at "+theirs[:7], "")
		if p.git("rev-parse", "main") != before || bare.git("rev-parse", "main") != theirs || p.read(pinFile) != pin+"\n" || len(o.intents) != 0 {
			t.Error("something was written")
		}
	})
	t.Run("we have more", func(t *testing.T) {
		p, o, _, _ := deployed(t, production())
		p.remote("main~1:refs/heads/main")
		_, err := runRecord(t, o, true)
		mustFail(t, err, "pull or push first", "")
		if len(o.intents) != 0 {
			t.Error("commits that nobody pushed went along")
		}
	})
	t.Run("the remote moves at the last moment", func(t *testing.T) {
		p, o, pin, _ := deployed(t, production())
		bare := p.remote("main")
		before := p.git("rev-parse", "main")
		moved := ""
		o.during = func() {
			moved = bare.git("commit-tree", "-m", "theirs", "-p", "main", "main^{tree}")
			bare.git("update-ref", "refs/heads/main", moved)
		}
		_, err := runRecord(t, o, true)
		mustFail(t, err, "was not pushed", "Pull")
		if p.git("rev-parse", "main") != before || bare.git("rev-parse", "main") != moved || p.read(pinFile) != pin+"\n" {
			t.Error("the local pin was not set back")
		}
	})
	t.Run("a hook says no", func(t *testing.T) {
		p, o, pin, _ := deployed(t, production())
		bare := p.remote("main")
		hook := "#!/bin/sh\necho 'main is protected' >&2\nexit 1\n"
		if err := os.WriteFile(filepath.Join(bare.dir, "hooks/pre-receive"), []byte(hook), 0o755); err != nil {
			t.Fatal(err)
		}
		before := p.git("rev-parse", "main")
		_, err := runRecord(t, o, true)
		mustFail(t, err, `the remote "origin" did not take the pin`, "protected branch")
		t.Log(err)
		if p.git("rev-parse", "main") != before || bare.git("rev-parse", "main") != before || p.read(pinFile) != pin+"\n" || p.git("status", "--porcelain") != "" {
			t.Error("the local pin was not set back")
		}
	})
	t.Run("a hook says no, and the pin cannot be set back", func(t *testing.T) {
		p, o, _, _ := deployed(t, production())
		bare := p.remote("main")
		hook := "#!/bin/sh\ntouch '" + filepath.Join(p.dir, ".git/refs/heads/main.lock") + "'\nexit 1\n"
		if err := os.WriteFile(filepath.Join(bare.dir, "hooks/pre-receive"), []byte(hook), 0o755); err != nil {
			t.Fatal(err)
		}
		before := p.git("rev-parse", "main")
		// It is written here and nowhere else: no failure that changed nothing.
		if _, err := runRecord(t, o, true); !errors.Is(err, engine.ErrUnknown) {
			t.Error(err)
		}
		if p.git("rev-parse", "main") == before {
			t.Error("it was set back, so this tests nothing")
		}
	})
	t.Run("no remote", func(t *testing.T) {
		_, o, _, _ := deployed(t, production())
		_, err := runRecord(t, o, true)
		mustFail(t, err, `has no remote "origin"`, "")
	})
	t.Run("no secrets of the address", func(t *testing.T) {
		p, o, _, _ := deployed(t, production())
		p.git("remote", "add", "origin", "http://ana:s3cr3t-token@127.0.0.1:1/x.git")
		_, err := runRecord(t, o, true)
		if err == nil || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("error is %v", err)
		}
		t.Log(err)
	})
}

func TestRecord_runsNoHookAndNoFilter(t *testing.T) {
	p, o, _, commit := deployed(t, production())
	mark := filepath.Join(t.TempDir(), "ran")
	for _, h := range []string{"pre-commit", "post-commit", "commit-msg", "prepare-commit-msg", "reference-transaction", "post-checkout", "post-index-change"} {
		if err := os.WriteFile(filepath.Join(p.dir, ".git/hooks", h), []byte("#!/bin/sh\ntouch "+mark+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := runRecord(t, o, false); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("a hook of the repository ran")
	}
	if p.read(pinFile) != commit+"\n" {
		t.Error("the pin was not written")
	}
}
