//go:build failpoint

package guard_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
	"github.com/mesos-flocker/flocker-executor/volumes/guard"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

// The stage is between making its namespace and detaching. A copy that follows
// lets the other dataset go; a private one keeps it alive unseen.
func TestPrivateIsNoticed(t *testing.T) {
	for _, c := range []struct {
		fault string
		kept  bool
	}{{"slave", false}, {"private", true}} {
		t.Run(c.fault, func(t *testing.T) {
			w, other := newWorld(t), mountstest.NewDataset(t)
			point := other.Mount(t, w.root)
			fifo := filepath.Join(t.TempDir(), "fifo")
			if err := unix.Mkfifo(fifo, 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv(failpoint.Faults, c.fault+",pause-stage="+fifo)
			config, ctx := w.config("data"), deadline(t)
			started := make(chan error)
			go func() {
				g, err := guard.Start(ctx, config)
				if err == nil {
					err = g.Stop(ctx)
				}
				started <- err
			}()
			there, err := os.OpenFile(fifo, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if err := unix.Unmount(point, 0); err != nil {
				t.Errorf("umount: %v", err)
			}
			if kept := other.InUse(t); kept != c.kept {
				t.Errorf("kept alive by the stage: %v, want %v", kept, c.kept)
			}
			_ = there.Close()
			if err := <-started; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNoPinIsNoticed(t *testing.T) {
	w := newWorld(t)
	_ = w.pin.Close()
	t.Setenv(failpoint.Faults, "no-pin")
	var err error
	if w.pin, err = mounts.Pin(w.mount); err != nil {
		t.Fatal(err)
	}
	g := start(t, w.config("data"))
	w.sh(t, g, "exec 5> data/open; touch up; sleep 1000")
	w.waitFile(t, "up")
	if err := unix.Unmount(w.mount.Point, 0); err != nil {
		t.Errorf("umount: %v", err)
	}
	if !w.dataset.InUse(t) {
		t.Error("the task does not use the dataset")
	}
}

func TestDeathOfTheStageAtEachPoint(t *testing.T) {
	for _, point := range failpoint.Points {
		if !strings.HasPrefix(point, "guard.stage.") {
			continue
		}
		t.Run(point, func(t *testing.T) {
			w := newWorld(t)
			t.Setenv(failpoint.Variable, point)
			g, err := guard.Start(deadline(t), w.config("data"))
			if err == nil {
				err = g.Run(deadline(t), guard.Task{Argv: []string{"sleep", "1000"}, Dir: w.sandbox})
				if stop := g.Stop(deadline(t)); stop != nil {
					t.Error(stop)
				}
				if left := members(t, g.Identity().PIDNamespace); len(left) > 0 {
					t.Errorf("still alive: %v", left)
				}
			}
			if err == nil || !strings.Contains(err.Error(), "the guard died") {
				t.Errorf("error %v", err)
			}
			_ = w.pin.Close()
			if err := unix.Unmount(w.mount.Point, 0); err != nil {
				t.Errorf("umount afterwards: %v", err)
			}
		})
	}
}

// The executor dies at each point of its own; its guard must not outlive it.
func TestDeathOfTheExecutorAtEachPoint(t *testing.T) {
	for _, point := range failpoint.Points {
		if !strings.HasPrefix(point, "guard.") || strings.HasPrefix(point, "guard.stage.") {
			continue
		}
		t.Run(point, func(t *testing.T) {
			w := newWorld(t)
			_ = w.pin.Close()
			status := w.runExecutor(t, failpoint.Variable+"="+point)
			if status == nil || !strings.Contains(status.Error(), "signal: killed") {
				t.Errorf("the executor ended with %v", status)
			}
			eventually(t, "the dataset is free", func() bool {
				err := unix.Unmount(w.mount.Point, 0)
				return !errors.Is(err, unix.EBUSY)
			})
			// The guard's pin closes a little before its last child is dead.
			eventually(t, "nobody uses the filesystem", func() bool { return !w.dataset.InUse(t) })
		})
	}
}
