package guard_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

func TestLimits(t *testing.T) {
	w := newUserWorld(t)
	g := start(t, w.config("data"))
	task := w.command("ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Hc; ulimit -Sl; ulimit -Hl")
	task.User, task.Stdout = &nobody, filepath.Join(w.sandbox, "limits")
	task.Limits = []guard.Limit{
		{Resource: unix.RLIMIT_NOFILE, Soft: 100, Hard: 200},
		{Resource: unix.RLIMIT_CORE, Soft: 0, Hard: 1024},
		{Resource: unix.RLIMIT_MEMLOCK, Soft: 1 << 20, Hard: 2 << 20},
	}
	w.run(t, g, task)
	want := "100 200 0 2 1024 2048"
	if got := strings.Join(strings.Fields(w.file(t, "limits")), " "); got != want {
		t.Errorf("limits are %q, want %q", got, want)
	}
}

// What is not asked for stays as the executor has it, in the third step too.
func TestLimitsLeaveTheOthers(t *testing.T) {
	w := newWorld(t)
	g := start(t, w.config("data"))
	task := w.command(limits)
	task.NoNewPrivs, task.Stdout = true, filepath.Join(w.sandbox, "limits")
	w.run(t, g, task)
	if own, err := exec.Command("sh", "-c", limits).Output(); err != nil || w.file(t, "limits") != string(own) {
		t.Errorf("limits and umask %q, want %q (%v)", w.file(t, "limits"), own, err)
	}
}

// The third step itself must get by with what the task is given.
func TestLimitsTooSmallForGo(t *testing.T) {
	for name, l := range map[string]guard.Limit{
		"address space": {Resource: unix.RLIMIT_AS, Soft: 32 << 20, Hard: 32 << 20},
		"data":          {Resource: unix.RLIMIT_DATA, Soft: 8 << 20, Hard: 8 << 20},
		"stack":         {Resource: unix.RLIMIT_STACK, Soft: 1 << 20, Hard: 1 << 20},
		"files":         {Resource: unix.RLIMIT_NOFILE, Soft: 4, Hard: 4},
		"file size":     {Resource: unix.RLIMIT_FSIZE, Soft: 0, Hard: 0},
		"processes":     {Resource: unix.RLIMIT_NPROC, Soft: 1, Hard: 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newUserWorld(t)
			g := start(t, w.config("data"))
			task := w.command(":")
			task.User, task.Limits = &nobody, []guard.Limit{l}
			w.run(t, g, task)
		})
	}
}

func TestLimitThatIsImpossible(t *testing.T) {
	w := newWorld(t)
	g := start(t, w.config("data"))
	task := w.command(":")
	task.Limits = []guard.Limit{{Resource: unix.RLIMIT_CORE, Soft: 2, Hard: 1}}
	err := g.Run(deadline(t), task)
	var failure *guard.ExecError
	if !errors.As(err, &failure) || !errors.Is(err, syscall.EINVAL) || !strings.Contains(err.Error(), "set resource limit 4") {
		t.Errorf("Run = %v", err)
	}
	if err := g.Run(deadline(t), w.command(":")); err != nil {
		t.Errorf("Run after a failure: %v", err)
	}
}

// sets are those of proc(5).
func sets(inheritable, permitted, effective, bounding, ambient uint64) string {
	return fmt.Sprintf("CapInh: %016x CapPrm: %016x CapEff: %016x CapBnd: %016x CapAmb: %016x",
		inheritable, permitted, effective, bounding, ambient)
}

func TestCapabilities(t *testing.T) {
	const chown, bind, raw = 1 << unix.CAP_CHOWN, 1 << unix.CAP_NET_BIND_SERVICE, 1 << unix.CAP_NET_RAW
	some, more := []int{unix.CAP_CHOWN, unix.CAP_NET_RAW}, []int{unix.CAP_CHOWN, unix.CAP_NET_BIND_SERVICE, unix.CAP_NET_RAW}
	for name, c := range map[string]struct {
		user *guard.User
		asks guard.Capabilities
		want string
	}{
		"a user, effective":              {&nobody, guard.Capabilities{Effective: some}, sets(chown|raw, chown|raw, chown|raw, chown|raw, chown|raw)},
		"a user, effective and bounding": {&nobody, guard.Capabilities{Effective: some, Bounding: more}, sets(chown|raw, chown|raw, chown|raw, chown|bind|raw, chown|raw)},
		"a user, bounding":               {&nobody, guard.Capabilities{Bounding: some}, sets(0, 0, 0, chown|raw, 0)},
		"a user, none":                   {&nobody, guard.Capabilities{Effective: []int{}}, sets(0, 0, 0, 0, 0)},
		"root, effective":                {nil, guard.Capabilities{Effective: some}, sets(chown|raw, chown|raw, chown|raw, chown|raw, 0)},
		"root, bounding":                 {nil, guard.Capabilities{Bounding: some}, sets(0, chown|raw, chown|raw, chown|raw, 0)},
		"root, none":                     {nil, guard.Capabilities{Bounding: []int{}}, sets(0, 0, 0, 0, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			w := newUserWorld(t)
			g := start(t, w.config("data"))
			task := w.command("grep ^Cap /proc/self/status")
			task.User, task.Capabilities, task.Stdout = c.user, &c.asks, filepath.Join(w.sandbox, "sets")
			if c.user == nil {
				task.User = &guard.User{}
				if err := unix.Chown(w.sandbox, 0, 0); err != nil {
					t.Fatal(err)
				}
			}
			w.run(t, g, task)
			if got := strings.Join(strings.Fields(w.file(t, "sets")), " "); got != c.want {
				t.Errorf("the task has\n%s, want\n%s", got, c.want)
			}
		})
	}
}

func TestCapabilityThatIsImpossible(t *testing.T) {
	w := newWorld(t)
	g := start(t, w.config("data"))
	task := w.command(":")
	task.User = &nobody
	task.Capabilities = &guard.Capabilities{Effective: []int{unix.CAP_CHOWN}, Bounding: []int{}}
	if err := g.Run(deadline(t), task); !errors.Is(err, syscall.EPERM) || !strings.Contains(err.Error(), "set capabilities") {
		t.Errorf("Run = %v", err)
	}
}

func TestNoNewPrivs(t *testing.T) {
	for _, asked := range []bool{false, true} {
		w := newUserWorld(t)
		g := start(t, w.config("data"))
		task := w.command("grep NoNewPrivs /proc/self/status")
		task.User, task.NoNewPrivs, task.Stdout = &nobody, asked, filepath.Join(w.sandbox, "status")
		w.run(t, g, task)
		if got, want := w.file(t, "status"), map[bool]string{false: "0", true: "1"}[asked]; strings.Fields(got)[1] != want {
			t.Errorf("asked for %v: %s", asked, got)
		}
	}
}

// What the executor's own container may not, by the agent's isolators, its task
// may not either.
func TestWhatTheExecutorMayNotIsInherited(t *testing.T) {
	w := newUserWorld(t)
	t.Setenv(executor, w.executorVariable(t, "grep -e NoNewPrivs -e CapBnd -e CapEff /proc/self/status > status; touch up; sleep 1000"))
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("setpriv", "--no-new-privs", "--bounding-set=-net_raw,-mknod", program)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { // which stops the task
		if err := errors.Join(stdin.Close(), cmd.Wait()); err != nil {
			t.Error(err)
		}
	}()
	w.waitFile(t, "up")
	got := strings.Fields(w.file(t, "status"))
	if len(got) != 6 || got[5] != "1" {
		t.Fatalf("the task's status is %q", got)
	}
	for _, i := range []int{1, 3} {
		set, err := strconv.ParseUint(got[i], 16, 64)
		if err != nil || set == 0 || set&(1<<unix.CAP_NET_RAW|1<<unix.CAP_MKNOD) != 0 {
			t.Errorf("%s %s (%v)", got[i-1], got[i], err)
		}
	}
}
