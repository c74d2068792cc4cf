package modules

import (
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/storage/memory"

	"lockstep/steps/git/objects"
	"lockstep/steps/git/trees"
)

func TestLocal_goesOnPastWhatItCannotRead(t *testing.T) {
	s := objects.NewStore(memory.NewStorage())
	tree := plumbing.ZeroHash
	for path, content := range map[string]string{
		"root/main.tf":          "module \"a\" {\n  source = \"../a\"\n  count = var.n\n}\nmodule \"late\" { source = \"./not-there\" }\n",
		"root/broken.tf":        "module \"b\" {\n  source = \"../b\"\n}\nresource {{{\n",
		"root/variable.tf":      "module \"c\" { source = var.where }\n",
		"root/x_override.tf":    "module \"a\" { source = \"../a2\" }\n",
		"root/.hidden.tf":       "module \"h\" { source = \"../hidden\" }\n",
		"root/readme.md":        "module \"m\" { source = \"../markdown\" }\n",
		"root/large.tf":         "module \"l\" { source = \"../large\" }\n" + strings.Repeat("#\n", maxFile/2),
		"root/registry.tf.json": `{"module":{"r":{"source":"hashicorp/x/y"},"j":{"source":"../json"}}}`,
		"b/main.tf":             "module \"up\" { source = \"../..\" }\nmodule \"top\" { source = \"../\" }\n",
	} {
		b, err := s.Build(plumbing.BlobObject, []byte(content))
		if err != nil {
			t.Fatal(err)
		}
		if tree, _, err = trees.Replace(s, tree, path, objects.Entry{Mode: filemode.Regular, Hash: b}); err != nil {
			t.Fatal(err)
		}
	}
	folders, notes, err := Local(s, tree, "root")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(folders, " "); got != ". a a2 b json root/not-there" {
		t.Errorf("folders are %q", got)
	}
	var all []string
	for _, n := range notes {
		all = append(all, n.String())
	}
	for _, want := range []string{"root/broken.tf could not be read whole", "root/variable.tf could not be read whole", "root/large.tf is too large", "b uses a module outside of the repository: ../.."} {
		if !strings.Contains(strings.Join(all, "\n"), want) {
			t.Errorf("notes %q lack %q", all, want)
		}
	}
	if folders, notes, err := Local(s, tree, "nowhere"); err != nil || len(folders)+len(notes) != 0 {
		t.Errorf("a folder that is not there: %v %v %v", folders, notes, err)
	}
}
