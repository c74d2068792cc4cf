package attach

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/failpoint"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// A Host is the run, as a *[engine.Engine] offers it.
type Host interface {
	Subscribe() (events <-chan engine.Envelope, cancel func())
	Fetch(ctx context.Context, r engine.Request) (engine.Part, error)
	Seat(c engine.SeatChange) error
	AnswerAs(who journal.Actor, a engine.Answer) error
	InterruptAs(who journal.Actor, how engine.Interrupt)
	ForceAs(who journal.Actor, how engine.Interrupt, typed string) error
}

var _ Host = (*engine.Engine)(nil)

// A room keeps the seats of a run.
type room struct {
	host Host

	// moving is held while a seat moves, and for reading while an answer of the one
	// who holds the answers is on its way, so that no answer counts after the move.
	moving sync.RWMutex

	mu     sync.Mutex
	seats  []engine.Seat // replaced whole at every move
	last   int           // number of the newest seat
	key    string        // of the screen that started the run, until it came
	lapses time.Time     // when the answers are not kept for it any more
}

// join gives a screen its seat.
func (r *room) join(h Hello) (engine.Seat, error) {
	r.moving.Lock()
	defer r.moving.Unlock()
	if err := failpoint.Hit("ui.attach"); err != nil {
		return engine.Seat{}, err
	}
	seats, n := r.list()
	s := engine.Seat{
		ID: fmt.Sprintf("s%d", n+1), Actor: actorOf(h), Where: safe.Show(h.Where), Since: time.Now(),
		Holds: !h.Watch && holder(seats) == nil && r.free(h.Key),
	}
	seats = append(slices.Clone(seats), s)
	if err := r.host.Seat(engine.SeatChange{Move: engine.SeatAttached, Seat: s, Seats: seats}); err != nil {
		return s, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seats, r.last = seats, n+1
	if h.Key == r.key {
		r.key = ""
	}
	return s, nil
}

// leave ends a seat.
func (r *room) leave(id string) error {
	r.moving.Lock()
	defer r.moving.Unlock()
	if err := failpoint.Hit("ui.detach"); err != nil {
		return err
	}
	seats, _ := r.list()
	i := slices.IndexFunc(seats, func(s engine.Seat) bool { return s.ID == id })
	if i < 0 {
		return nil
	}
	gone := seats[i]
	seats = slices.Delete(slices.Clone(seats), i, i+1)
	// Whether or not it could be recorded, it is gone.
	err := r.host.Seat(engine.SeatChange{Move: engine.SeatLeft, Seat: gone, Seats: seats})
	r.set(seats)
	return err
}

// take gives a seat the answers.
func (r *room) take(id, reason string) error {
	r.moving.Lock()
	defer r.moving.Unlock()
	old, _ := r.list()
	seats := slices.Clone(old)
	i := slices.IndexFunc(seats, func(s engine.Seat) bool { return s.ID == id })
	if i < 0 {
		return &engine.RefusedError{Why: "the seat is gone"}
	}
	if seats[i].Holds {
		return nil
	}
	from := ""
	if h := holder(seats); h != nil {
		if strings.TrimSpace(reason) == "" {
			return &engine.RefusedError{Why: fmt.Sprintf("%s holds the answers (%s); taking them needs a reason, which is recorded", h.Actor.Name, h.Where)}
		}
		from, h.Holds = h.Actor.Name, false
	}
	seats[i].Holds = true
	if err := r.host.Seat(engine.SeatChange{Move: engine.SeatTook, Seat: seats[i], From: from, Reason: reason, Seats: seats}); err != nil {
		return err
	}
	r.set(seats)
	return nil
}

// acting runs do for the seat that holds the answers, and for no other.
func (r *room) acting(id string, do func(journal.Actor) error) error {
	r.moving.RLock()
	defer r.moving.RUnlock()
	who, err := r.holds(id)
	if err != nil {
		return err
	}
	return do(who)
}

// holds returns who sits on the seat that holds the answers, if it is this one.
func (r *room) holds(id string) (journal.Actor, error) {
	seats, _ := r.list()
	h := holder(seats)
	switch {
	case h == nil:
		return journal.Actor{}, &engine.RefusedError{Why: "nobody holds the answers; take them first"}
	case h.ID != id:
		return journal.Actor{}, &engine.RefusedError{Why: fmt.Sprintf("%s holds the answers (%s); this screen watches", h.Actor.Name, h.Where)}
	}
	return h.Actor, nil
}

func (r *room) list() ([]engine.Seat, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seats, r.last
}

func (r *room) set(seats []engine.Seat) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seats = seats
}

// free reports whether a screen with this key may have the answers without taking
// them from anybody.
func (r *room) free(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.key == "" || key == r.key || time.Now().After(r.lapses)
}

// awaited reports whether the screen that started the run has yet to come.
func (r *room) awaited() bool { return !r.free("") }

func holder(seats []engine.Seat) *engine.Seat {
	if i := slices.IndexFunc(seats, func(s engine.Seat) bool { return s.Holds }); i >= 0 {
		return &seats[i]
	}
	return nil
}

// actorOf says who attaches. That it is this user on this machine is known; only
// the name is theirs to say.
func actorOf(h Hello) journal.Actor {
	a := journal.Actor{Name: safe.Show(h.Operator).String(), Key: safe.Show(h.Fingerprint).String(), UID: os.Geteuid()}
	if a.Name == "" {
		a.Name = "unknown"
	}
	a.Host, _ = os.Hostname()
	return a
}

// asReply says an error in a message.
func asReply(id int64, err error) message {
	m := message{Say: sayReply, ID: id}
	var refused *engine.RefusedError
	switch {
	case err == nil:
	case errors.As(err, &refused):
		m.Refused = cmp.Or(refused.Why, "refused")
	case errors.Is(err, engine.ErrAnswered):
		m.Answered = true
	default:
		m.Error = cmp.Or(err.Error(), "failed")
	}
	return m
}

// asError is the error that a reply says.
func (m message) asError() error {
	switch {
	case m.Refused != "":
		return &engine.RefusedError{Why: safe.Show(m.Refused).String()}
	case m.Answered:
		return engine.ErrAnswered
	case m.Error != "":
		return errors.New(m.Error)
	}
	return nil
}
