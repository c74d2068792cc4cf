package terraform

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"lockstep/runbook/engine"
	"lockstep/steps/terraform/cli"
	"lockstep/steps/terraform/planfile"
)

// recheck compares everything a saved plan rests on with what it was when the
// plan was made. An error that wraps engine.ErrStale says what moved.
func (s *session) recheck(ctx context.Context, p *saved) error {
	digest, err := planfile.Digest(p.file)
	switch {
	case err != nil:
		return stale("the saved plan cannot be read any more")
	case digest != p.model.Digest:
		return stale("the saved plan is not the file any more that was shown")
	}
	tree, err := treeDigest(ctx, p.work.top)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return stale("the checkout cannot be read any more")
	case tree != p.tree:
		return stale("files of the checkout were changed after the plan was made, and the plan may run them")
	}
	files, err := fileDigests(p.work.in.varFiles)
	if err != nil || !maps.Equal(files, p.varFiles) {
		return stale("variable files were changed after the plan was made")
	}
	env := cli.Environment(s.deps.Environ(), s.env.Terraform.Environment, p.work.root.Env["TF_DATA_DIR"])
	if envDigest(env) != p.env || envDigest(p.work.root.Env) != p.env {
		return stale("the environment that Terraform sees was changed after the plan was made")
	}
	if err := p.work.root.Binary.Moved(); err != nil {
		return stale("terraform itself was changed after the plan was made")
	}
	now, err := p.work.root.State(ctx)
	if err != nil {
		return err
	}
	switch {
	case now.Lineage != p.model.Lineage:
		return stale("another state is there than the one the plan was made from")
	case now.Serial != p.model.Serial:
		return stale(fmt.Sprintf("the state moved from serial %d to %d after the plan was made: somebody else applied something", p.model.Serial, now.Serial))
	}
	return nil
}

// stale returns the error for something that moved.
func stale(what string) error {
	return &engine.Problem{
		Err:  fmt.Errorf("%w: %s", engine.ErrStale, what),
		Hint: "Plan again: trying this step again does so, and shows the new plan before anything happens.",
	}
}

// envNames returns the names of an environment, for the record.
func envNames(env map[string]string) []string { return slices.Sorted(maps.Keys(env)) }
