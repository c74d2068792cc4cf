package tui

// Before Bubble Tea can ask the terminal anything; see there.
import _ "a.lockstep/quiet"
