package git

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFolder_givesTerraformsFilesOfACommit(t *testing.T) {
	p := newProject(t)
	ctx := context.Background()
	first := p.commit("one", "env/main.tf", "a", "env/x.tf.json", "b", "env/v.tfvars", "c", "env/.hidden.tf", "d",
		"env/notes.md", "e", "env/deep/main.tf", "f", "shared/s.tf", "g", "env/big.tf", strings.Repeat("x", maxConfigFile+1), pinFile, "x")
	if err := os.Symlink("../shared/s.tf", filepath.Join(p.dir, "env/link.tf")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/hostname", filepath.Join(p.dir, "env/out.tf")); err != nil {
		t.Fatal(err)
	}
	second := p.commit("two", "env/main.tf", "a2")
	third := p.commit("three", "shared/s.tf", "g3")
	r := p.open(production())

	show := func(commit, dir string) string {
		t.Helper()
		files, err := r.Folder(ctx, commit, dir)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for name, b := range files {
			if len(b) > 10 {
				b = []byte("id")
			}
			out = append(out, name+"="+string(b))
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	for _, row := range [][3]string{
		{first, "env", "big.tf=id main.tf=a v.tfvars=c x.tf.json=b"},
		{first, "env/", "big.tf=id main.tf=a v.tfvars=c x.tf.json=b"},
		{second, "env", "big.tf=id link.tf=g main.tf=a2 out.tf=id v.tfvars=c x.tf.json=b"},
		{third, "env", "big.tf=id link.tf=g3 main.tf=a2 out.tf=id v.tfvars=c x.tf.json=b"},
		{first, "env/deep", "main.tf=f"},
		{first, ".", ""},
		{first, "not/there", ""},
		{first, "env/main.tf", ""},
	} {
		if got := show(row[0], row[1]); got != row[2] {
			t.Errorf("%s has %q, not %q", row[1], got, row[2])
		}
	}

	id := func(commit, at string) string {
		t.Helper()
		s, err := r.ID(ctx, commit, at)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	switch {
	case id(first, "env/deep") != id(third, "env/deep"), id(first, "env/deep") == "":
		t.Error("a folder that is the same has another id")
	case id(first, "env") == id(second, "env"):
		t.Error("a folder that changed has the same id")
	case id(second, "env") == id(third, "env"):
		t.Error("a folder whose link leads to something new has the same id")
	case id(second, "env/link.tf") == id(third, "env/link.tf"):
		t.Error("a link that leads to something new has the same id")
	case id(first, "env/main.tf") == id(second, "env/main.tf"), id(first, "not/there") != "":
		t.Error("ids of files are wrong")
	}

	parents, err := r.Parents(ctx, []string{third, second, first})
	if err != nil || !slices.Equal(parents, []string{second, first, ""}) {
		t.Errorf("parents are %v, %v", parents, err)
	}
	if _, err := r.Folder(ctx, strings.Repeat("1", 40), "env"); err == nil {
		t.Error("a commit that is not there has files")
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := r.Folder(ended, first, "env"); err == nil {
		t.Error("it goes on when cancelled")
	}
}
