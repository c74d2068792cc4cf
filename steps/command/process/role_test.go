package process

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// play is the program under test. It does not return.
func play(role string) {
	switch role {
	case "exit 3":
		os.Exit(3)
	case "mark":
		_ = os.WriteFile("mark", nil, 0o600)
	case "hostile":
		fmt.Print("\x1b[2Jred \u202etxt \xff\r\n")
		fmt.Fprint(os.Stderr, "err")
	case "long":
		w := bufio.NewWriterSize(os.Stdout, 1<<16)
		piece := strings.Repeat("x", 1<<16)
		for range 1 << 10 {
			_, _ = w.WriteString(piece)
		}
		_ = w.Flush()
	case "many":
		w := bufio.NewWriter(os.Stdout)
		for i := range 300_000 {
			fmt.Fprintf(w, "line %d\n", i)
		}
		_ = w.Flush()
	case "env":
		fmt.Println(strings.Join(os.Environ(), "\n"))
	case "family":
		child := exec.Command("sleep", "600")
		child.Stdout = os.Stdout
		if err := child.Start(); err != nil {
			os.Exit(9)
		}
		fmt.Println("ready")
		_ = child.Wait()
		time.Sleep(time.Hour)
	case "leave":
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "LC_LOCKSTEP_TEST_ROLE=stubborn")
		child.Stdout = os.Stdout
		if err := child.Start(); err != nil {
			os.Exit(9)
		}
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("ready")
		for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); {
			if _, err := os.Stat("go"); err == nil {
				os.Exit(7)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	os.Exit(0)
}
