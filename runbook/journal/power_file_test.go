package journal

import (
	"bytes"
	"os"

	"golang.org/x/sys/unix"
)

func (f *powerFile) state() fileState {
	size := max(int64(len(f.now)), f.room)
	return fileState{id: fileID{1, f.ino}, size: size, blocks: size, links: 1, uid: os.Geteuid(), plain: true}
}

// A powerHandle is an open file.
type powerHandle struct {
	d    *powerDisk
	f    *powerFile
	path string
	gen  int
	done bool
}

func (h *powerHandle) name() string { return h.path }

func (h *powerHandle) Write(b []byte) (int, error) {
	half, err := h.d.tick()
	if err != nil && !half {
		return 0, err
	}
	if half {
		b = b[:h.d.rng.IntN(len(b)+1)]
	}
	h.put(b)
	return len(b), err
}

func (h *powerHandle) put(b []byte) {
	h.f.pending = append(h.f.pending, powerWrite{len(h.f.now), bytes.Clone(b)})
	h.f.now = append(h.f.now, b...)
}

func (h *powerHandle) ReadAt(b []byte, at int64) (int, error) {
	if h.d.off {
		return 0, errOff
	}
	return bytes.NewReader(h.f.now).ReadAt(b, at)
}

func (h *powerHandle) Close() error {
	h.done = true
	return nil
}

func (h *powerHandle) lock() error {
	if o := h.f.owner; o != nil && o.gen == h.d.gen && !o.done {
		return errLocked
	}
	h.f.owner = h
	return nil
}

func (h *powerHandle) sync() error {
	if _, err := h.d.tick(); err != nil {
		return err
	}
	f := h.f
	pending := f.pending
	f.pending = nil
	if h.d.fails() {
		return unix.EIO
	}
	for _, w := range pending {
		if w.data == nil {
			f.durable = f.durable[:min(w.at, len(f.durable))]
		} else {
			f.durable = patch(f.durable, w.at, w.data)
		}
	}
	return nil
}

func (h *powerHandle) truncate(n int64) error {
	if _, err := h.d.tick(); err != nil {
		return err
	}
	h.f.pending = append(h.f.pending, powerWrite{at: int(n)})
	h.f.now = h.f.now[:n]
	return nil
}

// allocate takes no memory: nobody reads what is set aside.
func (h *powerHandle) allocate(n int64) error {
	if _, err := h.d.tick(); err != nil {
		return err
	}
	h.f.room = n
	h.put([]byte("-"))
	return nil
}

func (h *powerHandle) stat() (fileState, error) {
	if h.d.off {
		return fileState{}, errOff
	}
	return h.f.state(), nil
}
