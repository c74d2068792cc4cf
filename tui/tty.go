package tui

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/muesli/cancelreader"
	"golang.org/x/term"
)

// A tty is what the screen is shown on. Bubble Tea gets its two sides and
// neither its mode nor its end: a program of Bubble Tea's that is killed closes its
// input under the read that waits for a key, and one that ends waits for ever for
// a terminal that takes nothing more.
type tty struct {
	in      *keyboard
	out     io.Writer
	restore func()
	release func() // lets go of writes that the terminal does not take
}

// A keyboard is the terminal's input. Its end, or an error, is told once: then
// the terminal is gone. Bubble Tea sees the end of a file, and reads no further.
type keyboard struct {
	from   cancelreader.CancelReader
	gone   func(error)
	turn   chan struct{} // held by who reads or closes
	closed chan struct{}
}

// openTTY takes the terminal over. Whoever opened it closes it.
func openTTY(in io.Reader, out io.Writer, gone func(error)) (*tty, error) {
	from, err := cancelreader.NewReader(in)
	if err != nil {
		return nil, err
	}
	t := &tty{
		in:      &keyboard{from: from, gone: gone, turn: make(chan struct{}, 1), closed: make(chan struct{})},
		restore: func() {},
	}
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		was, err := term.MakeRaw(int(f.Fd()))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("raw mode: %w", err), from.Close())
		}
		t.restore = func() { term.Restore(int(f.Fd()), was) } // a terminal that is gone needs it no more
	}
	released := make(chan struct{})
	t.release = sync.OnceFunc(func() { close(released) })
	w := &patient{to: out, released: released, last: make(chan struct{})}
	close(w.last)
	t.out = w
	if f, ok := out.(*os.File); ok {
		t.out = &display{w, f}
	}
	return t, nil
}

// leave gives the terminal a time to take what is still to be written. What it
// has not taken by then is not waited for.
func (t *tty) leave(grace time.Duration) { time.AfterFunc(grace, t.release) }

// close stops reading and gives the terminal back as it was. Nothing may draw any
// more. Of an input that cannot be interrupted the read under way stays.
func (t *tty) close(grace time.Duration) {
	close(t.in.closed)
	if t.in.from.Cancel() {
		select {
		case t.in.turn <- struct{}{}:
			t.in.from.Close()
		case <-time.After(grace):
		}
	}
	t.restore()
}

func (k *keyboard) Read(b []byte) (int, error) {
	select {
	case <-k.closed:
		return 0, io.EOF
	case k.turn <- struct{}{}:
	}
	defer func() { <-k.turn }()
	n, err := k.from.Read(b)
	if err == nil {
		return n, nil
	}
	if !errors.Is(err, cancelreader.ErrCanceled) {
		k.gone(err)
	}
	return 0, io.EOF
}

// A patient writer writes in order, and waits for every write until it is
// released. Later writes still follow when the terminal takes them again.
type patient struct {
	to       io.Writer
	released <-chan struct{}
	mu       sync.Mutex
	last     chan struct{} // closed when the write before is over
}

func (w *patient) Write(b []byte) (int, error) {
	var (
		n    int
		err  error
		mine = bytes.Clone(b)
		done = make(chan struct{})
	)
	w.mu.Lock()
	before := w.last
	w.last = done
	w.mu.Unlock()
	go func() {
		defer close(done)
		<-before
		n, err = w.to.Write(mine)
	}()
	select {
	case <-done:
		return n, err
	case <-w.released:
		return len(b), nil
	}
}

// A display is an output that Bubble Tea can ask for its size.
type display struct {
	*patient
	f *os.File
}

func (d *display) Read(b []byte) (int, error) { return d.f.Read(b) }
func (d *display) Close() error               { return d.f.Close() }
func (d *display) Fd() uintptr                { return d.f.Fd() }
