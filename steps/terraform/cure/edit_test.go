package cure

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclwrite"
)

func TestCreateFirst_changesNothingElse(t *testing.T) {
	for name, c := range map[string]struct{ old, want string }{
		"no lifecycle": {
			"# a\nresource \"t\" \"n\" {\n  name   = 1 # odd\n    x = 2\n}\n# z",
			"# a\nresource \"t\" \"n\" {\n  name   = 1 # odd\n    x = 2\n\n  lifecycle {\n    create_before_destroy = true\n  }\n}\n# z",
		},
		"empty body": {
			"resource \"t\" \"n\" {\n}\n", "resource \"t\" \"n\" {\n  lifecycle {\n    create_before_destroy = true\n  }\n}\n",
		},
		"one line": {
			"resource \"t\" \"n\" { x = 1 }\n",
			"resource \"t\" \"n\" {\n  x = 1\n\n  lifecycle {\n    create_before_destroy = true\n  }\n}\n",
		},
		"nothing in it": {
			"resource \"t\" \"n\" {}\n", "resource \"t\" \"n\" {\n  lifecycle {\n    create_before_destroy = true\n  }\n}\n",
		},
		"lifecycle, formatted": {
			"resource \"t\" \"n\" {\n  x = 1\n\n  lifecycle {\n    ignore_changes = [x]\n  }\n}\n",
			"resource \"t\" \"n\" {\n  x = 1\n\n  lifecycle {\n    create_before_destroy = true\n    ignore_changes        = [x]\n  }\n}\n",
		},
		"lifecycle, not formatted": {
			"resource \"t\" \"n\" {\n  x   = 1\n  lifecycle {  # why\n    ignore_changes = [x]\n  }\n}\n",
			"resource \"t\" \"n\" {\n  x   = 1\n  lifecycle {\n    create_before_destroy = true  # why\n    ignore_changes = [x]\n  }\n}\n",
		},
		"lifecycle on one line": {
			"resource \"t\" \"n\" {\n  lifecycle { ignore_changes = [x] }\n}\n",
			"resource \"t\" \"n\" {\n  lifecycle {\n    ignore_changes = [x]\n\n    create_before_destroy = true\n  }\n}\n",
		},
		"said otherwise": {
			"resource \"t\" \"n\" {\n  lifecycle {\n    create_before_destroy = false # for now\n  }\n}\n",
			"resource \"t\" \"n\" {\n  lifecycle {\n    create_before_destroy = true # for now\n  }\n}\n",
		},
		"the right one of several": {
			"resource \"t\" \"m\" {\n}\n\nresource \"t\" \"n\" {\n  y {\n    lifecycle {}\n  }\n}\n",
			"resource \"t\" \"m\" {\n}\n\nresource \"t\" \"n\" {\n  y {\n    lifecycle {}\n  }\n\n  lifecycle {\n    create_before_destroy = true\n  }\n}\n",
		},
	} {
		got, err := withCreateFirst([]byte(c.old), "t", "n")
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if string(got) != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
		if old := []byte(c.old); string(hclwrite.Format(old)) == c.old && string(hclwrite.Format(got)) != string(got) {
			t.Errorf("%s: was formatted, and is not:\n%s", name, got)
		}
	}
	for name, old := range map[string]string{
		"already":   "resource \"t\" \"n\" {\n  lifecycle {\n    create_before_destroy = true\n  }\n}\n",
		"not there": "resource \"t\" \"m\" {\n}\n",
		"broken":    "resource \"t\" \"n\" {\n",
		"CRLF":      "resource \"t\" \"n\" {\r\n}\r\n",
	} {
		if got, err := withCreateFirst([]byte(old), "t", "n"); err == nil {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func FuzzCreateFirst(f *testing.F) {
	f.Add("resource \"t\" \"n\" { lifecycle { ignore_changes = [x] } }")
	f.Add("resource \"t\" \"n\" {\n  x = <<E\n}\nE\n}")
	f.Add("resource t n {/* } */}\n# \xff")
	f.Fuzz(func(t *testing.T, old string) {
		got, err := withCreateFirst([]byte(old), "t", "n")
		if err != nil {
			return
		}
		b, err := resource(got, "t", "n")
		if err != nil {
			t.Fatalf("does not read any more: %v", err)
		}
		for _, l := range b.Body.Blocks {
			if l.Type == "lifecycle" && l.Body.Attributes[createFirst] != nil {
				return
			}
		}
		t.Fatalf("it is not there:\n%s", got)
	})
}

func TestAddress_readsWhatTerraformWrites(t *testing.T) {
	for _, s := range []string{
		`a.b`, `a.b[0]`, `a.b["x"]`, `module.m.a.b`, `module.m["k.l"].module.n[3].a.b["${"]`, `a.b["q\"\\uote"]`,
	} {
		s = strings.ReplaceAll(s, "${", "$${")
		a, err := parse(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
		} else if got := text(a.relative(0)); got != s {
			t.Errorf("%s is written as %s", s, got)
		}
	}
	for _, s := range []string{"", "a", "module.m", "data.a.b", "module.m.data.a.b", "a.b.c", "a.b[*]", "a b"} {
		if a, err := parse(s); err == nil {
			t.Errorf("%q is read as %+v", s, a)
		}
	}
	a, _ := parse(`module.m["k"].a.b[1]`)
	if got := a.declared(); got != "module.m.a.b" {
		t.Errorf("declared as %s", got)
	}
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{`module.m["k"].a.b[0]`, `a.b["\u0000"]`, `a.b[1e9]`, `module.module.a.b`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := parse(s)
		if err != nil {
			return
		}
		b, err := parse(text(a.relative(0)))
		if err != nil || text(b.relative(0)) != text(a.relative(0)) {
			t.Errorf("%q: %v", s, err)
		}
	})
}

// needGit skips loudly without the git program.
func needGit(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("LOCKSTEP_REQUIRE_TOOLS") != "" {
			t.Fatal("git is required and not on PATH")
		}
		t.Skip("SKIPPED: git is not on PATH, so no patch was applied")
	}
}

// gitApply applies a patch to a folder as a person would.
func gitApply(t *testing.T, dir string, patch []byte) {
	t.Helper()
	cmd := exec.Command("git", "apply", "--verbose", "-")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(string(patch))
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir), "GIT_CONFIG_GLOBAL="+os.DevNull)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git apply: %v\n%s\n%s", err, out, patch)
	}
}

func TestPatch_isWhatGitApplyTakes(t *testing.T) {
	needGit(t)
	dir := t.TempDir()
	long := strings.Repeat("# line\n", 40)
	edits := []Edit{
		{Path: "a.tf", Old: []byte("no end"), New: appended([]byte("no end"), []byte("moved {\n}\n"))},
		{Path: "m/with blank.tf", Old: []byte("\ttab\n" + long), New: []byte("\ttab\nx\n" + long + "y")},
		{Path: "m/ü.tf", Old: []byte("a\r\nb\r\n"), New: appended([]byte("a\r\nb\r\n"), []byte("moved {\n}\n"))},
		{Path: "empty.tf", Old: []byte{}, New: appended([]byte{}, []byte("moved {\n}\n"))},
	}
	for _, e := range edits {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, e.Path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, e.Path), e.Old, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p, err := patch(edits)
	if err != nil {
		t.Fatal(err)
	}
	gitApply(t, dir, p)
	for _, e := range edits {
		if got, err := os.ReadFile(filepath.Join(dir, e.Path)); err != nil || string(got) != string(e.New) {
			t.Errorf("%s: %q, want %q (%v)", e.Path, got, e.New, err)
		}
	}
	if _, err := patch([]Edit{{Path: "a\n+++ b/x", New: []byte("x")}}); err == nil {
		t.Error("a path with a line break is taken")
	}
}

func TestWritePatch_neverWritesOver(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cure.patch")
	p := Proposal{Patch: []byte("x\n")}
	if err := p.WritePatch(file); err != nil {
		t.Fatal(err)
	}
	if err := (Proposal{Patch: []byte("y\n")}).WritePatch(file); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("written over: %v", err)
	}
	if got, _ := os.ReadFile(file); string(got) != "x\n" {
		t.Errorf("the file holds %q", got)
	}
	if err := (Proposal{}).WritePatch(file + "2"); err == nil {
		t.Error("nothing is written as a patch")
	}
}
