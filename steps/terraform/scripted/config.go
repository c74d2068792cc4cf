package scripted

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A block is a resource of the configuration.
type block struct {
	Address string
	Input   string
	After   []string // addresses that it depends on
}

var (
	resourceLine = regexp.MustCompile(`^resource "(\w+)" "(\w+)" \{\s*\}?$`)
	inputLine    = regexp.MustCompile(`^\s+input\s*=\s*"([^"$]*)"$`)
	afterLine    = regexp.MustCompile(`^\s+depends_on\s*=\s*\[(.*)\]$`)
	backendLine  = regexp.MustCompile(`^\s*backend "(\w+)" \{\s*\}$`)
)

// configuration reads the files of this folder, sorted by address. It knows a few
// lines of the language and refuses resources of other types; the rest it does
// not look at.
func configuration() (blocks []block, backend string, err error) {
	files, err := filepath.Glob("*.tf")
	if err != nil {
		return nil, "", err
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			return nil, "", err
		}
		for line := range strings.SplitSeq(string(raw), "\n") {
			if m := backendLine.FindStringSubmatch(line); m != nil {
				backend = m[1]
			}
			if m := resourceLine.FindStringSubmatch(line); m != nil {
				if m[1] != "terraform_data" {
					return nil, "", fmt.Errorf("the scripted Terraform knows no %s", m[1])
				}
				blocks = append(blocks, block{Address: m[1] + "." + m[2]})
			}
			if len(blocks) == 0 {
				continue
			}
			last := &blocks[len(blocks)-1]
			if m := inputLine.FindStringSubmatch(line); m != nil {
				last.Input = m[1]
			}
			if m := afterLine.FindStringSubmatch(line); m != nil {
				for a := range strings.SplitSeq(m[1], ",") {
					last.After = append(last.After, strings.TrimSpace(a))
				}
			}
		}
	}
	slices.SortFunc(blocks, func(a, b block) int { return strings.Compare(a.Address, b.Address) })
	return blocks, backend, nil
}

// A backendFile is what init takes down in the data folder, in Terraform's format.
type backendFile struct {
	Version   int    `json:"version"`
	Terraform string `json:"terraform_version"`
	Backend   struct {
		Type   string `json:"type"`
		Config struct {
			Path      *string `json:"path"`
			Workspace *string `json:"workspace_dir"`
		} `json:"config"`
		Hash int64 `json:"hash"`
	} `json:"backend"`
}

func (f *backendFile) set(name, value string) {
	switch name {
	case "path":
		f.Backend.Config.Path = &value
	case "workspace_dir":
		f.Backend.Config.Workspace = &value
	}
}

func dataDir() string {
	if d := os.Getenv("TF_DATA_DIR"); d != "" {
		return d
	}
	return ".terraform"
}

func (c *call) init() int {
	_, kind, err := configuration()
	if err != nil {
		return failed(err)
	}
	f := backendFile{Version: 3, Terraform: version}
	if f.Backend.Type = kind; kind != "local" {
		return failed(fmt.Errorf("the scripted Terraform knows no backend %q", kind))
	}
	for _, b := range c.many["backend-config"] {
		name, value, ok := strings.Cut(b, "=")
		if !ok {
			raw, err := os.ReadFile(b)
			if err != nil {
				return failed(err)
			}
			for line := range strings.SplitSeq(strings.TrimSpace(string(raw)), "\n") {
				if name, value, ok = strings.Cut(line, "="); ok {
					f.set(strings.TrimSpace(name), strings.Trim(strings.TrimSpace(value), `"`))
				}
			}
			continue
		}
		f.set(name, value)
	}
	raw, err := json.MarshalIndent(f, "", "  ")
	if err == nil {
		err = os.MkdirAll(dataDir(), 0o777)
	}
	if err == nil {
		err = replace(filepath.Join(dataDir(), "terraform.tfstate"), raw)
	}
	if err != nil {
		return failed(err)
	}
	fmt.Print("\nTerraform has been successfully initialized!\n")
	return 0
}

func readBackend() (b backendFile, err error) {
	raw, err := os.ReadFile(filepath.Join(dataDir(), "terraform.tfstate"))
	if errors.Is(err, fs.ErrNotExist) {
		return b, errNotInitialised
	}
	if err == nil {
		err = json.Unmarshal(raw, &b)
	}
	return b, err
}

// words are an error as Terraform says it.
type words string

func (w words) Error() string { return string(w) }

const errNotInitialised = words("Backend initialization required, please run \"terraform init\"")

// statePath is where the state of the workspace is.
func (c *call) statePath() (string, error) {
	b, err := readBackend()
	if err != nil {
		return "", err
	}
	if ws := c.workspace(); ws != "default" {
		return filepath.Join(workspaceDir(b), ws, "terraform.tfstate"), nil
	}
	if p := b.Backend.Config.Path; p != nil {
		return *p, nil
	}
	return "terraform.tfstate", nil
}

func workspaceDir(b backendFile) string {
	if d := b.Backend.Config.Workspace; d != nil {
		return *d
	}
	return "terraform.tfstate.d"
}

func (c *call) workspace() string {
	raw, err := os.ReadFile(filepath.Join(dataDir(), "environment"))
	if ws := strings.TrimSpace(string(raw)); err == nil && ws != "" {
		return ws
	}
	return "default"
}

func (c *call) selectWorkspace() int {
	b, err := readBackend()
	if err != nil {
		return failed(err)
	}
	name := c.args[0]
	if _, err := os.Stat(filepath.Join(workspaceDir(b), name)); name != "default" && err != nil {
		return complain("Workspace %q doesn't exist.\n\nYou can create this workspace with the \"new\" subcommand", name)
	}
	if err := replace(filepath.Join(dataDir(), "environment"), []byte(name)); err != nil {
		return failed(err)
	}
	return 0
}

func (c *call) listWorkspaces() int {
	b, err := readBackend()
	if err != nil {
		return failed(err)
	}
	names := []string{"default"}
	entries, err := os.ReadDir(workspaceDir(b))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failed(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	for _, n := range names {
		mark := " "
		if n == c.workspace() {
			mark = "*"
		}
		fmt.Printf("%s %s\n", mark, n)
	}
	return 0
}
