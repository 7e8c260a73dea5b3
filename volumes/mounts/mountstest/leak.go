package mountstest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// checked runs tests and fails them when they leave something behind.
func checked(run func() int) int {
	before := snapshot()
	status := run()
	for _, thing := range snapshot() {
		if !slices.Contains(before, thing) {
			fmt.Fprintln(os.Stderr, "mountstest: left behind:", thing)
			status = max(status, 1)
		}
	}
	return status
}

// snapshot lists this namespace's mounts and processes.
func snapshot() []string {
	var things []string
	table, _ := os.ReadFile("/proc/self/mountinfo")
	for line := range strings.Lines(string(table)) {
		things = append(things, "mount "+strings.TrimSpace(line))
	}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		stat, err := os.ReadFile(file)
		if text := string(stat); err == nil && !strings.Contains(text, ") Z ") {
			things = append(things, "process "+text[:strings.IndexByte(text, ')')+1])
		}
	}
	return things
}
