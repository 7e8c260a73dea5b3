package guard_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

func TestTerminal(t *testing.T) {
	for name, c := range map[string]struct {
		user      *guard.User
		thirdStep bool
	}{"root": {nil, false}, "a user": {&nobody, false}, "through a third step": {&nobody, true}} {
		t.Run(name, func(t *testing.T) {
			w := newUserWorld(t)
			g := start(t, w.config("data"))
			task := w.command("test -t 0 && test -t 1 && test -t 2 && echo three; stty size; tty > tty; : > /dev/tty && echo controls; echo err >&2; " +
				"stat -c %u $(tty) > owner; cut -d' ' -f1,6,8 /proc/$$/stat > group")
			task.NoNewPrivs = c.thirdStep
			task.User, task.TTY, task.Stdout = c.user, &guard.TTY{Rows: 33, Columns: 77}, filepath.Join(w.sandbox, "stdout")
			w.run(t, g, task)
			if text := w.file(t, "stdout"); text != "three\r\n33 77\r\ncontrols\r\nerr\r\n" {
				t.Errorf("stdout has %q", text)
			}
			want := "0"
			if c.user != nil {
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

// All that a task has written has been read by the reader of its output when its
// end is told.
func TestTerminalIsFlushed(t *testing.T) {
	w := newWorld(t)
	output, theirs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	if _, err := unix.FcntlInt(theirs.Fd(), unix.F_SETPIPE_SZ, 4096); err != nil {
		t.Fatal(err)
	}
	own := os.Stdout
	os.Stdout = theirs
	g := start(t, w.config("data"))
	os.Stdout = own
	_ = theirs.Close()
	task := w.command("seq 1000 2499")
	task.TTY = &guard.TTY{}
	if err := g.Run(deadline(t), task); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the task has ended", func() bool { return len(members(t, g.Identity().PIDNamespace)) == 1 })
	read := make(chan string)
	go func() {
		data, _ := io.ReadAll(output)
		read <- string(data)
	}()
	exit(t, g)
	if err := g.Stop(deadline(t)); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Fields(<-read); len(lines) != 1500 || lines[1499] != "2499" {
		t.Errorf("%d lines, want 1500", len(lines))
	}
}

// All that a task has written is in its file when its end is told, although
// somebody else still holds the terminal, and goes on to be copied.
func TestTerminalOutlivesItsTask(t *testing.T) {
	w := newWorld(t)
	g := start(t, w.config("data"))
	task := w.command("sh -c 'trap \"\" HUP; touch up; while ! test -e told; do sleep 0.01; done; echo later; touch said; sleep 1000' & " +
		"while ! test -e up; do :; done; seq 1 20000")
	task.TTY, task.Stdout = &guard.TTY{}, filepath.Join(w.sandbox, "stdout")
	w.run(t, g, task)
	if lines := strings.Fields(w.file(t, "stdout")); len(lines) != 20000 || lines[19999] != "20000" {
		t.Fatalf("%d lines, want 20000", len(lines))
	}
	w.touch(t, "told")
	eventually(t, "the child's words are copied", func() bool { return strings.HasSuffix(w.file(t, "stdout"), "later\r\n") })
	if err := g.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
}
