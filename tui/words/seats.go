package words

import (
	"strings"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// Holder returns the seat whose answers count, or nil when there is none.
func Holder(seats []engine.Seat) *engine.Seat {
	for i := range seats {
		if seats[i].Holds {
			return &seats[i]
		}
	}
	return nil
}

// Who names the operator of a seat, as in ana@ops1.
func Who(s engine.Seat) safe.Text {
	if s.Actor.Host == "" {
		return safe.Show(s.Actor.Name)
	}
	return safe.Sprintf("%s@%s", safe.Show(s.Actor.Name), safe.Show(s.Actor.Host))
}

// There says who answers and who watches, as the operator at the seat mine reads
// it. It is empty when that operator is there alone.
func There(seats []engine.Seat, mine string) safe.Text {
	holder, me := Holder(seats), find(seats, mine)
	watch := Watching(seats, mine)
	switch {
	case holder == nil:
		return joined(safe.Lit("nobody answers"), watch)
	case holder != me:
		who := safe.Sprintf("%s answers", Who(*holder))
		if t := terminal(*holder); !t.IsEmpty() {
			who = safe.Sprintf("%s (%s)", who, t)
		}
		return joined(who, watch)
	case watch.IsEmpty():
		return safe.Text{}
	}
	return joined(safe.Lit("you answer"), watch)
}

func find(seats []engine.Seat, id string) *engine.Seat {
	for i := range seats {
		if seats[i].ID == id {
			return &seats[i]
		}
	}
	return nil
}

// Watching says who does not answer: you first, two by name, the others counted.
func Watching(seats []engine.Seat, mine string) safe.Text {
	me := find(seats, mine)
	var names []safe.Text
	if me != nil && !me.Holds {
		names = append(names, safe.Lit("you"))
	}
	for i := range seats {
		if s := &seats[i]; s != me && !s.Holds {
			names = append(names, byName(*s, me))
		}
	}
	switch n := len(names); {
	case n == 0:
		return safe.Text{}
	case n == 1 && me != nil && !me.Holds:
		return safe.Lit("you watch")
	case n == 1:
		return safe.Sprintf("%s watches", names[0])
	case n == 2:
		return safe.Sprintf("%s and %s watch", names[0], names[1])
	default:
		return safe.Sprintf("%s, %s and %d more watch", names[0], names[1], n-2)
	}
}

// byName names another operator shortly; one of your own screens by its terminal.
func byName(s engine.Seat, me *engine.Seat) safe.Text {
	if me != nil && s.Actor.Name == me.Actor.Name {
		if t := terminal(s); !t.IsEmpty() {
			return safe.Sprintf("%s on %s", safe.Show(s.Actor.Name), t)
		}
	}
	return safe.Show(s.Actor.Name)
}

// terminal returns the terminal of a seat without its process.
func terminal(s engine.Seat) safe.Text {
	t, _, _ := strings.Cut(s.Where.String(), ",")
	return safe.Show(t)
}

func joined(a, b safe.Text) safe.Text {
	if b.IsEmpty() {
		return a
	}
	return safe.Sprintf("%s · %s", a, b)
}

// TakeOver is what an operator types to take the answers.
const TakeOver = "take over"

// Taking says what it means to take the answers.
func Taking(seats []engine.Seat) safe.Text {
	if h := Holder(seats); h != nil {
		return safe.Sprintf("%s is told, watches from then on and loses what is half typed there", Who(*h))
	}
	return safe.Lit("nobody answers now; from then on you do, and the run goes on")
}

// Lost says what to do when a detached run's runner is gone and the run is not over.
func Lost(run string) string {
	if run == "" {
		run = "RUN"
	}
	return "the runner is gone; lockstep resume " + run + " finds out what became of the step in flight"
}
