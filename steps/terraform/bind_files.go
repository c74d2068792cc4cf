package terraform

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lockstep/steps/terraform/planfile"
)

// cannotRead stands for the content of a file that cannot be read. It is a
// difference like any other.
const cannotRead = "cannot be read"

// list takes down every entry below a folder: kind, permissions, target of a
// link, content. Paths are relative, with slashes.
func list(ctx context.Context, top string) map[string]fact {
	out := map[string]fact{}
	// The function never fails but for the context, which the caller looks at.
	_ = filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		rel, rerr := filepath.Rel(top, path)
		if rerr != nil {
			rel = path
		}
		rel = filepath.ToSlash(rel)
		if err != nil {
			out[rel] = fact{value: cannotRead}
			return nil
		}
		info, err := d.Info()
		if err != nil {
			out[rel] = fact{value: cannotRead}
			return nil
		}
		out[rel] = entryFact(path, info)
		return nil
	})
	return out
}

// entryFact takes down one entry of a folder, as it is, without following links.
func entryFact(path string, info fs.FileInfo) fact {
	f := fact{mode: info.Mode().String()}
	switch {
	case info.Mode().IsRegular():
		f.value = cannotRead
		if digest, err := planfile.Digest(path); err == nil {
			f.value = "sha256:" + digest
		}
	case info.Mode()&fs.ModeSymlink != 0:
		f.value = cannotRead
		if to, err := os.Readlink(path); err == nil {
			f.value = "link to " + to
		}
	}
	return f
}

// secretFile takes down a file that may hold secrets, through links.
func (s *session) secretFile(path string) fact {
	raw, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fact{value: "is not there", shown: true}
	case err != nil:
		return fact{value: cannotRead, shown: true}
	}
	return fact{value: s.keyed(raw)}
}

// takeCheckout takes down the working checkout and compares it with what the
// commit has: what was written when it was made, or a fresh checkout of it.
func (s *session) takeCheckout(ctx context.Context, b *binding, p *saved) {
	w := p.work
	b.facts[ofCheckout] = list(ctx, w.top)
	commit := w.listed
	if b.commit != nil {
		commit = b.commit
	}
	lock, err := filepath.Rel(w.top, filepath.Join(w.root.Dir, lockFile))
	if err != nil {
		lock = lockFile
	}
	now := b.facts[ofCheckout]
	for _, name := range eitherName(commit, now) {
		was, had := commit[name]
		is, has := now[name]
		switch {
		case had && has && was == is:
		case had && has:
			b.faults = append(b.faults, changed(ofCheckout, name, was, is)+": it is not what the commit has")
		case had:
			b.faults = append(b.faults, fmt.Sprintf("%s is gone, and the commit has it", noun(ofCheckout, name)))
		case name == filepath.ToSlash(lock):
			// Made by init, since the commit has none.
		case readByTerraform(name):
			b.faults = append(b.faults, fmt.Sprintf("%s was added: the commit does not have it, and Terraform would read it", noun(ofCheckout, name)))
		default:
			b.made = append(b.made, name)
		}
	}
	slices.Sort(b.made)
}

// readByTerraform reports whether a file has a name that Terraform reads by itself.
func readByTerraform(name string) bool {
	base := filepath.Base(name)
	for _, end := range []string{".tf", ".tf.json", ".tfvars", ".tfvars.json", ".tofu", ".tofu.json"} {
		if strings.HasSuffix(base, end) {
			return true
		}
	}
	return base == lockFile
}

// takeData takes down what init wrote into the data folder, but for providers.
func (s *session) takeData(ctx context.Context, b *binding, p *saved) {
	data := p.work.root.Env["TF_DATA_DIR"]
	b.facts[ofModule], b.facts[ofData] = map[string]fact{}, map[string]fact{}
	entries, err := os.ReadDir(data)
	if err != nil {
		b.say(ofData, ".", cannotRead)
	}
	// No file means the default workspace, so one that appears is a difference.
	b.set(ofWorkspace, "choice", s.secretFile(filepath.Join(data, "environment")))
	b.set(ofBackend, writtenByInit, s.secretFile(filepath.Join(data, "terraform.tfstate")))
	for _, e := range entries {
		path := filepath.Join(data, e.Name())
		switch e.Name() {
		case "environment", "terraform.tfstate", "providers":
		case "modules":
			b.facts[ofModule] = list(ctx, path)
		default:
			info, err := e.Info()
			if err != nil {
				b.say(ofData, e.Name(), cannotRead)
				continue
			}
			if !info.IsDir() {
				b.set(ofData, e.Name(), entryFact(path, info))
				continue
			}
			for name, f := range list(ctx, path) {
				b.set(ofData, e.Name()+"/"+name, f)
			}
		}
	}
}

// writtenByInit is the name of what init took down of the backend.
const writtenByInit = "what init wrote down of the backend"
