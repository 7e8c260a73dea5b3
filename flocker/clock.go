package flocker

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Boottime is CLOCK_BOOTTIME in nanoseconds: it never jumps, and goes on while
// the machine sleeps, as a lease does.
func Boottime() int64 {
	var t unix.Timespec
	// The clock exists since Linux 2.6.39; the call has no other way to fail.
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &t)
	return t.Nano()
}

// BootID reads the machine's boot id, which is what Flocker calls a node's era.
func BootID() (string, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(b)), nil
}
