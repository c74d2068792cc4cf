package engine

import (
	"time"

	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// A Seat is one screen or script at a run. At most one seat holds the answers;
// the others watch.
type Seat struct {
	ID    string        `json:"id"`
	Actor journal.Actor `json:"actor"`
	Where safe.Text     `json:"where"` // terminal and process, such as "pts/3, process 812"
	Holds bool          `json:"holds"` // its answers count
	Since time.Time     `json:"since"`
}

// A SeatMove says why the seats are not what they were.
type SeatMove string

// The moves.
const (
	SeatAttached SeatMove = "attached" // a screen came; it holds the answers when nobody did
	SeatLeft     SeatMove = "left"     // a screen went, by its own will or because it is gone
	SeatTook     SeatMove = "took"     // a screen took the answers from another, or from nobody
)

// A SeatChange is one move and what the seats are after it.
type SeatChange struct {
	Move   SeatMove
	Seat   Seat   // that moved, as it is after the move
	From   string // name of the operator who held the answers before, for SeatTook; or ""
	Reason string // for SeatTook
	Seats  []Seat // all that are there now, in the order they came
}
