package sandbox_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lockstep/runbooks/sandbox"
	"lockstep/runbooks/sandbox/history"
)

// requireTerraform skips the test where there is no Terraform, and fails it
// where there has to be one.
func requireTerraform(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("terraform"); err != nil {
		if os.Getenv("LOCKSTEP_REQUIRE_TOOLS") == "1" {
			t.Fatal("terraform is not on PATH, and LOCKSTEP_REQUIRE_TOOLS=1 asks for it")
		}
		t.Skip("NOT TESTED: terraform is not on PATH")
	}
}

// newSandbox makes a sandbox that is closed with the test.
func newSandbox(t *testing.T, o sandbox.Options) *sandbox.Sandbox {
	t.Helper()
	requireTerraform(t)
	o.Dir = filepath.Join(t.TempDir(), "sandbox")
	start := time.Now()
	s, err := sandbox.New(t.Context(), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("sandbox made in %s", time.Since(start).Round(10*time.Millisecond))
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// A root is a checkout of a commit, ready for Terraform.
type root struct {
	t   *testing.T
	s   *sandbox.Sandbox
	env string
	dir string
}

func checkout(t *testing.T, s *sandbox.Sandbox, env, commit string) *root {
	t.Helper()
	dir := t.TempDir()
	if err := history.Export(s.RepoDir(), commit, dir); err != nil {
		t.Fatal(err)
	}
	r := &root{t, s, env, filepath.Join(dir, "environments", env)}
	r.run("init", "-input=false", "-backend-config=path="+s.TerraformState(env))
	return r
}

// command is Terraform in this checkout, not started yet.
func (r *root) command(args ...string) *exec.Cmd {
	cmd := exec.Command("terraform", args...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), r.s.Env()...)
	for k, v := range r.s.Vars(r.env) {
		cmd.Env = append(cmd.Env, "TF_VAR_"+k+"="+v)
	}
	return cmd
}

// try runs Terraform and returns what it said and its exit code.
func (r *root) try(args ...string) (stdout, stderr string, code int) {
	r.t.Helper()
	cmd := r.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		r.t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// readUntil reads up to the line that holds a text, or all when it is "".
func readUntil(t *testing.T, r io.Reader, text string) string {
	t.Helper()
	var said strings.Builder
	// One byte at a time, so that the next reader misses nothing.
	b := make([]byte, 1)
	for line := ""; ; {
		if _, err := io.ReadFull(r, b); err != nil {
			if text != "" {
				t.Fatalf("%q was never said:\n%s", text, said.String())
			}
			return said.String()
		}
		said.WriteByte(b[0])
		if line += string(b); b[0] == '\n' {
			if text != "" && strings.Contains(line, text) {
				return said.String()
			}
			line = ""
		}
	}
}

func (r *root) run(args ...string) string {
	r.t.Helper()
	stdout, stderr, code := r.try(args...)
	if code != 0 {
		r.t.Fatalf("terraform %s: exit code %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout
}

// plan saves a plan and returns its actions by address.
func (r *root) plan(targets ...string) map[string]string {
	r.t.Helper()
	args := []string{"plan", "-input=false", "-out=plan"}
	for _, target := range targets {
		args = append(args, "-target="+target)
	}
	r.run(args...)
	var p struct {
		Changes []struct {
			Address string
			Deposed string
			Change  struct{ Actions []string }
		} `json:"resource_changes"`
	}
	if err := json.Unmarshal([]byte(r.run("show", "-json", "plan")), &p); err != nil {
		r.t.Fatal(err)
	}
	actions := map[string]string{}
	for _, c := range p.Changes {
		if slices.Equal(c.Change.Actions, []string{"no-op"}) {
			continue
		}
		address := strings.TrimPrefix(c.Address, "module.crates_io.")
		if c.Deposed != "" {
			address += " deposed"
		}
		actions[address] = strings.Join(c.Change.Actions, "-")
	}
	return actions
}

// apply applies the saved plan.
func (r *root) apply() { r.t.Helper(); r.run("apply", "-input=false", "plan") }
