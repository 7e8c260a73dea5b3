package contain_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent/contain"
)

// children starts one process of each kind a container can leave: a child, a
// child in its own session, an orphan of the session, an orphan in its own.
const children = `
sleep 7001 &
setsid sleep 7002 &
(sleep 7003 &)
(setsid sleep 7004 &)
(sh -c 'setsid sleep 7006 & wait' &)
while [ ! -e go ]; do sleep 0.01; done
`

var kinds = map[string]string{"7001": "plain", "7002": "session", "7003": "orphan", "7004": "escaped", "7006": "below an orphan"}

func TestWhoSurvives(t *testing.T) {
	for _, row := range []struct {
		name, isolation, end string
		kill                 bool
		survive              []string
	}{
		{"posix, executor exits", contain.Posix, "exit 0", false, []string{"session", "escaped"}},
		{"posix, destroyed", contain.Posix, "wait", true, []string{"escaped"}},
		{"linux, executor exits", contain.Linux, "exit 0", false, nil},
		{"linux, destroyed", contain.Linux, "wait", true, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := spec(t, row.isolation, children+row.end)
			c := start(t, s)
			if err := c.Open(); err != nil {
				t.Fatal(err)
			}
			eventually(t, func() bool { return len(kindsRunning(t, s.Sandbox)) == len(kinds) })
			if err := os.WriteFile(filepath.Join(s.Sandbox, "go"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			if row.kill {
				c.Kill()
			}
			status := wait(t, c)
			if row.kill && status != 9 {
				t.Errorf("status %d after a kill, want 9", status)
			}
			// The end of the root is not the end of those killed with it.
			eventually(t, func() bool { return len(kindsRunning(t, s.Sandbox)) <= len(row.survive) })
			if got := survivors(t, s.Sandbox); strings.Join(got, " ") != strings.Join(row.survive, " ") {
				t.Errorf("survivors %q, want %q", got, row.survive)
			}
		})
	}
}

// survivors are the kinds still running; it kills them.
func survivors(t *testing.T, sandbox string) []string {
	t.Helper()
	running := kindsRunning(t, sandbox)
	for _, pid := range running {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}
	return slices.DeleteFunc([]string{"plain", "session", "orphan", "escaped", "below an orphan"}, func(kind string) bool { return running[kind] == 0 })
}

// kindsRunning finds the children by their working directory and the number they
// sleep for.
func kindsRunning(t *testing.T, sandbox string) map[string]int {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, dir := range dirs {
		cwd, err := os.Readlink(dir + "/cwd")
		if err != nil || cwd != sandbox {
			continue
		}
		line, err := os.ReadFile(dir + "/cmdline")
		if err != nil {
			continue
		}
		words := strings.Split(strings.TrimRight(string(line), "\x00"), "\x00")
		kind := kinds[words[len(words)-1]]
		if kind == "" || words[0] != "sleep" {
			continue
		}
		if found[kind], err = strconv.Atoi(filepath.Base(dir)); err != nil {
			t.Fatal(err)
		}
	}
	return found
}
