// Package quiet keeps the program from talking to the terminal before it has
// anything to say. It is imported for its effect only.
//
// Bubble Tea v1 asks the terminal for its background colour while packages are
// initialised, so for --help and --version too, and waits five seconds when nobody
// answers: https://github.com/charmbracelet/bubbletea/issues/1071. It does not ask when the answer is already
// known, and this package gives it. We use only the 16 colours of the terminal, so
// that the answer changes nothing.
//
// The order decides: Go initialises, of the packages that are ready, the one
// whose import path sorts first. This one imports nothing but lipgloss and
// sorts before "github.com/charmbracelet/bubbletea". For that it has a module of its own with a path of its own;
// the path of the main module sorts after. Remove it with the move to Bubble Tea v2, which does not ask.
package quiet

import "github.com/charmbracelet/lipgloss"

func init() { lipgloss.SetHasDarkBackground(true) }
