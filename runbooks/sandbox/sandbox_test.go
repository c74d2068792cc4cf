package sandbox_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbooks/sandbox"
	"lockstep/runbooks/sandbox/provider"
)

// processesIn returns the command lines that mention a folder.
func processesIn(t *testing.T, dir string) []string {
	t.Helper()
	var lines []string
	if runtime.GOOS == "linux" {
		files, err := filepath.Glob("/proc/[0-9]*/cmdline")
		if err != nil || len(files) == 0 {
			t.Fatalf("no processes in /proc (%v)", err)
		}
		for _, f := range files {
			b, _ := os.ReadFile(f) // it may have ended by now
			lines = append(lines, strings.ReplaceAll(string(b), "\x00", " "))
		}
	} else {
		out, err := exec.Command("ps", "-A", "-o", "args=").Output()
		if err != nil {
			t.Fatal(err)
		}
		lines = strings.Split(string(out), "\n")
	}
	return slices.DeleteFunc(lines, func(line string) bool { return !strings.Contains(line, dir) })
}

func TestNew_leavesNothingBehindWhenCancelled(t *testing.T) {
	t.Parallel()
	requireTerraform(t)
	for _, at := range []string{"repository is written", "staging: Terraform is ready"} {
		dir := filepath.Join(t.TempDir(), "sandbox")
		ctx, cancel := context.WithCancel(t.Context())
		last := 0
		s, err := sandbox.New(ctx, sandbox.Options{Dir: dir, Keep: true}, func(what string, done, total int) {
			if done != last+1 || done > total {
				t.Errorf("step %d of %d after step %d", done, total, last)
			}
			last = done
			if what == at {
				cancel()
			}
		})
		cancel()
		if s != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled at %q: %v, %v", at, s, err)
		}
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("cancelled at %q: the folder is still there (%v)", at, err)
		}
		if p := processesIn(t, dir); len(p) > 0 {
			t.Errorf("cancelled at %q: still running: %q", at, p)
		}
	}
}

func TestNew_refusals(t *testing.T) {
	requireTerraform(t)
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), "terraform")
	if err := os.WriteFile(bad, []byte("#!/bin/sh\necho it is broken >&2\nexit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		o    sandbox.Options
		says string
	}{
		"folder in use":       {sandbox.Options{Dir: full}, "is not empty"},
		"no terraform":        {sandbox.Options{Dir: filepath.Join(t.TempDir(), "new"), Terraform: "/no/terraform"}, "find terraform"},
		"unknown mode":        {sandbox.Options{Dir: filepath.Join(t.TempDir(), "new"), Delete: "some"}, "neither own-data nor whole-name"},
		"no executable":       {sandbox.Options{Dir: filepath.Join(t.TempDir(), "new"), Executable: "/no/program"}, "install the provider"},
		"terraform is broken": {sandbox.Options{Dir: filepath.Join(t.TempDir(), "new"), Terraform: bad}, "it is broken"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := sandbox.New(t.Context(), c.o, nil); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want an error with %q", err, c.says)
			}
			if c.o.Dir != full {
				if _, err := os.Stat(c.o.Dir); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("the folder is there (%v)", err)
				}
			}
		})
	}
	if b, err := os.ReadFile(filepath.Join(full, "mine")); err != nil || string(b) != "x" {
		t.Errorf("the file that was there: %q, %v", b, err)
	}
}

func TestSandbox_runbookIsAccepted(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, sandbox.Options{})
	rb, err := runbook.Load(s.RunbookPath())
	if err != nil {
		t.Fatal(err)
	}
	p := rb.Environments["production"]
	if p == nil || p.After != "staging" || p.Terraform.Backend["path"] != s.TerraformState("production") {
		t.Errorf("production is %+v", p)
	}
	if got := rb.Probes["static"].DNS; got.Name != s.ProductionName() || got.Servers[0] != s.DNSAddr() {
		t.Errorf("the probe static is %+v", got)
	}
	info, err := os.Stat(s.RunbookPath())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the runbook holds tokens and has mode %v (%v)", info.Mode(), err)
	}
}

func TestSandbox_bothEnvironmentsAreLive(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, sandbox.Options{})
	for _, name := range []string{s.ProductionName(), s.StagingName()} {
		p, err := sandbox.NewProber(s.DNSAddr(), name, 100)
		if err != nil {
			t.Fatal(err)
		}
		until(t, p, "answers", func(c sandbox.Counts) bool { return c.Answered > 0 })
		if c := p.Stop(); c.Failed > 0 {
			t.Errorf("%s: %+v", name, c)
		}
	}
	for _, env := range []string{"staging", "production"} {
		r := checkout(t, s, env, s.History().Baseline())
		if left := r.plan(); len(left) > 0 {
			t.Errorf("%s is not at the baseline: %v", env, left)
		}
	}
}

func TestClose_removesWhatNewMade(t *testing.T) {
	t.Parallel()
	requireTerraform(t)
	existing := t.TempDir()
	s, err := sandbox.New(t.Context(), sandbox.Options{Dir: existing}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(existing); err != nil || len(left) > 0 {
		t.Errorf("a folder that was there has %v (%v), want it empty", left, err)
	}
	if p := processesIn(t, existing); len(p) > 0 {
		t.Errorf("still running: %q", p)
	}
	s, err = sandbox.New(t.Context(), sandbox.Options{Dir: existing, Keep: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, kept := range []string{s.RunbookPath(), s.RepoDir(), s.TerraformState("production")} {
		if _, err := os.Stat(kept); err != nil {
			t.Errorf("not kept: %v", err)
		}
	}
}

func TestIsInvocation_needsNameAndCookie(t *testing.T) {
	name := "/mirror/" + provider.FileName
	if provider.IsInvocation(name) {
		t.Error("a person who starts the program by this name gets a provider")
	}
	t.Setenv("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
	if !provider.IsInvocation(name) || provider.IsInvocation("/usr/bin/lockstep") {
		t.Error("Terraform's start is not told from another")
	}
}

func TestSandbox_interruptedWaitKeepsTheState(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("NOT TESTED: there is no interrupt signal on this system")
	}
	s := newSandbox(t, sandbox.Options{Issue: time.Hour})
	r := checkout(t, s, "production", s.History().Head())
	r.plan("module.crates_io.module.certificate.sandbox_certificate_validation.cert")
	cmd := r.command("apply", "-input=false", "-json", "plan")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// "Creating..." comes before Terraform calls the provider, and a stop that
	// arrives before the call does not reach it. By this line it waits.
	said := readUntil(t, out, `sandbox_certificate_validation.cert: Still creating...`)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	said += readUntil(t, out, "")
	if err := cmd.Wait(); err == nil || !strings.Contains(said, "stopped waiting for certificate") {
		t.Errorf("interrupted: %v\n%s", err, said)
	}
	// The new certificate is known, and nothing that is live was touched.
	if state := r.run("state", "list"); !strings.Contains(state, "sandbox_certificate.cert") {
		t.Errorf("state holds\n%s", state)
	}
	got := r.plan()
	if got["sandbox_dns_record.static"] != "delete" || got["module.certificate.sandbox_certificate_validation.cert"] != "create" {
		t.Errorf("planned afterwards: %v", got)
	}
}
