package attach

import (
	"context"

	"lockstep/runbook/engine"
)

// Answer implements [engine.Console]. It waits for the runner.
func (c *Client) Answer(a engine.Answer) error {
	m, err := c.call(context.Background(), request{Do: doAnswer, Answer: &a})
	if err != nil {
		return c.late(err)
	}
	return m.asError()
}

// Fetch implements [engine.Console].
func (c *Client) Fetch(ctx context.Context, r engine.Request) (engine.Part, error) {
	m, err := c.call(ctx, request{Do: doFetch, Fetch: &r})
	if err != nil {
		return nil, c.late(err)
	}
	if err := m.asError(); err != nil {
		return nil, err
	}
	return engine.DecodePart(m.Part)
}

// Interrupt implements [engine.Console]. It does not wait for the runner; a screen
// that does not hold the answers asks in vain.
func (c *Client) Interrupt(how engine.Interrupt) {
	id, _ := c.expect(false)
	select {
	case c.out <- request{Do: doInterrupt, ID: id, How: how}:
	case <-c.leave:
	case <-c.ended:
	}
}

// Force implements [engine.Console].
func (c *Client) Force(how engine.Interrupt, typed string) error {
	m, err := c.call(context.Background(), request{Do: doForce, How: how, Typed: typed})
	if err != nil {
		return c.late(err)
	}
	return m.asError()
}

// Take implements [engine.Attached].
func (c *Client) Take(reason string) error {
	m, err := c.call(context.Background(), request{Do: doTake, Reason: reason})
	if err != nil {
		return c.late(err)
	}
	return m.asError()
}

// late returns what it means that a request came too late: once the run is over,
// no question is open.
func (c *Client) late(err error) error {
	select {
	case <-c.ended:
		if c.err == nil {
			return engine.ErrAnswered
		}
		return c.err
	default:
		return err
	}
}

// call sends a request and waits for its reply.
func (c *Client) call(ctx context.Context, q request) (message, error) {
	var reply <-chan message
	q.ID, reply = c.expect(true)
	defer c.forget(q.ID)
	select {
	case c.out <- q:
	case <-c.leave:
		return message{}, ErrLeft
	case <-c.ended:
		return message{}, ErrGone
	case <-ctx.Done():
		return message{}, ctx.Err()
	}
	select {
	case m := <-reply:
		return m, nil
	case <-c.ended:
		// The reply may have come just before the end.
		select {
		case m := <-reply:
			return m, nil
		default:
			return message{}, ErrGone
		}
	case <-ctx.Done():
		return message{}, ctx.Err()
	}
}

// expect numbers a request and makes room for its reply.
func (c *Client) expect(reply bool) (int64, <-chan message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	if !reply {
		return c.last, nil
	}
	ch := make(chan message, 1)
	c.pending[c.last] = ch
	return c.last, ch
}

func (c *Client) forget(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pending, id)
}
