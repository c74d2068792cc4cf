package keep

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFront_isMerelyTheProgramForWhatOnlyReads(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	c := p.front(t, "say", "plan")
	c.Args[1] = "plan"
	out, err := c.Output()
	if c.ProcessState.ExitCode() != 3 || string(out) != "plan\n" {
		t.Errorf("%q %v", out, err)
	}
	if _, err := os.Stat(filepath.Join(p.folder, claimFile)); !os.IsNotExist(err) {
		t.Errorf("the job was claimed: %v", err)
	}
	// The same front may apply afterwards, once.
	for i, want := range []int{3, failed} {
		c := exec.Command(filepath.Join(p.folder, "terraform"), "apply")
		c.Dir = p.dir
		if err := c.Run(); c.ProcessState == nil || c.ProcessState.ExitCode() != want {
			t.Errorf("call %d: %v", i, err)
		}
	}
	if n := p.effects(); n != 2 {
		t.Errorf("%d effects", n)
	}
}

func TestHasEffect_knowsTheVerbs(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"apply -no-color p": true, "-chdir=x destroy": true, "state push -force f": true, "force-unlock -force id": true,
		"plan -out=p": false, "version -json": false, "state pull": false, "show -json p": false, "": false, "init": false, "output apply": false,
	} {
		if got := hasEffect(strings.Fields(line)); got != want {
			t.Errorf("%q: %t", line, got)
		}
	}
}

func TestFront_copiesOutputAndExitCode(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	c := p.front(t, "say", "applied")
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if c.ProcessState.ExitCode() != 3 || string(out) != "applied\n" || errs.String() != "on the other side\n" {
		t.Errorf("%q %q %v", out, errs.String(), err)
	}
	if s, _, _ := follow(t, p); s.Phase != Ended || s.Exit != 3 {
		t.Errorf("%+v", s)
	}
}

func TestFront_needsServe(t *testing.T) {
	served = false
	defer func() { served = true }()
	if _, err := Front(filepath.Join(t.TempDir(), "x"), "/bin/true"); !errors.Is(err, errNotServed) {
		t.Errorf("got %v", err)
	}
	if err := Start(filepath.Join(t.TempDir(), "x"), Job{Program: "/bin/true"}); !errors.Is(err, errNotServed) {
		t.Errorf("got %v", err)
	}
}

func TestLinkName_isNoFileOfAJob(t *testing.T) {
	t.Parallel()
	if linkName("/usr/bin/terraform") != "terraform" || slices.Contains([]string{"rc"}, linkName("/x/rc")) {
		t.Error(linkName("/x/rc"))
	}
}
