package listener

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// table is where the kernel lists the sockets of process 1.
const table = "/proc/1/net/unix"

// heir is who holds a socket that process 1 made: the first process that is not
// process 1, or that.
func heir(socket string) (int, error) {
	links, err := listening(socket)
	if err != nil {
		return 0, err
	}
	pids, err := processes()
	if err != nil {
		return 0, err
	}
	for _, pid := range pids {
		if holds(pid, links) {
			return pid, nil
		}
	}
	return 0, fmt.Errorf("%w: process 1 made the socket, and nobody has it open", ErrHidden)
}

// processes are those of this PID namespace, process 1 last.
func processes() ([]int, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }() // only read
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil && pid != 1 {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return append(pids, 1), nil
}

// holds says whether a process has a file open that /proc shows as one of links. A
// process that is gone has none.
func holds(pid int, links []string) bool {
	fds := "/proc/" + strconv.Itoa(pid) + "/fd"
	dir, err := os.Open(fds)
	if err != nil {
		return false
	}
	defer func() { _ = dir.Close() }() // only read
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		if link, err := os.Readlink(fds + "/" + name); err == nil && slices.Contains(links, link) {
			return true
		}
	}
	return false
}

// listening finds the sockets that somebody listens at under this path, in
// the form of /proc/<pid>/fd: several when one was replaced.
func listening(socket string) ([]string, error) {
	real, err := filepath.EvalSymlinks(socket)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(table)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // only read
	var links []string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		// Num RefCount Protocol Flags Type St Inode Path; __SO_ACCEPTCON is 0x10000.
		f := strings.Fields(lines.Text())
		if len(f) == 8 && f[3] == "00010000" && same(f[7], real) {
			links = append(links, "socket:["+f[6]+"]")
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", table, err)
	}
	if links == nil {
		return nil, fmt.Errorf("%w: process 1 made the socket, and %s does not list it", ErrHidden, table)
	}
	return links, nil
}

// same: /var/run is mostly a link to /run, and either may be said.
func same(path, real string) bool {
	if path == real {
		return true
	}
	evaluated, err := filepath.EvalSymlinks(path)
	return err == nil && evaluated == real
}
