package attach

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

const (
	patience = 20 * time.Second // how long a runner may take to greet
	hereEach = 10 * time.Second // how often a screen says that it is alive
)

var (
	// ErrNobody says that no runner listens at the path.
	ErrNobody = errors.New("no runner listens there any more")
	// ErrGone says that the connection ended and the run did not say how it ended.
	ErrGone = errors.New("the connection to the runner ended")
	// ErrLeft says that this side closed the connection.
	ErrLeft = errors.New("left the run")
)

// A TurnedAwayError says why a runner ended the connection.
type TurnedAwayError struct {
	Why      string
	V        int    // version of the protocol that the runner speaks; 0 when not known
	Lockstep string // version of the program that it is
}

// Error says why.
func (e *TurnedAwayError) Error() string {
	why := "the runner ended the connection: " + safe.Show(e.Why).String()
	if e.V != 0 && e.V != Version {
		why += fmt.Sprintf("; attach with the version of lockstep that started the run, %s", safe.Show(e.Lockstep))
	}
	return why
}

// A Client is a screen's side of a connection. It is the console of the run.
type Client struct {
	conn *net.UnixConn
	run  string
	seat string
	seq  int64 // of the newest event when this screen came

	relay *engine.Relay
	out   chan request
	leave chan struct{} // closed by Close
	once  sync.Once
	wg    sync.WaitGroup

	mu      sync.Mutex
	last    int64 // of the requests
	pending map[int64]chan message
	holds   bool

	ended  chan struct{} // closed with the connection; then the rest does not change
	ending Ending
	err    error // why the connection ended before the run did, or nil
}

var _ engine.Attached = (*Client)(nil)

// Dial attaches to the run whose runner listens at path. ctx ends the attempt
// only; the caller closes the client.
func Dial(ctx context.Context, path string, h Hello) (*Client, error) {
	conn, r, err := greet(ctx, path, h)
	if err != nil {
		return nil, err
	}
	m, err := first(ctx, conn, r)
	switch {
	case err != nil:
	case m.Say == sayRefused:
		err = &TurnedAwayError{m.Why, m.V, m.Lockstep}
	case m.Say != sayWelcome:
		err = fmt.Errorf("attach: the first message is %q", m.Say)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	c := &Client{
		conn: conn, run: m.Run, seat: m.Seat, seq: m.Seq, holds: m.Holds, relay: engine.NewRelay(), out: make(chan request, 64), leave: make(chan struct{}),
		pending: map[int64]chan message{}, ended: make(chan struct{}),
	}
	c.wg.Go(func() { c.read(r) })
	c.wg.Go(c.write)
	return c, nil
}

// Peek asks how the run stands whose runner listens at path.
func Peek(ctx context.Context, path string) (Status, error) {
	conn, r, err := greet(ctx, path, Hello{Peek: true})
	if err != nil {
		return Status{}, err
	}
	defer conn.Close()
	m, err := first(ctx, conn, r)
	switch {
	case err != nil:
		return Status{}, err
	case m.Say == sayRefused:
		return Status{}, &TurnedAwayError{m.Why, m.V, m.Lockstep}
	case m.Say != sayStatus:
		return Status{}, fmt.Errorf("attach: the first message is %q", m.Say)
	}
	return *m.Status, nil
}

// greet connects and says hello. The deadlines of the connection are those of the greeting.
func greet(ctx context.Context, path string, h Hello) (*net.UnixConn, *bufio.Reader, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	switch {
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ECONNREFUSED):
		return nil, nil, fmt.Errorf("%w: %w", ErrNobody, err)
	case err != nil:
		return nil, nil, fmt.Errorf("attach: %w", err)
	}
	conn := c.(*net.UnixConn)
	err = checkPeer(conn)
	if err == nil {
		deadline, _ := ctx.Deadline()
		conn.SetDeadline(deadline)
		var line []byte
		if line, err = encode(request{Do: doHello, V: Version, Hello: &h}); err == nil {
			// A runner that turns us away may have closed already; what it says tells more.
			if _, err = conn.Write(line); isGone(err) {
				err = nil
			}
		}
	}
	if err != nil {
		conn.Close()
		return nil, nil, fmt.Errorf("attach: %w", err)
	}
	return conn, bufio.NewReaderSize(conn, 1<<16), nil
}

// first reads the first message.
func first(ctx context.Context, conn *net.UnixConn, r *bufio.Reader) (message, error) {
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	line, err := readLine(r, maxMessage)
	if isGone(err) {
		err = ErrGone
	}
	if err != nil {
		return message{}, fmt.Errorf("attach: %w", err)
	}
	m, err := decodeMessage(line)
	if err != nil {
		return m, err
	}
	conn.SetDeadline(time.Time{})
	return m, nil
}

// Run is the id of the run.
func (c *Client) Run() string { return c.run }

// Seat implements [engine.Attached].
func (c *Client) Seat() string { return c.seat }

// Holds reports whether this screen holds the answers, as far as it was told.
func (c *Client) Holds() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.holds
}

// Ended is closed when the run or the connection has ended and all events are there.
func (c *Client) Ended() <-chan struct{} { return c.ended }

// Ending returns how the run ended, or why that is not known. It waits for it.
func (c *Client) Ending() (Ending, error) {
	<-c.ended
	return c.ending, c.err
}

// Close leaves the run, which goes on. What was asked of it before is still sent.
func (c *Client) Close() error {
	c.once.Do(func() { close(c.leave) })
	c.wg.Wait()
	return nil
}

// Subscribe implements [engine.Console].
func (c *Client) Subscribe() (<-chan engine.Envelope, func()) { return c.relay.Subscribe() }

// read reads messages until the end.
func (c *Client) read(r *bufio.Reader) {
	err := c.messages(r)
	c.conn.Close()
	switch {
	case err == nil:
	case c.left():
		err = ErrLeft
	case isGone(err):
		err = ErrGone
	}
	c.err = err
	c.relay.Close()
	close(c.ended)
}

func (c *Client) left() bool {
	select {
	case <-c.leave:
		return true
	default:
		return false
	}
}

// messages returns nil after the last message.
func (c *Client) messages(r *bufio.Reader) error {
	for seq := int64(0); ; {
		line, err := readLine(r, maxMessage)
		if err != nil {
			return err
		}
		m, err := decodeMessage(line)
		if err != nil {
			return err
		}
		switch m.Say {
		case sayEvent:
			if m.Event.Seq <= seq {
				return fmt.Errorf("read a message: event %d comes after event %d", m.Event.Seq, seq)
			}
			seq = m.Event.Seq
			c.see(m.Event.Event)
			c.relay.Pass(*m.Event)
		case sayReply:
			c.mu.Lock()
			waits := c.pending[m.ID]
			delete(c.pending, m.ID)
			c.mu.Unlock()
			if waits != nil {
				waits <- m // has room for it
			}
		case sayRefused:
			return &TurnedAwayError{m.Why, m.V, m.Lockstep}
		case sayEnd:
			c.ending = *m.End
			return nil
		default:
			return fmt.Errorf("read a message: %q does not stand here", m.Say)
		}
	}
}

// see learns whether this screen holds the answers.
func (c *Client) see(ev engine.Event) {
	there, ok := ev.(engine.Attended)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range there.Seats { // those before this screen came do not have it
		if s.ID == c.seat {
			c.holds = s.Holds
		}
	}
}

// write sends requests, and every now and then that the screen is alive.
func (c *Client) write() {
	defer c.conn.Close() // which ends the reading too
	tick := time.NewTicker(hereEach)
	defer tick.Stop()
	for {
		select {
		case q := <-c.out:
			if c.send(q) != nil {
				return
			}
		case <-tick.C:
			if c.send(request{Do: doHere}) != nil {
				return
			}
		case <-c.ended:
			return
		case <-c.leave:
			for {
				select {
				case q := <-c.out:
					if c.send(q) != nil {
						return
					}
				default:
					return
				}
			}
		}
	}
}

func (c *Client) send(q request) error {
	line, err := encode(q)
	if err != nil {
		return err
	}
	c.conn.SetWriteDeadline(time.Now().Add(patience))
	_, err = c.conn.Write(line)
	return err
}
