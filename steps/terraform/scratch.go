package terraform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"

	"lockstep/steps/terraform/cli"
	"lockstep/steps/terraform/cure"
)

// override takes the backend of the configuration away in a scratch checkout. It
// sorts behind other override files, because the last one counts.
const override = "zzz_lockstep_scratch_override.tf"

// A scratch is a copy of a checkout to try changes of the configuration in. It
// plans against a copy of the state: the real one is neither locked nor written.
type scratch struct {
	session *session
	base    string // folder of everything below
	top     string // the copy
	work    *workplace
	state   string // path of the copy of the state
	plans   int
}

// openScratch copies what a plan was made from. The caller closes it.
func (s *session) openScratch(ctx context.Context, p *saved) (_ *scratch, err error) {
	c := &scratch{session: s, base: s.path("scratch")}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	c.top = filepath.Join(c.base, "tree")
	if err := os.MkdirAll(c.base, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder for a scratch checkout: %w", err)
	}
	if err := os.CopyFS(c.top, os.DirFS(p.work.top)); err != nil {
		return nil, fmt.Errorf("copy the checkout: %w", err)
	}
	switch now, err := treeDigest(ctx, c.top); {
	case err != nil:
		return nil, err
	case now != p.tree:
		return nil, stale("files of the checkout were changed after the plan was made")
	}
	rel, err := filepath.Rel(p.work.top, p.work.root.Dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(c.base, "data")
	root := *p.work.root
	root.Dir, root.Env = filepath.Join(c.top, rel), maps.Clone(root.Env)
	root.Env["TF_DATA_DIR"] = data
	c.work = &workplace{base: c.base, top: c.top, root: &root, in: p.work.in}
	if err := share(p.work.root.Env["TF_DATA_DIR"], data); err != nil {
		return nil, err
	}
	return c, c.initialise(ctx, p, data)
}

// share makes a data folder with the modules and providers of another, so that
// init fetches nothing.
func share(from, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	// Installed providers are only read; they can be large.
	if providers := filepath.Join(from, "providers"); exists(providers) {
		if err := os.Symlink(providers, filepath.Join(to, "providers")); err != nil {
			return err
		}
	}
	if modules := filepath.Join(from, "modules"); exists(modules) {
		return os.CopyFS(filepath.Join(to, "modules"), os.DirFS(modules))
	}
	return nil
}

// initialise copies the state and makes the copy the only one that Terraform
// knows in the scratch checkout.
func (c *scratch) initialise(ctx context.Context, p *saved, data string) error {
	state, err := c.pull(ctx, p)
	if err != nil {
		return err
	}
	workspaces := filepath.Join(c.base, "workspaces")
	path := filepath.Join(c.base, "terraform.tfstate")
	at, workspace := path, c.session.workspace()
	if workspace != "default" {
		at = filepath.Join(workspaces, workspace, "terraform.tfstate")
	}
	if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
		return err
	}
	c.state = at
	if err := writeWhole(at, []byte(state)); err != nil {
		return fmt.Errorf("copy the state: %w", err)
	}
	local := fmt.Sprintf("terraform {\n  backend \"local\" {\n    path          = %s\n    workspace_dir = %s\n  }\n}\n", quoteHCL(path), quoteHCL(workspaces))
	if err := writeWhole(filepath.Join(c.work.root.Dir, override), []byte(local)); err != nil {
		return fmt.Errorf("set the backend of the scratch checkout: %w", err)
	}
	if err := c.work.root.Init(ctx, nil, exists(filepath.Join(c.work.root.Dir, lockFile))); err != nil {
		return err
	}
	switch b, err := backendOf(data); {
	case err != nil:
		return err
	case b.Type != "local" || b.Config.Path != path || b.Config.Workspace != workspaces:
		return errors.New("the scratch checkout does not use its own copy of the state, so nothing is planned in it")
	}
	if workspace != "default" {
		return c.work.root.SelectWorkspace(ctx, workspace)
	}
	return nil
}

// pull returns the state that the plan was made from.
func (c *scratch) pull(ctx context.Context, p *saved) (string, error) {
	state, err := p.work.root.PullState(ctx)
	if err != nil {
		return "", err
	}
	id, err := cli.StateID(state)
	if err != nil {
		return "", err
	}
	if id.Lineage != p.model.Lineage || id.Serial != p.model.Serial {
		return "", stale("the state moved after the plan was made")
	}
	return state, nil
}

// plan plans the copy with a proposal, and takes that back. The plan's files are
// gone when it returns; its model and order stay.
func (c *scratch) plan(ctx context.Context, d cure.Proposal) (p *saved, err error) {
	take := c.edit
	if d.Earlier {
		take = c.deploy
	}
	undo, err := take(d)
	defer func() { err = errors.Join(err, undo()) }()
	if err != nil {
		return nil, err
	}
	c.plans++
	dir := filepath.Join(c.base, "plan-"+strconv.Itoa(c.plans))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	p = &saved{file: filepath.Join(dir, "saved"), work: c.work}
	_, _, err = c.work.root.Plan(ctx, cli.PlanArgs{Out: p.file, VarFiles: c.work.in.varFiles, Vars: c.work.in.vars}, nil)
	if err != nil {
		return nil, err
	}
	return p, c.session.read(ctx, p, filepath.Join(dir, "plan.json"))
}

// deploy makes the copy of the state what deploying a proposal would leave.
func (c *scratch) deploy(d cure.Proposal) (undo func() error, err error) {
	undo = func() error { return nil }
	before, err := os.ReadFile(c.state)
	if err != nil {
		return undo, err
	}
	after, err := d.Deployed(before)
	if err != nil {
		return undo, err
	}
	undo = func() error { return os.WriteFile(c.state, before, 0o600) }
	return undo, os.WriteFile(c.state, after, 0o600)
}

// edit changes the files of the copy.
func (c *scratch) edit(d cure.Proposal) (undo func() error, err error) {
	var undos []func() error
	undo = func() error {
		var errs []error
		for _, u := range undos {
			errs = append(errs, u())
		}
		return errors.Join(errs...)
	}
	root, err := os.OpenRoot(c.top)
	if err != nil {
		return undo, err
	}
	defer root.Close()
	for _, e := range d.Edits {
		name := filepath.Join(c.top, filepath.FromSlash(e.Path))
		now, err := root.ReadFile(filepath.FromSlash(e.Path))
		if err == nil && !bytes.Equal(now, e.Old) {
			err = errors.New("it is not the file that the change was made for")
		}
		if err == nil {
			// Reading it in the folder has shown that no link leads out of there.
			undos = append(undos, func() error { return os.WriteFile(name, e.Old, 0o600) })
			err = os.WriteFile(name, e.New, 0o600)
		}
		if err != nil {
			return undo, fmt.Errorf("change %s in the scratch checkout: %w", e.Path, err)
		}
	}
	return undo, nil
}

// close removes the copy and everything that was made in it.
func (c *scratch) close() error {
	// The link to the providers of the checkout goes, not what it leads to.
	if err := os.RemoveAll(c.base); err != nil {
		return fmt.Errorf("remove a scratch checkout, which holds secrets: %w", err)
	}
	return nil
}
