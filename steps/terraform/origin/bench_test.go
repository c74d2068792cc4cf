package origin_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"lockstep/steps/terraform/origin"
)

// large makes a repository with ten modules of 20 resources each, and 50 commits
// that each edit one of them.
func large(t testing.TB) (*project, []string) {
	t.Helper()
	var files, changes []string
	var root strings.Builder
	for m := range 10 {
		fmt.Fprintf(&root, "module \"m%d\" {\n  source = \"../mod/m%d\"\n  size   = local.size\n}\n", m, m)
		for f := range 4 {
			var b strings.Builder
			for r := range 5 {
				fmt.Fprintf(&b, "resource \"x_a\" \"r%d_%d\" {\n  # A comment.\n  size = var.size + local.base\n  tags = { name = \"n-${var.size}\" }\n}\n", f, r)
				changes = append(changes, fmt.Sprintf("update module.m%d.x_a.r%d_%d", m, f, r))
			}
			files = append(files, fmt.Sprintf("mod/m%d/f%d.tf", m, f), b.String())
		}
		files = append(files, fmt.Sprintf("mod/m%d/main.tf", m), "variable \"size\" {}\nlocals { base = 1 }\n")
	}
	p := newProject(t, append(files, "env/main.tf", root.String()+"locals { size = 1 }\n")...)
	for i := range 50 {
		name := fmt.Sprintf("mod/m%d/f%d.tf", i%10, i%4)
		p.commit(fmt.Sprintf("c%d", i), name, strings.Replace(read(t, p, name), "local.base", fmt.Sprintf("local.base * %d", i), 1))
	}
	return p, changes
}

func BenchmarkOf_50commits(b *testing.B) {
	p, changes := large(b)
	m := model(changes...)
	r := origin.Range{Pin: p.line[0], Commits: p.line[1:]}
	for b.Loop() {
		got, err := origin.Of(context.Background(), repository(p.dir), r, p.root, nil, m)
		if err != nil || len(got) != 200 {
			b.Fatal(len(got), err)
		}
	}
}

func BenchmarkTrace_10000changes(b *testing.B) {
	m := memory{}
	var changes []string
	var r origin.Range
	for c := range 51 {
		m[fmt.Sprint("c", c)] = map[string]string{}
		if c > 0 {
			r.Commits, r.Parents = append(r.Commits, fmt.Sprint("c", c)), append(r.Parents, fmt.Sprint("c", c-1))
		}
	}
	r.Pin = "c0"
	for f := range 100 {
		var s strings.Builder
		for n := range 100 {
			fmt.Fprintf(&s, "resource \"x_a\" \"r%d_%d\" { v = local.v%d }\n", f, n, f)
			changes = append(changes, fmt.Sprintf("update x_a.r%d_%d", f, n))
		}
		fmt.Fprintf(&s, "locals { v%d = 1 }\n", f)
		for c := range 51 {
			text := s.String()
			if c > f {
				text = strings.Replace(text, "= 1 }", fmt.Sprintf("= %d }", c), 1)
			}
			m[fmt.Sprint("c", c)][fmt.Sprintf("f%d.tf", f)] = text
		}
	}
	p := model(changes...)
	for b.Loop() {
		if _, err := origin.Trace(context.Background(), m.files, r, ".", nil, p); err != nil {
			b.Fatal(err)
		}
	}
}
