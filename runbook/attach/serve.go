package attach

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"lockstep/runbook/engine"
)

// Options say how a run is served. Zero durations have the values of the package
// comment.
type Options struct {
	Run      string // its id
	Lockstep string // version of the program
	Key      string // of the screen that started the run, for which the answers are kept at first; or ""

	Keep    time.Duration // how long they are kept; 30 s when zero
	Greet   time.Duration // how long a screen may take for its hello
	Stall   time.Duration // how long a screen may take nothing
	Silence time.Duration // how long nothing may come from a screen
	Linger  time.Duration // how long after the end of the run screens may take to read it; 30 s when zero

	// Failed is told what went wrong with one screen; it may be nil.
	Failed func(error)
}

func (o *Options) fill() {
	for d, def := range map[*time.Duration]time.Duration{
		&o.Keep: 30 * time.Second, &o.Greet: 20 * time.Second, &o.Stall: 30 * time.Second,
		&o.Silence: 60 * time.Second, &o.Linger: 30 * time.Second,
	} {
		if *d == 0 {
			*d = def
		}
	}
	if o.Failed == nil {
		o.Failed = func(error) {}
	}
}

// A server lets screens attach to one run.
type server struct {
	o    Options
	host Host
	room room

	over   chan struct{} // closed once ending is known
	ending Ending

	mu      sync.Mutex
	screens map[*screen]bool
	idle    chan struct{} // gets a word when a screen has gone
	status  Status
	seq     int64 // of the newest event
	shut    bool
	wg      sync.WaitGroup
}

// Serve lets screens attach to a run until it is over, every screen that is there
// has read how it ended or had its time for it, or ctx ends. That the run is over
// is said by an ending in end, which comes after the host's events have ended.
// The first screens must not come before the run has its first event. Serve closes
// the listener.
func Serve(ctx context.Context, l net.Listener, host Host, end <-chan Ending, o Options) error {
	o.fill()
	s := &server{
		o: o, host: host, over: make(chan struct{}), screens: map[*screen]bool{}, idle: make(chan struct{}, 1),
		room:   room{host: host, key: o.Key, lapses: time.Now().Add(o.Keep)},
		status: Status{Run: o.Run, PID: os.Getpid(), Lockstep: o.Lockstep},
	}
	defer s.wg.Wait()
	defer s.close(l)
	s.wg.Go(s.follow)
	s.wg.Go(func() { s.accept(l) })
	select {
	case s.ending = <-end:
		close(s.over)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	linger := time.NewTimer(o.Linger)
	defer linger.Stop()
	for s.busy() {
		select {
		case <-s.idle:
		case <-linger.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// busy reports whether somebody has yet to read the end.
func (s *server) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.screens) > 0 || s.room.awaited()
}

// accept takes connections until the listener is closed.
func (s *server) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			// Such as too many open files. It may pass, and nobody could come if we gave up.
			s.o.Failed(err)
			time.Sleep(time.Second)
			continue
		}
		u, ok := c.(*net.UnixConn)
		if !ok {
			c.Close()
			s.o.Failed(errors.New("a connection is not that of a Unix socket"))
			continue
		}
		sc := newScreen(s, u)
		s.mu.Lock()
		if s.shut {
			s.mu.Unlock()
			c.Close()
			continue
		}
		s.screens[sc] = true
		s.wg.Go(func() {
			defer s.gone(sc)
			if err := sc.serve(); err != nil {
				s.o.Failed(err)
			}
		})
		s.mu.Unlock()
	}
}

func (s *server) gone(sc *screen) {
	sc.conn.Close()
	s.mu.Lock()
	delete(s.screens, sc)
	s.mu.Unlock()
	select {
	case s.idle <- struct{}{}:
	default:
	}
}

// close lets nobody in any more and sends everybody away.
func (s *server) close(l net.Listener) {
	l.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut = true
	for sc := range s.screens {
		sc.conn.Close()
	}
}

// follow keeps the status of the run.
func (s *server) follow() {
	steps := map[string]engine.StepOutline{}
	events, cancel := s.host.Subscribe()
	defer cancel()
	for env := range events {
		s.mu.Lock()
		s.status.see(env, steps)
		s.seq = env.Seq
		s.mu.Unlock()
	}
}

func (s *server) standing() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

func (s *server) newest() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seq
}
