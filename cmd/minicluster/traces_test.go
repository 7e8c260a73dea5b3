package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// machineTemp is where t.TempDir makes its folders; a test may change TMPDIR.
var machineTemp = os.TempDir()

// clean asserts that nothing is left of a cluster whose folder was made in dir:
// no file, mount, loop device, or process.
func clean(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("left in the folder: %v (%v)", entries, err)
	}
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || strings.Contains(string(table), dir) {
		t.Errorf("left mounted (%v):\n%s", err, linesWith(string(table), dir))
	}
	backing, err := filepath.Glob("/sys/block/loop*/loop/backing_file")
	if err != nil {
		t.Error(err)
	}
	// The kernel shows the path within the filesystem that a node saw.
	inside := strings.TrimPrefix(dir, machineTemp)
	for _, file := range backing {
		if image, err := os.ReadFile(file); err == nil && strings.Contains(string(image), inside) {
			t.Errorf("loop device left: %s is behind %s", image, file)
		}
	}
	// A killed process is reaped by whoever inherits it, a little later.
	over := time.After(10 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		left := processes(dir)
		if len(left) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf("processes left: %v", left)
		}
	}
}

func linesWith(text, part string) (found []string) {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			found = append(found, line)
		}
	}
	return found
}

// processes lists those that know dir, by argument or environment, but for the
// test itself.
func processes(dir string) (found []string) {
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range all {
		if filepath.Base(p) == fmt.Sprint(os.Getpid()) {
			continue
		}
		for _, file := range []string{"cmdline", "environ", "mountinfo"} {
			text, err := os.ReadFile(filepath.Join(p, file))
			if err == nil && strings.Contains(string(text), dir) {
				argv, _ := os.ReadFile(filepath.Join(p, "cmdline"))
				found = append(found, fmt.Sprintf("%s %q", p, argv))
				break
			}
		}
	}
	return found
}
