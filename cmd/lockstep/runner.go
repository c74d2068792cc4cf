package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"lockstep/runbook/attach"
	"lockstep/runbook/engine"
	"lockstep/runbook/failpoint"
	"lockstep/runbook/journal"
)

// runnerName is the name under which this program is a runner.
const runnerName = "lockstep-runner"

func isRunner(name string) bool { return filepath.Base(name) == runnerName }

// The pipes that a runner inherits.
const (
	orderFD  = 3
	reportFD = 4
)

// runner is the program when it is the runner of a run: a process of its own
// session that nobody sees. It returns its exit code.
func runner() int {
	ownFiles()
	in, out := os.NewFile(orderFD, "order"), os.NewFile(reportFD, "report")
	var o order
	if in == nil || out == nil {
		fmt.Fprintln(os.Stderr, "lockstep: a runner is started by lockstep run only")
		return exitUsage
	}
	err := json.NewDecoder(in).Decode(&o)
	in.Close()
	if err != nil {
		fmt.Fprintf(os.Stderr, "lockstep: read the order: %v\n", err)
		return exitFailed
	}
	end, err := runOrder(context.Background(), o, func(r word) error {
		defer out.Close()
		return json.NewEncoder(out).Encode(r)
	})
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s %v\n", time.Now().UTC().Format(time.RFC3339), err)
	}
	removeIfEmpty(o.Log)
	return end.Exit
}

// ownFiles keeps what was inherited from the programs that the runner starts, and
// closes what it is not meant to have: a file that a runner held open could keep
// somebody waiting for as long as the run lasts.
func ownFiles() {
	for fd := orderFD; fd < 1024; fd++ {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		switch {
		case err != nil || flags&unix.FD_CLOEXEC != 0: // not open, or of this process itself
		case fd == orderFD, fd == reportFD:
			syscall.CloseOnExec(fd)
		default:
			syscall.Close(fd)
		}
	}
}

// runOrder runs a run to its end. tell says once whether there is one, to the
// command that started it; without somebody to say it to there is none. The error is
// for the log.
func runOrder(ctx context.Context, o order, say func(word) error) (attach.Ending, error) {
	if err := failpoint.Hit("runner.start"); err != nil {
		return attach.Ending{Exit: exitFailed}, err
	}
	t := o.target()
	var later bytes.Buffer // what a channel says to standard output, for the screen of whoever is there
	t.stdout = &later
	s, err := openSession(ctx, t)
	if err != nil {
		end := tell(engine.Failed, err)
		return end, say(word{Failed: &end})
	}
	l, note, err := openRoom(s, o)
	if err != nil {
		err = errors.Join(err, s.abort())
		end := tell(engine.Failed, err)
		return end, say(word{Failed: &end})
	}
	deaf := onRunnerSignals(s.engine)
	defer deaf()
	h := ending{session: s}
	over := make(chan struct{})
	go func() {
		defer close(over)
		h.result, h.err = s.engine.Run(ctx)
	}()
	begun(s)
	watching, stop := context.WithCancel(ctx)
	defer stop()
	go watchClock(watching, s.engine)

	ended := make(chan attach.Ending, 1)
	served := make(chan error, 1)
	go func() {
		served <- attach.Serve(ctx, l, s.engine, ended, attach.Options{
			Run: s.id, Lockstep: versionText(), Key: o.Key, Failed: func(err error) {
				fmt.Fprintf(os.Stderr, "%s %v\n", time.Now().UTC().Format(time.RFC3339), err)
			},
		})
	}()
	serr := say(word{Socket: note.Socket})
	if o.Resume && serr != nil {
		// To give it up now would close a run that is half done. It waits for somebody,
		// as it does when a screen goes later.
		fmt.Fprintf(os.Stderr, "%s nobody waited for the run; it goes on when somebody attaches: %v\n", time.Now().UTC().Format(time.RFC3339), serr)
		serr = nil
	}
	if serr != nil {
		s.engine.Interrupt(engine.Abandon)
	}
	<-over
	stop()
	os.Remove(filepath.Join(note.dir, noteName)) // while the journal is still ours
	h.err = errors.Join(h.err, s.close())
	end := tell(h.result, h.asError())
	end.Stdout = later.String()
	if end.Exit == exitUnknown && end.Hint == "" {
		end.Hint = commandFor("resume", s.id, o.StateDir) + " looks for what became of it, and goes on"
	}
	if serr != nil {
		l.Close()
		return end, fmt.Errorf("nobody waited for the run, so it was given up: %w", serr)
	}
	ended <- end
	return end, <-served
}

// openRoom makes the socket and leaves a note where it is.
func openRoom(s *session, o order) (*net.UnixListener, runnerNote, error) {
	who := actor(o.Operator)
	started, err := journal.ProcessStart(os.Getpid())
	if err != nil {
		return nil, runnerNote{}, err
	}
	note := runnerNote{
		Run: s.id, PID: os.Getpid(), Started: started, Boot: journal.BootID(), Host: who.Host, Operator: who.Name,
		Since: time.Now().UTC(), Log: o.Log, Lockstep: versionText(), dir: filepath.Dir(s.journal.Path()),
	}
	if path, err := filepath.Abs(o.Runbook); err == nil {
		note.Runbook = path
	}
	readNote(note.dir).clear() // its runner is dead, or we would not have the journal
	l, socket, err := listen(note.dir, s.id)
	if err != nil {
		return nil, note, err
	}
	note.Socket = socket
	if err := note.write(); err != nil {
		return nil, note, errors.Join(err, l.Close())
	}
	return l, note, nil
}

// begun waits for the first event of a run, or for its end, and records what has
// to be said at the beginning.
func begun(s *session) {
	events, cancel := s.engine.Subscribe()
	<-events
	cancel()
	for _, n := range s.notes {
		// What cannot be recorded ends the run by itself.
		if err := s.engine.Note(n, nil); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
}
