package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/safe"
	"lockstep/runbooks/sandbox/provider"
)

// providerOverride makes the test binary the sandbox provider of every Terraform
// below, without an init: it is the same program that "init" would install. It
// returns the name of the configuration file that says so.
func providerOverride(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(dir, provider.FileName)); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "terraform.tfrc")
	text := fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  dev_overrides {\n    %q = %q\n  }\n}\n", provider.Source, dir)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config
}

// A workspace is a folder that one pair is tried in.
type workspace struct {
	t         *testing.T
	dir       string
	terraform string
	config    string
}

// run runs Terraform and returns its standard output.
func (w workspace) run(args ...string) []byte {
	w.t.Helper()
	out, said, err := w.attempt(args...)
	if err != nil {
		w.t.Fatalf("terraform %s: %v\n%s%s", strings.Join(args, " "), err, out, said)
	}
	return out
}

func (w workspace) attempt(args ...string) (out, said []byte, err error) {
	cmd := exec.Command(w.terraform, args...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+w.config, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1")
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err = cmd.Run()
	return o.Bytes(), e.Bytes(), err
}

// prepare brings the folder to where a stage is.
func (w workspace) prepare(s stage) {
	w.t.Helper()
	w.put(s, true)
	w.run(append([]string{"apply", "-no-color", "-input=false", "-refresh=false", "-auto-approve"}, s.args...)...)
}

// plan saves a plan of a stage in the file "plan". It reports whether Terraform
// refused since its own graph would go in a circle, which it does for some mixes
// of create_before_destroy with other replacements: there is nothing to apply.
func (w workspace) plan(s stage) (refused bool) {
	w.t.Helper()
	w.put(s, false)
	args := append([]string{"plan", "-no-color", "-input=false", "-refresh=false", "-out=plan"}, s.args...)
	out, said, err := w.attempt(args...)
	refused = bytes.Contains(said, []byte("Error: Cycle: "))
	if err != nil && !refused {
		w.t.Fatalf("terraform %s: %v\n%s%s", strings.Join(args, " "), err, out, said)
	}
	return refused
}

func (w workspace) put(s stage, hurry bool) {
	w.t.Helper()
	if err := s.write(w.dir, hurry); err != nil {
		w.t.Fatal(err)
	}
	if s.hasModules() {
		w.run("get", "-no-color")
	}
}

// An event is what one action of an apply really did.
type event struct {
	address, action string
	id              string // of the object that a delete destroyed
	start, end      time.Duration
	// endUnknown says that two objects of the address ran side by side. Terraform
	// then tells one end only, and not of which.
	endUnknown bool
}

func (e event) String() string { return e.action + " of " + e.address }

// apply applies the saved plan and returns what ran when, from the start of the
// first action.
func (w workspace) apply(parallelism int) []event {
	w.t.Helper()
	out := w.run("apply", "-json", "-input=false", fmt.Sprintf("-parallelism=%d", parallelism), "plan")
	events, err := readEvents(bytes.NewReader(out))
	if err != nil {
		w.t.Fatalf("%v\n%s", err, out)
	}
	return events
}

// A message is a line of the event stream.
type message struct {
	Type string    `json:"type"`
	At   time.Time `json:"@timestamp"`
	Hook struct {
		Resource struct {
			Address string `json:"addr"`
		} `json:"resource"`
		Action string `json:"action"`
		ID     string `json:"id_value"`
	} `json:"hook"`
}

func readEvents(r io.Reader) ([]event, error) {
	var (
		events []event
		zero   time.Time
		open   = map[string][]int{} // what runs → its events
	)
	for dec := json.NewDecoder(r); ; {
		var m message
		if err := dec.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		key := m.Hook.Resource.Address + " " + m.Hook.Action
		switch m.Type {
		case "apply_start":
			if zero.IsZero() {
				zero = m.At
			}
			e := event{address: safe.Show(m.Hook.Resource.Address).String(), action: m.Hook.Action, start: m.At.Sub(zero)}
			if e.action == "delete" {
				e.id = m.Hook.ID
			}
			open[key] = append(open[key], len(events))
			events = append(events, e)
		case "apply_complete":
			if len(open[key]) == 0 {
				return nil, fmt.Errorf("%s ends and does not run", key)
			}
			for _, i := range open[key] {
				events[i].end, events[i].endUnknown = m.At.Sub(zero), len(open[key]) > 1
			}
			delete(open, key)
		case "apply_errored":
			return nil, fmt.Errorf("%s failed", key)
		}
	}
	for key := range open {
		return nil, fmt.Errorf("%s never ended", key)
	}
	return events, nil
}
