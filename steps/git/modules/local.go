// Package modules finds the local modules that a Terraform root module reaches,
// in a commit and not in a work tree.
//
// A module is local when its source starts with ./ or ../. The files are read
// with the library that Terraform itself reads them with; what cannot be read is
// noted and never stops the search, because a commit in the middle of a history
// may well be broken.
package modules

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"

	"lockstep/runbook/safe"
	"lockstep/steps/git/objects"
	"lockstep/steps/git/trees"
)

// maxFile is the size beyond which a file is not searched for modules.
const maxFile = 4 << 20

// Local returns the folders of the local modules that the module in dir
// reaches, directly or through others, sorted and without dir itself. A module
// that the tree does not have is in the result too: the commit that adds it
// touches the environment. Notes say what could not be followed.
func Local(s *objects.Store, tree plumbing.Hash, dir string) (folders []string, notes []safe.Text, err error) {
	dir = trees.Clean(dir)
	seen := map[string]bool{dir: true}
	for todo := []string{dir}; len(todo) > 0; todo = todo[1:] {
		at := todo[0]
		sources, more, err := calls(s, tree, at)
		if err != nil {
			return nil, nil, err
		}
		notes = append(notes, more...)
		for _, src := range sources {
			to := path.Join(at, src)
			switch {
			case to == ".." || strings.HasPrefix(to, "../"):
				notes = append(notes, safe.Sprintf("%s uses a module outside of the repository: %s", at, src))
			case !seen[to]:
				seen[to] = true
				todo = append(todo, to)
				folders = append(folders, to)
			}
		}
	}
	slices.Sort(folders)
	return folders, notes, nil
}

// calls returns the local sources that the module in a folder names.
func calls(s *objects.Store, tree plumbing.Hash, dir string) (sources []string, notes []safe.Text, err error) {
	at, err := trees.Find(s, tree, dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !at.IsTree() {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	entries, err := s.Entries(at.Hash)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		isJSON := strings.HasSuffix(e.Name, ".tf.json")
		if !e.Mode.IsFile() || !isJSON && !strings.HasSuffix(e.Name, ".tf") || strings.HasPrefix(e.Name, ".") {
			continue
		}
		file := path.Join(dir, e.Name)
		if n, err := s.Size(e.Hash); err != nil {
			return nil, nil, err
		} else if n > maxFile {
			notes = append(notes, safe.Sprintf("%s is too large to be searched for modules", file))
			continue
		}
		b, err := s.Blob(e.Hash)
		if err != nil {
			return nil, nil, err
		}
		found, clean := read(b, file, isJSON)
		sources = append(sources, found...)
		if !clean {
			notes = append(notes, safe.Sprintf("%s could not be read whole, so a module it uses may be missing from the paths", file))
		}
	}
	return sources, notes, nil
}

var (
	blocks = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "module", LabelNames: []string{"name"}}}}
	source = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "source"}}}
)

// read returns the local sources in one file, and whether all of it was understood.
func read(b []byte, file string, isJSON bool) (sources []string, clean bool) {
	p := hclparse.NewParser()
	parse := p.ParseHCL
	if isJSON {
		parse = p.ParseJSON
	}
	f, diags := parse(b, file)
	if f == nil || f.Body == nil {
		return nil, false
	}
	content, _, more := f.Body.PartialContent(blocks)
	clean = !diags.HasErrors() && !more.HasErrors()
	if content == nil {
		return nil, false
	}
	for _, block := range content.Blocks {
		c, _, _ := block.Body.PartialContent(source)
		if c == nil || c.Attributes["source"] == nil {
			continue
		}
		v, diags := c.Attributes["source"].Expr.Value(nil)
		if diags.HasErrors() || !v.IsWhollyKnown() || v.IsNull() || v.Type() != cty.String {
			clean = false
			continue
		}
		if src := v.AsString(); strings.HasPrefix(src, "./") || strings.HasPrefix(src, "../") {
			sources = append(sources, src)
		}
	}
	return sources, clean
}
