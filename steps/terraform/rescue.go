package terraform

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// rescueStamp is how the name of a rescued state starts.
const rescueStamp = "20060102T150405.000000000"

func erroredPath(dir string) string { return filepath.Join(dir, "errored.tfstate") }

// rescueState saves the state that Terraform could not, in a folder that outlives
// the run: the one it printed, or else the file it left in dir. It returns "" when
// there is neither. The disk that Terraform could not write to may be the one the
// first folder is on, so there is a second one.
func (s *session) rescueState(dir string, printed []byte) (kept string, err error) {
	state := printed
	if len(state) == 0 {
		state, err = os.ReadFile(erroredPath(dir))
		switch {
		case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.EISDIR):
			return "", nil
		case err != nil:
			return "", err
		}
	}
	name := fmt.Sprintf("%s-%s-errored.tfstate", time.Now().UTC().Format(rescueStamp), filepath.Base(s.run.ID))
	var errs []error
	for _, folder := range []func() (string, error){s.rescueFolder, temporaryFolder} {
		at, err := folder()
		if err == nil {
			kept, err = filepath.Join(at, name), writeWhole(filepath.Join(at, name), state)
		}
		if err == nil {
			return kept, nil
		}
		errs = append(errs, err)
	}
	return "", errors.Join(errs...)
}

// writeWhole writes a new file that only this user can read, whole and durable or
// not at all.
func writeWhole(path string, state []byte) error {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(state)
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes durable that a file is in a folder.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func temporaryFolder() (string, error) { return os.MkdirTemp("", "lockstep-rescued-") }

// rescueFolder returns the folder for rescued states, made when needed.
func (s *session) rescueFolder() (string, error) {
	folder, err := stateFolder(s.deps.Rescue, "rescued")
	if err != nil {
		return "", err
	}
	return folder, os.MkdirAll(folder, 0o700)
}

// onlyCopy says why the folder with a state must stay.
func onlyCopy(path string) safe.Text { return safe.Sprintf("%s is the only copy of the state", path) }

// rescue saves a state that Terraform could not save, and adds to the error
// where it is.
func (w *work) rescue(end engine.Ending, err error) error {
	kept, rerr := w.session.rescueState(w.p.work.root.Dir, w.printed)
	if kept == "" && rerr == nil {
		return err
	}
	lines := []safe.Text{
		safe.Lit("TERRAFORM COULD NOT SAVE ITS STATE."),
		safe.Lit("What was applied is in the file below and nowhere else. It holds secrets. Do not lose it."),
	}
	hint := "Save the state with: terraform state push " + kept + ", then plan again."
	if rerr != nil {
		left := erroredPath(w.p.work.root.Dir)
		w.op.Facts().Keep = onlyCopy(left)
		lines = append(lines, safe.Sprintf("It could not be copied to a safe place: %v. It is in %s.", rerr, left))
		hint = "Copy the file to a safe place, then save the state with terraform state push."
	} else {
		lines = append(lines, safe.Show(kept))
		w.rescued = kept
	}
	end.Facts["errored_state"] = safe.Show(kept).String()
	var p *engine.Problem
	if errors.As(err, &p) {
		lines = append(append(lines, safe.Text{}), p.Lines...)
	}
	for _, l := range lines[:3] {
		w.op.Tell(engine.Warned{Text: l})
	}
	if err == nil {
		err = errors.New("terraform ended well")
	}
	return &engine.Problem{Err: fmt.Errorf("the state could not be saved: %w", err), Hint: hint, Lines: lines}
}
