package keep

import (
	"errors"
	"time"

	"lockstep/runbook/journal"
)

// An identity names one process for good: its id may be given to another, but
// not with the same start in the same boot. It is the file program.
type identity struct {
	PID   int       `json:"pid"`
	Start string    `json:"start"` // as journal.ProcessStart tells it
	Boot  string    `json:"boot"`
	At    time.Time `json:"at"`
}

var errGone = errors.New("there is no such process")

func identify(pid int) (identity, error) {
	start, err := journal.ProcessStart(pid)
	if err == nil && start == "" {
		err = errGone
	}
	return identity{PID: pid, Start: start, Boot: journal.BootID(), At: time.Now()}, err
}

// exchange is more than a process takes to become another program. While it does,
// it may look like one that has ended.
const exchange = 10 * time.Millisecond

// there reports whether the process is there and has not ended.
func (i identity) there() (bool, error) {
	there, err := i.seen()
	if there || err != nil {
		return there, err
	}
	time.Sleep(exchange)
	return i.seen()
}

func (i identity) seen() (bool, error) {
	if i.Boot != journal.BootID() {
		return false, nil
	}
	start, err := journal.ProcessStart(i.PID)
	return start != "" && start == i.Start, err
}
