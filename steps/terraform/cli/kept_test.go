package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/failpoint"
	"lockstep/steps/keep"
	"lockstep/steps/terraform/redact"
)

// runnerRole makes the test binary a process that applies, as a runner does.
const runnerRole = "apply as a runner"

// An order is what such a process is to apply.
type order struct {
	Binary, Dir, Kept, Plan string
	Env                     map[string]string
}

func runner(raw string) int {
	var o order
	if err := json.Unmarshal([]byte(raw), &o); err != nil {
		return 2
	}
	r := &Root{Binary: &Binary{Path: o.Binary}, Dir: o.Dir, Env: o.Env, Net: &redact.Net{}}
	_, err := r.Apply(context.Background(), o.Kept, o.Plan, func(m Message) { fmt.Println(m.Type) })
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// three is a chain of resources whose scripts write down that they ran.
const three = `
resource "terraform_data" "a" {
  provisioner "local-exec" { command = "echo a >> $FLAG; sleep 0.1" }
}
resource "terraform_data" "b" {
  depends_on = [terraform_data.a]
  provisioner "local-exec" { command = "echo b >> $FLAG; sleep 0.1" }
}
resource "terraform_data" "c" {
  depends_on = [terraform_data.b]
  provisioner "local-exec" { command = "echo c >> $FLAG; sleep 0.1" }
}
`

func planned(t *testing.T, r *Root) string {
	t.Helper()
	file := filepath.Join(r.Dir, "p")
	if _, _, err := r.Plan(t.Context(), PlanArgs{Out: file}, nil); err != nil {
		t.Fatal(err, details(err))
	}
	return file
}

// Whenever the process that runs terraform-exec is killed, the apply goes on, or
// it is certain that it never began.
func TestApply_outlivesTheProcessThatBeganIt(t *testing.T) {
	t.Parallel()
	times := 7
	if os.Getenv("LOCKSTEP_NIGHTLY") != "" {
		times = 40
	}
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	notStarted := 0
	for i := range times {
		r := realRoot(t, three)
		o := order{r.Binary.Path, r.Dir, newKept(t), planned(t, r), r.Env}
		if err := keep.Make(o.Kept); err != nil { // as before the intent is written
			t.Fatal(err)
		}
		killAfter(t, o, i%13, rng)
		exit, err := r.Follow(t.Context(), o.Kept, nil)
		if errors.Is(err, ErrNotStarted) {
			if raw, err := os.ReadFile(r.Env["FLAG"]); !os.IsNotExist(err) {
				t.Fatalf("said not to have started: %q %v", raw, err)
			}
			notStarted++
			exit, err = r.Apply(t.Context(), newKept(t), o.Plan, nil)
		}
		if exit != 0 || err != nil {
			t.Fatal(i, exit, err, details(err))
		}
		// Everything once, a whole state, and nobody holds the lock.
		if raw, err := os.ReadFile(r.Env["FLAG"]); err != nil || string(raw) != "a\nb\nc\n" {
			t.Errorf("%d: scripts that ran: %q %v", i, raw, err)
		}
		id, err := r.State(t.Context())
		if err != nil || id.Serial == 0 || id.Lineage == "" {
			t.Errorf("%d: %+v %v", i, id, err)
		}
		changes, _, err := r.Plan(t.Context(), PlanArgs{Out: filepath.Join(r.Dir, "again")}, nil)
		if changes || err != nil {
			t.Errorf("%d: changes %t, %v", i, changes, err)
		}
		if s, err := keep.Look(o.Kept); err != nil || s.Phase == keep.Ended && s.Exit != 0 || s.Phase == keep.Lost {
			t.Errorf("%d: %+v %v", i, s, err)
		}
	}
	t.Logf("killed %d times, %d of them before it began", times, notStarted)
}

// killAfter runs a process that applies and kills it after it has told n
// messages, or at any moment before the first.
func killAfter(t *testing.T, o order, n int, rng *rand.Rand) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, runnerRole, string(raw))
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if n == 0 {
		time.Sleep(time.Duration(rng.Int64N(int64(500 * time.Millisecond)))) // the moment
	} else {
		lines := bufio.NewScanner(out)
		for i := 0; i < n && lines.Scan(); i++ {
			continue
		}
	}
	_ = c.Process.Kill()
	_ = c.Wait()
}

func TestFollow_endsLikeTheApply(t *testing.T) {
	t.Parallel()
	r := realRoot(t, "resource \"terraform_data\" \"a\" {\n  provisioner \"local-exec\" { command = \"echo on-its-way; exit 3\" }\n}\n")
	kept := newKept(t)
	file := planned(t, r)
	seen := map[bool][]string{}
	exit, err := r.Apply(t.Context(), kept, file, func(m Message) { seen[false] = append(seen[false], m.Text) })
	again, ferr := r.Follow(t.Context(), kept, func(m Message) { seen[true] = append(seen[true], m.Text) })
	expect(t, err, "terraform did not finish the apply: local-exec provisioner error", "on main.tf line 2")
	if exit != 1 || again != exit || ferr.Error() != err.Error() || details(ferr) != details(err) {
		t.Errorf("%d %v, then %d %v\n%s\n%s", exit, err, again, ferr, details(err), details(ferr))
	}
	if len(seen[false]) < 5 || strings.Join(seen[false], "\n") != strings.Join(seen[true], "\n") {
		t.Errorf("%q\n%q", seen[false], seen[true])
	}
	if _, err := r.Apply(t.Context(), kept, file, nil); !errors.Is(err, ErrNotStarted) {
		t.Errorf("the same job again: %v", err)
	}
}

func TestApply_saysWhatIsKnownAfterEveryDeath(t *testing.T) {
	for at, want := range map[string]error{
		"shim.spawn:kill@1": ErrNotStarted, "shim.spawn:kill@2": ErrNotStarted, "shim.spawn:kill@3": engine.ErrUnknown,
		"shim.rcwrite:kill@1": engine.ErrUnknown, "shim.rcwrite:kill@2": nil,
	} {
		t.Setenv(failpoint.Variable, at)
		r, kept := fakeRoot(t, "well"), newKept(t)
		exit, err := r.Apply(t.Context(), kept, "p", nil)
		again, ferr := r.Follow(t.Context(), kept, nil)
		for _, err := range []error{err, ferr} {
			if (err == nil) != (want == nil) || !errors.Is(err, want) {
				t.Errorf("%s: %v", at, err)
			}
		}
		if exit != again || (exit == 0) != (want == nil) {
			t.Errorf("%s: exit %d, then %d", at, exit, again)
		}
		_, rerr := os.Stat(filepath.Join(r.Dir, "ran"))
		if ran := rerr == nil; ran == errors.Is(want, ErrNotStarted) {
			t.Errorf("%s: ran %t", at, ran)
		}
	}
}

func TestApply_frontMayDie(t *testing.T) {
	t.Parallel()
	r, kept := fakeRoot(t, "slow"), newKept(t)
	killed := make(chan error, 1)
	var types []string
	exit, err := r.Apply(t.Context(), kept, "p", func(m Message) {
		types = append(types, m.Type)
		if len(types) == 1 {
			go func() {
				killed <- killFront(filepath.Join(kept, filepath.Base(r.Binary.Path)))
				// The program itself goes on; it ends after an interrupt.
				if err := keep.Signal(kept, syscall.SIGINT); err != nil {
					t.Error(err)
				}
			}()
		}
	})
	if kerr := <-killed; kerr != nil {
		t.Fatal(kerr)
	}
	if exit != 1 || err == nil || errors.Is(err, engine.ErrUnknown) || strings.Join(types, " ") != "version" {
		t.Errorf("exit %d, %v, %q", exit, err, types)
	}
}

// killFront kills the process that was called by a path and has effects.
func killFront(path string) error {
	out, err := exec.Command("ps", "-axo", "pid=,args=").Output()
	if err != nil {
		return err
	}
	for _, line := range strings.Split(string(out), "\n") {
		pid, args, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(strings.TrimSpace(args), path+" apply") {
			n, err := strconv.Atoi(pid)
			if err != nil {
				return err
			}
			return syscall.Kill(n, syscall.SIGKILL)
		}
	}
	return errors.New("there is no front")
}

func TestApply_withoutAProgramDoesNothing(t *testing.T) {
	t.Parallel()
	r, kept := fakeRoot(t, "well"), newKept(t)
	r.Binary.Path = filepath.Join(r.Dir, "no-terraform")
	_, err := r.Apply(t.Context(), kept, "p", nil)
	expect(t, err, "terraform was not started", "no such file")
	if !errors.Is(err, ErrNotStarted) || errors.Is(err, engine.ErrUnknown) {
		t.Errorf("got %v", err)
	}
	_, err = r.Follow(t.Context(), filepath.Join(r.Dir, "nowhere"), nil)
	if !errors.Is(err, engine.ErrUnknown) {
		t.Errorf("without a folder: %v", err)
	}
}
