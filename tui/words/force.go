package words

import (
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// Forces are the ways to press a program that does not end, the milder one first.
var Forces = []engine.Interrupt{engine.SecondInterrupt, engine.Kill}

// Force names a way to press a program.
func Force(how engine.Interrupt, program safe.Text) safe.Text {
	if how == engine.Kill {
		return safe.Sprintf("kill %s", program)
	}
	return safe.Sprintf("interrupt %s again", program)
}

// Forced says what that does.
func Forced(how engine.Interrupt) safe.Text {
	if how == engine.Kill {
		return safe.Lit("it ends where it stands: its state may be lost or stay locked, objects may exist that the state does not know, the outcome will be unknown")
	}
	return safe.Lit("it exits at once: what it did last may be lost from the state, objects may exist that the state does not know, the outcome will be unknown")
}

// Interrupted says what somebody asked for.
func Interrupted(how engine.Interrupt) safe.Text {
	switch how {
	case engine.StopSoon:
		return safe.Lit("asked to stop after this step")
	case engine.CancelNow:
		return safe.Lit("asked to cancel now")
	case engine.GoOn:
		return safe.Lit("took the stop back")
	case engine.SecondInterrupt:
		return safe.Lit("interrupted the program a second time")
	case engine.Kill:
		return safe.Lit("killed the program")
	case engine.Abandon:
		return safe.Lit("went away")
	}
	return safe.Sprintf("asked to %s", safe.Show(string(how)))
}
