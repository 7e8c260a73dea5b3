package contain

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// killTree kills a process with all its descendants and every process of the
// groups and sessions these belong to, stopping them first so that none gets
// away (stout's killtree with groups and sessions). The root must lead a session.
func killTree(root int) error {
	stopped := map[int]bool{}
	for {
		all, err := processes()
		if err != nil {
			return fmt.Errorf("kill tree of %d: %w", root, err)
		}
		grown := false
		for _, p := range tree(all, root) {
			if !stopped[p.pid] {
				stopped[p.pid] = true
				grown = true
				signal(p.pid, unix.SIGSTOP)
			}
		}
		if !grown {
			break
		}
	}
	for pid := range stopped {
		signal(pid, unix.SIGKILL)
	}
	return nil
}

// killSession kills every process of a session, repeatedly, because a process
// may have forked between the listing and the kill.
func killSession(session int) error {
	for {
		all, err := processes()
		if err != nil {
			return fmt.Errorf("kill session %d: %w", session, err)
		}
		left := false
		for _, p := range all {
			if p.session == session && p.pid != session && p.state != 'Z' && p.state != 'X' {
				signal(p.pid, unix.SIGKILL)
				left = true
			}
		}
		if !left {
			return nil
		}
	}
}

// tree is the closure of root over children, groups and sessions.
func tree(all []procStat, root int) []procStat {
	pids, groups, sessions := map[int]bool{}, map[int]bool{}, map[int]bool{}
	var found []procStat
	for grown := true; grown; {
		grown = false
		for _, p := range all {
			if pids[p.pid] {
				continue
			}
			if p.pid == root || pids[p.ppid] || groups[p.pgrp] || sessions[p.session] {
				pids[p.pid], groups[p.pgrp], sessions[p.session] = true, true, true
				found = append(found, p)
				grown = true
			}
		}
	}
	return found
}

func signal(pid int, s unix.Signal) {
	if err := unix.Kill(pid, s); err != nil && !errors.Is(err, unix.ESRCH) {
		return // not ours to kill: the caller's listing shows it again, and a person will see it
	}
}
