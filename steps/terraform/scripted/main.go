package scripted

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// version is the Terraform that this one is like, and tooOld one that Lockstep
// does not take.
const (
	version = "1.11.4"
	tooOld  = "1.5.7"
)

// A call is one invocation of the program.
type call struct {
	script Script
	folder string            // of the program
	verb   []string          // such as "state", "pull"
	flags  map[string]string // by name without dashes; the last one counts
	many   map[string][]string
	args   []string // what is no flag
}

// verbs are the commands, longest first.
var verbs = [][]string{
	{"state", "pull"},
	{"state", "push"},
	{"workspace", "select"},
	{"workspace", "list"},
	{"workspace", "show"},
	{"version"},
	{"init"},
	{"plan"},
	{"show"},
	{"graph"},
	{"apply"},
	{"force-unlock"},
}

// Main is the program. args[0] is its name. It returns the exit code.
func Main(args []string) int {
	self, err := os.Executable()
	if err != nil {
		return failed(err)
	}
	c := call{folder: filepath.Dir(self), flags: map[string]string{}, many: map[string][]string{}}
	if len(args) > 1 && args[1] == orphanFile {
		return c.orphan()
	}
	raw, err := os.ReadFile(c.path(scriptFile))
	if err == nil {
		err = json.Unmarshal(raw, &c.script)
	}
	if err != nil {
		return failed(fmt.Errorf("there is no script: %w", err))
	}
	if err := c.parse(args[1:]); err != nil {
		return failed(err)
	}
	if err := c.log(callsFile, strings.Join(args[1:], " ")); err != nil {
		return failed(err)
	}
	return c.run()
}

func (c *call) run() int {
	switch strings.Join(c.verb, " ") {
	case "version":
		fmt.Printf("{\"terraform_version\":%q,\"platform\":\"linux_amd64\",\"provider_selections\":{},\"terraform_outdated\":false}\n", c.version())
		return 0
	case "init":
		return c.init()
	case "workspace select":
		return c.selectWorkspace()
	case "workspace show":
		fmt.Println(c.workspace())
		return 0
	case "workspace list":
		return c.listWorkspaces()
	case "plan":
		return c.plan()
	case "show":
		return c.show()
	case "graph":
		return c.graph()
	case "state pull":
		return c.pull()
	case "state push":
		return c.push()
	case "force-unlock":
		return c.unlock()
	}
	return c.apply()
}

func (c *call) parse(args []string) error {
	for _, v := range verbs {
		if len(args) >= len(v) && strings.Join(args[:len(v)], " ") == strings.Join(v, " ") {
			c.verb, args = v, args[len(v):]
			break
		}
	}
	if c.verb == nil {
		return fmt.Errorf("there is no command %q", args)
	}
	for _, a := range args {
		flag, ok := strings.CutPrefix(a, "-")
		if !ok {
			c.args = append(c.args, a)
			continue
		}
		name, value, _ := strings.Cut(strings.TrimPrefix(flag, "-"), "=")
		c.flags[name] = value
		c.many[name] = append(c.many[name], value)
	}
	return nil
}

func (c *call) version() string {
	if c.script.Scenario == WrongVersion {
		return tooOld
	}
	return version
}

func (c *call) path(name string) string { return filepath.Join(c.folder, name) }

// log adds a line to a file of the folder. Several processes may do so at once.
func (c *call) log(name, line string) error {
	f, err := os.OpenFile(c.path(name), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(strings.ReplaceAll(line, "\n", " ") + "\n"); err != nil {
		return err
	}
	return f.Close()
}

// failed prints an error as Terraform does outside of -json.
func failed(err error) int {
	fmt.Fprintf(os.Stderr, "\nError: %s\n\n", err)
	return 1
}

// complain prints words that Terraform says without a frame around them.
func complain(format string, args ...any) int {
	fmt.Fprintf(os.Stderr, "\n"+format+"\n", args...)
	return 1
}

// orphan is the process that outlives its apply.
func (c *call) orphan() int {
	for {
		if _, err := os.Stat(c.path(orphanGo)); err == nil {
			return 0
		}
		if _, err := os.Stat(c.folder); err != nil {
			return 0 // the test is over, and its folder is gone
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// leaveOrphan starts a process that holds standard output and does not end with
// this one.
func (c *call) leaveOrphan() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	p, err := os.StartProcess(self, []string{self, orphanFile}, &os.ProcAttr{
		Files: []*os.File{nil, os.Stdout, os.Stderr}, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return err
	}
	return replace(c.path(orphanFile), fmt.Append(nil, p.Pid))
}
