package scripted

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// The files in the folder of a program.
const (
	scriptFile  = "script"
	effectsFile = "effects"
	callsFile   = "calls"
	signalsFile = "signals"
	waitingFile = "waiting"
	goFile      = "go"
	orphanFile  = "orphan"
	orphanGo    = "orphan-go"
)

// A Program is one scripted Terraform in a folder of its own.
type Program struct {
	Folder string
	Path   string
}

var build struct {
	sync.Once
	path string
	err  error
}

// built builds the program, once in this process.
func built() (string, error) {
	build.Do(func() {
		dir, err := os.MkdirTemp("", "scripted-terraform-")
		if err != nil {
			build.err = err
			return
		}
		build.path = filepath.Join(dir, "terraform")
		cmd := exec.Command("go", "build", "-buildvcs=false", "-o", build.path, "lockstep/steps/terraform/scripted/terraform")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			build.err = fmt.Errorf("build the scripted Terraform: %w\n%s", err, out)
		}
	})
	return build.path, build.err
}

// Clean removes what this process built. TestMain calls it at the end.
func Clean() {
	if build.path != "" {
		_ = os.RemoveAll(filepath.Dir(build.path))
	}
}

// Install puts a scripted Terraform into a folder, which has to be there, to do
// what the script says.
func Install(folder string, s Script) (*Program, error) {
	from, err := built()
	if err != nil {
		return nil, err
	}
	p := &Program{Folder: folder, Path: filepath.Join(folder, "terraform")}
	// The folder is found from the path, so every one has a file of its own. It is
	// no hard link: to make one changes the file that others are being held to.
	if err := copyProgram(from, p.Path); err != nil {
		return nil, err
	}
	return p, p.Set(s)
}

func copyProgram(from, to string) error {
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	// A process that is forked now would hold the file open for writing, and a
	// program that is open for writing cannot be started.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(to, raw, 0o700)
}

// Set changes what the program does from its next call on.
func (p *Program) Set(s Script) error {
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return replace(filepath.Join(p.Folder, scriptFile), raw)
}

// Go lets an apply that waits go on, now and later.
func (p *Program) Go() error { return os.WriteFile(filepath.Join(p.Folder, goFile), nil, 0o600) }

// Waiting reports whether an apply waits, or did.
func (p *Program) Waiting() bool {
	_, err := os.Stat(filepath.Join(p.Folder, waitingFile))
	return err == nil
}

// An Effect is one change of a resource that happened.
type Effect struct{ Plan, Address, Action, Input string }

// Effects returns what happened, in order.
func (p *Program) Effects() ([]Effect, error) {
	var out []Effect
	lines, err := p.lines(effectsFile)
	for _, l := range lines {
		f := strings.SplitN(l, " ", 4)
		if len(f) != 4 {
			return nil, fmt.Errorf("%q is no effect", l)
		}
		out = append(out, Effect{f[0], f[1], f[2], f[3]})
	}
	return out, err
}

// Calls returns the arguments of every call, in order.
func (p *Program) Calls() ([]string, error) { return p.lines(callsFile) }

// Applies counts the calls of apply.
func (p *Program) Applies() (n int, err error) {
	calls, err := p.Calls()
	for _, c := range calls {
		if strings.HasPrefix(c, "apply ") {
			n++
		}
	}
	return n, err
}

// Signals returns the names of the signals that came, each with the verb that
// was running: "apply interrupt".
func (p *Program) Signals() ([]string, error) {
	lines, err := p.lines(signalsFile)
	for i, l := range lines {
		_, lines[i], _ = strings.Cut(l, " ") // the time comes first
	}
	return lines, err
}

// ReleaseOrphan lets the process end that outlived its apply, and returns its id;
// 0 when there was none.
func (p *Program) ReleaseOrphan() (pid int, err error) {
	raw, err := os.ReadFile(filepath.Join(p.Folder, orphanFile))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if pid, err = strconv.Atoi(string(raw)); err != nil {
		return 0, err
	}
	return pid, os.WriteFile(filepath.Join(p.Folder, orphanGo), nil, 0o600)
}

func (p *Program) lines(name string) ([]string, error) {
	raw, err := os.ReadFile(filepath.Join(p.Folder, name))
	if errors.Is(err, os.ErrNotExist) || len(raw) == 0 {
		return nil, nil
	}
	return strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n"), err
}

// replace writes a file as a whole or not at all.
func replace(path string, raw []byte) error {
	next := path + "." + strconv.Itoa(os.Getpid())
	if err := os.WriteFile(next, raw, 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}
