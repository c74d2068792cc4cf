package keep

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"testing"
	"time"
)

func TestFollow_hugeLineInConstantMemory(t *testing.T) {
	p := newPlace(t)
	p.start(t, "long")
	n := new(counter)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s, err := Follow(t.Context(), p.folder, n, nil)
	runtime.ReadMemStats(&after)
	if err != nil || s.Exit != 0 || *n != 64<<20 {
		t.Errorf("%+v %v, %d bytes", s, err, *n)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
		t.Errorf("took %d bytes of memory", used)
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

func TestFollow_childThatOutlivesTheProgram(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.start(t, "leave")
	s, _, _ := follow(t, p)
	if s.Phase != Ended || s.Exit != 0 || !s.Left {
		t.Errorf("%+v", s)
	}
	p.release(t)
	p.until(t, "left by its child", func(s State) bool { return s.Phase == Ended && !s.Left })
	// With time to wait, what the child prints is there, too.
	p = newPlace(t)
	p.start(t, "leave")
	var out bytes.Buffer
	w := writerFunc(func(b []byte) (int, error) { p.release(t); return out.Write(b) })
	s, err := Following{Stdout: w, Linger: time.Minute}.Wait(t.Context(), p.folder)
	if err != nil || s.Left || out.String() != "ready\n" {
		t.Errorf("%+v %v %q", s, err, out.String())
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestFollow_endsWithItsContextAlone(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.start(t, "wait")
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("enough")
	_, err := Follow(ctx, p.folder, writerFunc(func(b []byte) (int, error) { cancel(stop); return len(b), nil }), nil)
	if !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	p.release(t)
	if s, out, _ := follow(t, p); s.Phase != Ended || s.Exit != 0 || out != "ready\n" {
		t.Errorf("%+v %q", s, out)
	}
}
