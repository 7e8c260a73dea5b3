package guard_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

func TestTerminal(t *testing.T) {
	for name, user := range map[string]*guard.User{"root": nil, "a user": &nobody} {
		t.Run(name, func(t *testing.T) {
			w := newUserWorld(t)
			g := start(t, w.config("data"))
			task := w.command("test -t 0 && test -t 1 && test -t 2 && echo three; stty size; tty > tty; : > /dev/tty && echo controls; echo err >&2; " +
				"stat -c %u $(tty) > owner; cut -d' ' -f1,6,8 /proc/$$/stat > group")
			task.User, task.TTY, task.Stdout = user, &guard.TTY{Rows: 33, Columns: 77}, filepath.Join(w.sandbox, "stdout")
			w.run(t, g, task)
			if text := w.file(t, "stdout"); text != "three\r\n33 77\r\ncontrols\r\nerr\r\n" {
				t.Errorf("stdout has %q", text)
			}
			want := "0"
			if user != nil {
				want = "4321"
			}
			if owner := strings.TrimSpace(w.file(t, "owner")); owner != want {
				t.Errorf("the terminal is user %s's", owner)
			}
			if group := strings.Fields(w.file(t, "group")); group[0] != group[1] || group[0] != group[2] {
				t.Errorf("process %s is in session %s, and group %s is in the terminal's foreground", group[0], group[1], group[2])
			}
		})
	}
}

// All that a task has written is in its file when its end is told, although
// somebody else still holds the terminal, and goes on to be copied.
func TestTerminalIsFlushed(t *testing.T) {
	w := newWorld(t)
	g := start(t, w.config("data"))
	task := w.command("sh -c 'trap \"\" HUP; touch up; while ! test -e told; do sleep 0.01; done; echo later; touch said; sleep 1000' & " +
		"while ! test -e up; do :; done; seq 1 20000")
	task.TTY, task.Stdout = &guard.TTY{}, filepath.Join(w.sandbox, "stdout")
	w.run(t, g, task)
	if lines := strings.Fields(w.file(t, "stdout")); len(lines) != 20000 || lines[19999] != "20000" {
		t.Fatalf("%d lines, want 20000", len(lines))
	}
	if _, err := g.Exec(deadline(t), w.command("touch told")); err == nil {
		t.Error("Exec after the task's end")
	}
	w.touch(t, "told")
	eventually(t, "the child's words are copied", func() bool { return strings.HasSuffix(w.file(t, "stdout"), "later\r\n") })
	if err := g.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
}
