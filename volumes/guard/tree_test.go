package guard_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

// A stopped process cannot handle SIGTERM until somebody lets it go on.
func TestSignalWakesTheStopped(t *testing.T) {
	w := newWorld(t)
	g := start(t, w.config("data"))
	w.sh(t, g, "setsid sh -c 'trap \"touch got-child; exit\" TERM; touch child; kill -STOP $$; while :; do sleep 0.01; done' & "+
		"trap 'touch got-task; exit 5' TERM; touch task; kill -STOP $$; while :; do sleep 0.01; done")
	for _, name := range []string{"child", "task"} {
		w.waitFile(t, name)
	}
	eventually(t, "both are stopped", func() bool { return stopped(members(t, g.Identity().PIDNamespace)) == 2 })
	if err := g.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := exit(t, g); status.ExitStatus() != 5 {
		t.Errorf("wait status %#x, want exit status 5", status)
	}
	w.file(t, "got-task")
	w.waitFile(t, "got-child")
}

// stopped counts the stopped ones of some processes' directories.
func stopped(dirs []string) (n int) {
	for _, dir := range dirs {
		stat, _ := os.ReadFile(dir + "/stat")
		if strings.Contains(string(stat), ") T ") {
			n++
		}
	}
	return n
}

// orphans are processes that no walk over parents, groups or sessions finds: the
// task's first process is gone, and so is whoever forked them.
var orphans = map[string]string{
	"double fork":             "(trap '' TERM; sleep 1000 &) ; (trap '' TERM HUP; setsid sh -c 'touch up; sleep 1000; true' &)",
	"another process group":   "set -m; (trap '' TERM; touch up; sleep 1000; true) & set +m",
	"a session in a session":  "(setsid sh -c 'trap \"\" TERM; (setsid sh -c \"touch up; sleep 1000; true\" &)' &)",
	"stopped and in another":  "(setsid sh -c 'touch up; kill -STOP $$; sleep 1000' &)",
	"as other users":          "(setsid setpriv --reuid 4321 --clear-groups sh -c 'sleep 1000; true' &) ; touch up",
	"with descriptors closed": "(setsid sh -c 'exec <&- >&- 2>&-; touch up; sleep 1000; true' &)",
}

func TestOrphansGetTheSignalAndEnd(t *testing.T) {
	for name, script := range orphans {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			g := start(t, w.config("data"))
			w.sh(t, g, script+"; trap : TERM; while ! test -e end; do sleep 0.01; done")
			w.waitFile(t, "up")
			w.touch(t, "end")
			exit(t, g)
			if left := members(t, g.Identity().PIDNamespace); len(left) < 2 {
				t.Errorf("only %v lives on after the task's first process", left)
			}
			if err := g.Stop(deadline(t)); err != nil {
				t.Fatal(err)
			}
			w.mustBeFree(t, g.Identity().PIDNamespace)
		})
	}
}

// bomb is a program with 500 processes, each of which answers SIGTERM with
// another process that does the same.
const bomb = `child() { trap 'child & sleep 1000' TERM; echo >> born; while :; do sleep 1000 & wait; done; }
n=0; while [ $n -lt 250 ]; do child & n=$((n+1)); done
while [ $(wc -l < born) -lt 250 ]; do sleep 0.02; done; touch up; while :; do wait; done`

func TestForkBombEnds(t *testing.T) {
	w := newWorld(t)
	g := start(t, w.config("data"))
	w.sh(t, g, bomb)
	w.waitFile(t, "up")
	before := len(members(t, g.Identity().PIDNamespace))
	if err := g.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it explodes", func() bool { return strings.Count(w.file(t, "born"), "\n") > 250 })
	begin := time.Now()
	if err := g.Stop(deadline(t)); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d processes before SIGTERM; gone %v after SIGKILL", before, time.Since(begin).Round(time.Millisecond))
	w.mustBeFree(t, g.Identity().PIDNamespace)
}

// A command beside the task is part of the tree as well.
func TestStopEndsCommandsToo(t *testing.T) {
	w := newUserWorld(t)
	g := start(t, w.config("data"))
	w.sh(t, g, "sleep 1000")
	done := make(chan error, 1)
	go func() {
		task := w.command("trap '' TERM; (setsid sleep 2000 &); touch began; sleep 2000; true")
		task.User, task.Limits = &nobody, []guard.Limit{{Resource: 4}}
		task.Stderr = filepath.Join(w.sandbox, "stderr")
		_, err := g.Exec(deadline(t), task)
		done <- err
	}()
	w.waitFile(t, "began")
	if err := g.Stop(deadline(t)); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err == nil {
		t.Error("the command ended well")
	}
	w.mustBeFree(t, g.Identity().PIDNamespace)
}
