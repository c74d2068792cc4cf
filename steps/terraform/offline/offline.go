// Package offline reads a plan and its order outside of any run: a saved plan
// in a folder that its owner has initialised, or the JSON of a plan beside its
// graph, without Terraform.
//
// It is all or nothing. What cannot be read to the end, what is no plan, and a
// plan and a graph that do not belong together are errors that say what to do.
package offline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"lockstep/runbook/engine"
	"lockstep/runbook/live"
	"lockstep/runbook/plan"
	"lockstep/steps/terraform/cli"
	"lockstep/steps/terraform/planfile"
	"lockstep/steps/terraform/redact"
)

// A Source says where a plan is.
type Source struct {
	Plan  string // saved plan or JSON; one that is not absolute is looked for in Dir first
	Graph string // DOT file, for JSON
	Dir   string // folder in which a saved plan was made; "" is the current one

	Terraform func() (string, error) // finds the program, asked for a saved plan only
	Environ   []string               // what Terraform sees, see cli.Inherited
	Live      *live.Table            // what names live things
}

// A Plan is a plan and the order of its actions.
type Plan struct {
	*planfile.File
	Order *plan.Order
}

// Read reads the plan.
func (s Source) Read(ctx context.Context) (*Plan, error) {
	scratch, err := os.MkdirTemp("", "lockstep-forecast-")
	if err != nil {
		return nil, err
	}
	// It holds secrets in clear text.
	defer os.RemoveAll(scratch)
	if s.Dir == "" {
		s.Dir = "."
	}
	if info, err := os.Stat(s.Dir); err != nil || !info.IsDir() {
		return nil, &engine.Problem{
			Err:  fmt.Errorf("%s is no folder", s.Dir),
			Hint: "name the folder in which the plan was made with --chdir DIR",
		}
	}
	path, err := s.find()
	if err != nil {
		return nil, err
	}
	if path, err = regular(path, scratch); err != nil {
		return nil, err
	}
	form, err := formOf(path)
	if err != nil {
		return nil, err
	}
	if form == savedPlan {
		return s.readSaved(ctx, path, scratch)
	}
	return s.readJSON(path)
}

// find returns where the plan is: in the folder, as for terraform -chdir, or
// else in the current one.
func (s Source) find() (string, error) {
	path := s.Plan
	if !filepath.IsAbs(path) {
		inside := filepath.Join(s.Dir, path)
		if _, err := os.Stat(inside); err == nil {
			path = inside
		}
	}
	_, err := os.Stat(path)
	if err == nil {
		return filepath.Abs(path)
	}
	hint := "name a plan that terraform plan -out=FILE saved, or what terraform show -json FILE printed"
	if !filepath.IsAbs(s.Plan) && s.Dir != "." {
		hint += "; it was looked for in " + s.Dir + " and in the current folder"
	}
	return "", &engine.Problem{Err: err, Hint: hint}
}

// regular returns the path of an ordinary file with what path holds: a pipe can
// be read only once.
func regular(path, scratch string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", err
	case info.IsDir():
		return "", &engine.Problem{
			Err:  fmt.Errorf("%s is a folder", path),
			Hint: "name the plan in it; --chdir DIR names the folder of the configuration",
		}
	case info.Mode().IsRegular():
		return path, nil
	}
	in, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer in.Close()
	out, err := os.OpenFile(filepath.Join(scratch, "plan"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(out, in)
	return out.Name(), errors.Join(err, out.Close())
}

func (s Source) readSaved(ctx context.Context, path, scratch string) (*Plan, error) {
	if s.Graph != "" {
		return nil, &engine.Problem{
			Err:  fmt.Errorf("%s is a saved plan, and --graph is for the JSON of one", path),
			Hint: "leave --graph out: Terraform draws the graph itself",
		}
	}
	if err := checkSaved(path); err != nil {
		return nil, err
	}
	program, err := s.Terraform()
	if err != nil {
		return nil, err
	}
	env := cli.Inherited(s.Environ)
	// Only its version is asked for here, which no variable of Terraform's changes.
	binary, err := cli.Find(ctx, program, "", cli.Environment(s.Environ, nil, env["TF_DATA_DIR"]))
	if err != nil {
		return nil, err
	}
	root := &cli.Root{Binary: binary, Dir: s.Dir, Env: env, Net: &redact.Net{}}
	printed, drawn := filepath.Join(scratch, "plan.json"), filepath.Join(scratch, "plan.dot")
	if err := root.Show(ctx, path, printed); err != nil {
		return nil, s.inFolder(err)
	}
	file, err := planfile.Read(printed, root.Net, s.Live)
	if err != nil {
		return nil, &engine.Problem{Err: err, Hint: "check that " + binary.Path + " is Terraform, and plan again"}
	}
	if !file.Model.IsEmpty() {
		if err := root.ShowGraph(ctx, path, drawn); err != nil {
			return nil, s.inFolder(err)
		}
	} else if err := os.WriteFile(drawn, nil, 0o600); err != nil {
		return nil, err // there is no order of nothing
	}
	return withOrder(file, drawn, true)
}

func (s Source) readJSON(path string) (*Plan, error) {
	file, err := planfile.Read(path, &redact.Net{}, s.Live)
	if err != nil {
		return nil, &engine.Problem{Err: err, Hint: "make it with terraform show -json FILE > plan.json, where FILE is what terraform plan -out=FILE saved"}
	}
	if s.Graph == "" {
		return nil, &engine.Problem{
			Err:  errors.New("the JSON of a plan does not say in which order things happen; its graph is missing"),
			Hint: "where the plan was made, run terraform graph -plan=FILE > plan.dot with the saved plan, and add --graph plan.dot",
		}
	}
	return withOrder(file, s.Graph, false)
}
