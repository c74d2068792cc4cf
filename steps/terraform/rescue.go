package terraform

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

func erroredPath(dir string) string { return filepath.Join(dir, "errored.tfstate") }

// rescueState copies the state that Terraform left in dir because it could not
// save it, to a folder that outlives the run. It returns "" when there is none.
func (s *session) rescueState(dir string) (kept string, err error) {
	in, err := os.Open(erroredPath(dir))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer in.Close()
	folder, err := s.rescueFolder()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	name := fmt.Sprintf("%s-%s-errored.tfstate", time.Now().UTC().Format("20060102T150405.000000000"), filepath.Base(s.run.ID))
	path := filepath.Join(folder, name)
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return "", err
	}
	return path, nil
}

func (s *session) rescueFolder() (string, error) {
	if s.deps.Rescue != "" {
		return s.deps.Rescue, nil
	}
	if x := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(x) {
		return filepath.Join(x, "lockstep", "rescued"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".local", "state", "lockstep", "rescued"), nil
}
