package stage

import (
	"bytes"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// process is one line of the process table.
type process struct {
	pid, parent, group, session int
	still                       bool // stopped or dead: it forks nobody
}

// tree is a process and all that it forked, as far as that can be told: its
// descendants, and whoever is in a session or process group of one of them.
type tree struct {
	members          map[int]bool
	groups, sessions map[int]bool
}

// looks bounds the search for processes that will not stand still.
const looks = 100

// killTree sends SIGKILL to a process that leads a session and to all that it
// forked. Every process is stopped before its children are looked for, so that
// none can fork another meanwhile; whoever has left both session and parents by
// then is not found, as in Mesos (3rdparty/stout/include/stout/os/posix/killtree.hpp).
func killTree(root int) {
	t := tree{members: map[int]bool{}, groups: map[int]bool{root: true}, sessions: map[int]bool{root: true}}
	t.add(process{pid: root, group: root, session: root})
	_ = unix.Kill(root, unix.SIGSTOP)
	t.freeze()
	for pid := range t.members {
		_ = unix.Kill(pid, unix.SIGKILL)
	}
}

// freeze stops every member, until all stand still and nobody new is seen
// afterwards: a fork that was under way ends before its caller stops.
func (t tree) freeze() {
	calm := false
	for range looks {
		table := processes()
		found := t.grow(table)
		for _, pid := range found {
			_ = unix.Kill(pid, unix.SIGSTOP)
		}
		if calm && len(found) == 0 {
			return
		}
		calm = !slices.ContainsFunc(table, func(p process) bool { return t.members[p.pid] && !p.still })
	}
}

// grow adds every process of the table that belongs to t, and returns the new
// ones.
func (t tree) grow(table []process) (found []int) {
	for grown := true; grown; {
		grown = false
		for _, p := range table {
			if !t.members[p.pid] && t.has(p) {
				t.add(p)
				found, grown = append(found, p.pid), true
			}
		}
	}
	return found
}

func (t tree) has(p process) bool {
	return t.members[p.parent] || t.groups[p.group] || t.sessions[p.session]
}

func (t tree) add(p process) {
	t.members[p.pid], t.groups[p.group], t.sessions[p.session] = true, true, true
}

// processes reads the table of this namespace, without this process. Whoever
// ends meanwhile is left out.
func processes() []process {
	dirs, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var table []process
	for _, dir := range dirs {
		pid, err := strconv.Atoi(dir.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if p, ok := readProcess(pid); ok {
			table = append(table, p)
		}
	}
	return table
}

// readProcess reads fields 3 to 6 of a stat file, proc(5). The command, field 2,
// may hold anything.
func readProcess(pid int) (p process, ok bool) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return p, false
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 4 {
		return p, false
	}
	p.pid, p.still = pid, bytes.ContainsAny(fields[0], "TtZX")
	for i, field := range []*int{&p.parent, &p.group, &p.session} {
		if *field, err = strconv.Atoi(string(fields[i+1])); err != nil {
			return p, false
		}
	}
	return p, true
}
