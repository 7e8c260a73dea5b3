package mounts_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

// What another namespace has at a path is told from what this one has there.
func TestViewOf(t *testing.T) {
	dir := t.TempDir()
	point := mountstest.NewDataset(t).Mount(t, dir)
	inner, link := filepath.Join(dir, "inner"), filepath.Join(dir, "link")
	for _, err := range []error{os.Mkdir(inner, 0o755), os.Symlink(inner, link), os.Mkdir(filepath.Join(point, "sub"), 0o755)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	there := mountstest.UnshareShell(t, []string{"--propagation=private"}, "mount --bind "+point+" "+inner+"; mount -o remount,ro,bind "+inner)
	var s unix.Stat_t
	if err := unix.Stat(point, &s); err != nil {
		t.Fatal(err)
	}
	want := mounts.View{Device: s.Dev, Subtree: "/", ReadOnly: true}
	for _, path := range []string{inner, link} {
		if v, err := mounts.ViewOf(there.Pid, path); err != nil || !cmp.Equal(v, want) {
			t.Errorf("%s there is %+v, %v; want %+v", path, v, err, want)
		}
	}
	for path, want := range map[string]string{
		filepath.Join(inner, "sub"):  "nothing is mounted there",
		filepath.Join(dir, "nobody"): "no such directory there",
	} {
		if v, err := mounts.ViewOf(there.Pid, path); err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, mounts.ErrEnded) {
			t.Errorf("%s there is %+v, %v; want %q", path, v, err, want)
		}
	}
	if v, err := mounts.ViewOf(os.Getpid(), inner); err == nil {
		t.Errorf("%s here is %+v", inner, v)
	}
	there.End()
	if _, err := mounts.ViewOf(there.Pid, inner); !errors.Is(err, mounts.ErrEnded) {
		t.Errorf("after its end: %v", err)
	}
}

// A process that has ended and was not waited for has no view either.
func TestViewOfZombie(t *testing.T) {
	cmd := exec.Command("true")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	_, _ = out.Read(make([]byte, 1)) // its files close before it is a zombie
	fds := []unix.PollFd{{Events: unix.POLLIN}}
	pidfd, err := unix.PidfdOpen(cmd.Process.Pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pidfd)
	fds[0].Fd = int32(pidfd)
	if _, err := unix.Poll(fds, 5000); err != nil {
		t.Fatal(err)
	}
	if _, err := mounts.ViewOf(cmd.Process.Pid, "/tmp"); !errors.Is(err, mounts.ErrEnded) {
		t.Errorf("of a zombie: %v", err)
	}
}
