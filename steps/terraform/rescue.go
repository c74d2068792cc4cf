package terraform

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

func erroredPath(dir string) string { return filepath.Join(dir, "errored.tfstate") }

// rescueState saves the state that Terraform could not, in a folder that outlives
// the run: the one it printed, or else the file it left in dir. It returns "" when
// there is neither.
func (s *session) rescueState(dir string, printed []byte) (kept string, err error) {
	var in io.Reader = bytes.NewReader(printed)
	if len(printed) == 0 {
		file, err := os.Open(erroredPath(dir))
		if errors.Is(err, os.ErrNotExist) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		defer file.Close()
		if info, err := file.Stat(); err != nil || info.IsDir() {
			return "", err
		}
		in = file
	}
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
		lines = append(lines, safe.Sprintf("It could not be copied to a safe place: %v. Copy %s before this program ends.", rerr, erroredPath(w.p.work.root.Dir)))
		hint = "Copy the file now, then save the state with terraform state push."
	} else {
		lines = append(lines, safe.Show(kept))
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
