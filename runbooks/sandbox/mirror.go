package sandbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"lockstep/runbooks/sandbox/provider"
)

// installProvider puts the executable into a filesystem mirror under the name
// of the provider, and tells Terraform in a configuration file of its own to look
// nowhere else. Terraform accepts the mirror without a lock file in the
// repository, since what it finds there is what it will run.
func (s *Sandbox) installProvider() error {
	mirror := filepath.Join(s.o.Dir, "mirror")
	target := filepath.Join(mirror, filepath.FromSlash(provider.Source), provider.Version, runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	if err := place(s.o.Executable, filepath.Join(target, provider.FileName)); err != nil {
		return fmt.Errorf("install the provider: %w", err)
	}
	config := fmt.Sprintf("disable_checkpoint = true\n\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror)
	return os.WriteFile(s.cliConfig(), []byte(config), 0o644)
}

func (s *Sandbox) cliConfig() string { return filepath.Join(s.o.Dir, "terraform.tfrc") }

// place makes another name for a program. A hard link costs nothing and, unlike
// a symbolic one, survives the removal of what "go run" built; where there can be
// none, as between file systems, the program is copied.
func place(from, to string) error {
	from, err := filepath.EvalSymlinks(from)
	if err != nil {
		return err
	}
	if os.Link(from, to) == nil {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
