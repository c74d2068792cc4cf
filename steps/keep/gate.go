package keep

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// The gate stays on its first thread: when another one became the program, the
// process would look for a moment as if it had ended.
func init() {
	if len(os.Args) > 0 && os.Args[0] == gateRole {
		runtime.LockOSThread()
	}
}

// gate waits until the keeper says go and becomes the program. When the keeper
// dies first, or the program cannot be run, it says that it never ran.
func gate(folder string, argv []string) int {
	const wait, tell = inherited, inherited + 1
	syscall.CloseOnExec(wait)
	syscall.CloseOnExec(tell)
	pressed := make(chan os.Signal, 1)
	signal.Notify(pressed, os.Interrupt, syscall.SIGTERM)
	never := func(err error) int {
		// Twice, since either may fail: the keeper, when it is there, writes it as well.
		_ = write(folder, neverFile, neverRecord{err.Error()})
		_, _ = os.NewFile(tell, "keeper").WriteString(err.Error())
		return failed
	}
	var b [1]byte
	n, err := os.NewFile(wait, "go").Read(b[:])
	if n != 1 || b[0] != goAhead {
		return never(errors.Join(errors.New("the keeper ended before it let the program start"), err))
	}
	select {
	case s := <-pressed:
		return never(errors.New(s.String() + " before it ran"))
	default:
	}
	return never(fmt.Errorf("%s: %w", argv[0], syscall.Exec(argv[0], argv, os.Environ())))
}
