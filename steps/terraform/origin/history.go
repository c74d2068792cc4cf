package origin

import (
	"context"
	"crypto/sha256"
	"path"
	"slices"
	"strings"
)

// Files returns the files of Terraform's (*.tf, *.tf.json, *.tfvars,
// *.tfvars.json) that stand directly in a folder of the repository at a commit,
// by name. A folder that is missing has none.
type Files func(ctx context.Context, commit, dir string) (map[string][]byte, error)

// A History reads the commits of a repository. It is used by one caller at a
// time, who closes it.
type History interface {
	// Folder has the contract of [Files].
	Folder(ctx context.Context, commit, dir string) (map[string][]byte, error)
	// ID returns what is the same for two commits exactly when the file or folder
	// at the path is the same in both; "" when it is missing.
	ID(ctx context.Context, commit, path string) (string, error)
	// Parents returns the first parent of each commit, "" where there is none.
	Parents(ctx context.Context, commits []string) ([]string, error)
	Close() error
}

// A Historian is a source of commits that can be read without a checkout.
type Historian interface {
	History(ctx context.Context) (History, error)
}

// Where the work ends: nobody writes a configuration that is larger by hand.
const (
	maxWork   = 2 << 20 // pieces of configuration that are looked at in all
	maxDirs   = 2000    // folders of one commit
	maxPlaces = 20_000  // uses of modules in one commit
)

// A past reads configurations and remembers what it has read. The first error
// stays in err, and nothing is read any more.
type past struct {
	ctx    context.Context
	files  Files
	r      Range
	root   string
	inputs []string
	err    error
	work   int

	parsed  map[[sha256.Size]byte]*file
	modules map[string]*module // by commits and folder
	byID    map[string]*module // by id of the folder
	ids     map[string]string  // by commit and path
	states  map[string]*state  // by content
	byView  map[view]*state
}

// A view is a commit with the inputs as another commit has them.
type view struct{ commit, inputs string }

// below reports whether a path is in a folder, or is it.
func below(p, dir string) bool {
	return dir == "." || p == dir || strings.HasPrefix(p, dir+"/")
}

// clean returns a path of the repository as git writes it, "." for its top.
func clean(p string) string { return path.Clean(strings.Trim(p, "/")) }

// of returns the commit that a path is read from.
func (p *past) of(v view, at string) string {
	for _, in := range p.inputs {
		if below(at, in) {
			return v.inputs
		}
	}
	return v.commit
}

// id returns the id of a path, "" when it is missing or cannot be told.
func (p *past) id(commit, at string) string {
	if p.r.ID == nil || p.err != nil || commit == "" || at == ".." || strings.HasPrefix(at, "../") {
		return ""
	}
	key := commit + "\x00" + at
	if id, ok := p.ids[key]; ok {
		return id
	}
	id, err := p.r.ID(p.ctx, commit, at)
	if err != nil {
		p.err = err
	}
	p.ids[key] = id
	return id
}

// module returns the module in a folder.
func (p *past) module(v view, dir string) *module {
	from := p.of(v, dir)
	var over []string // single files that are inputs
	for _, in := range p.inputs {
		if from == v.commit && from != v.inputs && in != dir && path.Dir(in) == dir {
			over = append(over, path.Base(in))
		}
	}
	key := from + "\x00" + dir
	if len(over) > 0 {
		key += "\x00" + v.inputs
	}
	if m := p.modules[key]; m != nil {
		return m
	}
	id := ""
	if len(over) == 0 {
		id = p.id(from, dir)
	}
	m := p.byID[id+"\x00"+dir]
	if m == nil || id == "" {
		m = p.load(v, from, dir, over)
	}
	if id != "" {
		p.byID[id+"\x00"+dir] = m
	}
	p.modules[key] = m
	return m
}

func (p *past) load(v view, from, dir string, over []string) *module {
	raw := p.folder(from, dir)
	if len(over) > 0 {
		head, both := p.folder(v.inputs, dir), map[string][]byte{}
		for name, b := range raw {
			if !slices.Contains(over, name) {
				both[name] = b
			}
		}
		for _, name := range over {
			if b, ok := head[name]; ok {
				both[name] = b
			}
		}
		raw = both
	}
	files := map[string]*file{}
	for name, b := range raw {
		if isConfig(name) || isValues(name) {
			files[name] = p.file(name, b)
		}
	}
	return newModule(dir, files)
}

func (p *past) folder(commit, dir string) map[string][]byte {
	if p.err != nil || commit == "" {
		return nil
	}
	if p.err = p.ctx.Err(); p.err != nil {
		return nil
	}
	files, err := p.files(p.ctx, commit, dir)
	if err != nil {
		p.err = err
	}
	return files
}

// file takes a file apart, once for each name and content.
func (p *past) file(name string, b []byte) *file {
	h := sha256.New()
	h.Write([]byte(name))
	h.Write([]byte{0})
	h.Write(b)
	var key [sha256.Size]byte
	h.Sum(key[:0])
	f := p.parsed[key]
	if f == nil {
		f = readFile(name, b)
		p.parsed[key] = f
	}
	return f
}
