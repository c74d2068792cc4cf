// Package tui is the screen: it shows what a run does and takes the operator's
// answers. It holds a [engine.Console] and nothing else of the run; it decides
// nothing and has no effect of its own.
//
// The screen is one frame: a bar that says whether the run is real, the steps
// with their state and the probes below them, one pane with what is asked or
// done now, and a line with the keys that work now. On a terminal narrower than
// 100 columns the steps fold into one line.
//
// What holds for every frame: it is exactly as large as the terminal; every word
// on it is inert text; keys that arrive together count one by one; and no key
// does something that cannot be undone, only a word typed for it.
package tui
