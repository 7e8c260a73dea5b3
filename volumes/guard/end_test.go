package guard_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

// members lists the processes of a PID namespace, without zombies.
func members(t testing.TB, pidNamespace uint64) []string {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/ns/pid")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, link := range links {
		dir := filepath.Dir(filepath.Dir(link))
		target, err := os.Readlink(link)
		stat, _ := os.ReadFile(dir + "/stat")
		if err == nil && target == "pid:["+strconv.FormatUint(pidNamespace, 10)+"]" && !strings.Contains(string(stat), ") Z ") {
			found = append(found, dir)
		}
	}
	return found
}

// reserve keeps the number of a namespace that has processes from being given to
// the next one, another test's, when they have ended.
func reserve(t testing.TB, pidNamespace uint64) {
	t.Helper()
	found := members(t, pidNamespace)
	if len(found) == 0 {
		t.Fatalf("nobody is in PID namespace %d", pidNamespace)
	}
	namespace, err := os.Open(found[0] + "/ns/pid")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = namespace.Close() }) // nothing was written
}

// eventually waits for a condition that nothing signals.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(10 * time.Second); !condition(); {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("timed out: %s", what)
		}
	}
}

func (w *world) waitFile(t testing.TB, name string) {
	t.Helper()
	eventually(t, "the task writes "+name, func() bool {
		_, err := os.Stat(filepath.Join(w.sandbox, name))
		return err == nil
	})
}

// escapes are tasks that do what they can not to die.
var escapes = map[string]string{
	"ignores every signal":   "trap '' HUP INT QUIT TERM USR1 USR2; touch up; while :; do sleep 1; done",
	"forks away with setsid": "setsid sh -c 'setsid sh -c \"exec 5>data/open; touch up; exec sleep 1000\" & exit 0' & exit 0",
	"nests namespaces":       "unshare --mount --pid --fork --mount-proc sh -c 'exec 5>data/open; touch up; exec sleep 1000'",
	"stops itself":           "sh -c 'touch up; kill -STOP $$' & kill -STOP $$",
	"is an orphan":           "(setsid sh -c '(trap \"\" TERM HUP; setsid sh -c \"exec 5>data/open; touch up; exec sleep 1000\" &)' &); exit 0",
	"forks and forks":        "n=0; while [ $n -lt 150 ]; do (trap '' TERM; sleep 1000) & n=$((n+1)); done; touch up; wait",
}

func TestStopLeavesNobody(t *testing.T) {
	for name, script := range escapes {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			g := start(t, w.config("data"))
			w.sh(t, g, script)
			w.waitFile(t, "up")
			reserve(t, g.Identity().PIDNamespace)
			if err := g.Stop(deadline(t)); err != nil {
				t.Fatal(err)
			}
			w.mustBeFree(t, g.Identity().PIDNamespace)
			if err := g.Stop(deadline(t)); err != nil {
				t.Errorf("second Stop: %v", err)
			}
			if err := g.Signal(syscall.SIGTERM); err == nil {
				t.Error("Signal after Stop succeeded")
			}
		})
	}
}

// mustBeFree checks that no process of the task is left, and that the dataset
// can be unmounted as soon as the pin is closed.
func (w *world) mustBeFree(t testing.TB, pidNamespace uint64) {
	t.Helper()
	if left := members(t, pidNamespace); len(left) > 0 {
		t.Errorf("still alive: %v", left)
	}
	_ = w.pin.Close()
	if err := unix.Unmount(w.mount.Point, 0); err != nil {
		t.Errorf("umount afterwards: %v", err)
	}
}

func TestDeathOfTheExecutorIsTheTasks(t *testing.T) {
	for name, flags := range map[string][]string{
		"in the agent's mount namespace":     {"--propagation=unchanged"},
		"in a slave mount and PID namespace": {"--propagation=slave", "--pid", "--fork", "--mount-proc", "--kill-child"},
	} {
		for escape, script := range escapes {
			t.Run(name+", the task "+escape, func(t *testing.T) {
				w := newWorld(t)
				_ = w.pin.Close()
				space, pidNamespace := w.startExecutor(t, flags, script)
				w.waitFile(t, "up")
				reserve(t, pidNamespace)
				if err := unix.Unmount(w.mount.Point, 0); !errors.Is(err, unix.EBUSY) {
					t.Errorf("umount while the task runs: %v, want EBUSY", err)
				}
				if err := syscall.Kill(space.Pid, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
				killed := time.Now()
				eventually(t, "the task dies with its executor", func() bool { return len(members(t, pidNamespace)) == 0 })
				t.Logf("gone after %v", time.Since(killed).Round(time.Millisecond))
				space.End()
				w.mustBeFree(t, pidNamespace)
			})
		}
	}
}

func TestDeathOfTheGuardIsTheTasks(t *testing.T) {
	w := newWorld(t)
	g := start(t, w.config("data"))
	w.sh(t, g, escapes["forks away with setsid"])
	w.waitFile(t, "up")
	reserve(t, g.Identity().PIDNamespace)
	exit(t, g)
	if err := syscall.Kill(g.Identity().Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, ok := <-g.Exited(); ok {
		t.Error("a second wait status")
	}
	if err := g.Stop(deadline(t)); err != nil {
		t.Fatal(err)
	}
	w.mustBeFree(t, g.Identity().PIDNamespace)
}

func TestExitedClosesWhenTheGuardDiesFirst(t *testing.T) {
	g := start(t, guard.Config{Sandbox: t.TempDir()})
	if err := g.Run(deadline(t), guard.Task{Argv: []string{"sleep", "1000"}, Dir: "/"}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(g.Identity().Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if status, ok := <-g.Exited(); ok {
		t.Errorf("wait status %#x of a task that was never reaped", status)
	}
}

func TestTaskCannotEndTheGuard(t *testing.T) {
	w := newWorld(t)
	g := start(t, w.config("data"))
	w.sh(t, g, "for s in 1 2 3 5 6 9 10 12 13 14 15 16 19 24 31 34; do kill -$s 1; done; exit 7")
	if status := exit(t, g); status.ExitStatus() != 7 {
		t.Errorf("wait status %#x, want exit status 7", status)
	}
}

func TestSignalReachesEveryProcessOfTheTask(t *testing.T) {
	w := newWorld(t)
	g := start(t, w.config("data"))
	listen := `trap "touch got-$me; exit 5" TERM; touch up-$me; while :; do sleep 0.01; done`
	w.sh(t, g, "me=away setsid sh -c '"+listen+"' & me=first; "+listen)
	w.waitFile(t, "up-away")
	w.waitFile(t, "up-first")
	if err := g.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := exit(t, g); status.ExitStatus() != 5 {
		t.Errorf("wait status %#x, want exit status 5", status)
	}
	w.waitFile(t, "got-away")
	if err := g.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("Signal to nobody: %v", err)
	}
}

func TestExitedTellsTheSignal(t *testing.T) {
	w := newWorld(t)
	g := start(t, w.config("data"))
	w.sh(t, g, "(sleep 1000; true) & kill -KILL $$")
	if status := exit(t, g); !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Errorf("wait status %#x, want SIGKILL", status)
	}
	if len(members(t, g.Identity().PIDNamespace)) < 2 {
		t.Error("the task's child went with it")
	}
}
