package mounts

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// MayMount says whether process pid, or what it runs, could mount something in its
// own mount namespace: its bounding set has CAP_SYS_ADMIN. It is ErrEnded when the
// process is no more.
func MayMount(pid int) (bool, error) {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	switch {
	case ended(err):
		return false, fmt.Errorf("look at the capabilities of process %d: %w", pid, ErrEnded)
	case err != nil:
		return false, fmt.Errorf("look at the capabilities: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		if set, found := strings.CutPrefix(line, "CapBnd:"); found {
			bits, err := strconv.ParseUint(strings.TrimSpace(set), 16, 64)
			return bits&(1<<unix.CAP_SYS_ADMIN) != 0, err
		}
	}
	return false, errors.New("look at the capabilities: /proc does not tell them")
}
