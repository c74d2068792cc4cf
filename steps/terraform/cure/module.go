package cure

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
)

// maxFile is the size beyond which a file is not looked into.
const maxFile = 4 << 20

// A tree is a checkout, seen from its root module.
type tree struct {
	root *os.Root
	dir  string             // folder of the root module
	mods map[string]*module // by path of names
}

// A module is the configuration in one folder of the checkout.
type module struct {
	dir       string
	files     []string          // in Terraform's own language, sorted; those that can be changed
	resources map[string]string // "type.name" → file
	calls     map[string]call
}

// A call is a module block.
type call struct{ source, file string }

// errOutside says that a module is not part of the repository.
var errOutside = errors.New("is not in this repository")

// at returns the module that is reached by the names of module calls.
func (t *tree) at(names []string) (*module, error) {
	id := strings.Join(names, "/") // names hold no slash
	if m, ok := t.mods[id]; ok {
		return m, nil
	}
	dir := t.dir
	if n := len(names); n > 0 {
		parent, err := t.at(names[:n-1])
		if err != nil {
			return nil, err
		}
		c, ok := parent.calls[names[n-1]]
		switch {
		case !ok:
			return nil, fmt.Errorf("the module %s is not in the configuration", strings.Join(names, "."))
		case !strings.HasPrefix(c.source, "./") && !strings.HasPrefix(c.source, "../"):
			return nil, fmt.Errorf("the module %s %w", strings.Join(names, "."), errOutside)
		}
		dir = path.Join(parent.dir, c.source)
	}
	m, err := t.load(dir)
	if err != nil {
		return nil, err
	}
	t.mods[id] = m
	return m, nil
}

// nearest returns the module at the names, or the innermost one around it that
// is in the repository, and at which depth that is.
func (t *tree) nearest(names []string) (*module, int, error) {
	for n := len(names); ; n-- {
		m, err := t.at(names[:n])
		if err == nil || n == 0 {
			return m, n, err
		}
	}
}

// load reads the files of a folder. What cannot be understood is left out: the
// folder was planned, so Terraform understands it.
func (t *tree) load(dir string) (*module, error) {
	if err := t.plain(dir); err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(t.root.FS(), dir)
	if err != nil {
		return nil, fmt.Errorf("read the module in %q: %w", dir, err)
	}
	m := &module{dir: dir, resources: map[string]string{}, calls: map[string]call{}}
	for _, e := range entries {
		name := e.Name()
		native := strings.HasSuffix(name, ".tf")
		if !native && !strings.HasSuffix(name, ".tf.json") || ignored(name) || !e.Type().IsRegular() {
			continue
		}
		if info, err := e.Info(); err != nil || info.Size() > maxFile {
			continue
		}
		content, err := t.root.ReadFile(path.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if native {
			m.files = append(m.files, name)
		}
		m.scan(name, content, native)
	}
	slices.Sort(m.files)
	return m, nil
}

// ignored reports whether Terraform, or a reader, does not look for blocks in
// the file: hidden ones, and overrides of what stands elsewhere.
func ignored(name string) bool {
	base := strings.TrimSuffix(strings.TrimSuffix(name, ".json"), ".tf")
	return strings.HasPrefix(name, ".") || base == "override" || strings.HasSuffix(base, "_override") || strings.HasSuffix(name, "~")
}

// plain refuses a folder that is outside of the checkout or behind a link: its
// files stand elsewhere in the repository.
func (t *tree) plain(dir string) error {
	if dir == ".." || strings.HasPrefix(dir, "../") || path.IsAbs(dir) {
		return fmt.Errorf("the module in %q %w", dir, errOutside)
	}
	for at := dir; at != "."; at = path.Dir(at) {
		info, err := t.root.Lstat(at)
		if err != nil {
			return fmt.Errorf("read the module in %q: %w", dir, err)
		}
		if !info.IsDir() {
			return fmt.Errorf("the module in %q is behind a link", dir)
		}
	}
	return nil
}

var (
	blocks = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
		{Type: "module", LabelNames: []string{"name"}},
		{Type: "resource", LabelNames: []string{"type", "name"}},
	}}
	source = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "source"}}}
)

func (m *module) scan(name string, content []byte, native bool) {
	p := hclparse.NewParser()
	read := p.ParseHCL
	if !native {
		read = p.ParseJSON
	}
	f, _ := read(content, name)
	if f == nil || f.Body == nil {
		return
	}
	c, _, _ := f.Body.PartialContent(blocks)
	if c == nil {
		return
	}
	for _, b := range c.Blocks {
		if b.Type == "resource" {
			m.resources[b.Labels[0]+"."+b.Labels[1]] = name
			continue
		}
		to := call{file: name}
		if in, _, _ := b.Body.PartialContent(source); in != nil && in.Attributes["source"] != nil {
			v, diags := in.Attributes["source"].Expr.Value(nil)
			if !diags.HasErrors() && v.IsWhollyKnown() && !v.IsNull() && v.Type() == cty.String {
				to.source = v.AsString()
			}
		}
		m.calls[b.Labels[0]] = to
	}
}

// place returns the file of the module that a new block goes into: the wanted
// one, or main.tf, or the first.
func (m *module) place(wanted string) (string, error) {
	for _, name := range []string{wanted, "main.tf"} {
		if slices.Contains(m.files, name) {
			return path.Join(m.dir, name), nil
		}
	}
	if len(m.files) == 0 {
		return "", fmt.Errorf("the module in %q has no file that can be changed", m.dir)
	}
	return path.Join(m.dir, m.files[0]), nil
}
