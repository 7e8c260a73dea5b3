package guard_test

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

func launch(t *testing.T, sandbox string) *guard.Guard {
	t.Helper()
	g, err := guard.Launch(deadline(t), sandbox)
	if err != nil {
		t.Fatal(err)
	}
	stopInTheEnd(t, g)
	return g
}

// A guard that was launched before its dataset was there binds it, whether the
// node's mounts propagate to it or not; and while it waits it keeps nobody's.
func TestGuardBeforeItsDataset(t *testing.T) {
	for name, propagation := range map[string]uintptr{"shared": unix.MS_SHARED, "private": unix.MS_PRIVATE} {
		t.Run(name, func(t *testing.T) {
			root, sandbox := tmpfs(t, propagation), t.TempDir()
			before, during, own := mountstest.NewDataset(t), mountstest.NewDataset(t), mountstest.NewDataset(t)
			points := []string{before.Mount(t, root)}
			g := launch(t, sandbox)
			mayLeave := func(d *mountstest.Dataset, point string) {
				t.Helper()
				if err := unix.Unmount(point, 0); err != nil {
					t.Errorf("umount of another dataset: %v", err)
				}
				eventually(t, "the filesystem is used by nobody", func() bool { return !d.InUse(t) })
			}
			mayLeave(before, points[0])
			mayLeave(during, during.Mount(t, root))
			point := own.Mount(t, root)
			pin, err := os.Open(point)
			if err != nil {
				t.Fatal(err)
			}
			var info unix.Stat_t
			if err := unix.Fstat(int(pin.Fd()), &info); err != nil {
				t.Fatal(err)
			}
			if err := g.Bind(deadline(t), guard.Config{
				Binds: []guard.Bind{{Source: point, Device: info.Dev, Path: "data"}}, Roots: []string{root}, Keep: []*os.File{pin},
			}); err != nil {
				t.Fatal(err)
			}
			_ = pin.Close()
			w := &world{sandbox: sandbox}
			w.sh(t, g, "cat /proc/self/mountinfo > table; touch data/file up; sleep 1000")
			w.waitFile(t, "up")
			if table := w.file(t, "table"); strings.Contains(table, root+"/") || strings.Contains(table, "shared:") {
				t.Errorf("the task's mount table:\n%s", table)
			}
			if err := unix.Unmount(point, 0); err != unix.EBUSY {
				t.Errorf("umount while the guard has the pin: %v, want EBUSY", err)
			}
			if err := g.Stop(deadline(t)); err != nil {
				t.Fatal(err)
			}
			mayLeave(own, point)
		})
	}
}

// What the task mounts in its volume stays its own, and nothing of it reaches
// the node, although the original is shared with others.
func TestBindGivesNothingBack(t *testing.T) {
	w := newWorld(t)
	if err := unix.Mount("", w.mount.Point, "", unix.MS_SHARED, ""); err != nil {
		t.Fatal(err)
	}
	g := start(t, w.config("data"))
	w.sh(t, g, "mkdir data/below && mount -t tmpfs none data/below && touch data/below/file up; sleep 1000")
	w.waitFile(t, "up")
	if _, err := os.Stat(filepath.Join(w.mount.Point, "below", "file")); err == nil {
		t.Error("a mount of the task is on the node")
	}
	if strings.Contains(table(t), "/below") {
		t.Errorf("the node's mount table:\n%s", table(t))
	}
}

// An executor that dies before its dataset comes leaves no guard.
func TestWaitingGuardDiesWithTheExecutor(t *testing.T) {
	w := newWorld(t)
	waiting := mountstest.NewDataset(t)
	plan := w.executorVariable(t, "")
	t.Setenv(executor, strings.Replace(plan, w.dataset.ID, waiting.ID, 1))
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	space := mountstest.Unshare(t, []string{"--propagation=unchanged"}, program)
	line := space.Line()
	_, identity, _ := strings.Cut(line, "waiting ")
	if identity == "" {
		t.Fatal(line)
	}
	guardDir := "/proc/" + identity
	command, err := os.ReadFile(guardDir + "/cmdline")
	if err != nil || !strings.HasPrefix(string(command), "flocker-guard") {
		t.Fatalf("process %s is %q, %v", identity, command, err)
	}
	if err := syscall.Kill(space.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the guard dies with its executor", func() bool {
		f, err := os.Open(guardDir + "/cmdline")
		if err != nil {
			return true
		}
		defer f.Close()
		text, err := io.ReadAll(f)
		return err != nil || len(text) == 0
	})
	space.End()
}

func TestStopOfAGuardThatWaits(t *testing.T) {
	g := launch(t, t.TempDir())
	if err := g.Stop(deadline(t)); err != nil {
		t.Fatal(err)
	}
	if err := g.Bind(deadline(t), guard.Config{}); err == nil || !strings.Contains(err.Error(), "the guard died") {
		t.Errorf("Bind = %v", err)
	}
}

// The sandbox is given to the task's user when the volumes are there.
func TestSandboxChangesItsOwnerMeanwhile(t *testing.T) {
	w := newWorld(t)
	g := launch(t, w.sandbox)
	w.sandboxSettled(t, g)
	if err := os.Chown(w.sandbox, 1234, 2345); err != nil {
		t.Fatal(err)
	}
	if err := g.Bind(deadline(t), w.config("a/b")); err != nil {
		t.Fatal(err)
	}
	var info unix.Stat_t
	if err := unix.Stat(filepath.Join(w.sandbox, "a"), &info); err != nil || info.Uid != 1234 || info.Gid != 2345 {
		t.Errorf("owner %d:%d, %v", info.Uid, info.Gid, err)
	}
}

// sandboxSettled waits until the guard has its own /proc and the sandbox open.
func (w *world) sandboxSettled(t *testing.T, g *guard.Guard) {
	t.Helper()
	dir := "/proc/" + strconv.Itoa(g.Identity().Pid) + "/fd/"
	eventually(t, "the guard opens the sandbox", func() bool {
		fds, _ := os.ReadDir(dir)
		return slices.ContainsFunc(fds, func(fd os.DirEntry) bool {
			target, err := os.Readlink(dir + fd.Name())
			return err == nil && target == w.sandbox
		})
	})
}
