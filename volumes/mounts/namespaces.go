package mounts

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"syscall"

	"github.com/moby/sys/mountinfo"
)

// space is one view of a mount namespace: that of a process with its root
// directory (a table shows only what lies below it).
type space struct {
	inode   uint64
	pid     int
	command string
	table   []*mountinfo.Info
	err     error // why there is no table
}

// member is a thread of a namespace.
type member struct {
	pid  int
	task string // its folder in /proc
}

// otherNamespaces reads the mount table of every mount namespace but this
// process's. A namespace whose known threads all ended may live on in processes
// forked meanwhile, so that what was not read is looked for again.
func otherNamespaces() ([]space, []Holder, error) {
	var spaces []space
	done := map[uint64]bool{}
	for range 5 {
		members, unknown, err := listMembers(done)
		if err != nil {
			return nil, nil, err
		}
		if len(members) == 0 {
			return spaces, unknown, nil
		}
		for _, inode := range slices.Sorted(maps.Keys(members)) {
			views := readViews(inode, members[inode])
			done[inode] = len(views) > 0
			spaces = append(spaces, views...)
		}
	}
	return nil, nil, errors.New("mount namespaces come and go faster than they can be read")
}

// listMembers sorts the threads of all processes by mount namespace, without
// this process's namespace and those in done.
func listMembers(done map[uint64]bool) (map[uint64][]member, []Holder, error) {
	own, err := namespace("/proc/self/ns/mnt")
	if err != nil {
		return nil, nil, err
	}
	pids, err := numbers("/proc")
	if err != nil {
		return nil, nil, err
	}
	members := map[uint64][]member{}
	var unknown []Holder
	for _, pid := range pids {
		dir := "/proc/" + strconv.Itoa(pid)
		tasks, err := numbers(dir + "/task")
		for _, tid := range tasks {
			task := dir + "/task/" + strconv.Itoa(tid)
			var inode uint64
			inode, err = namespace(task + "/ns/mnt")
			if ended(err) {
				err = nil // this thread alone: one that lives may follow
				continue
			}
			if err != nil {
				break
			}
			if inode != own && !done[inode] {
				members[inode] = append(members[inode], member{pid: pid, task: task})
			}
		}
		if err != nil && !ended(err) {
			unknown = append(unknown, Holder{Pid: pid, Command: commandOf(dir), Unknown: err})
		}
	}
	return members, unknown, nil
}

// readViews reads the tables of a namespace, one per distinct root directory of
// its threads. None are left when all threads have ended.
func readViews(inode uint64, members []member) []space {
	var views []space
	seen := map[string]bool{}
	for _, m := range members {
		root, err := os.Readlink(m.task + "/root")
		if err == nil && seen[root] {
			continue
		}
		view := space{inode: inode, pid: m.pid, command: commandOf(m.task)}
		if err == nil {
			view.table, err = readTable(m.task + "/mountinfo")
		}
		if ended(err) {
			continue
		}
		view.err = err
		seen[root] = true
		views = append(views, view)
	}
	return views
}

// numbers lists the entries of a folder of /proc that are numbers.
func numbers(dir string) ([]int, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", dir, err)
	}
	var list []int
	for _, name := range names {
		if n, err := strconv.Atoi(name); err == nil {
			list = append(list, n)
		}
	}
	return list, nil
}

// ended says whether err means that the process or thread is no more. The
// kernel answers EINVAL for the table of a thread that has left its namespaces.
func ended(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) || errors.Is(err, syscall.EINVAL)
}
