package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"
	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/executor"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// In an image's root filesystem only a state directory of the node's will do.
func TestStateDirectoryInAnImage(t *testing.T) {
	mounted := func() string {
		dir := t.TempDir()
		if err := unix.Mount("none", dir, "tmpfs", 0, ""); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
		return dir
	}
	sandbox, state := mounted(), mounted()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(state, link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		dir     string
		refused string // "" when it will do
	}{
		{"/nowhere/flocker-executor", "on the mount of /:"},
		{filepath.Join(sandbox, "state"), "on the mount of " + sandbox},
		{filepath.Join(state, "not", "made"), ""},
		{link, ""},
	} {
		err := checkImage(c.dir, sandbox)
		if (err != nil) != (c.refused != "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%s: %v, wanted %q", c.dir, err, c.refused)
		}
	}
}

func TestImageMattersForVolumesOnly(t *testing.T) {
	s := defaults()
	s.stateDir = "/nowhere/flocker-executor"
	env := executor.Environment{Sandbox: t.TempDir(), Image: true, ShutdownGrace: 5 * time.Second}
	o := taskOptions(s, env, nil, nil, nil, zaptest.NewLogger(t))
	vols := []volumes.Volume{{Label: "flocker.volume", Name: "data", Path: "data"}}
	if _, err := o.Hold(t.Context(), executor.Spec{Task: "t", Volumes: vols, Sandbox: env.Sandbox}, nil); err == nil || !strings.Contains(err.Error(), "the executor lives in an image") {
		t.Errorf("with a volume: %v", err)
	}
	if _, err := os.Stat(s.stateDir); err == nil {
		t.Errorf("%s was made", s.stateDir)
	}
	if _, err := o.Hold(t.Context(), executor.Spec{Task: "t", Sandbox: env.Sandbox}, nil); err != nil {
		t.Errorf("without volumes: %v", err)
	}
}
