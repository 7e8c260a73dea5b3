package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// memory lists the executor of a task and its guard. Private is anonymous
// memory: what one more task costs.
func memory(taskID string) string {
	executor := executorOf(taskID)
	guard := find(func(dir string) bool { return parent(dir) == filepath.Base(executor) })
	return residence("executor", executor, "budget 16 / 4 MiB") + residence("guard", guard, "budget - / 2 MiB")
}

func executorOf(taskID string) string {
	return find(func(dir string) bool {
		env, _ := readFile(filepath.Join(dir, "environ"))
		return strings.Contains(env, "MESOS_EXECUTOR_ID=flocker-executor."+taskID+"\x00") && strings.HasPrefix(argv(dir), "flocker-executor")
	})
}

func residence(name, dir, budget string) string {
	rollup, err := readFile(filepath.Join(dir, "smaps_rollup"))
	if dir == "" || err != nil {
		return fmt.Sprintf("  %s: not found (%v)\n", name, err)
	}
	figure := fmt.Sprintf("%d kB / %d kB", kB(rollup, "Rss:"), kB(rollup, "Anonymous:"))
	return fmt.Sprintf("  %-58s %-32s %s\n", name+", resident / private (anonymous)", figure, budget)
}

// find returns the folder in /proc of the first process that is wanted.
func find(wanted func(dir string) bool) string {
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		if wanted(dir) {
			return dir
		}
	}
	return ""
}

func argv(dir string) string {
	text, _ := readFile(filepath.Join(dir, "cmdline"))
	return text
}

func parent(dir string) string {
	text, _ := readFile(filepath.Join(dir, "stat"))
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 2 {
		return ""
	}
	return fields[1]
}

func kB(rollup, field string) int {
	for line := range strings.Lines(rollup) {
		if rest, ok := strings.CutPrefix(line, field); ok {
			n, _ := strconv.Atoi(strings.Fields(rest)[0])
			return n
		}
	}
	return 0
}
