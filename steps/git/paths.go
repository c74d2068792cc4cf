package git

import (
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"lockstep/runbook/safe"
	"lockstep/steps/git/modules"
	"lockstep/steps/git/objects"
	"lockstep/steps/git/trees"
)

// Paths returns what touches the environment: the paths it names, the folder of
// its root module unless that is an input, and every local module that this one
// reaches in any of the given commits; without the pin files. A root module at
// the top of the repository stands for the files there when the environment
// names paths, and for everything when it names none. Notes say what could not
// be followed.
func (r *Repository) Paths(commits ...plumbing.Hash) (*trees.Paths, []safe.Text, error) {
	return r.paths(r.pins, commits...)
}

// paths is Paths with what is left out.
func (r *Repository) paths(without []string, commits ...plumbing.Hash) (*trees.Paths, []safe.Text, error) {
	inputs := trees.NewPaths(r.env.Inputs, nil)
	dir := r.env.Terraform.Directory
	include := slices.Clone(r.env.Paths)
	var tops []string
	add := func(folder string, alone bool) {
		switch folder = trees.Clean(folder); {
		case inputs.Has(folder):
		case folder == "." && !alone:
			tops = append(tops, folder)
		default:
			include = append(include, folder)
		}
	}
	add(dir, len(r.env.Paths) == 0)
	var notes []safe.Text
	for _, c := range commits {
		l, err := r.objects.Link(c)
		if err != nil {
			return nil, nil, r.explain(err)
		}
		found, more, err := modules.Local(r.objects, l.Tree, dir)
		if err != nil {
			return nil, nil, r.explain(err)
		}
		for _, m := range found {
			add(m, false)
		}
		for _, n := range more {
			if !slices.Contains(notes, n) {
				notes = append(notes, n)
			}
		}
	}
	p := trees.NewPaths(include, without)
	if len(tops) > 0 {
		p.AddFiles(".")
	}
	return p, notes, nil
}

// isRegular reports whether an entry is a file with content of its own.
func isRegular(e objects.Entry) bool {
	return e.Mode == filemode.Regular || e.Mode == filemode.Executable
}

// kindOf returns the word for what an entry is.
func kindOf(e objects.Entry) string {
	switch e.Mode {
	case filemode.Dir:
		return "folder"
	case filemode.Symlink:
		return "symbolic link"
	case filemode.Submodule:
		return "submodule"
	}
	return "file"
}
