package journal

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// writerEnv makes the test binary a writer that appends until it is killed.
const writerEnv = "LOCKSTEP_TEST_JOURNAL_WRITER"

func TestMain(m *testing.M) {
	for env, role := range map[string]func(dir string) error{writerEnv: writeUntilKilled, fullEnv: onFullDisk, tripEnv: tripAway} {
		if dir := os.Getenv(env); dir != "" {
			if err := role(dir); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			return
		}
	}
	os.Exit(m.Run())
}

// writeUntilKilled appends records and says the number of each when it was
// acknowledged.
func writeUntilKilled(dir string) error {
	j, err := Open(dir, options())
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		d := evidence(n)
		d.Body = EvidenceBody{Facts: map[string]any{"pad": strings.Repeat("x", n*977%9000)}}
		if n%3 == 0 {
			ref, err := j.PutBlob("pad", []byte(strconv.Itoa(n)))
			if err != nil {
				return err
			}
			d.Blobs = []BlobRef{ref}
		}
		r, err := j.Append(d)
		if err != nil {
			return err
		}
		fmt.Println(r.Seq)
	}
}

func TestAppend_survivesKilledWriter(t *testing.T) {
	t.Parallel()
	kills := 40
	if testing.Short() {
		kills = 5
	}
	dir := filepath.Join(t.TempDir(), "production")
	acked, torn := int64(0), 0
	for k := range kills {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), writerEnv+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Killed after a number of acknowledgements; what it says until the pipe
		// is empty counts too.
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			seq, err := strconv.ParseInt(lines.Text(), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			acked = seq
			if n == k%7 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		cmd.Wait()
		if cmd.ProcessState.Exited() {
			t.Fatalf("the writer ended by itself: %v", cmd.ProcessState)
		}
		v := mustVerify(t, filepath.Join(dir, FileName))
		if !v.Intact || v.Records < acked {
			t.Fatalf("kill %d: %d acknowledged, %d there, faults %v", k, acked, v.Records, v.Faults)
		}
		if v.Torn > 0 {
			torn++
		}
	}
	j := mustOpen(t, dir) // the lock died with the last writer
	mustAppend(t, j, evidence(0))
	t.Logf("%d kills, %d records acknowledged, none lost, %d incomplete lines", kills, acked, torn)
}
