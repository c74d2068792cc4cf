package git

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/runbook"
)

// TestOpen_saysWhatIsWrong goes through every way in which there is no repository to work on.
func TestOpen_saysWhatIsWrong(t *testing.T) {
	p := newProject(t)
	p.commit("first", "a", "1")
	p.git("branch", "master")
	p.git("branch", "release/main2")
	empty := newProject(t)
	reftable := newProject(t)
	reftable.commit("first", "a", "1")
	reftable.git("config", "core.repositoryformatversion", "1")
	reftable.git("config", "extensions.refstorage", "reftable")
	rows := []struct{ name, folder, branch, words, hint string }{
		{"no folder", filepath.Join(p.dir, "gone"), "main", "does not exist", `Correct "repository"`},
		{"a file", filepath.Join(p.dir, "a"), "main", "does not exist", `Correct "repository"`},
		{"no repository", t.TempDir(), "main", "is not in a git repository", `Correct "repository"`},
		{"no branch", p.dir, "mian", `has no branch "mian"; it has main, release/main2, master`, `Correct "branch"`},
		{"odd branch", p.dir, "../../config", "cannot be the name of a branch", `Correct "branch"`},
		{"branch with escape", p.dir, "ma\x1b[2Jin", "cannot be the name of a branch", `Correct "branch"`},
		{"no commit", empty.dir, "main", "no commit on any branch", "Commit something"},
		{"other format", reftable.dir, "main", "uses a format that cannot be read", "SHA-1"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			env := production()
			env.Branch = row.branch
			_, err := Open(env, row.folder)
			mustFail(t, err, row.words, row.hint)
			t.Log(err)
		})
	}
}

func TestOpen_findsEveryShapeOfRepository(t *testing.T) {
	p := newProject(t)
	first := p.commit("first", "sub/a", "1")
	bare, linked := filepath.Join(t.TempDir(), "bare.git"), filepath.Join(t.TempDir(), "linked")
	p.git("clone", "-q", "--bare", ".", bare)
	p.git("worktree", "add", "-q", "-b", "side", linked)
	// A bare repository inside of another one must not be taken for that one.
	inner := filepath.Join(p.dir, "inner.git")
	p.git("init", "-q", "--bare", "-b", "main", inner)
	for name, folder := range map[string]string{"top": p.dir, "below": filepath.Join(p.dir, "sub"), "bare": bare, "linked": linked} {
		r, err := Open(production(), folder)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r.Head() != first {
			t.Errorf("%s: head is %s, want %s", name, r.Head(), first)
		}
		r.Close()
	}
	_, err := Open(production(), inner)
	mustFail(t, err, "no commit on any branch", "")
	env := production()
	env.Repository = "sub"
	r, err := Open(env, p.dir)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
}

func TestOpen_readsTheRemoteBranchWhenThereIsNoLocalOne(t *testing.T) {
	up := newProject(t)
	first := up.commit("first", pinFile, "x")
	p := newProject(t)
	p.git("remote", "add", "origin", up.dir)
	p.git("fetch", "-q", "origin")
	r := p.open(production())
	if r.Head() != first || r.Branch().String() != "origin/main" {
		t.Errorf("head %s of %s", r.Head(), r.Branch())
	}
}

// TestPin_saysWhatIsWrong goes through every way in which a pin can be wrong.
func TestPin_saysWhatIsWrong(t *testing.T) {
	p := newProject(t)
	first := p.commit("first", "a", "1")
	p.git("tag", "-a", "-m", "one", "v1")
	tag, tree, blob := p.git("rev-parse", "v1"), p.git("rev-parse", "HEAD^{tree}"), p.git("rev-parse", "HEAD:a")
	p.git("checkout", "-q", "-b", "side")
	side := p.commit("side", "b", "1")
	p.git("checkout", "-q", "--detach")
	lost := p.commit("lost", "c", "1")
	p.git("checkout", "-q", "main")
	missing := strings.Repeat("ab", 20)
	rows := []struct{ name, content, words, hint string }{
		{"empty", "", "is empty", "Write the full id"},
		{"blank", " \n\t\n", "is empty", "Write the full id"},
		{"prose", "deployed by ana", `holds "deployed by ana", which is not a commit id`, "Write the full id"},
		{"two ids", first + "\n" + side, "is not a commit id", ""},
		{"too long", strings.Repeat("x", 5000), "has 5000 bytes", "Write the full id"},
		{"branch name", "side", `holds the name "side" and not a commit id`, side},
		{"escape", "\x1b[2J" + first, `which is not a commit id`, ""},
		{"unknown", missing, "unknown to this clone", "git fetch"},
		{"unknown short", "abababa", "no commit of this clone starts with abababa", "40 digits"},
		{"tag", tag, "holds the id of a tag", first},
		{"tree", tree, "holds the id of a tree", "Write the full id"},
		{"blob", blob, "holds the id of a blob", "Write the full id"},
		{"other branch", side, "is not on branch \"main\", only on side", "Merge it"},
		{"no branch", lost, "is on no branch", "Merge it"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p.commit("pin", pinFile, row.content)
			_, err := p.open(production()).Candidates(context.Background(), Sources{})
			mustFail(t, err, row.words, row.hint)
			t.Log(err)
		})
	}
}

func TestPin_saysWhatIsWrongWithTheFile(t *testing.T) {
	p := newProject(t)
	p.commit("first", "a", "1")
	_, err := p.open(production()).Pin(context.Background())
	mustFail(t, err, "has no pin file", "Write the full id of the commit that production runs now into "+pinFile)

	p.commit("folder", pinFile+"/x", "1")
	_, err = p.open(production()).Pin(context.Background())
	mustFail(t, err, "is not a file but a folder", "")

	p.git("rm", "-rq", pinFile)
	if err := os.MkdirAll(filepath.Dir(filepath.Join(p.dir, pinFile)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(p.dir, pinFile)); err != nil {
		t.Fatal(err)
	}
	p.commit("link")
	_, err = p.open(production()).Pin(context.Background())
	mustFail(t, err, "is not a file but a symbolic link", "")
}

func TestPin_acceptsAndNotesWhatIsOnlyUnusual(t *testing.T) {
	p := newProject(t)
	first := p.commit("first", "a", "1")
	rows := map[string]string{
		first:                         "",
		first + "\n":                  "",
		"  " + first + "\r\n\n":       "has blanks or empty lines around",
		"\ufeff" + first + "\n":       "has blanks or empty lines around",
		strings.ToUpper(first) + "\n": "is written in capital letters",
		first[:9] + "\n":              "holds the short id " + first[:9],
		strings.ToUpper(first[:11]):   "capital letters",
	}
	for content, note := range rows {
		p.commit("pin", pinFile, content)
		pin, err := p.open(production()).Pin(context.Background())
		if err != nil {
			t.Errorf("%q: %v", content, err)
			continue
		}
		if pin.Hash.String() != first {
			t.Errorf("%q: read as %s", content, pin.Hash)
		}
		if got := joined(pin.Notes); note == "" && got != "" || !strings.Contains(got, note) {
			t.Errorf("%q: notes %q, want %q", content, got, note)
		}
	}
}

func TestPin_readsReferences(t *testing.T) {
	p := newProject(t)
	first := p.commit("first", "a", "1")
	env := production()
	env.Pin = runbook.Pin{Ref: "refs/heads/deployed/production"}
	_, err := p.open(env).Pin(context.Background())
	mustFail(t, err, "does not exist", "git update-ref refs/heads/deployed/production COMMIT")

	p.git("update-ref", "refs/heads/deployed/production", first)
	pin, err := p.open(env).Pin(context.Background())
	if err != nil || pin.Hash.String() != first {
		t.Fatalf("pin %v, %v", pin.Hash, err)
	}
	p.git("tag", "-a", "-m", "x", "deployed")
	env.Pin.Ref = "refs/tags/deployed"
	pin, err = p.open(env).Pin(context.Background())
	if err != nil || pin.Hash.String() != first || !strings.Contains(joined(pin.Notes), "annotated tag") {
		t.Errorf("pin %v, %v, notes %q", pin.Hash, err, joined(pin.Notes))
	}
	for _, bad := range []string{"deployed", "refs/../config", "refs/heads/x.lock", "refs/heads/-\x1b"} {
		env.Pin.Ref = bad
		_, err := p.open(env).Pin(context.Background())
		mustFail(t, err, "cannot be the name of a reference", "")
	}
}

func TestPin_aheadOfTheBranch(t *testing.T) {
	p := newProject(t)
	p.commit("first", "a", "1")
	p.git("checkout", "-q", "-b", "newer")
	newer := p.commit("newer", "a", "2")
	p.git("update-ref", "refs/deployed", newer)
	env := production()
	env.Pin = runbook.Pin{Ref: "refs/deployed"}
	_, err := p.open(env).Candidates(context.Background(), Sources{})
	mustFail(t, err, `is ahead of branch "main"`, "Bring the branch up to date")
}

func TestPin_shallowAndPartialClones(t *testing.T) {
	up := newProject(t)
	first := up.commit("first", "modules/dns/a.tf", "1")
	up.commit("second", "modules/dns/a.tf", "2")
	up.commit("third", "modules/dns/a.tf", "3")
	up.pin(first)
	up.git("config", "uploadpack.allowFilter", "true")
	shallow := &project{t: t, dir: filepath.Join(t.TempDir(), "shallow"), clock: up.clock}
	up.git("clone", "-q", "--depth", "2", "file://"+up.dir, shallow.dir)
	_, err := shallow.open(production()).Candidates(context.Background(), Sources{})
	mustFail(t, err, "shallow", "git fetch --unshallow")
	t.Log(err)

	// The clone reaches as far as the pin: that is enough.
	deep := &project{t: t, dir: filepath.Join(t.TempDir(), "deep")}
	up.git("clone", "-q", "--depth", "4", "file://"+up.dir, deep.dir)
	l := deep.list(production(), Sources{})
	if len(l.Items) != 2 {
		t.Errorf("%d candidates in a shallow clone that is deep enough, want 2", len(l.Items))
	}

	partial := &project{t: t, dir: filepath.Join(t.TempDir(), "partial")}
	up.git("clone", "-q", "--no-checkout", "--filter=blob:none", "file://"+up.dir, partial.dir)
	_, err = partial.open(production()).Candidates(context.Background(), Sources{})
	mustFail(t, err, "partial clone", "--refetch")
	t.Log(err)
}
