package journal

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"lockstep/runbook/failpoint"
)

// tripEnv makes the test binary one that goes on a [trip] and says what it was
// told.
const tripEnv = "LOCKSTEP_TEST_JOURNAL_TRIP"

func tripAway(dir string) error {
	tr := &trip{acked: make(map[int64]string), said: os.Stdout}
	tr.travel(osDisk{}, dir)
	for _, err := range tr.errs {
		tr.say("error %v", err)
	}
	return nil
}

// away sends a process on a trip with a failpoint and returns what it was told.
func away(t *testing.T, dir, rule string, env ...string) (tr *trip, how *os.ProcessState, out string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(slices.Concat(os.Environ(), env), tripEnv+"="+dir, failpoint.Variable+"="+rule)
	cmd.Stderr = os.Stderr
	raw, err := cmd.Output()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	tr = &trip{acked: make(map[int64]string)}
	for line := range strings.Lines(string(raw)) {
		var seq int64
		var rid string
		if n, _ := fmt.Sscanf(line, "record %d %s", &seq, &rid); n == 2 {
			tr.acked[seq] = rid
		} else if n, _ := fmt.Sscanf(line, "effect %d", &seq); n == 1 {
			tr.effects++
		}
	}
	return tr, cmd.ProcessState, string(raw)
}

// At every point of a run a process is killed, and at every point the disk
// fails. What was acknowledged is there, and no effect is without an intent.
func TestJournal_survivesEveryFailpoint(t *testing.T) {
	t.Parallel()
	trace := filepath.Join(t.TempDir(), "trace")
	_, _, out := away(t, filepath.Join(t.TempDir(), "production"), "", failpoint.TraceVariable+"="+trace)
	if strings.Contains(out, "error") {
		t.Fatal(out)
	}
	points := strings.Fields(string(mustRead(t, trace)))
	for _, name := range []string{
		"journal.open", "lock.acquire", "journal.dirsync", "journal.write", "journal.written", "journal.sync", "journal.synced",
		"journal.blob", "lock.release",
	} {
		if !slices.Contains(points, name) {
			t.Errorf("%s is not passed", name)
		}
	}
	every := 1
	if testing.Short() {
		every = 7
	}
	for n := 0; n < len(points); n += every {
		for _, mode := range []string{"kill", "error"} {
			dir := filepath.Join(t.TempDir(), "production")
			rule := fmt.Sprintf("*:%s@%d", mode, n+1)
			tr, how, out := away(t, dir, rule)
			where := rule + " (" + points[n] + ")"
			killed := how.Sys().(syscall.WaitStatus).Signaled()
			if killed != (mode == "kill") || mode == "error" && !strings.Contains(out, "error") {
				t.Fatalf("%s: %v\n%s", where, how, out)
			}
			if raw, err := os.ReadFile(filepath.Join(dir, FileName)); err == nil && bytes.Count(raw, []byte("\n")) > 13 {
				t.Fatalf("%s: %d records", where, bytes.Count(raw, []byte("\n")))
			}
			tr.mustBeThere(t, where, osDisk{}, dir, "b1")
		}
	}
	t.Logf("%d points", len(points))
}
