// Package steps puts the steps of a runbook together: for each kind the package
// that does it, with what it needs from the others. The steps know each other
// only through here and through the facts of the run.
package steps

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"sync"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/durations"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
	"lockstep/steps/announce"
	"lockstep/steps/command"
	"lockstep/steps/git"
	"lockstep/steps/manual"
	"lockstep/steps/probe"
	"lockstep/steps/terraform"
	"lockstep/steps/terraform/cure"
	"lockstep/steps/terraform/origin"
	"lockstep/steps/verify"
)

// A Wiring is what a run's steps need from whoever starts the run.
type Wiring struct {
	Runbook   *runbook.Runbook // with the probes of the run's environment
	Folder    string           // that relative paths of the runbook start from
	Terraform string           // used instead of what the environment says, when set
	Rescue    string           // folder for states that Terraform could not save
	Patches   string           // folder for patches that the operator asks for
	Stdout    io.Writer        // for announcements to standard output
	// Verified says when a commit was verified in an environment, as the journals
	// of this machine know it. It may be nil.
	Verified func(environment, commit string) (time.Time, bool)
	// Learned is what earlier applies to the environment took, as its journal knows
	// it. It may be nil.
	Learned func() *durations.Learned
	// Head returns the digest of the journal's last record, for announcements.
	Head func() string
	// Attempted reports whether an announcement may have reached a channel before.
	Attempted func(id, channel string) bool
	// Arrived returns the digest of the announcement that is known to have reached a
	// channel before.
	Arrived func(id, channel string) (digest string, ok bool)
	// Records returns the journal of the environment, which says what earlier
	// processes announced; Attempted and Arrived say it when this is nil.
	Records func() ([]journal.Record, error)
	// States is the folder for copies of the state from right before each apply. They
	// hold secrets.
	States string
}

// announced lets announcements know what earlier processes did.
func (w *Wiring) announced() {
	if w.Records == nil {
		return
	}
	past := sync.OnceValue(func() announce.Past {
		// What this process does is known to the step. A journal that cannot be read
		// has stopped the run before.
		records, err := w.Records()
		if err != nil {
			return announce.Past{}
		}
		return announce.ReadPast(records)
	})
	w.Attempted = func(id, channel string) bool { return past().Attempted(id, channel) }
	w.Arrived = func(id, channel string) (string, bool) { return past().Arrived(id, channel) }
}

// Closed returns what is done when a run is over: the copies of its states go when
// it is closed, and are named while it is not.
func (w Wiring) Closed(run string) func(engine.Result) safe.Text {
	return func(result engine.Result) safe.Text {
		kept, err := terraform.CloseRun(w.States, run, result)
		switch {
		case err != nil:
			return safe.Sprintf("copies of the state, which hold secrets, could not be removed: %v", err)
		case kept != "":
			return safe.Sprintf("the states from before the applies of this run are kept, with their secrets, in %s", kept)
		}
		return safe.Text{}
	}
}

// NewKit returns the builders of all kinds of step, and the probers that measure
// beside them for as long as the run lasts.
func NewKit(w Wiring) (engine.Kit, []engine.Prober, error) {
	hub, err := probe.NewHub(w.Runbook, w.Folder, probe.Deps{})
	if err != nil {
		return nil, nil, fmt.Errorf("prepare the probes: %w", err)
	}
	w.announced()
	tool := terraform.New(terraform.Deps{
		Open: func(env *runbook.Environment, folder string) (terraform.Source, error) {
			return source{env, folder, w.Runbook}, nil
		},
		Binary: w.Terraform,
		Rescue: w.Rescue, States: w.States, Patches: w.Patches, Learned: w.Learned, Negative: hub.Negative,
	})
	kit := engine.Kit{}
	for _, part := range []engine.Kit{
		git.Kit(git.Deps{Verified: w.Verified}),
		tool.Kit(),
		verify.Kit(verify.Deps{Hub: hub, NoChanges: tool.Left}),
		announce.Kit(announce.Deps{Stdout: w.Stdout, Head: w.Head, Attempted: w.Attempted, Arrived: w.Arrived}),
		manual.Kit(manual.Deps{Hub: hub}),
		command.Kit(command.Deps{}),
	} {
		maps.Copy(kit, part)
	}
	return kit, hub.Probers(), nil
}

// A source opens the repository for each checkout, so that none of its files
// stays open while Terraform works.
type source struct {
	env    *runbook.Environment
	folder string
	book   *runbook.Runbook
}

func (s source) Checkout(ctx context.Context, commit, head string, inputs []string, into string) (tree string, err error) {
	r, err := git.Open(s.env, s.folder)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return r.Checkout(ctx, commit, head, inputs, into)
}

// History opens the repository to trace a plan to its commits.
func (s source) History(context.Context) (origin.History, error) {
	r, err := git.Open(s.env, s.folder)
	if err != nil {
		return nil, err
	}
	return r, nil
}

var _ origin.Historian = source{}

// Same compares files and folders of two commits.
func (s source) Same(ctx context.Context, a, b string, paths []string) (same bool, err error) {
	r, err := git.Open(s.env, s.folder)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return r.Same(ctx, a, b, paths)
}

// Standing asks the branch about a commit and the inputs.
func (s source) Standing(ctx context.Context, commit, head string, inputs []string) (on, same bool, err error) {
	r, err := git.Open(s.env, s.folder)
	if err != nil {
		return false, false, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	r.Exclude(s.book) // a deployment to another environment changes no input
	return r.Standing(ctx, commit, head, inputs)
}

var _ terraform.Branch = source{}

// Branch makes a branch that holds a cure.
func (s source) Branch(ctx context.Context, name, subject, body string, edits []cure.Edit, who journal.Actor) (commit string, err error) {
	r, err := git.Open(s.env, s.folder)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	o := git.Offer{Branch: name, Subject: subject, Body: body}
	for _, e := range edits {
		o.Files = append(o.Files, git.OfferedFile{Path: e.Path, Old: e.Old, New: e.New})
	}
	return r.Offer(ctx, o, who, time.Now())
}
