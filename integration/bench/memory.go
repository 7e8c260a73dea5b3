package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

// memory lists the executor and the guard of a task with their resident and
// private memory.
func memory(taskID string) string {
	var out strings.Builder
	all, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range all {
		dir := filepath.Dir(path)
		env, err := readFile(path)
		if err != nil || !strings.Contains(env, "MESOS_EXECUTOR_ID=flocker-executor."+taskID+"\x00") {
			continue
		}
		rollup, err := readFile(filepath.Join(dir, "smaps_rollup"))
		if err != nil {
			continue
		}
		argv, _ := readFile(filepath.Join(dir, "cmdline"))
		name := strings.TrimSpace(strings.ReplaceAll(argv, "\x00", " "))
		figure := fmt.Sprintf("%d kB / %d kB", kB(rollup, "Rss:"), kB(rollup, "Private_Dirty:")+kB(rollup, "Private_Clean:"))
		fmt.Fprintf(&out, "  %-58s %-32s %s\n", "resident / private: "+name, figure, "budget: executor 16 / 4 MiB, guard - / 2 MiB")
	}
	return out.String()
}

func kB(rollup, field string) int {
	for line := range strings.Lines(rollup) {
		var n int
		if rest, ok := strings.CutPrefix(line, field); ok {
			_, _ = fmt.Sscan(rest, &n)
			return n
		}
	}
	return 0
}
