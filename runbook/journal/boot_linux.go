package journal

import (
	"os"
	"strings"
)

// BootID returns what tells this boot of the machine from others, or "".
func BootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
