package cure

import (
	"fmt"
	"path"
	"slices"
)

// lifecycle gives the block of a resource create_before_destroy.
func (d *drafter) lifecycle(a address) ([]Edit, error) {
	m, err := d.tree.at(a.path())
	if err != nil {
		return nil, err
	}
	name, ok := m.resources[a.block()]
	switch {
	case !ok:
		return nil, fmt.Errorf("no file of %q declares %s", m.dir, a.block())
	case !slices.Contains(m.files, name):
		return nil, fmt.Errorf("%s is JSON, which is not changed here", path.Join(m.dir, name))
	}
	file := path.Join(m.dir, name)
	old, err := d.tree.root.ReadFile(file)
	if err != nil {
		return nil, err
	}
	changed, err := withCreateFirst(old, a.typ, a.name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return []Edit{{Path: file, Old: old, New: changed}}, nil
}

func (d *drafter) append(file string, statements ...[]byte) ([]Edit, error) {
	old, err := d.tree.root.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return []Edit{{Path: file, Old: old, New: appended(old, statements...)}}, nil
}

// declared reports whether the configuration has the block of an address. What
// is outside of the repository cannot be looked into, and counts as not there:
// Terraform will say.
func (d *drafter) declared(a address) bool {
	m, err := d.tree.at(a.path())
	if err != nil {
		return false
	}
	_, ok := m.resources[a.block()]
	return ok
}
