package volumes

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes/journal"
)

// firstPIDNamespace is the inode of the machine's first PID namespace, a fixed
// number (PROC_PID_INIT_INO of the kernel's include/linux/proc_ns.h).
const firstPIDNamespace = 0xEFFFFFFC

// unseenEnd is how long to wait for the end of processes that cannot be seen
// from here. The kernel has been seen to take 2 to 8 ms.
const unseenEnd = time.Second

func bootID() (string, error) {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("read boot id: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// thisProcess names this process for the journal.
func thisProcess() (journal.Process, error) {
	start, _, err := statOf("/proc/self")
	if err != nil {
		return journal.Process{}, err
	}
	namespace, err := pidNamespace("/proc/self")
	return journal.Process{Pid: os.Getpid(), StartTime: start, PIDNamespace: namespace}, err
}

// pidNamespace is the inode of a process's PID namespace.
func pidNamespace(dir string) (uint64, error) {
	info, err := os.Stat(dir + "/ns/pid")
	if err != nil {
		return 0, fmt.Errorf("read PID namespace: %w", err)
	}
	return info.Sys().(*syscall.Stat_t).Ino, nil
}

// statOf reads start time and state of a process, fields 22 and 3 of its stat
// file. Its command, field 2, may hold anything.
func statOf(dir string) (start uint64, state string, err error) {
	data, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return 0, "", fmt.Errorf("read process: %w", err)
	}
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	if len(fields) < 20 {
		return 0, "", fmt.Errorf("read process %s: unexpected stat line %q", dir, data)
	}
	start, err = strconv.ParseUint(fields[19], 10, 64)
	return start, fields[0], err
}

// awaitEnd waits until every process of a dead executor's task has ended. The
// guard is process 1 of their namespace, and the kernel lets it become a zombie
// only when the rest is gone; its descriptors, and with them pin and lock, are
// closed before that.
func awaitEnd(ctx context.Context, e journal.Entry) error {
	boot, err := bootID()
	if err != nil || e.Guard == nil || e.Boot != boot {
		return err
	}
	if err := waitUnseen(ctx, e); err != nil {
		return err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		pid, err := findGuard(*e.Guard)
		if err != nil || pid == "" {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("process %s, the guard of its task, has not ended: %w", pid, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// waitUnseen waits a while when the executor lived in a PID namespace that this
// process may not see.
func waitUnseen(ctx context.Context, e journal.Entry) error {
	own, err := pidNamespace("/proc/self")
	if err != nil || own == firstPIDNamespace || own == e.Executor.PIDNamespace {
		return err
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(unseenEnd):
		return nil
	}
}

// findGuard looks for a guard by its namespace and start time, since its number
// may be another in this process's namespace.
func findGuard(g journal.Process) (pid string, err error) {
	dirs, err := os.ReadDir("/proc")
	if err != nil {
		return "", fmt.Errorf("look for a guard: %w", err)
	}
	for _, d := range dirs {
		if _, err := strconv.Atoi(d.Name()); err != nil {
			continue
		}
		dir := "/proc/" + d.Name()
		start, state, err := statOf(dir)
		if gone(err) || start != g.StartTime || state == "Z" || state == "X" {
			continue
		}
		var namespace uint64
		if err == nil {
			namespace, err = pidNamespace(dir)
		}
		switch {
		case gone(err):
		case err != nil:
			return "", fmt.Errorf("look for a guard: %w", err)
		case namespace == g.PIDNamespace:
			return d.Name(), nil
		}
	}
	return "", nil
}

// gone says whether err means that a process is no more.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH)
}
