package contain

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// procStat is what /proc/<pid>/stat says about a process.
type procStat struct {
	pid, ppid, pgrp, session int
	state                    byte
	start                    uint64 // in clock ticks since boot
}

func readStat(pid int) (procStat, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return procStat{}, err
	}
	return parseStat(string(text))
}

// parseStat: the name in the second field may hold spaces and parentheses.
func parseStat(text string) (procStat, error) {
	var s procStat
	open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 1 || end < open {
		return s, fmt.Errorf("process stat %q: no name", text)
	}
	rest := strings.Fields(text[end+1:])
	if len(rest) < 20 || len(rest[0]) != 1 {
		return s, fmt.Errorf("process stat %q: too short", text)
	}
	s.state = rest[0][0]
	for i, field := range []struct {
		text string
		to   *int
	}{{strings.TrimSpace(text[:open]), &s.pid}, {rest[1], &s.ppid}, {rest[2], &s.pgrp}, {rest[3], &s.session}} {
		n, err := strconv.Atoi(field.text)
		if err != nil {
			return s, fmt.Errorf("process stat %q: number %d: %w", text, i, err)
		}
		*field.to = n
	}
	var err error
	s.start, err = strconv.ParseUint(rest[19], 10, 64)
	return s, err
}

// processes lists the processes of this PID namespace. One that ends meanwhile
// is left out.
func processes() ([]procStat, error) {
	names, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var all []procStat
	for _, name := range names {
		pid, err := strconv.Atoi(name.Name())
		if err != nil {
			continue
		}
		if s, err := readStat(pid); err == nil {
			all = append(all, s)
		}
	}
	return all, nil
}
