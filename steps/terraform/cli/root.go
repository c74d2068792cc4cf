package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/hashicorp/terraform-exec/tfexec"
	tfjson "github.com/hashicorp/terraform-json"

	"lockstep/steps/terraform/planfile"
	"lockstep/steps/terraform/redact"
)

// A Root is a root module in a folder of its own, and how Terraform is run there.
type Root struct {
	Binary      *Binary
	Dir         string            // folder of the root module
	Env         map[string]string // of Environment
	Net         *redact.Net       // cleans what goes into errors
	Parallelism int               // 0 means Terraform's default
}

func (r *Root) terraform() (*tfexec.Terraform, error) {
	return newTerraform(r.Dir, r.Binary.Path, r.Env)
}

// Init prepares the folder. With readOnly the lock file of the providers must
// say all that is needed, and is not changed. backend are arguments of
// -backend-config: NAME=VALUE, or the path of a file.
func (r *Root) Init(ctx context.Context, backend []string, readOnly bool) error {
	tf, err := r.terraform()
	if err != nil {
		return err
	}
	opts := []tfexec.InitOption{}
	for _, b := range backend {
		opts = append(opts, tfexec.BackendConfig(b))
	}
	if readOnly {
		// terraform-exec has no option for this flag; what it puts last is read as
		// a flag all the same.
		opts = append(opts, tfexec.Dir("-lockfile=readonly"))
	}
	if err := tf.Init(ctx, opts...); err != nil {
		return r.problem(ctx, initFailed, err, nil)
	}
	return nil
}

// SelectWorkspace makes later calls use an existing workspace.
func (r *Root) SelectWorkspace(ctx context.Context, name string) error {
	tf, err := r.terraform()
	if err != nil {
		return err
	}
	if err := tf.WorkspaceSelect(ctx, name); err != nil {
		return r.problem(ctx, workspaceFailed, err, nil)
	}
	return nil
}

// PlanArgs say what is planned.
type PlanArgs struct {
	Out      string   // file the plan is saved in
	Targets  []string // addresses; nil for all
	VarFiles []string
	Vars     []string // NAME=VALUE
}

// Plan saves a plan and says whether it holds changes. Warnings come back beside.
// each gets every message as it comes; it may be nil.
func (r *Root) Plan(ctx context.Context, a PlanArgs, each func(Message)) (changes bool, warnings []*tfjson.Diagnostic, err error) {
	tf, err := r.terraform()
	if err != nil {
		return false, nil, err
	}
	opts := []tfexec.PlanOption{tfexec.Out(a.Out)}
	if r.Parallelism > 0 {
		opts = append(opts, tfexec.Parallelism(r.Parallelism))
	}
	for _, t := range a.Targets {
		opts = append(opts, tfexec.Target(t))
	}
	for _, f := range a.VarFiles {
		opts = append(opts, tfexec.VarFile(f))
	}
	for _, v := range a.Vars {
		opts = append(opts, tfexec.Var(v))
	}
	out := collect(each)
	changes, err = tf.PlanJSON(ctx, out.w, opts...)
	out.w.end()
	if err != nil {
		return false, nil, r.problem(ctx, planFailed, err, out)
	}
	// The plan holds secrets in clear text.
	if err := os.Chmod(a.Out, 0o600); err != nil {
		return false, nil, fmt.Errorf("protect the saved plan: %w", err)
	}
	return changes, out.diagnostics, nil
}

// Show writes the JSON of a saved plan to the file into, which only this user
// can read, since it holds secrets in clear text.
func (r *Root) Show(ctx context.Context, planFile, into string) error {
	return r.print(ctx, showFailed, into, "show", "-json", "-no-color", planFile)
}

// ShowGraph is Graph into a file. Unlike Graph it runs in any environment.
func (r *Root) ShowGraph(ctx context.Context, planFile, into string) error {
	return r.print(ctx, graphFailed, into, "graph", "-no-color", "-plan="+planFile)
}

// print runs Terraform without terraform-exec and keeps its output in a file.
func (r *Root) print(ctx context.Context, c call, into string, args ...string) error {
	file, err := os.OpenFile(into, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	var stderr limited
	cmd := exec.CommandContext(ctx, r.Binary.Path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = r.Dir, file, &stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Env = r.environ()
	if err := cmd.Run(); err != nil {
		return r.problem(ctx, c, fmt.Errorf("%w\n%s", err, stderr.b), nil)
	}
	return file.Close()
}

// environ is what Terraform sees without terraform-exec.
func (r *Root) environ() []string {
	env := []string{"TF_IN_AUTOMATION=1"}
	for k, v := range r.Env {
		env = append(env, k+"="+v)
	}
	return env
}

// Graph returns the graph that applying a saved plan walks, in DOT.
func (r *Root) Graph(ctx context.Context, planFile string) (string, error) {
	tf, err := r.terraform()
	if err != nil {
		return "", err
	}
	out, err := tf.Graph(ctx, tfexec.GraphPlan(planFile))
	if err != nil {
		return "", r.problem(ctx, graphFailed, err, nil)
	}
	return out, nil
}

// State says which state is there now. There may be none: the zero value.
func (r *Root) State(ctx context.Context) (planfile.StateID, error) {
	raw, err := r.PullState(ctx)
	if err != nil {
		return planfile.StateID{}, err
	}
	return StateID(raw)
}

// PullState returns the state, which holds secrets in clear text. It is "" when
// there is none. No lock is taken.
func (r *Root) PullState(ctx context.Context) (string, error) {
	tf, err := r.terraform()
	if err != nil {
		return "", err
	}
	raw, err := tf.StatePull(ctx)
	if err != nil {
		return "", r.problem(ctx, stateFailed, err, nil)
	}
	return raw, nil
}

// ApplyArgv is the command line of Apply, for the record.
func (r *Root) ApplyArgv(planFile string) []string {
	n := 10
	if r.Parallelism > 0 {
		n = r.Parallelism
	}
	return []string{
		filepath.Base(r.Binary.Path), "apply", "-no-color", "-auto-approve", "-input=false", "-lock=true",
		fmt.Sprintf("-parallelism=%d", n), "-refresh=true", "-json", planFile,
	}
}

// output is what plan and apply printed.
type output struct {
	w           *messageWriter
	diagnostics []*tfjson.Diagnostic
}

func collect(each func(Message)) *output {
	o := &output{}
	o.w = &messageWriter{max: MaxMessage, each: func(m Message) {
		if m.Diagnostic != nil {
			o.diagnostics = append(o.diagnostics, m.Diagnostic)
		}
		if each != nil {
			each(m)
		}
	}}
	return o
}

// errors returns the diagnostics that are errors.
func (o *output) errors() []*tfjson.Diagnostic {
	if o == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(o.diagnostics), func(d *tfjson.Diagnostic) bool {
		return d.Severity != tfjson.DiagnosticSeverityError
	})
}
