package attach

import (
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// An Ending is how a run ended, or why it could not start, in the words and with
// the exit code of the command that is waiting for it.
type Ending struct {
	Result engine.Result `json:"result"`
	Exit   int           `json:"exit"`  // exit code of the command
	Error  string        `json:"error"` // its words, a line each; "" when it ended well
	Told   bool          `json:"told"`  // they are those of an [engine.Problem]
	Hint   string        `json:"hint"`  // what can be done about it, or ""
	Lines  []safe.Text   `json:"lines"` // the whole of it
	Stdout string        `json:"stdout"`
}

// A Status is how a run stands.
type Status struct {
	Run      string        `json:"run"`
	PID      int           `json:"pid"` // of the runner
	Lockstep string        `json:"lockstep"`
	Step     safe.Text     `json:"step"` // position and name of the step under way, or empty
	Since    time.Time     `json:"since"`
	Question safe.Text     `json:"question"` // title of the open question, or empty
	Asked    time.Time     `json:"asked"`
	Holding  safe.Text     `json:"holding"` // what waits until somebody attaches, or empty
	Stopping bool          `json:"stopping"`
	Resuming bool          `json:"resuming"` // it finds out what became of what was under way
	Seats    []engine.Seat `json:"seats"`
	Over     bool          `json:"over"` // it has ended, and the last screens are being told
}

// see brings a status up to date.
func (s *Status) see(env engine.Envelope, steps map[string]engine.StepOutline) {
	switch ev := env.Event.(type) {
	case engine.RunStarted:
		s.Run, s.Resuming, s.Since = ev.Run, ev.Resumed > 0, env.Time
		for _, o := range ev.Steps {
			steps[o.ID] = o
		}
	case engine.StepStarted:
		o := steps[ev.ID]
		s.Step, s.Since, s.Resuming = safe.Sprintf("%s %s", safe.Show(o.Position), o.Name), env.Time, false
	case engine.StepFinished:
		s.Step, s.Since = safe.Text{}, env.Time
	case engine.QuestionAsked:
		s.Question, s.Asked = ev.Question.Title, env.Time
	case engine.QuestionAnswered, engine.QuestionWithdrawn:
		s.Question, s.Asked = safe.Text{}, time.Time{}
	case engine.Interrupted:
		s.Stopping = ev.How != engine.GoOn
	case engine.Attended:
		s.Seats, s.Holding = ev.Seats, ev.Holding
	case engine.RunFinished:
		s.Over = true
	}
}

// Holder returns the seat that holds the answers, or nil.
func (s Status) Holder() *engine.Seat {
	for i := range s.Seats {
		if s.Seats[i].Holds {
			return &s.Seats[i]
		}
	}
	return nil
}
