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
// It is called before the task's start, and may be called again.
func giveSandbox(sandbox string, u guard.User) error {
	dir, err := unix.Open(sandbox, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("give %s to user %d: %w", sandbox, u.UID, err)
	}
	err = errors.Join(give(dir, u), giveFile(dir, "stdout", u), giveFile(dir, "stderr", u), unix.Close(dir))
	if err != nil {
		return fmt.Errorf("give %s to user %d: %w", sandbox, u.UID, err)
	}
	return nil
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
