package mounts

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/moby/sys/mountinfo"
)

// firstPIDNamespace is the inode of the machine's first PID namespace, a fixed
// number (PROC_PID_INIT_INO of the kernel's include/linux/proc_ns.h).
const firstPIDNamespace = 0xEFFFFFFC

// surroundings is what the trust in a mount depends on besides the table.
type surroundings struct {
	firstPID bool   // this process is in the machine's first PID namespace
	apart    int    // the nearest ancestor in another mount namespace, 0 if none
	command  string // of that ancestor
}

// live returns why info may be a copy that does not follow the storage agent's
// unmount, nil when it does follow. See the table in the package comment.
func live(table []*mountinfo.Info, info *mountinfo.Info, around func() (surroundings, error)) error {
	parent := parentOf(table, info)
	if parent == nil {
		return errors.New("the mount it lies on is not in the mount table, so it cannot be told from a stale copy")
	}
	if Group(parent, "master") != 0 {
		return nil
	}
	s, err := around()
	if err != nil {
		return err
	}
	return s.judge(parent)
}

func (s surroundings) judge(parent *mountinfo.Info) error {
	shared := Group(parent, "shared")
	switch {
	case s.apart == 0 && (shared != 0 || s.firstPID):
		return nil
	case s.apart == 0:
		return fmt.Errorf("it lies on %s, which is private, and this process is in a PID namespace of its own: "+
			"it may be a stale copy; make the storage root shared on the node (mount --make-rshared) before the agent starts", parent.Mountpoint)
	case shared == 0:
		return fmt.Errorf("it lies on %s, which is private, and this process is not in the mount namespace of process %d (%s): "+
			"it may be a stale copy; make the storage root shared on the node (mount --make-rshared) before the agent starts",
			parent.Mountpoint, s.apart, s.command)
	}
	return s.peer(parent, shared)
}

// peer checks that the ancestor's namespace has a mount of the group.
func (s surroundings) peer(parent *mountinfo.Info, group int) error {
	table, err := readTable(fmt.Sprintf("/proc/%d/mountinfo", s.apart))
	if err != nil {
		return err
	}
	for _, i := range table {
		if Group(i, "shared") == group {
			return nil
		}
	}
	return fmt.Errorf("it lies on %s, which shares nothing with the mount namespace of process %d (%s): it may be a stale copy",
		parent.Mountpoint, s.apart, s.command)
}

// lookAround compares this process's namespaces with its ancestors'. An
// ancestor that ends meanwhile hands its children on, so the walk starts anew.
func lookAround() (surroundings, error) {
	var err error
	for range 5 {
		var s surroundings
		if s, err = walk(); !errors.Is(err, fs.ErrNotExist) {
			return s, err
		}
	}
	return surroundings{}, err
}

func walk() (surroundings, error) {
	pidns, err := namespace("/proc/self/ns/pid")
	if err != nil {
		return surroundings{}, err
	}
	own, err := namespace("/proc/self/ns/mnt")
	if err != nil {
		return surroundings{}, err
	}
	s := surroundings{firstPID: pidns == firstPIDNamespace}
	for pid := os.Getppid(); pid > 0; {
		dir := "/proc/" + strconv.Itoa(pid)
		// A process that is being killed may be without its main thread for some
		// milliseconds, and so without namespaces, but still be a parent.
		ns, err := namespace(dir + "/ns/mnt")
		dying := errors.Is(err, fs.ErrNotExist)
		if err != nil && !dying {
			return surroundings{}, err
		}
		command, parent, err := statLine(dir)
		if err != nil {
			return surroundings{}, err
		}
		if !dying && ns != own {
			s.apart, s.command = pid, command
			return s, nil
		}
		pid = parent
	}
	return s, nil
}

// statLine reads a process's command and parent from its stat file, proc(5).
func statLine(dir string) (command string, parent int, err error) {
	data, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return "", 0, fmt.Errorf("read process: %w", err)
	}
	head, rest, _ := cutLast(string(data), ") ")
	_, command, _ = strings.Cut(head, "(")
	fields := strings.Fields(rest)
	if len(fields) < 2 {
		return "", 0, fmt.Errorf("read process %s: unexpected stat line %q", dir, data)
	}
	parent, err = strconv.Atoi(fields[1])
	return command, parent, err
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// namespace reads the inode out of a link such as mnt:[4026531832].
func namespace(link string) (uint64, error) {
	target, err := os.Readlink(link)
	if err != nil {
		return 0, fmt.Errorf("read namespace: %w", err)
	}
	_, number, _ := strings.Cut(strings.TrimSuffix(target, "]"), ":[")
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read namespace %s: unexpected link %q", link, target)
	}
	return n, nil
}
