package engine

import "time"

// A Relay gives the events of a run that is elsewhere to subscribers here, as
// that run's own console would: all in order, each at its own pace.
type Relay struct{ stream *stream }

// NewRelay makes a relay without events.
func NewRelay() *Relay { return &Relay{newStream(time.Now)} }

// Pass gives one event to all subscribers, also to those who come later. It never
// waits for them.
func (r *Relay) Pass(env Envelope) {
	r.stream.mu.Lock()
	defer r.stream.mu.Unlock()
	r.stream.pass(env)
}

// Close says that there are no more events.
func (r *Relay) Close() { r.stream.close() }

// Subscribe is that of [Console].
func (r *Relay) Subscribe() (<-chan Envelope, func()) { return r.stream.subscribe() }
