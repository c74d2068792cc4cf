package attach

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
)

// maxAtOnce is how many requests of one screen are worked on at the same time.
const maxAtOnce = 32

// A screen is one connection, as the runner sees it.
type screen struct {
	s       *server
	conn    *net.UnixConn
	seat    engine.Seat
	replies chan message
	left    chan struct{} // closed when no more is read
	gone    chan struct{} // closed when no more is sent
	working chan struct{} // has room for the requests that are worked on
	wg      sync.WaitGroup
}

func newScreen(s *server, c *net.UnixConn) *screen {
	return &screen{s: s, conn: c, replies: make(chan message), left: make(chan struct{}), gone: make(chan struct{}), working: make(chan struct{}, maxAtOnce)}
}

// serve serves a screen until it or the run is gone. The error is worth a line
// in a log.
func (sc *screen) serve() error {
	if err := checkPeer(sc.conn); err != nil {
		return err
	}
	r := bufio.NewReaderSize(sc.conn, 1<<16)
	h, err := sc.hello(r)
	switch {
	case isGone(err):
		return nil
	case err != nil:
		sc.refuse(err)
		return err
	case h.Peek:
		st := sc.s.standing()
		return sc.send(message{Say: sayStatus, Status: &st})
	}
	if sc.seat, err = sc.s.room.join(h); err != nil {
		sc.refuse(err)
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var werr error
	sc.wg.Go(func() {
		defer close(sc.gone)
		if werr = sc.tell(); werr != nil {
			sc.conn.Close() // so that nothing is read any more
		}
	})
	rerr := sc.listen(ctx, r)
	close(sc.left)
	sc.conn.Close()
	cancel()
	sc.wg.Wait()
	if errors.Is(werr, errClosed) {
		werr = nil
	}
	err = errors.Join(rerr, werr)
	if lerr := sc.s.room.leave(sc.seat.ID); lerr != nil {
		return errors.Join(err, fmt.Errorf("seat %s left, and that is not recorded: %w", sc.seat.ID, lerr))
	}
	return err
}

// hello reads the first line.
func (sc *screen) hello(r *bufio.Reader) (Hello, error) {
	sc.conn.SetReadDeadline(time.Now().Add(sc.s.o.Greet))
	line, err := readLine(r, maxRequest)
	if err != nil {
		return Hello{}, err
	}
	return decodeHello(line)
}

// refuse tells the screen why the connection ends.
func (sc *screen) refuse(why error) {
	sc.send(message{Say: sayRefused, V: Version, Why: why.Error(), Lockstep: sc.s.o.Lockstep})
}

// send writes a message. The screen has to take some of it every now and then.
func (sc *screen) send(m message) error {
	line, err := encode(m)
	if err != nil {
		return err
	}
	if len(line) > maxMessage {
		return fmt.Errorf("%q of %d bytes: %w", m.Say, len(line), errLong)
	}
	for len(line) > 0 {
		sc.conn.SetWriteDeadline(time.Now().Add(sc.s.o.Stall))
		n, err := sc.conn.Write(line[:min(len(line), 1<<16)])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("seat %s is cut off: it took nothing for %v", sc.seat.ID, sc.s.o.Stall)
		}
		if err != nil {
			return unlessGone(err)
		}
		line = line[n:]
	}
	return nil
}

// errClosed says that the other end went, which is its right.
var errClosed = errors.New("the screen is gone")

func unlessGone(err error) error {
	if isGone(err) {
		return errClosed
	}
	return err
}

// isGone reports whether an error of a connection says that its other end, or this
// one, was closed.
func isGone(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}

// tell sends the events, the replies and the end. An error means that the
// connection is of no use any more.
func (sc *screen) tell() error {
	o := sc.s.o
	if err := sc.send(message{Say: sayWelcome, V: Version, Run: o.Run, Seat: sc.seat.ID, Holds: sc.seat.Holds, Lockstep: o.Lockstep, Seq: sc.s.newest()}); err != nil {
		return err
	}
	events, cancel := sc.s.host.Subscribe()
	defer cancel()
	var over <-chan struct{}
	for {
		select {
		case env, ok := <-events:
			if !ok {
				events, over = nil, sc.s.over
				continue
			}
			if err := sc.send(message{Say: sayEvent, Event: &env}); err != nil {
				return err
			}
		case m := <-sc.replies:
			if err := sc.send(m); err != nil || m.Say == sayRefused {
				return err
			}
		case <-sc.left:
			return nil
		case <-over:
			return sc.send(message{Say: sayEnd, End: &sc.s.ending})
		}
	}
}

// listen reads requests until the screen goes or does not keep to the protocol.
func (sc *screen) listen(ctx context.Context, r *bufio.Reader) error {
	for {
		sc.conn.SetReadDeadline(time.Now().Add(sc.s.o.Silence))
		line, err := readLine(r, maxRequest)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return fmt.Errorf("seat %s is cut off: nothing came from it for %v", sc.seat.ID, sc.s.o.Silence)
		case isGone(err):
			return nil
		case err != nil:
			return sc.cut(err)
		}
		q, err := decodeRequest(line)
		switch {
		case err != nil:
			return sc.cut(err)
		case q.Do == doHello:
			return sc.cut(errors.New("read a request: a second hello"))
		case q.Do == doHere:
		case q.Do == doInterrupt:
			// At once and in order: who wants to stop does not wait for others.
			sc.reply(asReply(q.ID, sc.interrupt(q.How)))
		default:
			sc.working <- struct{}{}
			sc.wg.Go(func() {
				defer func() { <-sc.working }()
				sc.reply(sc.work(ctx, q))
			})
		}
	}
}

// cut sends a screen away that does not keep to the protocol.
func (sc *screen) cut(why error) error {
	sc.reply(message{Say: sayRefused, V: Version, Why: why.Error(), Lockstep: sc.s.o.Lockstep})
	<-sc.gone
	return why
}

// reply hands a message to the one who sends, unless the connection is gone.
func (sc *screen) reply(m message) {
	select {
	case sc.replies <- m:
	case <-sc.gone:
	}
}

func (sc *screen) interrupt(how engine.Interrupt) error {
	who, err := sc.s.room.holds(sc.seat.ID)
	if err == nil {
		sc.s.host.InterruptAs(who, how)
	}
	return err
}

// work does what a request asks for.
func (sc *screen) work(ctx context.Context, q request) message {
	room, host := &sc.s.room, sc.s.host
	switch q.Do {
	case doFetch:
		part, err := host.Fetch(ctx, *q.Fetch)
		if err != nil {
			return asReply(q.ID, err)
		}
		m := message{Say: sayReply, ID: q.ID}
		if m.Part, err = engine.EncodePart(part); err != nil {
			return asReply(q.ID, err)
		}
		return m
	case doAnswer:
		return asReply(q.ID, room.acting(sc.seat.ID, func(who journal.Actor) error { return host.AnswerAs(who, *q.Answer) }))
	case doForce:
		return asReply(q.ID, room.acting(sc.seat.ID, func(who journal.Actor) error { return host.ForceAs(who, q.How, q.Typed) }))
	case doTake:
		return asReply(q.ID, room.take(sc.seat.ID, q.Reason))
	}
	return asReply(q.ID, fmt.Errorf("there is no request %q", q.Do))
}
