package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// fullEnv makes the test binary the writer of a journal on a file system of its
// own that is full.
const fullEnv = "LOCKSTEP_TEST_JOURNAL_FULL"

// errNoMount says that this machine lets nobody mount a file system here.
var errNoMount = errors.New("cannot mount")

// The real code on a real file system that is full: an effect that started has
// its outcome recorded thanks to the reserve, and no other one starts.
func TestJournal_onAFullDisk(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fullEnv+"="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.ENOSYS) || strings.Contains(string(out), errNoMount.Error()) {
		t.Skipf("SKIPPED: no file system can be mounted here without privileges: %v %s", err, out)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// onFullDisk is the writer.
func onFullDisk(dir string) error {
	if err := unix.Mount("journal", dir, "tmpfs", 0, "size=3m,mode=700"); err != nil {
		return fmt.Errorf("%w: %w", errNoMount, err)
	}
	dir = filepath.Join(dir, "production")
	o := options()
	o.Purpose = "run"
	j, err := Open(dir, o)
	if err != nil {
		return err
	}
	i, err := j.Append(intent())
	if err != nil {
		return err
	}
	// The effect fills the disk to the last block.
	filled, err := fill(filepath.Join(dir, "..", "state"))
	if err != nil {
		return err
	}
	pad := strings.Repeat("x", 8000)
	// What finds no room is refused and does not take from the reserve.
	for n := 0; ; n++ {
		d := draft("r-1", "", KindEvidence, EvidenceBody{Facts: map[string]any{"pad": pad}})
		if _, err := j.Append(d); errors.Is(err, ErrNoRoom) {
			break
		} else if err != nil || n > 1000 {
			return fmt.Errorf("other record %d: %w", n, err)
		}
	}
	if _, err := j.PutBlob("log", []byte(strings.Repeat("x", 100000))); !errors.Is(err, ErrNoRoom) {
		return fmt.Errorf("blob: %w", err)
	}
	outcome := draft("r-1", "apply", KindOutcome, OutcomeBody{Intent: i.Seq, Result: "ok", Facts: map[string]any{"pad": pad, "blobs_lost": []string{"log"}}})
	if _, err := j.Append(outcome); err != nil {
		return fmt.Errorf("outcome: %w", err)
	}
	// The room that is left now, somebody else takes.
	if _, err := fill(filepath.Join(dir, "..", "more")); err != nil {
		return err
	}
	before, err := os.ReadFile(j.Path())
	if err != nil {
		return err
	}
	if _, err := j.Append(intent()); !errors.Is(err, ErrNoRoom) || errors.Is(err, ErrUnusable) {
		return fmt.Errorf("intent: %w", err)
	} else {
		fmt.Printf("refused: %v\n", err)
	}
	if after, err := os.ReadFile(j.Path()); err != nil || len(after) != len(before) {
		return fmt.Errorf("the intent wrote %d bytes, %w", len(after)-len(before), err)
	}
	if err := os.Remove(filepath.Join(dir, "..", "state")); err != nil {
		return err
	}
	if _, err := j.Append(intent()); err != nil {
		return fmt.Errorf("intent with room again: %w", err)
	}
	if err := j.Close(); err != nil {
		return err
	}
	v, err := Verify(j.Path())
	if err != nil || !v.Intact {
		return fmt.Errorf("%v, %w", v.Faults, err)
	}
	all, err := Read(j.Path())
	if err != nil {
		return err
	}
	var b OutcomeBody
	for _, r := range all {
		if r.Kind == KindOutcome {
			if err := json.Unmarshal(r.Body, &b); err != nil {
				return err
			}
		}
	}
	if b.Intent != i.Seq || b.Result != "ok" {
		return fmt.Errorf("the outcome is %+v", b)
	}
	fmt.Printf("%d bytes filled the disk, %d records are there\n", filled, len(all))
	return nil
}

// fill writes a file until the disk is full.
func fill(path string) (int, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	block := make([]byte, 4096)
	for n := 0; ; n += len(block) {
		if _, err := f.Write(block); isNoRoom(err) {
			return n, nil
		} else if err != nil {
			return n, err
		}
	}
}
