package git

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/runbook/safe"
)

func TestCheckout_writesTheCommitWithInputsFromTheHead(t *testing.T) {
	p := newProject(t)
	p.write(".gitattributes", "*.tf text eol=crlf\nexport-me export-ignore\n")
	one := p.commit("one", "modules/dns/a.tf", "1\n", "run.sh", "echo\n", "environments/production/vars.tf", "old\n", "environments/production/gone.tf", "x", "export-me", "$Id$")
	p.git("update-index", "--chmod=+x", "run.sh")
	if err := os.Symlink("modules/dns", filepath.Join(p.dir, "link")); err != nil {
		t.Fatal(err)
	}
	p.git("add", "link")
	p.git("commit", "-qm", "two")
	two := p.git("rev-parse", "HEAD")
	p.git("rm", "-q", "environments/production/gone.tf")
	head := p.commit("three", "modules/dns/a.tf", "3\n", "environments/production/vars.tf", "new\n")
	into := t.TempDir()
	r := p.open(production())
	tree, err := r.Checkout(context.Background(), two, head, []string{"environments/production"}, into)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	err = filepath.WalkDir(into, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == into {
			return err
		}
		info, err := d.Info()
		rel, _ := filepath.Rel(into, path)
		line := fmt.Sprintf("%s %s", info.Mode(), rel)
		if info.Mode().IsRegular() {
			b, _ := os.ReadFile(path)
			line += fmt.Sprintf(" %q", b)
		}
		got = append(got, line)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		`-r--r--r-- .gitattributes "*.tf text eol=crlf\nexport-me export-ignore\n"`,
		`drwxr-xr-x environments`, `drwxr-xr-x environments/production`, `-r--r--r-- environments/production/vars.tf "new\n"`,
		`-r--r--r-- export-me "$Id$"`, `Lrwxrwxrwx link`,
		`drwxr-xr-x modules`, `drwxr-xr-x modules/dns`, `-r--r--r-- modules/dns/a.tf "1\n"`, `-r-xr-xr-x run.sh "echo\n"`,
	}, "\n")
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
	// Git makes the same tree of the same files.
	p.git("read-tree", two)
	p.git("rm", "-rqf", "--cached", "environments/production")
	p.git("read-tree", "--prefix=environments/production", head+":environments/production")
	if want := p.git("write-tree"); tree != want {
		t.Errorf("tree is %s, git says %s", tree, want)
	}
	if _, err := r.Checkout(context.Background(), one, one, nil, into); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("a folder with files in it was taken: %v", err)
	}
}

func TestCheckoutDigest_seesEveryChange(t *testing.T) {
	p := newProject(t)
	one := p.commit("one", "a/b.tf", "1\n", "a/c.tf", "1\n", "run.sh", "x")
	into := t.TempDir()
	if _, err := p.open(production()).Checkout(context.Background(), one, one, nil, into); err != nil {
		t.Fatal(err)
	}
	digest := func(skip ...string) string {
		t.Helper()
		d, err := CheckoutDigest(into, skip...)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]string{digest(): "nothing"}
	for _, change := range []struct {
		name string
		do   func() error
	}{
		{"mode", func() error { return os.Chmod(filepath.Join(into, "a/b.tf"), 0o644) }},
		{"content", func() error { return os.WriteFile(filepath.Join(into, "a/b.tf"), []byte("2\n"), 0o644) }},
		{"new file", func() error { return os.WriteFile(filepath.Join(into, "a/d.tf"), nil, 0o644) }},
		{"rename", func() error { return os.Rename(filepath.Join(into, "a/d.tf"), filepath.Join(into, "a/e.tf")) }},
		{"folder", func() error { return os.Mkdir(filepath.Join(into, "f"), 0o755) }},
		{"link", func() error { return os.Symlink("a", filepath.Join(into, "l")) }},
		{"other link", func() error {
			must(os.Remove(filepath.Join(into, "l")))
			return os.Symlink("f", filepath.Join(into, "l"))
		}},
		{"gone", func() error { return os.Remove(filepath.Join(into, "a/c.tf")) }},
	} {
		must(change.do())
		d := digest()
		if before, ok := seen[d]; ok {
			t.Errorf("after %q the digest is that of %q", change.name, before)
		}
		seen[d] = change.name
	}
	before := digest("f")
	must(os.WriteFile(filepath.Join(into, "f/cache"), []byte("x"), 0o644))
	if digest("f") != before || digest() == before {
		t.Error("what is skipped counts")
	}
}

// TestCheckout_refusesWhatCouldReachOutside uses trees that git itself would not make.
func TestCheckout_refusesWhatCouldReachOutside(t *testing.T) {
	outside := t.TempDir()
	rows := []struct{ name, line, words string }{
		{"dot git", "100644 blob BLOB\t.git", "would be taken for a repository"},
		{"dot GIT", "100644 blob BLOB\t.GIT", "would be taken for a repository"},
		{"parent", "100644 blob BLOB\t..", "is not a name of a file"},
		{"backslash", "100644 blob BLOB\ta\\b", "is not a name of a file"},
		{"escape", "100644 blob BLOB\ta\x1b[2Jb", "control"},
		{"line feed", "100644 blob BLOB\ta\nb", "control"},
		{"bidi", "100644 blob BLOB\ta\u202eb", "control"},
		{"absolute link", "120000 blob ABS\tl", "leads out of the repository"},
		{"climbing link", "120000 blob UP\tl", "leads out of the repository"},
		{"link through a link", "120000 blob THROUGH\tl\x00040000 tree DEEP\td", "does not stay inside"},
		{"needed submodule", "040000 tree SUB\tmodules", "is a submodule"},
		{"twice", "100644 blob BLOB\ta\x00100644 blob BLOB\ta", "exists already"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := newProject(t)
			first := p.commit("first", pinFile, "x")
			blob := func(s string) string { return p.gitIn(s, "hash-object", "-w", "--stdin") }
			back := p.gitIn("120000 blob "+blob("../..")+"\ts\n", "mktree")
			deep := p.gitIn("040000 tree "+back+"\te\n", "mktree")
			sub := p.gitIn("160000 commit "+first+"\tdns\n", "mktree", "--missing")
			line := strings.NewReplacer("BLOB", blob("x"), "ABS", blob(outside), "UP", blob("../x"), "THROUGH", blob("d/e/s/../x"),
				"DEEP", deep, "SUB", sub).Replace(row.line)
			tree := p.rawTree(strings.Split(line, "\x00")...)
			c := p.git("commit-tree", "-m", "bad", tree)
			p.git("update-ref", "refs/heads/bad", c)
			into := filepath.Join(outside, row.name)
			if err := os.Mkdir(into, 0o755); err != nil {
				t.Fatal(err)
			}
			_, err := p.open(production()).Checkout(context.Background(), c, c, nil, into)
			mustFail(t, err, row.words, "")
			t.Log(safe.Show(err.Error()))
			if got, _ := os.ReadDir(outside); len(got) != 1 {
				t.Errorf("something was written outside: %v", got)
			}
			os.RemoveAll(into)
		})
	}
}

// rawTree writes a tree without the checks of git mktree.
func (p *project) rawTree(lines ...string) string {
	p.t.Helper()
	var b strings.Builder
	for _, l := range lines {
		head, name, _ := strings.Cut(l, "\t")
		f := strings.Fields(head)
		fmt.Fprintf(&b, "%s %s\x00", strings.TrimPrefix(f[0], "0"), name)
		for i := 0; i < len(f[2]); i += 2 {
			var c byte
			fmt.Sscanf(f[2][i:i+2], "%02x", &c)
			b.WriteByte(c)
		}
	}
	return p.gitIn(b.String(), "hash-object", "-w", "-t", "tree", "--literally", "--stdin")
}

func TestCheckout_leavesOutASubmoduleThatIsNotNeeded(t *testing.T) {
	p := newProject(t)
	first := p.commit("first", pinFile, "x", "modules/dns/a.tf", "1")
	p.git("update-index", "--add", "--cacheinfo", "160000,"+first+",vendor/other")
	p.git("commit", "-qm", "submodule")
	head := p.git("rev-parse", "HEAD")
	r := p.open(production())
	var notes []safe.Text
	r.Note = func(t safe.Text) { notes = append(notes, t) }
	into := t.TempDir()
	if _, err := r.Checkout(context.Background(), head, head, nil, into); err != nil {
		t.Fatal(err)
	}
	if n := joined(notes); !strings.Contains(n, "the submodule vendor/other was left out") {
		t.Errorf("notes are %q", n)
	}
}
