package scripted

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A state is what Terraform keeps, in its format 4.
type state struct {
	Version   int             `json:"version"`
	Terraform string          `json:"terraform_version"`
	Serial    int64           `json:"serial"`
	Lineage   string          `json:"lineage"`
	Outputs   struct{}        `json:"outputs"`
	Resources []stateResource `json:"resources"`
	Checks    any             `json:"check_results"`
}

type stateResource struct {
	Mode      string     `json:"mode"`
	Type      string     `json:"type"`
	Name      string     `json:"name"`
	Provider  string     `json:"provider"`
	Instances []instance `json:"instances"`
}

type instance struct {
	Status     string `json:"status,omitempty"`
	Schema     int    `json:"schema_version"`
	Attributes struct {
		ID      string `json:"id"`
		Input   *value `json:"input"`
		Output  *value `json:"output"`
		Trigger any    `json:"triggers_replace"`
	} `json:"attributes"`
	Sensitive    []any    `json:"sensitive_attributes"`
	Dependencies []string `json:"dependencies,omitempty"`
}

type value struct {
	Value string `json:"value"`
	Type  string `json:"type"`
}

func newState() *state {
	return &state{Version: 4, Terraform: version, Resources: []stateResource{}}
}

// find returns the object at an address, or nil.
func (s *state) find(address string) *instance {
	for i := range s.Resources {
		if r := &s.Resources[i]; r.Type+"."+r.Name == address {
			return &r.Instances[0]
		}
	}
	return nil
}

func (s *state) drop(address string) {
	for i, r := range s.Resources {
		if r.Type+"."+r.Name == address {
			s.Resources = append(s.Resources[:i], s.Resources[i+1:]...)
			return
		}
	}
}

// put adds an object, in the order of addresses.
func (s *state) put(address string) *instance {
	if i := s.find(address); i != nil {
		return i
	}
	kind, name, _ := strings.Cut(address, ".")
	at := 0
	for at < len(s.Resources) && s.Resources[at].Type+"."+s.Resources[at].Name < address {
		at++
	}
	s.Resources = append(s.Resources[:at], append([]stateResource{{
		Mode: "managed", Type: kind, Name: name, Provider: `provider["terraform.io/builtin/terraform"]`,
		Instances: []instance{{Sensitive: []any{}}},
	}}, s.Resources[at:]...)...)
	return &s.Resources[at].Instances[0]
}

func (s *state) encode() []byte {
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(err) // there is nothing in it that cannot be encoded
	}
	return append(raw, '\n')
}

// readState returns the state, a new one when there is none.
func (c *call) readState() (*state, error) {
	path, err := c.statePath()
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(raw) == 0 {
		return newState(), nil
	}
	s := newState()
	if err == nil {
		err = json.Unmarshal(raw, s)
	}
	return s, err
}

// save writes the state with the next serial.
func (c *call) save(s *state) error {
	path, err := c.statePath()
	if err != nil {
		return err
	}
	if s.Lineage == "" {
		s.Lineage = newID()
	}
	s.Serial++
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return replace(path, s.encode())
}

func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (c *call) pull() int {
	path, err := c.statePath()
	if err != nil {
		return failed(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failed(err)
	}
	fmt.Println(string(raw))
	return 0
}

func (c *call) push() int {
	raw, err := os.ReadFile(c.args[0])
	if err != nil {
		return failed(err)
	}
	given := newState()
	if err := json.Unmarshal(raw, given); err != nil {
		return complain("Error reading source state %q: %v", c.args[0], err)
	}
	now, err := c.readState()
	if err != nil {
		return failed(err)
	}
	_, forced := c.flags["force"]
	switch {
	case forced || now.Lineage == "":
	case now.Lineage != given.Lineage:
		return complain("Failed to write state: cannot import state with lineage %q over unrelated state with lineage %q", given.Lineage, now.Lineage)
	case given.Serial < now.Serial:
		return complain("Failed to write state: cannot import state with serial %d over newer state with serial %d", given.Serial, now.Serial)
	}
	if given.Serial <= now.Serial && string(given.encode()) == string(now.encode()) {
		return 0
	}
	given.Serial = max(given.Serial, now.Serial) // save counts on
	if err := c.save(given); err != nil {
		return failed(err)
	}
	return 0
}

// A lockInfo is what stands in a lock file.
type lockInfo struct {
	ID        string
	Operation string
	Info      string
	Who       string
	Version   string
	Created   time.Time
	Path      string
}

func (c *call) lockPath() (string, error) {
	path, err := c.statePath()
	if err != nil {
		return "", err
	}
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock.info"), nil
}

// lock takes the lock, or returns who has it. release is nil then.
func (c *call) lock(operation string) (release func(), held *lockInfo, err error) {
	path, err := c.lockPath()
	if err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, nil, err
	}
	if c.script.Scenario == LockHeld && operation == "OperationTypeApply" {
		return nil, &lockInfo{ID: "5eaf00d0-0000-4000-8000-000000000000", Operation: operation, Who: "bob@elsewhere", Version: version, Created: time.Now().UTC()}, nil
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, err
	}
	taken := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil
	info, err := f.Stat()
	if named, nerr := os.Stat(path); err == nil && !taken && (nerr != nil || !os.SameFile(info, named)) {
		f.Close()
		return c.lock(operation) // its holder has just removed it
	}
	if err == nil && (taken || c.script.Strands && info.Size() > 0) {
		var there lockInfo
		// It may be empty, when it is just being written.
		_ = json.NewDecoder(f).Decode(&there)
		f.Close()
		return nil, &there, nil
	}
	statePath, _ := c.statePath()
	raw, err := json.Marshal(lockInfo{ID: newID(), Operation: operation, Who: who(), Version: version, Created: time.Now().UTC(), Path: statePath})
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt(raw, 0)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return func() {
		_ = os.Remove(path)
		f.Close()
	}, nil, nil
}

func who() string {
	host, _ := os.Hostname()
	if u, err := user.Current(); err == nil {
		return u.Username + "@" + host
	}
	return "unknown@" + host
}

// detail is how Terraform describes who holds the lock.
func (l *lockInfo) detail() string {
	return fmt.Sprintf("Error message: resource temporarily unavailable\nLock Info:\n  ID:        %s\n  Path:      %s\n  Operation: %s\n  Who:       %s\n  Version:   %s\n  Created:   %s\n  Info:      %s\n\n\nTerraform acquires a state lock to protect the state from being written\nby multiple users at the same time. Please resolve the issue above and try\nagain. For most commands, you can disable locking with the \"-lock=false\"\nflag, but this is not recommended.",
		l.ID, l.Path, l.Operation, l.Who, l.Version, l.Created, l.Info)
}

func (c *call) unlock() int {
	path, err := c.lockPath()
	if err != nil {
		return failed(err)
	}
	var there lockInfo
	raw, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(raw, &there)
	}
	switch {
	case err != nil:
		return complain("Failed to unlock state: LocalState not locked")
	case len(c.args) == 0 || there.ID != c.args[0]:
		return complain("Failed to unlock state: lock id %q does not match existing lock", c.args)
	}
	if err := os.Remove(path); err != nil {
		return failed(err)
	}
	fmt.Println("Terraform state has been successfully unlocked!")
	return 0
}
