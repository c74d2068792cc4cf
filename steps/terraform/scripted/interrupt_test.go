package scripted_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/engine"
	"lockstep/steps/terraform/cli"
	"lockstep/steps/terraform/planfile"
	"lockstep/steps/terraform/scripted"
)

// TestScripted_isInterruptedLikeTheRealOne applies something that waits, looks at
// the lock meanwhile, and interrupts it.
func TestScripted_isInterruptedLikeTheRealOne(t *testing.T) {
	t.Parallel()
	seen := map[string][]string{}
	for _, name := range []string{"real", "scripted"} {
		path, p := program(t, name)
		s := newSite(t, path)
		main := first
		if p != nil {
			if err := p.Set(scripted.Script{Scenario: scripted.Slow}); err != nil {
				t.Fatal(err)
			}
		} else {
			main = strings.Replace(first, "\"one\"\n", "\"one\"\n  provisioner \"local-exec\" {\n    command = \"exec sleep 600\"\n  }\n", 1)
		}
		s.interrupt(main)
		seen[name] = s.seen
		if p == nil {
			continue
		}
		if got, err := p.Signals(); err != nil || !slices.Equal(got, []string{"apply interrupt"}) {
			t.Errorf("signals %q, %v", got, err)
		}
	}
	compare(t, seen)
}

func (s *site) interrupt(main string) {
	t, file := s.t, filepath.Join(s.dir, "p")
	s.write(main)
	if err := s.root.Init(t.Context(), []string{"path=" + filepath.Join(s.dir, "live", "terraform.tfstate")}, false); err != nil {
		t.Fatal(err)
	}
	s.plan(file)
	ctx, stop := context.WithCancelCause(t.Context())
	cause := errors.New("the operator said stop")
	said := s.seen
	exit, err := s.root.Apply(ctx, s.job(), file, func(m cli.Message) {
		s.message(m)
		// The scripted one waits when it says that it progresses.
		if m.Type == cli.TypeProvisionStart || m.Type == cli.TypeApplyProgress {
			s.lockInfo("while it waits")
			_, _, perr := s.root.Plan(t.Context(), cli.PlanArgs{Out: filepath.Join(s.dir, "q")}, nil)
			s.noteError("plan while it waits", 0, perr)
			stop(cause)
		}
	})
	lines := slices.DeleteFunc(slices.Clone(s.seen[len(said):]), func(l string) bool {
		// The real one runs a program, and says of it what the other has nothing of.
		for _, only := range []string{"provision_", "apply_progress", "error: ", "error diagnostic"} {
			if strings.Contains(l, only) {
				return true
			}
		}
		return false
	})
	s.seen = append(said, lines...)
	s.note("apply: exit %d, interrupted %t, unknown %t", exit, errors.Is(err, cause) || err != nil, errors.Is(err, engine.ErrUnknown))
	s.lockInfo("afterwards")
	s.state(true, planfile.StateID{})
	s.write(first)
	s.plan(file)
}

// TestScripted_lockOfAKilledApply checks both kinds of lock: one that ends with
// its process, and one that somebody has to release.
func TestScripted_lockOfAKilledApply(t *testing.T) {
	t.Parallel()
	for _, strands := range []bool{false, true} {
		path, p := program(t, "scripted")
		if err := p.Set(scripted.Script{Scenario: scripted.Slow, Strands: strands}); err != nil {
			t.Fatal(err)
		}
		s := newSite(t, path)
		file := filepath.Join(s.dir, "p")
		s.write(first)
		if err := s.root.Init(t.Context(), []string{"path=" + filepath.Join(s.dir, "live", "terraform.tfstate")}, false); err != nil {
			t.Fatal(err)
		}
		s.plan(file)
		cmd := exec.Command(p.Path, "apply", "-json", file)
		cmd.Dir = s.root.Dir
		for k, v := range s.root.Env {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(time.Minute); !p.Waiting(); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the apply does not wait")
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		_, _, err := s.root.Plan(t.Context(), cli.PlanArgs{Out: file}, nil)
		if !strands {
			if err != nil {
				t.Errorf("a lock outlives its process: %v", err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), "the state is locked by ") {
			t.Fatalf("a lock that strands did not: %v", err)
		}
		_, id, _ := strings.Cut(err.Error(), "lock id ")
		for _, try := range []struct {
			id   string
			well bool
		}{{"another", false}, {id, true}} {
			unlock := exec.Command(p.Path, "force-unlock", "-no-color", "-force", try.id)
			unlock.Dir, unlock.Env = cmd.Dir, cmd.Env
			if out, err := unlock.CombinedOutput(); (err == nil) != try.well {
				t.Errorf("force-unlock %s: %v\n%s", try.id, err, out)
			}
		}
		if _, _, err := s.root.Plan(t.Context(), cli.PlanArgs{Out: file}, nil); err != nil {
			t.Errorf("the lock is released, and still: %v", err)
		}
	}
}

// TestScripted_pushRefusesAnOlderState checks what a state can be replaced by.
func TestScripted_pushRefusesAnOlderState(t *testing.T) {
	t.Parallel()
	seen := map[string][]string{}
	for _, name := range []string{"real", "scripted"} {
		path, _ := program(t, name)
		s := newSite(t, path)
		file, old := filepath.Join(s.dir, "p"), filepath.Join(s.dir, "old")
		s.write(first)
		if err := s.root.Init(t.Context(), []string{"path=" + filepath.Join(s.dir, "live", "terraform.tfstate")}, false); err != nil {
			t.Fatal(err)
		}
		push := func(state string, force ...string) {
			if err := os.WriteFile(old, []byte(state), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(path, slices.Concat([]string{"state", "push"}, force, []string{"-lock=false", "-lock-timeout=0s", old})...)
			cmd.Dir = s.root.Dir
			for k, v := range s.root.Env {
				cmd.Env = append(cmd.Env, k+"="+v)
			}
			s.note("push %q: well %t", force, cmd.Run() == nil)
		}
		pull := func() string {
			raw, err := s.root.PullState(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return raw
		}
		s.plan(file)
		s.apply(t.Context(), file, nil)
		was := pull()
		s.write(second)
		s.plan(file)
		s.apply(t.Context(), file, nil)
		push(pull())
		push(was)
		push(strings.Replace(was, `"lineage": "`, `"lineage": "f`, 1))
		push("junk")
		push("junk", "-force")
		push(was, "-force")
		s.note("%d", strings.Count(pull(), "terraform_data.a"))
		seen[name] = s.seen
	}
	compare(t, seen)
}
