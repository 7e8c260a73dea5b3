package stage

import (
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// outputs are the descriptors that a program writes to.
type outputs struct {
	stdout, stderr uintptr
	opened         []int
}

func (o outputs) close() {
	for _, fd := range o.opened {
		unix.Close(fd)
	}
}

// outputs opens the files that t names; the others are as given. The caller
// closes them when the program has its own.
func (s *stage) outputs(t Task, stdout, stderr uintptr) (outputs, error) {
	o := outputs{stdout: stdout, stderr: stderr}
	for _, file := range []struct {
		path string
		fd   *uintptr
	}{{t.Stdout, &o.stdout}, {t.Stderr, &o.stderr}} {
		if file.path == "" {
			continue
		}
		fd, err := s.openOutput(file.path, t.User)
		if err != nil {
			o.close()
			return outputs{}, fmt.Errorf("open output file %s: %w", file.path, err)
		}
		o.opened = append(o.opened, fd)
		*file.fd = uintptr(fd)
	}
	return o, nil
}

// openOutput opens a file below the sandbox to append to, as the agent does for
// its own (Mesos' src/slave/container_loggers/sandbox.cpp). No symbolic link
// that somebody put there leads anywhere else, and a pipe does not hold the
// guard up. One that is made belongs to u.
func (s *stage) openOutput(path string, u *User) (int, error) {
	name, err := s.inSandbox(path)
	if err != nil {
		return -1, err
	}
	sandbox, err := unix.Open(s.sandbox, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open sandbox: %w", err)
	}
	defer unix.Close(sandbox)
	made := true
	fd, err := openAppend(sandbox, name, unix.O_CREAT|unix.O_EXCL)
	if errors.Is(err, unix.EEXIST) {
		made = false
		fd, err = openAppend(sandbox, name, 0)
	}
	if err != nil {
		return -1, err
	}
	if err := finishOutput(fd, made, u); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// inSandbox is a path relative to the sandbox.
func (s *stage) inSandbox(path string) (string, error) {
	name, err := filepath.Rel(s.sandbox, path)
	if err != nil || !filepath.IsLocal(name) {
		return "", fmt.Errorf("it is not below the sandbox %s", s.sandbox)
	}
	return name, nil
}

func openAppend(sandbox int, name string, flags uint64) (int, error) {
	how := unix.OpenHow{
		Flags:   unix.O_WRONLY | unix.O_APPEND | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC | flags,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	}
	if flags&unix.O_CREAT != 0 {
		how.Mode = 0o644
	}
	return unix.Openat2(sandbox, name, &how)
}

// finishOutput makes an opened file fit for a task.
func finishOutput(fd int, made bool, u *User) error {
	var info unix.Stat_t
	if err := unix.Fstat(fd, &info); err != nil {
		return err
	}
	if info.Mode&unix.S_IFMT != unix.S_IFREG {
		return errors.New("it is not a regular file")
	}
	if made && u != nil {
		if err := unix.Fchown(fd, int(u.UID), int(u.GID)); err != nil {
			return err
		}
	}
	_, err := unix.FcntlInt(uintptr(fd), unix.F_SETFL, unix.O_APPEND)
	return err
}

// enter makes t's working directory this process's. One that is missing below
// the sandbox is made, for t's user.
func (s *stage) enter(t Task) error {
	err := unix.Chdir(t.Dir)
	if !errors.Is(err, unix.ENOENT) {
		return err
	}
	name, outside := s.inSandbox(t.Dir)
	if outside != nil {
		return err
	}
	b, err := newBinder(s.sandbox)
	if err != nil {
		return err
	}
	defer b.close()
	if t.User != nil {
		b.owner = *t.User
	}
	fd, err := b.open(name)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Fchdir(fd)
}
