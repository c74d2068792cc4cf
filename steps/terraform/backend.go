package terraform

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"lockstep/runbook/engine"
)

// A backend is where the state is, as an initialised folder knows it.
type backend struct {
	Type   string `json:"type"` // "" when there is none
	Config struct {
		Path      string `json:"path"`
		Workspace string `json:"workspace_dir"`
	} `json:"config"`
}

// backendOf reads what init took down.
func backendOf(dataDir string) (backend, error) {
	var f struct {
		Backend backend `json:"backend"`
	}
	raw, err := os.ReadFile(filepath.Join(dataDir, "terraform.tfstate"))
	if errors.Is(err, os.ErrNotExist) {
		return backend{}, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &f)
	}
	if err != nil {
		return backend{}, fmt.Errorf("look at the backend: %w", err)
	}
	return f.Backend, nil
}

// refuseLocalState says no to a state that lies in the checkout. The checkout is
// made for this run and goes with it, so Terraform would find no state, plan to
// create everything anew, and lose what it did.
func refuseLocalState(dataDir, base, workspace string) error {
	b, err := backendOf(dataDir)
	if err != nil {
		return err
	}
	path, key := b.Config.Path, "path"
	if workspace != "" && workspace != "default" {
		path, key = b.Config.Workspace, "workspace_dir"
	}
	switch {
	case b.Type == "":
		return &engine.Problem{
			Err:  errors.New("the configuration has no backend, so the state would lie in the checkout and be lost with it"),
			Hint: `Add a backend block; for a local state, backend "local" {} with an absolute path in terraform.backend of the environment.`,
		}
	case b.Type != "local":
		return nil
	case !filepath.IsAbs(path), strings.HasPrefix(filepath.Clean(path)+"/", filepath.Clean(base)+"/"):
		return &engine.Problem{
			Err:  fmt.Errorf("the backend keeps the state in the checkout (%s is not an absolute path outside of it), where it would be lost", key),
			Hint: fmt.Sprintf("Set %s to an absolute path in terraform.backend of the environment.", key),
		}
	}
	return nil
}
