package replay_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// noLeftovers waits until no process works in dir or was started with it, and
// no mount is below it.
func noLeftovers(dir string) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(deadline)
	for {
		left, err := leftovers(dir)
		if err != nil || len(left) == 0 {
			return err
		}
		select {
		case <-tick.C:
		case <-limit:
			return fmt.Errorf("left behind: %s", strings.Join(left, ", "))
		}
	}
}

func leftovers(dir string) ([]string, error) {
	var left []string
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, dir+"/") {
			left = append(left, "mount "+strings.TrimSpace(line))
		}
	}
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	for _, p := range processes {
		// A process may end while it is looked at.
		cwd, _ := os.Readlink(p + "/cwd")
		args, _ := os.ReadFile(p + "/cmdline")
		if strings.HasPrefix(cwd, dir+"/") || bytes.Contains(args, []byte(dir+"/")) {
			left = append(left, fmt.Sprintf("process %s %q in %s", filepath.Base(p), args, cwd))
		}
	}
	return left, nil
}
