package keep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Follow gives what a job's program prints, from its first byte, and returns when
// the program has ended, is lost, or turns out never to have started. When ctx
// ends it returns that error, and the program does not notice. Like [Look] it
// settles a job that nobody has started.
func Follow(ctx context.Context, folder string, stdout, stderr io.Writer) (State, error) {
	return Following{Stdout: stdout, Stderr: stderr}.Wait(ctx, folder)
}

// A Following says how a job is followed.
type Following struct {
	Stdout, Stderr io.Writer // nil to leave it
	Skip           int64     // bytes of standard output to leave out
	// Linger is how long output is read after the program's end while something it
	// started has it open.
	Linger time.Duration
}

// How often a job is looked at: soon after something happened, seldom when it is
// quiet.
const (
	soon   = 2 * time.Millisecond
	seldom = 50 * time.Millisecond
)

// Wait is [Follow].
func (f Following) Wait(ctx context.Context, folder string) (State, error) {
	out := &tail{path: filepath.Join(folder, stdoutFile), w: f.Stdout, at: f.Skip}
	errs := &tail{path: filepath.Join(folder, stderrFile), w: f.Stderr}
	defer out.close()
	defer errs.close()
	var over time.Time
	for pause := soon; ; {
		// Looked at before it is read: what an ended program printed is there then.
		st, err := Look(folder)
		if err != nil {
			return st, err
		}
		n, err := out.copy()
		m, merr := errs.copy()
		if err := errors.Join(err, merr); err != nil {
			return st, fmt.Errorf("read what the program prints: %w", err)
		}
		if st.Phase != Running {
			if over.IsZero() {
				over = time.Now()
			}
			if !st.Left || time.Since(over) >= f.Linger {
				return st, nil
			}
		}
		if pause = min(2*pause, seldom); n+m > 0 {
			pause = soon
		}
		if err := sleep(ctx, pause); err != nil {
			return st, err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// A tail copies a file as it grows.
type tail struct {
	path string
	w    io.Writer
	at   int64
	f    *os.File
	buf  []byte
}

func (t *tail) copy() (n int64, err error) {
	if t.w == nil {
		return 0, nil
	}
	if t.f == nil {
		t.f, err = os.OpenFile(t.path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
		if errors.Is(err, fs.ErrNotExist) {
			t.f = nil
			return 0, nil
		}
		if err != nil {
			t.f = nil
			return 0, err
		}
		t.buf = make([]byte, 64<<10)
	}
	for {
		k, err := t.f.ReadAt(t.buf, t.at)
		if k > 0 {
			if _, werr := t.w.Write(t.buf[:k]); werr != nil {
				return n, werr
			}
			t.at += int64(k)
			n += int64(k)
		}
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

func (t *tail) close() {
	if t.f != nil {
		t.f.Close()
	}
}
