package terraform

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"lockstep/steps/terraform/planfile"
)

// A sized is a program that was read.
type sized struct{ digest string }

// identity says which file is there and when it was changed last, as the system
// knows it. A change of content, permissions or name changes it.
func identity(path string) (string, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return "", err
	}
	return fmt.Sprint(st.Dev, st.Ino, st.Size, st.Mode, st.Mtim.Sec, st.Mtim.Nsec, st.Ctim.Sec, st.Ctim.Nsec), nil
}

// program takes down a file that can be large. When before knows it and it did
// not move since, it is not read again.
func (b *binding) program(path string, before *binding) fact {
	id, err := identity(path)
	if err != nil {
		return fact{value: cannotRead, shown: true}
	}
	digest := ""
	if before != nil {
		digest = before.known[id].digest
	}
	if digest == "" {
		if digest, id, err = readAtRest(path, id); err != nil {
			return fact{value: cannotRead, shown: true}
		}
		if digest == "" {
			return fact{value: "is being written to", shown: true}
		}
	}
	b.known[id] = sized{digest}
	f := fact{value: "sha256:" + digest, shown: true}
	if info, err := os.Stat(path); err == nil {
		f.mode = info.Mode().String()
	}
	return f
}

// programs are the digests of the programs that this process has read, by
// identity: the time of change in it cannot be set by who has no right to the disk
// itself.
var programs sync.Map

// readAtRest reads a file that must not move meanwhile, and returns its digest and
// its identity. It reads again when it moved: another name given to the file moves
// it too. The digest is "" when it does not come to rest.
func readAtRest(path, id string) (digest, was string, err error) {
	for range 5 {
		if known, ok := programs.Load(id); ok {
			return known.(string), id, nil
		}
		if digest, err = planfile.Digest(path); err != nil {
			return "", id, err
		}
		now, err := identity(path)
		if err == nil && now == id {
			programs.Store(id, digest)
		}
		if err != nil || now == id {
			return digest, id, err
		}
		id = now
	}
	return "", id, nil
}

// takePrograms takes down Terraform and the providers in use.
func (s *session) takePrograms(ctx context.Context, b *binding, p *saved, d depth, before *binding) {
	known := before
	if d != last {
		known = nil
	}
	r := p.work.root
	b.say(ofTerraform, "path", resolve(r.Binary.Path))
	b.set(ofTerraform, "program", b.program(r.Binary.Path, known))
	if d == full && r.Binary.Moved() != nil {
		b.faults = append(b.faults, "Terraform's program was replaced after the commit was checked out")
	}
	b.facts[ofProvider] = map[string]fact{}
	providers := filepath.Join(r.Env["TF_DATA_DIR"], "providers")
	b.follow(ctx, providers, providers, known, nil)
	for source, dir := range s.overrides(p) {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(r.Dir, dir)
		}
		b.say(ofProvider, source+" (override)", resolve(dir))
		programs, err := filepath.Glob(filepath.Join(escape(dir), "terraform-provider-*"))
		if err != nil {
			b.say(ofProvider, dir, cannotRead)
		}
		for _, path := range programs {
			b.set(ofProvider, path, b.program(path, known))
		}
	}
}

// resolve returns where a path leads in the end.
func resolve(path string) string {
	to, err := filepath.EvalSymlinks(path)
	if err != nil {
		return cannotRead
	}
	return to
}

// escape makes a path one that Glob takes literally.
func escape(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// follow takes down the files below path. Links are followed: installed
// providers often are links into a cache that other folders share. name is what
// the facts are named by; above holds the folders on the way, against circles.
func (b *binding) follow(ctx context.Context, top, path string, known *binding, above []string) {
	if ctx.Err() != nil {
		return
	}
	rel, err := filepath.Rel(top, path)
	if err != nil {
		rel = path
	}
	name := filepath.ToSlash(rel)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && path == top:
		return // Terraform's own provider is the only one
	case err != nil:
		b.say(ofProvider, name, cannotRead)
		return
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		b.say(ofProvider, name+" (link)", resolve(path))
		if info, err = os.Stat(path); err != nil {
			b.say(ofProvider, name, cannotRead)
			return
		}
	}
	if !info.IsDir() {
		b.set(ofProvider, name, b.program(path, known))
		return
	}
	real := resolve(path)
	for _, a := range above {
		if a == real {
			return
		}
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		b.say(ofProvider, name, cannotRead)
	}
	for _, e := range entries {
		b.follow(ctx, top, filepath.Join(path, e.Name()), known, append(above[:len(above):len(above)], real))
	}
}

var (
	overrideBlock = regexp.MustCompile(`(?s)dev_overrides"?\s*[=:]?\s*\{([^}]*)\}`)
	overridePair  = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"\s*[=:]\s*"((?:[^"\\]|\\.)*)"`)
)

// overrides returns the folders of providers that Terraform is told to use in
// place of installed ones, by source. The language of the file is an old form of
// HCL, or JSON; what stands in a comment is found as well, which does no harm.
func (s *session) overrides(p *saved) map[string]string {
	out := map[string]string{}
	for _, path := range configFiles(p.work.root) {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		for _, block := range overrideBlock.FindAllSubmatch(raw, -1) {
			for _, pair := range overridePair.FindAllSubmatch(block[1], -1) {
				out[string(pair[1])] = strings.ReplaceAll(string(pair[2]), `\\`, `\`)
			}
		}
	}
	return out
}
