package engine

import (
	"reflect"
	"slices"
	"sync"
	"time"
)

// maxLoose is how many events that may be merged a subscriber can have waiting.
const maxLoose = 4096

// stream gives every subscriber all events in order, each at its own pace.
type stream struct {
	now func() time.Time

	mu     sync.Mutex
	seq    int64
	past   queue // for those who subscribe later
	subs   map[*subscription]bool
	starts map[string]time.Time // step → when it started last
	closed bool
}

type subscription struct {
	q      queue
	wake   chan struct{} // has room for one
	out    chan Envelope
	gone   chan struct{}
	once   sync.Once
	closed bool
}

func newStream(now func() time.Time) *stream {
	return &stream{now: now, subs: map[*subscription]bool{}, starts: map[string]time.Time{}}
}

// publish appends an event. It never waits for a subscriber.
func (s *stream) publish(step string, ev Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.seq++
	env := Envelope{Seq: s.seq, Time: s.now(), Step: step, Type: reflect.TypeOf(ev).Name(), Event: ev}
	if _, ok := ev.(StepStarted); ok {
		s.starts[step] = env.Time
	}
	s.pass(env)
}

// pass hands an event to all subscribers. The caller holds the lock.
func (s *stream) pass(env Envelope) {
	if s.closed {
		return
	}
	s.past.add(env)
	for sub := range s.subs {
		sub.q.add(env)
		sub.poke()
	}
}

// startOf returns when a step started last.
func (s *stream) startOf(step string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.starts[step]
}

func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for sub := range s.subs {
		sub.closed = true
		sub.poke()
	}
}

func (s *stream) subscribe() (<-chan Envelope, func()) {
	sub := &subscription{wake: make(chan struct{}, 1), out: make(chan Envelope), gone: make(chan struct{})}
	s.mu.Lock()
	sub.q = s.past.clone()
	sub.closed = s.closed
	s.subs[sub] = true
	s.mu.Unlock()
	go s.feed(sub)
	return sub.out, func() { sub.once.Do(func() { close(sub.gone) }) }
}

// feed hands a subscriber its events until the last one or until it is gone.
func (s *stream) feed(sub *subscription) {
	defer close(sub.out)
	defer func() {
		s.mu.Lock()
		delete(s.subs, sub)
		s.mu.Unlock()
	}()
	for {
		s.mu.Lock()
		env, ok := sub.q.take()
		closed := sub.closed
		s.mu.Unlock()
		switch {
		case ok:
			select {
			case sub.out <- env:
			case <-sub.gone:
				return
			}
		case closed:
			return
		default:
			select {
			case <-sub.wake:
			case <-sub.gone:
				return
			}
		}
	}
}

func (sub *subscription) poke() {
	select {
	case sub.wake <- struct{}{}:
	default:
	}
}

// queue holds events in order. State is kept; of what may be merged (progress,
// output, measurements, the board of a verification) it keeps what is newest.
type queue struct {
	items []Envelope
	loose int
}

func loose(ev Event) bool {
	switch ev.(type) {
	case Progressed, OutputWritten, ProbeMeasured, VerifyMoved:
		return true
	}
	return false
}

func (q *queue) add(env Envelope) {
	if replaces(env.Event) {
		// The newest alone matters, so the one before it goes, if it still waits.
		for i := len(q.items) - 1; i >= 0 && i >= len(q.items)-64; i-- {
			if q.items[i].Type == env.Type && q.items[i].Step == env.Step {
				q.remove(i)
				break
			}
		}
	}
	q.items = append(q.items, env)
	if !loose(env.Event) {
		return
	}
	if q.loose++; q.loose > maxLoose {
		q.thin()
	}
}

func replaces(ev Event) bool {
	switch ev.(type) {
	case Progressed, VerifyMoved:
		return true
	}
	return false
}

func (q *queue) remove(i int) {
	q.items = slices.Delete(q.items, i, i+1)
	q.loose--
}

// thin drops the older half of the loose events. Lines of output that go are
// counted in the output that comes after them.
func (q *queue) thin() {
	keep := q.items[:0:0]
	drop, lines := q.loose/2, 0
	for _, env := range q.items {
		if drop > 0 && loose(env.Event) {
			drop--
			q.loose--
			if o, ok := env.Event.(OutputWritten); ok {
				lines += len(o.Lines) + o.Dropped
			}
			continue
		}
		if o, ok := env.Event.(OutputWritten); ok && lines > 0 {
			o.Dropped += lines
			lines, env.Event = 0, o
		}
		keep = append(keep, env)
	}
	q.items = keep
}

func (q *queue) take() (Envelope, bool) {
	if len(q.items) == 0 {
		return Envelope{}, false
	}
	env := q.items[0]
	q.items[0] = Envelope{}
	q.items = q.items[1:]
	if loose(env.Event) {
		q.loose--
	}
	return env, true
}

func (q *queue) clone() queue {
	return queue{items: append([]Envelope(nil), q.items...), loose: q.loose}
}
