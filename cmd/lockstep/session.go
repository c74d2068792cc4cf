package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/durations"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
	"lockstep/runbook/strict"
	"lockstep/steps"
)

const (
	workName    = "work"    // folder of the folders that runs work in
	rescuedName = "rescued" // folder of the states that Terraform could not save
)

// A target says what a run is for.
type target struct {
	runbook     string // path of the runbook
	environment string // "" when the runbook has only one
	mode        engine.Mode
	stateDir    string    // root of the journals; the default one when empty
	terraform   string    // path of the program, "" for what the runbook says
	operator    string    // "" for the user of this process
	giveUp      string    // id of an interrupted run that is not to be resumed
	stdout      io.Writer // for announcements to standard output
	run         string    // id of the run, "" for a new one
	resume      bool      // the run goes on that was interrupted
	demo        bool
	detached    bool // operators come and go
}

// purpose says what the journal is opened for.
func (t target) purpose() string {
	switch {
	case t.demo:
		return "demo"
	case t.resume:
		return "resume"
	case t.mode == engine.Live:
		return "run"
	}
	return "rehearse"
}

// A session is an open journal and a run that is ready to start.
type session struct {
	runbook *runbook.Runbook
	env     *runbook.Environment
	journal *journal.Journal
	engine  *engine.Engine
	id      string
	abort   func() error // closes a session whose run was never started
	notes   []safe.Text  // what has to be recorded and said when the run has begun
}

// loadTarget reads the runbook and finds the environment.
func loadTarget(t target) (*runbook.Runbook, *runbook.Environment, error) {
	rb, err := runbook.Load(t.runbook)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, &engine.Problem{Err: err, Hint: "name the runbook, as in lockstep run RUNBOOK; lockstep schema prints what one may hold"}
	case err != nil:
		return nil, nil, err
	}
	env, err := environmentOf(rb, t.environment)
	return rb, env, err
}

// placesOf returns the folder of the runbook and that of the environment's journal.
func placesOf(t target, env *runbook.Environment) (folder, dir string, err error) {
	folder, err = filepath.Abs(filepath.Dir(t.runbook))
	if err != nil {
		return "", "", fmt.Errorf("find the runbook's folder: %w", err)
	}
	dir = journal.StateDir(t.stateDir, inFolder(folder, env.Repository), env.Name)
	if dir == "" {
		return "", "", errors.New("there is no place for the journal: set HOME, XDG_STATE_HOME or --state-dir")
	}
	return folder, dir, nil
}

// openSession opens the journal of an environment, which only one run can do at
// a time, and prepares the run. The caller closes the session.
func openSession(ctx context.Context, t target) (_ *session, err error) {
	rb, env, err := loadTarget(t)
	if err != nil {
		return nil, err
	}
	folder, dir, err := placesOf(t, env)
	if err != nil {
		return nil, err
	}
	j, err := journal.Open(dir, journal.Options{Log: "lockstep/" + env.Name, Purpose: t.purpose(), Actor: actor(t.operator)})
	if err != nil {
		return nil, busy(ctx, t, env.Name, dir, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, j.Close())
		}
	}()
	old, err := superseded(t, j.Path())
	if err != nil {
		return nil, err
	}
	past, err := pastOf(t, rb, j.Path())
	if err != nil {
		return nil, err
	}
	id := t.run
	if id == "" {
		id = newRunID()
	}
	work := filepath.Join(dir, workName, id)
	if err := os.MkdirAll(work, 0o700); err != nil {
		return nil, fmt.Errorf("make the work folder: %w", err)
	}
	defer func() {
		if err != nil && !t.resume { // what an earlier process left there is evidence
			err = errors.Join(err, os.RemoveAll(work)) // a run removes it at its end
		}
	}()
	rb = rb.For(env.Name)
	wiring := steps.Wiring{
		Runbook: rb, Folder: folder, Terraform: t.terraform, Stdout: t.stdout,
		Rescue:  filepath.Join(dir, rescuedName),
		Patches: filepath.Join(dir, "patches"),
		States:  filepath.Join(dir, "states"),
		Records: func() ([]journal.Record, error) { return journal.Read(j.Path()) },
		Learned: func() *durations.Learned {
			// What cannot be read teaches nothing; forecasts then rest on tables.
			records, err := journal.Read(j.Path())
			if err != nil {
				return nil
			}
			return durations.Learn(records)
		},
		Verified: verifiedIn(t.stateDir, folder, rb),
		Head: func() string {
			_, digest := j.Head()
			return digest
		},
	}
	kit, probers, err := steps.NewKit(wiring)
	if err != nil {
		return nil, err
	}
	if !t.resume {
		if err := keepRunbook(t.runbook, rb.Digest, work); err != nil {
			return nil, err
		}
	}
	e, err := engine.New(engine.Config{
		Run: id, Mode: t.mode, Runbook: rb, Environment: env.Name, Kit: kit, Probers: probers, Journal: j,
		Actor: actor(t.operator), Folder: folder, WorkDir: work, Version: versionText(),
		Detached: t.detached, Past: past, Closed: wiring.Closed(id),
	})
	if err != nil {
		return nil, err
	}
	var notes []safe.Text
	if old != nil {
		if notes, err = giveUp(j, t, old, wiring.States); err != nil {
			return nil, err
		}
	}
	return &session{runbook: rb, env: env, journal: j, engine: e, id: id, notes: notes, abort: func() error {
		if t.resume {
			return j.Close()
		}
		return errors.Join(os.RemoveAll(work), j.Close())
	}}, nil
}

// keptRunbook is the name of the copy of a run's runbook in its work folder. It may
// hold values of variables, so it is part of no record.
const keptRunbook = "runbook.yaml"

// keepRunbook copies the runbook for the case that the run is resumed after somebody
// changed it.
func keepRunbook(path, digest, work string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the runbook: %w", err)
	}
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != digest {
		return fmt.Errorf("the runbook %s was changed while it was read; start again", safe.Show(path))
	}
	if err := os.WriteFile(filepath.Join(work, keptRunbook), raw, 0o600); err != nil {
		return fmt.Errorf("keep a copy of the runbook: %w", err)
	}
	return nil
}

func (s *session) close() error { return s.journal.Close() }

// environmentOf returns the environment by name, or the only one there is.
func environmentOf(rb *runbook.Runbook, name string) (*runbook.Environment, error) {
	if env := rb.Environments[name]; env != nil {
		return env, nil
	}
	names := environmentNames(rb)
	if name == "" && len(names) == 1 {
		return rb.Environments[names[0]], nil
	}
	if name == "" {
		return nil, usagef("name one of the environments with --env: %s", strings.Join(names, ", "))
	}
	err := fmt.Errorf("the runbook has no environment %q; it has %s", safe.Show(name), strings.Join(names, ", "))
	if near := strict.DidYouMean(name, names); near != "" {
		err = fmt.Errorf("%w (%s)", err, near)
	}
	return nil, &usageError{err, "lockstep"}
}

// verifiedIn looks in the journals of the other environments of a runbook for
// the time a commit was verified there.
func verifiedIn(root, folder string, rb *runbook.Runbook) func(environment, commit string) (time.Time, bool) {
	return func(environment, commit string) (at time.Time, ok bool) {
		env := rb.Environments[environment]
		if env == nil {
			return at, false
		}
		dir := journal.StateDir(root, inFolder(folder, env.Repository), environment)
		records, err := journal.Read(filepath.Join(dir, journal.FileName))
		if err != nil {
			return at, false
		}
		return journal.Verified(records, commit)
	}
}

func inFolder(folder, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}

// newRunID returns a name for a run that nobody has to type often.
func newRunID() string {
	var b [4]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// actor says who is at the keyboard.
func actor(name string) journal.Actor {
	a := journal.Actor{Name: name, UID: os.Getuid()}
	if a.Name == "" {
		a.Name = "unknown"
		if u, err := user.Current(); err == nil {
			a.Name = u.Username
		}
	}
	if host, err := os.Hostname(); err == nil {
		a.Host = host
	}
	return a
}
