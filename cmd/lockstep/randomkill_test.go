package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"lockstep/steps/terraform/scripted"
)

// A victim is a kind of process that is killed. The first line that it was called
// with says which it is.
type victim struct {
	name string
	is   func(argv []string) bool
}

var victims = []victim{
	{"runner", func(argv []string) bool { return filepath.Base(argv[0]) == runnerName }},
	{"keeper", func(argv []string) bool { return filepath.Base(argv[0]) == "lockstep-keeper" }},
	{"gate", func(argv []string) bool { return filepath.Base(argv[0]) == "lockstep-gate" }},
	// What terraform-exec runs lies among the files of the run, not where Terraform is.
	{"front", func(argv []string) bool {
		return filepath.Base(argv[0]) == "terraform" && strings.Contains(argv[0], "/state/")
	}},
	{"terraform", func(argv []string) bool {
		return filepath.Base(argv[0]) == "terraform" && !strings.Contains(argv[0], "/state/")
	}},
	{"screen", func(argv []string) bool { return filepath.Base(argv[0]) == "lockstep" }},
}

// kill kills a process of a kind as soon as there is one, or the runner when there
// is none for a while. It returns what it killed, "" when nothing runs.
func (g *rig) kill(kind string) string {
	for deadline := time.Now().Add(aRun); ; time.Sleep(time.Millisecond) {
		found := g.sorts()
		pid, ok := found[kind]
		if !ok && len(found) > 0 && time.Now().Before(deadline) {
			continue
		}
		if !ok {
			kind, pid = "runner", found["runner"]
		}
		if pid == 0 || syscall.Kill(pid, syscall.SIGKILL) != nil {
			return ""
		}
		return kind
	}
}

// sorts returns a process of each kind that there is.
func (g *rig) sorts() map[string]int {
	found := map[string]int{}
	for _, pid := range g.processes() {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		argv := strings.Split(string(raw), "\x00")
		if err != nil || argv[0] == "" {
			continue
		}
		for _, v := range victims {
			if v.is(argv) {
				found[v.name] = pid
			}
		}
	}
	return found
}

// aRun is about how long an unkilled run takes.
const aRun = 500 * time.Millisecond

// struck runs a run to its end while processes of it are killed, each within a time
// after the one before; kills says how many of each call. The end must be as wanted.
func (g *rig) struck(r *rand.Rand, c *score, within time.Duration, want aftermath, kills func(call int) int) {
	var visits []visit
	var killed []string
	for call := range mostCalls {
		wait := g.begins()
		for range kills(call) {
			// The stimulus is a moment, so this is a wait for nothing.
			time.Sleep(time.Duration(r.Int64N(int64(within))))
			if who := g.kill(victims[r.IntN(len(victims))].name); who != "" {
				killed = append(killed, who)
				c.add(who, 1)
			}
		}
		visits = append(visits, wait())
		if g.closed() {
			break
		}
	}
	if !g.closed() {
		g.t.Error("the run is not closed")
	}
	c.add("kills", len(killed))
	g.check(want)
	if g.t.Failed() {
		g.t.Logf("killed: %q", killed)
	}
	g.story(visits)
}

// TestRandomKill_sameEndWhoeverDiesWhenever kills some process at some moment, and
// often another one when the run goes on.
func TestRandomKill_sameEndWhoeverDiesWhenever(t *testing.T) {
	began := time.Now()
	_, want := points(t)
	times := 40
	if nightly() {
		times = 1000
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var c score
	t.Run("kill", func(t *testing.T) {
		for n := range times {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				r := rand.New(rand.NewPCG(seed, uint64(n)))
				// Every fourth run has a lock that somebody has to release.
				g := newRig(t, scripted.Script{Scenario: scripted.OK, Strands: n%4 == 0})
				g.struck(r, &c, aRun, want, func(call int) int {
					if call >= 3 {
						return 0
					}
					return 1 + r.IntN(2)
				})
			})
		}
	})
	t.Logf("%d runs, %v, %s", times, &c, time.Since(began).Round(time.Second))
}

// TestRandomKill_realTerraform does the same with the real program, whose lock and
// state are a file's.
func TestRandomKill_realTerraform(t *testing.T) {
	real := needsTerraform(t)
	began := time.Now()
	times := 4
	if nightly() {
		times = 30
	}
	whole := newRealRig(t, real, "")
	visits := whole.toTheEnd(nil)
	want := whole.aftermath()
	whole.check(want)
	whole.story(visits)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var c score
	t.Run("kill", func(t *testing.T) {
		for n := range times {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				r := rand.New(rand.NewPCG(seed, uint64(n)))
				g := newRealRig(t, real, "")
				g.struck(r, &c, 3*aRun, want, func(call int) int {
					if call == 0 || call == 1 && r.IntN(2) == 0 {
						return 1
					}
					return 0
				})
			})
		}
	})
	t.Logf("%d runs, %v, %s", times, &c, time.Since(began).Round(time.Second))
}

// newRealRig is a rig whose Terraform is the real one. Each resource runs a
// program that notes the effect where the scripted one notes its own, and goes on
// with what then says.
func newRealRig(t *testing.T, path, then string) *rig {
	t.Helper()
	g := newRig(t, scripted.Script{Scenario: scripted.OK})
	main := filepath.Join(g.dir, "repo", "infra", "main.tf")
	raw, err := os.ReadFile(main)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, name := range []string{"base", "one"} {
		note := fmt.Sprintf("echo real terraform_data.%s create %s >> %s", name, name, filepath.Join(g.tf.Folder, "effects")) + then
		text = strings.Replace(text, fmt.Sprintf("  input = %q\n", name), fmt.Sprintf("  input = %q\n  provisioner \"local-exec\" {\n    command = %q\n  }\n", name, note), 1)
	}
	if err := os.WriteFile(main, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	repo := filepath.Join(g.dir, "repo")
	if err := inGit(repo, nil, "commit", "-q", "-a", "--amend", "-m", "Add one"); err != nil {
		t.Fatal(err)
	}
	g.terraform = path
	return g
}
