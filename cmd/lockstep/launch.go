package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"lockstep/runbook/attach"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// An order is what a runner is started for. It comes to it through a pipe; the
// environment and the working folder are those of the command that starts it.
type order struct {
	Run         string `json:"run"` // id
	Resume      bool   `json:"resume"`
	Runbook     string `json:"runbook"`
	Environment string `json:"environment"`
	StateDir    string `json:"state_dir"`
	Terraform   string `json:"terraform"`
	Operator    string `json:"operator"`
	Key         string `json:"key"`     // of the screen that attaches first
	GiveUp      string `json:"give_up"` // id of the interrupted run that this one takes the place of
	Log         string `json:"log"`     // path of the file that the runner's output goes to
}

func (o order) target() target {
	return target{
		runbook: o.Runbook, environment: o.Environment, mode: engine.Live, stateDir: o.StateDir,
		terraform: o.Terraform, operator: o.Operator, run: o.Run, resume: o.Resume, giveUp: o.GiveUp, detached: true,
	}
}

// A word is what a runner says to the command that started it, once.
type word struct {
	Socket string         `json:"socket"` // that it listens on
	Failed *attach.Ending `json:"failed"` // why there is no run
}

// launch starts a runner and waits until it listens or has failed. When ctx ends
// before, there will be no run.
func launch(ctx context.Context, dir string, o order) (note runnerNote, err error) {
	note = runnerNote{Run: o.Run, dir: dir}
	o.Log = filepath.Join(dir, logsName, o.Run+".log")
	if err := os.MkdirAll(filepath.Dir(o.Log), 0o700); err != nil {
		return note, fmt.Errorf("open journal: %w", err)
	}
	log, err := os.OpenFile(o.Log, os.O_WRONLY|os.O_CREATE|os.O_APPEND|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return note, fmt.Errorf("open the runner's log: %w", err)
	}
	defer log.Close()
	orderR, orderW, err := os.Pipe()
	if err != nil {
		return note, err
	}
	defer orderW.Close()
	reportR, reportW, err := os.Pipe()
	if err != nil {
		orderR.Close()
		return note, err
	}
	defer reportR.Close()
	self, err := os.Executable()
	if err != nil {
		return note, fmt.Errorf("find this program: %w", err)
	}
	cmd := &exec.Cmd{
		Path: self, Args: []string{runnerName, o.Environment, o.Run}, // the words are for those who look at processes
		Stdout: log, Stderr: log, ExtraFiles: []*os.File{orderR, reportW}, SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	err = cmd.Start()
	orderR.Close()
	reportW.Close()
	if err != nil {
		return note, fmt.Errorf("start the runner: %w", err)
	}
	died := make(chan error, 1)
	go func() { died <- cmd.Wait() }() // so that it is no zombie while we watch
	defer context.AfterFunc(ctx, func() { reportR.Close() })()
	r, err := exchange(orderW, reportR, o)
	switch {
	case ctx.Err() != nil:
		return note, ctx.Err() // it finds nobody to report to and gives up
	case err == nil && r.Failed != nil:
		removeIfEmpty(o.Log)
		return note, &toldError{*r.Failed}
	case err != nil:
		return note, lastWords(o.Log, errors.Join(err, <-died))
	}
	note.Socket, note.PID = r.Socket, cmd.Process.Pid
	return note, nil
}

// exchange gives the order and waits for the report.
func exchange(w io.WriteCloser, r io.Reader, o order) (word, error) {
	var rep word
	if err := json.NewEncoder(w).Encode(o); err != nil {
		return rep, err
	}
	if err := w.Close(); err != nil {
		return rep, err
	}
	return rep, json.NewDecoder(r).Decode(&rep)
}

// lastWords says why a runner died before it was ready, as far as its log tells.
func lastWords(log string, err error) error {
	p := &engine.Problem{
		Err:  fmt.Errorf("the runner ended before it was ready: %w", err),
		Hint: "nothing was started; its log is " + log,
	}
	if raw, err := os.ReadFile(log); err == nil {
		lines := safe.Lines(strings.TrimSpace(string(raw)))
		p.Lines = lines[max(0, len(lines)-20):]
	}
	return p
}

// removeIfEmpty removes the log of a runner that had nothing to say.
func removeIfEmpty(path string) {
	if st, err := os.Stat(path); err == nil && st.Size() == 0 {
		os.Remove(path) // best effort
	}
}
