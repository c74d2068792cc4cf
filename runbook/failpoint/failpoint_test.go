package failpoint

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// walkEnv makes the test binary pass points and say each one.
const walkEnv = "LOCKSTEP_TEST_FAILPOINT_WALK"

func TestMain(m *testing.M) {
	if points := os.Getenv(walkEnv); points != "" {
		for _, name := range strings.Split(points, " ") {
			err := Hit(name)
			fmt.Println(name, err)
		}
		return
	}
	os.Exit(m.Run())
}

// walk is the command of a process that passes points.
func walk(t *testing.T, rules, points string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(slices.Concat(os.Environ(), env), walkEnv+"="+points, Variable+"="+rules)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestParse_leavesOutWhatIsNoRule(t *testing.T) {
	for s, want := range map[string][]rule{
		"":                            nil,
		"a":                           nil,
		"a:kill":                      {{"a", "kill", 0}},
		"a.b:error@3,*:pause@7":       {{"a.b", "error", 3}, {"*", "pause", 7}},
		"a:kill@x,b:kill@,c:error@12": {{"c", "error", 12}},
	} {
		if got := parse(s); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestHit_failsWhereAndWhenItIsTold(t *testing.T) {
	for _, c := range []struct{ rules, points, want string }{
		{"", "a b", "a <nil>|b <nil>"},
		{"b:error", "a b b", "a <nil>|b failpoint|b failpoint"},
		{"a:error@2", "a a a", "a <nil>|a failpoint|a <nil>"},
		{"*:error@3", "a b c d", "a <nil>|b <nil>|c failpoint|d <nil>"},
		{"a:error,c:error", "a b c", "a failpoint|b <nil>|c failpoint"},
		{"a:nonsense", "a", "a <nil>"},
		{"c:kill@2", "c a c b", "c <nil>|a <nil>"},
		{"*:kill@1", "a", ""},
	} {
		cmd := walk(t, c.rules, c.points)
		out, err := cmd.Output()
		if got := strings.ReplaceAll(strings.TrimSpace(string(out)), "\n", "|"); got != c.want {
			t.Errorf("%q: %s", c.rules, got)
		}
		killed := strings.Contains(c.rules, "kill")
		var exit *exec.ExitError
		if errors.As(err, &exit) != killed {
			t.Errorf("%q: %v", c.rules, err)
		}
		if killed && cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Errorf("%q: %v", c.rules, cmd.ProcessState)
		}
	}
}

func TestHit_pausesUntilItIsContinued(t *testing.T) {
	cmd := walk(t, "b:pause", "a b c")
	var out strings.Builder
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	var st syscall.WaitStatus
	if _, err := syscall.Wait4(cmd.Process.Pid, &st, syscall.WUNTRACED, nil); err != nil || !st.Stopped() {
		t.Fatalf("%v, %v", st, err)
	}
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "a <nil>\nb <nil>\nc <nil>\n" {
		t.Errorf("%q", got)
	}
}

func TestHit_tracesWhatIsPassed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trace")
	if err := walk(t, "c:kill", "a b c d", TraceVariable+"="+path).Run(); err == nil {
		t.Error("it was not killed")
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != "a\nb\nc\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestHit_doesNothingWithoutTheVariable(t *testing.T) {
	if err := Hit("a"); err != nil || len(passed) > 0 {
		t.Errorf("%v, %v", err, passed)
	}
}
