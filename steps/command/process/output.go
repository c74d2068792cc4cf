package process

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"lockstep/runbook/safe"
)

// KeepBytes is how much output is kept: half of it from the beginning, half
// from the end.
const KeepBytes = 1 << 20

const (
	tellEvery = 50 * time.Millisecond // how often lines are passed on
	tellLines = 200                   // how many of them, the newest
)

// An Output is what a program printed, inert and bounded.
type Output struct {
	head, tail []safe.Text
	missing    int // lines left out between them
	Lines      int // all of them
	Bytes      int64
}

// Text returns the output for the journal, with a note where lines are missing.
func (o Output) Text() []byte {
	var b bytes.Buffer
	for _, l := range o.head {
		b.WriteString(l.String() + "\n")
	}
	if o.missing > 0 {
		fmt.Fprintf(&b, "…[%d lines left out]\n", o.missing)
	}
	for _, l := range o.tail {
		b.WriteString(l.String() + "\n")
	}
	return b.Bytes()
}

// Last returns the last n lines at most.
func (o Output) Last(n int) []safe.Text {
	all := append(append([]safe.Text(nil), o.head...), o.tail...)
	if o.missing > 0 {
		all = o.tail
	}
	return all[max(0, len(all)-n):]
}

// Contains reports whether a kept line, or a run of them, holds a text.
func (o Output) Contains(text string) bool { return bytes.Contains(o.Text(), []byte(text)) }

// lines makes lines of what is written to it, keeps some and passes them on.
type lines struct {
	scrub *strings.Replacer
	tell  func([]safe.Text, int)

	mu       sync.Mutex
	partial  []byte // the line that has no end yet, up to safe.MaxLine+1 bytes
	over     int    // bytes of it that were not kept
	out      Output
	headSize int
	tailSize int
	waiting  []safe.Text // to be passed on
	dropped  int

	stop    chan struct{}
	stopped chan struct{}
}

func newLines(secrets map[string]string, tell func([]safe.Text, int)) *lines {
	l := &lines{scrub: scrubber(secrets), tell: tell, stop: make(chan struct{}), stopped: make(chan struct{})}
	go l.pass()
	return l
}

// Write takes output in pieces of any size.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(p)
	l.out.Bytes += int64(n)
	for len(p) > 0 {
		piece, rest, whole := bytes.Cut(p, []byte("\n"))
		room := max(0, 2*safe.MaxLine-len(l.partial))
		l.partial = append(l.partial, piece[:min(room, len(piece))]...)
		l.over += max(0, len(piece)-room)
		if whole {
			l.end()
		}
		p = rest
	}
	return n, nil
}

// end takes the partial line as a whole one.
func (l *lines) end() {
	text := strings.TrimSuffix(l.scrub.Replace(string(l.partial)), "\r")
	if l.over > 0 {
		// The cut is past what Show keeps, so that its own note is there, too.
		text = text[:min(len(text), safe.MaxLine-64)] + fmt.Sprintf("…[%d bytes more]", l.over+max(0, len(text)-safe.MaxLine+64))
	}
	l.partial, l.over = l.partial[:0], 0
	line := safe.Show(text)
	l.out.Lines++
	l.keep(line)
	if l.tell == nil {
		return
	}
	if len(l.waiting) == tellLines {
		l.waiting = append(l.waiting[:0], l.waiting[1:]...)
		l.dropped++
	}
	l.waiting = append(l.waiting, line)
}

// keep holds on to a line while there is room for it, and lets the oldest of
// the tail go when there is none.
func (l *lines) keep(line safe.Text) {
	size := len(line.String()) + 1
	if len(l.out.tail) == 0 && l.headSize+size <= KeepBytes/2 {
		l.out.head = append(l.out.head, line)
		l.headSize += size
		return
	}
	l.out.tail = append(l.out.tail, line)
	l.tailSize += size
	for l.tailSize > KeepBytes/2 {
		l.tailSize -= len(l.out.tail[0].String()) + 1
		l.out.tail = l.out.tail[1:]
		l.out.missing++
	}
}

// pass hands waiting lines on, often enough for a person and seldom enough for
// a program that prints without end.
func (l *lines) pass() {
	defer close(l.stopped)
	t := time.NewTicker(tellEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			l.flush()
		case <-l.stop:
			l.flush()
			return
		}
	}
}

func (l *lines) flush() {
	l.mu.Lock()
	batch, dropped := append([]safe.Text(nil), l.waiting...), l.dropped
	l.waiting, l.dropped = l.waiting[:0], 0
	l.mu.Unlock()
	if l.tell != nil && len(batch) > 0 {
		l.tell(batch, dropped)
	}
}

// close ends the last line and returns everything. It returns after the last
// lines have been passed on.
func (l *lines) close() Output {
	l.mu.Lock()
	if len(l.partial) > 0 || l.over > 0 {
		l.end()
	}
	l.mu.Unlock()
	close(l.stop)
	<-l.stopped
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out
}

// scrubber replaces secret values by their names. Values of fewer than six
// bytes are left alone: they would take ordinary words with them.
func scrubber(secrets map[string]string) *strings.Replacer {
	names := make([]string, 0, len(secrets))
	for name, value := range secrets {
		if len(value) >= 6 {
			names = append(names, name)
		}
	}
	// A value that holds another one goes first, so that nothing of it is left.
	sort.Slice(names, func(i, j int) bool {
		a, b := secrets[names[i]], secrets[names[j]]
		return len(a) > len(b) || len(a) == len(b) && names[i] < names[j]
	})
	var pairs []string
	for _, name := range names {
		pairs = append(pairs, secrets[name], "‹"+name+"›")
	}
	return strings.NewReplacer(pairs...)
}
