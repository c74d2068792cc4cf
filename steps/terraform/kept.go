package terraform

import (
	"errors"
	"syscall"

	"lockstep/runbook/engine"
	"lockstep/steps/keep"
)

// keepFolder makes the folder of a job that is kept, below the run's private
// one. It is there, durably, before an intent names it: a folder that is missing
// later was removed, and says nothing.
func (s *session) keepFolder(what, program string) (string, error) {
	folder, err := keep.Folder(s.run.WorkDir, what)
	if err != nil {
		return "", err
	}
	_, err = keep.Front(folder, program)
	return folder, err
}

// forced presses the program of a job: with a second interrupt Terraform gives
// up what it is doing and keeps what it knows, most of the time.
func forced(kept string) func(engine.Interrupt) error {
	return func(how engine.Interrupt) error {
		switch how {
		case engine.SecondInterrupt:
			return keep.Signal(kept, syscall.SIGINT)
		case engine.Kill:
			return keep.Signal(kept, syscall.SIGKILL)
		}
		return errors.New("it cannot be forced that way")
	}
}
