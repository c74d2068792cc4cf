package journal

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

var errLocked = errors.New("locked")

// osDisk is the disk of the operating system.
type osDisk struct{}

func (osDisk) makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return &os.PathError{Op: "stat", Path: dir, Err: err}
	}
	if int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to user %d", dir, st.Uid)
	}
	if st.Mode&0o022 != 0 {
		return fmt.Errorf("%s can be written by others (mode %04o)", dir, st.Mode&0o777)
	}
	return nil
}

func (osDisk) openLog(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if errors.Is(err, unix.ELOOP) {
		return nil, fmt.Errorf("%s is a symbolic link", path)
	}
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osDisk) create(dir string) (file, error) {
	f, err := os.CreateTemp(dir, newPrefix+"*") // mode 0600
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osDisk) rename(from, to string) error         { return os.Rename(from, to) }
func (osDisk) remove(path string) error             { return os.Remove(path) }
func (osDisk) readFile(path string) ([]byte, error) { return os.ReadFile(path) }

func (osDisk) names(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}

func (osDisk) syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func (osDisk) stat(path string) (fileState, error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return fileState{}, &os.PathError{Op: "lstat", Path: path, Err: err}
	}
	return stateOf(st), nil
}

func (osDisk) note(path string, data []byte) {
	dir, name := filepath.Split(path)
	tmp := filepath.Join(dir, "."+name)
	if os.WriteFile(tmp, data, 0o600) == nil {
		os.Rename(tmp, path)
	}
}

// osFile is a file of the operating system.
type osFile struct{ *os.File }

func (f osFile) name() string { return f.Name() }

func (f osFile) lock() error { return flock(f.File, unix.LOCK_EX) }

func flock(f *os.File, how int) error {
	err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errLocked
	}
	return err
}

func (f osFile) sync() error { return syncData(f.File) }

func (f osFile) truncate(size int64) error { return f.Truncate(size) }

// allocate asks the file system for the room, and fills it where it can't say
// so. Zeros might be kept as holes or compressed away; what looks random is not.
func (f osFile) allocate(size int64) error {
	err := allocate(f.File, size)
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	var seed [32]byte
	junk := make([]byte, size)
	rand.NewChaCha8(seed).Read(junk)
	_, err = f.Write(junk)
	return err
}

func (f osFile) stat() (fileState, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return fileState{}, err
	}
	return stateOf(st), nil
}

func stateOf(st unix.Stat_t) fileState {
	return fileState{
		id:   fileID{uint64(st.Dev), st.Ino},
		size: st.Size, blocks: st.Blocks * 512, links: uint64(st.Nlink), uid: int(st.Uid),
		perm: uint32(st.Mode & 0o777), plain: st.Mode&unix.S_IFMT == unix.S_IFREG,
	}
}
