package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-exec/tfexec"

	"lockstep/runbook/engine"
)

// Oldest is the first version of Terraform that can be used. It is the first
// whose plans say whether they are complete and whether they can be applied, and
// that knows "removed" blocks, on which safe renames rest.
const Oldest = "1.8.0"

// A Binary is a Terraform program whose version was looked at.
type Binary struct {
	Path    string
	Version string
	size    int64
	mod     time.Time
}

// Find looks for the program, on PATH when it is a mere name, and checks that
// its version is one that this package and the constraint accept. The constraint
// is written as in Terraform, such as ">= 1.9, < 2.0"; empty accepts all. env is
// what the program may see.
func Find(ctx context.Context, name, constraint string, env map[string]string) (*Binary, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, &engine.Problem{
			Err:  fmt.Errorf("terraform is not there: %w", err),
			Hint: "Install Terraform, or name the program in terraform.binary of the environment.",
		}
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	tf, err := newTerraform(filepath.Dir(path), path, env)
	if err != nil {
		return nil, err
	}
	v, _, err := tf.Version(ctx, true)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &engine.Problem{
			Err:  fmt.Errorf("%s does not tell its version: %w", path, firstLine(err)),
			Hint: "Check that the program is Terraform and can be run by this user.",
		}
	}
	if err := accept(path, v, constraint); err != nil {
		return nil, err
	}
	return &Binary{Path: path, Version: v.String(), size: info.Size(), mod: info.ModTime()}, nil
}

func accept(path string, v *version.Version, constraint string) error {
	if v.Core().LessThan(version.Must(version.NewVersion(Oldest))) {
		return &engine.Problem{
			Err:  fmt.Errorf("%s is version %s, and %s is the oldest that can be used", path, v, Oldest),
			Hint: "Install a newer Terraform.",
		}
	}
	if constraint == "" {
		return nil
	}
	want, err := version.NewConstraint(constraint)
	if err != nil {
		return &engine.Problem{
			Err:  fmt.Errorf("terraform.version: %w", err),
			Hint: `Write the versions like ">= 1.9, < 2.0".`,
		}
	}
	if !want.Check(v.Core()) {
		return &engine.Problem{
			Err:  fmt.Errorf("%s is version %s, and the runbook asks for %s", path, v, constraint),
			Hint: "Install a version that fits, or name another program in terraform.binary.",
		}
	}
	return nil
}

// Moved says whether the program is not the file any more that it was when its
// version was looked at.
func (b *Binary) Moved() error {
	info, err := os.Stat(b.Path)
	switch {
	case err != nil:
		return err
	case info.Size() != b.size || !info.ModTime().Equal(b.mod):
		return errors.New("the program " + b.Path + " was replaced")
	}
	return nil
}

// newTerraform returns a value for one call.
func newTerraform(dir, path string, env map[string]string) (*tfexec.Terraform, error) {
	tf, err := tfexec.NewTerraform(dir, path)
	if err != nil {
		return nil, err
	}
	// An explicit environment: without one terraform-exec passes on everything.
	if err := tf.SetEnv(env); err != nil {
		return nil, err
	}
	// Never kill: a killed apply loses its state.
	tf.SetWaitDelay(0)
	return tf, nil
}
