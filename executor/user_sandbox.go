package executor

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unicode"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

// maxFileName is NAME_MAX, in bytes.
const maxFileName = 255

// giveSandbox makes u the owner of a task's sandbox, and of stdout and stderr in
// it, as the agent does for the user of an executor. Everything else stays whose
// it is. No link is followed, and a file that has a second name is left alone.
// For a sandbox within that of the executor, which the agent closes to all but
// the executor's user, others may then pass through, and not read, the latter.
// It is called before the task's start, and may be called again.
func giveSandbox(executors, sandbox string, u guard.User) error {
	err := inDirectory(sandbox, func(dir int) error {
		return errors.Join(give(dir, u), giveFile(dir, "stdout", u), giveFile(dir, "stderr", u))
	})
	if err == nil && executors != sandbox {
		err = inDirectory(executors, letPass)
	}
	if err != nil {
		return fmt.Errorf("give %s to user %d: %w", sandbox, u.UID, err)
	}
	return nil
}

// inDirectory does something with a directory's descriptor, which can read
// nothing.
func inDirectory(path string, do func(dir int) error) error {
	dir, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	return errors.Join(do(dir), unix.Close(dir))
}

// letPass lets everybody search a directory.
func letPass(dir int) error {
	var st unix.Stat_t
	if err := unix.Fstat(dir, &st); err != nil {
		return err
	}
	return unix.Chmod(fmt.Sprintf("/proc/self/fd/%d", dir), st.Mode&0o7777|0o001)
}

// giveFile gives a regular file of dir; a missing one is no error.
func giveFile(dir int, name string, u guard.User) error {
	file, err := unix.Openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var st unix.Stat_t
	err = unix.Fstat(file, &st)
	if err == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && st.Nlink == 1 {
		err = give(file, u)
	}
	if err := errors.Join(err, unix.Close(file)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// give changes the owner of what a descriptor of whatever kind names.
func give(fd int, u guard.User) error {
	return unix.Fchownat(fd, "", int(u.UID), int(u.GID), unix.AT_EMPTY_PATH)
}

// taskSandbox is where a task lives: the executor's sandbox, or a folder of its
// own in it for one of a group, whose id must then be able to name one
// (common/validation.cpp, validateID).
func taskSandbox(id string, o SpecOptions) (string, error) {
	if !o.Group {
		return o.Sandbox, nil
	}
	if err := checkID(id); err != nil {
		return "", fmt.Errorf("task id %q: %w", id, err)
	}
	return filepath.Join(o.Sandbox, "tasks", id), nil
}

func checkID(id string) error {
	switch {
	case id == "" || id == "." || id == "..", strings.ContainsFunc(id, func(r rune) bool { return unicode.IsControl(r) || r == '/' || r == '\\' }):
		return errors.New("it names no directory: a task of a group has one of that name in the executor's sandbox")
	case len(id) > maxFileName:
		return fmt.Errorf("%d bytes; at most %d are allowed", len(id), maxFileName)
	}
	return nil
}
