package terraform

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"lockstep/runbook/engine"
	"lockstep/runbook/failpoint"
	"lockstep/runbook/safe"
	"lockstep/steps/terraform/cli"
	"lockstep/steps/terraform/planfile"
)

// A stateCopy is the state as it was right before an apply. It holds secrets.
type stateCopy struct {
	path   string // "" when there was no state yet
	digest string // of the copied bytes; "" when there was no state yet
	size   int
	id     planfile.StateID
}

// copyState keeps the state that a plan was made from. It is on the disk when
// there is no error. A local state is truncated before it is written, so an apply
// that dies at the wrong moment leaves none.
func (s *session) copyState(ctx context.Context, p *saved) (stateCopy, error) {
	if err := failpoint.Hit("state.copy"); err != nil {
		return stateCopy{}, fmt.Errorf("copy the state: %w", err)
	}
	raw, err := p.work.root.PullState(ctx)
	if err != nil {
		return stateCopy{}, err
	}
	c := stateCopy{size: len(raw)}
	if c.id, err = cli.StateID(raw); err != nil {
		return c, err
	}
	if c.id.Lineage != p.model.Lineage || c.id.Serial != p.model.Serial {
		return c, stale(fmt.Sprintf("the state moved from serial %d to %d after the plan was made: somebody else applied something", p.model.Serial, c.id.Serial))
	}
	if c.digest = digestOf(raw); c.digest == "" {
		return c, nil
	}
	folder, err := s.copies()
	if err != nil {
		return c, fmt.Errorf("make a folder for the copy of the state: %w", err)
	}
	// An earlier process of this run may have left some.
	for n := 1; c.path == ""; n++ {
		at := filepath.Join(folder, fmt.Sprintf("before-%s-serial-%d.tfstate", strconv.Itoa(n), c.id.Serial))
		switch err := writeWhole(at, []byte(raw)); {
		case err == nil:
			c.path = at
		case !errors.Is(err, os.ErrExist):
			return c, fmt.Errorf("copy the state: %w", err)
		}
	}
	return c, nil
}

// digestOf returns the SHA-256 of a state, and "" for none.
func digestOf(raw string) string {
	if raw == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(raw))
	return hex.EncodeToString(sum[:])
}

// record puts into the facts of an intent what was copied.
func (c stateCopy) record(facts map[string]any) {
	facts["state_copy"], facts["state"], facts["state_size"] = c.path, c.digest, c.size
	facts["lineage"], facts["serial"] = safe.Show(c.id.Lineage).String(), c.id.Serial
}

// copies returns the folder for the copies of this run, made when needed.
func (s *session) copies() (string, error) {
	folder, err := stateFolder(s.deps.States, "states")
	if err != nil {
		return "", err
	}
	folder = filepath.Join(folder, filepath.Base(s.run.ID))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	return folder, syncFolder(filepath.Dir(folder))
}

// settleCopies removes the copies that are not needed any more after an apply
// that ended well, all but its own, or that never started, its own. After any
// other end it says where the copy is.
func (s *session) settleCopies(op teller, c stateCopy, started, well bool) {
	var err error
	switch {
	case c.path == "":
	case !started:
		err = os.Remove(c.path)
	case !well:
		op.Tell(engine.Warned{Text: safe.Sprintf("until the run is closed, the state as it was before is kept, with its secrets, in %s", c.path)})
	}
	if well {
		err = s.forgetCopies(c.path)
	}
	if err != nil {
		op.Tell(engine.Warned{Text: safe.Sprintf("a copy of the state could not be removed, and holds secrets: %v", err)})
	}
}

// forgetCopies removes the copies of this run but one.
func (s *session) forgetCopies(keep string) error {
	folder, err := s.copies()
	if err != nil {
		return err
	}
	all, err := filepath.Glob(filepath.Join(folder, "*.tfstate"))
	for _, path := range all {
		if path != keep {
			err = errors.Join(err, os.Remove(path))
		}
	}
	return err
}

// CloseRun removes the copies of the state of a run that is closed: how each of its
// applies ended is known then. While that is not known they are kept, and it
// returns where.
func CloseRun(states, run string, result engine.Result) (kept string, err error) {
	folder, err := stateFolder(states, "states")
	if err != nil {
		return "", err
	}
	folder = filepath.Join(folder, filepath.Base(run))
	if result != engine.Unknown {
		return "", os.RemoveAll(folder)
	}
	left, err := filepath.Glob(filepath.Join(folder, "*.tfstate"))
	if len(left) == 0 {
		return "", errors.Join(err, os.RemoveAll(folder))
	}
	return folder, err
}

// stateFolder returns a folder for states: the one that was asked for, or else
// one of Lockstep's own below the user's state folder.
func stateFolder(asked, name string) (string, error) {
	if asked != "" {
		return asked, nil
	}
	if x := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(x) {
		return filepath.Join(x, "lockstep", name), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".local", "state", "lockstep", name), nil
}
